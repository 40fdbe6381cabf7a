"""usage: swap.py BUILD [--layers N] [--width D] [--rounds N] [--threads N...]

Swapping adapters of a BERT encoder: binding one that no other binding holds,
beside one copy of the weights that it touches by as many threads, alternating
in one process. Cases: rank 16 on every linear, rank 8 on query and value.
Where PEFT is there, its merge_adapter on the same model and adapters stands
beside them; to swap it would have to unmerge first, which is not counted.
Needs numpy; writes one JSON line per case.
"""
import argparse
import ctypes
import json
import os
import pathlib
import statistics
import struct
import subprocess
import tempfile
import threading
import time

import numpy

KINDS = {"query": "attention.self.query", "key": "attention.self.key", "value": "attention.self.value",
         "out": "attention.output.dense", "up": "intermediate.dense", "down": "output.dense"}


def write(path, tensors):
    header, offset = {}, 0
    for name, values in tensors.items():
        header[name] = {"dtype": "F32", "shape": list(values.shape), "data_offsets": [offset, offset + values.nbytes]}
        offset += values.nbytes
    text = json.dumps(header).encode()
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for values in tensors.values():
            file.write(values.tobytes())


def shapes(width):
    wide = 4 * width
    return {"query": (width, width), "key": (width, width), "value": (width, width), "out": (width, width),
            "up": (wide, width), "down": (width, wide)}


def model(folder, layers, width, random):
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps(
        {"model_type": "bert", "architectures": ["BertModel"], "hidden_size": width, "num_hidden_layers": layers,
         "num_attention_heads": width // 64, "intermediate_size": 4 * width, "vocab_size": 1000,
         "max_position_embeddings": 64, "hidden_act": "gelu"}))

    def matrix(*shape):
        return random.standard_normal(shape, dtype=numpy.float32) * numpy.float32(0.02)

    def norm(name):
        return {name + ".weight": numpy.ones(width, numpy.float32), name + ".bias": numpy.zeros(width, numpy.float32)}

    tensors = {f"embeddings.{kind}_embeddings.weight": matrix(rows, width)
               for kind, rows in (("word", 1000), ("position", 64), ("token_type", 2))}
    tensors |= norm("embeddings.LayerNorm")
    for layer in range(layers):
        stem = f"encoder.layer.{layer}."
        for kind, shape in shapes(width).items():
            tensors[stem + KINDS[kind] + ".weight"] = matrix(*shape)
            tensors[stem + KINDS[kind] + ".bias"] = numpy.zeros(shape[0], numpy.float32)
        tensors |= norm(stem + "attention.output.LayerNorm") | norm(stem + "output.LayerNorm")
    tensors |= {"pooler.dense.weight": matrix(width, width), "pooler.dense.bias": numpy.zeros(width, numpy.float32)}
    write(folder / "model.safetensors", tensors)


def adapter(folder, kinds, rank, layers, width, random):
    folder.mkdir()
    (folder / "adapter_config.json").write_text(json.dumps(
        {"peft_type": "LORA", "r": rank, "lora_alpha": rank, "base_model_name_or_path": "",
         "target_modules": [KINDS[kind].split(".", 1)[-1] if kind in ("query", "key", "value") else KINDS[kind]
                            for kind in kinds]}))
    tensors = {}
    for layer in range(layers):
        for kind in kinds:
            out, inner = shapes(width)[kind]
            stem = f"base_model.model.encoder.layer.{layer}.{KINDS[kind]}."
            tensors[stem + "lora_A.weight"] = random.standard_normal((rank, inner), dtype=numpy.float32)
            tensors[stem + "lora_B.weight"] = random.standard_normal((out, rank), dtype=numpy.float32) * numpy.float32(0.01)
    write(folder / "adapter_model.safetensors", tensors)


class Options(ctypes.Structure):
    _fields_ = [("struct_size", ctypes.c_size_t), ("parameters", ctypes.c_char_p), ("level", ctypes.c_char_p),
                ("device", ctypes.c_char_p), ("threads", ctypes.c_uint32), ("log", ctypes.c_void_p),
                ("log_user", ctypes.c_void_p)]


