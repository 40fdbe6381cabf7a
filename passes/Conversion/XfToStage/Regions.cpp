#include "passes/Conversion/XfToStage/Regions.h"

using namespace mlir;

namespace ptx::stage {

void buildRegion(OpBuilder &builder, Location loc, Region &region, unsigned arguments, Element element) {
  OpBuilder::InsertionGuard guard(builder);
  SmallVector<Type> types(arguments, builder.getF32Type());
  SmallVector<Location> locs(arguments, loc);
  Block *block = builder.createBlock(&region, {}, types, locs);
  Value value = element(builder, loc, block->getArguments());
  xf::YieldOp::create(builder, loc, value);
}

Value buildConstant(OpBuilder &builder, Location loc, double value) {
  return arith::ConstantOp::create(builder, loc, builder.getF32FloatAttr(static_cast<float>(value)));
}

/// 0.5 x (1 + t)
static Value buildHalfOnePlus(OpBuilder &b, Location loc, Value x, Value t) {
  Value half = arith::MulFOp::create(b, loc, x, buildConstant(b, loc, 0.5));
  return arith::MulFOp::create(b, loc, half, arith::AddFOp::create(b, loc, t, buildConstant(b, loc, 1.0)));
}

Value buildActivation(OpBuilder &b, Location loc, xf::ActivationKind kind, Value x) {
  auto mul = [&](Value p, Value q) -> Value { return arith::MulFOp::create(b, loc, p, q); };
  auto add = [&](Value p, Value q) -> Value { return arith::AddFOp::create(b, loc, p, q); };
  switch (kind) {
  case xf::ActivationKind::Relu:
    return arith::MaximumFOp::create(b, loc, x, buildConstant(b, loc, 0.0));
  case xf::ActivationKind::Relu2: { // arXiv 2109.08668
    Value positive = arith::MaximumFOp::create(b, loc, x, buildConstant(b, loc, 0.0));
    return mul(positive, positive);
  }
  case xf::ActivationKind::Gelu: // x Phi(x), arXiv 1606.08415
    return buildHalfOnePlus(b, loc, x, math::ErfOp::create(b, loc, mul(x, buildConstant(b, loc, 0.7071067811865476))));
  case xf::ActivationKind::GeluTanh: {
    Value cube = mul(mul(x, x), mul(x, buildConstant(b, loc, 0.044715)));
    Value inner = mul(add(x, cube), buildConstant(b, loc, 0.7978845608028654));
    return buildHalfOnePlus(b, loc, x, math::TanhOp::create(b, loc, inner));
  }
  case xf::ActivationKind::Silu: {
    Value e = math::ExpOp::create(b, loc, arith::NegFOp::create(b, loc, x));
    return arith::DivFOp::create(b, loc, x, add(e, buildConstant(b, loc, 1.0)));
  }
  case xf::ActivationKind::Tanh:
    return math::TanhOp::create(b, loc, x);
  }
  llvm_unreachable("every activation is handled");
}

} // namespace ptx::stage
