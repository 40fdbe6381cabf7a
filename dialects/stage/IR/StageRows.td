// Row tables, and what crosses the border between [B,S] and rows.
#ifndef PTX_STAGE_ROWS
#define PTX_STAGE_ROWS

include "dialects/stage/IR/StageBase.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def Stage_SpaceOp : Stage_Op<"space", [Pure, DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "the row table of a mask, or of ids whose positions all exist";
  let description = [{
    Everything as in `xf.visible`.
    C1 the source is an input of the function. C2 `max_length` is at least 1.
    C3 it begins or continues one history, that is declared, at most; its
    `max_length` is then the history's, and there is no `keep_first`.
  }];
  let hasVerifier = 1;
  let arguments = (ins AnyTypeOf<[Xf_Ids, Xf_Mask]>:$source, I64Attr:$max_length, UnitAttr:$keep_first,
                       OptionalAttr<FlatSymbolRefAttr>:$begins, OptionalAttr<FlatSymbolRefAttr>:$continues);
  let results = (outs Stage_SpaceType:$result);
  let assemblyFormat = [{
    $source `max_length` $max_length (`keep_first` $keep_first^)? (`begins` $begins^)? (`continues` $continues^)?
    attr-dict `:` type($source) `->` type($result)
  }];
}

def Stage_HeldOp : Stage_Op<"held", [Pure, AllTypesMatch<["space", "result"]>,
                                     DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "the row table of what the sequences of a space hold of a history, as in `xf.held`";
  let description = "Its rows are keys of attentions, and nothing else. C1 the history is declared.";
  let arguments = (ins FlatSymbolRefAttr:$history, Stage_SpaceType:$space);
  let results = (outs Stage_SpaceType:$result);
  let assemblyFormat = "$history `of` $space attr-dict `:` type($space)";
}

def Stage_RecallOp : Stage_Op<"recall", [Pure]> {
  let summary = "a view of what a cache holds: rows of a space that is held";
  let description = [{
    C1 the rows are as wide as the cache, of its elements or, before
    `stage-narrow-rows`, of f32.
  }];
  let arguments = (ins Xf_CacheType:$cache, Stage_SpaceType:$space);
  let results = (outs Stage_AnyTokenRows:$result);
  let assemblyFormat = "$cache `over` $space attr-dict `:` type($cache) `,` type($space) `->` type($result)";
  let hasVerifier = 1;
}

def Stage_IdsOp : Stage_Op<"ids", [Pure]> {
  let summary = "the id of each row of the space";
  let description = "C1 the source is an input of the function. C2 its dimensions are the space's.";
  let hasVerifier = 1;
  let arguments = (ins Xf_Ids:$source, Stage_SpaceType:$space);
  let results = (outs Stage_TokenIndex:$result);
  let assemblyFormat = "$source `,` $space attr-dict `:` type($source) `,` type($space) `->` type($result)";
}

def Stage_PositionsOp : Stage_Op<"positions", [Pure]> {
  let summary = "the position 0..S-1 of each row";
  let arguments = (ins Stage_SpaceType:$space);
  let results = (outs Stage_TokenIndex:$result);
  let assemblyFormat = "$space attr-dict `:` type($space) `->` type($result)";
}

def Stage_FirstRowsOp : Stage_Op<"first_rows", [Pure]> {
  let summary = "for each sequence, the row that holds position 0";
  let arguments = (ins Stage_SpaceType:$space);
  let results = (outs Stage_SequenceIndex:$result);
  let assemblyFormat = "$space attr-dict `:` type($space) `->` type($result)";
}

def Stage_OutputOp : Stage_Op<"output"> {
  let summary = "a named output: rows per token are scattered to [B,S,D] with zeros where no row is, those per sequence are [B,D], numbers [B]";
  let arguments = (ins StrAttr:$name, AnyTypeOf<[Stage_Rows, Stage_SequenceIndex]>:$value, Stage_SpaceType:$space,
                       UnitAttr:$on_request);
  let assemblyFormat = [{
    $name $value `over` $space (`on_request` $on_request^)? attr-dict `:` type($value) `,` type($space)
  }];
}

def Stage_ColumnsOp : Stage_Op<"columns", [Pure]> {
  let summary = "a view of columns [offset, offset + width of the result) of rows";
  let description = [{
    C1 they lie inside x, and are of its type, per token or per sequence as x is.
    C2 16-bit elements begin at an even column.
  }];
  let hasVerifier = 1;
  let arguments = (ins Stage_AnyRows:$x, I64Attr:$offset);
  let results = (outs Stage_AnyRows:$result);
  let assemblyFormat = "$x `at` $offset attr-dict `:` type($x) `->` type($result)";
}

def Stage_LaunchOp : Stage_Op<"launch", [SingleBlock, RecursiveMemoryEffects]> {
  let summary = "stages of one skeleton that do not depend on each other, launched together";
  let description = [{
    Made by `merge` from stages of one `xf.wave`, or of the stretch between two:
    one launch over the union of their tiles.
    C1 it takes no arguments and yields values of its results' types. C2 it holds
    stages of one skeleton, at least one, and yields the result of each in order.
    C3 none reads another's.
  }];
  let hasRegionVerifier = 1;
  let results = (outs Variadic<AnyType>:$results);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "attr-dict-with-keyword (`->` type($results)^)? custom<OpenBody>($body)";
}

#endif // PTX_STAGE_ROWS
