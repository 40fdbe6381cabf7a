#include "runtime/core/layout.h"

#include <algorithm>
#include <cstring>

namespace ptx {

Result<Layout> Layout::of(const Node &node, const Matrix &matrix, const Geometry &geometry) {
  Layout layout;
  layout.kind = node.kind;
  layout.geometry = geometry;
  layout.tablePitch = geometry.pitch(node.columns);
  if (node.kind == NodeKind::Table && matrix.columns > node.columns)
    return Error{"rows of " + std::to_string(matrix.columns) + " do not fit a table of width " +
                 std::to_string(node.columns)};
  if (node.kind == NodeKind::Vector && matrix.columns != 1)
    return Error{"a vector has 1 column, found " + std::to_string(matrix.columns)};
  layout.size = node.kind == NodeKind::Matrix  ? geometry.matrixFloats(matrix.rows, matrix.columns)
                : node.kind == NodeKind::Table ? (matrix.columns ? matrix.rows * layout.tablePitch : 0)
                                               : geometry.roundUp(matrix.rows);
  return layout;
}

void Layout::fill(const Matrix &matrix, float *out) const {
  if (kind == NodeKind::Vector)
    std::memcpy(out, matrix.values.data(), matrix.values.size() * sizeof(float));
  else if (kind == NodeKind::Table)
    fillRows(matrix, tablePitch, out);
  else if (geometry.matrix == MatrixLayout::Panels)
    fillPanels(matrix, out);
  else
    fillRows(matrix, geometry.pitch(matrix.columns), out);
}

void Layout::fillRows(const Matrix &matrix, uint64_t pitch, float *out) const {
  for (uint64_t r = 0; r < matrix.rows; ++r)
    std::memcpy(out + r * pitch, matrix.values.data() + r * matrix.columns, matrix.columns * sizeof(float));
}

void Layout::fillPanels(const Matrix &matrix, float *out) const {
  constexpr uint64_t step = 64; // k at once: reads and writes stay in cache
  const uint64_t lanes = geometry.lanes;
  for (uint64_t block = 0; block < matrix.rows; block += lanes) {
    uint64_t height = std::min(lanes, matrix.rows - block);
    float *panel = out + block * matrix.columns;
    for (uint64_t k0 = 0; k0 < matrix.columns; k0 += step)
      for (uint64_t n = 0; n < height; ++n) {
        const float *row = matrix.values.data() + (block + n) * matrix.columns;
        for (uint64_t k = k0; k < std::min(k0 + step, matrix.columns); ++k)
          panel[k * lanes + n] = row[k];
      }
  }
}

} // namespace ptx
