#include "runtime/device/library_call.h"

#include "runtime/device/guarded.h"
#include "runtime/device/words.h"

#include <algorithm>

namespace ptx {

namespace {

/// Where a word of a contraction stands.
constexpr size_t wordOf(std::string_view name) {
  for (size_t i = 0; i < std::size(words::contract); ++i)
    if (words::contract[i].name == name)
      return i;
  return std::size(words::contract);
}

} // namespace

LibraryRules LibraryRules::read(std::span<const ptx_kernel_info> kernels, uint64_t weightAlignment) {
  LibraryRules made;
  made.alignment = weightAlignment;
  for (const ptx_kernel_info &kernel : kernels)
    made.rules.push_back(ruleOf(kernel));
  return made;
}

LibraryRules::Rule LibraryRules::ruleOf(const ptx_kernel_info &kernel) {
  Rule rule;
  rule.leastRows = metadataOf(kernel, "library_rows", 0);
  rule.biasWord = static_cast<size_t>(metadataOf(kernel, "library_bias", 0));
  rule.residualWord = static_cast<size_t>(metadataOf(kernel, "library_residual", 0));
  rule.relu = metadataOf(kernel, "library_relu", 0) != 0;
  // A residual is two words.
  bool inside = rule.biasWord <= kernel.word_count && rule.residualWord < kernel.word_count &&
                std::size(words::contract) <= kernel.word_count;
  return rule.leastRows > 0 && inside ? rule : Rule{};
}

bool LibraryRules::empty() const {
  return std::all_of(rules.begin(), rules.end(), [](const Rule &rule) { return rule.leastRows == 0; });
}

std::optional<LibraryCall> LibraryRules::callFor(const ptx_problem &problem) const {
  const Rule &rule = rules[problem.kernel];
  const uint64_t *words = problem.words;
  auto integer = [&](std::string_view name) { return static_cast<int64_t>(words[wordOf(name)]); };
  LibraryCall call = {};
  call.rows = problem.end - problem.begin;
  if (rule.leastRows == 0 || call.rows < rule.leastRows || integer("rank") != 0)
    return std::nullopt;
  call.width = integer("width");
  call.depth = integer("depth");
  call.xPitch = integer("x_pitch");
  call.yPitch = integer("y_pitch");
  call.weightPitch = (call.depth + static_cast<int64_t>(alignment) - 1) / static_cast<int64_t>(alignment) *
                     static_cast<int64_t>(alignment);
  if (call.width <= 0 || call.depth <= 0)
    return std::nullopt;
  auto rowsFrom = [&](uint64_t base, int64_t pitch) {
    return base + static_cast<uint64_t>(problem.begin * pitch) * sizeof(float);
  };
  call.x = rowsFrom(words[wordOf("x")], call.xPitch);
  call.y = rowsFrom(words[wordOf("y")], call.yPitch);
  call.weight = words[wordOf("weight")];
  if (rule.biasWord)
    call.bias = words[rule.biasWord - 1];
  if (rule.residualWord) {
    call.residualPitch = static_cast<int64_t>(words[rule.residualWord]);
    call.residual = rowsFrom(words[rule.residualWord - 1], call.residualPitch);
  }
  call.relu = rule.relu;
  return call;
}

} // namespace ptx
