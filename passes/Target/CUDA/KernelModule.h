// rt.kernels and rt.entries -> a gpu.module with one kernel per entry: the
// block finds its problem in the launch's table and does one tile of it.
#ifndef PTX_PASSES_TARGET_CUDA_KERNELMODULE_H
#define PTX_PASSES_TARGET_CUDA_KERNELMODULE_H

#include "dialects/rt/IR/RtDialect.h"
#include "passes/Target/Target.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

namespace ptx::cuda {

mlir::OwningOpRef<mlir::ModuleOp> generateKernels(mlir::ModuleOp module);

/// What runtime/device/grid.h reads: tile_rows, tile_columns, few_rows,
/// few_columns of a kernel; threads of an entry.
Metadata describeKernel(rt::KernelOp kernel);
Metadata describeEntry(rt::EntryOp entry);

} // namespace ptx::cuda

#endif // PTX_PASSES_TARGET_CUDA_KERNELMODULE_H
