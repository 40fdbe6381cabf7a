#include "frontends/ptransformer/PTransformer.h"

#include "dialects/xf/IR/XfGeneration.h"
#include "frontends/common/Generation.h"

using namespace mlir;

namespace ptx::frontends {

namespace {

struct Config {
  bool parallel; // decoder layer i reads encoder layer i
  int64_t width, heads, hidden, encoderLayers, decoderLayers, sourceVocabulary, targetVocabulary, maxPosition;
  xf::ActivationKind activation;
  bool normFirst;
  double eps;
};

constexpr int64_t large = 1 << 24;

Config readConfig(ConfigReader &reader, const ImportOptions &options) {
  Config c;
  c.parallel = reader.text("model_type", std::nullopt) == "p_transformer";
  if (!options.topology.empty())
    c.parallel = options.topology == "p-transformer";
  c.width = reader.integer("d_model", std::nullopt, 2, 1 << 17);
  c.heads = reader.integer("nhead", std::nullopt, 1, 1 << 12);
  c.hidden = reader.integer("dim_feedforward", std::nullopt, 1, 1 << 20);
  c.encoderLayers = reader.integer("num_encoder_layers", std::nullopt, 1, 1024);
  c.decoderLayers = reader.integer("num_decoder_layers", std::nullopt, 1, 1024);
  c.sourceVocabulary = reader.integer("src_vocab_size", std::nullopt, 1, large);
  c.targetVocabulary = reader.integer("tgt_vocab_size", std::nullopt, 1, large);
  c.maxPosition = reader.integer("max_position", 5000, 1, 1 << 20);
  c.normFirst = reader.boolean("norm_first", false);
  c.eps = reader.number("layer_norm_eps", 1e-5, 0, 1);
  std::string activation = reader.text("activation", "relu");
  if (activation != "relu" && activation != "gelu")
    reader.fail("'activation' is \"" + activation + "\", expected \"relu\" or \"gelu\"");
  c.activation = activation == "gelu" ? xf::ActivationKind::Gelu : xf::ActivationKind::Relu;
  if (c.width % c.heads != 0)
    reader.fail("d_model " + std::to_string(c.width) + " is not divisible by nhead " + std::to_string(c.heads));
  return c;
}

class Model {
public:
  Model(GraphBuilder &graph, const Config &config) : graph(graph), c(config) {}

  void buildForward() {
    graph.beginFunction("forward");
    Value ids = graph.idsInput("input_ids", {"B", "S"}, c.sourceVocabulary);
    Value source = graph.visible(graph.maskInput("attention_mask", {"B", "S"}), c.maxPosition);
    Value targetIds = graph.idsInput("decoder_input_ids", {"B", "T"}, c.targetVocabulary);
    Value target = graph.visible(targetIds, c.maxPosition);
    Value memory = embed("src_tok_emb", ids, source, c.sourceVocabulary);
    Value y = embed("tgt_tok_emb", targetIds, target, c.targetVocabulary);
    y = decoderStack(y, memory, source,
                     [&](int64_t layer, Value x, Value read) { return decoderLayer(layer, x, read, target, source); });
    graph.output("logits", generator(y), target);
  }

  /// Begins rows of a session, the keys and values of their sources with them:
  /// the logits of each last token.
  void buildPrefill() {
    graph.beginFunction("prefill");
    using enum GraphBuilder::HistoryUse;
    Value ids = graph.idsInput("input_ids", {"B", "S"}, c.sourceVocabulary);
    Value source = graph.visible(graph.maskInput("attention_mask", {"B", "S"}), sourceHistory, Begins, c.maxPosition);
    Value targetIds = graph.idsInput("decoder_input_ids", {"B", "T"}, c.targetVocabulary);
    Value mask = graph.maskInput("decoder_attention_mask", {"B", "T"});
    Held held = hold(graph.visible(mask, textHistory, Begins, c.maxPosition));
    Value memory = embed("src_tok_emb", ids, source, c.sourceVocabulary);
    Value y = embed("tgt_tok_emb", targetIds, held.text, c.targetVocabulary);
    y = decoderStack(y, memory, source,
                     [&](int64_t layer, Value x, Value read) { return cachedLayer(layer, x, held, read, source); });
    graph.nextToken(generator(lastToken(graph.builder(), y, held.text)));
  }

