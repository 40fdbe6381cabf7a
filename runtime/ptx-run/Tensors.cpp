#include "runtime/ptx-run/Tensors.h"

#include "runtime/io/failure.h"
#include "runtime/io/safetensors.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>

namespace ptx::run {

uint32_t rowsNeeded(const Inputs &inputs) {
  uint64_t rows = 1;
  for (const ptx_tensor &tensor : inputs.tensors) {
    if (std::string_view(tensor.name) != "session_rows") {
      rows = std::max(rows, tensor.rank ? tensor.dims[0] : 0);
      continue;
    }
    for (uint64_t i = 0; tensor.rank == 1 && i < tensor.dims[0]; ++i) {
      int64_t row = tensor.dtype == PTX_I64   ? static_cast<const int64_t *>(tensor.data)[i]
                    : tensor.dtype == PTX_I32 ? static_cast<const int32_t *>(tensor.data)[i]
                                              : 0;
      rows = std::max(rows, static_cast<uint64_t>(std::max<int64_t>(row, 0)) + 1);
    }
  }
  constexpr uint64_t most = 1 << 16; // more is refused as a row that is not there
  return static_cast<uint32_t>(std::min(rows, most));
}

std::string shapeText(const std::vector<uint64_t> &shape) {
  std::string text;
  for (uint64_t dim : shape)
    text += (text.empty() ? "" : ",") + std::to_string(dim);
  return "[" + text + "]";
}

std::string shapeText(const ptx_tensor &tensor) {
  return printable(tensor.name) + " " + shapeText({tensor.dims, tensor.dims + tensor.rank});
}

Result<Inputs> readInputs(const std::string &path) {
  nowAt("reading '" + printable(path) + "'");
  Result<File> file = File::open(path);
  if (!file)
    return file.error();
  Result<Safetensors> tensors = Safetensors::open(std::move(*file));
  if (!tensors)
    return tensors.error();
  Inputs inputs;
  for (const TensorEntry &entry : tensors->entries()) {
    auto refuse = [&](const std::string &why) {
      return Error{"'" + printable(path) + "': input '" + printable(entry.name) + "': " + why};
    };
    if (entry.dtype != DType::I64 && entry.dtype != DType::I32)
      return refuse("has type " + std::string(dtypeName(entry.dtype)) + ", expected I64 or I32");
    if (entry.shape.size() > PTX_MAX_RANK || entry.shape.empty())
      return refuse("has rank " + std::to_string(entry.shape.size()) + ", expected 2");
    nowAt("reading input '" + printable(entry.name) + "' of '" + printable(path) + "', " +
          std::to_string(entry.bytes()) + " bytes");
    inputs.names.emplace_back(entry.name);
    std::vector<char> &memory = inputs.memory.emplace_back(entry.bytes());
    if (Status status = tensors->read(entry, memory.data()); !status)
      return status.error();
    ptx_tensor tensor = {inputs.names.back().c_str(),
                         entry.dtype == DType::I64 ? PTX_I64 : PTX_I32,
                         static_cast<uint32_t>(entry.shape.size()),
                         {},
                         memory.data()};
    for (size_t i = 0; i < entry.shape.size(); ++i)
      tensor.dims[i] = entry.shape[i];
    inputs.tensors.push_back(tensor);
  }
  return inputs;
}

Outputs copyOutputs(const ptx_tensor *tensors, size_t count) {
  Outputs outputs;
  for (size_t i = 0; i < count; ++i) {
    std::vector<uint64_t> shape(tensors[i].dims, tensors[i].dims + tensors[i].rank);
    uint64_t size = 1;
    for (uint64_t dim : shape)
      size *= dim;
    const float *values = static_cast<const float *>(tensors[i].data);
    outputs.names.emplace_back(tensors[i].name);
    outputs.shapes.push_back(std::move(shape));
    outputs.values.emplace_back(values, values + size);
  }
  return outputs;
}

/// "logits [1,7,53]  0.25 -1.5 3 0.125 ...  min -4.5 max 7.25"
void printOutputs(const Outputs &outputs) {
  constexpr size_t shown = 4;
  for (size_t i = 0; i < outputs.names.size(); ++i) {
    std::printf("%s %s ", outputs.names[i].c_str(), shapeText(outputs.shapes[i]).c_str());
    const std::vector<float> &values = outputs.values[i];
    for (size_t k = 0; k < std::min(shown, values.size()); ++k)
      std::printf(" %.6g", values[k]);
    if (values.size() > shown)
      std::printf(" ...");
    float low = INFINITY, high = -INFINITY;
    size_t others = 0;
    for (float value : values) {
      if (!std::isfinite(value)) {
        ++others;
        continue;
      }
      low = std::min(low, value);
      high = std::max(high, value);
    }
    if (others < values.size())
      std::printf("  min %.6g max %.6g", low, high);
    if (others)
      std::printf("  %zu of %zu not finite", others, values.size());
    std::printf("%s\n", values.empty() ? " no values" : "");
  }
}

Status writeOutputs(const std::string &path, const Outputs &outputs) {
  std::vector<TensorToWrite> tensors;
  for (size_t i = 0; i < outputs.names.size(); ++i)
    tensors.push_back({outputs.names[i], DType::F32, outputs.shapes[i], outputs.values[i].data()});
  return writeSafetensors(path, tensors);
}

} // namespace ptx::run
