// What passes ask of ops of more than one dialect.
#ifndef PTX_XF_INTERFACES
#define PTX_XF_INTERFACES

include "mlir/IR/OpBase.td"

def Xf_LaunchedOpInterface : OpInterface<"LaunchedOpInterface"> {
  let cppNamespace = "::ptx::xf";
  let description = [{
    An op that some launch carries out, and the skeleton it becomes a problem
    of. Inputs, weights, views and what joins its producer launch nothing. A
    low-rank linear counts once, though it becomes two contractions.
  }];
  let methods = [StaticInterfaceMethod<"The skeleton that runs the op.", "::ptx::xf::Skeleton", "getSkeleton">];
}

def Xf_ContractionOpInterface : OpInterface<"ContractionOpInterface"> {
  let cppNamespace = "::ptx::xf";
  let description = [{
    An op that multiplies and sums, and may do so `in` a type narrower than f32:
    the operands of its products, activations and weights, are then rounded to
    it, to nearest, ties to even. Sums are f32 always. An attribute
    `product_type` is all an op needs.
  }];
  let methods = [
    InterfaceMethod<"What operands of products are rounded to; null: they are f32.", "::mlir::TypeAttr",
                    "getProductTypeAttr">,
    InterfaceMethod<"Sets or, with null, removes it.", "void", "setProductTypeAttr", (ins "::mlir::TypeAttr":$type)>
  ];
  let verify = [{ return ::ptx::xf::verifyProductType($_op); }];
}

class Xf_SkeletonTrait<string skeleton> : ParamNativeOpTrait<"RunsOn", "::ptx::xf::Skeleton::" # skeleton> {
  let cppNamespace = "::ptx::xf";
}
class RunsOn<string skeleton> : TraitList<[Xf_SkeletonTrait<skeleton>, Xf_LaunchedOpInterface]>;

#endif // PTX_XF_INTERFACES
