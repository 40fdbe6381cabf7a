#include "runtime/generate/prompts.h"

#include "runtime/io/file.h"

#include <algorithm>

namespace ptx {

namespace {

Error refuse(const std::string &input, const std::string &why) {
  return Error{"generation, input '" + printable(input) + "': " + why};
}

int64_t valueOf(const ptx_tensor &tensor, size_t index) {
  return tensor.dtype == PTX_I64 ? static_cast<const int64_t *>(tensor.data)[index]
                                 : static_cast<const int32_t *>(tensor.data)[index];
}

class PromptReader {
public:
  PromptReader(const Manifest &manifest, const TextModel &model) : manifest(manifest), model(model) {}

  Result<std::vector<Prompt>> read(std::span<const ptx_tensor> inputs) {
    for (const ptx_tensor &tensor : inputs)
      if (Status status = match(tensor); !status)
        return status.error();
    if (!ids)
      return refuse("input_ids", "is missing");
    if (Status status = checkShapes(); !status)
      return status.error();
    std::vector<Prompt> prompts(ids->dims[0]);
    for (size_t row = 0; row < prompts.size(); ++row)
      if (Status status = readRow(row, prompts[row]); !status)
        return status.error();
    return prompts;
  }

private:
  Status match(const ptx_tensor &tensor) {
    std::string name = tensor.name ? tensor.name : "", known;
    for (auto [expected, place] :
         {std::pair("input_ids", &ids), std::pair("attention_mask", &mask), std::pair("adapter_ids", &adapters)}) {
      if (place == &adapters && !manifest.separate)
        continue;
      known += (known.empty() ? "" : ", ") + std::string(expected);
      if (name != expected)
        continue;
      if (*place)
        return refuse(name, "is given twice");
      if (tensor.dtype != PTX_I64 && tensor.dtype != PTX_I32)
        return refuse(name, "has floating-point values, expected I64 or I32");
      *place = &tensor;
      return {};
    }
    return refuse(name, "is unknown; generation takes " + known);
  }

  Status checkShapes() {
    if (ids->rank != 2)
      return refuse("input_ids", "has rank " + std::to_string(ids->rank) + ", expected [B,S]");
    uint64_t batch = ids->dims[0], length = ids->dims[1];
    std::string shape = "[" + std::to_string(batch) + "," + std::to_string(length) + "]";
    if (batch == 0 || length == 0 || batch > mostTexts || length > INT32_MAX)
      return refuse("input_ids",
                    "is " + shape + ", expected 1 to " + std::to_string(mostTexts) + " rows of at least one id");
    if (mask && (mask->rank != 2 || mask->dims[0] != batch || mask->dims[1] != length))
      return refuse("attention_mask", "has another shape than 'input_ids', which is " + shape);
    if (adapters && (adapters->rank != 1 || adapters->dims[0] != batch))
      return refuse("adapter_ids", "expected [" + std::to_string(batch) + "], one per row of 'input_ids'");
    for (const ptx_tensor *tensor : {ids, mask, adapters})
      if (tensor && !tensor->data)
        return refuse(tensor->name, "has no data");
    return {};
  }

  Status readRow(size_t row, Prompt &prompt) {
    TokenIds &read = model.hasSource ? prompt.source : prompt.text;
    for (size_t column = 0, length = ids->dims[1]; column < length; ++column) {
      size_t index = row * length + column;
      std::string place = " at [" + std::to_string(row) + "," + std::to_string(column) + "], expected ";
      int64_t id = valueOf(*ids, index), visible = mask ? valueOf(*mask, index) : 1;
      if (visible != 0 && visible != 1)
        return refuse("attention_mask", "is " + std::to_string(visible) + place + "0 or 1");
      if (id < 0 || static_cast<uint64_t>(id) >= model.promptLimit)
        return refuse("input_ids",
                      "is " + std::to_string(id) + place + "0 to " + std::to_string(model.promptLimit - 1));
      if (visible)
        read.push_back(id);
    }
    if (read.empty())
      return refuse("attention_mask", "hides every id of row " + std::to_string(row));
    if (read.size() > model.promptPositions)
      return refuse("input_ids", "row " + std::to_string(row) + " has " + std::to_string(read.size()) +
                                     " ids, the model has " + std::to_string(model.promptPositions) + " positions");
    if (!adapters)
      return {};
    int64_t count = static_cast<int64_t>(manifest.adapters.size()), adapter = valueOf(*adapters, row);
    if (adapter < -1 || adapter >= count)
      return refuse("adapter_ids", "is " + std::to_string(adapter) + " at [" + std::to_string(row) +
                                       "], expected -1 to " + std::to_string(count - 1));
    prompt.adapter = adapter;
    return {};
  }

  const Manifest &manifest;
  const TextModel &model;
  const ptx_tensor *ids = nullptr, *mask = nullptr, *adapters = nullptr;
};

} // namespace

Result<std::vector<Prompt>> readPrompts(const Manifest &manifest, const TextModel &model,
                                        std::span<const ptx_tensor> inputs) {
  return PromptReader(manifest, model).read(inputs);
}

} // namespace ptx
