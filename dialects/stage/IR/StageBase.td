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
    exists in a *space*; padding has no rows. Rows of f16 or bf16 are rounded, to
    nearest, ties to even, when they are stored.
  }];
  let useDefaultTypePrinterParser = 1;
  let dependentDialects = ["::ptx::xf::XfDialect", "::mlir::arith::ArithDialect", "::mlir::math::MathDialect"];
}

class Stage_Type<string cpp, string mnem> : TypeDef<Stage_Dialect, cpp> { let mnemonic = mnem; }

def Stage_SpaceType : Stage_Type<"Space", "space"> {
  let summary = "a row table: which tokens exist, in which sequence, at which position";
}

def Stage_Rows : Xf_Tensor<"isPooled", "rows tensor<?xDxf32>, one per token of a space or one per sequence">;
/// A row of 16-bit elements fills whole words of 32 bits.
def Stage_AnyRows : Type<CPred<"::ptx::stage::isRows($_self)">,
                         "rows tensor<?xDxf32>, or of an even number of f16 or bf16", "::mlir::RankedTensorType">;
def Stage_Index : Type<CPred<"::ptx::stage::isIndex($_self)">, "indices tensor<?xi32>, one per row or per sequence",
                       "::mlir::RankedTensorType">;

class Stage_Op<string mnemonic, list<Trait> traits = []>
    : Op<Stage_Dialect, mnemonic, !listconcat([KnownAttributes], traits)>;

class Stage_SkeletonOp<string mnemonic, string skeleton, list<string> says, list<Trait> traits = []>
    : Stage_Op<mnemonic, !listconcat([RunsOn<skeleton>, DeclareOpInterfaceMethods<Stage_SkeletonOpInterface, says>,
                                      Pure], traits)>;

// A skeleton with one region: block arguments are the skeleton's own element
// values first, then one scalar per extra operand.
class Stage_RegionSkeletonOp<string mnemonic, string skeleton, list<string> says, list<Trait> traits = []>
    : Stage_SkeletonOp<mnemonic, skeleton, says, !listconcat([SingleBlock, IsolatedFromAbove], traits)>;

#endif // PTX_STAGE_BASE
