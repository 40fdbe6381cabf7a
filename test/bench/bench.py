#!/usr/bin/env python3
"""ptx beside PyTorch eager and OpenVINO, interleaved in one run.

usage: bench.py [--rounds 3] [--threads 1,2] [--json FILE] [NAME...]      (run by run.sh in its virtual environment)

Random weights are written as model directories, compiled by ptx-compile and timed by `ptx-run --bench`;
the same weights run in PyTorch (inference mode, scaled_dot_product_attention) and, converted from it,
in OpenVINO, in f32 and, where the processor has BF16, in bf16 (the precision it says it computes in is
checked). Blocks alternate; the figures are medians over all rounds. Results are compared once. The
table goes to standard output, everything to --json.
"""
import argparse, json, os, pathlib, statistics, subprocess, tempfile, time
import openvino
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


MODELS = {"BERT-base": (lambda: Bert(12, 768, 12, 3072), [(1, 16), (1, 128), (8, 128), (32, 32)]),
          "MiniLM": (lambda: Bert(6, 384, 12, 1536), [(1, 16), (1, 128), (8, 128), (32, 32)]),
          "enc-dec 6+6 d512": (lambda: EncoderDecoder("transformer"), [(8, 64)]),
          "P-Transformer 6+6 d512": (lambda: EncoderDecoder("p_transformer"), [(8, 64)])}
FLAGS = pathlib.Path("/proc/cpuinfo").read_text()
HAS_BF16 = " avx512_bf16 " in FLAGS
# How far a result may be from PyTorch's f32, as a part of the largest value.
TOLERANCE = {"f32": 5e-5, "bf16": 5e-2}


def time_calls(call, seconds):
    times, end = [], time.perf_counter() + seconds
    while time.perf_counter() < end or len(times) < 3:
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return statistics.median(times) * 1e3


class Torch:
    def __init__(self, model, dtype, work):
        self.model = model

    def load(self, inputs, work, threads):
        torch.set_num_threads(threads)
        self.inputs = inputs

    def result(self):
        return self.model(**self.inputs)

    def time(self, seconds):
        return {"median_ms": time_calls(self.result, seconds)}


class OpenVino:
    def __init__(self, model, dtype, work):
        self.dtype, self.model = dtype, model
        example = model.inputs(1, 16)
        self.converted = openvino.convert_model(model, example_input=example)
        self.compiled = {}

    def load(self, inputs, work, threads):
        if threads not in self.compiled:
            self.compiled[threads] = openvino.Core().compile_model(self.converted, "CPU", {
                "INFERENCE_PRECISION_HINT": self.dtype, "INFERENCE_NUM_THREADS": threads, "NUM_STREAMS": 1, "PERFORMANCE_HINT": "LATENCY"})
        effective = self.compiled[threads].get_property("INFERENCE_PRECISION_HINT").get_type_name()
        assert effective == self.dtype, f"OpenVINO computes in {effective}, asked for {self.dtype}"
        self.request, self.inputs = self.compiled[threads].create_infer_request(), [tensor.numpy() for tensor in inputs.values()]

    def result(self):
        return torch.from_numpy(self.request.infer(self.inputs)[0].copy())

    def time(self, seconds):
        return {"median_ms": time_calls(lambda: self.request.infer(self.inputs), seconds)}


class Ptx:
    def __init__(self, model, dtype, work):
        folder = work / "model"
        folder.mkdir(exist_ok=True)
        save_file({k: v.contiguous() for k, v in model.tensors()}, folder / "model.safetensors")
        (folder / "config.json").write_text(json.dumps(model.config))
        self.program = work / f"{dtype}.ptxm"
        subprocess.run([BIN / "ptx-compile", folder, f"--dtype={dtype}", "-o", self.program], check=True, capture_output=True)

    def load(self, inputs, work, threads):
        self.file, self.out, self.threads, self.runs = work / "in.safetensors", work / "out.safetensors", threads, 3
        save_file(inputs, self.file)

    def result(self):
        subprocess.run([BIN / "ptx-run", self.program, "--inputs", self.file, "--outputs", self.out], check=True)
        return next(iter(load_file(self.out).values()))

    def time(self, seconds):
        done = subprocess.run([BIN / "ptx-run", self.program, "--inputs", self.file, "--bench", f"--runs={self.runs}", f"--threads={self.threads}"],
                              capture_output=True, text=True, check=True)
        measured = json.loads(done.stdout.splitlines()[-1])
        self.runs = max(3, min(200, int(1e3 * seconds / measured["median_ms"])))
        return measured


