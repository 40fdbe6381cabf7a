import lit.formats

config.name = "ptx cpu kernels"
config.test_format = lit.formats.ShTest(True)
config.suffixes = [".mlir"]
config.test_exec_root = lit_config.params["work"]
config.environment["PATH"] = ":".join(
    [lit_config.params["tools"], lit_config.params["llvm"], config.environment["PATH"]]
)
