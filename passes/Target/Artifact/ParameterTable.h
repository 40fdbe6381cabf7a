// Where the bytes of the weights lie: the table that stands beside the IR.
#ifndef PTX_PASSES_TARGET_ARTIFACT_PARAMETERTABLE_H
#define PTX_PASSES_TARGET_ARTIFACT_PARAMETERTABLE_H

#include "runtime/io/dtype.h"
#include "runtime/io/result.h"

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
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

/// What an adapter stores for one site: the factors of an xf.delta, or the
/// tensor of an xf.replacement. An empty file: there is none.
struct StoredDelta {
  StoredTensor a, b; // none of a delta of rank 0
  StoredTensor magnitude, bias, outputScale, inputScale;
  StoredTensor replacement;

  /// The tensors by the names they have in files of ours.
  template <typename Self> static auto tensors(Self &delta) {
    return std::array{std::pair("a", &delta.a),
                      std::pair("b", &delta.b),
                      std::pair("magnitude", &delta.magnitude),
                      std::pair("bias", &delta.bias),
                      std::pair("output_scale", &delta.outputScale),
                      std::pair("input_scale", &delta.inputScale),
                      std::pair("replacement", &delta.replacement)};
  }
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
