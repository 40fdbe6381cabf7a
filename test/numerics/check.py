#!/usr/bin/env python3
"""Compiles and runs golden cases (test/numerics/golden/README.md) and compares.

usage: check.py [--build DIR] [--targets cpu,reference,emulator] [--modes fuse,separate] [--seeds 2,9] [--flags=--cublaslt=always] [--dtype bf16] [--bundled] CASE_DIR...

For each case, target and adapter mode: every run against its expected values. On the CPU, byte by
byte: 1 against 2 threads, AVX2 against AVX-512 kernels where the machine runs both, and each row of a
batch alone against itself in the batch; with --bundled, a bundle away from the model's files. On the emulator, byte by byte: other orders of threads
(--seeds). On both: adapter lists in one process against single runs, `none` against a program compiled
without adapters. With --dtype the model of what rounding does is the oracle: f64, rounded where the
contract rounds. Its largest distance E from the values expected of f32, but at least two units of the
type (few values are no sample), is an output's error; a target may lie 2 E from them, and 2 E from the
oracle (a sum in f32 and one in f64 round to two neighbours, and what follows differs as far). In rows
whose greatest value leads the next by more than 4 E the arg-max is that of f32. Levels may differ. Standard library only.

A case's "generate" lists prompts (one, or rows) with the new ids that must come out in f32, and the flags of ptx-run; several
prompts are padded on the left, then on the right.
"""
import argparse, array, concurrent.futures, json, math, os, pathlib, struct, subprocess, sys, tempfile, threading

ARRAY_TYPES = {"F32": "f", "I64": "q"}
# The place behind the last of an operand of a product.
UNITS = {"": 0.0, "f32": 0.0, "f16": 2.0**-11, "bf16": 2.0**-8}


def read(path):
    """-> {name: (shape, array)}"""
    data = path.read_bytes()
    size = struct.unpack("<Q", data[:8])[0]
    tensors = {}
    for name, entry in json.loads(data[8:8 + size]).items():
        if name == "__metadata__":
            continue
        begin, end = entry["data_offsets"]
        values = array.array(ARRAY_TYPES[entry["dtype"]])
        values.frombytes(data[8 + size + begin:8 + size + end])
        tensors[name] = (entry["shape"], values)
    return tensors


def write(path, tensors):
    header, blob = {}, b""
    for name, (shape, values) in tensors.items():
        raw = values.tobytes()
        dtype = {code: name for name, code in ARRAY_TYPES.items()}[values.typecode]
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [len(blob), len(blob) + len(raw)]}
        blob += raw
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + blob)


