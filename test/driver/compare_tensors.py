#!/usr/bin/env python3
"""usage: compare_tensors.py A B TOLERANCE    two safetensors files of f32: the same names and shapes, values within TOLERANCE"""
import json, pathlib, struct, sys


def read(path):
    raw = pathlib.Path(path).read_bytes()
    size = struct.unpack("<Q", raw[:8])[0]
    tensors = {}
    for name, entry in json.loads(raw[8:8 + size]).items():
        if name == "__metadata__":
            continue
        begin, end = entry["data_offsets"]
        assert entry["dtype"] == "F32", f"{path}: '{name}' is {entry['dtype']}, expected F32"
        values = struct.unpack(f"<{(end - begin) // 4}f", raw[8 + size + begin:8 + size + end])
        tensors[name] = (entry["shape"], values)
    return tensors


a, b, tolerance = read(sys.argv[1]), read(sys.argv[2]), float(sys.argv[3])
assert a and a.keys() == b.keys(), f"outputs {sorted(a)} and {sorted(b)}"
for name, (shape, values) in a.items():
    assert shape == b[name][0], f"'{name}' has shapes {shape} and {b[name][0]}"
    worst = max(abs(x - y) for x, y in zip(values, b[name][1]))
    assert worst <= tolerance, f"'{name}' differs by {worst}"
