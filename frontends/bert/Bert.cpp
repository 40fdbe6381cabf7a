#include "frontends/bert/Bert.h"

#include "frontends/common/SentenceGraph.h"

using namespace mlir;

namespace ptx::frontends {

namespace {

enum class Head { None, Sequence, Token, MaskedLm, PreTraining };

struct Config {
  int64_t width, heads, hidden, layers, vocabulary, maxPosition, types;
  xf::ActivationKind activation;
  double eps;
  bool tied;
  Head head = Head::None;
};

Head readHead(ConfigReader &reader) {
  const JsonValue *list = reader.find("architectures");
  if (!list || list->isNull())
    return Head::None;
  const auto *names = list->asArray();
  if (!names || names->empty() || !(*names)[0].asString()) {
    reader.fail("'architectures' is " + std::string(list->kind()) + ", expected a list of strings");
    return Head::None;
  }
  const std::string &name = *(*names)[0].asString();
  static const std::pair<const char *, Head> known[] = {{"BertModel", Head::None},
                                                        {"BertForSequenceClassification", Head::Sequence},
                                                        {"BertForTokenClassification", Head::Token},
                                                        {"BertForMaskedLM", Head::MaskedLm},
                                                        {"BertForPreTraining", Head::PreTraining}};
  std::string supported;
  for (const auto &[text, head] : known) {
    if (name == text)
      return head;
    supported += std::string(supported.empty() ? "" : ", ") + text;
  }
  reader.fail("'architectures' names \"" + name + "\", supported are " + supported);
  return Head::None;
}

xf::ActivationKind readActivation(ConfigReader &reader) {
  std::string name = reader.text("hidden_act", "gelu");
  static const std::pair<const char *, xf::ActivationKind> known[] = {
      {"gelu", xf::ActivationKind::Gelu},
      {"gelu_new", xf::ActivationKind::GeluTanh},
      {"gelu_pytorch_tanh", xf::ActivationKind::GeluTanh},
      {"relu", xf::ActivationKind::Relu},
      {"silu", xf::ActivationKind::Silu},
      {"swish", xf::ActivationKind::Silu},
      {"tanh", xf::ActivationKind::Tanh}};
  std::string supported;
  for (const auto &[text, kind] : known) {
    if (name == text)
      return kind;
    supported += std::string(supported.empty() ? "" : ", ") + text;
  }
  reader.fail("'hidden_act' is \"" + name + "\", supported are " + supported);
  return xf::ActivationKind::Gelu;
}

Config readConfig(ConfigReader &reader) {
  Config c;
  c.width = reader.integer("hidden_size", 768, 1, 1 << 17);
  c.heads = reader.integer("num_attention_heads", 12, 1, 1 << 12);
  c.hidden = reader.integer("intermediate_size", 3072, 1, 1 << 20);
  c.layers = reader.integer("num_hidden_layers", 12, 1, 1024);
  c.vocabulary = reader.integer("vocab_size", 30522, 1, 1 << 24);
  c.maxPosition = reader.integer("max_position_embeddings", 512, 1, 1 << 20);
  c.types = reader.integer("type_vocab_size", 2, 1, 1 << 16);
  c.eps = reader.number("layer_norm_eps", 1e-12, 0, 1);
  c.tied = reader.boolean("tie_word_embeddings", true);
  c.activation = readActivation(reader);
  c.head = readHead(reader);
  if (std::string kind = reader.text("position_embedding_type", "absolute"); kind != "absolute")
    reader.fail("'position_embedding_type' is \"" + kind + "\", expected \"absolute\"");
  if (reader.boolean("is_decoder", false) || reader.boolean("add_cross_attention", false))
    reader.fail("'is_decoder' and 'add_cross_attention' must be false: only BERT's encoder is supported");
  if (c.width % c.heads != 0)
    reader.fail("hidden_size " + std::to_string(c.width) + " is not divisible by num_attention_heads " +
                std::to_string(c.heads));
  return c;
}

class Model {
public:
  Model(GraphBuilder &graph, const Config &config, std::string stem, const std::optional<SentenceModules> &sentence)
      : graph(graph), c(config), stem(std::move(stem)), sentence(sentence) {}

