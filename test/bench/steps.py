#!/usr/bin/env python3
"""usage: [taskset -c 0] steps.py [--launches] ROUNDS PROGRAM[:ADAPTER][@ROWS]...

Steps of texts of 128 random ids, from ids to ids, by several programs, or by one under several adapters or with several
rows, in turn in one process: the median step of each, and what it takes of the first one's. Each round opens the programs
anew, since how fast parameters are read depends on where they lie; arms that differ in rows alone read the same ones.
Threads are those that the process may use. --launches: the microseconds of a step's launches too, by their labels, those
above 1 % of the step."""
import argparse
import collections
import ctypes as C
import itertools
import pathlib
import random
import re
import statistics
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "examples/generate"))
import ptx  # noqa: E402

PROMPT, NEW_IDS = 128, 12


class Launch(C.Structure):
    """ptx_launch_profile"""
    _fields_ = [("label", C.c_char_p), ("start", C.c_double), ("end", C.c_double), ("flops", C.c_double), ("bytes", C.c_double),
                ("tiles", C.c_uint32), ("waited", C.c_double)]


class Arm:
    def __init__(self, name):
        self.name, (self.program, _, rows) = name, name.partition("@")
        self.rows, self.taken, self.launches = int(rows or 1), [], collections.defaultdict(list)

    def profile(self, session):
        launches, count = C.POINTER(Launch)(), C.c_size_t()
        ptx.library.ptx_session_profile(session, C.byref(launches), C.byref(count))
        taken = collections.Counter()
        for launch in launches[:count.value]:
            taken[re.sub(r"\d+", "*", launch.label.decode())] += 1e6 * (launch.end - launch.start)
        for label, microseconds in taken.items():
            self.launches[label].append(microseconds)

    def steps(self, model, prompt, with_launches):
        """The first ids end the reading of the prompt. Those of a step are told one after the other."""
        ids, times = 0, []

        def chosen(_):
            nonlocal ids
            if ids % self.rows == 0:
                times.append(time.perf_counter())
                if with_launches and ids:
                    self.profile(model.session)
            ids += 1

        model.generate(prompt * self.rows, chosen, rows=self.rows, max_new_tokens=NEW_IDS)
        self.taken += [1e3 * (after - before) for before, after in zip(times, times[1:])]

    def report(self, first):
        own = statistics.median(self.taken)
        print(f"{self.name}: {own:.2f} ms, {own / statistics.median(first.taken):.3f}")
        for label, taken in self.launches.items():
            launch = statistics.median(taken)
            if launch > 10 * own:
                print(f"  {launch:8.1f} us, {launch - statistics.median(first.launches.get(label, [0])):+8.1f}  {label}")


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--launches", action="store_true")
    parser.add_argument("rounds", type=int)
    parser.add_argument("arms", nargs="+", type=Arm)
    arguments = parser.parse_args()
    prompt = [random.randrange(10000) for _ in range(PROMPT)]
    for _ in range(arguments.rounds):
        for program, arms in itertools.groupby(arguments.arms, lambda arm: arm.program):
            with ptx.Model(*program.split(":")) as model:
                for arm in arms:
                    arm.steps(model, prompt, arguments.launches)
    for arm in arguments.arms:
        arm.report(arguments.arms[0])


if __name__ == "__main__":
    main()
