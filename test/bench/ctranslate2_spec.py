"""The models of generate.py as CTranslate2 describes them. Its converters read directories with a tokenizer, and know no plain
encoder-decoder of PyTorch's layers; what they fill in is filled in here."""
from ctranslate2.converters.transformers import GPT2Loader
from ctranslate2.specs import TransformerSpec


def words(ids):
    return [f"word{i}" for i in ids]


def linear(spec, weight, bias):
    spec.weight, spec.bias = weight.numpy(), bias.numpy()


def norm(spec, module):
    spec.gamma, spec.beta = module.weight.numpy(), module.bias.numpy()


def layer(spec, module):
    attention, width = module.self_attn, module.self_attn.embed_dim
    linear(spec.self_attention.linear[0], attention.in_proj_weight, attention.in_proj_bias)
    linear(spec.self_attention.linear[1], attention.out_proj.weight, attention.out_proj.bias)
    norm(spec.self_attention.layer_norm, module.norm1)
    last = module.norm2
    if hasattr(module, "multihead_attn"):  # of a decoder, to what the encoder gave
        attention, last = module.multihead_attn, module.norm3
        linear(spec.attention.linear[0], attention.in_proj_weight[:width], attention.in_proj_bias[:width])
        linear(spec.attention.linear[1], attention.in_proj_weight[width:], attention.in_proj_bias[width:])
        linear(spec.attention.linear[2], attention.out_proj.weight, attention.out_proj.bias)
        norm(spec.attention.layer_norm, module.norm2)
    linear(spec.ffn.linear_0, module.linear1.weight, module.linear1.bias)
    linear(spec.ffn.linear_1, module.linear2.weight, module.linear2.bias)
    norm(spec.ffn.layer_norm, last)


def translation(model):
    module, spec = model.original, TransformerSpec.from_config((model.layers, model.layers), model.heads, pre_norm=False)
    spec.encoder.embeddings[0].weight = module.src_tok_emb["embedding"].weight.numpy()
    spec.decoder.embeddings.weight = module.tgt_tok_emb["embedding"].weight.numpy()
    for half, layers in ((spec.encoder, module.enc_layers), (spec.decoder, module.dec_layers)):
        half.position_encodings.encodings = module.positions.numpy()
        for described, one in zip(half.layer, layers):
            layer(described, one)
    linear(spec.decoder.projection, module.generator.weight, module.generator.bias)
    spec.config.decoder_start_token = f"word{model.start}"
    for register in (spec.register_source_vocabulary, spec.register_target_vocabulary):
        register(words(range(model.vocabulary)))
    return spec


def gpt2(model):
    spec = GPT2Loader().get_model_spec(model.module)
    spec.register_vocabulary(words(range(model.vocabulary)))
    return spec


def write_ctranslate2(model, folder):
    spec = translation(model) if hasattr(model, "original") else gpt2(model)
    spec.config.bos_token = spec.config.eos_token = spec.config.unk_token = f"word{model.end}"
    spec.validate()
    spec.optimize()
    folder.mkdir()
    spec.save(str(folder))
