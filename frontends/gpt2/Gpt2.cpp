#include "frontends/gpt2/Gpt2.h"

#include "dialects/xf/IR/XfGeneration.h"
#include "frontends/common/Activations.h"
#include "frontends/common/Generation.h"

using namespace mlir;

namespace ptx::frontends {

namespace {

/// What classes with a head put in front of the bare model's names.
constexpr const char *headStem = "transformer.";

struct Config {
  int64_t width, heads, hidden, layers, vocabulary, maxPosition;
  xf::ActivationKind activation;
  double eps;
  bool scaled, scaledByLayer; // scores by 1 / sqrt(width of a head), and layer i's by 1 / (i + 1)
  bool hasHead, tied;
};

Config readConfig(ConfigReader &reader) {
  Config c;
  c.width = reader.integer("n_embd", 768, 1, 1 << 17);
  c.heads = reader.integer("n_head", 12, 1, 1 << 12);
  c.layers = reader.integer("n_layer", 12, 1, 1024);
  c.vocabulary = reader.integer("vocab_size", 50257, 1, 1 << 24);
  c.maxPosition = reader.integer("n_positions", 1024, 1, 1 << 20);
  const JsonValue *inner = reader.find("n_inner");
  c.hidden = inner && !inner->isNull() ? reader.integer("n_inner", std::nullopt, 1, 1 << 20) : 4 * c.width;
  c.eps = reader.number("layer_norm_epsilon", 1e-5, 0, 1);
  c.activation = readActivation(reader, "activation_function", "gelu_new");
  c.scaled = reader.boolean("scale_attn_weights", true);
  c.scaledByLayer = reader.boolean("scale_attn_by_inverse_layer_idx", false);
  reader.boolean("reorder_and_upcast_attn", false); // says in which order and type, not what
  c.tied = reader.boolean("tie_word_embeddings", true);
  c.hasHead = reader.architecture({"GPT2Model", "GPT2LMHeadModel"}).value_or(0) == 1;
  if (reader.boolean("add_cross_attention", false))
    reader.fail("'add_cross_attention' is true, expected false: a GPT-2 that reads an encoder is not supported");
  if (c.width % c.heads != 0)
    reader.fail("n_embd " + std::to_string(c.width) + " is not divisible by n_head " + std::to_string(c.heads));
  return c;
}

class Model {
public:
  Model(GraphBuilder &graph, const Config &config) : graph(graph), c(config), stem(config.hasHead ? headStem : "") {}

  void buildForward() {
    graph.beginFunction("forward");
    Value ids = graph.idsInput("input_ids", {"B", "S"}, c.vocabulary);
    Value mask = graph.visible(graph.maskInput("attention_mask", {"B", "S"}), c.maxPosition);
    Value places = graph.idsInput("position_ids", {"B", "S"}, c.maxPosition, /*defaultValue=*/std::nullopt,
                                  /*counting=*/"input_ids");
    Value x = embed(ids, places, mask);
    for (int64_t i = 0; i < c.layers; ++i)
      x = layer(i, x, mask);
    x = finalNorm(x);
    if (c.hasHead)
      graph.output("logits", head(x), mask);
    else
      graph.output("last_hidden_state", x, mask);
    nameModules();
  }

  /// Begins rows of a session: the logits of each last token.
  void buildPrefill() {
    graph.beginFunction("prefill");
    Value ids = graph.idsInput("input_ids", {"B", "S"}, c.vocabulary);
    Value mask = graph.maskInput("attention_mask", {"B", "S"});
    buildStep(ids, graph.visible(mask, history, GraphBuilder::HistoryUse::Begins, c.maxPosition));
  }

  /// Continues rows of a session by one token.
  void buildDecode() {
    graph.beginFunction("decode");
    Value ids = graph.idsInput("input_ids", {"B"}, c.vocabulary);
    buildStep(ids, graph.visible(ids, history, GraphBuilder::HistoryUse::Continues, c.maxPosition));
  }

