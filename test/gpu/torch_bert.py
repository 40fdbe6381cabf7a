"""usage: torch_bert.py DIR BATCH LENGTH    milliseconds of one call in PyTorch eager, f32, or why not"""
import json, pathlib, statistics, struct, sys, time

import torch
import torch.nn.functional as F


def load(path, device):
    data = path.read_bytes()
    size = struct.unpack("<Q", data[:8])[0]
    weights = {}
    for name, entry in json.loads(data[8:8 + size]).items():
        begin, end = entry["data_offsets"]
        values = torch.frombuffer(bytearray(data[8 + size + begin:8 + size + end]), dtype=torch.float16)
        weights[name] = values.reshape(entry["shape"]).to(device).float()
    return weights


def forward(w, config, ids):
    d, heads = config["hidden_size"], config["num_attention_heads"]
    norm = lambda x, name: F.layer_norm(x, (d,), w[name + ".weight"], w[name + ".bias"], config["layer_norm_eps"])
    linear = lambda x, name: F.linear(x, w[name + ".weight"], w[name + ".bias"])
    x = w["embeddings.word_embeddings.weight"][ids] + w["embeddings.position_embeddings.weight"][:ids.shape[1]]
    x = norm(x + w["embeddings.token_type_embeddings.weight"][0], "embeddings.LayerNorm")
    for i in range(config["num_hidden_layers"]):
        layer = f"encoder.layer.{i}."
        split = lambda part: linear(x, layer + "attention.self." + part).unflatten(-1, (heads, -1)).transpose(1, 2)
        mixed = F.scaled_dot_product_attention(split("query"), split("key"), split("value")).transpose(1, 2).flatten(2)
        x = norm(x + linear(mixed, layer + "attention.output.dense"), layer + "attention.output.LayerNorm")
        x = norm(x + linear(F.gelu(linear(x, layer + "intermediate.dense")), layer + "output.dense"), layer + "output.LayerNorm")
    return x


def main(folder, batch, length):
    torch.backends.cuda.matmul.allow_tf32 = False
    config = json.loads((folder / "config.json").read_text())
    weights = load(folder / "model.safetensors", "cuda")
    ids = (torch.arange(batch * length).reshape(batch, length) * 7919 % config["vocab_size"]).cuda()
    times = []
    with torch.inference_mode():
        for i in range(25):
            torch.cuda.synchronize()
            start = time.perf_counter()
            result = forward(weights, config, ids).cpu()
            times.append(time.perf_counter() - start)
    print(json.dumps({"median_ms": statistics.median(times[5:]) * 1e3, "first": result.flatten()[:8].tolist()}))


main(pathlib.Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
