#!/usr/bin/env python3
"""usage: [taskset -c 0] steps.py ROUNDS PROGRAM[:ADAPTER]...

Steps of a text of 128 random ids, from id to id, by several programs, or by one
under several adapters, in turn in one process: the median step of each, and what
it takes of the first one's. Threads are those that the process may use."""
import pathlib
import random
import statistics
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "examples/generate"))
import ptx  # noqa: E402


def steps(model, prompt):
    """Milliseconds between ids: the first one ends the reading of the prompt."""
    times = []
    model.generate(prompt, lambda _: times.append(time.perf_counter()), max_new_tokens=12)
    return [1e3 * (after - before) for before, after in zip(times, times[1:])]


def main():
    rounds, arms = int(sys.argv[1]), sys.argv[2:]
    models = {arm: ptx.Model(*arm.split(":")) for arm in arms}
    taken = {arm: [] for arm in arms}
    prompt = [random.randrange(10000) for _ in range(128)]
    for _ in range(rounds):
        for arm, model in models.items():
            taken[arm] += steps(model, prompt)
    for arm, times in taken.items():
        own, first = statistics.median(times), statistics.median(taken[arms[0]])
        print(f"{arm}: {own:.2f} ms, {own / first:.3f}")


if __name__ == "__main__":
    main()
