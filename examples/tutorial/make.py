#!/usr/bin/env python3
"""Makes what the tutorial's model is fed with.

usage: make.py DIR    writes DIR/model (weights), DIR/adapter (a LoRA of rank 4) and DIR/inputs.safetensors

The weights are random: what is computed with them is the tutorial's subject, not what it means.
"""
import json, pathlib, sys
import numpy as np
from safetensors.numpy import save_file

random = np.random.default_rng(1)
D, F, V, P, R = 32, 64, 50, 64, 4


def matrix(rows, columns):
    return (random.standard_normal((rows, columns)) / np.sqrt(columns)).astype(np.float32)


weights = {"token.weight": matrix(V, D), "position.weight": matrix(P, D), "head.weight": matrix(V, D)}
for name in ["norm", "layers.0.norm1", "layers.0.norm2", "layers.1.norm1", "layers.1.norm2"]:
    weights[f"{name}.weight"] = 1 + matrix(1, D)[0]
    weights[f"{name}.bias"] = matrix(1, D)[0]
for layer in ["layers.0", "layers.1"]:
    for name in ["query", "key", "value", "out"]:
        weights[f"{layer}.{name}.weight"] = matrix(D, D)
    weights |= {f"{layer}.up.weight": matrix(F, D), f"{layer}.up.bias": matrix(1, F)[0],
                f"{layer}.down.weight": matrix(D, F), f"{layer}.down.bias": matrix(1, D)[0]}

# As PEFT saves it: A [R,IN] and B [OUT,R] of each module, W' = W + lora_alpha / r B A.
factors = {}
for layer in ["layers.0", "layers.1"]:
    for name in ["query", "value"]:
        factors[f"base_model.model.{layer}.{name}.lora_A.weight"] = matrix(R, D)
        factors[f"base_model.model.{layer}.{name}.lora_B.weight"] = matrix(D, R)
config = {"peft_type": "LORA", "r": R, "lora_alpha": 8, "target_modules": ["query", "value"]}

# Two texts, the second of five tokens.
inputs = {"input_ids": random.integers(0, V, (2, 8)),
          "attention_mask": np.array([[1] * 8, [1] * 5 + [0] * 3], dtype=np.int64)}

folder = pathlib.Path(sys.argv[1])
for name in ["model", "adapter"]:
    (folder / name).mkdir(parents=True, exist_ok=True)
save_file(weights, folder / "model/model.safetensors")
save_file(factors, folder / "adapter/adapter_model.safetensors")
(folder / "adapter/adapter_config.json").write_text(json.dumps(config))
save_file(inputs, folder / "inputs.safetensors")
