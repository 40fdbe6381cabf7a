#!/usr/bin/env python3
"""Runs a page: what it shows is what happens.

usage: page.py PAGE.md

- ```sh         runs, from the root of the repository; a command that fails ends the test
- ```text       behind it: what the block prints to standard output, line for line
- ```KIND FILE  is part of that file beside the page
- ```console    is shown, and not run: what takes hours, installs for all users or runs the tests themselves
"""
import pathlib, re, subprocess, sys

page = pathlib.Path(sys.argv[1]).resolve()
root = pathlib.Path(__file__).resolve().parents[1]
printed = ""
for kind, file, text in re.findall(r"^```(\w+) ?(\S*)\n(.*?)^```$", page.read_text(), re.M | re.S):
    if file:
        if text not in (page.parent / file).read_text():
            sys.exit(f"{page.name}: '{file}' no longer has this part:\n{text}")
    elif kind == "sh":
        print(text, end="", flush=True)
        run = subprocess.run(["bash", "-euo", "pipefail", "-c", text], cwd=root, stdout=subprocess.PIPE, text=True)
        printed = run.stdout
        if run.returncode != 0:
            sys.exit(f"{printed}{page.name}: this block ends with status {run.returncode}")
    elif kind == "text" and printed != text:
        sys.exit(f"{page.name}: the block above prints\n{printed}and the page says\n{text}")
