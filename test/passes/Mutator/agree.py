#!/usr/bin/env python3
"""usage: agree.py BIN DUMPS SURVIVORS INPUTS COUNT    mutants that compiled, run by the CPU and by the oracle

SURVIVORS are what ir_mutator kept of DUMPS (one directory of --dump-phases-to, whose parameters.json they read); INPUTS is
a file of inputs that the unchanged program takes. A mutant may refuse, on either side; where both give results they agree."""
import json, pathlib, struct, subprocess, sys, tempfile

bin, dumps, kept, inputs, count = pathlib.Path(sys.argv[1]), *map(pathlib.Path, sys.argv[2:5]), int(sys.argv[5])
tolerance = 1e-3


def read(path):
    raw = path.read_bytes()
    size = struct.unpack("<Q", raw[:8])[0]
    tensors = {}
    for name, entry in json.loads(raw[8:8 + size]).items():
        begin, end = entry["data_offsets"]
        tensors[name] = struct.unpack(f"<{(end - begin) // 4}f", raw[8 + size + begin:8 + size + end])
    return tensors


def run(*command):
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True, timeout=120)
    assert 0 <= done.returncode < 128, f"{' '.join(map(str, command))}: status {done.returncode}\n{done.stderr[-2000:]}"
    return done.returncode == 0


compared, wrong = 0, []
with tempfile.TemporaryDirectory() as folder:
    folder = pathlib.Path(folder)
    (folder / "parameters.json").write_text((dumps / "parameters.json").read_text())
    for mutant in sorted(kept.glob("survivor-*.mlir"), key=lambda p: int(p.name.split("-")[1]))[:count]:
        phase = mutant.stem.split("-")[-1]
        ir, program = folder / "mutant.mlir", folder / "mutant.ptxm"
        ir.write_text(mutant.read_text())
        if phase == "plan" or not run(bin / "ptx-compile", ir, "--target=cpu,reference", "--cpu=avx2", "-o", program):
            continue
        results = []
        for device in ("cpu", "reference"):
            out = folder / f"{device}.safetensors"
            out.unlink(missing_ok=True)
            if run(bin / "ptx-run", program, f"--device={device}", "--adapter=none", "--inputs", inputs, "--outputs", out):
                results.append(read(out))
        if len(results) < 2:
            continue
        compared += 1
        a, b = results
        far = [name for name in b for x, y in zip(a[name], b[name]) if abs(x - y) > tolerance * (1 + abs(y))]
        if a.keys() != b.keys() or far:
            wrong.append(f"{mutant}: {sorted(set(far))}")
print(f"{compared} mutants compared, {len(wrong)} differ")
sys.exit("\n".join(wrong) if wrong else 0)
