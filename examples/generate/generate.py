#!/usr/bin/env python3
"""Continues a text by a compiled model, and writes it as it comes.

usage: generate.py PROGRAM MODEL_DIR --prompt TEXT [options]
       generate.py PROGRAM MODEL_DIR --expected FILE          compares with what Transformers generates

Run by run.sh in its virtual environment. The tokenizers package turns text into ids and back; libptx does the rest (ptx.py).
"""
import argparse, io, json, pathlib, signal, sys, time
from tokenizers import Tokenizer
from tokenizers.decoders import DecodeStream
import ptx

class Writer:
    """Writes the text of each id, as soon as it is text: an id may be a part of a character."""

    def __init__(self, tokenizer, out, prompt):
        self.tokenizer, self.out, self.prompt, self.ids, self.written = tokenizer, out, prompt, [], 0
        self.stream = DecodeStream(skip_special_tokens=True)

    def write(self, text):
        self.out.write(text)
        self.out.flush()
        self.written += len(text)

    def __call__(self, token):
        if not self.ids: self.out.write(self.prompt)    # not before: there may be an error to say instead
        self.ids.append(token)
        self.write(self.stream.step(self.tokenizer, token) or "")

    def end(self):
        """What was held back and is no character after all."""
        self.write(self.tokenizer.decode(self.ids)[self.written:])

def natural(text):
    if not text.isdecimal(): raise argparse.ArgumentTypeError(f"is '{text}', expected a number from 0")
    return int(text)

def sampling(a):
    """As of ptx-run: any of its options asks for sampling."""
    given = {name: getattr(a, name) for name in ("temperature", "top_k", "top_p", "seed") if getattr(a, name) is not None}
    return given | {"sample": 1} if given else {}

def stop_ids(tokenizer, stop):
    if stop is None: return []
    encoded = tokenizer.encode(stop)
    if len(encoded.ids) != 1: sys.exit(f"generate: --stop '{stop}' is {len(encoded.ids)} tokens {encoded.tokens}, expected one")
    return encoded.ids

def tell(a, tokenizer):
    ids = tokenizer.encode(a.prompt).ids
    if not ids: sys.exit("generate: --prompt is empty, expected a text to continue")
    stops = stop_ids(tokenizer, a.stop)
    writer = Writer(tokenizer, sys.stdout, a.prompt)
    with ptx.Model(a.program, a.adapter) as model:
        start = time.perf_counter()
        model.generate(ids, writer, stops, max_new_tokens=a.max_new_tokens, beams=a.beams, **sampling(a))
        seconds = time.perf_counter() - start
        writer.end()
        print()
    print(f"{len(writer.ids)} tokens in {seconds:.3f} s, {len(writer.ids) / seconds:.0f} tokens/s", file=sys.stderr)

def difference(found, expected):
    """Where two sequences part, in words; None where they are equal."""
    if found == expected: return None
    at = next((i for i, (x, y) in enumerate(zip(found, expected)) if x != y), min(len(found), len(expected)))
    return f"from {at} on found {found[at:at + 20]!r}, expected {expected[at:at + 20]!r}"

def compare(a, tokenizer):
    """Every case, as ids and as the text that is written; how many differ."""
    expected = json.load(open(a.expected, encoding="utf-8"))
    cases, wrong = expected["cases"], 0
    for adapter in dict.fromkeys(case["adapter"] for case in cases):
        with ptx.Model(a.program, adapter) as model:
            for case in (case for case in cases if case["adapter"] == adapter):
                prompt_ids = tokenizer.encode(case["prompt"]).ids
                writer = Writer(tokenizer, io.StringIO(), case["prompt"])
                model.generate(prompt_ids, writer, max_new_tokens=expected["max_new_tokens"], beams=case["beams"])
                differences = [f"{name} {where}" for name, where in (
                    ("prompt ids", difference(prompt_ids, case["prompt_ids"])), ("new ids", difference(writer.ids, case["ids"])),
                    ("text", difference(writer.out.getvalue(), case["prompt"] + case["text"]))) if where]
                wrong += bool(differences)
                for line in differences:
                    print(f"generate: adapter {adapter}, beams {case['beams']}, '{case['prompt']}': {line}", file=sys.stderr)
    print(f"{len(cases)} texts, {wrong} other than Transformers'")
    return wrong

def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("program"); p.add_argument("model")
    p.add_argument("--prompt", default="Once there was a")
    p.add_argument("--adapter", default="none", help="default none, the base")
    p.add_argument("--max-new-tokens", type=natural, default=200)
    p.add_argument("--stop", metavar="TOKEN", help="end behind this token too, '.' for example")
    p.add_argument("--beams", type=natural, default=1, help="search with so many texts at once")
    p.add_argument("--temperature", type=float, help="sample, with logits divided by it")
    p.add_argument("--top-k", type=natural, help="sample among so many likeliest")
    p.add_argument("--top-p", type=float, help="sample among the likeliest that together are so likely")
    p.add_argument("--seed", type=natural, help="sample, with other numbers by chance")
    p.add_argument("--expected", metavar="FILE", help="compare with this file instead")
    a = p.parse_args()
    # An interrupt, or a reader who left, ends the process, be it in C or in Python.
    for name in (signal.SIGINT, signal.SIGPIPE): signal.signal(name, signal.SIG_DFL)
    try:
        tokenizer = Tokenizer.from_str(pathlib.Path(a.model, "tokenizer.json").read_text("utf-8"))
        if a.expected: sys.exit(compare(a, tokenizer) > 0)
        tell(a, tokenizer)
    except (ptx.Error, OSError) as error:
        sys.exit(f"generate: {error}")

if __name__ == "__main__": main()
