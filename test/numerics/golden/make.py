#!/usr/bin/env python3
"""Makes the golden cases: tiny random models whose values PyTorch, Transformers and PEFT computed.

usage: make.py OUT        (run by make.sh, in a virtual environment with requirements.txt)

Everything is computed in float64 from the stored weights and rounded once to f32. Sizes are odd on
purpose: width 36 and 3 heads leave tails in every vector loop. The form of a case is described in README.md.
"""
import json, math, pathlib, shutil, sys
import torch, torch.nn as nn
from safetensors.torch import load_file, save_file

from sampling import draw, random_of

torch.backends.mha.set_fastpath_enabled(False)  # it would read past PEFT's LoRA layers
OUT = pathlib.Path(sys.argv[1])
D, HEADS, FFN, SRC, TGT, POSITIONS = 36, 3, 52, 61, 53, 96


def seed(n):
    torch.manual_seed(n)


# --- encoder-decoders --------------------------------------------------------------------------


class TokenEmbedding(nn.Module):
    def __init__(self, vocabulary, d):
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, d)
        self.scale = math.sqrt(d)

    def forward(self, ids):
        return self.embedding(ids) * self.scale


class Transformer(nn.Module):
    """model_type p_transformer: decoder layer i reads encoder layer min(i, last); transformer: the last one."""

    def __init__(self, config):
        super().__init__()
        c = self.config = config
        layer = dict(d_model=c["d_model"], nhead=c["nhead"], dim_feedforward=c["dim_feedforward"], dropout=0.0,
                     activation=c.get("activation", "relu"), norm_first=c.get("norm_first", False),
                     layer_norm_eps=c.get("layer_norm_eps", 1e-5), batch_first=True)
        self.src_tok_emb = TokenEmbedding(c["src_vocab_size"], c["d_model"])
        self.tgt_tok_emb = TokenEmbedding(c["tgt_vocab_size"], c["d_model"])
        self.enc_layers = nn.ModuleList(nn.TransformerEncoderLayer(**layer) for _ in range(c["num_encoder_layers"]))
        self.dec_layers = nn.ModuleList(nn.TransformerDecoderLayer(**layer) for _ in range(c["num_decoder_layers"]))
        self.generator = nn.Linear(c["d_model"], c["tgt_vocab_size"])
        for name in c.get("norms", []):
            setattr(self, name, nn.LayerNorm(c["d_model"], eps=c.get("layer_norm_eps", 1e-5)))

    def embed(self, table, ids):
        d, n = self.config["d_model"], ids.shape[1]
        j = torch.arange(0, d, 2, dtype=torch.float64)
        angle = torch.arange(n, dtype=torch.float64)[:, None] / 10000 ** (j / d)
        return table(ids) + torch.stack((angle.sin(), angle.cos()), 2).flatten(1)[:, :d]

    def memories(self, ids, mask):
        hidden = mask == 0
        x, all_layers = self.embed(self.src_tok_emb, ids), []
        for layer in self.enc_layers:
            x = layer(x, src_key_padding_mask=hidden)
            all_layers.append(x)
        if self.config["model_type"] == "transformer" and hasattr(self, "enc_norm"):
            all_layers[-1] = self.enc_norm(x)
        return all_layers, hidden

    def forward(self, ids, mask, target):
        memories, hidden = self.memories(ids, mask)
        y = self.embed(self.tgt_tok_emb, target)
        causal = torch.ones(target.shape[1], target.shape[1], dtype=torch.bool).triu(1)
        for i, layer in enumerate(self.dec_layers):
            parallel = self.config["model_type"] == "p_transformer"
            memory = memories[min(i, len(memories) - 1)] if parallel else memories[-1]
            y = layer(y, memory, tgt_mask=causal, memory_key_padding_mask=hidden)
        if hasattr(self, "dec_norm"):
            y = self.dec_norm(y)
        return self.generator(y)


def randomise(module, scale=1.0):
    """norm weights near 1, biases and everything else small but never zero"""
    with torch.no_grad():
        for name, p in module.named_parameters():
            if ("norm" in name.lower() or "ln_" in name) and p.dim() == 1 and name.endswith(("weight", "gamma")):
                p.copy_(1 + 0.2 * torch.randn_like(p))
            else:
                p.copy_(torch.randn_like(p) * (0.1 if p.dim() == 1 else scale / math.sqrt(p.shape[-1])))


def lengths_mask(lengths, n, left=False):
    mask = torch.zeros(len(lengths), n, dtype=torch.int64)
    for i, k in enumerate(lengths):
        mask[i, n - k if left else 0:n if left else k] = 1
    return mask


RUNS = {"one": (1, 1, 1, [1]), "ragged": (3, 13, 7, [13, 9, 4]), "long": (2, 70, 33, [70, 51])}


def pair_inputs(run, source, target):
    batch, s, t, lengths = RUNS[run]
    return {"input_ids": torch.randint(1, source, (batch, s)), "attention_mask": lengths_mask(lengths, s),
            "decoder_input_ids": torch.randint(1, target, (batch, t))}


def store(tensors, folder, dtype=torch.float32, shards=1):
    folder.mkdir(parents=True, exist_ok=True)
    tensors = {k: v.detach().to(dtype).contiguous() for k, v in tensors.items()}
    if shards == 1:
        save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
        return tensors
    names, weight_map = sorted(tensors), {}
    for i in range(shards):
        part = {k: tensors[k] for k in names[i::shards]}
        file = f"model-{i + 1:05}-of-{shards:05}.safetensors"
        save_file(part, folder / file, metadata={"format": "pt"})
        weight_map.update({k: file for k in part})
    size = sum(t.numel() * t.element_size() for t in tensors.values())
    (folder / "model.safetensors.index.json").write_text(
        json.dumps({"metadata": {"total_size": size}, "weight_map": weight_map}, indent=1, sort_keys=True))
    return tensors