  /// Continues rows of a session by one token.
  void buildDecode() {
    graph.beginFunction("decode");
    Value ids = graph.idsInput("input_ids", {"B"}, c.targetVocabulary);
    Held held = hold(graph.visible(ids, textHistory, GraphBuilder::HistoryUse::Continues, c.maxPosition));
    Value y = embed("tgt_tok_emb", ids, held.text, c.targetVocabulary);
    for (int64_t i = 0; i < c.decoderLayers; ++i)
      y = cachedLayer(i, y, held);
    y = finalNorm("dec_norm", y);
    graph.nextToken(generator(lastToken(graph.builder(), y, held.text)));
  }

  void buildEncode() {
    graph.beginFunction("encode");
    Value ids = graph.idsInput("input_ids", {"B", "S"}, c.sourceVocabulary);
    Value source = graph.visible(graph.maskInput("attention_mask", {"B", "S"}), c.maxPosition);
    Value memory = encoderStack(embed("src_tok_emb", ids, source, c.sourceVocabulary), source);
    graph.output("last_hidden_state", memory, source);
  }

private:
  static constexpr const char *sourceHistory = "source", *textHistory = "text";

  /// New tokens of the text, and what is held once they are.
  struct Held {
    Value text, allText, allSource;
  };

  Held hold(Value text) { return {text, graph.held(textHistory, text), graph.held(sourceHistory, text)}; }

  /// The decoder over what each of its layers reads: `layer` of its number, its input and the memory.
  Value decoderStack(Value y, Value memory, Value source, llvm::function_ref<Value(int64_t, Value, Value)> layer) {
    if (!c.parallel)
      memory = encoderStack(memory, source);
    for (int64_t i = 0; i < c.decoderLayers; ++i) {
      // Encoder layers behind the last decoder layer feed nothing.
      if (c.parallel && i < c.encoderLayers)
        memory = encoderLayer(i, memory, source);
      y = layer(i, y, memory);
    }
    return finalNorm("dec_norm", y);
  }

  Value generator(Value y) {
    Value weight = graph.weight("generator.weight", {c.targetVocabulary, c.width});
    Value bias = graph.optionalWeight("generator.bias", {c.targetVocabulary});
    return linear(graph.builder(), "generator", y, weight, bias);
  }

  /// table[id] sqrt(d) + sinusoid[position]
  Value embed(StringRef name, Value ids, Value mask, int64_t vocabulary) {
    OpBuilder &b = graph.builder();
    Value table = graph.weight((name + ".embedding.weight").str(), {vocabulary, c.width});
    Value x = embedding(b, ids, table, mask);
    Location loc = graph.named(name);
    x = xf::ScaleOp::create(b, loc, x.getType(), x, b.getF64FloatAttr(std::sqrt(static_cast<double>(c.width))));
    Type sinusoid = xf::WeightType::get(b.getContext(), {c.maxPosition, c.width}, b.getF32Type());
    Value positions = xf::PositionsOp::create(b, loc, ids.getType(), mask);
    return add(b, x, embedding(b, positions, xf::SinusoidOp::create(b, loc, sinusoid), mask));
  }

  Value encoderStack(Value memory, Value source) {
    for (int64_t i = 0; i < c.encoderLayers; ++i)
      memory = encoderLayer(i, memory, source);
    return c.parallel ? memory : finalNorm("enc_norm", memory);
  }