  void build() {
    graph.beginFunction("encode");
    OpBuilder &b = graph.builder();
    bool pooler = graph.has(stem + "pooler.dense.weight");
    Value ids = graph.idsInput("input_ids", {"B", "S"}, c.vocabulary);
    Value input = graph.maskInput("attention_mask", {"B", "S"});
    Value types = graph.idsInput("token_type_ids", {"B", "S"}, c.types, 0);
    bool first = sentence && sentence->pooling == Pooling::FirstToken;
    Value mask = graph.visible(input, c.maxPosition, /*keepFirst=*/pooler || first);
    Value x = embed(ids, types, mask);
    for (int64_t i = 0; i < c.layers; ++i)
      x = layer(i, x, mask);
    graph.output("last_hidden_state", x, mask);

    Value pooled;
    if (pooler) {
      Value first = xf::FirstTokenOp::create(b, graph.named("pooler"), perSequence(c.width), x, mask);
      pooled = activation(b, xf::ActivationKind::Tanh, dense("pooler.dense", stem + "pooler.dense", first, c.width));
      graph.output("pooler_output", pooled, {});
    }
    buildHead(x, pooled, mask);
    if (sentence && sentence->pooling)
      graph.output("sentence_embedding", embedSentence(graph, *sentence, x, mask), {});
  }

  /// Tensors that repeat others, or that buffers left in old files.
  void ignoreByRule(const Checkpoint &checkpoint) {
    for (const auto &entry : checkpoint.entries())
      if (StringRef(entry.name).ends_with(".position_ids"))
        graph.ignore(entry.name);
  }

private:
  Type perSequence(int64_t width) {
    return RankedTensorType::get({ShapedType::kDynamic, width}, graph.builder().getF32Type());
  }

  Value embed(Value ids, Value types, Value mask) {
    OpBuilder &b = graph.builder();
    std::string base = stem + "embeddings.";
    Value words = graph.weight(base + "word_embeddings.weight", {c.vocabulary, c.width});
    Value places = graph.weight(base + "position_embeddings.weight", {c.maxPosition, c.width});
    Value kinds = graph.weight(base + "token_type_embeddings.weight", {c.types, c.width});
    Value positions = xf::PositionsOp::create(b, graph.named("embeddings"), ids.getType(), mask);
    Value x = add(b, embedding(b, ids, words, mask), embedding(b, types, kinds, mask));
    x = add(b, x, embedding(b, positions, places, mask));
    auto [gamma, beta] = normNames(base + "LayerNorm");
    return layerNorm(b, "embeddings.LayerNorm", x, graph.weight(gamma, {c.width}), graph.weight(beta, {c.width}),
                     c.eps);
  }

  /// Old files say gamma and beta.
  std::pair<std::string, std::string> normNames(const std::string &name) {
    bool old = graph.has(name + ".gamma") && !graph.has(name + ".weight");
    return {name + (old ? ".gamma" : ".weight"), name + (old ? ".beta" : ".bias")};
  }

