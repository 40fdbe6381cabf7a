// The arithmetic of adapters on one matrix.
#ifndef PTX_PASSES_INTERPRETER_DELTA_H
#define PTX_PASSES_INTERPRETER_DELTA_H

#include "passes/Interpreter/Interpreter.h"

namespace ptx::interp {

/// How a matrix lies: [OUT,IN], or [IN,OUT] as embeddings and `in_out` do.
enum class Orientation { OutIn, InOut };

/// D = s B A, [OUT,IN].
Array delta(const Factors &factors);

/// What outputs are multiplied by [OUT]: g = m / norm(W + D) of DoRA, l of IA3; ones where there is neither.
Array gain(const Array &w, const Factors &factors, Orientation orientation);

/// W' = g (W + D) h, in W's orientation, with h of each input. Where D is zero W is kept, so -0.0
/// stays what it is.
Array merged(const Array &w, const Factors &factors, Orientation orientation);

} // namespace ptx::interp

#endif // PTX_PASSES_INTERPRETER_DELTA_H
