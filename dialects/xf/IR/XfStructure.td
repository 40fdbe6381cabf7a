// What a model is made of: weights, adapters, functions, their inputs and outputs.
#ifndef PTX_XF_STRUCTURE
#define PTX_XF_STRUCTURE

include "dialects/xf/IR/XfBase.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/IR/RegionKindInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def Xf_WeightOp : Xf_Op<"weight", [Symbol]> {
  let summary = "declares a stored tensor by its name in the model's files";
  let description = [{
    ```mlir
    xf.weight @"enc_layers.0.linear1.weight" : !xf.weight<512x256xf16>
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, TypeAttrOf<Xf_WeightType>:$type);
  let assemblyFormat = "$sym_name `:` $type attr-dict";
}

def Xf_AdapterOp : Xf_Op<"adapter", [Symbol, NoTerminator, SingleBlock, IsolatedFromAbove]> {
  let summary = "declares an adapter: the list of its deltas";
  let description = [{
    The order of the adapters in the module is their order on the command line.
    C1 its body holds deltas and replacements, one of each per site at most.
    ```mlir
    xf.adapter @da {
      xf.delta @"enc_layers.0.linear1.weight" linear rank 16 scale 2.0
    }
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "$sym_name attr-dict-with-keyword custom<Body>($body)";
  let hasRegionVerifier = 1;
}

def Xf_DeltaOp : Xf_Op<"delta", [HasParent<"AdapterOp">, DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "what an adapter does to one weight";
  let description = [{
    linear: W' = W + s B A, W [OUT,IN]. embedding: E' = E + s (B A)^T, E [V,D],
    or the weight of a linear that is stored [IN,OUT].
    With `dora` (arXiv 2402.09353) W' = g (W + s B A), g = m / norm of each
    row of (W + s B A); with `bias` the bias gains s b. With `scales_outputs` or
    `scales_inputs` (IA3, arXiv 2205.05638) W' is then multiplied by l per
    output, and so is the bias, or by h per input; the rank may be 0: there is
    no B A. The factors' bytes are found in the parameter table under (adapter,
    site).
    C1 the rank is 1 to 2^20, or 0 of a delta that scales and is no DoRA. C2 the
    scale is finite. C3 the site is a weight of two dimensions.
    ```mlir
    xf.delta @"layer.0.key.weight" linear rank 0 scale 1.0 scales_outputs
    ```
  }];
  let arguments = (ins FlatSymbolRefAttr:$site, Xf_Form:$form, I64Attr:$rank, F64Attr:$scale,
                       UnitAttr:$dora, UnitAttr:$bias, UnitAttr:$scales_outputs, UnitAttr:$scales_inputs);
  let assemblyFormat = [{
    $site $form `rank` $rank `scale` $scale (`dora` $dora^)? (`bias` $bias^)? (`scales_outputs` $scales_outputs^)?
    (`scales_inputs` $scales_inputs^)? attr-dict
  }];
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    /// Whether the adapter stores the vector for this site.
    bool has(::ptx::xf::Factor factor);
  }];
}

