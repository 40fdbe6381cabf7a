#!/usr/bin/env python3
"""Prints how similar sentences are, by a compiled sentence-transformers model.

usage: embed.py PROGRAM MODEL_DIR SENTENCE...      (run by run.sh in its virtual environment)

The tokenizers package turns text into ids; ptx-run computes `sentence_embedding`, already of length 1,
so the products of two rows are their cosine similarity.
"""
import pathlib, subprocess, sys, tempfile
import numpy as np
from safetensors.numpy import load_file, save_file
from tokenizers import Tokenizer

program, model, *sentences = sys.argv[1:]
tokenizer = Tokenizer.from_file(f"{model}/tokenizer.json")
tokenizer.enable_padding()
tokenizer.enable_truncation(256)
encoded = tokenizer.encode_batch(sentences)
ids = {"input_ids": [e.ids for e in encoded], "attention_mask": [e.attention_mask for e in encoded],
       "token_type_ids": [e.type_ids for e in encoded]}

ptx_run = pathlib.Path(__file__).resolve().parents[2] / "build/bin/ptx-run"
with tempfile.TemporaryDirectory() as work:
    save_file({k: np.array(v, dtype=np.int64) for k, v in ids.items()}, f"{work}/in.safetensors")
    subprocess.run([ptx_run, program, "--inputs", f"{work}/in.safetensors", "--outputs", f"{work}/out.safetensors"], check=True)
    embedding = load_file(f"{work}/out.safetensors")["sentence_embedding"]

for row, sentence in zip(embedding @ embedding.T, sentences):
    print(" ".join(f"{value:5.2f}" for value in row), " ", sentence)