class Case:
    """Collects runs and writes case.json."""

    def __init__(self, name, function, checks, model="model"):
        self.folder = OUT / name
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        self.data = {"name": name, "function": function, "checks": checks, "tolerance": 5e-5, "model": model,
                     "adapters": {}, "runs": []}

    def run(self, name, inputs, outputs, compare=None, adapter=None):
        folder = self.folder / "runs" / name
        folder.mkdir(parents=True)
        save_file({k: v.contiguous() for k, v in inputs.items()}, folder / "inputs.safetensors")
        save_file({k: v.detach().to(torch.float32).contiguous() for k, v in outputs.items()}, folder / "expected.safetensors")
        entry = {"name": name, "dir": f"runs/{name}", "compare": compare or {}}
        if adapter:
            entry["adapter"] = adapter
        self.data["runs"].append(entry)

    def finish(self, **more):
        (self.folder / "case.json").write_text(json.dumps({**self.data, **more}, indent=1) + "\n")


# --- generation --------------------------------------------------------------------------------

PROMPTS = [[5, 9, 33, 4], [17], [50, 3, 3, 8, 21, 60, 7]]
# Of ptx-run, for options of Transformers' generate.
FLAGS = {name: "--" + name.replace("_", "-") for name in ("max_new_tokens", "min_new_tokens", "repetition_penalty", "no_repeat_ngram_size", "temperature",
                                                         "top_k", "top_p", "seed", "length_penalty", "early_stopping")}
FLAGS["num_beams"] = "--beams"


def generation(prompts, rows, ends, options, margins, adapter=None):
    """an entry of case.json: ids up to and with the one that ended a row; by how much each led where the greatest was chosen"""
    cut = [row[:next((i + 1 for i, id in enumerate(row) if id in ends), len(row))] for row in rows]
    entry = {"prompt_ids": prompts, "new_ids": cut, "flags": [f"{FLAGS[k]}={str(v).lower()}" for k, v in options.items()]}
    margins = [margins[step][row] for row, ids in enumerate(cut) for step in range(len(ids) if margins else 0)]
    if margins:
        entry["least_margin"] = round(min(margins), 5)
        assert min(margins) > 1e-4, f"{entry}: too near for f32"
    return {**entry, "adapter": adapter} if adapter else entry


def generated(model, prompts, options, adapter=None):
    """by Transformers, whose rows are padded on the left"""
    longest = max(map(len, prompts))
    ids = torch.tensor([[0] * (longest - len(p)) + p for p in prompts])
    mask = lengths_mask(list(map(len, prompts)), longest, left=True)
    got = model.generate(ids, attention_mask=mask, **{"do_sample": False, **options}, return_dict_in_generate=True, output_scores=True)
    ends = model.generation_config.eos_token_id
    margins = [(top := scores.topk(2).values)[:, 0].sub(top[:, 1]).tolist() for scores in got.scores] if "num_beams" not in options else []
    return generation(prompts, got.sequences[:, longest:].tolist(), ends if isinstance(ends, list) else [ends], options, margins, adapter)


def generated_alone(model, prompts, options):
    """each row by itself: to Transformers padding is part of a text's n-grams"""
    entries = [generated(model, [prompt], options) for prompt in prompts]
    return {**entries[0], "prompt_ids": prompts, "new_ids": [e["new_ids"][0] for e in entries], "least_margin": min(e["least_margin"] for e in entries)}


def sampled(model, prompts, options):
    """drawn by our own generator of random numbers from scores warped by Transformers"""
    from transformers.generation import logits_process as hf
    given = {key: options[key] for key in ("temperature", "top_k", "top_p") if key in options}  # in this order
    warpers = [{"temperature": hf.TemperatureLogitsWarper, "top_k": hf.TopKLogitsWarper, "top_p": hf.TopPLogitsWarper}[key](value) for key, value in given.items()]
    ends, rows, margins = model.generation_config.eos_token_id, [], [[0.0] * len(prompts) for _ in range(options["max_new_tokens"])]
    for row, prompt in enumerate(prompts):
        text = list(prompt)
        for step in range(options["max_new_tokens"]):
            scores = model(torch.tensor([text])).logits[:, -1].float()
            for warp in warpers:
                scores = warp(torch.tensor([text]), scores)
            id, margins[step][row] = draw(scores[0].tolist(), random_of(options.get("seed", 0), row, step))
            text.append(id)
        rows.append(text[len(prompt):])
    return generation(prompts, rows, ends if isinstance(ends, list) else [ends], options, margins)


def generated_pair(model, prompts, count):
    """the greatest logit each time, of a model of encoder and decoder: its own start and end"""
    config, rows, margins = model.config, [], [[] for _ in range(count)]
    for prompt in prompts:
        ids = torch.tensor([prompt])
        text = [config.get("decoder_start_token_id", config["bos_token_id"])]
        for step in range(count):
            top = model(ids, torch.ones_like(ids), torch.tensor([text]))[0, -1].topk(2)
            text.append(int(top.indices[0]))
            margins[step].append(float(top.values[0] - top.values[1]))
        rows.append(text[1:])
    return generation(prompts, rows, [config["eos_token_id"]], {"max_new_tokens": count}, margins)


def config_of(kind, **changes):
    config = {"model_type": kind, "d_model": D, "nhead": HEADS, "dim_feedforward": FFN, "num_encoder_layers": 3,
              "num_decoder_layers": 3, "src_vocab_size": SRC, "tgt_vocab_size": TGT, "pad_token_id": 0,
              "bos_token_id": 1, "eos_token_id": 2, "max_position": POSITIONS}
    return {**config, **changes}