  Value layer(int64_t index, Value x, Value mask) {
    std::string name = stem + "encoder.layer." + std::to_string(index);
    std::vector<WeightSpec> specs;
    auto addDense = [&](const std::string &suffix, int64_t in, int64_t out) {
      specs.push_back({suffix + ".weight", {out, in}});
      specs.push_back({suffix + ".bias", {out}});
    };
    for (const char *part : {"query", "key", "value"})
      addDense(std::string("attention.self.") + part, c.width, c.width);
    addDense("attention.output.dense", c.width, c.width);
    addDense("intermediate.dense", c.width, c.hidden);
    addDense("output.dense", c.hidden, c.width);
    std::vector<std::pair<std::string, std::string>> norms;
    for (const char *part : {"attention.output.LayerNorm", "output.LayerNorm"}) {
      auto [gamma, beta] = normNames(name + "." + part);
      norms.push_back({gamma.substr(name.size() + 1), beta.substr(name.size() + 1)});
      specs.push_back({norms.back().first, {c.width}});
      specs.push_back({norms.back().second, {c.width}});
    }
    return graph.callLayer(
        "bert_layer", name, {x, mask}, specs, [&](OpBuilder &b, ValueRange in, const LayerWeights &w) {
          auto project = [&](const std::string &suffix, Value v) {
            return linear(b, suffix, v, w[suffix + ".weight"], w[suffix + ".bias"]);
          };
          Value q = project("attention.self.query", in[0]), k = project("attention.self.key", in[0]),
                v = project("attention.self.value", in[0]);
          Value mixed = attention(b, "attention.self", q, k, v, in[1], in[1], c.heads, /*causal=*/false);
          Value h = add(b, in[0], project("attention.output.dense", mixed));
          h = layerNorm(b, "attention.output.LayerNorm", h, w[norms[0].first], w[norms[0].second], c.eps);
          Value f = project("output.dense", activation(b, c.activation, project("intermediate.dense", h)));
          return layerNorm(b, "output.LayerNorm", add(b, h, f), w[norms[1].first], w[norms[1].second], c.eps);
        });
  }

  Value dense(StringRef label, const std::string &name, Value x, int64_t out) {
    Value weight = graph.weight(name + ".weight", {out, c.width});
    return linear(graph.builder(), label, x, weight, graph.weight(name + ".bias", {out}));
  }

  void buildHead(Value x, Value pooled, Value mask) {
    switch (c.head) {
    case Head::None:
      return;
    case Head::Sequence:
      graph.output("logits", dense("classifier", "classifier", pooled, labels()), {});
      return;
    case Head::Token:
      graph.output("logits", dense("classifier", "classifier", x, labels()), mask);
      return;
    case Head::PreTraining:
      graph.output("seq_relationship_logits", dense("cls.seq_relationship", "cls.seq_relationship", pooled, 2), {});
      [[fallthrough]];
    case Head::MaskedLm:
      graph.output("logits", vocabularyHead(x), mask);
      return;
    }
  }

  /// The classifier's own tensor says how many labels there are.
  int64_t labels() { return labelCount; }

  Value vocabularyHead(Value x) {
    OpBuilder &b = graph.builder();
    std::string base = "cls.predictions.";
    Value h =
        activation(b, c.activation, dense("cls.predictions.transform.dense", base + "transform.dense", x, c.width));
    auto [gamma, beta] = normNames(base + "transform.LayerNorm");
    h = layerNorm(b, "cls.predictions.transform.LayerNorm", h, graph.weight(gamma, {c.width}),
                  graph.weight(beta, {c.width}), c.eps);
    return linear(b, "cls.predictions.decoder", h, decoder(base + "decoder.weight"),
                  graph.weight(bias(base), {c.vocabulary}));
  }

  /// A tied decoder is stored once, as the word embeddings; some files repeat it.
  Value decoder(const std::string &name) {
    std::string words = stem + "embeddings.word_embeddings.weight";
    if (!c.tied)
      return graph.weight(name, {c.vocabulary, c.width});
    if (graph.has(name) && graph.has(words))
      graph.ignoreCopy(name, words, ", but 'tie_word_embeddings' is true");
    return graph.tiedWeight(name, words, {c.vocabulary, c.width});
  }

  /// The decoder's bias has two names; some files repeat it.
  std::string bias(const std::string &base) {
    std::string own = base + "bias", decoders = base + "decoder.bias";
    if (graph.has(own) && graph.has(decoders))
      graph.ignoreCopy(decoders, own, ", but they are names of one bias");
    return graph.has(own) ? own : decoders;
  }

