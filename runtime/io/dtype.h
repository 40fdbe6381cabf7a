// Element types of safetensors files.
#ifndef PTX_RUNTIME_IO_DTYPE_H
#define PTX_RUNTIME_IO_DTYPE_H

#include <cstdint>
#include <optional>
#include <string_view>

namespace ptx {

enum class DType {
  BOOL,
  U8,
  I8,
  U16,
  I16,
  U32,
  I32,
  U64,
  I64,
  F16,
  BF16,
  F32,
  F64,
  C64,
  F8_E4M3,
  F8_E5M2,
  F8_E8M0,
  F8_E4M3FNUZ,
  F8_E5M2FNUZ,
  F4,
  F6_E2M3,
  F6_E3M2
};

std::string_view dtypeName(DType dtype);
std::optional<DType> dtypeFromName(std::string_view name);
uint64_t dtypeBits(DType dtype);

/// The storage types of weights that ptx widens: F32, F16, BF16.
bool isWeightType(DType dtype);

} // namespace ptx

#endif // PTX_RUNTIME_IO_DTYPE_H
