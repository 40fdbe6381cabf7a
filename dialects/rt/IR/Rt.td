#ifndef PTX_RT
#define PTX_RT

include "mlir/IR/OpBase.td"
include "mlir/IR/AttrTypeBase.td"
include "dialects/rt/IR/RtEnums.td"
include "mlir/IR/OpAsmInterface.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/Interfaces/SideEffectInterfaces.td"
include "dialects/stage/IR/StageBase.td"

def Rt_Dialect : Dialect {
  let name = "rt";
  let cppNamespace = "::ptx::rt";
  let summary = "what runs when: launch records, arena slots, kernels by what they compute";
  let description = [{
    A program is a table of launch records that a small loop runs. Inputs, row
    tables and buffers are values; an arena slot serves buffers whose lives do
    not overlap. The table in the artifact (runtime/FORMAT.md) is this dialect
    written as JSON, where values are numbers in the order of their kind.
  }];
  let useDefaultAttributePrinterParser = 1;
  let useDefaultTypePrinterParser = 1;
  let dependentDialects = ["::ptx::stage::StageDialect"];
}

//===- Types -----------------------------------------------------------------===//

class Rt_Type<string cpp, string mnem> : TypeDef<Rt_Dialect, cpp> {
  let mnemonic = mnem;
  let builderCall = "$_builder.getType<::ptx::rt::" # cpp # "Type>()";
}
def Rt_Input : Rt_Type<"Input", "input"> { let summary = "what a caller passes"; }
def Rt_Space : Rt_Type<"Space", "space"> { let summary = "a row table"; }
def Rt_Buffer : Rt_Type<"Buffer", "buffer"> { let summary = "rows of f32, f16, bf16 or i32 in an arena slot"; }

//===- Words of a launch, 64 bits each ----------------------------------------===//

