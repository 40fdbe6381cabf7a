// PEFT adapters as save_pretrained writes them: LoRA (arXiv 2106.09685), rsLoRA
// (2312.03732), DoRA (2402.09353), IA3 (2205.05638). Whatever is not understood is an error.
#ifndef PTX_FRONTENDS_PEFT_ADAPTER_H
#define PTX_FRONTENDS_PEFT_ADAPTER_H

#include "runtime/io/compare.h"
#include "runtime/io/dtype.h"
#include "runtime/io/result.h"

#include <optional>
#include <string>
#include <vector>

namespace ptx::peft {

struct TensorRef {
  std::string file, name; // absolute path; name in it
  DType dtype = DType::F32;
  std::vector<uint64_t> shape;
  uint64_t offset = 0, bytes = 0;
};

enum class Target { Linear, Conv1D, MhaInProj, MhaOutProj, Embedding };

/// One module's delta.
struct Delta {
  std::string module; // path inside the base; an MHA's output projection ends in .out_proj
  Target target = Target::Linear;
  TensorRef a, b;
  std::optional<TensorRef> magnitude, bias;         // of DoRA, of lora_bias
  std::optional<TensorRef> outputScale, inputScale; // of IA3
  uint64_t rank = 0;                                // 0: neither a nor b
  float scale = 1;
  std::string scaleReason; // "32/16"
};

/// A weight that the adapter brings whole, in place of the base's.
struct Replacement {
  std::string weight; // its name inside the base
  TensorRef tensor;
};

struct Adapter {
  std::string name, directory;
  std::vector<Delta> deltas;
  std::vector<Replacement> replacements;
  std::vector<std::string> notes;
  std::vector<std::string> dropped; // tensors that --allow-drop left out
  std::string baseModel, peftVersion;
};

/// A module of the base that an adapter may name.
struct BaseModule {
  std::string path;
  enum Kind { Linear, Conv1D, Embedding, Mha } kind = Linear;
  uint64_t in = 0, out = 0; // Mha: E, 3E; Embedding: V, D
  bool hasBias = true, isOutputHead = false;
  std::string tiedTo = ""; // the module whose stored weight this one reads too
};

/// A weight of the base that an adapter may bring whole.
struct BaseWeight {
  std::string name;
  std::vector<uint64_t> shape;
  StoredValues values;
};

/// What an adapter is proved against.
struct Base {
  std::vector<BaseModule> modules;
  std::vector<BaseWeight> weights;     // ascending by name
  std::vector<std::string> stems = {}; // what classes with a head put in front of the bare model's names: "bert."
};

enum class MhaOutProj { Auto, Once, Twice };

struct Options {
  double userScale = 1;
  MhaOutProj mhaOutProj = MhaOutProj::Auto;
  std::vector<std::string> allowDrop; // globs over tensor names
  bool followLinks = false;
};

/// Reads the adapter and proves it against the base: every tensor used or
/// dropped by leave, every factor with its partner, ranks and shapes as the
/// configuration says.
Result<Adapter> readAdapter(const std::string &name, const std::string &directory, const Base &base,
                            const Options &options);

} // namespace ptx::peft

#endif // PTX_FRONTENDS_PEFT_ADAPTER_H
