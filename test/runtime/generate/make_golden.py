#!/usr/bin/env python3
"""usage: make_golden.py OUT.json    (with PyTorch and Transformers, in the environment of test/numerics/golden/make.sh)

What Transformers' logits processors make of scores, and what our generator of random numbers draws, written down again
here: test/runtime/generate/GoldenTest.cpp reads it. Scores are f32 written exactly; null is -infinity.
"""
import json, math, pathlib, sys
import torch
from transformers.generation import logits_process as hf

sys.path.append(str(pathlib.Path(__file__).parents[2] / "numerics" / "golden"))
from sampling import draw, random_of

VOCABULARY = 23


def as_json(scores):
    return [None if score == -math.inf else score for score in scores]


def processors(options, text, added):
    """those of `generate`, in its order"""
    eos, chain = options.get("eos_token_id"), []
    if "repetition_penalty" in options:
        chain.append(hf.RepetitionPenaltyLogitsProcessor(options["repetition_penalty"]))
    if "no_repeat_ngram_size" in options:
        chain.append(hf.NoRepeatNGramLogitsProcessor(options["no_repeat_ngram_size"]))
    if "bad_words_ids" in options:
        chain.append(hf.NoBadWordsLogitsProcessor(options["bad_words_ids"], eos))
    if "min_new_tokens" in options:
        chain.append(hf.MinNewTokensLengthLogitsProcessor(len(text) - added, options["min_new_tokens"], eos))
    if "forced_bos_token_id" in options:
        chain.append(hf.ForcedBOSTokenLogitsProcessor(options["forced_bos_token_id"]))
    if "forced_eos_token_id" in options:
        chain.append(hf.ForcedEOSTokenLogitsProcessor(len(text) - added + options["max_new_tokens"], options["forced_eos_token_id"]))
    if "temperature" in options:
        chain.append(hf.TemperatureLogitsWarper(options["temperature"]))
    if "top_k" in options:
        chain.append(hf.TopKLogitsWarper(options["top_k"]))
    if "top_p" in options:
        chain.append(hf.TopPLogitsWarper(options["top_p"]))
    return chain


TEXT = [4, 9, 4, 11, 9, 4, 9]
CASES = [
    ({"repetition_penalty": 1.3}, TEXT, 2), ({"repetition_penalty": 0.7}, TEXT, 0), ({"repetition_penalty": 2.0}, [3], 0),
    ({"no_repeat_ngram_size": 1}, TEXT, 0), ({"no_repeat_ngram_size": 2}, TEXT, 0), ({"no_repeat_ngram_size": 3}, TEXT, 1),
    ({"no_repeat_ngram_size": 2}, [7], 0), ({"no_repeat_ngram_size": 9}, TEXT, 0), ({"no_repeat_ngram_size": 2}, [5, 5, 5], 0),
    ({"bad_words_ids": [[3], [4, 9, 8], [9, 10], [11, 12]]}, TEXT, 0),
    ({"bad_words_ids": [[3], [2], [9, 2]], "eos_token_id": [2, 6]}, TEXT, 0), ({"bad_words_ids": [[1, 2, 3]]}, [2], 0),
    ({"min_new_tokens": 3, "eos_token_id": [2, 6]}, TEXT, 2), ({"min_new_tokens": 3, "eos_token_id": [2, 6]}, TEXT, 3),
    ({"forced_bos_token_id": 5}, [1], 0), ({"forced_bos_token_id": 5}, [1, 2], 0),
    ({"forced_eos_token_id": [2, 6], "max_new_tokens": 4}, TEXT, 3), ({"forced_eos_token_id": [2, 6], "max_new_tokens": 4}, TEXT, 2),
    ({"forced_eos_token_id": [2], "max_new_tokens": 1, "min_new_tokens": 1, "eos_token_id": [2]}, TEXT, 0),
    ({"temperature": 0.7}, TEXT, 0), ({"temperature": 3.0}, TEXT, 0),
    ({"top_k": 1}, TEXT, 0), ({"top_k": 5}, TEXT, 0), ({"top_k": 100}, TEXT, 0),
    ({"top_p": 0.9}, TEXT, 0), ({"top_p": 0.3}, TEXT, 0), ({"top_p": 0.01}, TEXT, 0), ({"top_p": 1.0}, TEXT, 0),
    ({"temperature": 1.5, "top_k": 12, "top_p": 0.8}, TEXT, 0), ({"temperature": 0.4, "top_k": 7, "top_p": 0.6}, TEXT, 0),
    ({"repetition_penalty": 1.2, "no_repeat_ngram_size": 3, "bad_words_ids": [[9, 0], [5]], "min_new_tokens": 4, "eos_token_id": [2],
      "temperature": 0.8, "top_k": 9, "top_p": 0.95}, TEXT, 2),
]

torch.manual_seed(14)
cases = []
for options, text, added in CASES:
    scores = 3 * torch.randn(1, VOCABULARY)
    if options.get("top_k") == 5:
        scores = scores.round()  # equal ones
    got = scores.clone()
    for processor in processors(options, text, added):
        got = processor(torch.tensor([text]), got)
    cases.append({"options": options, "text": text, "added": added, "scores": scores[0].tolist(), "expected": as_json(got[0].tolist())})

draws = []
for seed, row, step in [(0, 0, 0), (0, 0, 1), (0, 1, 0), (1, 0, 0), (2**64 - 1, 3, 7), (123456789, 4095, 1000)]:
    scores = (2 * torch.randn(VOCABULARY)).tolist()
    scores[4] = scores[VOCABULARY - 1] = -math.inf
    random = random_of(seed, row, step)
    id, _ = draw(scores, random)
    draws.append({"seed": seed, "row": row, "step": step, "random": random, "scores": as_json(scores), "id": id})

with open(sys.argv[1], "w") as file:
    file.write("{\"processors\": [\n" + ",\n".join(map(json.dumps, cases)) + "\n],\n\"draws\": [\n" + ",\n".join(map(json.dumps, draws)) + "\n]}\n")
