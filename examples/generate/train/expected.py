#!/usr/bin/env python3
"""Writes OUT/test/expected.json: what Transformers' generate says, in f32 from the stored weights.

usage: expected.py OUT                                  OUT holds model/ and adapter/; train.py runs it at its end

Per case the prompt, its ids, the new ids and, of greedy ones, the smallest margin between the best and the second
logit. `ends_right` is how many of 200 sampled stories end as their own events say.
"""
import json, os, sys
import torch
from peft import PeftModel
from tokenizers import Tokenizer
from transformers import GPT2LMHeadModel
import stories

LIMIT = 200
PROMPTS = ["Once there was a fox named Zoë", "Once there was a wolf named Otto who lived by the mill, and he had a red drum.",
           "Once there was a hedgehog named Åsa who lived by the pond, and she had a tiny spoon and a blue lantern. Her friend Noor"]

@torch.no_grad()
def greedy(net, ids):
    out = net.generate(torch.tensor([ids]), max_new_tokens=LIMIT, do_sample=False, output_logits=True, return_dict_in_generate=True)
    best = torch.cat(out.logits).topk(2).values
    return out.sequences[0, len(ids):].tolist(), round((best[:, 0] - best[:, 1]).min().item(), 4)

@torch.no_grad()
def ends_right(net, tokenizer, world):
    torch.manual_seed(0)
    rows = net.generate(torch.tensor([tokenizer.encode("Once there was a").ids]), max_new_tokens=LIMIT, do_sample=True, top_k=0, num_return_sequences=200)
    return sum(stories.ends_right(tokenizer.decode(row), world) is True for row in rows.tolist())

def write(out):
    tokenizer = Tokenizer.from_file(f"{out}/model/tokenizer.json")
    cases = []
    right = {}
    net = GPT2LMHeadModel.from_pretrained(f"{out}/model", dtype=torch.float32).eval()
    for adapter, world in (("none", stories.VILLAGE), ("space", stories.SPACE)):
        # PEFT wraps the layers of `net` itself, so the base comes first.
        if adapter != "none": net = PeftModel.from_pretrained(net, f"{out}/adapter").eval()
        for prompt in PROMPTS:
            case = {"adapter": adapter, "prompt": prompt, "prompt_ids": tokenizer.encode(prompt).ids}
            ids, margin = greedy(net, case["prompt_ids"])
            cases.append(case | {"beams": 1, "ids": ids, "text": tokenizer.decode(ids), "smallest_margin": margin})
            with torch.no_grad():
                ids = net.generate(torch.tensor([case["prompt_ids"]]), max_new_tokens=LIMIT, do_sample=False, num_beams=4)[0, len(case["prompt_ids"]):].tolist()
            cases.append(case | {"beams": 4, "ids": ids, "text": tokenizer.decode(ids)})
        right[adapter] = ends_right(net, tokenizer, world)
    print("of 200 sampled stories end right:", right, flush=True)
    os.makedirs(f"{out}/test", exist_ok=True)
    with open(f"{out}/test/expected.json", "w", encoding="utf-8") as f:
        lines = ",\n".join(json.dumps(case, ensure_ascii=False) for case in cases)      # a line for each
        f.write(f'{{"max_new_tokens": {LIMIT}, "ends_right": {json.dumps(right)}, "cases": [\n{lines}\n]}}\n')

if __name__ == "__main__": write(sys.argv[1])