// Those that speak of an input, a space or a buffer take it from the problem's
// operands, in order.
class Rt_Arg<string cpp, string mnem> : AttrDef<Rt_Dialect, cpp> { let mnemonic = mnem; }
def Rt_BufferArg : Rt_Arg<"BufferArg", "buffer_word"> {
  let summary = "address of an operand, a buffer, at a column";
  let parameters = (ins "int64_t":$column);
  let assemblyFormat = "`<` $column `>`";
}
def Rt_IdsArg : Rt_Arg<"IdsArg", "ids_word"> {
  let summary = "the ids of an operand, an input: one i32 per row";
}
def Rt_RowsArg : Rt_Arg<"RowsArg", "rows_word"> {
  let summary = "an array of an operand, a space: one i32 per row, sequence or block";
  let parameters = (ins "::ptx::rt::RowField":$field);
  let assemblyFormat = "`<` $field `>`";
}
def Rt_PitchArg : Rt_Arg<"PitchArg", "pitch_word"> {
  let summary = "words of 32 bits between rows of so many words, as the target lays them out";
  let parameters = (ins "int64_t":$width);
  let assemblyFormat = "`<` $width `>`";
}
def Rt_IntArg : Rt_Arg<"IntArg", "int_word"> {
  let parameters = (ins "int64_t":$value);
  let assemblyFormat = "`<` $value `>`";
}
def Rt_ParameterArg : Rt_Arg<"ParameterArg", "parameter_word"> {
  let summary = "address of a parameter";
  let parameters = (ins "::mlir::FlatSymbolRefAttr":$parameter);
  let assemblyFormat = "`<` $parameter `>`";
}
def Rt_RankArg : Rt_Arg<"RankArg", "rank_word"> {
  let summary = "the rank of the bound adapter at a site, 0 for none";
  let parameters = (ins "::mlir::FlatSymbolRefAttr":$site);
  let assemblyFormat = "`<` $site `>`";
}

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
    follows from skeleton, tables, extras and the types of rows
    (runtime/device/words.h); it is printed behind `words`, and need not be written.
    `rows` names the words whose rows or table are of f16 or bf16; others are of f32.
    An attention with a `chunk` takes so many keys at a time: what each chunk gives
    (greatest score, sum of weights, sum of weighted values) is joined in their order.
    An `attention_chunk` computes what one chunk gives, an `attention_join` joins them: so
    chunks of a long sequence are shared out.
    C1 the constants of the skeleton are there: `norm` and `eps` of a row norm,
       `scale` and a positive `head_dim` of an attention, whose `chunk`, if any,
       is a multiple of 64, as that of a chunk of one and of a join is, `tables` of a gather,
       `pooling` of a pool, `layout` of a fold, which is no vector for the norm
       of folds. Only a contraction and an attention may be `in` a narrow type.
       `rows` are of that type, or of any the result, the tables of a gather and
       the base of a fold of matrices.
    C2 the region has one argument per element value and extra, all f32, and
       yields one value.
    C3 the region holds scalar operations that every target can carry out on an
       element: arithmetic, comparison and selection, exp, tanh, erf, fma, sqrt,
       rsqrt, absf, copysign.
    ```mlir
    rt.kernel contract @contract_0 extras [column] words(x: rows, x_pitch: pitch, weight: weight, ...) {
    ^bb0(%sum: f32, %bias: f32):
      %0 = arith.addf %sum, %bias : f32
      xf.yield %0 : f32
    }
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, Xf_Skeleton:$skeleton,
                       DefaultValuedAttr<I64Attr, "0">:$tables,
                       DefaultValuedAttr<I64Attr, "0">:$head_dim, OptionalAttr<F64Attr>:$scale, UnitAttr:$causal,
                       DefaultValuedAttr<I64Attr, "0">:$chunk,
                       OptionalAttr<Stage_Norm>:$norm, OptionalAttr<F64Attr>:$eps, OptionalAttr<Xf_Pooling>:$pooling,
                       OptionalAttr<Xf_Layout>:$layout, Xf_ProductType:$product_type,
                       OptionalAttr<DictionaryAttr>:$rows,
                       TypedArrayAttrBase<Rt_ExtraKind, "kinds of the extras">:$extras);
  let regions = (region AnyRegion:$body);
  let assemblyFormat = [{
    $skeleton $sym_name (`tables` $tables^)? (`norm` $norm^)? (`eps` $eps^)? (`pooling` $pooling^)?
    (`layout` $layout^)? (`head_dim` $head_dim^)? (`scale` $scale^)? (`causal` $causal^)? (`chunk` $chunk^)? (`in` $product_type^)?
    (`rows` $rows^)? `extras` custom<Extras>($extras)
    custom<Words>(ref($skeleton), ref($tables), ref($extras), ref($product_type), ref($rows))
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

def Rt_ProgramOp : Rt_Op<"program", [Symbol, NoTerminator, SingleBlock, IsolatedFromAbove,
                                     DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "the launch table of one function";
  let description = [{
    Launches run in their order.
    C1 it holds inputs, spaces, what is held, buffers, launches and outputs alone; inputs and
       outputs have names of their own; every input is of one space.
    C2 columns lie inside their buffers.
    C3 what is read, a launch before has written, or it is a cache of a history
       that no space begins or continues; buffers that live at the same time
       (from the first launch that writes one to the last that reads it, outputs
       to the end) are in slots of their own. A cache has one buffer.
    C4 no problem of a launch reads or writes what another of them writes.
    C5 a cache is what an append writes, at the cells of a space that begins or
       continues its history, and keys or values of an attention over what is
       held of that history; what is held has no other use. An attention by chunks
       is over chunks of the keys that it reads, of one query of each sequence, and buffers that
       have a row per chunk are what it writes and its join reads.
    ```mlir
    rt.program @forward slots 1 {
      %ids = rt.input "ids" ["B", "S"] limit 30
      %source = rt.space "source" ["B", "S"] inputs(%ids) max_length 8
      %b = rt.buffer slot 0 in %source per row width 16
      rt.launch "look up" {
        rt.problem @gather_0 "words" over rows of %source columns 1 flops 32 bytes 128
            args(%b, pitch 16, 16, @table, pitch 16, ids %ids)
      }
      rt.output "y" %b column 0 width 16
    }
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, I64Attr:$slots);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "$sym_name `slots` $slots attr-dict-with-keyword custom<Body>($body)";
  let hasRegionVerifier = 1;
}

def Rt_DeployOp : Rt_Op<"deploy", [NoTerminator, SingleBlock, IsolatedFromAbove,
                                   DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "the launch table that computes parameters when an adapter is bound";
  let description = [{
    Launches run in their order, each problem over a count of rows, from and
    into parameters. A problem with a `guard` is skipped where the bound adapter
    has nothing for that site: its parameter is then what its body's base is.
    C1 it holds launches alone. C2 every problem writes a parameter of its own,
    which no problem of the same launch reads.
    ```mlir
    rt.deploy {
      rt.launch "fold" {
        rt.problem @fold_0 "query" over rows count 64 columns 32 guard @query flops 32 bytes 8
            args(@query.a, pitch 16, @query.b, rank @query, @query.base, pitch 64, @query, pitch 64, 64, 32, 0)
      }
    }
    ```
  }];
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "attr-dict-with-keyword custom<OpenBody>($body)";
}

