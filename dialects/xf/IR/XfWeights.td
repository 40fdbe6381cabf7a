// Expressions over weights alone: the material of the deploy function.
#ifndef PTX_XF_WEIGHTS
#define PTX_XF_WEIGHTS

include "dialects/xf/IR/XfBase.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def Xf_SinusoidOp : Xf_WeightExpression<"sinusoid"> {
  let summary = "the sinusoidal position table [P,D]: sine on channel 2j, cosine on 2j+1 of p / 10000^(2j/D)";
  let description = "arXiv 1706.03762, section 3.5. C1 two dimensions, f32, at most 2^30 elements.";
  let hasVerifier = 1;
  let results = (outs Xf_WeightType:$result);
  let assemblyFormat = "attr-dict `:` type($result)";
}

def Xf_ReplacedOp
    : Xf_WeightExpression<"replaced", [SameOperandsAndResultType, DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "the bound adapter's own tensor for a weight; the weight itself when it brings none";
  let description = [{
    Its values are those stored, whatever type they are stored in; the result's
    element type is that of the model's own tensor.
    C1 the site is a weight of that type.
  }];
  let arguments = (ins Xf_WeightType:$weight, FlatSymbolRefAttr:$site);
  let results = (outs Xf_WeightType:$result);
  let assemblyFormat = "$weight `by` $site attr-dict `:` type($weight)";
}

def Xf_MergeOp : Xf_WeightExpression<"merge"> {
  let summary = "W' = W + s B A by the bound adapter; W itself, bit by bit, when there is none";
  let description = [{
    From the pristine W, in f32, one rounding; `form` embedding adds the
    transpose. DoRA and IA3 scale as `xf.delta` says.
    C1 W is OUTxIN of the slot, INxOUT for `form` embedding; the result is W in f32.
  }];
  let hasVerifier = 1;
  let arguments = (ins Xf_WeightType:$weight, Xf_LowRankType:$slot, Xf_Form:$form);
  let results = (outs Xf_WeightType:$result);
  let assemblyFormat = "$weight `,` $slot $form attr-dict `:` type($weight) `,` type($slot) `->` type($result)";
}

def Xf_MergeBiasOp : Xf_WeightExpression<"merge_bias"> {
  let summary = "b' = l (b + s b_B) by the bound adapter; b itself when it has neither";
  let description = "C1 b has OUT elements of the slot and the result its type.";
  let hasVerifier = 1;
  let arguments = (ins Xf_WeightType:$bias, Xf_LowRankType:$slot);
  let results = (outs Xf_WeightType:$result);
  let assemblyFormat = "$bias `,` $slot attr-dict `:` type($bias) `,` type($slot) `->` type($result)";
}

def Xf_ZeroBiasOp : Xf_WeightExpression<"zero_bias"> {
  let summary = "a bias that changes no byte: -0.0 everywhere (x + -0.0 is x)";
  let description = "C1 one dimension, f32.";
  let hasVerifier = 1;
  let results = (outs Xf_WeightType:$result);
  let assemblyFormat = "attr-dict `:` type($result)";
}

def Xf_FactorAOp : Xf_WeightExpression<"factor_a"> {
  let summary = "A [R,IN] of the bound adapter as a matrix; as a table [IN,R] for an embedding";
  let description = "C1 the result is `matrix, ?xIN` of some element type; for an embedding `table, INx?`.";
  let hasVerifier = 1;
  let arguments = (ins Xf_LowRankType:$slot, Xf_Form:$form);
  let results = (outs Xf_PackedType:$result);
  let assemblyFormat = "$slot $form attr-dict `:` type($slot) `->` type($result)";
}

def Xf_FactorBOp : Xf_WeightExpression<"factor_b"> {
  let summary = "s B [OUT,R] of the bound adapter as a matrix, or its rows [begin, end)";
  let description = "C1 the result is `matrix, Nx?` with N rows of OUT, of some element type.";
  let hasVerifier = 1;
  let arguments = (ins Xf_LowRankType:$slot, OptionalAttr<DenseI64ArrayAttr>:$rows);
  let results = (outs Xf_PackedType:$result);
  let assemblyFormat = "$slot (`rows` $rows^)? attr-dict `:` type($slot) `->` type($result)";
}

def Xf_FactorVectorOp : Xf_WeightExpression<"factor_vector"> {
  let summary = "a vector that the bound adapter has for its outputs or inputs, or its elements [begin, end)";
  let description = [{
    `bias` [OUT] is s b_B, `magnitude` [OUT] is m of DoRA (arXiv 2402.09353),
    `output_scale` [OUT] and `input_scale` [IN] are l of IA3 (arXiv 2205.05638).
    Without one every element is what changes nothing: -0.0 in a sum, 1 in a
    product, and for a magnitude infinity, which no adapter may store.
    C1 the result is `vector, Nx1` of f32, with the N elements used.
    ```mlir
    %m = xf.factor_vector magnitude %slot rows [0, 4] : !xf.low_rank<8x16> -> !xf.packed<vector, 4x1xf32>
    ```
  }];
  let hasVerifier = 1;
  let arguments = (ins Xf_Factor:$factor, Xf_LowRankType:$slot, OptionalAttr<DenseI64ArrayAttr>:$rows);
  let results = (outs Xf_PackedType:$result);
  let assemblyFormat = "$factor $slot (`rows` $rows^)? attr-dict `:` type($slot) `->` type($result)";
}

def Xf_OutputGainOp : Xf_WeightExpression<"output_gain"> {
  let summary = "what the bound adapter multiplies outputs by, as a column: g of DoRA, l of IA3; ones when it is neither";
  let description = [{
    g = m / norm(W + s B A) per output (arXiv 2402.09353), l is stored (arXiv
    2205.05638). The outputs of an embedding [V,D] are its D channels.
    C1 W fits the slot as for `xf.merge`; the result is one dimension of OUT, f32.
  }];
  let hasVerifier = 1;
  let arguments = (ins Xf_WeightType:$weight, Xf_LowRankType:$slot, Xf_Form:$form);
  let results = (outs Xf_WeightType:$result);
  let assemblyFormat = "$weight `,` $slot $form attr-dict `:` type($weight) `,` type($slot) `->` type($result)";
}

def Xf_PackOp : Xf_WeightExpression<"pack"> {
  let summary = "a weight in the layout that kernels read";
  let description = [{
    `rows` takes rows [begin, end) of what is packed; `in_out` transposes a
    weight that is stored [IN,OUT].
    C1 a matrix and a table have two dimensions, a vector one. C2 the result has
    the rows used and the columns of the weight. C3 only a matrix has `in_out`.
  }];
  let hasVerifier = 1;
  let arguments = (ins Xf_WeightType:$weight, UnitAttr:$in_out, OptionalAttr<DenseI64ArrayAttr>:$rows);
  let results = (outs Xf_PackedType:$result);
  let assemblyFormat = [{
    $weight (`in_out` $in_out^)? (`rows` $rows^)? attr-dict `:` type($weight) `->` type($result)
  }];
}

#endif // PTX_XF_WEIGHTS
