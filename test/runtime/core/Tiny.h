// A model of a dozen numbers with two adapters, written by hand as the
// compiler would: embedding -> linear -> numbered rows, and their mean.
#ifndef PTX_TEST_RUNTIME_CORE_TINY_H
#define PTX_TEST_RUNTIME_CORE_TINY_H

#include "runtime/core/deploy.h"
#include "runtime/ptx.h"

#include <nlohmann/json.hpp>

#include <map>
#include <string>
#include <vector>

namespace ptx::tiny {

inline constexpr uint64_t vocabulary = 30, width = 20, outputs = 40;

struct Weights {
  std::map<std::string, Matrix> tensors;
};

/// A folder that is removed with the object.
class Folder {
public:
  Folder();
  ~Folder();
  std::string operator/(const std::string &name) const { return path + "/" + name; }
  std::string path;
};

Weights makeWeights();
/// Writes weights.safetensors and returns its manifest without functions' kernels built in.
nlohmann::ordered_json manifestOf(const std::string &directory, const Weights &weights, bool separate);
/// What the fake CUDA driver takes for a cubin or for PTX text, by its first
/// line: test/runtime/cuda/fake_state.h.
std::string cudaCode(const char *first);
/// Writes directory/model.ptxm.
void writeArtifact(const std::string &directory, const nlohmann::ordered_json &manifest, const char *kernels = nullptr);

/// The result of a call, name -> values.
struct Answer {
  std::string error;
  ptx_code code = PTX_OK;
  std::map<std::string, std::vector<float>> values;
};

struct Call {
  std::vector<int64_t> ids, mask, adapters;
  uint64_t batch = 1, length = 1;
};

Answer call(ptx_session *session, const Call &input);
/// Opens everything for one call.
Answer runOnce(const std::string &directory, const char *adapter, const Call &input, uint32_t threads = 1,
               const char *device = nullptr);

} // namespace ptx::tiny

#endif // PTX_TEST_RUNTIME_CORE_TINY_H
