#include "passes/Analysis/Form.h"
#include "passes/Passes.h"

#include "mlir/IR/Builders.h"

namespace ptx {
#define GEN_PASS_DEF_NARROWCONTRACTIONSPASS
#include "passes/Passes.h.inc"

using namespace mlir;

namespace {

/// Null for f32, which no op states; nothing where the name is no type.
std::optional<TypeAttr> parseType(MLIRContext *context, StringRef name) {
  Builder builder(context);
  if (name == "f32")
    return TypeAttr();
  if (name == "f16" || name == "bf16")
    return TypeAttr::get(name == "f16" ? Type(builder.getF16Type()) : builder.getBF16Type());
  return std::nullopt;
}

struct NarrowContractions : impl::NarrowContractionsPassBase<NarrowContractions> {
  using NarrowContractionsPassBase::NarrowContractionsPassBase;

  void runOnOperation() override {
    if (failed(checkForm(getOperation(), IrForm::Scheduled)))
      return signalPassFailure();
    std::optional<TypeAttr> wanted = parseType(&getContext(), type);
    if (!wanted) {
      getOperation().emitError("contractions multiply in f32, f16 or bf16, found '") << type << "'";
      return signalPassFailure();
    }
    getOperation().walk([&](xf::ContractionOpInterface op) { op.setProductTypeAttr(*wanted); });
  }
};

} // namespace
} // namespace ptx
