#include "runtime/core/call.h"

#include "runtime/io/file.h"

#include <algorithm>
#include <cstring>

namespace ptx {

namespace {

class InputChecker {
public:
  InputChecker(const Program &program, const FunctionRecord &function) : program(program), function(function) {}

  Result<CallInputs> check(const ptx_tensor *tensors, size_t count) {
    checked.ids.resize(function.inputs.size());
    checked.masks.resize(function.inputs.size());
    checked.dims[""] = 1; // where each sequence has one position
    std::vector<const ptx_tensor *> given(function.inputs.size());
    for (size_t i = 0; i < count; ++i) {
      if (Status status = match(tensors[i], given); !status)
        return status.error();
    }
    for (size_t i = 0; i < given.size(); ++i)
      if (given[i])
        if (Status status = checkShape(function.inputs[i].name, *given[i], function.inputs[i].dims); !status)
          return status.error();
    // Lengths first: an absurd one must not be asked memory for.
    for (const SpaceRecord &space : function.spaces)
      if (!space.held && (!checked.dims.count(space.dims[0]) || !checked.dims.count(space.dims[1])))
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
    return std::move(checked);
  }

private:
  Error refuse(const std::string &input, const std::string &why) const {
    return Error{"function '" + function.name + "', input '" + printable(input) + "': " + why};
  }

  /// A tensor without elements needs no memory: its shape is the fault then.
  static bool lacksData(const ptx_tensor &tensor) {
    const uint64_t *end = tensor.dims + std::min<uint32_t>(tensor.rank, PTX_MAX_RANK);
    return !tensor.data && std::find(tensor.dims, end, 0u) == end;
  }

  Status match(const ptx_tensor &tensor, std::vector<const ptx_tensor *> &given) {
    std::string name = tensor.name ? tensor.name : "", known;
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
      if (function.inputs[i].name != name) {
        known += (known.empty() ? "" : ", ") + function.inputs[i].name;
        continue;
      }
      if (given[i])
        return refuse(name, "is given twice");
      given[i] = &tensor;
      if (lacksData(tensor))
        return refuse(name, "has no data");
      if (tensor.dtype != PTX_I64 && tensor.dtype != PTX_I32)
        return refuse(name, "has floating-point values, expected I64 or I32");
      return {};
    }
    return refuse(name, "is unknown; the function takes " + known);
  }

  Status checkShape(const std::string &name, const ptx_tensor &tensor, const std::array<std::string, 2> &dims) {
    uint32_t rank = dims[1].empty() ? 1 : 2;
    if (tensor.rank != rank)
      return refuse(name, "has rank " + std::to_string(tensor.rank) + ", expected [" + dims[0] +
                              (rank == 2 ? "," + dims[1] : "") + "]");
    for (size_t i = 0; i < rank; ++i) {
      auto [entry, fresh] = checked.dims.try_emplace(dims[i], tensor.dims[i]);
      if (fresh)
        saidBy[dims[i]] = name;
      if (tensor.dims[i] == 0)
        return refuse(name, dims[i] + " is 0, expected at least 1");
      if (entry->second != tensor.dims[i])
        return refuse(name, dims[i] + " is " + std::to_string(tensor.dims[i]) + ", '" + saidBy[dims[i]] + "' has " +
                                std::to_string(entry->second));
      if (tensor.dims[i] > (1ull << 31) - 1)
        return refuse(name, dims[i] + " is too large");
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
    uint64_t length = checked.dims[input.dims[1]];
    if (input.dims[1].empty())
      return "[" + std::to_string(index) + "]";
    return "[" + std::to_string(index / length) + "," + std::to_string(index % length) + "]";
  }

  Status read(size_t number, const ptx_tensor *tensor) {
    const InputRecord &input = function.inputs[number];
    if (!tensor && !input.optional)
      return refuse(input.name, "is missing");
    if (!checked.dims.count(input.dims[0]) || !checked.dims.count(input.dims[1]))
      return refuse(input.name, "its size [" + input.dims[0] + "," + input.dims[1] + "] is given by no input");
    size_t size = checked.dims[input.dims[0]] * checked.dims[input.dims[1]];
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
      if (i % checked.dims[input.dims[1]] == 0)
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
      uint64_t length = checked.dims[space.dims[1]];
      uint64_t batch = checked.dims[space.dims[0]];
      if (batch * length > INT32_MAX)
        return refuse(saidBy[space.dims[1]],
                      "[" + std::to_string(batch) + "," + std::to_string(length) + "] has more than 2^31-1 rows");
      if (length > space.maxLength)
        return refuse(saidBy[space.dims[1]], space.dims[1] + " is " + std::to_string(length) + ", the model has " +
                                                 std::to_string(space.maxLength) + " positions");
    }
    return {};
  }

  Status readAdapters(const ptx_tensor &tensor) {
    uint64_t batch = checked.dims["B"];
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
    uint64_t batch = checked.dims["B"];
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
  const ptx_tensor *adapterIds = nullptr, *sessionRows = nullptr;
  CallInputs checked;
  std::map<std::string, std::string> saidBy; // the input that a dim was first taken from
};

} // namespace

Result<CallInputs> checkInputs(const Program &program, const FunctionRecord &function, const ptx_tensor *inputs,
                               size_t count) {
  return InputChecker(program, function).check(inputs, count);
}

} // namespace ptx
