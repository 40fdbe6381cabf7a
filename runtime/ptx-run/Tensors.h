// Inputs from a safetensors file and outputs into one.
#ifndef PTX_RUNTIME_PTX_RUN_TENSORS_H
#define PTX_RUNTIME_PTX_RUN_TENSORS_H

#include "runtime/io/result.h"
#include "runtime/ptx.h"

#include <deque>
#include <string>
#include <vector>

namespace ptx::run {

/// Tensors with the memory they point to.
struct Inputs {
  std::deque<std::string> names;
  std::deque<std::vector<char>> memory;
  std::vector<ptx_tensor> tensors;
};

Result<Inputs> readInputs(const std::string &path);
/// How many rows of a session a call with the inputs needs: up to the last that it names, or one for each sequence.
uint32_t rowsNeeded(const Inputs &inputs);

/// "[2,7]"
std::string shapeText(const std::vector<uint64_t> &shape);
/// "input_ids [2,7]"
std::string shapeText(const ptx_tensor &tensor);

/// A copy of a call's outputs: a session keeps them only until its next call.
struct Outputs {
  std::vector<std::string> names;
  std::vector<std::vector<uint64_t>> shapes;
  std::vector<std::vector<float>> values;
};

Outputs copyOutputs(const ptx_tensor *tensors, size_t count);
/// On standard output, a line per output: name, shape, first values, range.
void printOutputs(const Outputs &outputs);
Status writeOutputs(const std::string &path, const Outputs &outputs);

} // namespace ptx::run

#endif // PTX_RUNTIME_PTX_RUN_TENSORS_H