class Program:
    def __init__(self, build, path, threads):
        self.library = ctypes.CDLL(str(build / "lib/libptx.so"))
        for name in ("ptx_program_open", "ptx_binding_create"):
            getattr(self.library, name).restype = ctypes.c_void_p
        self.library.ptx_status_message.restype = ctypes.c_char_p
        self.handle = ctypes.c_void_p()
        options = Options(struct_size=ctypes.sizeof(Options), threads=threads)
        self.check(self.library.ptx_program_open(str(path).encode(), ctypes.byref(options), ctypes.byref(self.handle)))

    def check(self, status):
        if status:
            raise SystemExit(self.library.ptx_status_message(ctypes.c_void_p(status)).decode())

    def bind(self, name):
        binding = ctypes.c_void_p()
        self.check(self.library.ptx_binding_create(self.handle, name, ctypes.byref(binding)))
        return binding

    def release(self, binding):
        self.library.ptx_binding_release(binding)


def copy_seconds(source, target, threads):
    """One copy of memory that is there already."""
    pieces = [(source[i::threads], target[i::threads]) for i in range(threads)]

    def work(pairs):
        for a, b in zip(*pairs):
            numpy.copyto(b, a)

    start = time.perf_counter()
    others = [threading.Thread(target=work, args=(piece,)) for piece in pieces[1:]]
    for other in others:
        other.start()
    work(pieces[0])
    for other in others:
        other.join()
    return time.perf_counter() - start


class Peft:
    """The same model under the same adapters in PEFT; None where it is not installed."""

    @classmethod
    def load(cls, model, folders):
        try:
            import peft
            import transformers
        except ImportError:
            return None
        transformers.logging.set_verbosity_error()
        made = cls()
        base = transformers.BertModel.from_pretrained(model)
        made.model = peft.PeftModel.from_pretrained(base, folders[0], adapter_name="a")
        made.model.load_adapter(folders[1], adapter_name="b")
        return made

    def merge_seconds(self, name, threads):
        import torch
        torch.set_num_threads(threads)
        start = time.perf_counter()
        self.model.merge_adapter([name])
        seconds = time.perf_counter() - start
        self.model.unmerge_adapter()
        return seconds


def measure(build, case, kinds, rank, arguments, work, random):
    layers, width = arguments.layers, arguments.width
    folders = [work / f"{case}_{name}" for name in "ab"]
    for folder in folders:
        adapter(folder, kinds, rank, layers, width, random)
    artifact = work / f"{case}.ptxm"
    subprocess.run([build / "bin/ptx-compile", work / "model", "-o", artifact, "--cpu=host",
                    *(f"--adapter={name}={folder}" for name, folder in zip("ab", folders))],
                   check=True, stderr=subprocess.DEVNULL)
    touched = [shapes(width)[kind] for kind in kinds] * layers
    source = [numpy.ones(shape, numpy.float32) for shape in touched]
    target = [numpy.zeros(shape, numpy.float32) for shape in touched]
    peft = Peft.load(work / "model", folders)
    for threads in arguments.threads:
        program = Program(build, artifact, threads)
        held = program.bind(b"a")
        copies, swaps, merges = [], [], []
        for round in range(arguments.rounds):
            copies.append(copy_seconds(source, target, threads))
            # The old binding is released when the new one is there, as a service does it.
            start = time.perf_counter()
            name = "b" if round % 2 == 0 else "a"
            fresh = program.bind(name.encode())
            swaps.append(time.perf_counter() - start)
            program.release(held)
            held = fresh
            if peft:
                merges.append(peft.merge_seconds(name, threads))
        program.release(held)
        row = {"case": case, "threads": threads, "megabytes": round_to(sum(a.nbytes for a in source) / 1e6),
               "swap_ms": round_to(1e3 * statistics.median(swaps)), "copy_ms": round_to(1e3 * statistics.median(copies)),
               "ratio": round_to(statistics.median(swaps) / statistics.median(copies)), "load": os.getloadavg()[0]}
        if peft:
            row["peft_merge_ms"] = round_to(1e3 * statistics.median(merges))
        print(json.dumps(row), flush=True)


def round_to(value):
    return float(f"{value:.3g}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--layers", type=int, default=12)
    parser.add_argument("--width", type=int, default=768)
    parser.add_argument("--rounds", type=int, default=11)
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    arguments = parser.parse_args()
    random = numpy.random.default_rng(1)
    with tempfile.TemporaryDirectory() as folder:
        work = pathlib.Path(folder)
        model(work / "model", arguments.layers, arguments.width, random)
        measure(arguments.build, "all_16", list(KINDS), 16, arguments, work, random)
        measure(arguments.build, "qv_8", ["query", "value"], 8, arguments, work, random)


if __name__ == "__main__":
    main()
