#include "runtime/core/call.h"

#include "runtime/io/file.h"

#include <algorithm>
#include <tuple>

namespace ptx {

namespace {

class InputChecker {
public:
  InputChecker(const Program &program, const FunctionRecord &function, CallInputs &checked)
      : program(program), function(function), checked(checked), given(checked.given) {}

  Status check(const ptx_tensor *tensors, size_t count) {
    checked.ids.resize(function.inputs.size());
    checked.masks.resize(function.inputs.size());
    for (auto &mask : checked.masks)
      mask.clear();
    checked.adapters.clear();
    checked.rows.clear();
    checked.dims.clear();
    checked.dims.add({"", 1, ""}); // where each sequence has one position
    given.assign(function.inputs.size(), nullptr);
    for (size_t i = 0; i < count; ++i) {
      if (Status status = match(tensors[i]); !status)
        return status.error();
    }
    for (size_t i = 0; i < given.size(); ++i)
      if (given[i])
        if (Status status = checkShape(function.inputs[i], *given[i]); !status)
          return status.error();
    // Lengths first: an absurd one must not be asked memory for.
    for (const SpaceRecord &space : function.spaces)
      if (!space.held && (!checked.dims.find(space.dims[0]) || !checked.dims.find(space.dims[1])))
        for (size_t i = 0; i < given.size(); ++i)
          if (!given[i] && !function.inputs[i].optional)
            return refuse(function.inputs[i].name, "is missing");
    if (Status status = checkLengths(); !status)
      return status.error();
    for (size_t i = 0; i < given.size(); ++i)
      if (Status status = read(i, given[i]); !status)
        return status.error();
    if (adapterIds)
      if (Status status = readAdapters(*adapterIds); !status)
        return status.error();
    if (sessionRows)
      if (Status status = readRows(*sessionRows); !status)
        return status.error();
    return {};
  }

private:
  Error refuse(std::string_view input, const std::string &why) const {
    return Error{"function '" + function.name + "', input '" + printable(input) + "': " + why};
  }

  /// A tensor without elements needs no memory: its shape is the fault then.
  static bool lacksData(const ptx_tensor &tensor) {
    const uint64_t *end = tensor.dims + std::min<uint32_t>(tensor.rank, PTX_MAX_RANK);
    return !tensor.data && std::find(tensor.dims, end, 0u) == end;
  }

  Status match(const ptx_tensor &tensor) {
    std::string_view name = tensor.name ? tensor.name : "";
    for (auto [own, isTaken, place] : {std::tuple("adapter_ids", program.manifest().separate, &adapterIds),
                                       std::tuple("session_rows", function.hasState(), &sessionRows)}) {
      if (name != own || !isTaken)
        continue;
      if (*place)
        return refuse(name, "is given twice");
      if (lacksData(tensor))
        return refuse(name, "has no data");
      *place = &tensor;
      return {};
    }
    for (size_t i = 0; i < function.inputs.size(); ++i) {
      if (function.inputs[i].name != name)
        continue;
      if (given[i])
        return refuse(name, "is given twice");
      given[i] = &tensor;
      if (lacksData(tensor))
        return refuse(name, "has no data");
      if (tensor.dtype != PTX_I64 && tensor.dtype != PTX_I32)
        return refuse(name, "has floating-point values, expected I64 or I32");
      return {};
    }
    std::string known;
    for (const InputRecord &input : function.inputs)
      known += (known.empty() ? "" : ", ") + input.name;
    return refuse(name, "is unknown; the function takes " + known);
  }

  Status checkShape(const InputRecord &input, const ptx_tensor &tensor) {
    const auto &[name, dims] = std::tie(input.name, input.dims);
    uint32_t rank = dims[1].empty() ? 1 : 2;
    if (tensor.rank != rank)
      return refuse(name, "has rank " + std::to_string(tensor.rank) + ", expected [" + dims[0] +
                              (rank == 2 ? "," + dims[1] : "") + "]");
    for (size_t i = 0; i < rank; ++i) {
      const CallDims::Entry *entry = checked.dims.find(dims[i]);
      if (tensor.dims[i] == 0)
        return refuse(name, dims[i] + " is 0, expected at least 1");
      if (entry && entry->size != tensor.dims[i])
        return refuse(name, dims[i] + " is " + std::to_string(tensor.dims[i]) + ", '" + std::string(entry->saidBy) +
                                "' has " + std::to_string(entry->size));
      if (tensor.dims[i] > (1ull << 31) - 1)
        return refuse(name, dims[i] + " is too large");
      if (!entry)
        checked.dims.add({dims[i], tensor.dims[i], name});
    }
    return {};
  }

  static int64_t value(const ptx_tensor &tensor, size_t index) {
    return tensor.dtype == PTX_I64 ? static_cast<const int64_t *>(tensor.data)[index]
                                   : static_cast<const int32_t *>(tensor.data)[index];
  }

