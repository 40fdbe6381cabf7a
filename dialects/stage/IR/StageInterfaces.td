// What every skeleton tells those that plan, fuse and check it.
#ifndef PTX_STAGE_INTERFACES
#define PTX_STAGE_INTERFACES

include "dialects/xf/IR/XfInterfaces.td"
include "mlir/IR/OpBase.td"

def Stage_SkeletonOpInterface : OpInterface<"SkeletonOpInterface", [Xf_LaunchedOpInterface]> {
  let cppNamespace = "::ptx::stage";
  let description = [{
    A stage: a skeleton with its operands, its constants and, where it has one,
    the region that says what happens to an element. Passes that treat all
    skeletons alike ask here and name none of them.
  }];
  let methods = [
    InterfaceMethod<[{
      How many values of an element the region takes before one scalar per extra;
      nothing for a skeleton without a region.
    }], "std::optional<int64_t>", "getElementCount", (ins), "", [{
      return $_op->getNumRegions() == 1 ? std::optional<int64_t>(1) : std::nullopt;
    }]>,
    InterfaceMethod<"The operands behind the element values; none without a region.",
                    "::mlir::MutableOperandRange", "getExtraOperands", (ins), "", [{
      if constexpr (requires { $_op.getExtrasMutable(); })
        return $_op.getExtrasMutable();
      else
        return ::mlir::MutableOperandRange($_op, $_op->getNumOperands(), 0);
    }]>,
    InterfaceMethod<[{
      Which rows the stage computes: those of `like`, and so of all rows that it
      reads; or those of a space. The type of the result says whether there is
      one for each token or for each sequence.
    }], "::ptx::stage::RowDomain", "getRowDomain", (ins), "", [{
      return {.like = $_op->getOperand(0)};
    }]>,
    InterfaceMethod<"Adds what distinguishes kernels of one skeleton, as attributes of rt.kernel.", "void",
                    "getConstants", (ins "::mlir::NamedAttrList &":$constants), "", [{ (void)constants; }]>,
    InterfaceMethod<[{
      The parameter whose rank is the width of the result, where that width is
      known at run time only; else null.
    }], "::mlir::Value", "getRankParameter", (ins), "", [{ return {}; }]>,
    InterfaceMethod<[{
      The operands whose rows are multiplied, or kept, in some type. They are of f32 and
      rounded to it, or of that type already; all other rows that a stage reads
      are of f32.
    }], "::llvm::SmallVector<::ptx::stage::Factor>", "getFactors", (ins), "", [{ return {}; }]>
  ];
  let verify = [{ return ::ptx::stage::verifySkeleton(::mlir::cast<SkeletonOpInterface>($_op)); }];
  let verifyWithRegions = 1;
}

def Stage_FoldOpInterface : OpInterface<"FoldOpInterface", [Stage_SkeletonOpInterface]> {
  let cppNamespace = "::ptx::stage";
  let description = [{
    A stage that a parameter is made of when an adapter is bound: base[n,k] +
    sum_r b[n,r] a[k,r] of packed weights.
  }];
  let methods = [
    InterfaceMethod<"", "::mlir::Value", "getBase">,
    InterfaceMethod<"A^T, a table; null without a low-rank part.", "::mlir::Value", "getA">,
    InterfaceMethod<"s B, a matrix; null without a low-rank part.", "::mlir::Value", "getB">,
    InterfaceMethod<"How many n there are.", "int64_t", "getWidth", (ins), "", [{
      auto base = ::mlir::cast<::ptx::xf::PackedType>($_op.getBase().getType());
      return base.getLayout() == ::ptx::xf::Layout::Table ? base.getColumns() : base.getRows();
    }]>,
    InterfaceMethod<"How many k there are.", "int64_t", "getDepth", (ins), "", [{
      auto base = ::mlir::cast<::ptx::xf::PackedType>($_op.getBase().getType());
      return base.getLayout() == ::ptx::xf::Layout::Table ? base.getRows() : base.getColumns();
    }]>
  ];
}

#endif // PTX_STAGE_INTERFACES
