// The outputs of a call beside those of another program, or of another device.
#ifndef PTX_RUNTIME_PTX_RUN_COMPARE_H
#define PTX_RUNTIME_PTX_RUN_COMPARE_H

#include "runtime/ptx-run/Tensors.h"

namespace ptx::run {

/// How far `own` values lie from `other` ones.
struct Difference {
  double largest = 0;         // error of a value
  double scale = 0;           // the greatest size of an `other` value
  size_t rows = 0, agree = 0; // rows that hold anything but zeros; where the greatest value is in the same place
  double margin = 0;          // the greatest lead of an `other` value over the one that `own` takes instead
  size_t notFinite = 0;       // values of which one is finite and the other is not, or another infinity
};

/// Rows are those of the last dimension, `width` values each. Both hold as many values.
Difference differenceOf(const std::vector<float> &own, const std::vector<float> &other, size_t width);

/// On standard output, a line per output; an error where the outputs are not alike.
Status printComparison(const Outputs &own, const Outputs &other);

} // namespace ptx::run

#endif // PTX_RUNTIME_PTX_RUN_COMPARE_H
