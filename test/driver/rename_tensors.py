#!/usr/bin/env python3
"""usage: rename_tensors.py FILE PATTERN=TEXT...    renames the tensors of a safetensors file by regular expressions"""
import json, pathlib, re, struct, sys

path = pathlib.Path(sys.argv[1])
raw = path.read_bytes()
size = struct.unpack("<Q", raw[:8])[0]
header = json.loads(raw[8:8 + size])
for rule in sys.argv[2:]:
    pattern, text = rule.rsplit("=", 1)
    header = {k if k == "__metadata__" else re.sub(pattern, text, k): v for k, v in header.items()}
text = json.dumps(header).encode()
text += b" " * (-len(text) % 8)
path.write_bytes(struct.pack("<Q", len(text)) + text + raw[8 + size:])
