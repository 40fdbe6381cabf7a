// What is computed from activations.
#ifndef PTX_XF_COMPUTE
#define PTX_XF_COMPUTE

include "dialects/xf/IR/XfBase.td"
include "mlir/Interfaces/SideEffectInterfaces.td"
include "mlir/Interfaces/InferTypeOpInterface.td"

class Xf_ElementwiseOp<string mnemonic, list<Trait> traits = []>
    : Xf_Op<mnemonic, !listconcat([Pure, SameOperandsAndResultType], traits)>;

def Xf_PositionsOp : Xf_Op<"positions", [Pure]> {
  let summary = "the index 0..S-1 of each position, or its position in the history that the mask begins or continues";
  let arguments = (ins Xf_Mask:$mask);
  let results = (outs Xf_Ids:$result);
  let assemblyFormat = "$mask attr-dict `:` type($mask) `->` type($result)";
}

def Xf_EmbeddingOp : Xf_Op<"embedding", [RunsOn<"Gather">, Pure]> {
  let summary = "rows of a table [V,D] chosen by ids: [B,S] -> [B,S,D]";
  let description = [{
    C1 the table has two dimensions and the result D columns. C2 the ids are an
    input whose `limit`, or positions whose `max_length`, is V at most. C3 ids
    and mask have the same dimensions; positions are those of the mask.
  }];
  let hasVerifier = 1;
  let arguments = (ins Xf_Ids:$ids, Xf_Parameter:$table, Xf_Mask:$mask);
  let results = (outs Xf_Sequence:$result);
  let assemblyFormat = [{
    $ids `,` $table `where` $mask attr-dict `:` type($ids) `,` type($table) `,` type($mask) `->` type($result)
  }];
}

def Xf_LoraEmbeddingOp : Xf_Op<"lora_embedding", [RunsOn<"Gather">, Xf_ContractionOpInterface, Pure]> {
  let summary = "an embedding with a low-rank delta kept apart: E[id] + s A^T[id] B^T";
  let description = [{
    The deploy phase splits it into lookups in E and A^T and a linear by B.
    `scaled`, the sum is multiplied by the gain of the bound adapter per channel
    (`xf.output_gain`).
    The products are those with B.
    C1 to C3 as for `xf.embedding`. C4 the slot is DxV.
  }];
  let hasVerifier = 1;
  let arguments = (ins Xf_Ids:$ids, Xf_WeightType:$table, Xf_LowRankType:$slot, Xf_Mask:$mask, UnitAttr:$scaled,
                       Xf_ProductType:$product_type);
  let results = (outs Xf_Sequence:$result);
  let assemblyFormat = [{
    $ids `,` $table `with` $slot `where` $mask (`scaled` $scaled^)? (`in` $product_type^)? attr-dict `:` type($ids) `,` type($table) `,` type($slot) `,` type($mask) `->` type($result)
  }];
}

def Xf_LinearOp : Xf_Op<"linear", [RunsOn<"Contract">, Xf_ContractionOpInterface, Pure]> {
  let summary = "y = x W^T + b with W [OUT,IN]; or x W + b with W stored [IN,OUT]";
  let description = [{
    With `rows BEGIN to END` only those rows of W and of b take part (the query
    rows of a fused in_proj). `in_out` says that W is stored [IN,OUT]. A packed
    weight is [OUT,IN] and holds the rows used alone.
    C1 the last dimension of x is IN. C2 the result is x with the number of rows
    used as its last dimension. C3 a bias has OUT elements. C4 a weight has two
    dimensions, a packed one is a matrix without `rows` and `in_out`, of the type
    that the op is `in`.
    ```mlir
    %y = xf.linear %x, %w bias %b in bf16 : tensor<?x?x8xf32>, !xf.weight<4x8xf32>, !xf.weight<4xf32> -> tensor<?x?x4xf32>
    ```
  }];
  let arguments = (ins Xf_Activations:$x, Xf_Parameter:$weight, Optional<Xf_Parameter>:$bias,
                       UnitAttr:$in_out, OptionalAttr<DenseI64ArrayAttr>:$rows, Xf_ProductType:$product_type);
  let results = (outs Xf_Activations:$result);
  let assemblyFormat = [{
    $x `,` $weight (`bias` $bias^)? (`in_out` $in_out^)? (`rows` $rows^)? (`in` $product_type^)? attr-dict
    `:` type($x) `,` type($weight) (`,` type($bias)^)? `->` type($result)
  }];
  let hasVerifier = 1;
}

