#include "frontends/bert/Bert.h"

#include "frontends/bert/Flavor.h"

#include "frontends/common/Activations.h"
#include "frontends/common/SentenceGraph.h"

using namespace mlir;

namespace ptx::frontends {

namespace {

struct Config {
  int64_t width, heads, hidden, layers, vocabulary, maxPosition, types, padding;
  xf::ActivationKind activation;
  double eps;
  bool tied;
  Head head = Head::None;
};

Head readHead(ConfigReader &reader, const Flavor &flavor) {
  std::vector<std::string_view> names;
  for (const auto &[name, head] : flavor.heads)
    names.push_back(name);
  std::optional<size_t> named = reader.architecture(names);
  return named ? flavor.heads[*named].second : Head::None;
}

Config readConfig(ConfigReader &reader, const Flavor &flavor) {
  Config c;
  c.width = reader.integer(flavor.config.width, 768, 1, 1 << 17);
  c.heads = reader.integer(flavor.config.heads, 12, 1, 1 << 12);
  c.hidden = reader.integer(flavor.config.hidden, 3072, 1, 1 << 20);
  c.layers = reader.integer(flavor.config.layers, 12, 1, 1024);
  c.vocabulary = reader.integer("vocab_size", 30522, 1, 1 << 24);
  c.maxPosition = reader.integer("max_position_embeddings", 512, 1, 1 << 20);
  c.types = flavor.hasTypes ? reader.integer("type_vocab_size", 2, 1, 1 << 16) : 0;
  c.padding = flavor.countsPositions ? reader.integer("pad_token_id", 1, 0, c.maxPosition - 2) : 0;
  c.eps = reader.number("layer_norm_eps", 1e-12, 0, 1);
  c.tied = reader.boolean("tie_word_embeddings", true);
  c.activation = readActivation(reader, flavor.config.activation, "gelu");
  c.head = readHead(reader, flavor);
  if (std::string kind = reader.text("position_embedding_type", "absolute"); kind != "absolute")
    reader.fail("'position_embedding_type' is \"" + kind + "\", expected \"absolute\"");
  if (reader.boolean("is_decoder", false) || reader.boolean("add_cross_attention", false))
    reader.fail("'is_decoder' and 'add_cross_attention' must be false: only encoders are supported");
  if (c.width % c.heads != 0)
    reader.fail(std::string(flavor.config.width) + " " + std::to_string(c.width) + " is not divisible by " +
                flavor.config.heads + " " + std::to_string(c.heads));
  return c;
}

class Model {
public:
  Model(GraphBuilder &graph, const Config &config, const Flavor &flavor, std::string stem,
        const std::optional<SentenceModules> &sentence)
      : graph(graph), c(config), flavor(flavor), stem(std::move(stem)), sentence(sentence) {}

  void build() {
    graph.beginFunction("encode");
    OpBuilder &b = graph.builder();
    bool pooler = graph.has(stem + "pooler.dense.weight");
    Value ids = graph.idsInput("input_ids", {"B", "S"}, c.vocabulary);
    Value input = graph.maskInput("attention_mask", {"B", "S"});
    Value types = flavor.hasTypes ? graph.idsInput("token_type_ids", {"B", "S"}, c.types, 0) : Value();
    Value places = flavor.countsPositions
                       ? graph.idsInput("position_ids", {"B", "S"}, c.maxPosition, c.padding, "input_ids")
                       : Value();
    // Counted positions begin behind the padding id.
    int64_t longest = flavor.countsPositions ? c.maxPosition - c.padding - 1 : c.maxPosition;
    Value mask = graph.visible(input, longest, /*keepFirst=*/readsFirst(pooler));
    Value x = embed(ids, types, places, mask);
    for (int64_t i = 0; i < c.layers; ++i)
      x = layer(i, x, mask);
    graph.output("last_hidden_state", x, mask);

    Value pooled;
    if (pooler) {
      Value first = xf::FirstTokenOp::create(b, graph.named("pooler"), perSequence(c.width), x, mask);
      pooled = activation(b, xf::ActivationKind::Tanh, dense(stem + "pooler.dense", first, c.width));
      graph.output("pooler_output", pooled, {});
    }
    buildHead(x, pooled, mask);
    if (sentence && !sentence->pooling.empty())
      graph.output("sentence_embedding", embedSentence(graph, *sentence, x, mask), {});
  }

