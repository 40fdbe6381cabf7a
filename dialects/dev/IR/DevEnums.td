// The dev dialect has no enumerations yet; the build expects the file.
#ifndef PTX_DEV_ENUMS
#define PTX_DEV_ENUMS
include "mlir/IR/EnumAttr.td"
#endif // PTX_DEV_ENUMS
