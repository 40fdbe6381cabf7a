#ifndef PTX_DIALECTS_STAGE_IR_STAGEDIALECT_H
#define PTX_DIALECTS_STAGE_IR_STAGEDIALECT_H

#include "dialects/xf/IR/XfDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"

#include "dialects/stage/IR/StageDialect.h.inc"

#define GET_ATTRDEF_CLASSES
#include "dialects/stage/IR/StageAttrs.h.inc"

namespace ptx::stage {

/// Of rows, and of an index: whether there is one for each sequence, else there
/// is one for each token.
inline bool isPerSequence(mlir::Type type) {
  auto tensor = mlir::dyn_cast<mlir::RankedTensorType>(type);
  return tensor && mlir::isa_and_present<PerSequenceAttr>(tensor.getEncoding());
}

/// tensor<?xi32>, per token or per sequence.
bool isIndex(mlir::Type type);
/// tensor<?xDxf32>, or the same of an even number of f16 or bf16; per token or
/// per sequence.
bool isRows(mlir::Type type);
bool isRowsOfF32(mlir::Type type);
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
/// the space.
struct RowDomain {
  mlir::Value like = {}, space = {};
};

/// The space whose tokens or sequences an index has an entry for; null for what
/// is no index.
mlir::Value spaceOfIndex(mlir::Value index);

/// Rows that a stage multiplies, or stores in the type.
struct Factor {
  llvm::StringRef word; // of the kernel
  mlir::OpOperand *rows;
  mlir::Type type; // in which they are multiplied
  int64_t columns; // that are multiplied together
};

/// C5: rows, or an index, that the op reads are for tokens or for sequences, as
/// those that it computes.
mlir::LogicalResult verifyKind(mlir::Operation *op, mlir::Type read, mlir::Type computed);

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
