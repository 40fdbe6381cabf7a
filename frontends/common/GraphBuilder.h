// What every model family builds its graph with: weights checked against the
// shapes the configuration promises, layer bodies shared by equal layers.
#ifndef PTX_FRONTENDS_COMMON_GRAPHBUILDER_H
#define PTX_FRONTENDS_COMMON_GRAPHBUILDER_H

#include "dialects/xf/IR/XfDialect.h"
#include "passes/Target/Artifact/ParameterTable.h"
#include "runtime/io/checkpoint.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/MapVector.h"

#include <functional>
#include <optional>

namespace ptx::frontends {

/// A named weight of a layer as the configuration promises it. An empty shape
/// means that the layer does not have it.
struct WeightSpec {
  std::string suffix; // "self_attn.in_proj_weight"
  std::vector<int64_t> shape;
};

/// The weights of a layer inside its body, by suffix; null where absent.
class LayerWeights {
public:
  mlir::Value operator[](llvm::StringRef suffix) const { return values.lookup(suffix); }
  void set(llvm::StringRef suffix, mlir::Value value) { values[suffix] = value; }

private:
  llvm::StringMap<mlir::Value> values;
};

/// Names that begin with `named` begin with `stored` in the files instead: one
/// class of a model saves its tensors with a prefix, another without.
struct Stem {
  std::string named = "", stored = "";
};

/// Builds a layer: activations and masks in, one activation out.
using LayerBody = std::function<mlir::Value(mlir::OpBuilder &, mlir::ValueRange, const LayerWeights &)>;

class GraphBuilder {
public:
  GraphBuilder(mlir::MLIRContext *context, const Checkpoint &checkpoint, Stem stem = {});

  mlir::ModuleOp module() { return top.get(); }
  mlir::OwningOpRef<mlir::ModuleOp> take() { return std::move(top); }
  mlir::OpBuilder &builder() { return ops; }

  /// Whether the files hold the tensor.
  bool has(llvm::StringRef name) const;

  /// Begins `xf.function @name`; everything after is built into it.
  void beginFunction(llvm::StringRef name);

  /// The value of a weight in the current function. Errors are collected: the
  /// value of a missing or misshapen weight is a placeholder of that shape.
  mlir::Value weight(llvm::StringRef name, const std::vector<int64_t> &shape);

  /// weight() at a place that shares a stored tensor with another place: the
  /// files hold it as `stored`. A symbol of its own, since what an adapter does
  /// to one place is not done to the other.
  mlir::Value tiedWeight(llvm::StringRef name, llvm::StringRef stored, const std::vector<int64_t> &shape);

  /// weight() from the files of another directory.
  mlir::Value weightOf(const Checkpoint &files, llvm::StringRef symbol, llvm::StringRef stored,
                       const std::vector<int64_t> &shape);

  /// Takes `copy` as read: a tensor that repeats `original`. Other values are an
  /// error, which `why` explains.
  void ignoreCopy(llvm::StringRef copy, llvm::StringRef original, llvm::StringRef why);

  /// Takes a tensor as read that the files may hold and no graph uses, once its shape is the one expected.
  void ignoreBuffer(llvm::StringRef name, const std::vector<int64_t> &shape);

  /// weight(), or null where the files have no such tensor.
  mlir::Value optionalWeight(llvm::StringRef name, const std::vector<int64_t> &shape);

  /// Calls the body `kind` with the weights `layer.suffix`; makes the body
  /// where no equal one is there yet.
  mlir::Value callLayer(llvm::StringRef kind, llvm::StringRef layer, mlir::ValueRange inputs,
                        const std::vector<WeightSpec> &weights, const LayerBody &body);

  //===- Shorthands for ops at the current place ------------------------------//

