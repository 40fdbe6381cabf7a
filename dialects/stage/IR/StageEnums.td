// Enumerations of the stage dialect.
#ifndef PTX_STAGE_ENUMS
#define PTX_STAGE_ENUMS

include "mlir/IR/EnumAttr.td"

def Stage_Norm : I32EnumAttr<"Norm", "what a row is divided by", [
  I32EnumAttrCase<"Layer", 0, "layer">,   // (x - mean) / sqrt(var + eps)
  I32EnumAttrCase<"Rms", 1, "rms">,       // x / sqrt(mean(x^2) + eps)
  I32EnumAttrCase<"L2", 2, "l2">          // x / max(norm2(x), eps)
]> { let cppNamespace = "::ptx::stage"; }

#endif // PTX_STAGE_ENUMS