def make_pair(number, name, checks, kind="p_transformer", function="forward", dtype=torch.float32, shards=1, norms=(), drop=(), generate=(), **changes):
    """`generate`: (prompts, new ids) each"""
    seed(number)
    config = config_of(kind, **changes)
    model = Transformer({**config, "norms": norms})
    randomise(model)
    case = Case(name, function, checks)
    stored = store(model.state_dict(), case.folder / "model", dtype, shards)
    model.load_state_dict({k: v.double() for k, v in stored.items()})
    model = model.double().eval()
    (case.folder / "model" / "config.json").write_text(
        json.dumps({k: v for k, v in config.items() if k not in drop}, indent=1) + "\n")
    for run in RUNS:
        inputs = pair_inputs(run, config["src_vocab_size"], config["tgt_vocab_size"])
        if function == "encode":
            del inputs["decoder_input_ids"]
            memories, _ = model.memories(inputs["input_ids"], inputs["attention_mask"])
            case.run(run, inputs, {"last_hidden_state": memories[-1]}, {"last_hidden_state": "attention_mask"})
        else:
            case.run(run, inputs, {"logits": model(*inputs.values())})
    case.finish(**({"generate": [generated_pair(model, *asked) for asked in generate]} if generate else {}))


def encoder_decoders():
    make_pair(1, "p_post_relu", "post-norm, relu", generate=[(PROMPTS, 12)])
    make_pair(2, "p_pre_gelu", "pre-norm, gelu", norm_first=True, activation="gelu")
    make_pair(3, "p_3_2", "deeper encoder", num_decoder_layers=2)
    make_pair(4, "p_2_3", "deeper decoder", num_encoder_layers=2)
    make_pair(5, "p_dec_norm", "final decoder norm", norm_first=True, norms=("dec_norm",))
    make_pair(6, "p_minimal_config", "optional keys absent", drop=("max_position",))
    make_pair(7, "p_f16", "stored as f16", dtype=torch.float16)
    make_pair(8, "p_bf16", "stored as bf16", dtype=torch.bfloat16)
    make_pair(9, "p_shards", "two shards with an index", shards=2)
    make_pair(10, "p_even", "width 64, 4 heads: no tails", d_model=64, nhead=4, dim_feedforward=160)
    make_pair(15, "p_odd", "an odd width: the last channel of a position is a sine", d_model=35, nhead=5, dim_feedforward=51)
    make_pair(11, "p_encode", "the encoder alone", function="encode")
    make_pair(12, "t_post", "original order, final norms", kind="transformer", norms=("enc_norm", "dec_norm"), generate=[(PROMPTS, 12)])
    make_pair(13, "t_pre", "original order, pre-norm", kind="transformer", norm_first=True, norms=("enc_norm", "dec_norm"))
    make_pair(14, "t_encode", "the encoder with its norm", kind="transformer", function="encode", norms=("enc_norm",))


# --- BERT --------------------------------------------------------------------------------------


def bert_config(**changes):
    from transformers import BertConfig
    return BertConfig(**{**dict(hidden_size=D, num_attention_heads=HEADS, intermediate_size=FFN, num_hidden_layers=3,
                                vocab_size=SRC, max_position_embeddings=POSITIONS, attn_implementation="eager"), **changes})


def bert_inputs():
    runs = {"one": ([1], 1, False), "ragged": ([13, 9, 4], 13, False), "left": ([13, 9, 4], 13, True), "long": ([70, 51], 70, False)}
    for name, (lengths, n, left) in runs.items():
        yield name, lengths_mask(lengths, n, left)
    yield "holes", torch.tensor([[1, 1, 1, 0, 0, 1, 1, 1, 0, 1, 1], [0, 1, 0, 1, 1, 1, 0, 1, 1, 0, 0]])


def bert_outputs(model, inputs, per_row):
    """what the function encode gives for this class"""
    got = model(**inputs, output_hidden_states=True, return_dict=True)
    outputs = {"last_hidden_state": got.hidden_states[-1]}
    core = model.base_model
    if getattr(core, "pooler", None) is not None:
        outputs["pooler_output"] = core.pooler(got.hidden_states[-1])
    for theirs, ours in (("logits", "logits"), ("prediction_logits", "logits"), ("seq_relationship_logits",) * 2):
        if theirs in got:
            outputs[ours] = got[theirs]
    compare = {k: "attention_mask" for k, v in outputs.items() if v.dim() == 3}
    return outputs, compare


def sentence_modules(folder, modules):
    """modules.json and the configurations of (type, path, configuration), in the form before 5.4 or since"""
    (folder / "modules.json").write_text(json.dumps(
        [{"idx": i, "name": str(i), "path": path, "type": kind} for i, (kind, path, _) in enumerate(modules)], indent=1))
    for kind, path, config in modules:
        if config is not None:
            (folder / path).mkdir(exist_ok=True)
            (folder / path / "config.json").write_text(json.dumps(config, indent=1))


def sentence_mean(folder):
    """mean pooling and normalisation, as before 5.4; -> what they compute"""
    old = "sentence_transformers.models."
    sentence_modules(folder, [
        (old + "Transformer", "", None),
        (old + "Pooling", "1_Pooling", {"word_embedding_dimension": D, "pooling_mode_cls_token": False,
                                        "pooling_mode_mean_tokens": True, "pooling_mode_max_tokens": False,
                                        "pooling_mode_mean_sqrt_len_tokens": False}),
        (old + "Normalize", "2_Normalize", None)])

    def embed(x, mask):
        weight = mask[..., None].double()
        return nn.functional.normalize((x * weight).sum(1) / weight.sum(1), dim=1)
    return embed


