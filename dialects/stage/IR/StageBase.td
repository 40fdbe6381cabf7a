#ifndef PTX_STAGE_BASE
#define PTX_STAGE_BASE

include "mlir/IR/OpBase.td"
include "mlir/IR/AttrTypeBase.td"
include "dialects/stage/IR/StageEnums.td"
include "dialects/stage/IR/StageInterfaces.td"
include "dialects/xf/IR/XfBase.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def Stage_Dialect : Dialect {
  let name = "stage";
  let cppNamespace = "::ptx::stage";
  let summary = "in which fused pieces it is computed: skeletons with regions, over rows";
  let description = [{
    A stage is a skeleton (contraction, attention, row norm, gather, segment
    mean, map) with a region of scalar `arith` and `math` operations that says
    what happens to each element before it is stored. Targets supply skeletons,
    never regions. Values are rows `tensor<?xDxf32>`: one row per token that
    exists in a *space*; padding has no rows. Rows that exist once for each
    sequence of a space say so: `tensor<?xDxf32, #stage.per_sequence>`. Rows of
    f16 or bf16 are rounded, to nearest, ties to even, when they are stored.
  }];
  let useDefaultTypePrinterParser = 1;
  let useDefaultAttributePrinterParser = 1;
  let dependentDialects = ["::ptx::xf::XfDialect", "::mlir::arith::ArithDialect", "::mlir::math::MathDialect"];
}

class Stage_Type<string cpp, string mnem> : TypeDef<Stage_Dialect, cpp> { let mnemonic = mnem; }

def Stage_SpaceType : Stage_Type<"Space", "space"> {
  let summary = "a row table: which tokens exist, in which sequence, at which position";
}

def Stage_PerSequenceAttr : AttrDef<Stage_Dialect, "PerSequence"> {
  let mnemonic = "per_sequence";
  let summary = "the encoding of rows, and of an index, that exist once for each sequence; without it, for each token";
}

class Stage_Tensor<Pred predicate, string summary> : Type<predicate, summary, "::mlir::RankedTensorType">;

defvar isRowsOfF32 = CPred<"::ptx::stage::isRowsOfF32($_self)">;
defvar isRows = CPred<"::ptx::stage::isRows($_self)">;
defvar isIndex = CPred<"::ptx::stage::isIndex($_self)">;
defvar isPerSequence = CPred<"::ptx::stage::isPerSequence($_self)">;
defvar isPerToken = Neg<isPerSequence>;

def Stage_Rows : Stage_Tensor<isRowsOfF32, "rows tensor<?xDxf32>, one per token of a space or one per sequence">;
def Stage_TokenRows : Stage_Tensor<And<[isRowsOfF32, isPerToken]>, "rows per token, tensor<?xDxf32>">;
/// A row of 16-bit elements fills whole words of 32 bits.
def Stage_AnyRows : Stage_Tensor<isRows, "rows tensor<?xDxf32>, or of an even number of f16 or bf16">;
def Stage_AnyTokenRows : Stage_Tensor<And<[isRows, isPerToken]>,
                                      "rows per token, tensor<?xDxf32>, or of an even number of f16 or bf16">;
def Stage_SequenceRows
    : Stage_Tensor<And<[isRowsOfF32, isPerSequence]>, "rows per sequence, tensor<?xDxf32, #stage.per_sequence>">;
def Stage_AnySequenceRows
    : Stage_Tensor<And<[isRows, isPerSequence]>, "rows per sequence, tensor<?xDxf32, #stage.per_sequence>">;
def Stage_Index : Stage_Tensor<isIndex, "indices tensor<?xi32>, one per row or per sequence">;
def Stage_TokenIndex : Stage_Tensor<And<[isIndex, isPerToken]>, "indices per token, tensor<?xi32>">;
def Stage_SequenceIndex
    : Stage_Tensor<And<[isIndex, isPerSequence]>, "indices per sequence, tensor<?xi32, #stage.per_sequence>">;

class Stage_Op<string mnemonic, list<Trait> traits = []>
    : Op<Stage_Dialect, mnemonic, !listconcat([KnownAttributes], traits)>;

class Stage_Skeleton<string mnemonic, string skeleton, list<string> says, list<Trait> traits>
    : Stage_Op<mnemonic, !listconcat([RunsOn<skeleton>, DeclareOpInterfaceMethods<Stage_SkeletonOpInterface, says>],
                                     traits)>;

class Stage_SkeletonOp<string mnemonic, string skeleton, list<string> says, list<Trait> traits = []>
    : Stage_Skeleton<mnemonic, skeleton, says, !listconcat([Pure], traits)>;

// A skeleton with one region: block arguments are the skeleton's own element
// values first, then one scalar per extra operand.
class Stage_RegionSkeletonOp<string mnemonic, string skeleton, list<string> says, list<Trait> traits = []>
    : Stage_SkeletonOp<mnemonic, skeleton, says, !listconcat([SingleBlock, IsolatedFromAbove], traits)>;

#endif // PTX_STAGE_BASE
