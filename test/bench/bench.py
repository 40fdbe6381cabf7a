#!/usr/bin/env python3
"""ptx beside PyTorch eager, OpenVINO, ONNX Runtime and CTranslate2, interleaved in one process.

usage: bench.py [--rounds 3] [--threads 1,2] [--bin build/bin] [--json FILE] [NAME...]    (run by run.sh in its virtual environment)

A NAME is a model or one of its points: MiniLM, or "MiniLM B1 S16". Each model (models.py) gets random weights, and each arm
(peers.py) the same ones, in f32 and, where arm and processor can, in bf16; an arm that cannot run a model has "-" in the table.
For each point and number of threads, every arm's result is first compared with PyTorch's in f32 and one block of calls warms it
up; then blocks of all arms alternate, each after a pause in which the threads of the one before come to rest. Figures are
medians over the rounds. "best / ptx" above 1: ptx is faster than every peer of its dtype. The cores kept busy by others are
sampled before and after each point while nothing of ours runs. The table goes to standard output, everything to --json.
"""
import statistics
from machine import alternate, largest_differences, run, shape, time_block
from peers import ARMS, Ptx  # before torch
from models import MODELS, write_directory
import torch

# How far a result may be from PyTorch's in f32, as a part of the largest value.
TOLERANCE = {"f32": 5e-5, "bf16": 5e-2}
PEERS = {"f32": ["PyTorch", "OpenVINO", "ONNX Runtime", "CTranslate2"], "bf16": ["OpenVINO", "CTranslate2"]}


def difference(name, dtype, result, expected):
    part = ((result - expected).abs().max() / expected.abs().max()).item()
    assert part < TOLERANCE[dtype], f"{name} {dtype} differs from PyTorch by {part:.1e} of the largest value"
    return part


def measure_point(arms, inputs, expected, threads, rounds):
    differences = {}
    for (name, dtype), arm in arms.items():
        arm.load(inputs, threads)
        differences[f"{name} {dtype}"] = difference(name, dtype, arm.result(), expected)
        time_block(arm)
    blocks, before, after = alternate(arms, rounds)
    ptx = [block["ptx", "f32"] for block in blocks]
    return {"threads": threads, "ms": {" ".join(key): statistics.median(block[key]["median_ms"] for block in blocks) for key in arms},
            "differences": differences, "others_before": before, "others_after": after,
            "f32_of_roof": statistics.median(block["gflops"] / block["roof_gflops"] for block in ptx),
            **{roof: statistics.median(block[roof] for block in ptx) for roof in ("roof_gflops", "roof_gbytes")}}


@torch.inference_mode()
def measure_model(name, make, points, arguments, folder):
    torch.manual_seed(1)
    model = make().eval()
    write_directory(model, folder / "model")
    arms = {(who, dtype): kind(model, dtype, folder) for dtype in TOLERANCE for who, kind in ARMS.items() if kind.supports(model, dtype)}
    for batch, length in points:
        inputs = model.inputs(batch, length)
        expected = model(**inputs)
        difference(f"{name} as exported", "f32", model.exportable()(**inputs), expected)
        for threads in map(int, arguments.threads.split(",")):
            yield {"model": name, "batch": batch, "length": length, **measure_point(arms, inputs, expected, threads, arguments.rounds)}


def header():
    titles = ["shape", "threads"]
    for dtype, peers in PEERS.items():
        titles += [f"{who} {dtype} ms" for who in (*peers, "ptx")] + [f"best / ptx {dtype}"]
    titles += ["ptx f32 of the roof", "roof GFLOP/s", "roof GB/s", "cores busy by others, before and after"]
    return f"| {' | '.join(titles)} |\n{'|---' * len(titles)}|"


def row(point):
    number = lambda value: "-" if value is None else f"{value:.2f}"
    cells = [shape(point["model"], point["batch"], point["length"]), str(point["threads"])]
    for dtype, peers in PEERS.items():
        *times, ours = (point["ms"].get(f"{who} {dtype}") for who in (*peers, "ptx"))
        best = min((ms for ms in times if ms), default=None)
        cells += map(number, (*times, ours, best / ours if best and ours else None))
    cells += [f"{100 * point['f32_of_roof']:.0f} %", f"{point['roof_gflops']:.0f}", f"{point['roof_gbytes']:.0f}",
              f"{point['others_before']:.2f}, {point['others_after']:.2f}"]
    return f"| {' | '.join(cells)} |"


def closing(points):
    return (f"Largest difference from PyTorch's f32, as a part of the largest value (allowed: f32 {TOLERANCE['f32']:.0e}, "
            f"bf16 {TOLERANCE['bf16']:.0e}): {largest_differences(points)}")


run(__doc__, MODELS, Ptx, ("torch", "openvino", "onnxruntime", "ctranslate2"), header(), measure_model, lambda point: [row(point)], closing)
