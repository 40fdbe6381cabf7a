// The skeletons.
#ifndef PTX_STAGE_SKELETONS
#define PTX_STAGE_SKELETONS

include "dialects/stage/IR/StageBase.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def Stage_ContractOp : Stage_RegionSkeletonOp<"contract", "Contract", ["getConstants", "getRankParameter", "getFactors"],
                                              [AttrSizedOperandSegments]> {
  let summary = "y[m,n] = region(sum_k x[m,k] w[n,k] (+ sum_r u[m,r] b[n,r]), extras...)";
  let description = [{
    w and b are matrices of one element type, to which x and u are rounded; x may
    be of that type already. The sum starts at -0.0 and runs over k ascending, then over r ascending, with one
    fused multiply-add each: its bytes depend on nothing else. Extras: rows `tensor<?xNxf32>` give the element [m,n], a
    `vector` parameter gives element [n].
    C1 widths agree. Of every skeleton: C2 its region has one f32 argument per
    element value and extra and yields one f32. C3 the region holds operations
    that every target carries out on an element (rt.kernel lists them), of f32
    and i1. C4 rows of f16 or bf16 are multiplied in that type, an even number
    of columns at a time. C5 rows that it reads, extras among them, and rows that
    it computes are all per token or all per sequence.
    ```mlir
    %y = stage.contract %x, %w extras(%b, %r : !xf.packed<vector, 512x1xf32>, tensor<?x512xf32>) {
    ^bb0(%acc: f32, %bias: f32, %old: f32):
      %0 = arith.addf %acc, %bias : f32
      %1 = arith.addf %0, %old : f32
      xf.yield %1 : f32
    } : tensor<?x256xf32>, !xf.packed<matrix, 512x256xf32> -> tensor<?x512xf32>
    ```
  }];
  let arguments = (ins Stage_AnyRows:$x, Xf_PackedType:$weight, Optional<Stage_Rows>:$u, Optional<Xf_PackedType>:$b,
                       Variadic<AnyTypeOf<[Stage_Rows, Xf_PackedType]>>:$extras);
  let results = (outs Stage_AnyRows:$result);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = [{
    $x `,` $weight (`plus` $u^ `,` $b)? (`extras` `(` $extras^ `:` type($extras) `)`)? custom<Body>($body) attr-dict
    `:` type($x) `,` type($weight) (`plus` type($u)^ `,` type($b))? `->` type($result)
  }];
  let hasVerifier = 1;
}

def Stage_AttentionOp : Stage_SkeletonOp<"attention", "Attention", ["getRowDomain", "getConstants", "getFactors"]> {
  let summary = "attention of the rows of one space over the keys of another, sequence by sequence";
  let description = [{
    As `xf.attention`; heads by column blocks. A query without keys gives zeros.
    All rows are per token.
    C1 widths agree and are divisible by `heads`; the scale is finite. C4 as for
    `stage.contract`, of a head's columns.
  }];
  let hasVerifier = 1;
  let arguments = (ins Stage_AnyTokenRows:$query, Stage_AnyTokenRows:$key, Stage_AnyTokenRows:$value,
                       Stage_SpaceType:$query_space, Stage_SpaceType:$key_space,
                       I64Attr:$heads, F64Attr:$scale, UnitAttr:$causal, Xf_ProductType:$product_type);
  let results = (outs Stage_AnyTokenRows:$result);
  let assemblyFormat = [{
    $query `,` $key `,` $value `over` $query_space `,` $key_space `heads` $heads `scale` $scale (`causal` $causal^)?
    (`in` $product_type^)? attr-dict
    `:` type($query) `,` type($key) `,` type($value) `,` type($query_space) `,` type($key_space) `->` type($result)
  }];
}

def Stage_RowNormOp : Stage_RegionSkeletonOp<"row_norm", "RowNorm", ["getConstants"]> {
  let summary = "y[m,n] = region(normalised x[m,n], extras...): layer, rms or l2 norm of each row";
  let description = "C1 widths agree; eps is finite and not negative. C2, C3, C5 as for `stage.contract`.";
  let hasVerifier = 1;
  let arguments = (ins Stage_Norm:$norm, Stage_Rows:$x, F64Attr:$eps,
                       Variadic<AnyTypeOf<[Stage_Rows, Xf_PackedType]>>:$extras);
  let results = (outs Stage_AnyRows:$result);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = [{
    $norm $x `eps` $eps (`extras` `(` $extras^ `:` type($extras) `)`)? custom<Body>($body) attr-dict `:` type($x) `->` type($result)
  }];
}

