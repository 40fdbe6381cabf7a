#!/usr/bin/env python3
"""usage: first_calls.py PROGRAM INPUTS [PROCESSES] [RUNNER...]

Many short processes of twenty calls each, with one thread and with two, in
turn: the median call of each process, and how those spread. Several RUNNERs
(ptx-run of this and of another commit) are run beside each other."""
import json
import statistics
import subprocess
import sys


def median_ms(runner, program, inputs, threads):
    command = [runner, program, "--inputs", inputs, "--bench", "--runs=20", f"--threads={threads}"]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return json.loads(said.splitlines()[-1])["median_ms"]


def main():
    program, inputs = sys.argv[1:3]
    processes = int(sys.argv[3]) if len(sys.argv) > 3 else 50
    arms = [(runner, threads) for runner in sys.argv[4:] or ["build/bin/ptx-run"] for threads in (1, 2)]
    taken = {arm: [] for arm in arms}
    for _ in range(processes):
        for arm in arms:
            taken[arm].append(median_ms(arm[0], program, inputs, arm[1]))
    for (runner, threads), times in taken.items():
        tenths = statistics.quantiles(times, n=10)
        print(f"{runner} {threads} threads: {min(times):.4f} to {max(times):.4f} ms, "
              f"median {statistics.median(times):.4f}, one in ten above {tenths[-1]:.4f}")


if __name__ == "__main__":
    main()
