#!/usr/bin/env python3
"""usage: largest.py FILE NAME    an f32 tensor as examples/hello prints it"""
import json, pathlib, struct, sys

raw = pathlib.Path(sys.argv[1]).read_bytes()
size = struct.unpack("<Q", raw[:8])[0]
entry = json.loads(raw[8:8 + size])[sys.argv[2]]
begin, end = entry["data_offsets"]
values = struct.unpack(f"<{(end - begin) // 4}f", raw[8 + size + begin:8 + size + end])
width = entry["shape"][-1]
rows = [values[i:i + width] for i in range(0, len(values), width)]
shape = ",".join(str(d) for d in entry["shape"])
print(f"{sys.argv[2]} [{shape}] largest at " + " ".join(str(row.index(max(row))) for row in rows))
