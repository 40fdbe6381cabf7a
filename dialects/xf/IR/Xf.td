// Everything of the dialect, for one run of tablegen.
#ifndef PTX_XF
#define PTX_XF

include "dialects/xf/IR/XfBase.td"
include "dialects/xf/IR/XfStructure.td"
include "dialects/xf/IR/XfCompute.td"
include "dialects/xf/IR/XfState.td"
include "dialects/xf/IR/XfWeights.td"

#endif // PTX_XF
