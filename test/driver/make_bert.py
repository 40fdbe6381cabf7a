"""usage: make_bert.py DIR LAYERS WIDTH [VOCABULARY]    writes a BERT directory of zeros: for tests of the compiler alone"""
import json, pathlib, struct, sys

folder, layers, d = pathlib.Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
vocabulary = int(sys.argv[4]) if len(sys.argv) > 4 else 1000
shapes = {"embeddings.word_embeddings.weight": [vocabulary, d], "embeddings.position_embeddings.weight": [64, d],
          "embeddings.token_type_embeddings.weight": [2, d]}
norms, linears = ["embeddings.LayerNorm"], {}
for i in range(layers):
    layer = f"encoder.layer.{i}."
    for part in ("attention.self.query", "attention.self.key", "attention.self.value", "attention.output.dense"):
        linears[layer + part] = [d, d]
    linears[layer + "intermediate.dense"], linears[layer + "output.dense"] = [4 * d, d], [d, 4 * d]
    norms += [layer + "attention.output.LayerNorm", layer + "output.LayerNorm"]
for name, shape in linears.items():
    shapes[name + ".weight"], shapes[name + ".bias"] = shape, shape[:1]
for name in norms:
    shapes[name + ".weight"] = shapes[name + ".bias"] = [d]
header, end = {}, 0
for name, shape in shapes.items():
    begin, size = end, 4
    for dim in shape:
        size *= dim
    end = begin + size
    header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [begin, end]}
text = json.dumps(header).encode()
folder.mkdir(parents=True, exist_ok=True)
with open(folder / "model.safetensors", "wb") as file:
    file.write(struct.pack("<Q", len(text)) + text)
    file.truncate(8 + len(text) + end)
(folder / "config.json").write_text(json.dumps({
    "model_type": "bert", "hidden_size": d, "num_attention_heads": d // 64, "num_hidden_layers": layers,
    "intermediate_size": 4 * d, "vocab_size": vocabulary, "max_position_embeddings": 64}))
