#!/usr/bin/env python3
"""usage: random_bert.py DIR LAYERS WIDTH VOCABULARY

Writes a BERT directory with f16 weights that depend on the shapes alone, so that a program compiled on
one machine finds the bytes it was compiled with on another. Standard library only.
"""
import json, pathlib, random, struct, sys

# A f16 with sign and mantissa from the bits and the exponent of 2^-6: +-[0.016, 0.031), as BERT's 0.02.
KEEP, EXPONENT = 0x83FF, 0x2400


def weights(source, count):
    bits = source.getrandbits(16 * count)
    every = int.from_bytes(b"\x01\x00" * count, "little")
    return ((bits & every * KEEP) | every * EXPONENT).to_bytes(2 * count, "little")


def shapes(layers, d, vocabulary):
    yield "embeddings.word_embeddings.weight", [vocabulary, d]
    yield "embeddings.position_embeddings.weight", [512, d]
    yield "embeddings.token_type_embeddings.weight", [2, d]
    yield from norm("embeddings.LayerNorm", d)
    for i in range(layers):
        layer = f"encoder.layer.{i}."
        for part in ("self.query", "self.key", "self.value", "output.dense"):
            yield from linear(layer + "attention." + part, d, d)
        yield from norm(layer + "attention.output.LayerNorm", d)
        yield from linear(layer + "intermediate.dense", 4 * d, d)
        yield from linear(layer + "output.dense", d, 4 * d)
        yield from norm(layer + "output.LayerNorm", d)


def norm(name, d):
    yield name + ".weight", [d]
    yield name + ".bias", [d]


def linear(name, rows, columns):
    yield name + ".weight", [rows, columns]
    yield name + ".bias", [rows]


def main(folder, layers, d, vocabulary):
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    source, header, blobs, end = random.Random(layers * 100003 + d), {}, [], 0
    for name, shape in shapes(layers, d, vocabulary):
        count = shape[0] * (shape[1] if len(shape) == 2 else 1)
        blob = struct.pack("<e", 1.0) * count if name.endswith("LayerNorm.weight") else weights(source, count)
        header[name] = {"dtype": "F16", "shape": shape, "data_offsets": [end, end + len(blob)]}
        blobs.append(blob)
        end += len(blob)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(folder / "model.safetensors", "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for blob in blobs:
            file.write(blob)
    (folder / "config.json").write_text(json.dumps({
        "model_type": "bert", "architectures": ["BertModel"], "hidden_size": d, "num_attention_heads": d // 64,
        "num_hidden_layers": layers, "intermediate_size": 4 * d, "vocab_size": vocabulary,
        "max_position_embeddings": 512, "layer_norm_eps": 1e-12}))


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:5]))