def Xf_LoraLinearOp
    : Xf_Op<"lora_linear", [RunsOn<"Contract">, Xf_ContractionOpInterface, Pure, AttrSizedOperandSegments]> {
  let summary = "a linear with an adapter's delta kept apart: g (x W^T + s (x A^T) B^T) + b'";
  let description = [{
    LoRA, arXiv 2106.09685. Before the deploy phase the delta is one `slot`; after it,
    the packed factors `a` [R,IN] and `b` [OUT,R] (s folded in), R = 0 where
    no adapter is bound. `scaled`, g is the gain of the bound adapter per output
    (`xf.output_gain`), else 1; with `scales_inputs` x is multiplied by the bound
    adapter's h per input before all that.
    `in` a narrow type x, W, A, s B and x A^T are rounded to it, each once.
    C1 to C4 as for `xf.linear`. C5 it has a slot of OUTxIN, or packed factors
    and, `scaled`, the packed gain, over x that is multiplied already.
  }];
  let hasVerifier = 1;
  let arguments = (ins Xf_Activations:$x, Xf_Parameter:$weight, Optional<Xf_LowRankType>:$slot,
                       Optional<Xf_PackedType>:$a, Optional<Xf_PackedType>:$b, Optional<Xf_Parameter>:$gain,
                       Optional<Xf_Parameter>:$bias,
                       UnitAttr:$scaled, UnitAttr:$scales_inputs, UnitAttr:$in_out,
                       OptionalAttr<DenseI64ArrayAttr>:$rows,
                       Xf_ProductType:$product_type);
  let results = (outs Xf_Activations:$result);
  let assemblyFormat = [{
    $x `,` $weight (`with` $slot^)? (`factors` $a^ `,` $b)? (`gain` $gain^)? (`bias` $bias^)?
    (`scaled` $scaled^)? (`scales_inputs` $scales_inputs^)? (`in_out` $in_out^)? (`rows` $rows^)? (`in` $product_type^)? attr-dict
    `:` type($x) `,` type($weight) (`with` type($slot)^)? (`factors` type($a)^ `,` type($b))? (`gain` type($gain)^)?
    (`bias` type($bias)^)? `->` type($result)
  }];
}

def Xf_AttentionOp
    : Xf_Op<"attention", [RunsOn<"Attention">, Xf_ContractionOpInterface, Pure, AllTypesMatch<["query", "result"]>,
                          AllTypesMatch<["key", "value"]>]> {
  let summary = "softmax(scale q k^T + mask) v, per head";
  let description = [{
    q [B,T,D], k and v [B,S,D]; head h uses columns [h D/H, (h+1) D/H). A key
    takes part where the key mask holds and, if `causal`, its position is not
    after the query's. A query with no key gives zeros, by definition.
    The weight of a key is e = exp(score - greatest score); the result is
    (sum_key e v) / sum_key e. `in` a narrow type q, k, v and, in the first of
    the two sums, e are rounded to it.
    C1 D is divisible by `heads`. C2 key and value have the query's D. C3 the
    scale is finite.
  }];
  let arguments = (ins Xf_Sequence:$query, Xf_Sequence:$key, Xf_Sequence:$value,
                       Xf_Mask:$query_mask, Xf_Mask:$key_mask,
                       I64Attr:$heads, F64Attr:$scale, UnitAttr:$causal, Xf_ProductType:$product_type);
  let results = (outs Xf_Sequence:$result);
  let assemblyFormat = [{
    $query `,` $key `,` $value `where` $query_mask `,` $key_mask `heads` $heads `scale` $scale (`causal` $causal^)?
    (`in` $product_type^)? attr-dict
    `:` type($query) `,` type($key) `,` type($value) `,` type($query_mask) `,` type($key_mask) `->` type($result)
  }];
  let hasVerifier = 1;
}

def Xf_LayerNormOp : Xf_Op<"layer_norm", [RunsOn<"RowNorm">, Pure, AttrSizedOperandSegments, AllTypesMatch<["x", "result"]>]> {
  let summary = "(x - mean) / sqrt(var + eps) * gamma + beta over the last dimension";
  let description = [{
    arXiv 1607.06450; var is the biased variance. Either affine term may be absent.
    C1 gamma and beta have D elements. C2 eps is finite and not negative.
  }];
  let hasVerifier = 1;
  let arguments = (ins Xf_Activations:$x, Optional<Xf_Parameter>:$gamma, Optional<Xf_Parameter>:$beta, F64Attr:$eps);
  let results = (outs Xf_Activations:$result);
  let assemblyFormat = [{
    $x (`gamma` $gamma^)? (`beta` $beta^)? `eps` $eps attr-dict
    `:` type($x) (`gamma` type($gamma)^)? (`beta` type($beta)^)?
  }];
}

def Xf_ActivationOp : Xf_ElementwiseOp<"activation"> {
  let summary = "relu, gelu (erf), gelu_tanh, silu, tanh or relu2 (relu squared) of each element";
  let arguments = (ins Xf_ActivationKind:$kind, Xf_Activations:$x);
  let results = (outs Xf_Activations:$result);
  let assemblyFormat = "$kind $x attr-dict `:` type($x)";
}

