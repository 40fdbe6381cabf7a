#!/usr/bin/env python3
"""Computes the tutorial's model with NumPy, in f64, and compares.

usage: check.py DIR OUTPUTS TOLERANCE [--adapter]    the logits that ptx-run wrote to DIR/OUTPUTS
       check.py DIR --generate IDS COUNT             prints the ids that continue IDS, the likeliest each time
"""
import sys
import numpy as np
from safetensors.numpy import load_file

H, EPS = 4, 1e-5
folder, *arguments = sys.argv[1:]
w = {name: value.astype(np.float64) for name, value in load_file(f"{folder}/model/model.safetensors").items()}


def norm(x, name):
    x = x - x.mean(-1, keepdims=True)
    return x / np.sqrt((x * x).mean(-1, keepdims=True) + EPS) * w[f"{name}.weight"] + w[f"{name}.bias"]


def attention(q, k, v):  # [S,D] each; causal
    S, D = q.shape
    q, k, v = (m.reshape(S, H, D // H).swapaxes(0, 1) for m in (q, k, v))  # [H,S,D/H]
    scores = q @ k.swapaxes(1, 2) / np.sqrt(D / H)
    scores[:, np.triu(np.ones((S, S), bool), 1)] = -np.inf
    e = np.exp(scores - scores.max(-1, keepdims=True))
    return (e / e.sum(-1, keepdims=True) @ v).swapaxes(0, 1).reshape(S, D)


def forward(ids):  # the logits [S,V] of one text
    x = w["token.weight"][ids] + w["position.weight"][:len(ids)]
    for layer in ["layers.0", "layers.1"]:
        y = norm(x, f"{layer}.norm1")
        q, k, v = (y @ w[f"{layer}.{name}.weight"].T for name in ["query", "key", "value"])
        x = x + attention(q, k, v) @ w[f"{layer}.out.weight"].T
        y = norm(x, f"{layer}.norm2") @ w[f"{layer}.up.weight"].T + w[f"{layer}.up.bias"]
        x = x + y / (1 + np.exp(-y)) @ w[f"{layer}.down.weight"].T + w[f"{layer}.down.bias"]
    return norm(x, "norm") @ w["head.weight"].T


if arguments[0] == "--generate":
    ids = [int(i) for i in arguments[1].split(",")]
    for _ in range(int(arguments[2])):
        ids.append(int(forward(np.array(ids))[-1].argmax()))
    print(",".join(map(str, ids[-int(arguments[2]):])))
    sys.exit()

outputs, tolerance = arguments[0], float(arguments[1])
if "--adapter" in arguments:
    factors = load_file(f"{folder}/adapter/adapter_model.safetensors")
    for layer in ["layers.0", "layers.1"]:
        for name in ["query", "value"]:
            a, b = (factors[f"base_model.model.{layer}.{name}.lora_{f}.weight"].astype(np.float64) for f in "AB")
            w[f"{layer}.{name}.weight"] += 8 / len(a) * b @ a
inputs, logits = load_file(f"{folder}/inputs.safetensors"), load_file(f"{folder}/{outputs}")["logits"]
for ids, mask, found in zip(inputs["input_ids"], inputs["attention_mask"], logits):
    length = mask.sum()
    error = np.abs(found[:length] - forward(ids[:length])).max()
    if not error <= tolerance or found[length:].any():
        sys.exit(f"{outputs}: the logits differ from NumPy's by {error:.1e}, or are not zero where there is padding")
print(f"{outputs}: NumPy's logits, within {tolerance:g}")
