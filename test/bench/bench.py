#!/usr/bin/env python3
"""ptx beside PyTorch eager, interleaved in one run.

usage: bench.py [--rounds 3] [--threads 1,2] [NAME...]      (run by run.sh in its virtual environment)

Random weights are written as model directories, compiled by ptx-compile and timed by `ptx-run --bench`;
the same weights run in PyTorch (inference mode, scaled_dot_product_attention). Blocks alternate; the
figures are medians over all rounds. The two results are compared once.
"""
import argparse, json, os, pathlib, statistics, subprocess, tempfile, time
import torch, torch.nn as nn, torch.nn.functional as F
from safetensors.torch import load_file, save_file

ROOT = pathlib.Path(__file__).resolve().parents[2]
BIN = ROOT / "build/bin"
torch.backends.mha.set_fastpath_enabled(True)


class BertLayer(nn.Module):
    def __init__(self, d, heads, f):
        super().__init__()
        self.heads = heads
        self.query, self.key, self.value, self.out = (nn.Linear(d, d) for _ in range(4))
        self.up, self.down = nn.Linear(d, f), nn.Linear(f, d)
        self.norm1, self.norm2 = nn.LayerNorm(d, eps=1e-12), nn.LayerNorm(d, eps=1e-12)

    def forward(self, x):
        b, s, d = x.shape
        q, k, v = (p(x).view(b, s, self.heads, -1).transpose(1, 2) for p in (self.query, self.key, self.value))
        x = self.norm1(x + self.out(F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(b, s, d)))
        return self.norm2(x + self.down(F.gelu(self.up(x))))


class Bert(nn.Module):
    NAMES = {"query": "attention.self.query", "key": "attention.self.key", "value": "attention.self.value",
             "out": "attention.output.dense", "norm1": "attention.output.LayerNorm", "up": "intermediate.dense",
             "down": "output.dense", "norm2": "output.LayerNorm"}

    def __init__(self, layers, d, heads, f):
        super().__init__()
        self.config = {"model_type": "bert", "architectures": ["BertModel"], "hidden_size": d, "num_attention_heads": heads,
                       "num_hidden_layers": layers, "intermediate_size": f, "vocab_size": 30522, "layer_norm_eps": 1e-12}
        self.words, self.places, self.types = nn.Embedding(30522, d), nn.Embedding(512, d), nn.Embedding(2, d)
        self.norm = nn.LayerNorm(d, eps=1e-12)
        self.layers = nn.ModuleList(BertLayer(d, heads, f) for _ in range(layers))

    def tensors(self):
        names = {"words.weight": "embeddings.word_embeddings.weight", "places.weight": "embeddings.position_embeddings.weight",
                 "types.weight": "embeddings.token_type_embeddings.weight", "norm.weight": "embeddings.LayerNorm.weight",
                 "norm.bias": "embeddings.LayerNorm.bias"}
        for key, value in self.state_dict().items():
            if key.startswith("layers."):
                _, i, part, kind = key.split(".")
                names[key] = f"encoder.layer.{i}.{self.NAMES[part]}.{kind}"
            yield names[key], value

    def inputs(self, b, s):
        return {"input_ids": torch.randint(0, 30522, (b, s))}

    def forward(self, input_ids):
        positions = torch.arange(input_ids.shape[1])
        x = self.norm(self.words(input_ids) + self.types(torch.zeros_like(input_ids)) + self.places(positions))
        for layer in self.layers:
            x = layer(x)
        return x


class EncoderDecoder(nn.Module):
    def __init__(self, kind):
        super().__init__()
        d, heads, f, n, v = 512, 8, 2048, 6, 8000
        self.config = {"model_type": kind, "d_model": d, "nhead": heads, "dim_feedforward": f, "num_encoder_layers": n,
                       "num_decoder_layers": n, "src_vocab_size": v, "tgt_vocab_size": v, "pad_token_id": 0,
                       "bos_token_id": 1, "eos_token_id": 2, "max_position": 512}
        table = lambda: nn.ModuleDict({"embedding": nn.Embedding(v, d)})
        layer = dict(d_model=d, nhead=heads, dim_feedforward=f, dropout=0.0, batch_first=True)
        self.src_tok_emb, self.tgt_tok_emb, self.generator = table(), table(), nn.Linear(d, v)
        self.enc_layers = nn.ModuleList(nn.TransformerEncoderLayer(**layer) for _ in range(n))
        self.dec_layers = nn.ModuleList(nn.TransformerDecoderLayer(**layer) for _ in range(n))
        angle = torch.arange(512)[:, None] / 10000 ** (torch.arange(0, d, 2) / d)
        self.register_buffer("positions", torch.stack((angle.sin(), angle.cos()), 2).flatten(1), persistent=False)

    def tensors(self):
        return self.state_dict().items()

    def inputs(self, b, s):
        return {"input_ids": torch.randint(0, 8000, (b, s)), "decoder_input_ids": torch.randint(0, 8000, (b, s))}

    def forward(self, input_ids, decoder_input_ids):
        embed = lambda table, ids: table["embedding"](ids) * 512 ** 0.5 + self.positions[:ids.shape[1]]
        x, y = embed(self.src_tok_emb, input_ids), embed(self.tgt_tok_emb, decoder_input_ids)
        memories = []
        for layer in self.enc_layers:
            x = layer(x)
            memories.append(x)
        causal = nn.Transformer.generate_square_subsequent_mask(decoder_input_ids.shape[1])
        for i, layer in enumerate(self.dec_layers):
            y = layer(y, memories[i] if self.config["model_type"] == "p_transformer" else memories[-1], tgt_mask=causal, tgt_is_causal=True)
        return self.generator(y)


