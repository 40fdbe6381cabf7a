#!/usr/bin/env python3
"""Whether the files that pages name are there.

usage: named_files.py PAGE.md...

What stands in backquotes and ends as our sources do, or begins with a folder of ours, is a file or a folder: seen from the
root, from the page, or, without a folder, anywhere in the tree. So is what a link leads to.
"""
import pathlib, re, sys

root = pathlib.Path(__file__).resolve().parents[1]
folders = ["cmake", "dialects", "examples", "frontends", "passes", "runtime", "test"]
names = {path.name for folder in folders for path in (root / folder).rglob("*")}
missing = []
for page in map(pathlib.Path, sys.argv[1:]):
    text = re.sub(r"^```.*?^```$", "", page.read_text(), flags=re.M | re.S)
    named = [name.rstrip("/") for name in re.findall(r"`([\w./*-]+)`", text)]
    named = [name for name in named if re.search(r"\w\.(cpp|h|td|mlir|py|sh|test)$", name) or name.split("/")[0] in folders]
    linked = [link for link in re.findall(r"\]\(([^)#:]+)\)", text)]
    for name in sorted(set(named + linked)):
        places = [path for base in (root, page.resolve().parent) for path in [*base.glob(name), *base.glob(f"{name}.*")]]
        if not places and name not in names:
            missing.append(f"{page}: there is no '{name}'")
if missing:
    sys.exit("\n".join(missing))
