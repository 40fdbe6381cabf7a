#include "runtime/core/layout.h"

#include "runtime/io/convert.h"

#include <algorithm>

namespace ptx {

uint64_t packedBytes(NodeKind layout, uint64_t rows, uint64_t columns, DType element, const Geometry &geometry) {
  uint64_t elements = layout == NodeKind::Matrix  ? geometry.matrixElements(rows, columns, element)
                      : layout == NodeKind::Table ? (columns ? rows * geometry.matrixPitch(columns, element) : 0)
                                                  : geometry.roundUp(rows);
  return elements * dtypeBits(element) / 8;
}

uint64_t packedPlace(NodeKind layout, uint64_t row, uint64_t column, uint64_t columns, DType element,
                     const Geometry &geometry) {
  if (layout == NodeKind::Vector)
    return row;
  if (layout == NodeKind::Table || geometry.matrix == MatrixLayout::Rows)
    return row * geometry.matrixPitch(columns, element) + column;
  uint64_t lanes = geometry.lanes, panel = row / lanes, lane = row % lanes;
  if (element != DType::BF16)
    return (panel * columns + column) * lanes + lane;
  return ((panel * ((columns + 1) / 2) + column / 2) * lanes + lane) * 2 + column % 2;
}

Result<Layout> Layout::of(const Node &node, const Matrix &matrix, const Geometry &geometry) {
  Layout layout;
  layout.kind = node.kind;
  layout.geometry = geometry;
  layout.tablePitch = geometry.matrixPitch(node.columns, node.element);
  if (node.kind == NodeKind::Table && matrix.columns > node.columns)
    return Error{"rows of " + std::to_string(matrix.columns) + " do not fit a table of width " +
                 std::to_string(node.columns)};
  if (node.kind == NodeKind::Vector && matrix.columns != 1)
    return Error{"a vector has 1 column, found " + std::to_string(matrix.columns)};
  layout.element = node.element;
  uint64_t columns = node.kind == NodeKind::Table && matrix.columns ? node.columns : matrix.columns;
  layout.size = packedBytes(node.kind, matrix.rows, columns, node.element, geometry);
  return layout;
}

namespace {

template <DType type> struct Narrow {
  using Stored = uint16_t;
  static Stored of(float value) { return type == DType::BF16 ? narrowBF16(value) : narrowF16(value); }
};
template <> struct Narrow<DType::F32> {
  using Stored = float;
  static Stored of(float value) { return value; }
};

template <DType type> void fillRows(const Matrix &matrix, uint64_t pitch, typename Narrow<type>::Stored *out) {
  for (uint64_t r = 0; r < matrix.rows; ++r) {
    for (uint64_t c = 0; c < matrix.columns; ++c)
      out[r * pitch + c] = Narrow<type>::of(matrix.values[r * matrix.columns + c]);
    if (type != DType::F32 && matrix.columns % 2)
      out[r * pitch + matrix.columns] = 0;
  }
}

template <DType type> void fillPanels(const Matrix &matrix, uint64_t lanes, typename Narrow<type>::Stored *out) {
  constexpr uint64_t step = 64;                          // k at once: reads and writes stay in cache
  constexpr uint64_t pair = type == DType::BF16 ? 2 : 1; // neighbours along k
  const uint64_t depth = (matrix.columns + pair - 1) / pair * pair;
  for (uint64_t block = 0; block < matrix.rows; block += lanes) {
    uint64_t height = std::min(lanes, matrix.rows - block);
    auto *panel = out + block * depth;
    for (uint64_t k0 = 0; k0 < matrix.columns; k0 += step)
      for (uint64_t n = 0; n < height; ++n) {
        const float *row = matrix.values.data() + (block + n) * matrix.columns;
        for (uint64_t k = k0; k < std::min(k0 + step, matrix.columns); ++k)
          panel[(k / pair * lanes + n) * pair + k % pair] = Narrow<type>::of(row[k]);
      }
  }
}

} // namespace

template <DType type> void Layout::fillAs(const Matrix &matrix, void *out) const {
  auto *stored = static_cast<typename Narrow<type>::Stored *>(out);
  if (kind == NodeKind::Vector)
    fillRows<type>(matrix, 1, stored);
  else if (kind == NodeKind::Table)
    fillRows<type>(matrix, tablePitch, stored);
  else if (geometry.matrix == MatrixLayout::Panels)
    fillPanels<type>(matrix, geometry.lanes, stored);
  else
    fillRows<type>(matrix, geometry.matrixPitch(matrix.columns, type), stored);
}

void Layout::fill(const Matrix &matrix, void *out) const {
  if (element == DType::BF16)
    fillAs<DType::BF16>(matrix, out);
  else if (element == DType::F16)
    fillAs<DType::F16>(matrix, out);
  else
    fillAs<DType::F32>(matrix, out);
}

} // namespace ptx
