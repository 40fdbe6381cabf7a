// The vectors an adapter may store for a place, beside the factors A and B of
// its delta: W' = l g (W + s B A) h, b' = l (b + s b_B), g = m / norm(W + s B A).
// A kind of adapter is the set of factors it stores.
#ifndef PTX_DIALECTS_XF_IR_XFFACTORS_H
#define PTX_DIALECTS_XF_IR_XFFACTORS_H

#include "dialects/xf/IR/XfDialect.h"

#include <limits>

namespace ptx::xf {

struct FactorInfo {
  Factor factor;
  bool isOfInputs; // else of outputs
  double none;     // every element of one that is not there: what changes nothing
};

/// In the order of the enumerators.
inline constexpr FactorInfo factorTable[] = {
    {Factor::Bias, false, -0.0},                                         // b_B: LoRA with a bias
    {Factor::Magnitude, false, std::numeric_limits<double>::infinity()}, // m: DoRA (arXiv 2402.09353)
    {Factor::OutputScale, false, 1.0},                                   // l: IA3 (arXiv 2205.05638)
    {Factor::InputScale, true, 1.0},                                     // h: IA3 on feed-forward layers
};
inline const FactorInfo &infoOf(Factor factor) { return factorTable[static_cast<size_t>(factor)]; }
inline int64_t sizeOf(Factor factor, LowRankType slot) {
  return infoOf(factor).isOfInputs ? slot.getIn() : slot.getOut();
}

} // namespace ptx::xf

#endif // PTX_DIALECTS_XF_IR_XFFACTORS_H