  void ignoreByRule() {
    // The causal mask, which old versions stored with each layer.
    for (int64_t i = 0; i < c.layers; ++i) {
      graph.ignoreBuffer(layerName(i) + ".attn.bias", {1, 1, c.maxPosition, c.maxPosition});
      graph.ignoreBuffer(layerName(i) + ".attn.masked_bias", {});
    }
    std::string words = stem + "wte.weight";
    if (c.hasHead && c.tied && graph.has("lm_head.weight") && graph.has(words))
      graph.ignoreCopy("lm_head.weight", words, ", but 'tie_word_embeddings' is true");
    if (size_t count = c.hasHead ? 0 : graph.ignoreBelow("lm_head."))
      notes.push_back(std::to_string(count) + " tensors of a head ('lm_head....') are not used: 'architectures' names "
                                              "no model that reads them");
  }

private:
  static constexpr const char *history = "text";

  /// What prefill and decode compute of new tokens.
  void buildStep(Value ids, Value mask) {
    Value x = embed(ids, graph.positions(mask), mask), all = graph.held(history, mask);
    for (int64_t i = 0; i < c.layers; ++i)
      x = layer(i, x, mask, all);
    x = lastToken(graph.builder(), x, mask);
    graph.nextToken(head(finalNorm(x)));
  }

  Value embed(Value ids, Value places, Value mask) {
    return add(graph.builder(), embed("wte", ids, c.vocabulary, mask), embed("wpe", places, c.maxPosition, mask));
  }

  Value finalNorm(Value x) {
    Value gamma = graph.weight(stem + "ln_f.weight", {c.width}), beta = graph.weight(stem + "ln_f.bias", {c.width});
    return layerNorm(graph.builder(), "ln_f", x, gamma, beta, c.eps);
  }

  std::string layerName(int64_t index) const { return stem + "h." + std::to_string(index); }

  void addModule(std::string path, peft::BaseModule::Kind kind, int64_t in, int64_t out) {
    modules.push_back({std::move(path), kind, static_cast<uint64_t>(in), static_cast<uint64_t>(out)});
  }

  Value embed(const char *name, Value ids, int64_t rows, Value mask) {
    return embedding(graph.builder(), ids, graph.weight(stem + name + ".weight", {rows, c.width}), mask);
  }

  /// With a mask of what is held, keys and values of all that is held; else of the tokens alone.
  Value layer(int64_t index, Value x, Value mask, Value all = {}) {
    std::string name = layerName(index);
    std::vector<WeightSpec> specs;
    auto addConv1D = [&](const std::string &suffix, int64_t in, int64_t out) {
      specs.push_back({suffix + ".weight", {in, out}});
      specs.push_back({suffix + ".bias", {out}});
    };
    auto addNorm = [&](const std::string &suffix) {
      specs.push_back({suffix + ".weight", {c.width}});
      specs.push_back({suffix + ".bias", {c.width}});
    };
    addNorm("ln_1");
    addConv1D("attn.c_attn", c.width, 3 * c.width);
    addConv1D("attn.c_proj", c.width, c.width);
    addNorm("ln_2");
    addConv1D("mlp.c_fc", c.width, c.hidden);
    addConv1D("mlp.c_proj", c.hidden, c.width);

    double scale = c.scaled ? std::sqrt(static_cast<double>(c.heads) / static_cast<double>(c.width)) : 1.0;
    if (c.scaledByLayer)
      scale /= static_cast<double>(index + 1);
    // Layers share a body where they scale alike.
    std::string kind = all ? "gpt2_cached_layer" : "gpt2_layer";
    if (c.scaledByLayer)
      kind += "_by_" + std::to_string(index + 1);
    SmallVector<Value> inputs{x, mask};
    if (all)
      inputs.append({all, graph.cache(name + ".attn", history, 2 * c.width)});
    return graph.callLayer(kind, name, inputs, specs, [&](OpBuilder &b, ValueRange in, const LayerWeights &w) {
      auto norm = [&](const std::string &suffix, Value v) {
        return layerNorm(b, suffix, v, w[suffix + ".weight"], w[suffix + ".bias"], c.eps);
      };
      auto project = [&](const std::string &suffix, Value v) {
        return conv1D(b, suffix, v, w[suffix + ".weight"], w[suffix + ".bias"]);
      };
      Value qkv = project("attn.c_attn", norm("ln_1", in[0]));
      auto part = [&](Value of, int64_t which) { return columns(b, of, which * c.width, c.width); };
      Value q = part(qkv, 0), k, v, keyMask = all ? in[2] : in[1];
      if (all) {
        Value kv = recall(b, "attn", append(b, columns(b, qkv, c.width, 2 * c.width), in[3], in[1]), keyMask);
        k = part(kv, 0);
        v = part(kv, 1);
      } else {
        k = part(qkv, 1);
        v = part(qkv, 2);
      }
      Value mixed = attention(b, "attn", q, k, v, in[1], keyMask, c.heads, /*causal=*/true, scale);
      Value h = add(b, in[0], project("attn.c_proj", mixed));
      Value f = activation(b, c.activation, project("mlp.c_fc", norm("ln_2", h)));
      return add(b, h, project("mlp.c_proj", f));
    });
  }

