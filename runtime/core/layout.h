// A computed parameter into the order its target's kernels read.
#ifndef PTX_RUNTIME_CORE_LAYOUT_H
#define PTX_RUNTIME_CORE_LAYOUT_H

#include "runtime/core/deploy.h"

namespace ptx {

/// Bytes of a parameter of [rows, columns] in one of the layouts; and the element
/// of its memory that element (row, column) is.
uint64_t packedBytes(NodeKind layout, uint64_t rows, uint64_t columns, DType element, const Geometry &geometry);
uint64_t packedPlace(NodeKind layout, uint64_t row, uint64_t column, uint64_t columns, DType element,
                     const Geometry &geometry);

class Layout {
public:
  /// `node` is a layout node; an error where the matrix does not fit it.
  static Result<Layout> of(const Node &node, const Matrix &matrix, const Geometry &geometry);
  size_t bytes() const { return size; }
  /// Writes into zeroed memory, rounded to the element type.
  void fill(const Matrix &matrix, void *out) const;

private:
  template <DType type> void fillAs(const Matrix &matrix, void *out) const;

  NodeKind kind = NodeKind::Matrix;
  DType element = DType::F32;
  uint64_t tablePitch = 0;
  size_t size = 0;
  Geometry geometry;
};

} // namespace ptx

#endif // PTX_RUNTIME_CORE_LAYOUT_H
