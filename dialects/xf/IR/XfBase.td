// The dialect, its enums and its types.
#ifndef PTX_XF_BASE
#define PTX_XF_BASE

include "mlir/IR/OpBase.td"
include "mlir/Interfaces/SideEffectInterfaces.td"
include "mlir/IR/AttrTypeBase.td"
include "dialects/xf/IR/XfEnums.td"
include "dialects/xf/IR/XfInterfaces.td"

def Xf_Dialect : Dialect {
  let name = "xf";
  let cppNamespace = "::ptx::xf";
  let summary = "what a transformer and its adapters compute";
  let description = [{
    Tensor values, no device, no layout. Letters used for shapes: B sequences,
    S and T positions, D model width, H heads, F feed-forward width, V
    vocabulary, R rank. Weights never enter the IR: a weight is a symbol with
    a type; the parameter table beside the IR says where its bytes lie.
  }];
  let useDefaultTypePrinterParser = 1;
  let hasOperationAttrVerify = 1;
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::func::FuncDialect"];
  let extraClassDeclaration = [{
    /// The attribute of a module that names the phase it is the result of.
    static constexpr ::llvm::StringLiteral phaseAttribute() { return "xf.phase"; }
  }];
}

//===- Types ---------------------------------------------------------------===//

class Xf_Type<string cpp, string mnem> : TypeDef<Xf_Dialect, cpp> {
  let mnemonic = mnem;
}

def Xf_WeightType : Xf_Type<"Weight", "weight"> {
  let summary = "a stored tensor or an expression over stored tensors";
  let description = [{
    A value that depends on nothing but files, so whatever is computed from
    weights alone can run once, when the model is loaded. One or two dimensions
    of f32, f16 or bf16. Example: `!xf.weight<512x256xf16>`.
  }];
  let parameters = (ins ArrayRefParameter<"int64_t">:$shape, "::mlir::Type":$elementType);
  let genVerifyDecl = 1;
  let hasCustomAssemblyFormat = 1;
}

def Xf_LowRankType : Xf_Type<"LowRank", "low_rank"> {
  let summary = "the place where a chosen adapter's low-rank factors for a matrix appear";
  let description = [{
    `!xf.low_rank<OUTxIN>` stands for (A [R,IN], B [OUT,R], scale s) of the
    adapter that is bound, or for nothing; R is known at run time. For an
    embedding [V,D], OUT is D and IN is V (PEFT's orientation).
  }];
  let parameters = (ins "int64_t":$out, "int64_t":$in);
  let genVerifyDecl = 1;
  let assemblyFormat = "`<` custom<Dims>($out, $in) `>`";
}

def Xf_PackedType : Xf_Type<"Packed", "packed"> {
  let summary = "a weight as kernels read it, result of the deploy function";
  let description = [{
    `matrix`: [N,K], multiplied; `table`: [V,D], rows are gathered; `vector`:
    [N]. Elements are f32; those of a matrix may be f16 or bf16, rounded to
    nearest, ties to even, from what is computed in f32, and so may those of a
    table of an even number of columns. How each lies in memory
    is the target's choice (runtime/device/geometry.h).
    `!xf.packed<matrix, 512x256xbf16>`.
    A dimension of -1 (printed `?`) is a rank known at run time; at most one is.
  }];
  let parameters = (ins "::ptx::xf::Layout":$layout, "int64_t":$rows, "int64_t":$columns, "::mlir::Type":$elementType);
  let builders = [TypeBuilder<(ins "::ptx::xf::Layout":$layout, "int64_t":$rows, "int64_t":$columns), [{
    return $_get($_ctxt, layout, rows, columns, ::mlir::Float32Type::get($_ctxt));
  }]>];
  let genVerifyDecl = 1;
  let assemblyFormat = "`<` $layout `,` custom<TypedDims>($rows, $columns, $elementType) `>`";
}

def Xf_CacheType : Xf_Type<"Cache", "cache"> {
  let summary = "a vector for each token that a session holds, of each of its rows";
  let description = [{
    Elements are of f32; `stage-narrow-rows` makes them f16 or bf16 where all
    that is recalled is multiplied in that type: `!xf.cache<1536xbf16>`.
  }];
  let parameters = (ins "int64_t":$width, "::mlir::Type":$elementType);
  let genVerifyDecl = 1;
  let assemblyFormat = "`<` custom<TypedWidth>($width, $elementType) `>`";
}

//===- Constraints ---------------------------------------------------------===//

class Xf_Tensor<string predicate, string summary>
    : Type<CPred<"::ptx::xf::" # predicate # "($_self)">, summary, "::mlir::RankedTensorType">;

def Xf_Ids : Xf_Tensor<"isIds", "ids [B,S], tensor<?x?xi64>">;
def Xf_Mask : Xf_Tensor<"isMask", "a mask [B,S], tensor<?x?xi1>, true where the position exists">;
def Xf_Activations : Xf_Tensor<"isActivations", "activations [B,S,D] or [B,D], tensor<?x?xDxf32> or tensor<?xDxf32>">;
def Xf_Sequence : Xf_Tensor<"isSequence", "activations [B,S,D], tensor<?x?xDxf32>">;
def Xf_Pooled : Xf_Tensor<"isPooled", "activations [B,D], tensor<?xDxf32>">;
def Xf_Numbers : Xf_Tensor<"isNumbers", "a number for each sequence [B], tensor<?xi64>">;
def Xf_Parameter : AnyTypeOf<[Xf_WeightType, Xf_PackedType]>;

/// What the operands of products are rounded to, where that is not f32.
def Xf_ProductType : OptionalAttr<TypeAttrOf<AnyTypeOf<[F16, BF16]>>>;

def KnownAttributes : NativeOpTrait<"KnownAttributes"> { let cppNamespace = "::ptx"; }

class Xf_Op<string mnemonic, list<Trait> traits = []>
    : Op<Xf_Dialect, mnemonic, !listconcat([KnownAttributes], traits)>;

/// Of weights alone: the material of the deploy function.
def WeightExpression : NativeOpTrait<"WeightExpression"> { let cppNamespace = "::ptx::xf"; }
class Xf_WeightExpression<string mnemonic, list<Trait> traits = []>
    : Xf_Op<mnemonic, !listconcat([Pure, WeightExpression], traits)>;

#endif // PTX_XF_BASE
