#!/usr/bin/env python3
"""usage: api_callers.py ROOT    every function that ptx.h declares is exported, and called by a test, a tool or an example"""
import pathlib, re, sys

root = pathlib.Path(sys.argv[1])
declared = re.findall(r"^PTX_EXPORT [^;]*?\b(ptx_\w+)\(", (root / "runtime/ptx.h").read_text(), re.M)
assert len(declared) > 20 and len(declared) == len(set(declared)), f"{len(declared)} declarations found"
callers = [path.read_text() for folder in ("test", "examples", "runtime/ptx-run") for path in (root / folder).rglob("*")
           if path.suffix in (".c", ".cpp", ".h", ".py")]
missing = [name for name in declared if not any(re.search(rf"\b{name}\(", text) for text in callers)]
assert not missing, f"nothing calls {', '.join(missing)}"
print(f"{len(declared)} functions, each with a caller")
