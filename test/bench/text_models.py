"""The models of generate.py, with random weights: what PyTorch computes, and the model directories that ptx reads.

A generation begins with `begin`, which gives what stays the same (keys and values of an encoder-decoder's source), and
`prompt`, the ids that the text begins with; each `step` reads ids behind what it has cached, and gives the logits behind the
last of them. It is written in plain operations, which ONNX gets too. `forced` gives the logits of a whole text by the
original module, without caches. Nothing ends early: the logit of the end id is never the greatest.
"""
import torch, torch.nn as nn, torch.nn.functional as F, transformers
from models import EncoderDecoder, WrittenOut, write_directory


def split(x, heads):
    return x.view(x.shape[0], x.shape[1], heads, -1).transpose(1, 2)


def attend(query, keys, values, mask=None):
    return F.scaled_dot_product_attention(query, keys, values, attn_mask=mask).transpose(1, 2).flatten(2)


def pairs(tensors):
    return zip(tensors[::2], tensors[1::2])


class Text(nn.Module):
    """Cached are keys and values [B,H,T,D/H] of each layer."""
    layers, heads, d = 0, 0, 0

    def nothing_cached(self, batch):
        return [torch.zeros(batch, self.heads, 0, self.d // self.heads) for _ in range(2 * self.layers)]

    @staticmethod
    def places(ids, past):
        """Of the ids, and which places each may look at."""
        before, after = past[0].shape[2], past[0].shape[2] + ids.shape[1]
        places = torch.arange(before, after)
        return places, torch.arange(after) <= places[:, None]


class Step(nn.Module):
    """A step as a module of tensors alone: ids, what stays the same, and what is cached."""

    def __init__(self, model, fixed):
        super().__init__()
        self.model, self.fixed = model, fixed

    def forward(self, ids, *tensors):
        logits, present = self.model.step(ids, list(tensors[:self.fixed]), list(tensors[self.fixed:]))
        return logits, *present


class Begin(nn.Module):
    """`begin` in plain operations."""

    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, inputs):
        return tuple(self.model.encode(self.model.written_out.encoder, inputs))


class Gpt2(Text):
    """GPT-2 small."""
    layers, heads, d, vocabulary, end = 12, 12, 768, 50257, 50256
    new_ids = 33  # so many steps read about as many places as the prompt has
    figures = {"prefill": "prefill_ms", "step": "step_ms"}

    def __init__(self):
        super().__init__()
        # At 0.04 the layers outweigh the embeddings, so that ids depend on the whole text; far above it softmax picks single
        # tokens, and rounding to bf16 others.
        self.module = transformers.GPT2LMHeadModel(transformers.GPT2Config(initializer_range=0.04))
        self.module.transformer.wte.weight.data[self.end] = 0

    def write(self, folder):
        self.module.save_pretrained(folder)

    def inputs(self, batch, length):
        return torch.randint(0, self.end, (batch, length))

    def begin(self, inputs):
        return []

    def prompt(self, inputs):
        return inputs

    def step(self, ids, fixed, past):
        model, (places, mask), present = self.module.transformer, self.places(ids, past), []
        x = model.wte(ids) + model.wpe(places)
        for layer, (keys, values) in zip(model.h, pairs(past)):
            query, key, value = (split(y, self.heads) for y in layer.attn.c_attn(layer.ln_1(x)).split(self.d, 2))
            present += [torch.cat((keys, key), 2), torch.cat((values, value), 2)]
            x = x + layer.attn.c_proj(attend(query, *present[-2:], mask))
            x = x + layer.mlp(layer.ln_2(x))
        return self.module.lm_head(model.ln_f(x[:, -1])), present

    def forced(self, inputs, ids):
        return self.module(torch.cat((inputs, ids[:, :-1]), 1)).logits[:, inputs.shape[1] - 1:]


class Translation(Text):
    """The encoder-decoder of models.py: from a source to 64 new ids."""
    layers, heads, d, vocabulary, start, end = 6, 8, 512, 8000, 1, 2
    new_ids = 64
    figures = {"to 64": "whole_ms"}

    def __init__(self):
        super().__init__()
        self.original = EncoderDecoder("transformer")
        self.original.generator.bias.data[self.end] = -100
        self.written_out = WrittenOut(self.original)

    def write(self, folder):
        write_directory(self.original, folder)

    def inputs(self, batch, length):
        return torch.randint(3, self.vocabulary, (batch, length))

    def encode(self, layers, inputs):
        x = self.original.embed(self.original.src_tok_emb, inputs)
        for layer in layers:
            x = layer(x)
        return [split(linear(x), self.heads) for layer in self.written_out.decoder
                for linear in (layer.cross_attention.key, layer.cross_attention.value)]

    def begin(self, inputs):
        return self.encode(self.original.enc_layers, inputs)

    def prompt(self, inputs):
        return torch.full((len(inputs), 1), self.start)

    def step(self, ids, fixed, past):
        (places, mask), present = self.places(ids, past), []
        y = self.original.tgt_tok_emb["embedding"](ids) * self.d ** 0.5 + self.original.positions[places]
        for layer, source, (keys, values) in zip(self.original.dec_layers, pairs(fixed), pairs(past)):
            own, cross = layer.self_attn, layer.multihead_attn
            query, key, value = (split(x, self.heads) for x in F.linear(y, own.in_proj_weight, own.in_proj_bias).chunk(3, 2))
            present += [torch.cat((keys, key), 2), torch.cat((values, value), 2)]
            y = layer.norm1(y + own.out_proj(attend(query, *present[-2:], mask)))
            query = F.linear(y, cross.in_proj_weight[:self.d], cross.in_proj_bias[:self.d])
            y = layer.norm2(y + cross.out_proj(attend(split(query, self.heads), *source)))
            y = layer.norm3(y + layer.linear2(F.relu(layer.linear1(y))))
        return self.original.generator(y[:, -1]), present

    def forced(self, inputs, ids):
        return self.original(inputs, torch.cat((self.prompt(inputs), ids[:, :-1]), 1))


MODELS = {"GPT-2 small": (Gpt2, [(1, 128), (4, 128)]), "enc-dec 6+6 d512": (Translation, [(8, 64)])}
