#!/usr/bin/env python3
"""usage: set_key.py FILE KEY VALUE    sets a key of a JSON object to a value written as Python writes it"""
import json, sys

path, key, value = sys.argv[1:]
with open(path) as file:
    document = json.load(file)
document[key] = json.loads(value)
with open(path, "w") as file:
    json.dump(document, file, indent=1)
