#!/usr/bin/env python3
"""usage: drop_tensors.py FILE NAME...    takes tensors out of a safetensors file"""
import json, pathlib, struct, sys

path = pathlib.Path(sys.argv[1])
raw = path.read_bytes()
size = struct.unpack("<Q", raw[:8])[0]
header, data, kept = json.loads(raw[8:8 + size]), b"", {}
for name, entry in header.items():
    if name not in sys.argv[2:]:
        begin, end = entry["data_offsets"]
        kept[name] = {**entry, "data_offsets": [len(data), len(data) + end - begin]}
        data += raw[8 + size + begin:8 + size + end]
text = json.dumps(kept, separators=(",", ":")).encode()
text += b" " * (-len(text) % 8)
path.write_bytes(struct.pack("<Q", len(text)) + text + data)
