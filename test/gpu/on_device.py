#!/usr/bin/env python3
"""usage: on_device.py PACK OUT [--dry-run]    see on_device.sh; standard library only"""
import array, concurrent.futures, gzip, json, math, os, pathlib, shutil, struct, subprocess, sys, tempfile, time

# Seconds, of the nine minutes: goldens, then models, then the sanitizer have theirs.
START, LIMIT, GOLDENS_UNTIL, MODELS_UNTIL = time.monotonic(), 500, 240, 400
PACK, OUT, DRY = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]), "--dry-run" in sys.argv
RUN = PACK / "bin/ptx-run"


def left():
    return LIMIT - (time.monotonic() - START)


def command(words, seconds=120):
    """-> (exit status, stdout, stderr); 124 where time ran out"""
    try:
        done = subprocess.run([str(w) for w in words], capture_output=True, text=True, timeout=max(1, min(seconds, left())))
        return done.returncode, done.stdout, done.stderr
    except subprocess.TimeoutExpired:
        return 124, "", "out of time"


def read(path):
    data = path.read_bytes()
    size = struct.unpack("<Q", data[:8])[0]
    tensors = {}
    for name, entry in json.loads(data[8:8 + size]).items():
        if name != "__metadata__":
            values = array.array({"F32": "f", "I64": "q"}[entry["dtype"]])
            begin, end = entry["data_offsets"]
            values.frombytes(data[8 + size + begin:8 + size + end])
            tensors[name] = (entry["shape"], values)
    return tensors


def write_ids(path, batch, length, vocabulary):
    ids = array.array("q", (i * 7919 % vocabulary for i in range(batch * length)))
    header = json.dumps({"input_ids": {"dtype": "I64", "shape": [batch, length], "data_offsets": [0, 8 * len(ids)]}}).encode()
    path.write_bytes(struct.pack("<Q", len(header)) + header + ids.tobytes())


