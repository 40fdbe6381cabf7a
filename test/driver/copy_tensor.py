#!/usr/bin/env python3
"""usage: copy_tensor.py FILE NEW OLD [INDEX]    adds NEW to a safetensors file: a copy of f32 OLD, one more at INDEX"""
import json, pathlib, struct, sys

path, new, old = pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3]
raw = path.read_bytes()
size = struct.unpack("<Q", raw[:8])[0]
header, data = json.loads(raw[8:8 + size]), raw[8 + size:]
begin, end = header[old]["data_offsets"]
copy = bytearray(data[begin:end])
if len(sys.argv) > 4:
    at = 4 * int(sys.argv[4])
    copy[at:at + 4] = struct.pack("<f", struct.unpack("<f", copy[at:at + 4])[0] + 1)
header[new] = {**header[old], "data_offsets": [len(data), len(data) + len(copy)]}
text = json.dumps(header).encode()
text += b" " * (-len(text) % 8)
path.write_bytes(struct.pack("<Q", len(text)) + text + data + copy)
