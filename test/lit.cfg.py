import os

import lit.formats

config.name = "ptx"
config.test_format = lit.formats.ShTest(True)
config.suffixes = [".mlir", ".test"]
config.excludes = ["numerics", "fuzz", "bench", "Inputs"]
config.test_exec_root = lit_config.params["work"]
config.environment["PATH"] = ":".join(
    [lit_config.params["tools"], lit_config.params["llvm"], config.environment["PATH"]]
)
config.substitutions.append(("%reference", os.path.join(lit_config.params["tools"], "..", "reference")))
config.substitutions.append(("%golden", lit_config.params["golden"]))
config.substitutions.append(("%fakes", lit_config.params["fakes"]))