def error_of(case, run, folder, out):
    """the largest error over the largest value, of the outputs that count"""
    got, expected = read(out), read(folder / run["dir"] / "expected.safetensors")
    inputs, worst = read(folder / run["dir"] / "inputs.safetensors"), 0.0
    for name, (shape, values) in expected.items():
        key = run.get("compare", {}).get(name)
        mask = inputs[key][1] if key and key in inputs else None
        width = shape[-1] if len(shape) == 3 else 1
        counts = [i for i in range(len(values)) if mask is None or mask[i // width]]
        largest = max(abs(values[i]) for i in counts)
        error = max(abs(got[name][1][i] - values[i]) if math.isfinite(got[name][1][i]) else math.inf for i in counts)
        worst = max(worst, error / largest if largest else error)
    return worst


def unpack():
    """programs travel compressed; where they lie is part of them"""
    for packed in (PACK / "programs").glob("*.ptxm.gz"):
        packed.with_suffix("").write_bytes(gzip.decompress(packed.read_bytes()))
        packed.unlink()


def golden_runs():
    """(program, case folder, case, run): every golden run of the pack"""
    for program in sorted((PACK / "programs").glob("*-*.ptxm")):
        folder = PACK / "cases" / program.stem.rsplit("-", 1)[0]
        if folder.is_dir():
            case = json.loads((folder / "case.json").read_text())
            for run in case["runs"]:
                yield program, folder, case, run


def golden(work, number, program, folder, case, run):
    """-> (label, largest error, what went wrong)"""
    label = f"{program.stem} {run['name']}"
    if left() < LIMIT - GOLDENS_UNTIL:
        return label, 0.0, "left out: no time"
    out = work / f"{number}.safetensors"
    adapter = [f"--adapter={run['adapter']}"] if run.get("adapter") else []
    status, _, said = command([RUN, program, "--device=cuda", "--inputs", folder / run["dir"] / "inputs.safetensors",
                               "--outputs", out, f"--function={case['function']}", *adapter])
    if status:
        return label, 0.0, said.strip()
    error = 0.0 if DRY else error_of(case, run, folder, out)
    out.unlink()
    return label, error, "" if error <= case["tolerance"] else f"{error:.1e} of the largest value"


def goldens(work):
    """every golden run on the device, some at once: most of their time is a context's start"""
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        done = list(pool.map(lambda job: golden(work, job[0], *job[1]), enumerate(golden_runs())))
    failed = [f"{label}: {why}" for label, _, why in done if why]
    return {"passed": len(done) - len(failed), "failed": failed, "worst": max((error for _, error, _ in done), default=0.0)}


def sanitizer():
    """compute-sanitizer's tools over two models' kernels"""
    tool = shutil.which("compute-sanitizer") or shutil.which("compute-sanitizer", path="/usr/local/cuda/bin")
    if not tool:
        return "compute-sanitizer is not on this machine"
    results = {}
    for kind in ("memcheck", "racecheck", "initcheck", "synccheck"):
        for program, case in (("p_post_relu-fuse", "p_post_relu"), ("lora_bert_all-separate", "lora_bert_all")):
            if not (PACK / f"programs/{program}.ptxm").exists():
                continue
            run = sorted((PACK / "cases" / case / "runs").iterdir())[0]
            if left() < 60:
                results[f"{kind} {program}"] = "left out: no time"
                continue
            status, said, _ = command([tool, "--tool", kind, "--error-exitcode", "99", RUN, PACK / "programs" / f"{program}.ptxm",
                                       "--device=cuda", "--inputs", run / "inputs.safetensors",
                                       *(["--adapter=a"] if "lora" in case else [])])
            results[f"{kind} {program}"] = "clean" if status == 0 else said[-600:]
    return results


def models(work):
    """milliseconds of a call, ptx beside PyTorch eager, on the same weights and ids"""
    results = {}
    listed = PACK / "models/list"
    for line in listed.read_text().splitlines() if listed.exists() else []:
        name, layers, width, vocabulary = line.split()
        folder = PACK / "models" / name
        if left() < LIMIT - MODELS_UNTIL:
            results[name] = "left out: no time"
            continue
        made, _, said = command([sys.executable, PACK / "random_bert.py", folder, layers, width, vocabulary])
        if made:
            results[name] = said[-300:]
            continue
        for batch, length in ((1, 16), (1, 128), (8, 128), (32, 128)):
            inputs, label = work / "ids.safetensors", f"{name} B{batch} S{length}"
            write_ids(inputs, batch, length, int(vocabulary))
            status, said, why = command([RUN, PACK / "programs" / f"{name}.ptxm", "--device=cuda", "--inputs", inputs, "--bench",
                                         f"--runs={1 if DRY else 20}"])  # the fakes multiply by plain loops
            row = {"ptx_ms": json.loads(said.splitlines()[-1])["median_ms"]} if status == 0 else {"ptx": why.strip()}
            status, said, why = command([sys.executable, PACK / "torch_bert.py", folder, batch, length])
            row.update({"torch_ms": json.loads(said)["median_ms"]} if status == 0 else {"torch": why.strip().splitlines()[-1:]})
            results[label] = row
        (folder / "model.safetensors").unlink()
    return results


def machine():
    status, said, why = command(["nvidia-smi", "--query-gpu=name,driver_version,memory.total", "--format=csv,noheader"]) \
        if shutil.which("nvidia-smi") else (1, "", "there is no nvidia-smi")
    return {"gpu": said.strip() if status == 0 else why.strip(), "python": sys.version.split()[0],
            "load": os.getloadavg()[0], "date": time.strftime("%Y-%m-%d %H:%M"), "dry_run": DRY}


def table(report):
    lines = [f"{report['machine']['gpu']}, {report['machine']['date']}", "",
             f"golden cases: {report['goldens']['passed']} passed, {len(report['goldens']['failed'])} failed; "
             f"worst error {report['goldens']['worst']:.1e} of the largest value"]
    lines += ["  " + failure for failure in report["goldens"]["failed"][:20]]
    probe = report["probe"]
    if isinstance(probe, dict):
        lines.append(f"copy on the device {probe['copy_bytes_per_second'] / 1e9:.0f} GB/s; an empty launch {probe['launch_seconds'] * 1e6:.2f} us")
    else:
        lines.append(f"probe: {probe}")
    found = report["sanitizer"]
    lines += [f"sanitizer: {found}"] if isinstance(found, str) else [f"sanitizer {k}: {v}" for k, v in found.items()]
    lines += ["", "| model | ptx ms | PyTorch eager ms | ratio |", "|---|---|---|---|"]
    for name, row in report["models"].items():
        ptx, torch = (row.get("ptx_ms"), row.get("torch_ms")) if isinstance(row, dict) else (None, None)
        ratio = f"{torch / ptx:.2f}" if ptx and torch else "-"
        lines.append(f"| {name} | {ptx or row} | {torch or '-'} | {ratio} |")
    return "\n".join(lines) + "\n"


def main():
    report = {"machine": machine()}
    with tempfile.TemporaryDirectory() as temporary:
        work = pathlib.Path(temporary)
        unpack()
        report["goldens"] = goldens(work)
        try:
            sys.path.insert(0, str(PACK))
            import gpu_probe
            report["probe"] = gpu_probe.probe(1 << 20 if DRY else 1 << 30)
        except Exception as error:  # a driver without some function: said, and the rest goes on
            report["probe"] = f"{type(error).__name__}: {error}"
        report["models"] = models(work)
        report["sanitizer"] = "a fake driver runs no kernels" if DRY else sanitizer()
    report["seconds"] = time.monotonic() - START
    OUT.mkdir(parents=True, exist_ok=True)
    (OUT / "on_device.json").write_text(json.dumps(report, indent=1))
    (OUT / "on_device.txt").write_text(table(report))
    print(table(report), end="")
    sys.exit(bool(report["goldens"]["failed"]) or report["goldens"]["passed"] == 0)


main()