  Value finalNorm(StringRef name, Value x) {
    if (!graph.has((name + ".weight").str()))
      return x;
    Value gamma = graph.weight((name + ".weight").str(), {c.width});
    Value beta = graph.optionalWeight((name + ".bias").str(), {c.width});
    return layerNorm(graph.builder(), name, x, gamma, beta, c.eps);
  }

  //===- layers --------------------------------------------------------------//

  void addNorm(std::vector<WeightSpec> &specs, StringRef layer, const std::string &name) {
    specs.push_back({name + ".weight", {c.width}});
    // nn.LayerNorm(bias=False) stores no bias: no add, rather than adding zero.
    specs.push_back({name + ".bias", optional(layer, name + ".bias", {c.width})});
  }

  void addAttention(std::vector<WeightSpec> &specs, StringRef layer, const std::string &name) {
    specs.push_back({name + ".in_proj_weight", {3 * c.width, c.width}});
    specs.push_back({name + ".in_proj_bias", optional(layer, name + ".in_proj_bias", {3 * c.width})});
    specs.push_back({name + ".out_proj.weight", {c.width, c.width}});
    specs.push_back({name + ".out_proj.bias", optional(layer, name + ".out_proj.bias", {c.width})});
  }

  void addFeedForward(std::vector<WeightSpec> &specs, StringRef layer) {
    specs.push_back({"linear1.weight", {c.hidden, c.width}});
    specs.push_back({"linear1.bias", optional(layer, "linear1.bias", {c.hidden})});
    specs.push_back({"linear2.weight", {c.width, c.hidden}});
    specs.push_back({"linear2.bias", optional(layer, "linear2.bias", {c.width})});
  }

  std::vector<int64_t> optional(StringRef layer, const std::string &suffix, std::vector<int64_t> shape) {
    return graph.has((layer + "." + suffix).str()) ? std::move(shape) : std::vector<int64_t>{};
  }

  Value norm(OpBuilder &b, const LayerWeights &w, const std::string &name, Value x) {
    return layerNorm(b, name, x, w[name + ".weight"], w[name + ".bias"], c.eps);
  }

  /// nn.MultiheadAttention: queries from `x`, keys and values from `memory`.
  Value attend(OpBuilder &b, const LayerWeights &w, const std::string &name, Value x, Value memory, Value queryMask,
               Value keyMask, bool causal) {
    Value weight = w[name + ".in_proj_weight"], bias = w[name + ".in_proj_bias"];
    int64_t d = c.width;
    Value q, k, v;
    if (x == memory) {
      Value qkv = linear(b, name + ".in_proj", x, weight, bias);
      q = columns(b, qkv, 0, d);
      k = columns(b, qkv, d, d);
      v = columns(b, qkv, 2 * d, d);
    } else {
      q = linear(b, name + ".in_proj.q", x, weight, bias, std::pair(int64_t(0), d));
      Value kv = linear(b, name + ".in_proj.kv", memory, weight, bias, std::pair(d, 3 * d));
      k = columns(b, kv, 0, d);
      v = columns(b, kv, d, d);
    }
    Value mixed = attention(b, name, q, k, v, queryMask, keyMask, c.heads, causal);
    return linear(b, name + ".out_proj", mixed, w[name + ".out_proj.weight"], w[name + ".out_proj.bias"]);
  }

