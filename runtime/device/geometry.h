// How one target lays out memory: written by the compiler into the artifact,
// followed by deploy and by every call. Counted in elements.
#ifndef PTX_RUNTIME_DEVICE_GEOMETRY_H
#define PTX_RUNTIME_DEVICE_GEOMETRY_H

#include "runtime/io/dtype.h"

#include <cstdint>

namespace ptx {

/// How a weight matrix [N,K] lies in memory.
enum class MatrixLayout {
  Rows, // element (n,k) at n * matrixPitch(K) + k; of 16 bits, the last pair of a row is completed by zero
  // Element (n,k) at ((n/lanes) K + k) lanes + n mod lanes; rows behind the last
  // are zero. Of bf16, pairs along k: at (((n/lanes) K' + k/2) lanes + n mod lanes) 2
  // + k mod 2, where K' is half of K, rounded up, and what is behind K is zero.
  Panels
};

struct Geometry {
  MatrixLayout matrix = MatrixLayout::Rows;
  uint64_t lanes = 4;      // rows start at multiples of so many elements; the width of a panel
  bool oddPitch = false;   // an odd number of lanes between rows, so that equal columns do not meet in one cache set
  uint64_t blockRows = 64; // query rows of one sequence that an attention takes at once

  uint64_t roundUp(uint64_t elements) const { return (elements + lanes - 1) / lanes * lanes; }
  /// Elements between rows of `width` elements.
  uint64_t pitch(uint64_t width) const {
    uint64_t steps = (width + lanes - 1) / lanes;
    return (oddPitch ? steps | 1 : steps) * lanes;
  }
  /// Elements between rows of a weight matrix that lies in rows: as many words as rows of f32 of half the width have.
  uint64_t matrixPitch(uint64_t columns, DType element = DType::F32) const {
    return element == DType::F32 ? pitch(columns) : 2 * pitch((columns + 1) / 2);
  }
  /// Elements of a weight matrix [rows, columns].
  uint64_t matrixElements(uint64_t rows, uint64_t columns, DType element = DType::F32) const {
    if (matrix == MatrixLayout::Rows)
      return columns ? rows * matrixPitch(columns, element) : 0;
    return roundUp(rows) * (element == DType::BF16 ? columns + columns % 2 : columns);
  }
};

} // namespace ptx

#endif // PTX_RUNTIME_DEVICE_GEOMETRY_H
