// What the generators share. Each skeleton has a file of its own.
#ifndef PTX_PASSES_TARGET_CPU_GENERATORS_H
#define PTX_PASSES_TARGET_CPU_GENERATORS_H

#include "passes/Target/CPU/Operands.h"

namespace ptx::cpu {

//===- MicroKernels.cpp: the only code that multiplies matrices -===//

/// A private function, and its end.
mlir::func::FuncOp beginFunction(Emit &e, llvm::StringRef name, llvm::ArrayRef<mlir::Type> types);
void endFunction(Emit &e, mlir::func::FuncOp function);

/// Adds the private functions that kernels in f32 and in these types call.
void emitMicroKernels(Emit &e, const LevelInfo &level, llvm::ArrayRef<mlir::Type> productTypes);

/// One tile: `rows` x `panels` * 16 of C = A B (or C += A B), k ascending,
/// one fused multiply-add each from -0.0. In words of 32 bits; a word of narrow
/// operands is what `Operands` says.
struct Tile {
  Value rows, panels;
  Value a, aRow, aStep; // word (row i, k) at a + i * aRow + k * aStep
  Value b;              // what step s takes of panel p at b + p * bPanel + s * bRow
  Value bRow, bPanel;
  Value depth;   // steps
  Value c, cRow; // row-major f32, panels adjacent
  Value fresh;   // start at -0.0 instead of at c
};
void emitTile(Emit &e, const Operands &operands, const Tile &tile);

/// dst[depth][16] <- src[rows][depth], 1 <= rows <= 16; lanes behind the last
/// row repeat it. Reads and writes `depth` rounded up to 16.
void emitTranspose(Emit &e, Matrix src, Value rows, Value depth, Value dst);

/// The first 16 words of 16 rows, transposed. `element` is a type of 32 bits.
SmallVector<Value> emitTransposed(Emit &e, mlir::ArrayRef<Value> rows, mlir::Type element, unsigned alignment);

/// How `rows` rows are cut into balanced blocks no taller than a micro-kernel of the operands.
struct RowBlocks {
  Value rows, count, tallest;
  void forEach(Emit &e, llvm::function_ref<void(Value begin, Value rows)> body) const;
};
RowBlocks cutRows(Emit &e, const LevelInfo &level, const Operands &operands, Value rows);
/// The most rows that a tile of so many panels may have.
int64_t tallestTile(const LevelInfo &level, int64_t panels);
/// The most panels a tile of `rows` rows may have, within `left`.
Value tilePanels(Emit &e, const LevelInfo &level, Value rows, Value left);

/// Floats of the tile every kernel keeps at the start of its scratch.
inline constexpr int64_t tileFloats = 512;

//===- One file per skeleton -===//

struct Kernel {
  mutable rt::KernelOp op; // its accessors are not const
  const LevelInfo &level;
  Words words;
  Value r0, r1, c0, c1, scratch;
};

void emitContract(Emit &e, const Kernel &kernel);
void emitAttention(Emit &e, const Kernel &kernel);
void emitAttentionChunk(Emit &e, const Kernel &kernel);
void emitAttentionJoin(Emit &e, const Kernel &kernel);
void emitRowNorm(Emit &e, const Kernel &kernel);
void emitGather(Emit &e, const Kernel &kernel);
void emitAppend(Emit &e, const Kernel &kernel);
void emitPool(Emit &e, const Kernel &kernel);
void emitGreatest(Emit &e, const Kernel &kernel);
void emitMap(Emit &e, const Kernel &kernel);
void emitFold(Emit &e, const Kernel &kernel);
void emitFoldNorm(Emit &e, const Kernel &kernel);

int64_t contractScratch(bool isNarrow);

} // namespace ptx::cpu

#endif // PTX_PASSES_TARGET_CPU_GENERATORS_H