def sentence_dense(folder):
    """the transformer in a folder of its own, first token, Dense, LayerNorm, as since 5.4; -> what they compute"""
    new, names = "sentence_transformers.sentence_transformer.modules.", {
        "module_input_name": "sentence_embedding", "module_output_name": "sentence_embedding"}
    (folder / "0_Transformer").mkdir()
    for file in ("config.json", "model.safetensors"):
        (folder / file).rename(folder / "0_Transformer" / file)
    sentence_modules(folder, [
        ("sentence_transformers.base.modules.transformer.Transformer", "0_Transformer", None),
        (new + "pooling.Pooling", "1_Pooling", {"embedding_dimension": D, "pooling_mode": "cls", "include_prompt": True}),
        ("sentence_transformers.base.modules.dense.Dense", "2_Dense", {
            "in_features": D, "out_features": 10, "bias": True, "activation_function": "torch.nn.modules.activation.Tanh", **names}),
        (new + "layer_norm.LayerNorm", "3_LayerNorm", {"dimension": 10}),
        ("sentence_transformers.base.modules.normalize.Normalize", "4_Normalize", names)])
    dense, norm = nn.Linear(D, 10), nn.LayerNorm(10)
    randomise(dense)
    randomise(norm)
    for module, prefix, path in ((dense, "linear.", "2_Dense"), (norm, "norm.", "3_LayerNorm")):
        save_file({prefix + k: v.detach().clone() for k, v in module.state_dict().items()}, folder / path / "model.safetensors")
    dense, norm = dense.double(), norm.double()
    return lambda x, mask: nn.functional.normalize(norm(torch.tanh(dense(x[:, 0]))), dim=1)


def sentence_every_mode(folder):
    """every pooling mode, one after the other, in an order of names; -> what they compute"""
    modes = ["lasttoken", "cls", "weightedmean", "max", "mean_sqrt_len_tokens", "mean"]
    sentence_modules(folder, [
        ("sentence_transformers.base.modules.transformer.Transformer", "", None),
        ("sentence_transformers.sentence_transformer.modules.pooling.Pooling", "1_Pooling",
         {"embedding_dimension": D, "pooling_mode": modes, "include_prompt": True})])

    def embed(x, mask):
        k = mask[..., None].double()
        last = mask.shape[1] - 1 - mask.flip(1).argmax(1)
        weights = k * (torch.arange(1, mask.shape[1] + 1)[None, :, None] - mask.argmax(1)[:, None, None])
        parts = {"cls": x[:, 0], "max": x.masked_fill(k == 0, -torch.inf).max(1).values, "mean": (x * k).sum(1) / k.sum(1),
                 "mean_sqrt_len_tokens": (x * k).sum(1) / k.sum(1).sqrt(), "weightedmean": (x * weights).sum(1) / weights.sum(1),
                 "lasttoken": x[torch.arange(len(x)), last]}
        return torch.cat([parts[mode] for mode in modes], 1)
    return embed


def sentence_flags(folder):
    """two modes by the flags before 5.4, then Dense; -> what they compute"""
    old = "sentence_transformers.models."
    sentence_modules(folder, [
        (old + "Transformer", "", None),
        (old + "Pooling", "1_Pooling", {"word_embedding_dimension": D, "pooling_mode_max_tokens": True, "pooling_mode_mean_tokens": False,
                                        "pooling_mode_cls_token": True}),
        (old + "Dense", "2_Dense", {"in_features": 2 * D, "out_features": 7, "bias": False,
                                    "activation_function": "torch.nn.modules.linear.Identity"})])
    dense = nn.Linear(2 * D, 7, bias=False)
    randomise(dense)
    save_file({"linear.weight": dense.weight.detach().clone()}, folder / "2_Dense" / "model.safetensors")
    dense = dense.double()
    return lambda x, mask: dense(torch.cat((x[:, 0], x.masked_fill(mask[..., None] == 0, -torch.inf).max(1).values), 1))


def kin_config(family, **changes):
    """a small configuration of BERT's kin"""
    import transformers
    if family == "DistilBert":
        sizes = dict(dim=D, n_heads=HEADS, hidden_dim=FFN, n_layers=2, vocab_size=SRC, max_position_embeddings=POSITIONS)
    else:
        sizes = dict(hidden_size=D, num_attention_heads=HEADS, intermediate_size=FFN, num_hidden_layers=2, vocab_size=SRC,
                     max_position_embeddings=POSITIONS + 2, type_vocab_size=1, layer_norm_eps=1e-5, pad_token_id=1)
    return getattr(transformers, family + "Config")(**{**sizes, "attn_implementation": "eager", **changes})


def encoder_ids(config, mask):
    """random ids; with counted positions padding stands where the mask hides, and here and there where it does not"""
    ids = torch.randint(2, SRC, mask.shape)
    if config.model_type in ("roberta", "xlm-roberta"):
        ids[mask == 0] = config.pad_token_id
        ids[torch.rand(mask.shape) < 0.1] = config.pad_token_id
    return ids


def make_bert(number, name, checks, kind="BertModel", rename=lambda k: k, extra=None, sentence=None, options=None, family=None, **changes):
    import transformers
    seed(number)
    config = kin_config(family, **changes) if family else bert_config(**changes)
    model = getattr(transformers, kind)(config, **(options or {}))
    randomise(model)
    if hasattr(model, "tie_weights"):
        model.tie_weights()
    model = model.float().eval()
    case = Case(name, "encode", checks)
    folder = case.folder / "model"
    model.save_pretrained(folder)
    for extra_file in folder.glob("generation_config.json"):
        extra_file.unlink()
    file = folder / "model.safetensors"
    save_file({rename(k): v for k, v in load_file(file).items()}, file, metadata={"format": "pt"})
    model = model.double()
    embed = sentence(folder) if sentence else None
    for run, mask in bert_inputs():
        if family:
            inputs = {"input_ids": encoder_ids(config, mask), "attention_mask": mask}
        else:
            inputs = {"input_ids": torch.randint(1, SRC, mask.shape), "attention_mask": mask,
                      "token_type_ids": torch.randint(0, 2, mask.shape)}
        outputs, compare = bert_outputs(model, inputs, sentence)
        if embed:
            outputs["sentence_embedding"] = embed(outputs["last_hidden_state"], mask)
        case.run(run, inputs, outputs, compare)
    case.finish()


