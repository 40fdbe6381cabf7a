#!/usr/bin/env python3
"""Random changes of the JSON files of a model directory: configurations, modules.json and its modules, checkpoint
indices, adapter configurations. ptx-compile imports what is left or refuses it in words; it never crashes, hangs, takes
more than its memory or leaves half an output.

usage: mutate_models.py PTX_COMPILE CASES WORK SECONDS [SEED]    a find stays in WORK, with the command that shows it
"""
import copy, json, pathlib, random, resource, shutil, subprocess, sys, time

tool, cases, work = (pathlib.Path(p).resolve() for p in sys.argv[1:4])
seconds, seed = float(sys.argv[4]), int(sys.argv[5]) if len(sys.argv) > 5 else time.time_ns()
rng = random.Random(seed)

# What JSON may hold where something else was expected.
ODD = [None, True, False, 0, -1, 1, 2, 3.5, 1e308, float("nan"), float("inf"), 2**31, 2**63, 2**64, -2**63, 10**30, "",
       "x", "none", "all", "../..", "/", "\0", "é\U0001f600", ".*", "(((", "[a-", [], {}, [[]], [None], {"a": []}, ["x"] * 300]


def places(value, path=()):
    """every value inside, by the keys that lead to it"""
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield from places(inner, (*path, key))


def changed(document):
    """one value replaced, left out, doubled, nested, or under another name"""
    document = copy.deepcopy(document)
    path = rng.choice(list(places(document)))
    if not path:
        return rng.choice(ODD) if rng.random() < 0.2 else document
    holder = document
    for key in path[:-1]:
        holder = holder[key]
    key, value = path[-1], holder[path[-1]]
    kind = rng.randrange(6)
    if kind == 0:
        del holder[key]
    elif kind == 1 and isinstance(value, (int, float)) and not isinstance(value, bool):
        holder[key] = rng.choice([value + 1, value - 1, -value, value * 2, value * 1000, value / 2, str(value)])
    elif kind == 2:
        holder[key] = rng.choice([[value], {str(key): value}, [value, value], str(value)])
    elif kind == 3 and isinstance(holder, dict):
        holder[rng.choice([str(key) + "s", str(key).upper(), "", "__metadata__", "architectures"])] = holder.pop(key)
    elif kind == 4 and isinstance(holder, list):
        holder.insert(rng.randrange(len(holder) + 1), copy.deepcopy(value))
    else:
        holder[key] = rng.choice(ODD)
    return document


def mutant(text):
    document = json.loads(text)
    for _ in range(rng.choice([1, 1, 1, 2, 3])):
        document = changed(document)
    data = bytearray(json.dumps(document).encode())
    if rng.random() < 0.2:  # no JSON any more, or other JSON
        at = rng.randrange(len(data))
        if rng.random() < 0.5:
            data[at] = rng.randrange(256)
        else:
            del data[at:at + rng.randrange(1, 20)]
    return bytes(data)


def limit():
    resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


shutil.rmtree(work, ignore_errors=True)
work.mkdir(parents=True)
models = []
for name in ("bert_sentence_modes", "bert_sentence_dense", "bert_masked", "roberta_sequence", "distilbert_token", "p_shards",
             "t_post", "lora_patterns", "lora_bert_saved", "lora_dora", "gpt2_published", "lora_gpt2_tied"):
    shutil.copytree(cases / name, work / name)
    model = json.loads((work / name / "case.json").read_text())["model"]
    if model != "model":  # another case's
        shutil.copytree(cases / name / model, work / name / "model")
    adapters = sorted(p.parent for p in (work / name).rglob("adapter_config.json"))
    command = [tool, work / name / "model", *(f"--adapter={p.name}={p}" for p in adapters), "--compile-to=adapt"]
    files = sorted(p for p in (work / name).rglob("*.json") if p.name != "case.json")
    assert files and subprocess.run([*command, "-o", work / "out.mlir"], capture_output=True).returncode == 0, command
    models.append((command, {path: path.read_text() for path in files}))

tried, accepted, begin = 0, 0, time.monotonic()
while time.monotonic() - begin < seconds:
    command, files = rng.choice(models)
    out = work / "mutant.mlir"
    out.unlink(missing_ok=True)
    path = rng.choice(list(files))
    path.chmod(0o644)
    path.write_bytes(mutant(files[path]))
    try:
        result = subprocess.run([*command, "-o", out], capture_output=True, timeout=30, preexec_fn=limit)
        said = result.stderr.decode(errors="replace")
        fault = (f"exit status {result.returncode}" if not 0 <= result.returncode < 124 else
                 "no error is said" if result.returncode and "ptx-compile: error: " not in said else
                 "an output is left of an error" if result.returncode and out.exists() else
                 "success without an output" if result.returncode == 0 and not out.exists() else None)
    except subprocess.TimeoutExpired:
        said, fault = "", "it hangs"
    tried, accepted = tried + 1, accepted + (fault is None and result.returncode == 0)
    if fault:
        sys.exit(f"{fault}, after {tried} mutants of seed {seed}: {' '.join(map(str, command))} -o {out}, with {path}\n{said}")
    path.write_text(files[path])
print(f"mutate_models: {tried} mutants, {accepted} of them still models, nothing found (seed {seed})")
