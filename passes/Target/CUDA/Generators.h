// Each skeleton has a file of its own: what one thread block does for one tile.
#ifndef PTX_PASSES_TARGET_CUDA_GENERATORS_H
#define PTX_PASSES_TARGET_CUDA_GENERATORS_H

#include "passes/Target/CUDA/Emit.h"

namespace ptx::cuda {

/// One tile of a problem, as the entry has found it.
struct Kernel {
  mutable rt::KernelOp op; // its accessors are not const
  Words words;
  Value begin, end;          // rows, blocks or sequences of the problem
  Value rowTile, columnTile; // of this block
  Value thread, lane, warp;
  Value shared; // the block's shared memory
};

/// Rows and columns of a tile; the form for few rows takes all of them at once.
struct TileShape {
  int64_t rows, columns;
};
inline constexpr TileShape contractTile{64, 64};
inline constexpr TileShape fewRowsTile{8, 16};
/// A warp a row.
inline constexpr TileShape rowWiseTile{warps, 1};
inline constexpr TileShape foldTile{warps, 256};
/// A thread a column.
inline constexpr TileShape foldNormTile{1, threads};
/// Query rows of one sequence that an attention takes at once.
inline constexpr int64_t attentionBlockRows = 16;
/// A head whose channels fill no whole warps: every staged load is checked.
constexpr bool isOddHead(int64_t headDim) { return headDim < 64 && headDim % warpSize != 0; }

void emitContract(Emit &e, const Kernel &kernel);
void emitContractMma(Emit &e, const Kernel &kernel);
void emitContractFewRows(Emit &e, const Kernel &kernel);
void emitAttention(Emit &e, const Kernel &kernel);
void emitAttentionMma(Emit &e, const Kernel &kernel);
void emitAttentionJoin(Emit &e, const Kernel &kernel);
void emitRowNorm(Emit &e, const Kernel &kernel);
void emitGather(Emit &e, const Kernel &kernel);
void emitAppend(Emit &e, const Kernel &kernel);
void emitPool(Emit &e, const Kernel &kernel);
void emitGreatest(Emit &e, const Kernel &kernel);
void emitMap(Emit &e, const Kernel &kernel);
void emitFold(Emit &e, const Kernel &kernel);
void emitFoldNorm(Emit &e, const Kernel &kernel);

/// Floats of shared memory.
int64_t contractShared();
int64_t contractMmaShared();
int64_t attentionShared();
int64_t attentionMmaShared();
int64_t greatestShared();

/// The two products of a contraction, x W^T and u B^T: the second only where
/// there is a low-rank part. `body` continues the sums with one of them. Rows of
/// x that are not in the type of the weights, where that is narrow, are f32.
struct Product {
  Matrix x, weight;
  Value depth;
};
SmallVector<Value> forEachProduct(Emit &e, const Kernel &kernel, int64_t sums,
                                  llvm::function_ref<SmallVector<Value>(const Product &, ValueRange)> body);

/// body(m) for the row that this warp has of the tile.
void forWarpRow(Emit &e, const Kernel &kernel, llvm::function_ref<void(Value m)> body);

} // namespace ptx::cuda

#endif // PTX_PASSES_TARGET_CUDA_GENERATORS_H
