#!/usr/bin/env python3
"""What a bundle is for: bundle.py PROGRAM INPUTS [PROCESSES]. Standard library only.

The time of a whole process of ptx-run, from its start to its end, median of PROCESSES (21): it opens the program, binds
none, calls once and writes the result. Then what processes that serve take of the machine's memory: one, and what a
second adds. Pages that processes share are counted once (proportional set size, /proc/PID/smaps_rollup)."""
import pathlib, statistics, subprocess, sys, tempfile, time

program, inputs = map(pathlib.Path, sys.argv[1:3])
processes = int(sys.argv[3]) if len(sys.argv) > 3 else 21
run = [pathlib.Path(__file__).parents[2] / "build/bin/ptx-run", program, "--inputs", inputs, "--adapter=none"]


def pss(process):
    for line in pathlib.Path(f"/proc/{process.pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024


def settled(process):
    """once the process has stood at the same memory for a second, MiB"""
    last, since = pss(process), time.monotonic()
    while time.monotonic() < since + 1:
        time.sleep(0.1)
        if abs(pss(process) - last) > 0.5:
            last, since = pss(process), time.monotonic()


with tempfile.TemporaryDirectory() as folder:
    times = []
    for _ in range(processes):
        start = time.perf_counter()
        subprocess.run([*run, "--outputs", folder + "/out"], check=True)
        times.append(time.perf_counter() - start)
    print(f"process: median {statistics.median(times):.3f} s, {min(times):.3f} to {max(times):.3f}")
    serving = []
    try:
        for _ in range(2):
            serving.append(subprocess.Popen([*run, "--bench", "--runs=100000"], stdout=subprocess.DEVNULL))
            settled(serving[-1])
            if len(serving) == 1:
                alone = pss(serving[0])
        both = sum(map(pss, serving))
    finally:
        for process in serving:
            process.kill()
            process.wait()
    print(f"memory: one process {alone:.1f} MiB, a second adds {both - alone:.1f} MiB, {(both - alone) / alone:.1%}")
