// The machinery between the public class and the functions of the operations.
#ifndef PTX_PASSES_INTERPRETER_EVALUATOR_H
#define PTX_PASSES_INTERPRETER_EVALUATOR_H

#include "passes/Interpreter/Value.h"

#include "dialects/stage/IR/StageDialect.h"
#include "dialects/xf/IR/XfDialect.h"

#include "mlir/IR/SymbolTable.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"

namespace ptx::interp {

class Frame;
using Handler = mlir::LogicalResult (*)(Frame &, mlir::Operation *);

/// Operation name -> function.
class Table {
public:
  /// The table of all families.
  static const Table &get();

  Handler find(mlir::Operation *op) const { return handlers.lookup(op->getName().getStringRef()); }

  void add(llvm::StringRef name, Handler handler) { handlers[name] = handler; }

  /// Adds a function that takes the operation by its own class.
  template <auto evaluate> void add() {
    using Op = decltype(operation(evaluate));
    add(Op::getOperationName(), [](Frame &frame, mlir::Operation *op) { return evaluate(frame, mlir::cast<Op>(op)); });
  }

private:
  template <typename Op> static Op operation(mlir::LogicalResult (*)(Frame &, Op));
  llvm::StringMap<Handler> handlers;
};

/// An error where a value is not finite: DoRA divides by norms, which may be zero.
mlir::LogicalResult checkFinite(mlir::Operation *op, const Array &array);

void addStructure(Table &table);
void addWeights(Table &table);
void addCompute(Table &table);
void addLinear(Table &table);
void addMixing(Table &table);
void addScalar(Table &table);
void addRows(Table &table);
void addSkeletons(Table &table);
void addState(Table &table);

/// What holds for every call: the module, the adapter, and what was read.
class Binding {
public:
  Binding(mlir::ModuleOp module, Readers readers, std::string adapter)
      : module(module), symbols(module), readers(std::move(readers)), adapter(std::move(adapter)) {}

  /// The value of the stored tensor, read once. Errors are reported at `user`.
  mlir::FailureOr<ArrayPtr> weight(mlir::Operation *user, llvm::StringRef name);
  /// The chosen adapter's factors for a site whose low-rank type is
  /// `out`x`in`; null where it has none.
  mlir::FailureOr<LowRank> factors(mlir::Operation *user, llvm::StringRef site, int64_t out, int64_t in);
  mlir::FailureOr<Datum> parameter(mlir::Operation *user, llvm::StringRef name);
  /// The chosen adapter's own tensor for a site; null where it brings none.
  mlir::FailureOr<ArrayPtr> replacement(mlir::Operation *user, llvm::StringRef site, llvm::ArrayRef<int64_t> shape);

  /// Fails where the chosen adapter is not one of the module's.
  mlir::LogicalResult checkAdapter();

  mlir::ModuleOp module;
  mlir::SymbolTable symbols;
  Readers readers;
  std::string adapter;
  int depth = 0; // of calls and parameters, against endless recursion

private:
  llvm::StringMap<ArrayPtr> weights, replacements;
  llvm::StringMap<LowRank> lowRanks;
  llvm::StringMap<Datum> parameters;
};

/// What one call of a function binds and gives.
struct Call {
  llvm::StringMap<Datum> inputs;
  Outputs outputs;
  Rows *rows = nullptr;
  llvm::StringMap<std::vector<int64_t>> lengths; // [B] of each history once the call is done
  llvm::StringSet<> extended;                    // histories that are begun or continued
  llvm::StringMap<CachePtr> appended;            // by cache

  /// [B] of a history before the call; null where it has no rows of a session.
  const std::vector<int64_t> *past(llvm::StringRef history) const {
    if (!rows)
      return nullptr;
    auto found = rows->lengths.find(history.str());
    return found == rows->lengths.end() ? nullptr : &found->second;
  }
};

/// How long each history is once the function is done, from its inputs.
mlir::LogicalResult bindHistories(xf::FunctionOp function, Call &call);
/// Gives the rows what was appended, and their new lengths.
void keepRows(Call &call);

/// Checks the inputs of a call and fills in those that were left out.
mlir::LogicalResult bindInputs(xf::FunctionOp function, const Inputs &given, Call &call);

/// The values of one body: a function's, a layer's, a parameter's.
class Frame {
public:
  Frame(Binding &binding, Call *call) : binding(binding), call(call) {}

  /// Evaluates the operations in order; the operands of the terminator.
  mlir::FailureOr<llvm::SmallVector<Datum>> run(mlir::Block &block);
  /// Evaluates a body with values for its arguments in a frame of its own.
  static mlir::FailureOr<llvm::SmallVector<Datum>> runBody(Binding &binding, Call *call, mlir::Operation *user,
                                                           mlir::Region &body, llvm::ArrayRef<Datum> arguments);

  /// Gives an SSA value its value. Fails, at the operation that defines it,
  /// where kind or shape contradict its type; so the getters need no check.
  mlir::LogicalResult set(mlir::Value key, Datum value);
  mlir::LogicalResult set(mlir::Value key, Array array);

  const Array &array(mlir::Value key) { return *arrayPtr(key); }
  const ArrayPtr &arrayPtr(mlir::Value key) { return get<ArrayPtr>(key); }
  const Integers &integers(mlir::Value key) { return *get<IntegersPtr>(key); }
  const Mask &mask(mlir::Value key) { return *get<MaskPtr>(key); }
  const Space &space(mlir::Value key) { return *get<SpacePtr>(key); }
  const Cache &cache(mlir::Value key) { return *get<CachePtr>(key); }
  const LowRank &lowRank(mlir::Value key) { return get<LowRank>(key); }
  double scalar(mlir::Value key) { return get<double>(key); }
  Datum any(mlir::Value key) { return values.lookup(key); }

  Binding &binding;
  Call *call; // null inside a parameter

private:
  template <typename T> const T &get(mlir::Value key) { return std::get<T>(values.find(key)->second); }
  llvm::DenseMap<mlir::Value, Datum> values;
};

/// The history that an op begins or continues, if it does.
struct HistoryUse {
  llvm::StringRef name;
  bool continues;

  template <typename Op> static std::optional<HistoryUse> of(Op op) {
    if (op.getBegins())
      return HistoryUse{*op.getBegins(), false};
    if (op.getContinues())
      return HistoryUse{*op.getContinues(), true};
    return std::nullopt;
  }
};

/// Which positions a mask, or the ids, of `op` let exist; fails where they are
/// more than the model takes.
mlir::FailureOr<Mask> visibleMask(Frame &frame, mlir::Operation *op, mlir::Value source, int64_t maxLength,
                                  bool keepFirst, std::optional<HistoryUse> history);

/// Columns from `offset` on, as many as `type` says.
mlir::FailureOr<Array> columnsOf(mlir::Operation *op, const Array &x, int64_t offset, mlir::Type type);

/// The columns of each, one after the other.
mlir::FailureOr<Array> concatColumns(mlir::Operation *op, llvm::ArrayRef<const Array *> parts);

/// Of each row which element is the greatest, of equals the first; -1 - n where element n is the first not finite.
Integers greatestOf(const Array &x);

/// "[2, 3]", for messages.
std::string format(llvm::ArrayRef<int64_t> shape);

} // namespace ptx::interp

#endif // PTX_PASSES_INTERPRETER_EVALUATOR_H
