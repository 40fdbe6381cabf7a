// Functions on elements, within two or three units in the last place. Only
// correctly rounded operations: the same bytes on every target.
#include "passes/Target/Common/Emit.h"

using namespace mlir;
using namespace ptx::target;

static Value horner(Emit &e, Value x, ArrayRef<float> coefficients) {
  Value sum = e.constant(coefficients.front());
  for (float c : coefficients.drop_front())
    sum = e.fma(sum, x, e.constant(c));
  return sum;
}

// Ordered comparisons: a NaN passes through.
static Value clamp(Emit &e, Value x, float low, float high) {
  Value lo = e.constant(low), hi = e.constant(high);
  x = e.select(e.compare(Emit::Compare::OLT, x, lo), lo, x);
  return e.select(e.compare(Emit::Compare::OGT, x, hi), hi, x);
}

static Value absolute(Emit &e, Value x) { return e.create<math::AbsFOp>(x); }

static Value copySign(Emit &e, Value magnitude, Value sign) { return e.create<math::CopySignOp>(magnitude, sign); }

// 2^n for an n held in the low bits of `bits`, as a float.
static Value powerOfTwo(Emit &e, Value bits) {
  auto splat = [&](int32_t v) { return e.splat(e.getI32IntegerAttr(v)); };
  Value biased = e.create<arith::AddIOp>(bits, splat(127));
  return e.create<arith::BitcastOp>(e.wideFloat(), e.create<arith::ShLIOp>(biased, splat(23)));
}

// x = n ln 2 + r, |r| <= ln 2 / 2; exp r is a polynomial.
struct Reduced {
  Value mantissa, exponent; // exp r, and n as i32
};

static Reduced reduceExp(Emit &e, Value x) {
  Value magic = e.constant(12582912.0f); // 1.5 * 2^23: rounds to an integer in the low bits
  Value shifted = e.fma(x, e.constant(1.44269504f), magic);
  Value n = e.subf(shifted, magic);
  Value r = e.fma(n, e.constant(-0.693359375f), x);
  r = e.fma(n, e.constant(2.12194440e-4f), r);
  Value p = horner(
      e, r,
      {1.9875691500e-4f, 1.3981999507e-3f, 8.3334519073e-3f, 4.1665795894e-2f, 1.6666665459e-1f, 5.0000001201e-1f});
  p = e.addf(e.fma(p, e.mulf(r, r), r), e.constant(1.0f));
  Type integers = e.wide(e.getI32Type());
  Value exponent = e.create<arith::SubIOp>(e.create<arith::BitcastOp>(integers, shifted),
                                           e.create<arith::BitcastOp>(integers, magic));
  return {p, exponent};
}

// 2^n in two factors, so that results overflow to infinity and underflow
// through the subnormals.
Value ptx::target::emitExp(Emit &e, Value x) {
  Reduced reduced = reduceExp(e, clamp(e, x, -110.0f, 90.0f));
  Value one = e.splat(e.getI32IntegerAttr(1));
  Value half = e.create<arith::ShRSIOp>(reduced.exponent, one);
  Value rest = e.create<arith::SubIOp>(reduced.exponent, half);
  return e.mulf(e.mulf(reduced.mantissa, powerOfTwo(e, half)), powerOfTwo(e, rest));
}

Value ptx::target::emitExpNonPositive(Emit &e, Value x) {
  Reduced reduced = reduceExp(e, x);
  Value value = e.mulf(reduced.mantissa, powerOfTwo(e, reduced.exponent));
  return e.select(e.compare(Emit::Compare::OLT, x, e.constant(-87.0f)), e.constant(0.0f), value);
}

// An odd polynomial below 0.625, 1 - 2 / (exp 2|x| + 1) above.
Value ptx::target::emitTanh(Emit &e, Value x) {
  Value size = absolute(e, x), square = e.mulf(x, x);
  Value p = horner(e, square,
                   {-5.70498872745e-3f, 2.06390887954e-2f, -5.37397155531e-2f, 1.33314422036e-1f, -3.33332819422e-1f});
  Value small = e.fma(e.mulf(p, square), x, x);
  Value power = emitExp(e, e.addf(size, size)), one = e.constant(1.0f);
  Value large = e.subf(one, e.divf(e.constant(2.0f), e.addf(power, one)));
  Value isLarge = e.compare(Emit::Compare::OGT, size, e.constant(0.625f));
  return e.select(isLarge, copySign(e, large, x), small);
}

// After N. Juffa's erff: an odd polynomial below 475/512, 1 - exp(q(|x|))
// above.
Value ptx::target::emitErf(Emit &e, Value x) {
  Value size = absolute(e, x), square = e.mulf(x, x);
  Value small = horner(
      e, square, {-5.96761703e-4f, 4.99119423e-3f, -2.67681349e-2f, 1.12819925e-1f, -3.76125336e-1f, 1.28379166e-1f});
  small = e.fma(small, x, x);
  Value t = clamp(e, size, 0.0f, 5.0f);
  Value q = e.fma(horner(e, t, {-1.72853470e-5f, 3.83197126e-4f}), e.mulf(t, t),
                  horner(e, t, {-3.88396438e-3f, 2.42546219e-2f}));
  for (float c : {-1.06777877e-1f, -6.34846687e-1f, -1.28717512e-1f})
    q = e.fma(q, t, e.constant(c));
  q = e.fma(q, t, e.create<arith::NegFOp>(t));
  Value large = e.subf(e.constant(1.0f), emitExp(e, q));
  Value isLarge = e.compare(Emit::Compare::OGT, size, e.constant(0.927734375f));
  return e.select(isLarge, copySign(e, large, x), small);
}
