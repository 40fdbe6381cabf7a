#include "test/passes/Target/KernelTexts.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <sstream>

using namespace ptx::test;
using ptx::DType;

namespace {
// Bodies over %x (the element), %bias and %old.
std::string body(const std::string &region) {
  auto constant = [](const char *name, const char *value) {
    return std::string("  %") + name + " = arith.constant " + value + " : f32\n";
  };
  if (region == "bias")
    return "  %r = arith.addf %x, %bias : f32\n";
  if (region == "residual")
    return "  %0 = arith.addf %x, %bias : f32\n  %r = arith.addf %0, %old : "
           "f32\n";
  if (region == "relu")
    return constant("z", "0.0") + "  %r = arith.maximumf %x, %z : f32\n";
  if (region == "tanh")
    return "  %r = math.tanh %x : f32\n";
  if (region == "exp")
    return "  %r = math.exp %x : f32\n";
  if (region == "erf")
    return "  %r = math.erf %x : f32\n";
  if (region == "silu")
    return constant("o", "1.0") + "  %n = arith.negf %x : f32\n  %e = math.exp %n : f32\n"
                                  "  %d = arith.addf %e, %o : f32\n  %r = arith.divf %x, %d : f32\n";
  if (region == "gelu")
    return constant("o", "1.0") + constant("h", "0.5") + constant("s", "0.707106769") +
           "  %a = arith.mulf %x, %s : f32\n  %e = math.erf %a : f32\n  %p = "
           "arith.addf %e, %o : f32\n"
           "  %b = arith.mulf %x, %h : f32\n  %r = arith.mulf %b, %p : f32\n";
  if (region == "gelu_tanh")
    return constant("o", "1.0") + constant("h", "0.5") + constant("s", "0.797884583") + constant("c", "0.044715") +
           "  %x2 = arith.mulf %x, %x : f32\n  %x3 = arith.mulf %x2, %x : f32\n"
           "  %i = math.fma %x3, %c, %x : f32\n  %a = arith.mulf %i, %s : "
           "f32\n  %t = math.tanh %a : f32\n"
           "  %p = arith.addf %t, %o : f32\n  %b = arith.mulf %x, %h : f32\n  "
           "%r = arith.mulf %b, %p : f32\n";
  if (region == "leaky")
    return constant("z", "0.0") + constant("s", "0.1") +
           "  %c = arith.cmpf ogt, %x, %z : f32\n  %m = arith.mulf %x, %s : "
           "f32\n"
           "  %r = arith.select %c, %x, %m : f32\n";
  return "";
}

bool takesExtras(const std::string &region) { return region == "bias" || region == "residual"; }

std::string withRegion(const std::string &head, const std::string &region, const std::string &constants = "") {
  bool extras = takesExtras(region);
  std::string text = "rt.kernel " + head + constants + " extras " + (extras ? "[column, row]" : "[]") +
                     " {\n^bb0(%x: f32" + (extras ? ", %bias: f32, %old: f32" : "") + "):\n";
  std::string inner = body(region);
  return text + inner + "  xf.yield %" + (inner.empty() ? "x" : "r") + " : f32\n}\n";
}
} // namespace

static std::string inType(const std::string &in) { return in.empty() ? "" : " in " + in; }

// " rows {x = bf16, y = bf16}"
static std::string rowsOf(const std::string &words, const std::string &type) {
  std::string entries;
  std::istringstream names(words);
  for (std::string name; names >> name;)
    entries += (entries.empty() ? "" : ", ") + name + " = " + type;
  return entries.empty() ? "" : " rows {" + entries + "}";
}

std::string ptx::test::contractKernel(const std::string &name, const std::string &region, const std::string &in,
                                      const std::string &rows) {
  return withRegion("contract @" + name, region, inType(in) + rowsOf(rows, in));
}

std::string ptx::test::mapKernel(const std::string &name, const std::string &region, const std::string &result) {
  return withRegion("map @" + name, region, rowsOf(result.empty() ? "" : "y", result));
}

std::string ptx::test::normKernel(const std::string &name, int norm, double eps, const std::string &region) {
  constexpr const char *names[] = {"layer", "rms", "l2"};
  char constants[100];
  std::snprintf(constants, sizeof constants, " norm %s eps %.9e", names[norm], eps);
  return withRegion("row_norm @" + name, region, constants);
}

std::string ptx::test::AttentionForm::name() const {
  return "attention_" + std::to_string(dim) + (causal ? "_causal" : "") + (chunk ? "_chunks" : "");
}

static std::string attention(const char *skeleton, const std::string &name, const AttentionForm &form,
                             const std::string &in, const std::string &rows) {
  char text[200];
  std::string chunk = form.chunk ? " chunk " + std::to_string(form.chunk) : "";
  std::snprintf(text, sizeof text, "rt.kernel %s @%s head_dim %lld scale %.9e%s%s%s%s extras [] {\n}\n", skeleton,
                name.c_str(), static_cast<long long>(form.dim), 1 / std::sqrt(static_cast<double>(form.dim)),
                form.causal ? " causal" : "", chunk.c_str(), inType(in).c_str(), rowsOf(rows, in).c_str());
  return text;
}

std::string ptx::test::attentionKernel(const std::string &name, const AttentionForm &form, const std::string &in,
                                       const std::string &rows) {
  return attention("attention", name, form, in, rows);
}

std::string ptx::test::attentionChunkKernel(const std::string &name, const AttentionForm &form, const std::string &in) {
  return attention("attention_chunk", name, form, in, "");
}

