// The attribute of a module that holds the ids of text generation. No pass
// reads or changes it: it travels from the model's files into the manifest.
//
//   module attributes {xf.generation = {start = 1 : i64, pad = 0 : i64, eos = array<i64: 2, 3>,
//                                       forced_first = 4 : i64, forced_last = array<i64: 2>,
//                                       bad_words = [array<i64: 5>, array<i64: 6, 7>]}}
//
// What is not there the model does not say.
#ifndef PTX_DIALECTS_XF_IR_XFGENERATION_H
#define PTX_DIALECTS_XF_IR_XFGENERATION_H

#include "runtime/generate/ids.h"

#include "mlir/IR/BuiltinOps.h"

namespace ptx::xf {

inline constexpr llvm::StringLiteral generationAttribute = "xf.generation";

mlir::LogicalResult verifyGeneration(mlir::Operation *op, mlir::Attribute attribute);

/// Of a module that verifies; nothing where the model is none that generates.
std::optional<GenerationIds> generationOf(mlir::ModuleOp module);
void setGeneration(mlir::ModuleOp module, const GenerationIds &ids);

} // namespace ptx::xf

#endif // PTX_DIALECTS_XF_IR_XFGENERATION_H