  /// Tensors that repeat others, or that buffers left in old files.
  void ignoreByRule(const Checkpoint &checkpoint) {
    for (const auto &entry : checkpoint.entries())
      if (StringRef(entry.name).ends_with(".position_ids"))
        graph.ignore(entry);
    // Published checkpoints keep the heads they were trained with.
    std::string head(flavor.pretraining);
    if (size_t count = graph.ignoreBelow(head))
      notes.push_back(std::to_string(count) + " tensors of pre-training heads ('" + head +
                      "...') are not used: 'architectures' names no model that reads them");
  }

private:
  /// Whether something reads position 0, which must then be computed.
  bool readsFirst(bool pooler) const {
    return pooler || (c.head == Head::Sequence && flavor.sequence.dense) ||
           (sentence && llvm::any_of(sentence->pooling, [](const Pooling &p) { return p.isFirstToken(); }));
  }

  Type perSequence(int64_t width) {
    return RankedTensorType::get({ShapedType::kDynamic, width}, graph.builder().getF32Type());
  }

  Value embed(Value ids, Value types, Value places, Value mask) {
    OpBuilder &b = graph.builder();
    std::string base = stem + "embeddings.";
    auto table = [&](const char *name, int64_t rows) {
      addModule(base + name, peft::BaseModule::Embedding, rows, c.width);
      return graph.weight(base + name + ".weight", {rows, c.width});
    };
    Value words = table("word_embeddings", c.vocabulary), positions = table("position_embeddings", c.maxPosition);
    if (!places)
      places = xf::PositionsOp::create(b, graph.named("embeddings"), ids.getType(), mask);
    Value x = embedding(b, ids, words, mask);
    if (types)
      x = add(b, x, embedding(b, types, table("token_type_embeddings", c.types), mask));
    x = add(b, x, embedding(b, places, positions, mask));
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
    const auto &part = flavor.layer;
    std::string name = stem + part.prefix + std::to_string(index);
    std::vector<WeightSpec> specs;
    auto addDense = [&](const std::string &suffix, int64_t in, int64_t out) {
      specs.push_back({suffix + ".weight", {out, in}});
      specs.push_back({suffix + ".bias", {out}});
      addModule(name + "." + suffix, peft::BaseModule::Linear, in, out);
    };
    for (const char *square : {part.query, part.key, part.value, part.mix})
      addDense(square, c.width, c.width);
    addDense(part.up, c.width, c.hidden);
    addDense(part.down, c.hidden, c.width);
    std::vector<std::pair<std::string, std::string>> norms;
    for (const char *norm : {part.mixNorm, part.norm}) {
      auto [gamma, beta] = normNames(name + "." + norm);
      norms.push_back({gamma.substr(name.size() + 1), beta.substr(name.size() + 1)});
      specs.push_back({norms.back().first, {c.width}});
      specs.push_back({norms.back().second, {c.width}});
    }
    return graph.callLayer(
        "bert_layer", name, {x, mask}, specs, [&](OpBuilder &b, ValueRange in, const LayerWeights &w) {
          auto project = [&](const std::string &suffix, Value v) {
            return linear(b, suffix, v, w[suffix + ".weight"], w[suffix + ".bias"]);
          };
          Value q = project(part.query, in[0]), k = project(part.key, in[0]), v = project(part.value, in[0]);
          Value mixed = attention(b, "attention", q, k, v, in[1], in[1], c.heads, /*causal=*/false);
          Value h = add(b, in[0], project(part.mix, mixed));
          h = layerNorm(b, part.mixNorm, h, w[norms[0].first], w[norms[0].second], c.eps);
          Value f = project(part.down, activation(b, c.activation, project(part.up, h)));
          return layerNorm(b, part.norm, add(b, h, f), w[norms[1].first], w[norms[1].second], c.eps);
        });
  }

  /// A linear with a bias, which adapters may name.
  Value dense(const std::string &name, Value x, int64_t out, bool head = false) {
    addModule(name, peft::BaseModule::Linear, c.width, out, head);
    Value weight = graph.weight(name + ".weight", {out, c.width});
    return linear(graph.builder(), name, x, weight, graph.weight(name + ".bias", {out}));
  }

  void addModule(std::string path, peft::BaseModule::Kind kind, int64_t in, int64_t out, bool head = false) {
    modules.push_back({std::move(path), kind, static_cast<uint64_t>(in), static_cast<uint64_t>(out), true, head});
  }

  void buildHead(Value x, Value pooled, Value mask) {
    switch (c.head) {
    case Head::None:
      return;
    case Head::Sequence:
      graph.output("logits", dense(flavor.sequence.last, sequenceRow(x, pooled, mask), labelCount, /*head=*/true), {});
      return;
    case Head::Token:
      graph.output("logits", dense("classifier", x, labelCount, /*head=*/true), mask);
      return;
    case Head::PreTraining:
      graph.output("seq_relationship_logits", dense("cls.seq_relationship", pooled, 2, /*head=*/true), {});
      [[fallthrough]];
    case Head::MaskedLm:
      graph.output("logits", vocabularyHead(x), mask);
      return;
    }
  }