def Xf_ReplacementOp
    : Xf_Op<"replacement", [HasParent<"AdapterOp">, DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "a weight that the adapter brings whole, in place of the model's";
  let description = [{
    A module saved beside the factors (PEFT's modules_to_save) or a bias that
    was trained. Its bytes are found in the parameter table under (adapter,
    site); its shape is the weight's.
    C1 the site is a weight.
    ```mlir
    xf.replacement @"classifier.weight"
    ```
  }];
  let arguments = (ins FlatSymbolRefAttr:$site);
  let assemblyFormat = "$site attr-dict";
}

def Xf_FunctionOp : Xf_Op<"function", [Symbol, NoTerminator, SingleBlock, IsolatedFromAbove]> {
  let summary = "a function of the compiled model, with the field's names for inputs and outputs";
  let description = [{
    C1 its values come from inputs: the body takes no arguments. C2 no two inputs
    and no two outputs have one name.
  }];
  let hasRegionVerifier = 1;
  let arguments = (ins SymbolNameAttr:$sym_name);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "$sym_name attr-dict-with-keyword custom<Body>($body)";
}

def Xf_InputOp : Xf_Op<"input", [HasParent<"FunctionOp">]> {
  let summary = "a named input of the function";
  let description = [{
    C1 an i64 input (ids) states `limit`: every value lies in [0, limit), and
    ids are 32 bits in the runtime.
    C2 an i1 input is a mask, true where the position exists; absent = all true.
    C4 it has a name, and a name for each of its dimensions; without the second
    each sequence has one position.
    C3 an i64 input with `default` may be absent: then it is that value
    everywhere. With `counting` an earlier i64 input of the same dimensions it
    numbers that input's ids: at an id that equals `default` it is `default`, at
    others `default` plus how many of the row's ids up to there differ from it
    (the positions of RoBERTa, arXiv 1907.11692, which skip padding). Without
    `default` it numbers them all, from 0 (the positions of GPT-2).
    ```mlir
    %ids = xf.input "input_ids" [B, S] limit 6000 : tensor<?x?xi64>
    %at = xf.input "position_ids" [B, S] limit 514 default 1 counting "input_ids" : tensor<?x?xi64>
    ```
  }];
  let arguments = (ins StrAttr:$name, StrArrayAttr:$dims, OptionalAttr<I64Attr>:$limit,
                       OptionalAttr<I64Attr>:$default_value, OptionalAttr<StrAttr>:$counting);
  let results = (outs AnyTypeOf<[Xf_Ids, Xf_Mask]>:$result);
  let assemblyFormat = [{
    $name $dims (`limit` $limit^)? (`default` $default_value^)? (`counting` $counting^)? attr-dict `:` type($result)
  }];
  let hasVerifier = 1;
}

def Xf_VisibleOp : Xf_Op<"visible", [Pure, DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "which positions exist: those of a mask, or all of the ids'";
  let description = [{
    Every op that mixes positions takes such a mask. `max_length` bounds the
    number of positions. Given ids, every position exists. With `keep_first`
    position 0 is computed even where the mask hides it from attention,
    because an output reads it (pooler, sequence head).
    Tokens that begin a history are held from position 0 on, and whatever the
    row held of it is gone; those that `continues` a history follow what the row
    holds. Their positions (`xf.positions`, and causality) are those in the
    history, where positions that do not exist take none.
    C1 the source is an input of the function. C2 `max_length` is at least 1.
    C3 it begins or continues one history, that is declared, at most; its
    `max_length` is then the history's, and there is no `keep_first`.
    ```mlir
    %new = xf.visible %ids max_length 1024 continues @text : tensor<?x?xi64> -> tensor<?x?xi1>
    ```
  }];
  let arguments = (ins AnyTypeOf<[Xf_Ids, Xf_Mask]>:$source, I64Attr:$max_length, UnitAttr:$keep_first,
                       OptionalAttr<FlatSymbolRefAttr>:$begins, OptionalAttr<FlatSymbolRefAttr>:$continues);
  let results = (outs Xf_Mask:$result);
  let assemblyFormat = [{
    $source `max_length` $max_length (`keep_first` $keep_first^)? (`begins` $begins^)? (`continues` $continues^)?
    attr-dict `:` type($source) `->` type($result)
  }];
  let hasVerifier = 1;
}

def Xf_OutputOp : Xf_Op<"output", [HasParent<"FunctionOp">]> {
  let summary = "a named output; values at positions that do not exist are zero";
  let description = "One that is `on_request` is given to callers who ask for it by name.";
  let arguments = (ins StrAttr:$name, AnyTypeOf<[Xf_Activations, Xf_Numbers]>:$value, Optional<Xf_Mask>:$mask,
                       UnitAttr:$on_request);
  let assemblyFormat = [{
    $name $value (`where` $mask^)? (`on_request` $on_request^)? attr-dict `:` type($value) (`,` type($mask)^)?
  }];
}

def Xf_UseOp : Xf_WeightExpression<"use", [DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "the value of a stored tensor";
  let description = "C1 the weight is declared, with the type of the result.";
  let arguments = (ins FlatSymbolRefAttr:$weight);
  let results = (outs Xf_WeightType:$result);
  let assemblyFormat = "$weight attr-dict `:` type($result)";
}

def Xf_SlotOp : Xf_WeightExpression<"slot", [DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "the bound adapter's factors for a weight, or nothing";
  let description = "C1 the site is a weight of two dimensions; the slot's are those, or for an embedding their transpose.";
  let arguments = (ins FlatSymbolRefAttr:$site);
  let results = (outs Xf_LowRankType:$result);
  let assemblyFormat = "$site attr-dict `:` type($result)";
}

def Xf_ParameterOp : Xf_Op<"parameter", [Symbol, SingleBlock, IsolatedFromAbove]> {
  let summary = "one result of the deploy function: an expression over weights, evaluated at load";
  let description = [{
    Its region is the slice of the deploy function that makes it; the parameters
    whose slice reads a slot are that slot's swap function. Always from the
    pristine stored tensors.
    C1 the body takes no arguments and holds expressions over weights alone.
    C2 it yields a value of the declared type. C3 a dimension known at run time
    is the rank at the one site whose slot the body reads.
  }];
  let hasRegionVerifier = 1;
  let arguments = (ins SymbolNameAttr:$sym_name, TypeAttrOf<Xf_PackedType>:$type);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "$sym_name `:` $type attr-dict-with-keyword custom<Body>($body)";
}

def Xf_YieldOp : Xf_Op<"yield", [Pure, Terminator]> {
  let summary = "what a body computes: a parameter, a wave, a launch of stages, an element of a stage";
  let arguments = (ins Variadic<AnyType>:$values);
  let assemblyFormat = "attr-dict ($values^ `:` type($values))?";
}

def Xf_GetOp : Xf_Op<"get", [Pure, DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "the value of a parameter in a function, or in a parameter that is computed from it";
  let description = [{
    C1 the parameter is declared, with the type of the result; C2 before the
    parameter that reads it.
  }];
  let arguments = (ins FlatSymbolRefAttr:$parameter);
  let results = (outs Xf_PackedType:$result);
  let assemblyFormat = "$parameter attr-dict `:` type($result)";
}

def Xf_WaveOp : Xf_Op<"wave", [RecursiveMemoryEffects, SingleBlock]> {
  let summary = "layer calls that do not depend on each other and may run side by side";
  let description = [{
    The permission to share launches: stages of two calls meet in one launch
    only if the calls are in one wave. The schedule phase makes waves; the merge
    phase replaces their calls by the stages of the bodies, joins those within
    each wave, and removes it. What stands between two waves joins only there.
    C1 no call inside reads what another call inside computes. C2 it takes no
    arguments and yields values of its results' types.
    ```mlir
    %w:2 = xf.wave -> tensor<?x?x8xf32>, tensor<?x?x8xf32> {
      %a = func.call @decoder_layer(%y, %x) : (tensor<?x?x8xf32>, tensor<?x?x8xf32>) -> tensor<?x?x8xf32>
      %b = func.call @encoder_layer(%x) : (tensor<?x?x8xf32>) -> tensor<?x?x8xf32>
      xf.yield %a, %b : tensor<?x?x8xf32>, tensor<?x?x8xf32>
    }
    ```
  }];
  let results = (outs Variadic<AnyType>:$results);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "attr-dict-with-keyword (`->` type($results)^)? custom<OpenBody>($body)";
  let extraClassDeclaration = [{
    /// Moves ops of one block into a wave in place of the first, in the given
    /// order; the wave's results take the place of theirs.
    static WaveOp enclose(::mlir::ArrayRef<::mlir::Operation *> members);
  }];
  let hasRegionVerifier = 1;
}

#endif // PTX_XF_STRUCTURE
