#ifndef PTX_DIALECTS_STAGE_IR_STAGEDIALECT_H
#define PTX_DIALECTS_STAGE_IR_STAGEDIALECT_H

#include "dialects/xf/IR/XfDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"

#include "dialects/stage/IR/StageDialect.h.inc"
#include "dialects/stage/IR/StageEnums.h.inc"

#define GET_TYPEDEF_CLASSES
#include "dialects/stage/IR/StageTypes.h.inc"

#define GET_OP_CLASSES
#include "dialects/stage/IR/Stage.h.inc"

#endif // PTX_DIALECTS_STAGE_IR_STAGEDIALECT_H
