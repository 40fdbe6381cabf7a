#ifndef PTX_STAGE
#define PTX_STAGE

include "dialects/stage/IR/StageBase.td"
include "dialects/stage/IR/StageRows.td"
include "dialects/stage/IR/StageSkeletons.td"

#endif // PTX_STAGE
