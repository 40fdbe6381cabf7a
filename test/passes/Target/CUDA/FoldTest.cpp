// Folds, to the bit.
#include "test/passes/Target/CUDA/GpuHarness.h"

#include <array>
#include <gtest/gtest.h>

using namespace ptx::test;

namespace {

const GpuKernels &kernels() {
  static const GpuKernels made([] {
    std::string text;
    std::vector<std::string> names;
    for (const FoldForm &form : foldForms()) {
      text += form.kernel();
      names.push_back(form.name());
    }
    return withEntries(text, names);
  }());
  return made;
}

/// Words that the elements of a row take.
int64_t wordsOf(int64_t elements, ptx::DType type) { return type == ptx::DType::F32 ? elements : (elements + 1) / 2; }

TEST(Fold, EveryFormAtOddSizes) {
  const ptx::Geometry geometry = gpuGeometry();
  for (const FoldForm &form : foldForms())
    for (auto [k, n, rank] : {std::array<int64_t, 3>{1, 1, 1}, {5, 16, 4}, {37, 17, 3}, {4, 6, 0}, {20, 300, 16}}) {
      FoldProblem data(k, n, rank, form, geometry);
      GpuLaunch launch(kernels(), static_cast<uint64_t>(k));
      GpuProblem &problem = launch.add(form.name(), 0, form.isNorm ? 1 : k, n);
      problem.count("rank", rank)
          .in("base", data.base, data.rows(), wordsOf(data.columns(), form.base), data.pitchBase)
          .count("base_pitch", data.pitchBase)
          .count("depth", k)
          .count("width", n);
      if (rank)
        problem.in("a", data.a, k, rank, data.pitchA).in("b", data.b, data.b.size());
      if (form.isNorm)
        problem.out("y", data.y, 0, 1, n, n);
      else
        problem.out("y", data.y, 0, data.rows(), wordsOf(data.columns(), form.made), data.pitchY)
            .count("y_pitch", data.pitchY);
      if (form.isScaled)
        problem.in("inputs", data.inputs, k);
      if (form.isScaled || form.isNorm)
        problem.in("extra_0", data.scale, n);
      ASSERT_EQ(launch.run(), "") << form.name();
      ASSERT_EQ(data.result(geometry), data.expected()) << form.name() << " " << k << " x " << n << " rank " << rank;
      ASSERT_TRUE(data.isCompleted(geometry)) << form.name() << " " << k;
    }
}

} // namespace
