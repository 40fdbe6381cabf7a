#ifndef PTX_DIALECTS_STAGE_IR_STAGEDIALECT_H
#define PTX_DIALECTS_STAGE_IR_STAGEDIALECT_H

#include "dialects/xf/IR/XfDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"

#include "dialects/stage/IR/StageDialect.h.inc"

namespace ptx::stage {

/// tensor<?xi32>.
inline bool isIndex(mlir::Type type) {
  auto tensor = mlir::dyn_cast<mlir::RankedTensorType>(type);
  return tensor && tensor.getRank() == 1 && tensor.isDynamicDim(0) && tensor.getElementType().isInteger(32);
}

/// tensor<?xDxf32>, or the same of an even number of f16 or bf16.
bool isRows(mlir::Type type);
/// The element type of rows.
inline mlir::Type elementOf(mlir::Value rows) {
  return mlir::cast<mlir::RankedTensorType>(rows.getType()).getElementType();
}
/// The type of the same rows with other elements.
mlir::Type withElements(mlir::Type rows, mlir::Type element);

/// Whether every target computes the op on an element of a region.
bool isElementwise(mlir::Operation *op);

/// The rules of every skeleton's region: one block of `arguments` f32 that
/// yields one f32, computed by element-wise ops alone.
mlir::LogicalResult verifyElement(mlir::Operation *skeleton, mlir::Region &region, int64_t arguments);

/// Which rows a stage computes: those of `like`; where that is null, those of
/// the space, or one for each of its sequences.
struct RowDomain {
  mlir::Value like = {}, space = {};
  bool perSequence = false;
};

/// The rows that an index has an entry for; without a space for what is no index.
RowDomain rowsOfIndex(mlir::Value index);

/// Rows that a stage multiplies.
struct Factor {
  llvm::StringRef word; // of the kernel
  mlir::OpOperand *rows;
  mlir::Type type; // in which they are multiplied
  int64_t columns; // that are multiplied together
};

class SkeletonOpInterface;
/// The rules of every skeleton: its region is one of elements, rows of narrow
/// types are its factors.
mlir::LogicalResult verifySkeleton(SkeletonOpInterface op);

} // namespace ptx::stage
#include "dialects/stage/IR/StageEnums.h.inc"

#include "dialects/stage/IR/StageInterfaces.h.inc"

#define GET_TYPEDEF_CLASSES
#include "dialects/stage/IR/StageTypes.h.inc"

#define GET_OP_CLASSES
#include "dialects/stage/IR/Stage.h.inc"

#endif // PTX_DIALECTS_STAGE_IR_STAGEDIALECT_H
