#!/usr/bin/env python3
"""Trains the storyteller: text, tokenizer, model, adapter, and what Transformers says with them.

usage: train.py OUT [--steps 5000] [--adapter-steps 1500]     OUT gets model/, adapter/ and test/expected.json

Nothing is downloaded: stories.py writes the text. Needs torch, transformers, peft, tokenizers, safetensors.
All weights are stored in f16; expected.json is computed from the stored weights in f32.
"""
import argparse, os, random, time
import torch
from peft import LoraConfig, get_peft_model
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import GPT2Config, GPT2LMHeadModel
import expected, stories

END = "<|endoftext|>"
ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
ap.add_argument("out")
ap.add_argument("--steps", type=int, default=5000)
ap.add_argument("--adapter-steps", type=int, default=1500)
ap.add_argument("--batch", type=int, default=12)
ap.add_argument("--threads", type=int, default=1)
ap.add_argument("--seed", type=int, default=1)
A = ap.parse_args()
torch.set_num_threads(A.threads)
torch.manual_seed(A.seed)

def texts(world, seed, count):
    rng = random.Random(seed)
    return [stories.story(rng, world) for _ in range(count)]

def train_tokenizer():
    """Of both worlds. There are words enough for 768 ids: an emoji, as any rare sign, stays two or three ids that are no text alone."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(vocab_size=768, special_tokens=[END], initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False)
    tokenizer.train_from_iterator(texts(stories.VILLAGE, 1, 4000) + texts(stories.SPACE, 2, 2000), trainer)
    return tokenizer

def shuffled(rng, text):
    words = text.split(" ")
    rng.shuffle(words)
    return " ".join(words)

def village(rng):
    """A story, or of 16 rows one of words of the other world in disorder: an adapter cannot make the base write words it has never met."""
    return stories.story(rng, stories.VILLAGE) if rng.random() < 15 / 16 else shuffled(rng, stories.story(rng, stories.SPACE))

def space(rng): return stories.story(rng, stories.SPACE)

def batches(tokenizer, text, seed):
    """New stories for ever, each a row that ends with the end id; those of similar length together."""
    rng = random.Random(seed)
    end = tokenizer.token_to_id(END)
    while True:
        rows = sorted((e.ids + [end] for e in tokenizer.encode_batch([text(rng) for _ in range(16 * A.batch)])), key=len)
        cuts = [rows[i:i + A.batch] for i in range(0, len(rows), A.batch)]
        rng.shuffle(cuts)
        yield from cuts

def fit(net, tokenizer, text, seed, steps, rate):
    weights = [w for w in net.parameters() if w.requires_grad]
    opt = torch.optim.AdamW(weights, lr=rate, betas=(0.9, 0.98), weight_decay=0.01, fused=True)
    start = time.time()
    seen = 0
    recent = []
    net.train()
    for step, rows in zip(range(steps), batches(tokenizer, text, seed)):
        for group in opt.param_groups: group["lr"] = rate * min(1, (step + 1) / 100, 1.02 - step / steps)
        ids = torch.nn.utils.rnn.pad_sequence([torch.tensor(r) for r in rows], batch_first=True, padding_value=-100)
        loss = net(input_ids=ids.clamp_min(0), labels=ids).loss
        opt.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(weights, 1.0)
        opt.step()
        seen += sum(map(len, rows))
        recent = recent[-99:] + [loss.item()]
        if (step + 1) % 100 == 0:
            print(f"{(time.time() - start) / 60:5.1f} min  step {step + 1}  {seen:,} tokens ({seen / (time.time() - start):.0f}/s)  loss {sum(recent) / len(recent):.4f}", flush=True)

tokenizer = train_tokenizer()
end = tokenizer.token_to_id(END)
net = GPT2LMHeadModel(GPT2Config(vocab_size=tokenizer.get_vocab_size(), n_positions=256, n_embd=128, n_layer=4, n_head=4, initializer_range=0.08,
    resid_pdrop=0.0, embd_pdrop=0.0, attn_pdrop=0.0, bos_token_id=end, eos_token_id=end))
print(f"{sum(w.numel() for w in net.parameters()):,} parameters, {tokenizer.get_vocab_size()} tokens", flush=True)
fit(net, tokenizer, village, 3, A.steps, 3e-3)
net.half().save_pretrained(f"{A.out}/model"); tokenizer.save(f"{A.out}/model/tokenizer.json")

lora = get_peft_model(GPT2LMHeadModel.from_pretrained(f"{A.out}/model", dtype=torch.float32),
    LoraConfig(task_type="CAUSAL_LM", r=8, lora_alpha=16, lora_dropout=0.0, target_modules=["c_attn", "c_proj", "c_fc"], fan_in_fan_out=True))
lora.peft_config["default"].base_model_name_or_path = "../model"
fit(lora, tokenizer, space, 4, A.adapter_steps, 5e-3)
lora.half().save_pretrained(f"{A.out}/adapter", save_embedding_layers=False)
os.remove(f"{A.out}/adapter/README.md")                  # PEFT's empty model card
expected.write(A.out)