  /// What an input that was left out has for the id that it counts.
  int64_t numbered(const InputRecord &input, size_t index, int64_t &seen) const {
    if (input.numbersAll)
      return seen++;
    if (checked.ids[*input.counting][index] == input.otherwise)
      return input.otherwise;
    return input.otherwise + ++seen;
  }

  /// "[2,5]" for messages.
  std::string place(const InputRecord &input, size_t index) {
    uint64_t length = checked.dims.at(input.dims[1]);
    if (input.dims[1].empty())
      return "[" + std::to_string(index) + "]";
    return "[" + std::to_string(index / length) + "," + std::to_string(index % length) + "]";
  }

  Status read(size_t number, const ptx_tensor *tensor) {
    const InputRecord &input = function.inputs[number];
    if (!tensor && !input.optional)
      return refuse(input.name, "is missing");
    if (!checked.dims.find(input.dims[0]) || !checked.dims.find(input.dims[1]))
      return refuse(input.name, "its size [" + input.dims[0] + "," + input.dims[1] + "] is given by no input");
    size_t length = checked.dims.at(input.dims[1]), size = checked.dims.at(input.dims[0]) * length;
    if (input.mask) {
      if (!tensor)
        return {};
      checked.masks[number].resize(size);
      for (size_t i = 0; i < size; ++i) {
        int64_t found = value(*tensor, i);
        if (found != 0 && found != 1)
          return refuse(input.name, "is " + std::to_string(found) + " at " + place(input, i) + ", expected 0 or 1");
        checked.masks[number][i] = static_cast<uint8_t>(found);
      }
      return {};
    }
    checked.ids[number].assign(size, static_cast<int32_t>(input.otherwise));
    if (!tensor && !input.counting)
      return {};
    int64_t seen = 0; // of what it counts, in this row
    for (size_t i = 0; i < size; ++i) {
      if (i % length == 0)
        seen = 0;
      int64_t found = tensor ? value(*tensor, i) : numbered(input, i, seen);
      if (found < 0 || static_cast<uint64_t>(found) >= input.limit)
        return refuse(input.name, "is " + std::to_string(found) + " at " + place(input, i) + ", expected 0 to " +
                                      std::to_string(input.limit - 1));
      checked.ids[number][i] = static_cast<int32_t>(found);
    }
    return {};
  }

  Status checkLengths() {
    for (const SpaceRecord &space : function.spaces) {
      if (space.held)
        continue;
      const CallDims::Entry &length = *checked.dims.find(space.dims[1]);
      uint64_t batch = checked.dims.at(space.dims[0]);
      if (batch * length.size > INT32_MAX)
        return refuse(length.saidBy,
                      "[" + std::to_string(batch) + "," + std::to_string(length.size) + "] has more than 2^31-1 rows");
      if (length.size > space.maxLength)
        return refuse(length.saidBy, space.dims[1] + " is " + std::to_string(length.size) + ", the model has " +
                                         std::to_string(space.maxLength) + " positions");
    }
    return {};
  }

  Status readAdapters(const ptx_tensor &tensor) {
    uint64_t batch = checked.dims.at("B");
    if (tensor.rank != 1 || tensor.dims[0] != batch || (tensor.dtype != PTX_I64 && tensor.dtype != PTX_I32))
      return refuse("adapter_ids", "expected I64 [" + std::to_string(batch) + "]");
    int64_t count = static_cast<int64_t>(program.manifest().adapters.size());
    for (size_t i = 0; i < batch; ++i) {
      int64_t id = value(tensor, i);
      if (id < -1 || id >= count)
        return refuse("adapter_ids", "is " + std::to_string(id) + " at [" + std::to_string(i) + "], expected -1 to " +
                                         std::to_string(count - 1));
      checked.adapters.push_back(static_cast<int32_t>(id));
    }
    return {};
  }

  Status readRows(const ptx_tensor &tensor) {
    uint64_t batch = checked.dims.at("B");
    if (tensor.rank != 1 || tensor.dims[0] != batch || (tensor.dtype != PTX_I64 && tensor.dtype != PTX_I32))
      return refuse("session_rows", "expected I64 [" + std::to_string(batch) + "]");
    for (size_t i = 0; i < batch; ++i) {
      int64_t row = value(tensor, i);
      if (row < 0 || row > INT32_MAX)
        return refuse("session_rows",
                      "is " + std::to_string(row) + " at [" + std::to_string(i) + "], expected a row of the session");
      checked.rows.push_back(static_cast<uint32_t>(row));
    }
    return {};
  }

  const Program &program;
  const FunctionRecord &function;
  CallInputs &checked;
  std::vector<const ptx_tensor *> &given;
  const ptx_tensor *adapterIds = nullptr, *sessionRows = nullptr;
};

} // namespace

Status checkInputs(const Program &program, const FunctionRecord &function, const ptx_tensor *inputs, size_t count,
                   CallInputs &checked) {
  return InputChecker(program, function, checked).check(inputs, count);
}

} // namespace ptx