class Rt_ProgramPart<string mnemonic, list<Trait> traits = []>
    : Rt_Op<mnemonic, !listconcat([HasParent<"ProgramOp">], traits)>;
// With a result, which is named in print.
class Rt_NamedPart<string mnemonic, list<Trait> traits = []>
    : Rt_ProgramPart<mnemonic, !listconcat([DeclareOpInterfaceMethods<OpAsmOpInterface, ["getAsmResultNames"]>], traits)>;

def Rt_InputOp : Rt_NamedPart<"input"> {
  let summary = "an input; `counting` is the name of another (as in xf.input)";
  let description = "C1 `counting` is the name of an input of the program.";
  let arguments = (ins StrAttr:$name, StrArrayAttr:$dims, UnitAttr:$mask, OptionalAttr<I64Attr>:$limit,
                       OptionalAttr<I64Attr>:$default_value, OptionalAttr<StrAttr>:$counting);
  let results = (outs Rt_Input:$result);
  let assemblyFormat = [{
    $name $dims (`mask` $mask^)? (`limit` $limit^)? (`default` $default_value^)? (`counting` $counting^)? attr-dict
  }];
}

def Rt_SpaceOp : Rt_NamedPart<"space", [AttrSizedOperandSegments]> {
  let summary = "a row table: the rows of its inputs, those that its mask, if any, leaves";
  let description = [{
    C1 `inputs` are the inputs whose ids lie in its rows. C2 the mask is one.
    C3 it begins or continues one history, that is declared, at most, and no other
    space of the program does.
  }];
  let arguments = (ins StrAttr:$name, StrArrayAttr:$dims, Optional<Rt_Input>:$mask, Variadic<Rt_Input>:$inputs,
                       I64Attr:$max_length, UnitAttr:$keep_first, OptionalAttr<FlatSymbolRefAttr>:$begins,
                       OptionalAttr<FlatSymbolRefAttr>:$continues);
  let results = (outs Rt_Space:$result);
  let assemblyFormat = [{
    $name $dims (`mask` $mask^)? `inputs` `(` $inputs `)` `max_length` $max_length (`keep_first` $keep_first^)?
    (`begins` $begins^)? (`continues` $continues^)? attr-dict
  }];
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    /// The history that it begins or continues, or null.
    ::mlir::FlatSymbolRefAttr getHistory() { return getBeginsAttr() ? getBeginsAttr() : getContinuesAttr(); }
  }];
}

def Rt_HeldOp : Rt_NamedPart<"held"> {
  let summary = "the row table of what the sequences of a space hold of a history";
  let description = [{
    Attentions ask it for `begin` and `keys`. Where it comes by chunks of so many keys
    they may be problems of their own (`over chunks`), with the fields `chunks` and `chunk_begin`
    and buffers that have a row `per chunk`.
    C1 the history is declared. C2 a chunk has at least one key.
  }];
  let arguments = (ins FlatSymbolRefAttr:$history, Rt_Space:$space, DefaultValuedAttr<I64Attr, "0">:$chunk);
  let results = (outs Rt_Space:$result);
  let assemblyFormat = "$history `of` $space (`chunk` $chunk^)? attr-dict";
  let hasVerifier = 1;
}

def Rt_BufferOp : Rt_NamedPart<"buffer"> {
  let summary = "rows of `width` elements in an arena slot, or those of a cache";
  let description = [{
    A cache has a row for each cell: each token that a row of the session may
    hold. The session keeps them; launches write and read the cells that spaces
    tell (`cells`; `begin` and `keys` of what is held).
    Elements are of f32 where nothing is said: `width 16 of bf16`; numbers are of i32. How far apart
    rows lie is the target's: the word `pitch`, of as many words of 32 bits as
    a row has.
    C1 it has a slot of the program's, or a cache that is declared, of its
    elements and width, in a space that is held of the cache's history. It has a row per
    chunk, and a slot, of what is held by chunks alone.
    C2 it has columns, of 16 bits an even number.
  }];
  let arguments = (ins OptionalAttr<I64Attr>:$slot, OptionalAttr<FlatSymbolRefAttr>:$cache, Rt_Space:$space, Rt_Per:$per, I64Attr:$width,
                       OptionalAttr<TypeAttrOf<AnyTypeOf<[F16, BF16, I32]>>>:$element_type);
  let results = (outs Rt_Buffer:$result);
  let assemblyFormat = "(`slot` $slot^)? (`cache` $cache^)? `in` $space `per` $per `width` $width (`of` $element_type^)? attr-dict";
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    ::ptx::DType getElement();
    /// Words of 32 bits in a row.
    int64_t getRowWords();
  }];
}

