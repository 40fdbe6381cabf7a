// Each kernel alone, one thread, as percent of the f32 peak probed in the same
// process between the repeats. Minimum and median of interleaved repeats.
//
// usage: kernel_bench [LEVEL [PART OF A NAME [f16|bf16]]]
#include "test/passes/Target/CPU/KernelHarness.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <functional>
#include <immintrin.h>

using namespace ptx::cpu;
using namespace ptx::test;

namespace {
double seconds() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

volatile float sink;

__attribute__((target("avx512f"))) double probe512() {
  __m512 sums[12], x = _mm512_set1_ps(0.5f);
  for (auto &sum : sums)
    sum = x;
  constexpr int steps = 400000;
  double start = seconds();
  for (int i = 0; i < steps; ++i) {
#pragma clang loop unroll(full)
    for (int j = 0; j < 12; ++j)
      sums[j] = _mm512_fmadd_ps(sums[j], x, x);
    asm volatile("" : "+v"(x));
  }
  double time = seconds() - start;
  for (auto &sum : sums)
    sink = sum[0];
  return 12.0 * steps * 32 / time;
}

__attribute__((target("avx2,fma"))) double probe256() {
  __m256 sums[12], x = _mm256_set1_ps(0.5f);
  for (auto &sum : sums)
    sum = x;
  constexpr int steps = 400000;
  double start = seconds();
  for (int i = 0; i < steps; ++i) {
#pragma clang loop unroll(full)
    for (int j = 0; j < 12; ++j)
      sums[j] = _mm256_fmadd_ps(sums[j], x, x);
    asm volatile("" : "+x"(x));
  }
  double time = seconds() - start;
  for (auto &sum : sums)
    sink = sum[0];
  return 12.0 * steps * 16 / time;
}

struct Case {
  std::string name;
  double flops;
  std::function<void()> run;
};

void measure(Level level, std::vector<Case> &cases) {
  if (cases.empty()) {
    std::printf("%s: no kernel has that in its name\n", info(level).name.str().c_str());
    return;
  }
  constexpr int repeats = 9;
  std::vector<std::vector<double>> rates(cases.size());
  std::vector<double> peaks;
  for (Case &one : cases)
    one.run();
  for (int repeat = 0; repeat < repeats; ++repeat)
    for (size_t i = 0; i < cases.size(); ++i) {
      double peak = level == Level::Avx2 ? probe256() : probe512();
      peaks.push_back(peak);
      int times = std::max(1, static_cast<int>(4e9 * 0.1 / cases[i].flops));
      double start = seconds();
      for (int t = 0; t < times; ++t)
        cases[i].run();
      rates[i].push_back(cases[i].flops * times / (seconds() - start));
    }
  double peak = *std::max_element(peaks.begin(), peaks.end());
  std::sort(peaks.begin(), peaks.end());
  std::printf("%s: peak %.1f GF/s (median %.1f)\n", info(level).name.str().c_str(), peak / 1e9,
              peaks[peaks.size() / 2] / 1e9);
  for (size_t i = 0; i < cases.size(); ++i) {
    std::sort(rates[i].begin(), rates[i].end());
    std::printf("  %-36s best %7.1f GF/s %5.1f %%   median %7.1f GF/s %5.1f %%\n", cases[i].name.c_str(),
                rates[i].back() / 1e9, 100 * rates[i].back() / peak, rates[i][repeats / 2] / 1e9,
                100 * rates[i][repeats / 2] / peak);
  }
}

// `filter`: a part of the case's name.
void benchLevel(Level level, const std::string &filter, const std::string &in) {
  std::string text = contractKernel("plain", "", in) + contractKernel("gelu", "gelu", in) +
                     attentionKernel("attention", {64, false}, in) + attentionKernel("causal", {64, true}, in) +
                     normKernel("norm", 0, 1e-5);
  ptx::DType element = in == "bf16" ? ptx::DType::BF16 : in == "f16" ? ptx::DType::F16 : ptx::DType::F32;
  double start = seconds();
  Library library(text, level);
  std::printf("%s: compiled in %.2f s, %zu bytes\n", info(level).name.str().c_str(), seconds() - start,
              library.bytes());
  std::vector<Case> cases;
  struct Shape {
    const char *kernel;
    int64_t m, n, k;
  };
  std::vector<std::unique_ptr<ContractData>> contracts;
  for (auto [name, m, n, k] : std::initializer_list<Shape>{{"plain", 128, 768, 768},
                                                           {"plain", 128, 3072, 768},
                                                           {"plain", 128, 768, 3072},
                                                           {"plain", 512, 768, 768},
                                                           {"plain", 128, 256, 256},
                                                           {"gelu", 128, 3072, 768},
                                                           {"plain", 1, 768, 768},
                                                           {"plain", 2, 768, 768},
                                                           {"plain", 4, 768, 768},
                                                           {"plain", 8, 768, 768},
                                                           {"plain", 16, 768, 768},
                                                           {"plain", 1, 3072, 768},
                                                           {"plain", 4, 3072, 768},
                                                           {"plain", 16, 3072, 768},
                                                           {"plain", 32, 3072, 768}}) {
    auto data = std::make_unique<ContractData>(m, n, k, 0, element);
    auto kernel = library.kernel(name);
    ContractData *raw = data.get();
    int64_t rows = m, panels = (n + 15) / 16;
    cases.push_back(
        {std::string(name) + " M=" + std::to_string(m) + " N=" + std::to_string(n) + " K=" + std::to_string(k),
         2.0 * m * n * k, [=] { raw->run(kernel, 0, rows, 0, panels); }});
    contracts.push_back(std::move(data));
  }
  std::vector<std::unique_ptr<AttentionData>> attentions;
  struct Sequence {
    int64_t queries, keys;
    bool causal;
  };
  for (auto [queries, keys, causal] : std::initializer_list<Sequence>{{128, 128, false},
                                                                      {512, 512, false},
                                                                      {2048, 2048, false},
                                                                      {128, 128, true},
                                                                      {512, 512, true},
                                                                      {1, 128, false},
                                                                      {1, 512, false},
                                                                      {4, 512, false}}) {
    auto data = std::make_unique<AttentionData>(std::vector<int64_t>{queries}, std::vector<int64_t>{keys}, 12, 64);
    auto kernel = library.kernel(causal ? "causal" : "attention");
    AttentionData *raw = data.get();
    cases.push_back({std::string(causal ? "causal " : "") + "attention 12x64 " + std::to_string(queries) + " of " +
                         std::to_string(keys),
                     4.0 * queries * keys * 64 * 12 * (causal ? 0.5 : 1), [=] { raw->run(kernel); }});
    attentions.push_back(std::move(data));
  }
  RowData norm(128, 768);
  auto kernel = library.kernel("norm");
  cases.push_back({"layer norm 128x768 (8 flops each)", 8.0 * 128 * 768, [&] { norm.run(kernel, 0, 128); }});
  std::erase_if(cases, [&](const Case &one) { return one.name.find(filter) == std::string::npos; });
  measure(level, cases);
}
} // namespace

int main(int argc, char **argv) {
  ptx::registerAllTargets();
  if (ptx::isCodegenWorker(argc, argv))
    return ptx::codegenWorkerMain(argc, argv);
  if (argc > 3 && std::string(argv[3]) != "f16" && std::string(argv[3]) != "bf16") {
    std::fprintf(stderr, "kernel_bench: '%s' is neither f16 nor bf16\n", argv[3]);
    return 1;
  }
  for (const LevelInfo &level : allLevels())
    if (hostRuns(level.level) && (argc < 2 || level.name == argv[1]))
      benchLevel(level.level, argc > 2 ? argv[2] : "", argc > 3 ? argv[3] : "");
  return 0;
}
