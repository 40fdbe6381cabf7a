"""GPT-2 as llama.cpp reads it."""
import gguf

PARTS = {"ln_1": "attn_norm", "attn.c_attn": "attn_qkv", "attn.c_proj": "attn_output", "ln_2": "ffn_norm", "mlp.c_fc": "ffn_up",
         "mlp.c_proj": "ffn_down"}


def named(name):
    """`transformer.h.3.mlp.c_fc.weight` is `blk.3.ffn_up.weight`."""
    for old, new in (("wte.", "token_embd."), ("wpe.", "position_embd."), ("ln_f.", "output_norm.")):
        if name.startswith("transformer." + old):
            return name.replace("transformer." + old, new)
    _, _, layer, *part, kind = name.split(".")
    return f"blk.{layer}.{PARTS['.'.join(part)]}.{kind}"


def write_gguf(model, dtype, file):
    """Matrices in `dtype`, vectors and positions in f32, as llama.cpp's own converter leaves them. No words: ids go in and out."""
    config, writer = model.module.config, gguf.GGUFWriter(file, "gpt2")
    writer.add_context_length(config.n_positions)
    writer.add_embedding_length(config.n_embd)
    writer.add_feed_forward_length(4 * config.n_embd)
    writer.add_block_count(config.n_layer)
    writer.add_head_count(config.n_head)
    writer.add_layer_norm_eps(config.layer_norm_epsilon)
    writer.add_vocab_size(config.vocab_size)
    writer.add_tokenizer_model("no_vocab")
    for name, tensor in model.module.state_dict().items():
        if name == "lm_head.weight":  # the embeddings
            continue
        linear = tensor.dim() == 2 and name.startswith("transformer.h.")
        array = (tensor.T if linear else tensor).contiguous().numpy()
        if dtype == "bf16" and (linear or name == "transformer.wte.weight"):
            bf16 = gguf.GGMLQuantizationType.BF16
            writer.add_tensor(named(name), gguf.quants.quantize(array, bf16), raw_dtype=bf16)
        else:
            writer.add_tensor(named(name), array)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