def Xf_ScaleOp : Xf_ElementwiseOp<"scale"> {
  let summary = "x times a constant";
  let description = "C1 the constant is finite in f32.";
  let hasVerifier = 1;
  let arguments = (ins Xf_Activations:$x, F64Attr:$factor);
  let results = (outs Xf_Activations:$result);
  let assemblyFormat = "$x `by` $factor attr-dict `:` type($x)";
}

def Xf_GainOp : Xf_Op<"gain", [Pure, AllTypesMatch<["x", "result"]>]> {
  let summary = "x times a vector, channel by channel";
  let description = "C1 the vector has D elements.";
  let hasVerifier = 1;
  let arguments = (ins Xf_Activations:$x, Xf_PackedType:$vector);
  let results = (outs Xf_Activations:$result);
  let assemblyFormat = "$x `,` $vector attr-dict `:` type($x) `,` type($vector)";
}

def Xf_ColumnsOp : Xf_Op<"columns", [Pure]> {
  let summary = "columns [offset, offset+width) of the last dimension; the width is the result's";
  let description = "C1 they lie inside x.";
  let hasVerifier = 1;
  let arguments = (ins Xf_Activations:$x, I64Attr:$offset);
  let results = (outs Xf_Activations:$result);
  let assemblyFormat = "$x `at` $offset attr-dict `:` type($x) `->` type($result)";
}

def Xf_FirstTokenOp : Xf_Op<"first_token", [RunsOn<"Gather">, Pure]> {
  let summary = "the row of position 0 of each sequence: [B,S,D] -> [B,D]; zeros where it does not exist";
  let description = "C1 the result has x's D.";
  let hasVerifier = 1;
  let arguments = (ins Xf_Sequence:$x, Xf_Mask:$mask);
  let results = (outs Xf_Pooled:$result);
  let assemblyFormat = "$x `where` $mask attr-dict `:` type($x) `,` type($mask) `->` type($result)";
}

def Xf_PoolOp : Xf_Op<"pool", [RunsOn<"Pool">, Pure]> {
  let summary = "one row of the visible positions of each sequence: [B,S,D] -> [B,D]; zeros where none is";
  let description = [{
    mean: sum / n. mean_sqrt: sum / sqrt(n). weighted_mean: position p weighs
    p - f + 1, f the first visible one, as in SGPT (arXiv 2202.08904). max: channel by channel. last:
    the last visible position.
    C1 the result has x's D.
    ```mlir
    %y = xf.pool weighted_mean %x where %m : tensor<?x?x8xf32>, tensor<?x?xi1> -> tensor<?x8xf32>
    ```
  }];
  let hasVerifier = 1;
  let arguments = (ins Xf_Pooling:$kind, Xf_Sequence:$x, Xf_Mask:$mask);
  let results = (outs Xf_Pooled:$result);
  let assemblyFormat = "$kind $x `where` $mask attr-dict `:` type($x) `,` type($mask) `->` type($result)";
}

def Xf_GreatestOp : Xf_Op<"greatest", [RunsOn<"Greatest">, Pure]> {
  let summary = "which element of each row is the greatest, of equals the first: [B,D] -> [B]";
  let description = [{
    n where x[b,n] is the greatest of row b. Where elements of the row are not
    finite, -1 - n for the first of those.
    C1 x has at most 2^24 columns.
    ```mlir
    %y = xf.greatest %x : tensor<?x50257xf32> -> tensor<?xi64>
    ```
  }];
  let hasVerifier = 1;
  let arguments = (ins Xf_Pooled:$x);
  let results = (outs Xf_Numbers:$result);
  let assemblyFormat = "$x attr-dict `:` type($x) `->` type($result)";
}

def Xf_ConcatOp : Xf_Op<"concat", [RunsOn<"Map">, Pure]> {
  let summary = "the columns of each, one after the other";
  let description = [{
    C1 at least one part, all of as many dimensions as the result; the widths
    add up to the result's.
    ```mlir
    %y = xf.concat %a, %b : tensor<?x8xf32>, tensor<?x4xf32> -> tensor<?x12xf32>
    ```
  }];
  let hasVerifier = 1;
  let arguments = (ins Variadic<Xf_Activations>:$parts);
  let results = (outs Xf_Activations:$result);
  let assemblyFormat = "$parts attr-dict `:` type($parts) `->` type($result)";
}

def Xf_L2NormalizeOp : Xf_ElementwiseOp<"l2_normalize", [RunsOn<"RowNorm">]> {
  let summary = "x / max(norm2(x), 1e-12) over the last dimension";
  let arguments = (ins Xf_Activations:$x);
  let results = (outs Xf_Activations:$result);
  let assemblyFormat = "$x attr-dict `:` type($x)";
}

#endif // PTX_XF_COMPUTE
