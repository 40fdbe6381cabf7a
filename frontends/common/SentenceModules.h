// Directories of sentence-transformers: modules.json says where the transformer
// lies and what follows it. https://sbert.net, "Creating Custom Models"; both
// the configuration before 5.4 and that since then are read.
#ifndef PTX_FRONTENDS_COMMON_SENTENCEMODULES_H
#define PTX_FRONTENDS_COMMON_SENTENCEMODULES_H

#include "dialects/xf/IR/XfDialect.h"
#include "runtime/io/checkpoint.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace ptx::frontends {

/// What makes one row of a sequence's rows: the first token's row, or a pooling of xf.
struct Pooling {
  std::optional<xf::Pooling> kind; // nothing: the first token
  static Pooling firstToken() { return {}; }
  bool isFirstToken() const { return !kind; }
};

/// A module behind the pooling.
struct SentenceStep {
  enum Kind { Normalize, Dense, LayerNorm } kind = Normalize;
  std::string name;                          // its directory's, for symbols and messages
  std::shared_ptr<const Checkpoint> weights; // Dense: linear.weight, linear.bias; LayerNorm: norm.weight, norm.bias
  int64_t in = 0, out = 0;
  bool bias = true;
  std::optional<xf::ActivationKind> activation; // Dense
};

struct SentenceModules {
  std::string transformer;      // its directory
  std::string poolingFile;      // for messages
  std::vector<Pooling> pooling; // their rows one after the other
  int64_t width = 0;            // that the pooling expects
  std::vector<SentenceStep> steps;
};

/// Nothing for a directory without modules.json. What would change the value
/// and is not computed is an error that names it.
Result<std::optional<SentenceModules>> readSentenceModules(const std::string &directory, bool followLinks);

} // namespace ptx::frontends

#endif // PTX_FRONTENDS_COMMON_SENTENCEMODULES_H