def Stage_GatherOp : Stage_RegionSkeletonOp<"gather", "Gather", ["getElementCount", "getRowDomain", "getConstants",
                                                                "getRankParameter"], [AttrSizedOperandSegments]> {
  let summary = "y[m,n] = region(table_0[index_0[m], n], ..., extras...)";
  let description = [{
    A table is a `table` parameter or rows per token. The result has one row per
    index.
    C1 1 to 64 tables, as many as indices, of the result's width; one alone may
    be as wide as a rank. C2, C3 as for `stage.contract`. C5 indices, extras and
    the result are all per token or all per sequence.
  }];
  let arguments = (ins Variadic<AnyTypeOf<[Stage_TokenRows, Xf_PackedType]>>:$tables, Variadic<Stage_Index>:$indices,
                       Variadic<AnyTypeOf<[Stage_Rows, Xf_PackedType]>>:$extras);
  let results = (outs Stage_AnyRows:$result);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = [{
    `(` $tables `:` type($tables) `)` `at` `(` $indices `:` type($indices) `)` (`extras` `(` $extras^ `:` type($extras) `)`)?
    custom<Body>($body) attr-dict `->` type($result)
  }];
  let hasVerifier = 1;
}

def Stage_PoolOp : Stage_SkeletonOp<"pool", "Pool", ["getRowDomain", "getConstants"]> {
  let summary = "one row of each sequence's visible rows; zeros where there is none";
  let description = [{
    As `xf.pool`, from rows per token to rows per sequence. Sums run over rows in ascending order, then one multiplication
    by 1/n, 1/sqrt(n) or 1/sum of the weights. C1 widths agree.
  }];
  let hasVerifier = 1;
  let arguments = (ins Xf_Pooling:$kind, Stage_TokenRows:$x, Stage_SpaceType:$space);
  let results = (outs Stage_AnySequenceRows:$result);
  let assemblyFormat = "$kind $x `over` $space attr-dict `:` type($x) `,` type($space) `->` type($result)";
}

def Stage_GreatestOp : Stage_SkeletonOp<"greatest", "Greatest", []> {
  let summary = "which element of each row is the greatest, of equals the first, as in `xf.greatest`";
  let description = "-1 - n where x[m,n] is the first element that is not finite. C1 x has at most 2^24 columns.";
  let hasVerifier = 1;
  let arguments = (ins Stage_SequenceRows:$x);
  let results = (outs Stage_SequenceIndex:$result);
  let assemblyFormat = "$x attr-dict `:` type($x) `->` type($result)";
}

def Stage_AppendOp
    : Stage_Skeleton<"append", "Append", ["getRowDomain", "getFactors"],
                     [MemoryEffects<[MemWrite]>, AllTypesMatch<["cache", "result"]>]> {
  let summary = "rows of a space that begins or continues a history, into the cells of a cache";
  let description = [{
    As `xf.append`. Into a cache of f16 or bf16 rows are rounded, or are of that
    type already.
    C1 rows are as wide as the cache. C4 as for `stage.contract`.
  }];
  let hasVerifier = 1;
  let arguments = (ins Stage_AnyTokenRows:$x, Xf_CacheType:$cache, Stage_SpaceType:$space);
  let results = (outs Xf_CacheType:$result);
  let assemblyFormat = [{
    $x `to` $cache `over` $space attr-dict `:` type($x) `to` type($cache) `,` type($space)
  }];
}

def Stage_ConcatOp : Stage_SkeletonOp<"concat", "Map", []> {
  let summary = "the columns of each, one after the other";
  let description = "One problem of a map for each part, into its columns. C1 at least one part; widths add up. C5 as for `stage.contract`.";
  let hasVerifier = 1;
  let arguments = (ins Variadic<Stage_Rows>:$parts);
  let results = (outs Stage_AnyRows:$result);
  let assemblyFormat = "$parts attr-dict `:` type($parts) `->` type($result)";
}