  GraphBuilder &graph;
  const Config &c;
  std::string stem; // "bert." in models with a head
  const std::optional<SentenceModules> &sentence;

public:
  int64_t labelCount = 0;
};

std::vector<peft::BaseModule> adaptableModules(const Config &c, const std::string &stem, int64_t labels, bool pooler) {
  using Kind = peft::BaseModule;
  std::vector<peft::BaseModule> modules;
  auto addModule = [&](std::string path, Kind::Kind kind, int64_t in, int64_t out, bool head = false) {
    modules.push_back({std::move(path), kind, static_cast<uint64_t>(in), static_cast<uint64_t>(out), true, head});
  };
  for (int64_t i = 0; i < c.layers; ++i) {
    std::string layer = stem + "encoder.layer." + std::to_string(i) + ".";
    for (const char *part : {"query", "key", "value"})
      addModule(layer + "attention.self." + part, Kind::Linear, c.width, c.width);
    addModule(layer + "attention.output.dense", Kind::Linear, c.width, c.width);
    addModule(layer + "intermediate.dense", Kind::Linear, c.width, c.hidden);
    addModule(layer + "output.dense", Kind::Linear, c.hidden, c.width);
  }
  addModule(stem + "embeddings.word_embeddings", Kind::Embedding, c.vocabulary, c.width);
  addModule(stem + "embeddings.position_embeddings", Kind::Embedding, c.maxPosition, c.width);
  addModule(stem + "embeddings.token_type_embeddings", Kind::Embedding, c.types, c.width);
  if (pooler)
    addModule(stem + "pooler.dense", Kind::Linear, c.width, c.width);
  if (labels)
    addModule("classifier", Kind::Linear, c.width, labels, true);
  if (c.head == Head::MaskedLm || c.head == Head::PreTraining) {
    addModule("cls.predictions.transform.dense", Kind::Linear, c.width, c.width);
    addModule("cls.predictions.decoder", Kind::Linear, c.width, c.vocabulary, true);
    if (c.tied)
      modules.back().tiedTo = stem + "embeddings.word_embeddings";
  }
  if (c.head == Head::PreTraining)
    addModule("cls.seq_relationship", Kind::Linear, c.width, 2, true);
  return modules;
}

} // namespace

Result<ImportedModel> importBert(MLIRContext *context, const Checkpoint &checkpoint, const JsonValue &object,
                                 const std::string &directory, const ImportOptions &options) {
  ConfigReader reader(object, directory + "/config.json");
  Config config = readConfig(reader);
  if (Status status = reader.status(); !status)
    return status.error();
  if (options.sentence && options.sentence->width && options.sentence->width != config.width)
    return Error{"'" + options.sentence->poolingFile + "': the pooling takes " +
                 std::to_string(options.sentence->width) + " columns, hidden_size is " + std::to_string(config.width)};

  std::string stem = checkpoint.find("bert.embeddings.word_embeddings.weight") ? "bert." : "";
  GraphBuilder graph(context, checkpoint, "");
  Model model(graph, config, stem, options.sentence);
  if (config.head == Head::Sequence || config.head == Head::Token) {
    const Checkpoint::Entry *classifier = checkpoint.find("classifier.weight");
    if (!classifier || classifier->shape.size() != 2)
      return Error{"'" + directory + "': 'architectures' names a classifier, but 'classifier.weight' [L," +
                   std::to_string(config.width) + "] is not there"};
    model.labelCount = static_cast<int64_t>(classifier->shape[0]);
  }
  bool pooler = graph.has(stem + "pooler.dense.weight");
  if (!pooler && (config.head == Head::Sequence || config.head == Head::PreTraining))
    return Error{"'" + directory + "': 'architectures' names a head over the pooler, but '" + stem +
                 "pooler.dense.weight' is not there"};
  model.build();
  model.ignoreByRule(checkpoint);
  if (Status status = graph.finish(options.allowExtra); !status)
    return status.error();
  ImportedModel imported;
  imported.parameters = std::move(graph.table());
  imported.module = graph.take();
  imported.modelType = "bert";
  imported.stems = {"bert."};
  imported.adaptable = adaptableModules(config, stem, model.labelCount, pooler);
  return imported;
}

} // namespace ptx::frontends
