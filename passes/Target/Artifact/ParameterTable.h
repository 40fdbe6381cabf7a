// Where the bytes of the weights lie: the table that stands beside the IR.
#ifndef PTX_PASSES_TARGET_ARTIFACT_PARAMETERTABLE_H
#define PTX_PASSES_TARGET_ARTIFACT_PARAMETERTABLE_H

#include "runtime/io/dtype.h"
#include "runtime/io/result.h"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace ptx {

/// A tensor as it is stored.
struct StoredTensor {
  std::string file; // absolute path
  std::string name; // in that file
  DType dtype = DType::F32;
  std::vector<uint64_t> shape;
  uint64_t offset = 0, bytes = 0;
};

/// The factors of one delta; see xf.delta.
struct StoredDelta {
  StoredTensor a, b;
  StoredTensor magnitude; // empty file: none
  StoredTensor bias;      // empty file: none
};

struct ParameterTable {
  /// By the symbol of the xf.weight.
  std::map<std::string, StoredTensor> weights;
  /// By adapter name, then by site.
  std::map<std::string, std::map<std::string, StoredDelta>> adapters;
};

/// The table as JSON text, and back: `parameters.json` beside a phase dump.
std::string writeParameterTable(const ParameterTable &table);
Result<ParameterTable> readParameterTable(const std::string &path);

} // namespace ptx

#endif // PTX_PASSES_TARGET_ARTIFACT_PARAMETERTABLE_H