def old_norm_names(key):
    return key.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta")


def berts():
    make_bert(31, "bert_bare", "no pooler in the file", options={"add_pooling_layer": False})
    make_bert(32, "bert_pooler", "pooler")
    make_bert(33, "bert_sequence", "sequence classifier", "BertForSequenceClassification", num_labels=5)
    make_bert(34, "bert_token", "token classifier", "BertForTokenClassification", num_labels=7)
    make_bert(35, "bert_masked", "masked language model, tied decoder", "BertForMaskedLM")
    make_bert(36, "bert_pretraining", "both pre-training heads", "BertForPreTraining")
    make_bert(37, "bert_sentence", "sentence-transformers: mean pooling, L2", sentence=sentence_mean)
    make_bert(38, "bert_gelu_new", "tanh gelu", hidden_act="gelu_new")
    make_bert(39, "bert_relu", "relu", hidden_act="relu")
    make_bert(40, "bert_silu", "silu", hidden_act="silu")
    make_bert(45, "bert_relu2", "relu squared", hidden_act="relu2")
    make_bert(41, "bert_old_norms", "norms named gamma and beta", rename=old_norm_names)
    make_bert(43, "bert_sentence_modes", "sentence-transformers: every pooling mode, concatenated", sentence=sentence_every_mode)
    make_bert(44, "bert_sentence_flags", "sentence-transformers before 5.4: two modes by flags, Dense", sentence=sentence_flags)
    make_bert(42, "bert_sentence_dense", "sentence-transformers since 5.4: first token, Dense, LayerNorm, L2", sentence=sentence_dense)


def kin():
    for number, family, name in ((101, "Roberta", "roberta"), (111, "XLMRoberta", "xlm_roberta"), (121, "DistilBert", "distilbert")):
        for i, (head, kind, more) in enumerate((("bare", "Model", {}), ("sequence", "ForSequenceClassification", {"num_labels": 5}),
                                                ("token", "ForTokenClassification", {"num_labels": 7}), ("masked", "ForMaskedLM", {}))):
            make_bert(number + i, f"{name}_{head}", f"{family}, {head}", family + kind, family=family, **more)
    make_bert(131, "roberta_sentence", "sentence-transformers over RoBERTa", "RobertaModel", family="Roberta", sentence=sentence_mean)


# --- GPT-2 -------------------------------------------------------------------------------------


def gpt2_inputs(run):
    """masks as for encoders; `positions` are given, `plain` gives neither; `chunks` are more keys than an attention takes at a time"""
    if run == "chunks":
        return {"input_ids": torch.randint(0, SRC, (2, 530)), "attention_mask": lengths_mask([530, 262], 530)}
    if run in ("positions", "plain"):
        ids = {"input_ids": torch.randint(0, SRC, (2, 9))}
        return {**ids, "position_ids": torch.randint(0, POSITIONS, (2, 9)), "attention_mask": lengths_mask([9, 5], 9)} if run == "positions" else ids
    mask = dict(bert_inputs())[run]
    return {"input_ids": torch.randint(0, SRC, mask.shape), "attention_mask": mask}


def evaluate_gpt2(model, run):
    inputs = gpt2_inputs(run)
    got = model(**inputs, use_cache=True)  # without a cache positions that go back would begin another sequence
    name = "logits" if "logits" in got else "last_hidden_state"
    return inputs, {name: got[name]}, {name: "attention_mask"} if "attention_mask" in inputs else {}


evaluate_gpt2.function = "forward"


def gpt2_as_published(tensors):
    """the names of the bare model, and the buffers of old versions"""
    tensors = {k.removeprefix("transformer."): v for k, v in tensors.items()}
    for layer in range(3):
        tensors[f"h.{layer}.attn.bias"] = torch.ones(POSITIONS, POSITIONS, dtype=torch.uint8).tril()[None, None]
        tensors[f"h.{layer}.attn.masked_bias"] = torch.tensor(-1e4)
    return tensors


def make_gpt2(number, name, checks, kind="GPT2LMHeadModel", rewrite=lambda tensors: tensors, shards=1, stored=None, generation=None,
              generate=(), runs=("one", "ragged", "left", "holes", "long", "positions", "plain"), **changes):
    """`rewrite`: tensors as the file has them; `stored`: fields of the file's config.json alone; `generation`: those of
    generation_config.json; `generate`: (who, prompts, options of Transformers' generate) each"""
    import transformers
    seed(number)
    config = transformers.GPT2Config(**{**dict(n_embd=D, n_head=HEADS, n_inner=FFN, n_layer=3, n_positions=POSITIONS, vocab_size=SRC, bos_token_id=1,
                                               eos_token_id=2, attn_implementation="eager"), **changes})
    model = getattr(transformers, kind)(config)
    randomise(model)
    model = model.float().eval()
    case = Case(name, "forward", checks)
    folder = case.folder / "model"
    model.save_pretrained(folder)
    (folder / "generation_config.json").unlink(missing_ok=True)
    (folder / "config.json").write_text(json.dumps({**json.loads((folder / "config.json").read_text()), **(stored or {})}, indent=1, sort_keys=True) + "\n")
    file = folder / "model.safetensors"
    tensors = rewrite(load_file(file))
    file.unlink()
    if shards > 1:
        store(tensors, folder, shards=shards)
    else:
        save_file(tensors, file, metadata={"format": "pt"})
    model = model.double()
    for run in runs:
        case.run(run, *evaluate_gpt2(model, run))
    if generation:
        (folder / "generation_config.json").write_text(json.dumps(generation, indent=1) + "\n")
        ids = {key: value for key, value in generation.items() if key.endswith(("_id", "_ids"))}  # how to search is said by the options
        model.generation_config = transformers.GenerationConfig(**ids)
    case.finish(**({"generate": [make(model, prompts, options) for make, prompts, options in generate]} if generate else {}))


