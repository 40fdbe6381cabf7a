"""usage: payloads.py ARTIFACT PREFIX    name, size and hash of the payloads whose names begin so (runtime/FORMAT.md)"""
import json, struct, sys

with open(sys.argv[1], "rb") as file:
    offset, size = struct.unpack_from("<QQ", file.read(80), 24)
    file.seek(offset)
    for entry in json.loads(file.read(size)):
        if entry["name"].startswith(sys.argv[2]):
            print(entry["name"], entry["size"], entry["hash"])
