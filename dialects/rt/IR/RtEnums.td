// Enumerations of the rt dialect.
#ifndef PTX_RT_ENUMS
#define PTX_RT_ENUMS

include "mlir/IR/EnumAttr.td"

def Rt_Over : I32EnumAttr<"Over", "the first iteration dimension of a problem", [
  I32EnumAttrCase<"Rows", 0, "rows">,
  I32EnumAttrCase<"Blocks", 1, "blocks">,
  I32EnumAttrCase<"Sequences", 2, "sequences">,
  I32EnumAttrCase<"Chunks", 3, "chunks">
]> { let cppNamespace = "::ptx::rt"; }

def Rt_Per : I32EnumAttr<"Per", "what a buffer has one row for", [
  I32EnumAttrCase<"Row", 0, "row">,
  I32EnumAttrCase<"Sequence", 1, "sequence">,
  I32EnumAttrCase<"Chunk", 2, "chunk">
]> { let cppNamespace = "::ptx::rt"; }

def Rt_RowField : I32EnumAttr<"RowField", "an array of the row table", [
  I32EnumAttrCase<"Position", 0, "position">,
  I32EnumAttrCase<"Sequence", 1, "sequence">,
  I32EnumAttrCase<"Begin", 2, "begin">,
  I32EnumAttrCase<"Keys", 3, "keys">,
  I32EnumAttrCase<"Blocks", 4, "blocks">,
  I32EnumAttrCase<"First", 5, "first">,
  I32EnumAttrCase<"Cells", 6, "cells">,  // of a space that begins or continues a history: each row's in the caches
  // Of what is held, where it comes by chunks: sequence and first key of each, and the first chunk of each sequence.
  I32EnumAttrCase<"Chunks", 7, "chunks">,
  I32EnumAttrCase<"ChunkBegin", 8, "chunk_begin">
]> { let cppNamespace = "::ptx::rt"; }

def Rt_When : I32EnumAttr<"When", "how many chunks of keys the longest sequence has, where a problem is wanted", [
  I32EnumAttrCase<"One", 0, "one">,
  I32EnumAttrCase<"Several", 1, "several">
]> { let cppNamespace = "::ptx::rt"; }

def Rt_ExtraKind : I32EnumAttr<"ExtraKind", "how a region's extra operand is read", [
  I32EnumAttrCase<"Row", 0, "row">,        // element [m,n]: two words, pointer and pitch
  I32EnumAttrCase<"Column", 1, "column">   // element [n]: one word, pointer
]> { let cppNamespace = "::ptx::rt"; }

#endif // PTX_RT_ENUMS