def gpt2s():
    make_gpt2(201, "gpt2_tied", "tied head, a width of its own within", generate=[(generated, [PROMPTS[0]], {"max_new_tokens": 12}), (generated, PROMPTS, {"max_new_tokens": 12}),
                        (sampled, PROMPTS, {"max_new_tokens": 12, "temperature": 0.8, "seed": 1}),
                        (sampled, PROMPTS, {"max_new_tokens": 12, "temperature": 1.3, "top_k": 9, "top_p": 0.85, "seed": 5})])
    make_gpt2(201, "gpt2_generation", "the same model with ids of its own for ends and padding", stored={"eos_token_id": 3},
              generation={"_from_model_config": True, "bos_token_id": 1, "eos_token_id": [41, 52], "pad_token_id": 60, "do_sample": True, "top_k": 5,
                          "num_beams": 3, "max_length": 20, "transformers_version": "4.57.0",
                          "bad_words_ids": [[24, 41], [39, 39, 39, 39], [52]], "forced_eos_token_id": 52},
              generate=[(generated_alone, PROMPTS, {"max_new_tokens": 12}), (generated, PROMPTS, {"max_new_tokens": 12, "num_beams": 3}),
                        (generated_alone, PROMPTS, {"max_new_tokens": 12, "min_new_tokens": 7, "repetition_penalty": 1.4}),
                        (generated_alone, PROMPTS, {"max_new_tokens": 12, "no_repeat_ngram_size": 2})])
    beams = [dict(num_beams=2), dict(num_beams=4), dict(num_beams=4, length_penalty=0.0), dict(num_beams=4, length_penalty=2.5),
             dict(num_beams=3, length_penalty=-1.0), dict(num_beams=5, early_stopping=True), dict(num_beams=5, early_stopping="never"),
             dict(num_beams=3, early_stopping="never", length_penalty=2.0), dict(num_beams=3, early_stopping=True, length_penalty=-2.0),
             dict(num_beams=4, min_new_tokens=9), dict(num_beams=3, repetition_penalty=1.5), dict(num_beams=40)]
    make_gpt2(201, "gpt2_beams", "the same model, searched; three ids end its rows", runs=["one"],
              generation={"bos_token_id": 1, "eos_token_id": [55, 40, 52], "pad_token_id": 60},
              generate=[(generated, PROMPTS, {"max_new_tokens": 14, **options}) for options in beams])
    make_gpt2(202, "gpt2_untied", "a head of its own, four times the width within, two shards", tie_word_embeddings=False, n_inner=None, shards=2)
    make_gpt2(203, "gpt2_unscaled", "scores are not scaled", scale_attn_weights=False, activation_function="relu", n_inner=None,
              stored={"reorder_and_upcast_attn": True})
    make_gpt2(204, "gpt2_layer_scaled", "scores scaled by layer", scale_attn_by_inverse_layer_idx=True, layer_norm_epsilon=1e-3)
    make_gpt2(207, "gpt2_chunks", "texts of two and three chunks of keys, and generation over their ends", n_positions=600, n_embd=16, n_head=2, n_inner=32,
              n_layer=2, runs=["chunks"],
              generate=[(generated, [[(7 * i * i + 3 * i) % SRC for i in range(length)] for length in (250, 3, 509)], {"max_new_tokens": 12})])
    make_gpt2(205, "gpt2_bare", "the bare model in a file of one with a head", "GPT2Model",
              rewrite=lambda tensors: {"transformer." + k: v for k, v in tensors.items()})
    make_gpt2(206, "gpt2_published", "the head's model in a file of the bare one, with old buffers", rewrite=gpt2_as_published)


def adapted_gpt2():
    from transformers import GPT2LMHeadModel

    def make(number, name, checks, base, adapters, **more):
        model = GPT2LMHeadModel.from_pretrained(OUT / base / "model", attn_implementation="eager").double().eval()
        make_adapted(number, name, checks, model, base, evaluate_gpt2, adapters, **more)

    linears = ["c_attn", "c_proj", "c_fc"]
    make(211, "lora_gpt2", "linears stored [IN,OUT]: LoRA, DoRA, a bias of the B factor", "gpt2_published",
         {"a": dict(target_modules=linears, fan_in_fan_out=True),
          "b": dict(target_modules=["c_attn", "mlp.c_proj"], r=7, use_dora=True, fan_in_fan_out=True),
          "c": dict(target_modules="all-linear", r=3, lora_bias=True, use_rslora=True, fan_in_fan_out=True)},
         swap=["a", "none", "b", "c", "a", "none"], generate=[{"max_new_tokens": 9}])
    make(212, "lora_gpt2_tied", "head and word embeddings share a weight, their deltas do not", "gpt2_tied",
         {"a": dict(target_modules=["lm_head"]), "b": dict(target_modules=["wte", "wpe"]),
          "c": dict(target_modules=["lm_head", "wte", "c_fc"])},
         swap=["a", "b", "none", "c", "a", "none"])
    make(213, "lora_gpt2_other_class", "made on the bare class, run under a head", "gpt2_untied",
         {"a": dict(target_modules=linears + ["wte"], fan_in_fan_out=True)}, inside="transformer")
    make(214, "ia3_gpt2", "IA3 on linears stored [IN,OUT], beside a LoRA", "gpt2_tied",
         {"a": dict(ia3=True, target_modules=["c_attn", "mlp.c_fc", "mlp.c_proj"], feedforward_modules=["mlp.c_proj"],
                    fan_in_fan_out=True),
          "b": dict(target_modules=["c_attn"], fan_in_fan_out=True)},
         swap=["a", "none", "b", "a", "none"])


