// How the operands of a product lie where micro-kernels read them. Counted in
// words of 32 bits.
#ifndef PTX_PASSES_TARGET_CPU_OPERANDS_H
#define PTX_PASSES_TARGET_CPU_OPERANDS_H

#include "passes/Target/CPU/Emit.h"

namespace ptx::cpu {

enum class Product {
  F32,
  F16,      // weights are widened as they are read; rows are f32 that are rounded already
  Bf16,     // likewise; weights lie in pairs along k
  Bf16Pairs // pairs of both are multiplied and added by one instruction
};

/// One step takes `depth` neighbours along k of a panel of weights.
struct Operands {
  Product product;
  llvm::StringRef name; // of the micro-kernels
  int64_t depth;
  int64_t rowWords;   // of a row in one step
  int64_t panelWords; // of a panel in one step
  int64_t maxRows;    // of a tile: more would be spilled

  bool isNarrow() const { return product != Product::F32; }
  Value steps(Emit &e, Value k) const { return depth == 1 ? k : e.ceilDiv(k, depth); }
};

/// What a level multiplies for a product type; none is f32.
const Operands &operandsOf(const LevelInfo &level, std::optional<mlir::Type> productType);

/// The lanes rounded to a type: to nearest, ties to even.
Value emitRound(Emit &e, const LevelInfo &level, Value x, mlir::Type type);

/// The bits of the lanes as elements that rows of the type hold.
Value emitNarrow(Emit &e, const LevelInfo &level, Value x, mlir::Type type);

/// Words whose lower halves are the lanes of one and whose upper halves are
/// those of another: of bf16 or, on levels that multiply pairs, of f32 that is rounded.
Value emitPair(Emit &e, Value low, Value high);

/// The same of f32 that is not rounded yet, on any level; and the two halves of such words in f32.
Value emitRoundedPair(Emit &e, const LevelInfo &level, Value low, Value high);
std::pair<Value, Value> emitUnpair(Emit &e, Value words, mlir::Type type);

/// Words that hold what is multiplied, as an operand: f32, or pairs.
Value emitAsOperand(Emit &e, const Operands &operands, Value words);
/// The word at an address in every lane, as an operand.
Value emitBroadcast(Emit &e, const Operands &operands, Value address);
/// sum + a b, fused, or the two products of pairs added to it.
Value emitMultiplyAdd(Emit &e, const Operands &operands, Value a, Value b, Value sum);

/// The lanes into a row from column `n` on, the first `count` of them, in the
/// type of its elements.
void emitStore(Emit &e, const LevelInfo &level, Value x, const Matrix &rows, Value row, Value n, Value count);
/// 16 elements of a row from column `n` on, in f32.
Value emitLoad(Emit &e, const Matrix &rows, Value row, Value n);

/// Words between rows of `depth` elements that are prepared: an odd number of
/// cache lines.
Value preparedPitch(Emit &e, const Operands &operands, Value depth);
/// Whether rows lie as a tile of these operands reads them.
bool isPrepared(const Operands &operands, const Matrix &rows);
/// dst[rows][preparedPitch] <- src[rows][depth], rounded, as a tile of these
/// operands reads its rows; those of src are not prepared. Reads `depth` rounded
/// up to 16; behind it lie zeros.
void emitPrepare(Emit &e, const Operands &operands, Matrix src, Value rows, Value depth, Matrix dst);
/// The functions that do so.
void emitPrepareFunctions(Emit &e, const LevelInfo &level, llvm::ArrayRef<mlir::Type> productTypes);

} // namespace ptx::cpu

#endif // PTX_PASSES_TARGET_CPU_OPERANDS_H