def is_visible(shape, mask):
    """whether the value of an index counts: all do, or those at positions whose mask is 1; the others must be zero"""
    if mask is None:
        return lambda i: True
    width = shape[-1] if len(shape) == 3 else 1
    return lambda i: mask[i // width]


class Checker:
    def __init__(self, arguments):
        self.build, self.arguments = pathlib.Path(arguments.build), arguments
        self.passed = self.failed = self.decided = 0
        self.lock = threading.Lock()

    def say(self, good, what):
        with self.lock:
            self.passed += good
            self.failed += not good
            if not good or self.arguments.verbose:
                print(("ok    " if good else "FAIL  ") + what, flush=True)

    def tool(self, name, *words, **environment):
        done = subprocess.run([self.build / "bin" / name, *map(str, words)], capture_output=True, text=True, env={**os.environ, **environment})
        if done.returncode:
            raise RuntimeError(f"{name} {' '.join(map(str, words))}\n{done.stderr}")
        return done.stdout

    def compile(self, folder, case, mode, target, out, *flags, adapters=True):
        words = [folder / case["model"], *flags, f"--target={target}", f"--dtype={self.arguments.dtype or 'f32'}", *self.arguments.flags.split(), "-o", out]
        if adapters and case["adapters"]:
            words.append(f"--adapters={mode}")
            for name, entry in case["adapters"].items():
                scale = f":{entry['scale']}" if "scale" in entry else ""
                words.append(f"--adapter={name}={folder / entry['dir']}{scale}")
        self.tool("ptx-compile", *words)

    def run(self, program, case, inputs, out, adapter, *words, **environment):
        choice = [f"--adapter={adapter}"] if adapter else []
        self.tool("ptx-run", program, "--inputs", inputs, "--outputs", out, f"--function={case['function']}", *choice, *words, **environment)

    def compare(self, label, case, run, got, folder, expected=None, allowed=None):
        """`allowed`: {output: error of the largest value}, beside the case's tolerance"""
        expected = expected or self.expected(run, folder)
        for name, (shape, values) in expected.items():
            if name not in got or got[name][0] != shape:
                return self.say(False, f"{label} {name}: shape {got.get(name, (None,))[0]}, expected {shape}")
            found, worst, largest = got[name][1], 0.0, 0.0
            for i, wanted in enumerate(values):
                worst = max(worst, abs(found[i] - wanted) if math.isfinite(found[i]) else math.inf)
                largest = max(largest, abs(wanted))
            tolerance = case["tolerance"] + (allowed[name] if allowed else 0)
            good = worst <= tolerance * largest and all(map(math.isfinite, found))
            self.say(good, f"{label} {name}: {worst / largest if largest else worst:.1e} of the largest value")

    def expected(self, run, folder):
        """with zeros where the run compares none"""
        inputs = read(folder / run["dir"] / "inputs.safetensors")
        outputs = read(folder / run["dir"] / "expected.safetensors")
        for name, (shape, values) in outputs.items():
            key = run.get("compare", {}).get(name)
            visible = is_visible(shape, inputs[key][1] if key and key in inputs else None)
            for i in range(len(values)):
                values[i] = values[i] if visible(i) else 0.0
        return outputs

    def same(self, label, a, b):
        self.say(a.read_bytes() == b.read_bytes(), label)

    def case(self, folder):
        case = json.loads((folder / "case.json").read_text())
        with tempfile.TemporaryDirectory() as temporary:
            work = pathlib.Path(temporary)
            for target in self.arguments.targets.split(","):
                for mode in self.arguments.modes.split(",") if case["adapters"] else ["fuse"]:
                    self.program(folder, case, work, target, mode)

    def program(self, folder, case, work, target, mode):
        label = f"{folder.name} {target}" + (f" {mode}" if case["adapters"] else "")
        program, out = work / f"{target}-{mode}.ptxm", work / "out.safetensors"
        try:
            self.compile(folder, case, mode, target, program)
            bundled = self.bundle(folder, case, mode, work) if self.arguments.bundled and target == "cpu" else None
            for run in case["runs"]:
                inputs = folder / run["dir"] / "inputs.safetensors"
                self.run(program, case, inputs, out, run.get("adapter"))
                self.checkRun(f"{label} {run['name']}", case, run, read(out), folder, target, mode, work)
                if target == "cpu":
                    self.bytes(f"{label} {run['name']}", case, program, inputs, out, run, work)
                if bundled:
                    self.run(bundled, case, inputs, work / "other.safetensors", run.get("adapter"))
                    self.same(f"{label} {run['name']} bundled: other bytes", out, work / "other.safetensors")
                if target == "emulator":
                    self.seeds(f"{label} {run['name']}", case, program, inputs, out, run, work)
            for entry in [] if self.narrow() else case.get("generate", []):
                self.generate(f"{label} generate", entry, program, work)
            if target in ("cpu", "emulator") and case.get("swap"):
                self.swaps(label, folder, case, target, program, work)
        except RuntimeError as error:
            self.say(False, f"{label}: {error}")

    def bundle(self, folder, case, mode, work):
        """moved to where the paths of the model's files lead nowhere"""
        made, away = work / f"bundled-{mode}", work / "away" / mode
        made.mkdir()
        self.compile(folder, case, mode, "cpu", made / "model.ptxm", "--bundle")
        away.parent.mkdir(exist_ok=True)
        return made.rename(away) / "model.ptxm"

    def checkRun(self, label, case, run, got, folder, target, mode, work):
        if not self.narrow():
            return self.compare(label, case, run, got, folder)
        expected = self.expected(run, folder)
        if target == "reference":
            # Products of rounded operands: within a few dozen units of those that are not, in deep random models too.
            return self.compare(label, case, run, got, folder, allowed=dict.fromkeys(expected, 16 * UNITS[self.arguments.dtype]))
        oracle, out = work / f"oracle-{mode}.ptxm", work / "oracle.safetensors"
        if not oracle.exists():
            self.compile(folder, case, mode, "reference", oracle)
        self.run(oracle, case, folder / run["dir"] / "inputs.safetensors", out, run.get("adapter"))
        model = read(out)
        least = 2 * UNITS[self.arguments.dtype]
        error = {name: max(distance(values, model[name][1]), least) for name, (shape, values) in expected.items()}
        allowed = {name: 2 * value for name, value in error.items()}
        self.compare(f"{label} of f32", case, run, got, folder, allowed=allowed)
        self.compare(f"{label} of the oracle", case, run, got, folder, expected=model, allowed=allowed)
        for name, (shape, values) in expected.items():
            self.argmax(f"{label} {name}", shape[-1], values, got[name][1], margin=4 * error[name] + 2 * case["tolerance"])

    def argmax(self, label, width, expected, got, margin):
        """rows whose greatest value leads by more than `margin`, of the largest value, keep it in front"""
        largest = max(map(abs, expected), default=0.0)
        for begin in range(0, len(expected) if width > 1 else 0, width):
            row = expected[begin:begin + width]
            first, second = sorted(row)[:-3:-1]
            if first - second > margin * largest:
                with self.lock:
                    self.decided += 1
                found = got[begin:begin + width]
                if found.index(max(found)) != row.index(first):
                    self.say(False, f"{label}: row {begin // width} has another arg-max, though it leads by {(first - second) / largest:.1e}")

    def bytes(self, label, case, program, inputs, out, run, work):
        """the same bytes at any thread count, at any level, alone or among others"""
        other = work / "other.safetensors"
        for words in [["--threads=1"], ["--threads=2"]] + ([] if self.narrow() else [["--level=avx2"]]):
            self.run(program, case, inputs, other, run.get("adapter"), *words)
            self.same(f"{label} {words[0]}: other bytes", out, other)
        if self.narrow():
            lower = work / "lower.safetensors"
            self.run(program, case, inputs, lower, run.get("adapter"), "--level=avx2")
            self.run(program, case, inputs, other, run.get("adapter"), "--level=avx2", "--threads=1")
            self.same(f"{label} --level=avx2 --threads=1: other bytes", lower, other)
        tensors, batch = read(inputs), read(out)
        rows = next(iter(tensors.values()))[0][0]
        mask = tensors.get("attention_mask")
        for row in range(rows if rows > 1 else 0):
            alone = {}
            for name, (shape, values) in tensors.items():
                width = len(values) // rows
                alone[name] = ([1, *shape[1:]], values[row * width:(row + 1) * width])
            write(work / "row.safetensors", alone)
            self.run(program, case, work / "row.safetensors", other, run.get("adapter"))
            for name, (shape, values) in read(other).items():
                width = len(values)
                among = batch[name][1][row * width:(row + 1) * width]
                self.say(among.tobytes() == values.tobytes(), f"{label} row {row} alone: {name} has other bytes")

    def narrow(self):
        return UNITS[self.arguments.dtype] > 0

    def seeds(self, label, case, program, inputs, out, run, work):
        """the same bytes in whatever order threads and blocks run"""
        other = work / "other.safetensors"
        for seed in filter(None, self.arguments.seeds.split(",")):
            self.run(program, case, inputs, other, run.get("adapter"), PTX_EMULATOR_SEED=seed)
            self.same(f"{label} seed {seed}: other bytes", out, other)

    def generate(self, label, entry, program, work):
        """the ids expected, whatever side the padding is on; the last line printed is the first row's"""
        prompts, expected = entry["prompt_ids"], entry["new_ids"]
        if isinstance(prompts[0], int):
            prompts, expected = [prompts], [expected]
        flags = entry.get("flags", [f"--max-new-tokens={len(expected[0])}"]) + ([f"--adapter={entry['adapter']}"] if "adapter" in entry else [])
        label = f"{label} {' '.join(flags)}"
        if len(prompts) == 1:
            said = self.tool("ptx-run", program, "--generate", f"--prompt-ids={','.join(map(str, prompts[0]))}", *flags)
            return self.ids(label, [list(map(int, said.splitlines()[-1].split(",")))], expected)
        longest, out = max(map(len, prompts)), work / "generated.safetensors"
        for left in (True, False):
            rows = {"input_ids": [], "attention_mask": []}
            for prompt in prompts:
                fill = [0] * (longest - len(prompt))
                rows["input_ids"] += fill + prompt if left else prompt + fill
                rows["attention_mask"] += fill + [1] * len(prompt) if left else [1] * len(prompt) + fill
            write(work / "prompts.safetensors", {name: ([len(prompts), longest], array.array("q", values)) for name, values in rows.items()})
            self.tool("ptx-run", program, "--generate", "--inputs", work / "prompts.safetensors", "--outputs", out, *flags)
            (count, width), values = read(out)["generated_ids"]
            got = [list(values[i * width:(i + 1) * width]) for i in range(count)]
            padding = {id for row, wanted in zip(got, expected) for id in row[len(wanted):]}
            self.say(width == max(map(len, expected)) and len(padding) <= 1, f"{label}: {got}, of which {padding} are padding")
            self.ids(label, [row[:len(wanted)] for row, wanted in zip(got, expected)], expected)

    def ids(self, label, got, expected):
        self.say(got == expected, f"{label}: {got}, expected {expected}")

    def swaps(self, label, folder, case, target, program, work):
        """an adapter list in one process, each entry against a process of its own"""
        inputs = folder / case["runs"][0]["dir"] / "inputs.safetensors"
        plain, single, listed = work / "plain.ptxm", work / "single.safetensors", work / "list.safetensors"
        self.compile(folder, case, None, target, plain, adapters=False)
        self.run(program, case, inputs, listed, ",".join(case["swap"]))
        for index, adapter in enumerate(case["swap"]):
            self.run(program, case, inputs, single, adapter)
            self.same(f"{label} swap {index} ({adapter}): other bytes", work / f"list.{index}.safetensors", single)
            if adapter == "none":
                self.run(plain, case, inputs, single, None)
                self.same(f"{label} swap {index}: none differs from a program without adapters", work / f"list.{index}.safetensors", single)


def distance(expected, got):
    """the largest difference, of the largest value"""
    largest = max(map(abs, expected), default=0.0)
    return max((abs(a - b) for a, b in zip(expected, got)), default=0.0) / largest if largest else 0.0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", nargs="+", type=pathlib.Path)
    parser.add_argument("--build", default="build")
    parser.add_argument("--targets", default="cpu")
    parser.add_argument("--modes", default="fuse,separate")
    parser.add_argument("--seeds", default="2,9", help="orders of threads on the emulator, beside 0")
    parser.add_argument("--flags", default="", help="further flags of ptx-compile")
    parser.add_argument("--dtype", default="", choices=list(UNITS))
    parser.add_argument("--bundled", action="store_true", help="on the CPU also from a bundle")
    parser.add_argument("--verbose", action="store_true")
    checker = Checker(parser.parse_args())
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(checker.case, checker.arguments.cases))  # raises what a case raised
    if checker.narrow():
        print(f"arg-max held in {checker.decided} rows above their margin")
    print(f"{checker.passed} passed, {checker.failed} failed")
    sys.exit(checker.failed > 0 or checker.passed == 0)


main()
