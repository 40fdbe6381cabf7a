"""The models of bench.py, with random weights: PyTorch modules, and the model directories that ptx and CTranslate2 read.

`tensors` names a model's weights as its directory does, `inputs` makes a batch, and `exportable` is the module that
OpenVINO and ONNX get.
"""
import json
import torch, torch.nn as nn, torch.nn.functional as F
from safetensors.torch import save_file


def attention(part, x, memory, causal=False):
    """Multi-head attention from x to memory, by the linear layers part.query, part.key, part.value and part.out."""
    heads = lambda y: y.view(y.shape[0], y.shape[1], part.heads, -1).transpose(1, 2)
    q, k, v = heads(part.query(x)), heads(part.key(memory)), heads(part.value(memory))
    return part.out(F.scaled_dot_product_attention(q, k, v, is_causal=causal).transpose(1, 2).reshape(x.shape))


class BertLayer(nn.Module):
    def __init__(self, d, heads, f):
        super().__init__()
        self.heads = heads
        self.query, self.key, self.value, self.out = (nn.Linear(d, d) for _ in range(4))
        self.up, self.down = nn.Linear(d, f), nn.Linear(f, d)
        self.norm1, self.norm2 = nn.LayerNorm(d, eps=1e-12), nn.LayerNorm(d, eps=1e-12)

    def forward(self, x):
        x = self.norm1(x + attention(self, x, x))
        return self.norm2(x + self.down(F.gelu(self.up(x))))


class Bert(nn.Module):
    NAMES = {"query": "attention.self.query", "key": "attention.self.key", "value": "attention.self.value",
             "out": "attention.output.dense", "norm1": "attention.output.LayerNorm", "up": "intermediate.dense",
             "down": "output.dense", "norm2": "output.LayerNorm"}

    def __init__(self, layers, d, heads, f):
        super().__init__()
        self.config = {"model_type": "bert", "architectures": ["BertModel"], "hidden_size": d, "num_attention_heads": heads,
                       "num_hidden_layers": layers, "intermediate_size": f, "vocab_size": 30522, "layer_norm_eps": 1e-12,
                       "position_embedding_type": "absolute"}
        self.words, self.places, self.types = nn.Embedding(30522, d), nn.Embedding(512, d), nn.Embedding(2, d)
        self.norm = nn.LayerNorm(d, eps=1e-12)
        self.layers = nn.ModuleList(BertLayer(d, heads, f) for _ in range(layers))

    def tensors(self):
        names = {"words.weight": "embeddings.word_embeddings.weight", "places.weight": "embeddings.position_embeddings.weight",
                 "types.weight": "embeddings.token_type_embeddings.weight", "norm.weight": "embeddings.LayerNorm.weight",
                 "norm.bias": "embeddings.LayerNorm.bias"}
        for key, value in self.state_dict().items():
            if key.startswith("layers."):
                _, i, part, kind = key.split(".")
                names[key] = f"encoder.layer.{i}.{self.NAMES[part]}.{kind}"
            yield names[key], value

    def inputs(self, b, s):
        return {"input_ids": torch.randint(0, 30522, (b, s))}

    def exportable(self):
        return self

    def forward(self, input_ids):
        positions = torch.arange(input_ids.shape[1])
        x = self.norm(self.words(input_ids) + self.types(torch.zeros_like(input_ids)) + self.places(positions))
        for layer in self.layers:
            x = layer(x)
        return x