  /// A tied head is stored once, as the word embeddings; some files repeat it.
  Value head(Value x) {
    std::string name = "lm_head.weight", words = stem + "wte.weight";
    Value weight = graph.tiedWeight(name, c.tied ? words : name, {c.vocabulary, c.width});
    return linear(graph.builder(), "lm_head", x, weight, /*bias=*/Value());
  }

  /// What adapters may name.
  void nameModules() {
    addModule(stem + "wte", peft::BaseModule::Embedding, c.vocabulary, c.width);
    addModule(stem + "wpe", peft::BaseModule::Embedding, c.maxPosition, c.width);
    for (int64_t i = 0; i < c.layers; ++i) {
      std::string layer = layerName(i);
      addModule(layer + ".attn.c_attn", peft::BaseModule::Conv1D, c.width, 3 * c.width);
      addModule(layer + ".attn.c_proj", peft::BaseModule::Conv1D, c.width, c.width);
      addModule(layer + ".mlp.c_fc", peft::BaseModule::Conv1D, c.width, c.hidden);
      addModule(layer + ".mlp.c_proj", peft::BaseModule::Conv1D, c.hidden, c.width);
    }
    if (!c.hasHead)
      return;
    addModule("lm_head", peft::BaseModule::Linear, c.width, c.vocabulary);
    modules.back().isOutputHead = true;
    if (c.tied)
      modules.back().tiedTo = stem + "wte";
  }

  GraphBuilder &graph;
  const Config &c;
  std::string stem;

public:
  std::vector<peft::BaseModule> modules; // that adapters may name
  std::vector<std::string> notes;
};

} // namespace

Result<ImportedModel> importGpt2(MLIRContext *context, const Checkpoint &checkpoint, const JsonValue &object,
                                 const std::string &directory, const ImportOptions &options) {
  ConfigReader reader(object, directory + "/config.json");
  Config config = readConfig(reader);
  if (Status status = reader.status(); !status)
    return status.error();
  // Names here are those of the class that config.json names; the files may be of another.
  std::string named = config.hasHead ? headStem : "";
  std::string stored = checkpoint.find(std::string(headStem) + "wte.weight") ? headStem : "";
  GraphBuilder graph(context, checkpoint, {named, stored});
  if (config.hasHead && !config.tied && !graph.has("lm_head.weight"))
    return Error{"'" + directory + "': 'tie_word_embeddings' is false, but 'lm_head.weight' [" +
                 std::to_string(config.vocabulary) + "," + std::to_string(config.width) + "] is not there"};
  Model model(graph, config);
  model.buildForward();
  if (config.hasHead) {
    model.buildPrefill();
    model.buildDecode();
  }
  model.ignoreByRule();
  if (Status status = graph.finish(options.allowExtra); !status)
    return status.error();
  ImportedModel imported;
  imported.parameters = std::move(graph.table());
  imported.module = graph.take();
  imported.modelType = "gpt2";
  imported.stems = {headStem};
  imported.adaptable = std::move(model.modules);
  imported.notes = std::move(model.notes);
  if (config.hasHead) {
    GenerationSource source{object, directory, options.followLinks, config.vocabulary};
    // What Transformers' GPT2Config has where a file does not say it: the end of text of the published vocabulary.
    constexpr int64_t endOfText = 50256;
    if (config.vocabulary > endOfText) {
      source.otherwise.start = endOfText;
      source.otherwise.eos = {endOfText};
    }
    Result<GenerationIds> ids = readGeneration(source, imported.notes);
    if (!ids)
      return ids.error();
    xf::setGeneration(*imported.module, *ids);
  }
  return imported;
}

} // namespace ptx::frontends