  /// The same over a cache of keys and values: of all that it holds (`heldMask`) once those of `memory`, where there is
  /// one, are appended.
  Value attendCached(OpBuilder &b, const LayerWeights &w, const std::string &name, Value x, Value memory,
                     Value memoryMask, Value cache, Value queryMask, Value heldMask, bool causal) {
    Value weight = w[name + ".in_proj_weight"], bias = w[name + ".in_proj_bias"];
    int64_t d = c.width;
    Value q, kv;
    if (x == memory) {
      Value qkv = linear(b, name + ".in_proj", x, weight, bias);
      q = columns(b, qkv, 0, d);
      kv = columns(b, qkv, d, 2 * d);
    } else {
      q = linear(b, name + ".in_proj.q", x, weight, bias, std::pair(int64_t(0), d));
      if (memory)
        kv = linear(b, name + ".in_proj.kv", memory, weight, bias, std::pair(d, 3 * d));
    }
    if (kv)
      cache = append(b, kv, cache, memoryMask);
    Value all = recall(b, name, cache, heldMask);
    Value mixed =
        attention(b, name, q, columns(b, all, 0, d), columns(b, all, d, d), queryMask, heldMask, c.heads, causal);
    return linear(b, name + ".out_proj", mixed, w[name + ".out_proj.weight"], w[name + ".out_proj.bias"]);
  }

  Value feedForward(OpBuilder &b, const LayerWeights &w, Value x) {
    Value h = activation(b, c.activation, linear(b, "linear1", x, w["linear1.weight"], w["linear1.bias"]));
    return linear(b, "linear2", h, w["linear2.weight"], w["linear2.bias"]);
  }

  /// x + f(norm(x)) where norms come first, norm(x + f(x)) where they come last.
  Value residual(OpBuilder &b, const LayerWeights &w, const std::string &name, Value x,
                 llvm::function_ref<Value(Value)> f) {
    return c.normFirst ? add(b, x, f(norm(b, w, name, x))) : norm(b, w, name, add(b, x, f(x)));
  }

  Value encoderLayer(int64_t index, Value x, Value mask) {
    std::string layer = "enc_layers." + std::to_string(index);
    std::vector<WeightSpec> specs;
    addAttention(specs, layer, "self_attn");
    addFeedForward(specs, layer);
    addNorm(specs, layer, "norm1");
    addNorm(specs, layer, "norm2");
    return graph.callLayer(
        "encoder_layer", layer, {x, mask}, specs, [&](OpBuilder &b, ValueRange in, const LayerWeights &w) {
          Value h = residual(b, w, "norm1", in[0],
                             [&](Value v) { return attend(b, w, "self_attn", v, v, in[1], in[1], /*causal=*/false); });
          return residual(b, w, "norm2", h, [&](Value v) { return feedForward(b, w, v); });
        });
  }

  std::vector<WeightSpec> decoderSpecs(const std::string &layer) {
    std::vector<WeightSpec> specs;
    addAttention(specs, layer, "self_attn");
    addAttention(specs, layer, "multihead_attn");
    addFeedForward(specs, layer);
    for (const char *name : {"norm1", "norm2", "norm3"})
      addNorm(specs, layer, name);
    return specs;
  }

  /// Over the session's keys and values; with a memory, those of the source are appended.
  Value cachedLayer(int64_t index, Value y, const Held &held, Value memory = {}, Value source = {}) {
    std::string layer = "dec_layers." + std::to_string(index);
    std::vector<WeightSpec> specs = decoderSpecs(layer);
    SmallVector<Value> inputs{y,
                              held.text,
                              held.allText,
                              held.allSource,
                              graph.cache(layer + ".self_attn", textHistory, 2 * c.width),
                              graph.cache(layer + ".multihead_attn", sourceHistory, 2 * c.width)};
    if (memory)
      inputs.append({memory, source});
    return graph.callLayer(
        memory ? "decoder_prefill_layer" : "decoder_step_layer", layer, inputs, specs,
        [&](OpBuilder &b, ValueRange in, const LayerWeights &w) {
          Value read = memory ? in[6] : Value(), readMask = memory ? in[7] : Value();
          Value h = residual(b, w, "norm1", in[0], [&](Value v) {
            return attendCached(b, w, "self_attn", v, v, in[1], in[4], in[1], in[2], /*causal=*/true);
          });
          h = residual(b, w, "norm2", h, [&](Value v) {
            return attendCached(b, w, "multihead_attn", v, read, readMask, in[5], in[1], in[3], /*causal=*/false);
          });
          return residual(b, w, "norm3", h, [&](Value v) { return feedForward(b, w, v); });
        });
  }