class EncoderDecoder(nn.Module):
    def __init__(self, kind):
        super().__init__()
        d, heads, f, n, v = 512, 8, 2048, 6, 8000
        self.config = {"model_type": kind, "d_model": d, "nhead": heads, "dim_feedforward": f, "num_encoder_layers": n,
                       "num_decoder_layers": n, "src_vocab_size": v, "tgt_vocab_size": v, "pad_token_id": 0,
                       "bos_token_id": 1, "eos_token_id": 2, "max_position": 512}
        # Scaled by d ** 0.5 where they are used. With nn.Embedding's own deviation of 1, softmax picks single tokens, and rounding to bf16 others.
        table = lambda: nn.ModuleDict({"embedding": nn.Embedding(v, d, _weight=torch.randn(v, d) * d ** -0.5)})
        layer = dict(d_model=d, nhead=heads, dim_feedforward=f, dropout=0.0, batch_first=True)
        self.src_tok_emb, self.tgt_tok_emb, self.generator = table(), table(), nn.Linear(d, v)
        self.enc_layers = nn.ModuleList(nn.TransformerEncoderLayer(**layer) for _ in range(n))
        self.dec_layers = nn.ModuleList(nn.TransformerDecoderLayer(**layer) for _ in range(n))
        angle = torch.arange(512)[:, None] / 10000 ** (torch.arange(0, d, 2) / d)
        self.register_buffer("positions", torch.stack((angle.sin(), angle.cos()), 2).flatten(1), persistent=False)

    def tensors(self):
        return self.state_dict().items()

    def inputs(self, b, s):
        return {"input_ids": torch.randint(0, 8000, (b, s)), "decoder_input_ids": torch.randint(0, 8000, (b, s))}

    def exportable(self):
        return WrittenOut(self).eval()

    def embed(self, table, ids):
        return table["embedding"](ids) * 512 ** 0.5 + self.positions[:ids.shape[1]]

    def memories(self, encoded):
        """What each decoder layer attends to, of the outputs of all encoder layers."""
        return encoded if self.config["model_type"] == "p_transformer" else encoded[-1:] * len(encoded)

    def forward(self, input_ids, decoder_input_ids):
        x, y = self.embed(self.src_tok_emb, input_ids), self.embed(self.tgt_tok_emb, decoder_input_ids)
        encoded = []
        for layer in self.enc_layers:
            x = layer(x)
            encoded.append(x)
        causal = nn.Transformer.generate_square_subsequent_mask(decoder_input_ids.shape[1])
        for layer, memory in zip(self.dec_layers, self.memories(encoded)):
            y = layer(y, memory, tgt_mask=causal, tgt_is_causal=True)
        return self.generator(y)


class WrittenOutAttention(nn.Module):
    def __init__(self, original):
        super().__init__()
        self.heads, self.out = original.num_heads, original.out_proj
        self.query, self.key, self.value = (nn.Linear(original.embed_dim, original.embed_dim) for _ in range(3))
        for linear, weight, bias in zip((self.query, self.key, self.value), original.in_proj_weight.chunk(3), original.in_proj_bias.chunk(3)):
            linear.weight, linear.bias = nn.Parameter(weight), nn.Parameter(bias)


class WrittenOutLayer(nn.Module):
    """An nn.TransformerEncoderLayer or nn.TransformerDecoderLayer with norms after the sums and ReLU."""

    def __init__(self, original):
        super().__init__()
        self.original, self.self_attention = original, WrittenOutAttention(original.self_attn)
        if isinstance(original, nn.TransformerDecoderLayer):
            self.cross_attention = WrittenOutAttention(original.multihead_attn)

    def forward(self, x, memory=None):
        o = self.original
        x = o.norm1(x + attention(self.self_attention, x, x, causal=memory is not None))
        if memory is not None:
            x = o.norm2(x + attention(self.cross_attention, x, memory))
        last_norm = o.norm2 if memory is None else o.norm3
        return last_norm(x + o.linear2(F.relu(o.linear1(x))))


class WrittenOut(nn.Module):
    """An EncoderDecoder in plain operations on the same weights: OpenVINO's converter refuses nn.TransformerDecoderLayer."""

    def __init__(self, original):
        super().__init__()
        self.original = original
        self.encoder, self.decoder = (nn.ModuleList(map(WrittenOutLayer, layers)) for layers in (original.enc_layers, original.dec_layers))

    def forward(self, input_ids, decoder_input_ids):
        o = self.original
        x, y = o.embed(o.src_tok_emb, input_ids), o.embed(o.tgt_tok_emb, decoder_input_ids)
        encoded = []
        for layer in self.encoder:
            x = layer(x)
            encoded.append(x)
        for layer, memory in zip(self.decoder, o.memories(encoded)):
            y = layer(y, memory)
        return o.generator(y)


def write_directory(model, folder):
    """A Hugging Face directory; the vocabulary is there for CTranslate2's converter, which wants a tokenizer."""
    folder.mkdir()
    save_file({name: tensor.contiguous() for name, tensor in model.tensors()}, folder / "model.safetensors")
    (folder / "config.json").write_text(json.dumps(model.config))
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    (folder / "vocab.txt").write_text("\n".join(words + [f"word{i}" for i in range(len(words), model.config.get("vocab_size", 0))]))


MODELS = {"BERT-base": (lambda: Bert(12, 768, 12, 3072), [(1, 16), (1, 128), (8, 128), (32, 32)]),
          "MiniLM": (lambda: Bert(6, 384, 12, 1536), [(1, 16), (1, 128), (8, 128), (32, 32)]),
          "enc-dec 6+6 d512": (lambda: EncoderDecoder("transformer"), [(8, 64)]),
          "P-Transformer 6+6 d512": (lambda: EncoderDecoder("p_transformer"), [(8, 64)])}
