#!/usr/bin/env python3
"""usage: long_ids.py FILE LENGTH    input_ids [1,LENGTH] of twos"""
import json, pathlib, struct, sys

length = int(sys.argv[2])
header = json.dumps({"input_ids": {"dtype": "I64", "shape": [1, length], "data_offsets": [0, 8 * length]}}).encode()
header += b" " * (-len(header) % 8)
pathlib.Path(sys.argv[1]).write_bytes(struct.pack("<Q", len(header)) + header + struct.pack("<q", 2) * length)