  /// What a sequence's logits are computed from.
  Value sequenceRow(Value x, Value pooled, Value mask) {
    if (!flavor.sequence.dense)
      return pooled;
    OpBuilder &b = graph.builder();
    Value first = xf::FirstTokenOp::create(b, graph.named(flavor.sequence.dense), perSequence(c.width), x, mask);
    bool relu = flavor.sequence.activation == decltype(flavor.sequence)::Relu;
    return activation(b, relu ? xf::ActivationKind::Relu : xf::ActivationKind::Tanh,
                      dense(flavor.sequence.dense, first, c.width));
  }

  Value vocabularyHead(Value x) {
    OpBuilder &b = graph.builder();
    const auto &head = flavor.maskedLm;
    Value h = activation(b, head.erfGelu ? xf::ActivationKind::Gelu : c.activation, dense(head.dense, x, c.width));
    auto [gamma, beta] = normNames(head.norm);
    h = layerNorm(b, head.norm, h, graph.weight(gamma, {c.width}), graph.weight(beta, {c.width}), c.eps);
    addModule(head.decoder, peft::BaseModule::Linear, c.width, c.vocabulary, /*head=*/true);
    if (c.tied)
      modules.back().tiedTo = stem + "embeddings.word_embeddings";
    return linear(b, head.decoder, h, decoder(std::string(head.decoder) + ".weight"),
                  graph.weight(bias(), {c.vocabulary}));
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

  /// The decoder's bias may have two names; some files repeat it.
  std::string bias() {
    std::string own = flavor.maskedLm.bias;
    if (!flavor.maskedLm.decoderBias)
      return own;
    std::string decoders = flavor.maskedLm.decoderBias;
    if (graph.has(own) && graph.has(decoders))
      graph.ignoreCopy(decoders, own, ", but they are names of one bias");
    return graph.has(own) ? own : decoders;
  }

  GraphBuilder &graph;
  const Config &c;
  const Flavor &flavor;
  std::string stem; // "bert." in models with a head
  const std::optional<SentenceModules> &sentence;

public:
  int64_t labelCount = 0;                // the classifier's own tensor says it
  std::vector<peft::BaseModule> modules; // that adapters may name
  std::vector<std::string> notes;
};

} // namespace

Result<ImportedModel> importBert(MLIRContext *context, const Checkpoint &checkpoint, const JsonValue &object,
                                 const std::string &directory, const ImportOptions &options) {
  ConfigReader reader(object, directory + "/config.json");
  const Flavor &flavor = flavorOf(*object.find("model_type")->asString());
  Config config = readConfig(reader, flavor);
  if (Status status = reader.status(); !status)
    return status.error();
  if (options.sentence && options.sentence->width && options.sentence->width != config.width)
    return Error{"'" + options.sentence->poolingFile + "': the pooling takes " +
                 std::to_string(options.sentence->width) + " columns, hidden_size is " + std::to_string(config.width)};

  std::string stem(flavor.stem);
  if (!checkpoint.find(stem + "embeddings.word_embeddings.weight"))
    stem.clear();
  GraphBuilder graph(context, checkpoint);
  Model model(graph, config, flavor, stem, options.sentence);
  if (config.head == Head::Sequence || config.head == Head::Token) {
    std::string name = std::string(config.head == Head::Sequence ? flavor.sequence.last : "classifier") + ".weight";
    std::optional<Checkpoint::Entry> classifier = checkpoint.find(name);
    if (!classifier || classifier->shape.size() != 2)
      return Error{"'" + directory + "': 'architectures' names a classifier, but '" + name + "' [L," +
                   std::to_string(config.width) + "] is not there"};
    model.labelCount = static_cast<int64_t>(classifier->shape[0]);
  }
  bool overPooler = config.head == Head::PreTraining || (config.head == Head::Sequence && !flavor.sequence.dense);
  if (overPooler && !graph.has(stem + "pooler.dense.weight"))
    return Error{"'" + directory + "': 'architectures' names a head over the pooler, but '" + stem +
                 "pooler.dense.weight' is not there"};
  model.build();
  model.ignoreByRule(checkpoint);
  if (Status status = graph.finish(options.allowExtra); !status)
    return status.error();
  ImportedModel imported;
  imported.parameters = std::move(graph.table());
  imported.module = graph.take();
  imported.modelType = std::string(flavor.modelType);
  imported.stems = {std::string(flavor.stem)};
  imported.adaptable = std::move(model.modules);
  imported.notes = std::move(model.notes);
  return imported;
}

} // namespace ptx::frontends