  /// Ids that may be left out where there is a default, or another input to count; see xf.input.
  mlir::Value idsInput(llvm::StringRef name, llvm::ArrayRef<llvm::StringRef> dims, int64_t limit,
                       std::optional<int64_t> defaultValue = std::nullopt, llvm::StringRef counting = {});
  mlir::Value maskInput(llvm::StringRef name, llvm::ArrayRef<llvm::StringRef> dims);
  mlir::Value visible(mlir::Value source, int64_t maxLength, bool keepFirst = false);
  /// The tokens of a source that begin or continue a history, which is declared where it is not yet.
  enum class HistoryUse { Begins, Continues };
  mlir::Value visible(mlir::Value source, llvm::StringRef history, HistoryUse use, int64_t maxLength);
  /// What a row holds of a history once the function is done.
  mlir::Value held(llvm::StringRef history, mlir::Value mask);
  /// A cache of vectors of the history's tokens, as the call finds it; declared where it is not yet.
  mlir::Value cache(llvm::StringRef name, llvm::StringRef history, int64_t width);
  /// The position of each token, as `xf.positions` has it.
  mlir::Value positions(mlir::Value mask);
  void output(llvm::StringRef name, mlir::Value value, mlir::Value mask);
  /// The outputs of a function whose `logits` [B,V] choose the next token: these and, on request, the ids of the
  /// greatest ones, `greatest_ids` [B].
  void nextToken(mlir::Value logits);

  /// Names the next ops for errors and profiles.
  mlir::Location named(llvm::StringRef name) const;

  /// Marks a tensor as read by rule though the graph does not use it.
  void ignore(const Checkpoint::Entry &entry) { used[entry.index] = true; }

  /// The first errors found and their count, or the tensors nothing read.
  Status finish(bool allowExtra) const;

  /// The tensors that begin with one of the prefixes and are not read, as read.
  size_t ignoreBelow(llvm::StringRef stem);

  ParameterTable &table() { return parameters; }

  /// Records what finish() says.
  void fail(const std::string &message) { errors.push_back(message); }

private:
  /// Before the functions, behind other declarations.
  template <typename Op, typename... Args> void declare(llvm::StringRef name, Args &&...args);
  mlir::Value use(llvm::StringRef name);
  std::string storedAs(llvm::StringRef name) const;
  void checkShape(const Checkpoint::Entry &entry, const std::vector<int64_t> &shape);

  const Checkpoint &checkpoint;
  Stem stem;
  mlir::OwningOpRef<mlir::ModuleOp> top;
  mlir::OpBuilder ops;
  llvm::StringMap<mlir::Type> declared;
  llvm::StringMap<mlir::Value> usesInFunction;
  llvm::StringMap<mlir::func::FuncOp> bodies;
  ParameterTable parameters;
  std::vector<bool> used; // of the checkpoint's tensors
  std::vector<std::string> errors;
  std::vector<std::pair<std::string, std::string>> missing; // name and shape
};

//===- Ops inside bodies ------------------------------------------------------//

mlir::Value linear(mlir::OpBuilder &builder, llvm::StringRef name, mlir::Value x, mlir::Value weight, mlir::Value bias,
                   std::optional<std::pair<int64_t, int64_t>> rows = std::nullopt);
/// A Conv1D of GPT-2: y = x W + b with W [IN,OUT].
mlir::Value conv1D(mlir::OpBuilder &builder, llvm::StringRef name, mlir::Value x, mlir::Value weight, mlir::Value bias);
mlir::Value layerNorm(mlir::OpBuilder &builder, llvm::StringRef name, mlir::Value x, mlir::Value gamma,
                      mlir::Value beta, double eps);
mlir::Value activation(mlir::OpBuilder &builder, xf::ActivationKind kind, mlir::Value x);
mlir::Value add(mlir::OpBuilder &builder, mlir::Value x, mlir::Value y);
/// [B,D] of the last token of each sequence.
mlir::Value lastToken(mlir::OpBuilder &builder, mlir::Value x, mlir::Value mask);
/// The cache with vectors [B,S,D] of the mask's tokens behind what it holds.
mlir::Value append(mlir::OpBuilder &builder, mlir::Value vectors, mlir::Value cache, mlir::Value mask);
/// What a cache holds: [B,P,D].
mlir::Value recall(mlir::OpBuilder &builder, llvm::StringRef name, mlir::Value cache, mlir::Value heldMask);
mlir::Value columns(mlir::OpBuilder &builder, mlir::Value x, int64_t offset, int64_t width);
mlir::Value embedding(mlir::OpBuilder &builder, mlir::Value ids, mlir::Value table, mlir::Value mask);
mlir::Value attention(mlir::OpBuilder &builder, llvm::StringRef name, mlir::Value q, mlir::Value k, mlir::Value v,
                      mlir::Value queryMask, mlir::Value keyMask, int64_t heads, bool causal,
                      std::optional<double> scale = std::nullopt); // else 1 / sqrt(width of a head)

} // namespace ptx::frontends

#endif // PTX_FRONTENDS_COMMON_GRAPHBUILDER_H
