#!/usr/bin/env python3
"""Text generation by ptx beside PyTorch eager, ONNX Runtime, CTranslate2 and llama.cpp, interleaved.

usage: generate.py [--rounds 3] [--threads 1,2] [--bin build/bin] [--json FILE] [NAME...]    (run by `run.sh generate`)

A NAME is a model or one of its points: "GPT-2 small", or "GPT-2 small B1 S128". Each model (text_models.py) gets random weights,
and each arm (text_peers.py) the same ones; an arm that cannot run a model in a dtype has "-" in the table. All are greedy, and
keep what they computed of a text. For each point and number of threads, PyTorch first reads the ids that an arm chose, without
any cache: how far the logit of each lies below the greatest one, as a part of the largest, must be within the tolerance of the
arm's dtype. Then a block of generations warms each arm up, and blocks of all arms alternate, each after a pause in which the
threads of the one before come to rest. Figures are medians over the rounds. "best / ptx f32" above 1: ptx is faster than every
peer in f32. The cores kept busy by others are sampled before and after each point while nothing of ours runs. The table goes to
standard output, everything to --json.
"""
import statistics
from machine import alternate, largest_differences, run, shape, time_block
from text_peers import ARMS, Ptx  # before torch
from text_models import MODELS
import torch

# How far below the greatest logit that of a chosen id may lie, as a part of the largest.
TOLERANCE = {"f32": 1e-4, "bf16": 5e-2, "int8": 1e-1}
LOOSER = {("llama.cpp", "f32"): 2e-3}  # it looks GELU up in a table of f16
# The columns: arms by dtype, and the ratios behind them, of the best of the first to the second.
F32 = [(who, "f32") for who in ("PyTorch", "ONNX Runtime", "CTranslate2", "llama.cpp")]
OTHERS = [("CTranslate2", "int8"), ("CTranslate2", "bf16"), ("llama.cpp", "bf16")]
RATIOS = {"best / ptx f32": (F32, ("ptx", "f32")), "CTranslate2 int8 / ptx bf16": (OTHERS[:1], ("ptx", "bf16")),
          "best / ptx bf16": (OTHERS[1:], ("ptx", "bf16"))}
# What ptx is held against: what its step reads, what its first call computes.
ROOFS = {"step_ms": ("step_gbytes", "roof_gbytes"), "prefill_ms": ("prefill_gflops", "roof_gflops")}


def difference(name, dtype, model, inputs, ids):
    logits = model.forced(inputs, ids)
    below = logits.amax(2) - logits.gather(2, ids[:, :, None])[:, :, 0]
    part = (below.max() / logits.max()).item()
    assert part < LOOSER.get((name, dtype), TOLERANCE[dtype]), f"{name} {dtype} chooses an id whose logit is {part:.1e} of the largest below PyTorch's greatest"
    return part


def measure_point(model, arms, batch, length, threads, rounds):
    inputs, differences = model.inputs(batch, length), {}
    for (name, dtype), arm in arms.items():
        arm.load(inputs, threads)
        differences[f"{name} {dtype}"] = difference(name, dtype, model, inputs, arm.ids())
        time_block(arm)
    blocks, before, after = alternate(arms, rounds)
    typical = lambda key, figure: statistics.median(block[key][figure] for block in blocks)
    ptx = [key for key in arms if key[0] == "ptx"]
    return {"batch": batch, "length": length, "threads": threads, "differences": differences, "others_before": before, "others_after": after,
            "ms": {figure: {" ".join(key): typical(key, figure) for key in arms} for figure in model.figures.values()},
            "of_roof": {figure: {" ".join(key): statistics.median(block[key][reached] / block[key][roof] for block in blocks) for key in ptx}
                        for figure, (reached, roof) in ROOFS.items()},
            **{roof: statistics.median(block[key][roof] for block in blocks for key in ptx) for roof in ("roof_gflops", "roof_gbytes")}}


@torch.inference_mode()
def measure_model(name, make, points, arguments, folder):
    torch.manual_seed(1)
    model = make().eval()
    model.write(folder / "model")
    arms = {(who, dtype): kind(model, dtype, folder) for dtype in TOLERANCE for who, kind in ARMS.items() if kind.supports(model, dtype)}
    for batch, length in points:
        for threads in map(int, arguments.threads.split(",")):
            yield {"model": name, **measure_point(model, arms, batch, length, threads, arguments.rounds)}


def header():
    arms = lambda keys: [" ".join(key) + " ms" for key in keys]
    titles = ["shape", "threads", *arms(F32 + [("ptx", "f32")]), "best / ptx f32", *arms(OTHERS + [("ptx", "bf16")]), "CTranslate2 int8 / ptx bf16",
              "best / ptx bf16", "ptx f32 of the roof", "ptx bf16 of the roof", "roof GFLOP/s", "roof GB/s", "cores busy by others, before and after"]
    return f"| {' | '.join(titles)} |\n{'|---' * len(titles)}|"


def row(point, title, figure):
    ms, reached = point["ms"][figure], point["of_roof"].get(figure, {})
    time = lambda key: ms.get(" ".join(key))

    def ratio(name):
        peers, ours = RATIOS[name]
        best = min((time(peer) for peer in peers if time(peer)), default=None)
        return best / time(ours) if best and time(ours) else None
    number = lambda value: "-" if value is None else f"{value:.2f}"
    share = lambda arm: f"{100 * reached[arm]:.0f} %" if arm in reached else "-"
    cells = [f"{shape(point['model'], point['batch'], point['length'])} {title}", str(point["threads"]),
             *(number(time(key)) for key in F32 + [("ptx", "f32")]), number(ratio("best / ptx f32")),
             *(number(time(key)) for key in OTHERS + [("ptx", "bf16")]), number(ratio("CTranslate2 int8 / ptx bf16")), number(ratio("best / ptx bf16")),
             share("ptx f32"), share("ptx bf16"), f"{point['roof_gflops']:.0f}", f"{point['roof_gbytes']:.0f}",
             f"{point['others_before']:.2f}, {point['others_after']:.2f}"]
    return f"| {' | '.join(cells)} |"


def batch_ratios(points):
    """Of ptx: a step of several rows over one of a single row, by model, dtype and threads."""
    step = {(point["model"], arm, point["threads"], point["batch"]): ms for point in points
            for arm, ms in point["ms"].get("step_ms", {}).items() if arm.startswith("ptx")}
    for (model, arm, threads, batch), ms in step.items():
        if batch > 1 and (model, arm, threads, 1) in step:
            yield f"{arm} {threads} threads: a step of {model} at B{batch} costs {ms / step[model, arm, threads, 1]:.2f} of one at B1"


def rows(point):
    figures = MODELS[point["model"]][0].figures
    return [row(point, title, figure) for title, figure in figures.items()]


def closing(points):
    return "\n".join([*batch_ratios(points), "", "How far below PyTorch's greatest logit the chosen ones lay at most, as a part of the largest "
                      f"(allowed: {', '.join(f'{dtype} {part:.0e}' for dtype, part in TOLERANCE.items())}): {largest_differences(points)}"])


run(__doc__, MODELS, Ptx, ("torch", "transformers", "onnxruntime", "ctranslate2", "llama_cpp_python"), header(), measure_model, rows, closing)
