// How one target lays out memory: written by the compiler into the artifact,
// followed by deploy and by every call. Counted in floats.
#ifndef PTX_RUNTIME_DEVICE_GEOMETRY_H
#define PTX_RUNTIME_DEVICE_GEOMETRY_H

#include <cstdint>

namespace ptx {

/// How a weight matrix [N,K] lies in memory.
enum class MatrixLayout {
  Rows,  // element (n,k) at n * pitch(K) + k
  Panels // element (n,k) at ((n/lanes) K + k) lanes + n mod lanes; rows behind the last are zero
};

struct Geometry {
  MatrixLayout matrix = MatrixLayout::Rows;
  uint64_t lanes = 4;      // rows start at multiples of so many floats; the width of a panel
  bool oddPitch = false;   // an odd number of lanes between rows, so that equal columns do not meet in one cache set
  uint64_t blockRows = 64; // query rows of one sequence that an attention takes at once

  uint64_t roundUp(uint64_t floats) const { return (floats + lanes - 1) / lanes * lanes; }
  /// Floats between rows of `width` floats.
  uint64_t pitch(uint64_t width) const {
    uint64_t steps = (width + lanes - 1) / lanes;
    return (oddPitch ? steps | 1 : steps) * lanes;
  }
  /// Floats of a weight matrix [rows, columns].
  uint64_t matrixFloats(uint64_t rows, uint64_t columns) const {
    return matrix == MatrixLayout::Panels ? roundUp(rows) * columns : columns ? rows * pitch(columns) : 0;
  }
};

} // namespace ptx

#endif // PTX_RUNTIME_DEVICE_GEOMETRY_H
