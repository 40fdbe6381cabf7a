// Whether two stored tensors hold the same values.
#ifndef PTX_RUNTIME_IO_COMPARE_H
#define PTX_RUNTIME_IO_COMPARE_H

#include "runtime/io/dtype.h"
#include "runtime/io/result.h"

#include <cstdint>
#include <optional>

namespace ptx {

/// `count` values of a weight type in a file.
struct StoredValues {
  std::string path;
  DType dtype = DType::F32;
  uint64_t offset = 0, count = 0;
};

/// The first index at which two tensors of one size differ as f32, bit by bit
/// (NaN equals itself); nothing where they are equal. Memory is bounded.
Result<std::optional<uint64_t>> firstDifference(const StoredValues &a, const StoredValues &b);

} // namespace ptx

#endif // PTX_RUNTIME_IO_COMPARE_H
