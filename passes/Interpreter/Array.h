// Dense arrays of the reference interpreter: a shape and its elements, last
// dimension fastest.
#ifndef PTX_PASSES_INTERPRETER_ARRAY_H
#define PTX_PASSES_INTERPRETER_ARRAY_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"

#include <cstdint>
#include <vector>

namespace ptx::interp {

/// Elements of one type with a shape. Every computed value is f64.
template <typename T> struct Dense {
  llvm::SmallVector<int64_t> shape;
  std::vector<T> values;

  Dense() = default;
  explicit Dense(llvm::ArrayRef<int64_t> shape, T fill = T())
      : shape(shape.begin(), shape.end()), values(product(shape), fill) {}
  Dense(llvm::ArrayRef<int64_t> shape, std::vector<T> values)
      : shape(shape.begin(), shape.end()), values(std::move(values)) {}

  static int64_t product(llvm::ArrayRef<int64_t> dims) {
    int64_t count = 1;
    for (int64_t dim : dims)
      count *= dim;
    return count;
  }

  /// The array seen as a matrix: its last dimension, and all the others.
  int64_t columns() const { return shape.empty() ? 1 : shape.back(); }
  int64_t rows() const { return shape.empty() ? 1 : product(llvm::ArrayRef(shape).drop_back()); }
  llvm::ArrayRef<int64_t> leading() const { return llvm::ArrayRef(shape).drop_back(shape.empty() ? 0 : 1); }

  T *row(int64_t index) { return values.data() + index * columns(); }
  const T *row(int64_t index) const { return values.data() + index * columns(); }
  T &at(int64_t r, int64_t c) { return row(r)[c]; }
  const T &at(int64_t r, int64_t c) const { return row(r)[c]; }
};

using Array = Dense<double>;
using Integers = Dense<int64_t>;

inline Array widened(const Integers &integers) {
  return Array(integers.shape, std::vector<double>(integers.values.begin(), integers.values.end()));
}

/// The shape of `like` with another last dimension.
inline llvm::SmallVector<int64_t> withColumns(const Array &like, int64_t columns) {
  llvm::SmallVector<int64_t> shape(like.leading());
  shape.push_back(columns);
  return shape;
}

} // namespace ptx::interp

#endif // PTX_PASSES_INTERPRETER_ARRAY_H