# --- adapters ----------------------------------------------------------------------------------


def adapt(model, folder, number, zero_out_proj=False, ia3=False, **options):
    """a random PEFT adapter on the model, LoRA or IA3, saved; -> the adapted model in float64"""
    import copy
    from peft import IA3Config, LoraConfig, PeftModel, get_peft_model
    seed(number)
    config = IA3Config(**options) if ia3 else LoraConfig(**{"r": 4, "lora_alpha": 8, **options})
    net = get_peft_model(copy.deepcopy(model).float(), config)
    with torch.no_grad():
        for name, p in net.named_parameters():
            if "lora_magnitude" in name or "ia3_l" in name:
                p.mul_(1 + 0.2 * torch.randn_like(p))
            elif "lora_" in name:
                p.copy_(torch.randn_like(p) * 0.2)
                if zero_out_proj and "out_proj.lora_B" in name:
                    p.zero_()
            elif p.requires_grad:  # modules_to_save, biases
                p.add_(torch.randn_like(p) * 0.3)
    net.save_pretrained(folder, save_embedding_layers=False)
    for extra in ("README.md",):
        (folder / extra).unlink(missing_ok=True)
    config = json.loads((folder / "adapter_config.json").read_text())
    config.update(base_model_name_or_path="tiny", auto_mapping=None)
    for names in ("target_modules", "feedforward_modules"):
        if isinstance(config.get(names), list):
            config[names] = sorted(config[names])
    (folder / "adapter_config.json").write_text(json.dumps(config, indent=1) + "\n")
    return PeftModel.from_pretrained(copy.deepcopy(model).float(), folder).eval().double().base_model.model


def make_adapted(number, name, checks, model, base, evaluate, adapters, swap=None, scale=None, inside=None, generate=()):
    """`inside`: the part of the model that the adapters are made on, as a model of its own; `generate`: options of
    Transformers' generate, under each adapter"""
    import copy
    case = Case(name, evaluate.function, checks, model=f"../{base}/model")
    nets = {"none": model}
    for adapter, options in adapters.items():
        made = adapt(getattr(model, inside) if inside else model, case.folder / "adapters" / adapter, number, **options)
        if inside:
            nets[adapter] = copy.deepcopy(model)
            setattr(nets[adapter], inside, made)
        else:
            nets[adapter] = made
        case.data["adapters"][adapter] = {"dir": f"adapters/{adapter}"}
        if scale:
            case.data["adapters"][adapter]["scale"] = scale
            with torch.no_grad():
                for module in nets[adapter].modules():
                    if hasattr(module, "scaling") and "default" in getattr(module, "scaling", {}):
                        module.scaling["default"] *= scale
    seed(number + 1000)
    for adapter, net in nets.items():
        for run in ("one", "ragged", "long"):
            inputs, outputs, compare = evaluate(net, run)
            case.run(f"{adapter}-{run}", inputs, outputs, compare, adapter)
    entries = [generated(net, PROMPTS, options, adapter) for options in generate for adapter, net in nets.items()]
    case.finish(swap=swap or ["a", "none", "a", "none"], **({"generate": entries} if entries else {}))


def load_pair(name):
    folder = OUT / name / "model"
    model = Transformer(json.loads((folder / "config.json").read_text()))
    model.load_state_dict({k: v.double() for k, v in load_file(folder / "model.safetensors").items()})
    return model.double().eval()


def evaluate_pair(model, run):
    inputs = pair_inputs(run, SRC, TGT)
    return inputs, {"logits": model(*inputs.values())}, {}


evaluate_pair.function = "forward"


def evaluate_bert(model, run):
    mask = dict(bert_inputs())[run]
    config = model.config
    ids = torch.randint(1, SRC, mask.shape) if config.model_type == "bert" else encoder_ids(config, mask)
    inputs = {"input_ids": ids, "attention_mask": mask}
    outputs, compare = bert_outputs(model, inputs, False)
    return inputs, outputs, compare


evaluate_bert.function = "encode"