def Stage_MapOp : Stage_RegionSkeletonOp<"map", "Map", []> {
  let summary = "y[m,n] = region(x[m,n], extras...)";
  let description = "C1 widths agree. C2, C3, C5 as for `stage.contract`.";
  let hasVerifier = 1;
  let arguments = (ins Stage_Rows:$x, Variadic<AnyTypeOf<[Stage_Rows, Xf_PackedType]>>:$extras);
  let results = (outs Stage_AnyRows:$result);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "$x (`extras` `(` $extras^ `:` type($extras) `)`)? custom<Body>($body) attr-dict `:` type($x) `->` type($result)";
}

/// Over packed weights: an adapter's delta on what its base stores.
class Stage_OverWeight<string mnemonic, string skeleton, list<string> says>
    : Stage_RegionSkeletonOp<mnemonic, skeleton, !listconcat(["getConstants"], says),
                             [AttrSizedOperandSegments, Stage_FoldOpInterface]> {
  let results = (outs Xf_PackedType:$result);
  let regions = (region SizedRegion<1>:$body);
  let hasVerifier = 1;
}

def Stage_FoldOp : Stage_OverWeight<"fold", "Fold", ["getElementCount"]> {
  let summary = "a packed weight under an adapter: y[n,k] = h[k] region(base[n,k], sum_r b[n,r] a[k,r], extras...)";
  let description = [{
    What a parameter is made of when an adapter is bound: `base` is the
    parameter without one, `a` the table A^T, `b` the matrix s B, `inputs` a
    vector h, 1 where there is none. The base is a matrix [N,K], a table [K,N]
    whose element [k,n] is y[n,k], or a vector [N] (K = 1). The sum starts at
    -0.0 and runs over r ascending, with one fused multiply-add each; without a
    and b it is -0.0. The region computes in f32, and y is rounded once, to the
    result's element type. Extras: a `vector` parameter gives element [n].
    Where base and result are of one type and the bound adapter has nothing for
    the site, the result is the base.
    C1 it stands in a parameter; shapes agree; the result has the base's layout
    and shape, a matrix of any element type, else of f32; inputs are a vector of
    K elements. C2, C3 as for `stage.contract`.
    ```mlir
    %p = stage.fold %base plus %a, %b {
    ^bb0(%w: f32, %delta: f32):
      %0 = arith.addf %w, %delta : f32
      xf.yield %0 : f32
    } : !xf.packed<matrix, 64x32xf32> plus !xf.packed<table, 32x?xf32>, !xf.packed<matrix, 64x?xf32>
      -> !xf.packed<matrix, 64x32xbf16>
    ```
  }];
  let arguments = (ins Xf_PackedType:$base, Optional<Xf_PackedType>:$a, Optional<Xf_PackedType>:$b,
                       Optional<Xf_PackedType>:$inputs, Variadic<Xf_PackedType>:$extras);
  let assemblyFormat = [{
    $base (`plus` $a^ `,` $b)? (`inputs` $inputs^)? (`extras` `(` $extras^ `:` type($extras) `)`)? custom<Body>($body)
    attr-dict `:` type($base) (`plus` type($a)^ `,` type($b))? (`inputs` type($inputs)^)? `->` type($result)
  }];
}

def Stage_FoldNormOp : Stage_OverWeight<"fold_norm", "FoldNorm", []> {
  let summary = "the norms of a weight's outputs under an adapter: y[n] = region(norm of base[n,:] + sum_r b[n,r] a[:,r], extras...)";
  let description = [{
    Operands are those of `stage.fold`, without inputs. Each element is the base
    plus the sum, in f32, or the base where the sum is zero; the squares are
    summed in f64, k ascending, and the root is rounded to f32. DoRA divides its
    magnitudes by it (arXiv 2402.09353, equation 5).
    C1 it stands in a parameter; the base is a matrix or a table, shapes agree,
    the result is a `vector` of f32 with N elements. C2, C3 as for
    `stage.contract`.
  }];
  let arguments = (ins Xf_PackedType:$base, Optional<Xf_PackedType>:$a, Optional<Xf_PackedType>:$b,
                       Variadic<Xf_PackedType>:$extras);
  let assemblyFormat = [{
    $base (`plus` $a^ `,` $b)? (`extras` `(` $extras^ `:` type($extras) `)`)? custom<Body>($body) attr-dict
    `:` type($base) (`plus` type($a)^ `,` type($b))? `->` type($result)
  }];
}

#endif // PTX_STAGE_SKELETONS
