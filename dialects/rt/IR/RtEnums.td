// Enumerations of the rt dialect.
#ifndef PTX_RT_ENUMS
#define PTX_RT_ENUMS

include "mlir/IR/EnumAttr.td"

def Rt_Over : I32EnumAttr<"Over", "the first iteration dimension of a problem", [
  I32EnumAttrCase<"Rows", 0, "rows">,
  I32EnumAttrCase<"Blocks", 1, "blocks">,
  I32EnumAttrCase<"Sequences", 2, "sequences">
]> { let cppNamespace = "::ptx::rt"; }

def Rt_Per : I32EnumAttr<"Per", "what a buffer has one row for", [
  I32EnumAttrCase<"Row", 0, "row">,
  I32EnumAttrCase<"Sequence", 1, "sequence">
]> { let cppNamespace = "::ptx::rt"; }

def Rt_RowField : I32EnumAttr<"RowField", "an array of the row table", [
  I32EnumAttrCase<"Position", 0, "position">,
  I32EnumAttrCase<"Sequence", 1, "sequence">,
  I32EnumAttrCase<"Begin", 2, "begin">,
  I32EnumAttrCase<"Keys", 3, "keys">,
  I32EnumAttrCase<"Blocks", 4, "blocks">,
  I32EnumAttrCase<"First", 5, "first">,
  I32EnumAttrCase<"Cells", 6, "cells">   // of a space that begins or continues a history: each row's in the caches
]> { let cppNamespace = "::ptx::rt"; }

def Rt_ExtraKind : I32EnumAttr<"ExtraKind", "how a region's extra operand is read", [
  I32EnumAttrCase<"Row", 0, "row">,        // element [m,n]: two words, pointer and pitch
  I32EnumAttrCase<"Column", 1, "column">   // element [n]: one word, pointer
]> { let cppNamespace = "::ptx::rt"; }

#endif // PTX_RT_ENUMS