  Value decoderLayer(int64_t index, Value y, Value memory, Value target, Value source) {
    std::string layer = "dec_layers." + std::to_string(index);
    std::vector<WeightSpec> specs = decoderSpecs(layer);
    return graph.callLayer("decoder_layer", layer, {y, memory, target, source}, specs,
                           [&](OpBuilder &b, ValueRange in, const LayerWeights &w) {
                             Value h = residual(b, w, "norm1", in[0], [&](Value v) {
                               return attend(b, w, "self_attn", v, v, in[2], in[2], /*causal=*/true);
                             });
                             h = residual(b, w, "norm2", h, [&](Value v) {
                               return attend(b, w, "multihead_attn", v, in[1], in[2], in[3], /*causal=*/false);
                             });
                             return residual(b, w, "norm3", h, [&](Value v) { return feedForward(b, w, v); });
                           });
  }

  GraphBuilder &graph;
  const Config &c;
};

/// The modules of the PyTorch model that an adapter may name.
std::vector<peft::BaseModule> adaptableModules(const Config &c) {
  using Kind = peft::BaseModule;
  std::vector<peft::BaseModule> modules;
  auto addModule = [&](std::string path, Kind::Kind kind, int64_t in, int64_t out, bool head = false) {
    modules.push_back({std::move(path), kind, static_cast<uint64_t>(in), static_cast<uint64_t>(out), true, head});
  };
  auto addLayer = [&](const std::string &layer, bool decoder) {
    addModule(layer + ".self_attn", Kind::Mha, c.width, 3 * c.width);
    if (decoder)
      addModule(layer + ".multihead_attn", Kind::Mha, c.width, 3 * c.width);
    addModule(layer + ".linear1", Kind::Linear, c.width, c.hidden);
    addModule(layer + ".linear2", Kind::Linear, c.hidden, c.width);
  };
  for (int64_t i = 0; i < c.encoderLayers; ++i)
    addLayer("enc_layers." + std::to_string(i), false);
  for (int64_t i = 0; i < c.decoderLayers; ++i)
    addLayer("dec_layers." + std::to_string(i), true);
  addModule("src_tok_emb.embedding", Kind::Embedding, c.sourceVocabulary, c.width);
  addModule("tgt_tok_emb.embedding", Kind::Embedding, c.targetVocabulary, c.width);
  addModule("generator", Kind::Linear, c.width, c.targetVocabulary, true);
  return modules;
}

} // namespace

Result<ImportedModel> importPTransformer(MLIRContext *context, const Checkpoint &checkpoint, const JsonValue &object,
                                         const std::string &directory, const ImportOptions &options) {
  ConfigReader reader(object, directory + "/config.json");
  Config config = readConfig(reader, options);
  if (Status status = reader.status(); !status)
    return status.error();
  GraphBuilder graph(context, checkpoint);
  if (config.parallel && graph.has("enc_norm.weight"))
    return Error{"'" + directory + "': has 'enc_norm.weight', but in a P-Transformer no layer reads the normed memory"};
  Model model(graph, config);
  model.buildForward();
  model.buildEncode();
  model.buildPrefill();
  model.buildDecode();
  if (Status status = graph.finish(options.allowExtra); !status)
    return status.error();
  ImportedModel imported;
  imported.parameters = std::move(graph.table());
  imported.module = graph.take();
  imported.modelType = config.parallel ? "p_transformer" : "transformer";
  imported.adaptable = adaptableModules(config);
  Result<GenerationIds> ids =
      readGeneration({object, directory, options.followLinks, config.targetVocabulary}, imported.notes);
  if (!ids)
    return ids.error();
  xf::setGeneration(*imported.module, *ids);
  return imported;
}

} // namespace ptx::frontends
