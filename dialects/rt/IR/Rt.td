#ifndef PTX_RT
#define PTX_RT

include "mlir/IR/OpBase.td"
include "mlir/IR/AttrTypeBase.td"
include "dialects/rt/IR/RtEnums.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/Interfaces/SideEffectInterfaces.td"
include "dialects/stage/IR/StageBase.td"

def Rt_Dialect : Dialect {
  let name = "rt";
  let cppNamespace = "::ptx::rt";
  let summary = "what runs when: launch records, arena slots, kernels by what they compute";
  let description = [{
    A program is a table of launch records that a small loop runs. Buffers are
    numbered; an arena slot serves buffers whose lives do not overlap. The
    table in the artifact (runtime/FORMAT.md) is this dialect written as JSON.
  }];
  let useDefaultAttributePrinterParser = 1;
  let dependentDialects = ["::ptx::stage::StageDialect"];
}

//===- Words of a launch, 64 bits each ----------------------------------------===//

class Rt_Arg<string cpp, string mnem> : AttrDef<Rt_Dialect, cpp> { let mnemonic = mnem; }
def Rt_BufferArg : Rt_Arg<"BufferArg", "buffer"> {
  let summary = "address of a buffer at a column";
  let parameters = (ins "int64_t":$buffer, "int64_t":$column);
  let assemblyFormat = "`<` $buffer `,` $column `>`";
}
def Rt_PitchArg : Rt_Arg<"PitchArg", "pitch"> {
  let summary = "floats between rows of so many floats, as the target lays them out";
  let parameters = (ins "int64_t":$width);
  let assemblyFormat = "`<` $width `>`";
}
def Rt_IntArg : Rt_Arg<"IntArg", "int"> {
  let parameters = (ins "int64_t":$value);
  let assemblyFormat = "`<` $value `>`";
}
def Rt_ParameterArg : Rt_Arg<"ParameterArg", "parameter"> {
  let parameters = (ins "::mlir::FlatSymbolRefAttr":$parameter);
  let assemblyFormat = "`<` $parameter `>`";
}
def Rt_IdsArg : Rt_Arg<"IdsArg", "ids"> {
  let summary = "the ids of an input, one i32 per row";
  let parameters = (ins "int64_t":$input);
  let assemblyFormat = "`<` $input `>`";
}
def Rt_RowsArg : Rt_Arg<"RowsArg", "rows"> {
  let summary = "an array of a space's row table";
  let parameters = (ins "int64_t":$space, "::ptx::rt::RowField":$field);
  let assemblyFormat = "`<` $space `,` $field `>`";
}
def Rt_RankArg : Rt_Arg<"RankArg", "rank"> {
  let summary = "the rank of the bound adapter at a site, 0 for none";
  let parameters = (ins "::mlir::FlatSymbolRefAttr":$site);
  let assemblyFormat = "`<` $site `>`";
}

def Rt_Window : AttrDef<Rt_Dialect, "Window"> {
  let mnemonic = "window";
  let summary = "columns [column, column + width) of a buffer";
  let parameters = (ins "int64_t":$buffer, "int64_t":$column, "int64_t":$width);
  let assemblyFormat = "`<` $buffer `,` $column `,` $width `>`";
}
def Rt_Windows : TypedArrayAttrBase<Rt_Window, "windows of buffers">;

//===- Kernels ---------------------------------------------------------------===//

class Rt_Op<string mnemonic, list<Trait> traits = []>
    : Op<Rt_Dialect, mnemonic, !listconcat([KnownAttributes], traits)>;

