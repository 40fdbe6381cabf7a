"""usage: make_encdec.py DIR LAYERS    writes a P-Transformer directory of zeros with LAYERS + LAYERS layers: for tests of
the compiler alone"""
import json, pathlib, struct, sys

folder, layers, d, hidden, vocabulary = pathlib.Path(sys.argv[1]), int(sys.argv[2]), 64, 128, 100
shapes = {"src_tok_emb.embedding.weight": [vocabulary, d], "tgt_tok_emb.embedding.weight": [vocabulary, d],
          "generator.weight": [vocabulary, d], "generator.bias": [vocabulary]}
for kind, attentions in (("enc_layers", ["self_attn"]), ("dec_layers", ["self_attn", "multihead_attn"])):
    for i in range(layers):
        layer = f"{kind}.{i}."
        linears = {"linear1": [hidden, d], "linear2": [d, hidden]}
        for attention in attentions:
            shapes[layer + attention + ".in_proj_weight"] = [3 * d, d]
            shapes[layer + attention + ".in_proj_bias"] = [3 * d]
            linears[attention + ".out_proj"] = [d, d]
        for name, shape in linears.items():
            shapes[layer + name + ".weight"], shapes[layer + name + ".bias"] = shape, shape[:1]
        for n in range(len(attentions) + 1):
            shapes[f"{layer}norm{n + 1}.weight"] = shapes[f"{layer}norm{n + 1}.bias"] = [d]
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
    "model_type": "p_transformer", "d_model": d, "nhead": 4, "dim_feedforward": hidden, "num_encoder_layers": layers,
    "num_decoder_layers": layers, "src_vocab_size": vocabulary, "tgt_vocab_size": vocabulary, "max_position": 64}))
