// What the generators share. Each skeleton has a file of its own.
#ifndef PTX_PASSES_TARGET_CPU_GENERATORS_H
#define PTX_PASSES_TARGET_CPU_GENERATORS_H

#include "passes/Target/CPU/Emit.h"

namespace ptx::cpu {

//===- MicroKernels.cpp: the only code that multiplies matrices -===//

/// Adds the private functions the kernels call.
void emitMicroKernels(Emit &e, const LevelInfo &level);

/// One tile: `rows` x `panels` * 16 of C = A B (or C += A B), k ascending,
/// one fused multiply-add each from -0.0.
struct Tile {
  Value rows, panels;
  Value a, aRow, aStep; // element (row i, k) at a + i * aRow + k * aStep
  Value b;              // element (k, panel p, lane n) at b + p * bPanel + k * bRow + n
  Value bRow, bPanel;
  Value depth;
  Value c, cRow; // row-major, panels adjacent
  bool fresh;    // start at -0.0 instead of at c
};
void emitTile(Emit &e, const Tile &tile);

/// dst[depth][16] <- src[rows][depth], 1 <= rows <= 16; lanes behind the last
/// row repeat it. Reads and writes `depth` rounded up to 16.
void emitTranspose(Emit &e, Matrix src, Value rows, Value depth, Value dst);

/// How `rows` rows are cut into balanced blocks no taller than a micro-kernel.
struct RowBlocks {
  Value rows, count, tallest;
  void forEach(Emit &e, llvm::function_ref<void(Value begin, Value rows)> body) const;
};
RowBlocks cutRows(Emit &e, const LevelInfo &level, Value rows);
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
void emitRowNorm(Emit &e, const Kernel &kernel);
void emitGather(Emit &e, const Kernel &kernel);
void emitPool(Emit &e, const Kernel &kernel);
void emitMap(Emit &e, const Kernel &kernel);
void emitFold(Emit &e, const Kernel &kernel);

int64_t contractScratch();
int64_t attentionScratchBase(int64_t headDim);
int64_t attentionScratchPerKey();

} // namespace ptx::cpu

#endif // PTX_PASSES_TARGET_CPU_GENERATORS_H