def Rt_OutputOp : Rt_ProgramPart<"output"> {
  let arguments = (ins StrAttr:$name, Rt_Buffer:$buffer, I64Attr:$column, I64Attr:$width, UnitAttr:$on_request);
  let summary = "a named output read from a buffer of f32, or of i32 per sequence, after the last launch";
  let description = "One that is `on_request` is given to callers who ask for it by name.";
  let assemblyFormat = "$name $buffer `column` $column `width` $width (`on_request` $on_request^)? attr-dict";
}

def Rt_LaunchOp : Rt_Op<"launch", [ParentOneOf<["ProgramOp", "DeployOp"]>, NoTerminator, SingleBlock]> {
  let summary = "problems that do not depend on each other: one fork-join, or one grid, over the union of their tiles";
  let arguments = (ins StrAttr:$label);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "$label attr-dict-with-keyword custom<OpenBody>($body)";
}

def Rt_ProblemOp : Rt_Op<"problem", [HasParent<"LaunchOp">, AttrSizedOperandSegments]> {
  let summary = "one call of a kernel over rows x columns";
  let description = [{
    Columns are elements of the result of a contraction, heads of an attention,
    and 1 elsewhere. `flops` and `bytes` are per unit (one row or sequence,
    times one column); with `per_key` times the mean number of keys.
    `column_site` makes the number of columns the bound rank at the site
    (`columns` is ignored); `guard` skips the problem where that rank is 0
    (in `rt.deploy`: where the bound adapter has nothing for the site).
    `keys` is the space whose sequences an attention reads; `when one` runs it where none of them has more than a
    chunk, `when several` where one has. In a program rows are
    those of a space, in `rt.deploy` there is a `count` of them.
    `args` are the words that the kernel is called with: `%buffer[column]`,
    `ids %input`, `field %space`, `pitch width`, `@parameter`, `rank @site`, or an
    integer.
    C1 the kernel exists, and `args` has one word of the right type for each of
       its signature; a pitch behind a buffer is that of its rows. C2 there is an operand of the right type for each word
       that speaks of one, and no other. C3 it has a space or a positive count; `when` needs keys
       that come by chunks, and `over chunks` is over such.
  }];
  let arguments = (ins FlatSymbolRefAttr:$kernel, StrAttr:$label, Optional<Rt_Space>:$space,
                       OptionalAttr<I64Attr>:$count, Rt_Over:$over, I64Attr:$columns,
                       OptionalAttr<FlatSymbolRefAttr>:$column_site, OptionalAttr<FlatSymbolRefAttr>:$guard,
                       I64Attr:$flops, I64Attr:$bytes, UnitAttr:$per_key, Optional<Rt_Space>:$key_space,
                       OptionalAttr<Rt_When>:$when,
                       ArrayAttr:$words, Variadic<AnyTypeOf<[Rt_Input, Rt_Space, Rt_Buffer]>>:$values);
  let assemblyFormat = [{
    $kernel $label `over` $over (`of` $space^)? (`count` $count^)? `columns` $columns (`rank` $column_site^)? (`guard` $guard^)?
    `flops` $flops `bytes` $bytes (`per_key` $per_key^)? (`keys` $key_space^)? (`when` $when^)?
    `args` custom<Args>($words, $values, type($values)) attr-dict
  }];
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    /// The words with their operands, which are null where they have none.
    ::llvm::SmallVector<std::pair<::mlir::Attribute, ::mlir::Value>> getArgs();
    /// C1.
    ::llvm::LogicalResult verifyKernel(KernelOp kernel);
    /// The columns of buffers that it touches, of a problem that verifies.
    Touched getTouched(KernelOp kernel);
  }];
}

#endif // PTX_RT
