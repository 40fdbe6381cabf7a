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

class Xf_SkeletonTrait<string skeleton> : ParamNativeOpTrait<"RunsOn", "::ptx::xf::Skeleton::" # skeleton> {
  let cppNamespace = "::ptx::xf";
}
class RunsOn<string skeleton> : TraitList<[Xf_SkeletonTrait<skeleton>, Xf_LaunchedOpInterface]>;

#endif // PTX_XF_INTERFACES
