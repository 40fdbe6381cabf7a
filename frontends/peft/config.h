// adapter_config.json of PEFT's LoRA family, and of its IA3.
#ifndef PTX_FRONTENDS_PEFT_CONFIG_H
#define PTX_FRONTENDS_PEFT_CONFIG_H

#include "runtime/io/json.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace ptx::peft {

/// Names of modules: a list, each a path or the end of one, or a regular expression.
struct NameSet {
  std::vector<std::string> list;
  std::string pattern;
};

enum class Kind { Lora, Ia3 };

struct Config {
  Kind kind = Kind::Lora;
  uint64_t rank = 8;
  double alpha = 8;
  std::vector<std::pair<std::string, uint64_t>> rankPattern; // in file order: the first match counts
  std::vector<std::pair<std::string, double>> alphaPattern;
  bool rsLora = false, dora = false, loraBias = false, fanInFanOut = false, ensureTying = false;
  NameSet targets;                                           // target_modules; the pattern may be "all-linear"
  NameSet excluded;                                          // exclude_modules
  NameSet feedForward;                                       // feedforward_modules of IA3: inputs are scaled
  std::vector<std::string> saved;                            // modules_to_save: a path or the end of one
  enum class Bias { None, All, LoraOnly } bias = Bias::None; // which biases the adapter replaces
  std::optional<std::vector<uint64_t>> layers;               // layers_to_transform
  std::vector<std::string> layerNames;                       // layers_pattern
  std::string baseModel, version;                            // for the record
};

/// Reads and checks the configuration; `path` is the file, for messages.
/// Every key is consumed, ignored by name, neutral, or an error.
Result<Config> readConfig(const JsonValue &object, const std::string &path);

} // namespace ptx::peft

#endif // PTX_FRONTENDS_PEFT_CONFIG_H
