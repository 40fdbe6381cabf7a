// The parts of the conversion from xf to stage: what types become, and the
// patterns by family, one for each op.
#ifndef PTX_PASSES_CONVERSION_XFTOSTAGE_PATTERNS_H
#define PTX_PASSES_CONVERSION_XFTOSTAGE_PATTERNS_H

#include "dialects/stage/IR/StageDialect.h"

#include "mlir/Transforms/DialectConversion.h"

namespace ptx::stage {

/// [B,S,D] and [B,D] become [rows,D], a mask a row table, ids an index in one.
/// Inputs stay what the caller hands over, and weights what they are.
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