def Rt_KernelOp : Rt_Op<"kernel", [Symbol, IsolatedFromAbove]> {
  let summary = "a kernel by what it computes: a skeleton, its constants and its region";
  let description = [{
    Equal stages share one kernel. `tables` counts the tables of a gather.
    The region takes the skeleton's element values and one f32 per extra, and
    yields the element; skeletons without a region have an empty one.
    The kernel's signature, the names and types of the words it is called with,
    follows from skeleton, tables and extras (runtime/device/words.h); it is
    printed behind `words`, and need not be written.
    C1 the constants of the skeleton are there: `norm` and `eps` of a row norm,
       `scale` and a positive `head_dim` of an attention, `tables` of a gather,
       `pooling` of a pool.
    C2 the region has one argument per element value and extra, all f32, and
       yields one value.
    C3 the region holds scalar operations that every target can carry out on an
       element: arithmetic, comparison and selection, exp, tanh, erf, fma, sqrt,
       rsqrt, absf, copysign.
    ```mlir
    rt.kernel contract @contract_0 extras [column] words(x: rows, x_pitch: pitch, weight: weight, ...) {
    ^bb0(%sum: f32, %bias: f32):
      %0 = arith.addf %sum, %bias : f32
      stage.yield %0 : f32
    }
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, Xf_Skeleton:$skeleton,
                       DefaultValuedAttr<I64Attr, "0">:$tables,
                       DefaultValuedAttr<I64Attr, "0">:$head_dim, OptionalAttr<F64Attr>:$scale, UnitAttr:$causal,
                       OptionalAttr<Stage_Norm>:$norm, OptionalAttr<F64Attr>:$eps, OptionalAttr<Xf_Pooling>:$pooling,
                       TypedArrayAttrBase<Rt_ExtraKind, "kinds of the extras">:$extras);
  let regions = (region AnyRegion:$body);
  let assemblyFormat = [{
    $skeleton $sym_name (`tables` $tables^)? (`norm` $norm^)? (`eps` $eps^)? (`pooling` $pooling^)?
    (`head_dim` $head_dim^)? (`scale` $scale^)? (`causal` $causal^)?
    `extras` custom<Extras>($extras) custom<Words>(ref($skeleton), ref($tables), ref($extras))
    attr-dict-with-keyword custom<OptionalBody>($body)
  }];
  let hasVerifier = 1;
  let hasRegionVerifier = 1;
  let extraClassDeclaration = [{
    /// The words the kernel is called with.
    ::ptx::words::Signature getSignature();
    /// Values the region takes before its extras; nothing for a skeleton without a region.
    std::optional<int64_t> getElementCount();
  }];
}

def Rt_EntryOp : Rt_Op<"entry", [Symbol, DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "kernels that some launch runs together";
  let description = [{
    A device that runs a launch as one grid needs code for the whole set: one
    entry per set of kernels that occurs. Kernels are in order of their names.
    ```mlir
    rt.entry @entry_2 [@contract_0, @contract_3]
    ```
    C1 every kernel exists.
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, FlatSymbolRefArrayAttr:$kernels);
  let assemblyFormat = "$sym_name $kernels attr-dict";
}

//===- Programs --------------------------------------------------------------===//

def Rt_ProgramOp : Rt_Op<"program", [Symbol, NoTerminator, SingleBlock, IsolatedFromAbove]> {
  let summary = "the launch table of one function";
  let description = [{
    Inputs, spaces and buffers are numbered in their order, launches run in theirs.
    C1 it holds these and outputs alone, and every number is that of one of them,
       a slot's below `slots`; the mask of a space is a mask.
    C2 columns lie inside their buffers; an output has its buffer's rows.
    C3 what is read, a launch before has written, and buffers that live at the
       same time (from the first launch that writes one to the last that reads
       it, outputs to the end) are in slots of their own.
    C4 no problem of a launch reads or writes what another of them writes.
  }];
  let hasRegionVerifier = 1;
  let arguments = (ins SymbolNameAttr:$sym_name, I64Attr:$slots);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "$sym_name `slots` $slots attr-dict-with-keyword custom<Body>($body)";
}

def Rt_InputOp : Rt_Op<"input"> {
  let summary = "an input; its number is its order, `counting` another's (as in xf.input)";
  let arguments = (ins StrAttr:$name, StrArrayAttr:$dims, I64Attr:$space, UnitAttr:$mask,
                       OptionalAttr<I64Attr>:$limit, OptionalAttr<I64Attr>:$default_value,
                       OptionalAttr<I64Attr>:$counting);
  let assemblyFormat = [{
    $name $dims `space` $space (`mask` $mask^)? (`limit` $limit^)? (`default` $default_value^)?
    (`counting` $counting^)? attr-dict
  }];
}

def Rt_SpaceOp : Rt_Op<"space"> {
  let summary = "a row table; `mask` is the number of an input, or -1";
  let arguments = (ins StrAttr:$name, StrArrayAttr:$dims, I64Attr:$mask, I64Attr:$max_length, UnitAttr:$keep_first);
  let assemblyFormat = "$name $dims `mask` $mask `max_length` $max_length (`keep_first` $keep_first^)? attr-dict";
}

def Rt_BufferOp : Rt_Op<"buffer"> {
  let summary = "rows of `width` floats in an arena slot; its number is its order";
  let description = "How far apart rows lie is the target's: `#rt.pitch<width>`.";
  let arguments = (ins I64Attr:$slot, I64Attr:$space, Rt_Per:$per, I64Attr:$width);
  let assemblyFormat = "`slot` $slot `space` $space `per` $per `width` $width attr-dict";
}

def Rt_OutputOp : Rt_Op<"output"> {
  let arguments = (ins StrAttr:$name, I64Attr:$buffer, I64Attr:$column, I64Attr:$width, I64Attr:$space, Rt_Per:$per);
  let summary = "a named output read from a buffer after the last launch";
  let assemblyFormat = "$name `buffer` $buffer `column` $column `width` $width `space` $space `per` $per attr-dict";
}

def Rt_LaunchOp : Rt_Op<"launch", [NoTerminator, SingleBlock]> {
  let summary = "problems that do not depend on each other: one fork-join, or one grid, over the union of their tiles";
  let arguments = (ins StrAttr:$label);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "$label attr-dict-with-keyword custom<OpenBody>($body)";
}

def Rt_ProblemOp : Rt_Op<"problem", [HasParent<"LaunchOp">, DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "one call of a kernel over rows x columns";
  let description = [{
    Columns are elements of the result of a contraction, heads of an attention,
    and 1 elsewhere. `flops` and `bytes` are per unit (one row or sequence,
    times one column); with `per_key` times the mean number of keys.
    `column_site` makes the number of columns the bound rank at the site
    (`columns` is ignored); `guard` skips the problem where that rank is 0.
    `keys` is the space whose sequences an attention reads. `reads` and `writes`
    say which columns of which buffers the problem touches.
    C1 the kernel exists, and `args` has one word of the right type for each of
       its signature. C2 `writes` begin where the word `y` points, `reads` where
       the other words point that are columns of buffers.
  }];
  let arguments = (ins FlatSymbolRefAttr:$kernel, StrAttr:$label, I64Attr:$space, Rt_Over:$over, I64Attr:$columns,
                       OptionalAttr<FlatSymbolRefAttr>:$column_site, OptionalAttr<FlatSymbolRefAttr>:$guard,
                       I64Attr:$flops, I64Attr:$bytes, UnitAttr:$per_key,
                       OptionalAttr<I64Attr>:$key_space,
                       ArrayAttr:$args, Rt_Windows:$reads, Rt_Windows:$writes);
  let assemblyFormat = [{
    $kernel $label `over` $over $space `columns` $columns (`of` $column_site^)? (`guard` $guard^)?
    `flops` $flops `bytes` $bytes (`per_key` $per_key^)? (`keys` $key_space^)?
    `args` $args `reads` $reads `writes` $writes attr-dict
  }];
}

#endif // PTX_RT