MODELS = {"BERT-base": (lambda: Bert(12, 768, 12, 3072), [(1, 16), (1, 128), (8, 128)]),
          "MiniLM": (lambda: Bert(6, 384, 12, 1536), [(1, 16), (1, 128), (8, 128)]),
          "enc-dec 6+6 d512": (lambda: EncoderDecoder("transformer"), [(8, 64)]),
          "P-Transformer 6+6 d512": (lambda: EncoderDecoder("p_transformer"), [(8, 64)])}


def time_torch(model, inputs, seconds):
    model(**inputs)
    times, end = [], time.perf_counter() + seconds
    while time.perf_counter() < end or len(times) < 3:
        start = time.perf_counter()
        model(**inputs)
        times.append(time.perf_counter() - start)
    return statistics.median(times) * 1e3, statistics.median(times)


def time_ptx(program, file, threads, runs):
    done = subprocess.run([BIN / "ptx-run", program, "--inputs", file, "--bench", f"--runs={runs}", f"--threads={threads}"],
                          capture_output=True, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


@torch.inference_mode()
def measure(name, make, points, arguments, work):
    torch.manual_seed(1)
    model = make().eval()
    folder = work / "model"
    folder.mkdir(exist_ok=True)
    save_file({k: v.contiguous() for k, v in model.tensors()}, folder / "model.safetensors")
    (folder / "config.json").write_text(json.dumps(model.config))
    program = work / "model.ptxm"
    subprocess.run([BIN / "ptx-compile", folder, "-o", program], check=True, capture_output=True)
    for batch, length in points:
        inputs, file = model.inputs(batch, length), work / "in.safetensors"
        save_file(inputs, file)
        subprocess.run([BIN / "ptx-run", program, "--inputs", file, "--outputs", work / "out.safetensors"], check=True)
        ours, theirs = next(iter(load_file(work / "out.safetensors").values())), model(**inputs)
        difference = ((ours - theirs).abs().max() / theirs.abs().max()).item()
        assert difference < 5e-5, f"{name}: results differ by {difference}"
        for threads in map(int, arguments.threads.split(",")):
            torch.set_num_threads(threads)
            torch_ms, ptx = [], []
            for _ in range(arguments.rounds):
                milliseconds, seconds = time_torch(model, inputs, 0.7)
                torch_ms.append(milliseconds)
                ptx.append(time_ptx(program, file, threads, max(3, min(200, int(1 / seconds)))))
            a, b = statistics.median(torch_ms), statistics.median(p["median_ms"] for p in ptx)
            roof = statistics.median(p["gflops"] / p["roof_gflops"] for p in ptx)
            print(f"| {name} B{batch} S{length} | {threads} | {a:.2f} | {b:.2f} | {a / b:.2f} | {100 * roof:.0f} % |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", default=list(MODELS))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", default="1,2")
    arguments = parser.parse_args()
    flags = pathlib.Path("/proc/cpuinfo").read_text()
    level = "AVX-512" if " avx512f " in flags else "AVX2"
    print(f"{level} machine, {os.cpu_count()} processors, PyTorch {torch.__version__}, load before {os.getloadavg()[0]:.2f}\n")
    print("| shape | threads | PyTorch eager ms | ptx ms | ratio | ptx of the probed roof |\n|---|---|---|---|---|---|")
    for name in arguments.names:
        with tempfile.TemporaryDirectory() as work:
            measure(name, *MODELS[name], arguments, pathlib.Path(work))
    print(f"\nload after {os.getloadavg()[0]:.2f}")


main()
