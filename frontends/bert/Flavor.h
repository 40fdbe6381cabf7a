// BERT and its kin: one graph, and a table of how each calls its parts.
#ifndef PTX_FRONTENDS_BERT_FLAVOR_H
#define PTX_FRONTENDS_BERT_FLAVOR_H

#include <string_view>
#include <vector>

namespace ptx::frontends {

/// What stands on the encoder.
enum class Head { None, Sequence, Token, MaskedLm, PreTraining };

/// Names are those of Transformers' modules, below the stem where it is not a head's.
struct Flavor {
  std::string_view modelType, stem;
  struct {
    const char *width, *heads, *hidden, *layers, *activation;
  } config;
  struct {
    const char *prefix; // of a layer's number
    const char *query, *key, *value, *mix, *mixNorm, *up, *down, *norm;
  } layer;
  bool hasTypes;
  bool countsPositions; // behind the padding id, past padding
  /// From a sequence to its logits: with a pooler the pooled row goes into
  /// `last`; else the first row through `dense` and its activation.
  struct {
    const char *dense; // null: the pooler
    enum { Tanh, Relu } activation;
    const char *last;
  } sequence;
  struct {
    const char *dense, *norm, *decoder, *bias, *decoderBias; // decoderBias: the other name of `bias`, or null
    bool erfGelu;                                            // whatever the encoder's activation is
  } maskedLm;
  std::vector<std::pair<std::string_view, Head>> heads; // by what `architectures` calls them
  std::string_view pretraining;                         // what stands in front of the pre-training heads' tensors
};

const std::vector<Flavor> &flavors();
/// The flavor of a "model_type" that is one.
const Flavor &flavorOf(std::string_view modelType);

} // namespace ptx::frontends

#endif // PTX_FRONTENDS_BERT_FLAVOR_H