def adapted():
    from transformers import BertForMaskedLM, BertForPreTraining, BertForSequenceClassification, BertModel
    pair = load_pair("p_post_relu")
    both = ["linear1", "linear2"]

    def make(number, name, checks, adapters, **more):
        make_adapted(number, name, checks, pair, "p_post_relu", evaluate_pair, adapters, **more)

    make(61, "lora_ffn", "feed-forward linears", {"a": dict(target_modules=both)})
    make(62, "lora_attention", "in_proj of both attentions, out_proj zero",
         {"a": dict(target_modules=["self_attn", "multihead_attn"], zero_out_proj=True)})
    make(63, "lora_out_proj_twice", "PEFT counts out_proj twice", {"a": dict(target_modules=["multihead_attn"])})
    make(64, "lora_generator_embedding", "generator and target table",
         {"a": dict(target_modules=["generator", "tgt_tok_emb.embedding"])})
    make(65, "lora_rs", "rsLoRA", {"a": dict(target_modules=both, use_rslora=True)})
    make(66, "lora_patterns", "rank and alpha patterns", {"a": dict(
        target_modules=both, rank_pattern={"dec_layers.1.linear1": 2, "linear1": 7}, alpha_pattern={"linear2": 32})})
    make(67, "lora_dora", "DoRA", {"a": dict(target_modules=both, use_dora=True)})
    make(68, "lora_bias", "bias of the B factor", {"a": dict(target_modules=both, lora_bias=True)})
    make(69, "lora_two", "two adapters, other ranks and targets",
         {"a": dict(target_modules=both), "b": dict(target_modules=["linear2", "generator"], r=9, lora_alpha=3)},
         swap=["a", "none", "a", "b", "a", "none"])
    make(71, "ia3_ffn", "IA3 on feed-forward linears: outputs of one, inputs of the other",
         {"a": dict(ia3=True, target_modules=both, feedforward_modules=["linear2"])})
    make(70, "lora_scale", "scale on the command line", {"a": dict(target_modules=both)}, scale=0.5)

    bert = BertModel.from_pretrained(OUT / "bert_pooler" / "model", attn_implementation="eager").double().eval()

    def make_on_bert(number, name, checks, **options):
        make_adapted(number, name, checks, bert, "bert_pooler", evaluate_bert, {"a": options})

    make_on_bert(81, "lora_bert_query_value", "query and value", target_modules=["query", "value"])
    make_on_bert(82, "lora_bert_all", "all linears", target_modules=["query", "key", "value", "dense"])
    make_on_bert(83, "lora_bert_dora", "DoRA", target_modules=["query", "value", "dense"], use_dora=True)
    make_on_bert(84, "lora_bert_embedding", "word embeddings", target_modules=["word_embeddings"])
    make_on_bert(85, "lora_bert_dora_embedding", "DoRA on an embedding", target_modules=["word_embeddings"], use_dora=True)
    make_on_bert(86, "lora_bert_layers", "some layers, without some modules", target_modules=["dense", "query"],
                 layers_to_transform=[0, 2], layers_pattern="layer", exclude_modules=["attention.output.dense"])

    make_adapted(91, "ia3_bert", "IA3; other adapters are a LoRA and a DoRA on the same linears", bert, "bert_pooler", evaluate_bert,
                 {"a": dict(ia3=True, target_modules=["key", "value", "output.dense"], feedforward_modules=["output.dense"]),
                  "b": dict(target_modules=["key", "intermediate.dense"]),
                  "c": dict(target_modules=["value", "output.dense"], use_dora=True)},
                 swap=["a", "b", "none", "c", "a", "none"])

    tied = BertForMaskedLM.from_pretrained(OUT / "bert_masked" / "model", attn_implementation="eager").double().eval()
    make_adapted(87, "lora_tied_head", "head and word embeddings share a weight, their deltas do not", tied, "bert_masked",
                 evaluate_bert, {"a": dict(target_modules=["decoder"]), "b": dict(target_modules=["word_embeddings"]),
                                 "c": dict(target_modules=["decoder", "word_embeddings"])},
                 swap=["a", "b", "none", "c", "a", "none"])
    heads = BertForPreTraining.from_pretrained(OUT / "bert_pretraining" / "model", attn_implementation="eager").double().eval()
    make_adapted(88, "lora_bert_heads", "both pre-training heads, pooler, position and type embeddings", heads,
                 "bert_pretraining", evaluate_bert, {"a": dict(target_modules=[
                     "seq_relationship", "transform.dense", "pooler.dense", "position_embeddings", "token_type_embeddings"])})
    classes = BertForSequenceClassification.from_pretrained(OUT / "bert_sequence" / "model", attn_implementation="eager").double().eval()
    make_adapted(89, "lora_bert_saved", "modules saved whole: the head of a classification task, a linear; trained biases", classes,
                 "bert_sequence", evaluate_bert,
                 {"a": dict(target_modules=["query", "value"], task_type="SEQ_CLS"),
                  "b": dict(target_modules=["key", "classifier"], modules_to_save=["intermediate.dense"]),
                  "c": dict(target_modules=["query"], bias="all"),
                  "d": dict(target_modules=["query", "output.dense"], bias="lora_only")},
                 swap=["a", "none", "b", "c", "a", "d", "none"])
    make_adapted(90, "lora_bert_other_class", "made on the bare class, run under a head", classes, "bert_sequence",
                 evaluate_bert, {"a": dict(target_modules=["query", "pooler.dense", "word_embeddings"])}, inside="bert")


def adapted_kin():
    import transformers
    for number, name, kind, adapters in (
            (141, "roberta_sequence", "RobertaForSequenceClassification",
             {"a": dict(target_modules="all-linear", task_type="SEQ_CLS"),
              "b": dict(target_modules=["word_embeddings", "classifier.dense", "out_proj"])}),
            (142, "xlm_roberta_masked", "XLMRobertaForMaskedLM",
             {"a": dict(target_modules=["query", "lm_head.dense", "decoder"]), "b": dict(target_modules=["position_embeddings", "value"])}),
            (143, "distilbert_sequence", "DistilBertForSequenceClassification",
             {"a": dict(target_modules=["q_lin", "v_lin", "lin1"], task_type="SEQ_CLS", modules_to_save=["pre_classifier", "classifier"]),
              "b": dict(target_modules=["out_lin", "lin2", "pre_classifier"], use_dora=True)})):
        model = getattr(transformers, kind).from_pretrained(OUT / name / "model", attn_implementation="eager").double().eval()
        make_adapted(number, "lora_" + name, "adapters on " + name, model, name, evaluate_bert, adapters, swap=["a", "none", "b", "a", "none"])


with torch.no_grad():
    encoder_decoders()
    berts()
    kin()
    adapted()
    adapted_kin()
    gpt2s()
    adapted_gpt2()
