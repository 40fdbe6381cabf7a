// The oracle: an interpreter in f64, slow and readable, straight from the
// definitions, of xf and stage modules at any phase from import to merge.
//
// Nothing is rounded to a narrower type, a merge neither: what a device
// computes is compared with this up to its own rounding.
#ifndef PTX_PASSES_INTERPRETER_INTERPRETER_H
#define PTX_PASSES_INTERPRETER_INTERPRETER_H

#include "dialects/xf/IR/XfDialect.h"
#include "passes/Interpreter/Array.h"

#include "mlir/IR/BuiltinOps.h"
#include "llvm/Support/Error.h"

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

namespace ptx::interp {

/// What an adapter does to one site, in the shapes of its file: A [R,IN],
/// B [OUT,R], magnitude and bias [OUT]; for an embedding [V,D], IN is V and
/// OUT is D.
struct Factors {
  Array a, b;
  double scale = 1.0;
  bool embedding = false;
  std::map<xf::Factor, Array> vectors;

  const Array *find(xf::Factor factor) const {
    auto found = vectors.find(factor);
    return found == vectors.end() ? nullptr : &found->second;
  }
};

/// Where values come from. An error becomes a diagnostic at the operation
/// that asked. `factors` is asked only for sites that the module's
/// `xf.adapter` lists with a delta, `replacement` for those that it replaces.
struct Readers {
  std::function<llvm::Expected<Array>(llvm::StringRef name)> weight;
  std::function<llvm::Expected<Factors>(llvm::StringRef adapter, llvm::StringRef site)> factors;
  std::function<llvm::Expected<Array>(llvm::StringRef adapter, llvm::StringRef site)> replacement = nullptr;
};

using Inputs = std::map<std::string, Integers>;
using Outputs = std::map<std::string, Array>;

/// What a session keeps: by cache and row, one vector after the other.
using State = std::map<std::pair<std::string, int64_t>, std::vector<double>>;

/// The rows of a session that the sequences of a call are given, and how many
/// tokens each holds of each history: before the call and, where it succeeds, after it.
struct Rows {
  explicit Rows(State &state) : state(state) {}
  State &state;
  std::vector<int64_t> rows;                           // [B]
  std::map<std::string, std::vector<int64_t>> lengths; // [B] by history
};

/// A module, the place its weights come from and the adapter chosen ("" for
/// none). Stored tensors and parameters are read once and kept. Calls on one
/// object must not overlap.
///
/// The module must have passed the verifier. Whatever else is wrong with it,
/// with the stored tensors or with the inputs is a diagnostic that names the
/// operation and its location, and a failure.
class Interpreter {
public:
  Interpreter(mlir::ModuleOp module, Readers readers, std::string adapter = "");
  ~Interpreter();

  /// Runs `xf.function @function`. Masks are 0 or 1 and may be left out, ids
  /// with a default too. Outputs are [B,S,D], zero at positions that do not
  /// exist, or [B,D], or numbers [B]. A function with histories needs rows; what it appends is
  /// theirs when it has succeeded, and nothing is changed when it fails.
  mlir::FailureOr<Outputs> call(llvm::StringRef function, const Inputs &inputs, Rows *rows = nullptr);

  /// The value of `xf.parameter @name`, as the logical matrix or vector.
  mlir::FailureOr<Array> parameter(llvm::StringRef name);

private:
  std::unique_ptr<class Binding> binding;
};

} // namespace ptx::interp

#endif // PTX_PASSES_INTERPRETER_INTERPRETER_H
