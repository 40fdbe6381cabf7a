#include "passes/Conversion/XfToStage/Patterns.h"

#include "mlir/IR/AttrTypeSubElements.h"

using namespace mlir;

namespace ptx::stage {

static Type toRows(RankedTensorType type) {
  constexpr int64_t rows = ShapedType::kDynamic;
  if (xf::isMask(type))
    return SpaceType::get(type.getContext());
  if (xf::isIds(type))
    return RankedTensorType::get({rows}, IntegerType::get(type.getContext(), 32));
  if (xf::isNumbers(type))
    return RankedTensorType::get({rows}, IntegerType::get(type.getContext(), 32),
                                 PerSequenceAttr::get(type.getContext()));
  if (xf::isSequence(type))
    return RankedTensorType::get({rows, type.getShape().back()}, type.getElementType());
  return type;
}

RowTypes::RowTypes() {
  // The conversion that was added last is asked first.
  addConversion([](Type type) { return type; });
  addConversion(toRows);
  addConversion([](Value value) -> std::optional<Type> {
    return value.getDefiningOp<xf::InputOp>() ? std::optional(value.getType()) : std::nullopt;
  });
}

void setRowsPerSequence(ModuleOp module) {
  AttrTypeReplacer types;
  types.addReplacement([](RankedTensorType type) -> std::optional<Type> {
    if (!xf::isPooled(type))
      return std::nullopt;
    return RankedTensorType::get(type.getShape(), type.getElementType(), PerSequenceAttr::get(type.getContext()));
  });
  types.recursivelyReplaceElementsIn(module, /*replaceAttrs=*/true, /*replaceLocs=*/false, /*replaceTypes=*/true);
}

} // namespace ptx::stage
