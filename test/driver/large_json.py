"""usage: large_json.py DIR

Models whose JSON is large (many tensors in a file or in an index, long lists,
texts and nests) end in words, and take at most the size of their JSON and 16 MB
more than a model that ends at its first key."""
import json
import os
import struct
import subprocess
import sys

MB = 1 << 20
work = sys.argv[1]
bert = {"model_type": "bert", "hidden_size": 4, "num_hidden_layers": 1, "num_attention_heads": 1,
        "intermediate_size": 4, "vocab_size": 8, "max_position_embeddings": 4}


def in_a_child(make):
    """A program's peak counts its parent's memory at its start: ours stays small."""
    child = os.fork()
    if child == 0:
        try:
            make()
        finally:
            os._exit(0)
    os.waitpid(child, 0)


def write(name, content):
    with open(os.path.join(work, name), "wb") as file:
        file.write(content)


def compile_model(make):
    """Peak memory in bytes, the size of the files, and what ptx-compile said."""
    for name in os.listdir(work):
        os.remove(os.path.join(work, name))
    in_a_child(make)
    size = sum(os.path.getsize(os.path.join(work, name)) for name in os.listdir(work))
    with open(os.path.join(work, "said"), "w+") as said:
        process = subprocess.Popen(["ptx-compile", work, "-o", "/dev/null", "--target=reference"], stderr=said)
        _, status, usage = os.wait4(process.pid, 0)
        said.seek(0)
        text = said.read()
    assert os.waitstatus_to_exitcode(status) == 1, (status, text)
    return usage.ru_maxrss * 1024, size, text


def config(begin=json.dumps(bert), middle="", count=0, end=""):
    write("config.json", (begin + middle * count + end).encode())


def tensors(count, name="model.safetensors", stem="encoder.layer."):
    header = json.dumps({f"{stem}{i}.attention.self.query.weight": {
        "dtype": "F32", "shape": [2, 1], "data_offsets": [8 * i, 8 * i + 8]} for i in range(count)}).encode()
    write(name, struct.pack("<Q", len(header)) + header + bytes(8 * count))


def extents(count):
    """Entries whose shapes take more memory than their text."""
    header = ("{" + ",".join(f'"{i}":{{"dtype":"U8","shape":[0,0,0,0,0,0,0,0],"data_offsets":[0,0]}}'
                             for i in range(count)) + "}").encode()
    write("model.safetensors", struct.pack("<Q", len(header)) + header)


def index(count, held):
    write("model.safetensors.index.json", json.dumps({"metadata": {}, "weight_map": {
        f"encoder.layer.{i}.attention.self.query.weight": "a.safetensors" for i in range(count)}}).encode())
    tensors(held, "a.safetensors")


def metadata(length):
    write("model.safetensors", struct.pack("<Q", length + 25) + b'{"__metadata__":{"x":"' + b"x" * length + b'"}}')


X = '{"model_type":"bert","x":'
cases = {
    "tensors": (lambda: (config(), tensors(300_000)), "more unknown"),
    "extents": (lambda: (config(), extents(400_000)), "take more memory than a header"),
    "heads": (lambda: (config(), tensors(300_000, stem="cls.")), "more missing"),
    "index": (lambda: (config(), index(300_000, 1)), "does not hold it"),
    "index and tensors": (lambda: (config(), index(300_000, 300_000)), "more unknown"),
    "list": (lambda: config(X + "[", "0,", 20 * MB, "0]}"), "take more memory"),
    "lists": (lambda: config(X + "[", "[],", 10 * MB, "0]}"), "take more memory"),
    "objects": (lambda: config(X + "[", '{"":0},', 5 * MB, "0]}"), "take more memory"),
    "text": (lambda: config(X + '"', "x", 40 * MB, '"}'), "take more memory"),
    "nest": (lambda: config(X, "[", 40 * MB), "nested deeper"),
    "metadata": (lambda: (config(), metadata(40 * MB)), "take more memory"),
}
os.makedirs(work, exist_ok=True)
base, _, _ = compile_model(lambda: config('{"model_type":"none"}'))
faults = 0
for name, (make, expected) in cases.items():
    peak, size, said = compile_model(make)
    fault = peak > base + size + 16 * MB or expected not in said
    faults += fault
    print(f"{'FAULT ' if fault else ''}{name}: {(peak - base) / MB:.1f} MB beside {size / MB:.1f} MB of files: "
          f"{said.splitlines()[-1][-150:]}")
sys.exit(faults != 0)
