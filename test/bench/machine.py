"""The machine that a benchmark runs on, blocks of arms that take turns on it, and its command line. Imports no peer."""
import argparse, importlib.metadata, json, os, pathlib, subprocess, tempfile, time

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


def shape(name, batch, length):
    return f"{name} B{batch} S{length}"


def chosen(models, names):
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


def run(document, models, ptx, packages, header, measure, rows, closing):
    """The command line that `document` states: of each chosen model, the points that measure(name, make, points, arguments, folder)
    yields as JSON, each with the rows(point) of the table, and closing(points) under it. `ptx` is the arm whose `binaries` --bin says."""
    parser = argparse.ArgumentParser(description=document, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", default="1,2")
    parser.add_argument("--bin", type=pathlib.Path, default=ptx.binaries, help="where ptx-compile and ptx-run lie")
    parser.add_argument("--json", type=pathlib.Path)
    arguments = parser.parse_args()
    models = chosen(models, arguments.names)
    if not models:
        parser.error(f"no model or point is called {' or '.join(arguments.names)}")
    ptx.binaries = arguments.bin
    report = {"level": LEVEL, "processors": os.cpu_count(), "versions": versions(packages, ptx.binaries), "points": []}
    print(describe(report["versions"]) + "\n\n" + header)
    for name, (make, points) in models.items():
        with tempfile.TemporaryDirectory() as folder:
            for point in measure(name, make, points, arguments, pathlib.Path(folder)):
                report["points"].append(point)
                print(*rows(point), sep="\n", flush=True)
    print("\n" + closing(report["points"]))
    if arguments.json:
        arguments.json.write_text(json.dumps(report, indent=1) + "\n")