def arms_of(model, work):
    """(name, dtype) -> what is timed; the first two dtypes of ptx are compared with the best peer in the same one"""
    kinds = {("PyTorch", "f32"): Torch, ("ptx", "f32"): Ptx}
    if isinstance(model, Bert):  # OpenVINO's converter takes no nn.TransformerDecoderLayer
        kinds["OpenVINO", "f32"] = OpenVino
    if HAS_BF16:
        kinds["ptx", "bf16"] = Ptx
        if isinstance(model, Bert):
            kinds["OpenVINO", "bf16"] = OpenVino
    return {key: kind(model, key[1], work) for key, kind in kinds.items()}


@torch.inference_mode()
def measure(name, make, points, arguments, work):
    torch.manual_seed(1)
    model = make().eval()
    arms = arms_of(model, work)
    for batch, length in points:
        inputs = model.inputs(batch, length)
        expected = model(**inputs)
        for threads in map(int, arguments.threads.split(",")):
            for (who, dtype), arm in arms.items():
                arm.load(inputs, work, threads)
                difference = ((arm.result() - expected).abs().max() / expected.abs().max()).item()
                assert difference < TOLERANCE[dtype], f"{name}: {who} {dtype} differs by {difference}"
            rounds = [{key: arm.time(0.7) for key, arm in arms.items()} for _ in range(arguments.rounds)]
            times = {key: statistics.median(one[key]["median_ms"] for one in rounds) for key in arms}
            roof = statistics.median(one["ptx", "f32"]["gflops"] / one["ptx", "f32"]["roof_gflops"] for one in rounds)
            yield {"model": name, "batch": batch, "length": length, "threads": threads, "load": os.getloadavg()[0],
                   "ms": {" ".join(key): value for key, value in times.items()}, "f32_of_roof": roof}


def row(point):
    cells = []
    for dtype in ("f32", "bf16"):
        times = {who: ms for who, ms in ((key.split()[0], ms) for key, ms in point["ms"].items() if key.endswith(" " + dtype))}
        ours = times.pop("ptx", None)
        peers = [f"{times[who]:.2f}" if who in times else "-" for who in (("PyTorch", "OpenVINO") if dtype == "f32" else ("OpenVINO",))]
        best = f"{min(times.values()) / ours:.2f}" if ours and times else "-"
        cells += [*peers, f"{ours:.2f}" if ours else "-", best]
    return f"| {point['model']} B{point['batch']} S{point['length']} | {point['threads']} | " + " | ".join(cells) + f" | {100 * point['f32_of_roof']:.0f} % |"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", default=list(MODELS))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", default="1,2")
    parser.add_argument("--json", type=pathlib.Path)
    arguments = parser.parse_args()
    level = "AVX-512 with BF16" if HAS_BF16 else "AVX-512" if " avx512f " in FLAGS else "AVX2"
    report = {"level": level, "processors": os.cpu_count(), "versions": {"torch": torch.__version__, "openvino": openvino.__version__}, "points": []}
    print(f"{level} machine, {os.cpu_count()} processors, PyTorch {torch.__version__}, OpenVINO {openvino.__version__}, load before {os.getloadavg()[0]:.2f}\n")
    print("| shape | threads | PyTorch f32 ms | OpenVINO f32 ms | ptx f32 ms | best / ptx | OpenVINO bf16 ms | ptx bf16 ms | OpenVINO / ptx | ptx f32 of the probed roof |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    for name in arguments.names:
        with tempfile.TemporaryDirectory() as work:
            for point in measure(name, *MODELS[name], arguments, pathlib.Path(work)):
                report["points"].append(point)
                print(row(point), flush=True)
    print(f"\nload after {os.getloadavg()[0]:.2f}")
    if arguments.json:
        arguments.json.write_text(json.dumps(report, indent=1) + "\n")


main()
