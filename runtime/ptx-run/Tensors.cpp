#include "runtime/ptx-run/Tensors.h"

#include "runtime/io/safetensors.h"

namespace ptx::run {

Result<Inputs> readInputs(const std::string &path) {
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
    inputs.names.push_back(entry.name);
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

Status writeOutputs(const std::string &path, const Outputs &outputs) {
  std::vector<TensorToWrite> tensors;
  for (size_t i = 0; i < outputs.names.size(); ++i)
    tensors.push_back({outputs.names[i], DType::F32, outputs.shapes[i], outputs.values[i].data()});
  return writeSafetensors(path, tensors);
}

} // namespace ptx::run
