// The parts of the conversion from xf to stage: what types become, and the
// patterns by family, one for each op.
#ifndef PTX_PASSES_CONVERSION_XFTOSTAGE_PATTERNS_H
#define PTX_PASSES_CONVERSION_XFTOSTAGE_PATTERNS_H

#include "dialects/stage/IR/StageDialect.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Transforms/DialectConversion.h"

namespace ptx::stage {

/// Gives values [B,D] the type of rows per sequence, in place and in front of
/// the conversion: rows per token have the type that [B,D] had, and whether an op
/// is converted is read off its types.
void setRowsPerSequence(mlir::ModuleOp module);

/// [B,S,D] becomes rows per token, a mask a row table, ids an index of its rows.
/// Rows per sequence are there; inputs stay what the caller hands over, and
/// weights what they are.
class RowTypes : public mlir::TypeConverter {
public:
  RowTypes();
};

/// The mask whose sequences a value [B,D] has a row for; null where a layer
/// computes it, of which nobody knows.
mlir::Value maskOfSequences(mlir::Value value);

/// Row tables, outputs, and what holds other ops.
void populateStructurePatterns(mlir::RewritePatternSet &patterns, const RowTypes &types);
/// Ops that are a skeleton, or a view of rows.
void populateSkeletonPatterns(mlir::RewritePatternSet &patterns, const RowTypes &types);
/// Ops that are the region of a map.
void populateElementwisePatterns(mlir::RewritePatternSet &patterns, const RowTypes &types);

} // namespace ptx::stage

#endif // PTX_PASSES_CONVERSION_XFTOSTAGE_PATTERNS_H
