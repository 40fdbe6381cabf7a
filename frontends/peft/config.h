// adapter_config.json of PEFT's LoRA family.
#ifndef PTX_FRONTENDS_PEFT_CONFIG_H
#define PTX_FRONTENDS_PEFT_CONFIG_H

#include "runtime/io/json.h"

#include <string>
#include <utility>
#include <vector>

namespace ptx::peft {

struct Config {
  uint64_t rank = 8;
  double alpha = 8;
  std::vector<std::pair<std::string, uint64_t>> rankPattern; // in file order: the first match counts
  std::vector<std::pair<std::string, double>> alphaPattern;
  bool rsLora = false, dora = false, loraBias = false, fanInFanOut = false;
  std::vector<std::string> targets; // entries of a list
  std::string targetPattern;        // or a regular expression, or "all-linear"
  std::string baseModel, version;   // for the record
};

/// Reads and checks the configuration; `path` is the file, for messages.
/// Every key is consumed, ignored by name, neutral, or an error.
Result<Config> readConfig(const JsonValue &object, const std::string &path);

} // namespace ptx::peft

#endif // PTX_FRONTENDS_PEFT_CONFIG_H
