"""The machine that a benchmark runs on, and blocks of arms that take turns on it. Imports no peer."""
import importlib.metadata, os, pathlib, subprocess, time

BINARIES = pathlib.Path(__file__).resolve().parents[2] / "build/bin"
CPU_FLAGS = pathlib.Path("/proc/cpuinfo").read_text()
HAS_BF16 = " avx512_bf16 " in CPU_FLAGS
LEVEL = "AVX-512 with BF16" if HAS_BF16 else "AVX-512" if " avx512f " in CPU_FLAGS else "AVX2"
BLOCK_S, PAUSE_S = 0.7, 0.3


def versions(names, binaries):
    commit = subprocess.run(["git", "-C", binaries, "rev-parse", "--short", "HEAD"], capture_output=True, text=True).stdout.strip()
    return {name: importlib.metadata.version(name) for name in names} | {"ptx": commit or "unknown"}


def describe(found):
    return f"{LEVEL} machine, {os.cpu_count()} processors, " + ", ".join(map(" ".join, found.items()))


def busy_seconds():
    """Processor time of this machine since its start, idle and waiting left out, stolen by other machines included."""
    user, nice, system, _, _, irq, softirq, steal = map(int, pathlib.Path("/proc/stat").read_text().split()[1:9])
    return (user + nice + system + irq + softirq + steal) / os.sysconf("SC_CLK_TCK")


def busy_cores_of_others():
    """With nothing of ours running, for a second."""
    time.sleep(PAUSE_S)
    start, busy = time.perf_counter(), busy_seconds()
    time.sleep(1)
    return (busy_seconds() - busy) / (time.perf_counter() - start)


def time_block(arm):
    """Behind a pause in which the threads of the arm before come to rest."""
    time.sleep(PAUSE_S)
    return arm.time(BLOCK_S)


def alternate(arms, rounds):
    """What blocks of all arms, in turn, took; and the cores that others kept busy before and after."""
    before = busy_cores_of_others()
    blocks = [{key: time_block(arm) for key, arm in arms.items()} for _ in range(rounds)]
    return blocks, before, busy_cores_of_others()


def chosen(models, names, shape):
    """Of {name: (make, points)} what a name stands for, a model's or a point's as `shape` says it; all without names."""
    wanted = lambda title: not names or any((title + " ").startswith(name + " ") for name in names)
    kept = {name: (make, [point for point in points if wanted(shape(name, *point))]) for name, (make, points) in models.items()}
    return {name: model for name, model in kept.items() if model[1]}


def largest_differences(points):
    largest = {}
    for point in points:
        for arm, part in point["differences"].items():
            largest[arm] = max(part, largest.get(arm, 0))
    return ", ".join(f"{arm} {part:.1e}" for arm, part in largest.items())