std::string ptx::test::attentionJoinKernel(const std::string &name, const AttentionForm &form) {
  return "rt.kernel attention_join @" + name + " head_dim " + std::to_string(form.dim) + " chunk " +
         std::to_string(form.chunk) + " extras [] {\n}\n";
}

std::string ptx::test::gatherKernel(const std::string &name, int tables, const std::string &first) {
  std::string arguments, sum = "%t0", body;
  for (int t = 0; t < tables; ++t) {
    std::string table = "%t" + std::to_string(t), next = "%s" + std::to_string(t);
    arguments += table + ": f32, ";
    if (t > 0)
      body += "  " + next + " = arith.addf " + sum + ", " + table + " : f32\n", sum = next;
  }
  return "rt.kernel gather @" + name + " tables " + std::to_string(tables) +
         rowsOf(first.empty() ? "" : "table_0", first) + " extras [column] {\n^bb0(" + arguments + "%c: f32):\n" +
         body + "  %r = arith.addf " + sum + ", %c : f32\n  xf.yield %r : f32\n}\n";
}

std::string ptx::test::appendKernel(const std::string &name, const std::string &in, const std::string &rows) {
  return "rt.kernel append @" + name + rowsOf(rows, in) + " extras [] {}\n";
}

double ptx::test::pooled(int kind, const std::vector<float> &column, const std::vector<int32_t> &positions) {
  if (column.empty())
    return 0;
  double sum = 0, weighted = 0, weights = 0, count = static_cast<double>(column.size());
  for (size_t i = 0; i < column.size(); ++i) {
    sum += column[i];
    double weight = positions[i] - positions[0] + 1.0;
    weighted += column[i] * weight;
    weights += weight;
  }
  const double results[poolKinds] = {sum / count, sum / std::sqrt(count), weighted / weights,
                                     *std::max_element(column.begin(), column.end()), column.back()};
  return results[kind];
}

std::string ptx::test::greatestKernel(const std::string &name) {
  return "rt.kernel greatest @" + name + " extras [] {\n}\n";
}

std::string ptx::test::poolKernel(const std::string &name, int kind) {
  constexpr const char *names[poolKinds] = {"mean", "mean_sqrt", "weighted_mean", "max", "last"};
  return "rt.kernel pool @" + name + " pooling " + names[kind] + " extras [] {\n}\n";
}

static std::string textOf(ptx::DType type) {
  return type == ptx::DType::BF16 ? "bf16" : type == ptx::DType::F16 ? "f16" : "";
}

std::string FoldForm::name() const {
  return std::string(isNorm ? "fold_norm" : "fold") + (isTable ? "_table" : "") + (isScaled ? "_scaled" : "") +
         textOf(base) + (base == made ? "" : "_to_" + textOf(made));
}

std::string FoldForm::kernel() const {
  std::string rows;
  for (auto [word, type] : {std::pair("base", base), {"y", isNorm ? DType::F32 : made}})
    if (type != DType::F32)
      rows += (rows.empty() ? "" : ", ") + std::string(word) + " = " + textOf(type);
  std::string head = std::string("rt.kernel ") + (isNorm ? "fold_norm" : "fold") + " @" + name() + " layout " +
                     (isTable ? "table" : "matrix") + (rows.empty() ? "" : " rows {" + rows + "}") + " extras ";
  if (isNorm)
    return head + "[column] {\n^bb0(%n: f32, %m: f32):\n  %r = arith.divf %m, %n : f32\n  xf.yield %r : f32\n}\n";
  return head + (isScaled ? "[column]" : "[]") + " {\n^bb0(%w: f32, %d: f32" + (isScaled ? ", %g: f32" : "") +
         "):\n  %s = arith.addf %w, %d : f32\n" + (isScaled ? "  %r = arith.mulf %s, %g : f32\n" : "") +
         "  xf.yield %" + (isScaled ? "r" : "s") + " : f32\n}\n";
}

std::vector<FoldForm> ptx::test::foldForms() {
  std::vector<FoldForm> forms;
  for (bool isTable : {false, true}) {
    for (bool isScaled : {false, true})
      forms.push_back({isTable, isScaled});
    forms.push_back({isTable, /*isScaled=*/false, /*isNorm=*/true});
  }
  for (DType base : {DType::F32, DType::F16, DType::BF16}) {
    for (DType made : {DType::F16, DType::BF16})
      forms.push_back({.base = base, .made = made});
    if (base != DType::F32)
      forms.push_back({.isNorm = true, .base = base, .made = base});
  }
  return forms;
}

std::string ptx::test::entryOf(const std::string &name, const std::vector<std::string> &kernels) {
  std::string list;
  for (const std::string &kernel : kernels)
    list += (list.empty() ? "@" : ", @") + kernel;
  return "rt.entry @" + name + " [" + list + "]\n";
}

double ptx::test::applyRegion(const std::string &region, double x, double bias, double old) {
  if (region == "bias")
    return x + bias;
  if (region == "residual")
    return x + bias + old;
  if (region == "relu")
    return x > 0 ? x : 0;
  if (region == "leaky")
    return x > 0 ? x : 0.1f * x;
  if (region == "tanh")
    return std::tanh(x);
  if (region == "exp")
    return std::exp(x);
  if (region == "erf")
    return std::erf(x);
  if (region == "silu")
    return x / (1 + std::exp(-x));
  if (region == "gelu")
    return 0.5 * x * (1 + std::erf(x * std::sqrt(0.5)));
  if (region == "gelu_tanh")
    return 0.5 * x * (1 + std::tanh(std::sqrt(2 / M_PI) * (x + 0.044715 * x * x * x)));
  return x;
}
