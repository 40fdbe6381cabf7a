// A computed parameter into the order its target's kernels read.
#ifndef PTX_RUNTIME_CORE_LAYOUT_H
#define PTX_RUNTIME_CORE_LAYOUT_H

#include "runtime/core/deploy.h"

namespace ptx {

class Layout {
public:
  /// `node` is a layout node; an error where the matrix does not fit it.
  static Result<Layout> of(const Node &node, const Matrix &matrix, const Geometry &geometry);
  size_t floats() const { return size; }
  /// Writes into zeroed memory.
  void fill(const Matrix &matrix, float *out) const;

private:
  void fillRows(const Matrix &matrix, uint64_t pitch, float *out) const;
  void fillPanels(const Matrix &matrix, float *out) const;

  NodeKind kind = NodeKind::Matrix;
  uint64_t tablePitch = 0;
  size_t size = 0;
  Geometry geometry;
};

} // namespace ptx

#endif // PTX_RUNTIME_CORE_LAYOUT_H
