// Enumerations of the xf dialect.
#ifndef PTX_XF_ENUMS
#define PTX_XF_ENUMS

include "mlir/IR/EnumAttr.td"

def Xf_ActivationKind : I32EnumAttr<"ActivationKind", "activation function", [
  I32EnumAttrCase<"Relu", 0, "relu">,
  I32EnumAttrCase<"Gelu", 1, "gelu">,
  I32EnumAttrCase<"GeluTanh", 2, "gelu_tanh">,
  I32EnumAttrCase<"Silu", 3, "silu">,
  I32EnumAttrCase<"Tanh", 4, "tanh">,
  I32EnumAttrCase<"Relu2", 5, "relu2">
]> { let cppNamespace = "::ptx::xf"; }

def Xf_Layout : I32EnumAttr<"Layout", "what a packed parameter is to a kernel", [
  I32EnumAttrCase<"Matrix", 0, "matrix">,
  I32EnumAttrCase<"Table", 1, "table">,
  I32EnumAttrCase<"Vector", 2, "vector">
]> { let cppNamespace = "::ptx::xf"; }

def Xf_Pooling : I32EnumAttr<"Pooling", "what makes one row of the visible rows of a sequence", [
  I32EnumAttrCase<"Mean", 0, "mean">,                  // sum / n
  I32EnumAttrCase<"MeanSqrtLength", 1, "mean_sqrt">,   // sum / sqrt(n)
  I32EnumAttrCase<"WeightedMean", 2, "weighted_mean">, // weighted by 1 + the distance from the first
  I32EnumAttrCase<"Max", 3, "max">,
  I32EnumAttrCase<"Last", 4, "last">                   // the row of the last visible position
]> { let cppNamespace = "::ptx::xf"; }

def Xf_Form : I32EnumAttr<"Form", "orientation of the matrix an adapter changes", [
  I32EnumAttrCase<"Linear", 0, "linear">,
  I32EnumAttrCase<"Embedding", 1, "embedding">
]> { let cppNamespace = "::ptx::xf"; }

/// What an adapter stores for a place besides A and B; XfFactors.h says what each is.
def Xf_Factor : I32EnumAttr<"Factor", "a vector that an adapter has for the outputs or inputs of a place", [
  I32EnumAttrCase<"Bias", 0, "bias">,
  I32EnumAttrCase<"Magnitude", 1, "magnitude">,
  I32EnumAttrCase<"OutputScale", 2, "output_scale">,
  I32EnumAttrCase<"InputScale", 3, "input_scale">
]> { let cppNamespace = "::ptx::xf"; }

def Xf_Skeleton : I32EnumAttr<"Skeleton", "what a launch runs: loops that every target supplies", [
  I32EnumAttrCase<"Contract", 0, "contract">,
  I32EnumAttrCase<"Attention", 1, "attention">,
  I32EnumAttrCase<"RowNorm", 2, "row_norm">,
  I32EnumAttrCase<"Gather", 3, "gather">,
  I32EnumAttrCase<"Pool", 4, "pool">,
  I32EnumAttrCase<"Map", 5, "map">,
  I32EnumAttrCase<"Fold", 6, "fold">,
  I32EnumAttrCase<"FoldNorm", 7, "fold_norm">,
  I32EnumAttrCase<"Append", 8, "append">,
  I32EnumAttrCase<"Greatest", 9, "greatest">,
  I32EnumAttrCase<"AttentionChunk", 10, "attention_chunk">,
  I32EnumAttrCase<"AttentionJoin", 11, "attention_join">
]> { let cppNamespace = "::ptx::xf"; }

#endif // PTX_XF_ENUMS
