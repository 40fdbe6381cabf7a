#!/usr/bin/env python3
"""usage: ids_file.py FILE ID... [--adapter-id N]    one sequence of input_ids, and the adapter it chooses"""
import json, pathlib, struct, sys

arguments, tensors = sys.argv[2:], {}
if "--adapter-id" in arguments:
    at = arguments.index("--adapter-id")
    tensors["adapter_ids"] = ([1], [int(arguments[at + 1])])
    arguments = arguments[:at]
tensors["input_ids"] = ([1, len(arguments)], [int(i) for i in arguments])
header, data = {}, b""
for name, (shape, values) in tensors.items():
    packed = struct.pack(f"<{len(values)}q", *values)
    header[name] = {"dtype": "I64", "shape": shape, "data_offsets": [len(data), len(data) + len(packed)]}
    data += packed
text = json.dumps(header).encode()
text += b" " * (-len(text) % 8)
pathlib.Path(sys.argv[1]).write_bytes(struct.pack("<Q", len(text)) + text + data)
