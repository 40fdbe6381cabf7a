// Contractions by cuBLASLt: what it is asked for, when, and what is said where
// it fails.
#include "test/runtime/cuda/CudaTest.h"

#include "runtime/device/words.h"

using namespace ptx;

namespace {

using Calls = std::vector<std::string>;

struct Epilogue {
  bool bias, residual, relu;
};

/// y = x W^T of odd sizes, with rows that begin behind others.
class CudaBlas : public CudaTest {
protected:
  static constexpr uint64_t first = 3, rows = 21, width = 7, depth = 13;
  static constexpr uint64_t weightPitch = 16, xPitch = 20, yPitch = 12, residualPitch = 8;
  static constexpr size_t wordCount = std::size(words::contract) + 3; // bias; residual and its pitch

  void TearDown() override {
    queue.reset();
    memory.clear();
    device.reset();
    CudaTest::TearDown();
  }

  void openWith(Epilogue wanted, int64_t leastRows = 16) {
    epilogue = wanted;
    device = *open();
    const int64_t base = static_cast<int64_t>(std::size(words::contract));
    const ptx_metadata metadata[] = {{"tile_rows", 32},
                                     {"tile_columns", 8},
                                     {"library_rows", leastRows},
                                     {"library_bias", wanted.bias ? base + 1 : 0},
                                     {"library_residual", wanted.residual ? base + 2 : 0},
                                     {"library_relu", wanted.relu}};
    const ptx_metadata threads[] = {{"threads", 128}};
    const uint32_t members[] = {0};
    const ptx_kernel_info kernel = {"one", metadata, std::size(metadata), nullptr, 0, wordCount};
    const ptx_kernel_info entry = {"entry_one", threads, 1, members, 1, 0};
    Code both = code("sm_90", "fake-cubin sm_90");
    const ptx_code_payload payload = {both.variant, both.text.data(), both.text.size()};
    loaded = device->load({&payload, 1}, {&kernel, 1}, {&entry, 1});
    if (!loaded)
      return;
    queue = std::move(*DeviceQueue::open(device));
    x = fill((first + rows) * xPitch);
    weight = fill(width * weightPitch);
    bias = fill(width);
    residual = fill((first + rows) * residualPitch);
    y = std::vector<float>((first + rows) * yPitch, 9.0f);
    uint64_t yAddress = 0;
    const uint64_t values[wordCount] = {
        send(x), xPitch, send(weight), depth,          width,        yAddress = send(y), yPitch, 0, 0,
        0,       0,      send(bias),   send(residual), residualPitch};
    std::copy(std::begin(values), std::end(values), words);
    result = yAddress;
  }

  std::string run(uint64_t some = rows) {
    ptx_problem problem = {};
    problem.words = words, problem.begin = first, problem.end = first + some, problem.columns = width;
    ptx_launch launch = {"linear", &problem, 1};
    ptx_launch_times times = {};
    if (Status status = queue->launch(&launch, 1, &times); !status)
      return status.error().message;
    Status status = queue->synchronise();
    return status ? "" : status.error().message;
  }

  std::vector<float> fill(size_t count) {
    std::vector<float> values(count);
    for (float &value : values)
      value = static_cast<float>(static_cast<int>((seed = seed * 1103515245 + 12345) >> 16 & 255) - 128) / 64;
    return values;
  }
  uint64_t send(const std::vector<float> &values) {
    memory.push_back(std::move(*DeviceMemory::allocate(device, values.size() * sizeof(float))));
    EXPECT_TRUE(device->upload(memory.back().address(), values.data(), values.size() * sizeof(float)));
    return memory.back().address();
  }

  uint32_t seed = 1;
  Epilogue epilogue = {};
  std::shared_ptr<Device> device;
  Status loaded;
  std::unique_ptr<DeviceQueue> queue;
  std::vector<DeviceMemory> memory;
  std::vector<float> x, weight, bias, residual, y;
  uint64_t words[wordCount] = {}, result = 0;
};

class CudaBlasValues : public CudaBlas, public ::testing::WithParamInterface<int> {};

} // namespace

// Every epilogue, by the definition of library_call.h; nothing beside the result is written.
TEST_P(CudaBlasValues, AreTheDefinitions) {
  openWith({(GetParam() & 1) != 0, (GetParam() & 2) != 0, (GetParam() & 4) != 0});
  ASSERT_EQ(run(), "");
  EXPECT_EQ(calls({"cublasLtMatmul"}).size(), 1u);
  std::vector<float> expected = y, got(y.size());
  for (uint64_t m = first; m < first + rows; ++m)
    for (uint64_t n = 0; n < width; ++n) {
      double sum = epilogue.bias ? bias[n] : 0.0f;
      sum += epilogue.residual ? residual[m * residualPitch + n] : 0.0f;
      for (uint64_t k = 0; k < depth; ++k)
        sum += static_cast<double>(x[m * xPitch + k]) * weight[n * weightPitch + k];
      expected[m * yPitch + n] = static_cast<float>(epilogue.relu ? std::max(sum, 0.0) : sum);
    }
  ASSERT_TRUE(device->download(got.data(), result, got.size() * sizeof(float), got.size() * sizeof(float), 1));
  EXPECT_EQ(got, expected);
}
INSTANTIATE_TEST_SUITE_P(Epilogues, CudaBlasValues, ::testing::Range(0, 8));

// W and x as they lie, transposed by the library; the bias along its rows. No kernel of ours runs.
TEST_F(CudaBlas, Call) {
  openWith({true, true, true});
  ASSERT_EQ(run(), "");
  EXPECT_EQ(calls({"cublasLtMatmul", "cuLaunchKernel"}),
            Calls{"cublasLtMatmul A block2+0 13x7/16 B block1+240 13x21/20 C block5+96 7x21/8 D block3+144 7x21/12 "
                  "beta 1 epilogue 6 bias block4+0 workspace block6+0"});
  EXPECT_EQ(calls({"cuMemAlloc_v2"}).back(), "cuMemAlloc_v2 33554432");
}

// The library is asked once for a shape; another number of rows is another shape.
TEST_F(CudaBlas, RoutinesAreRemembered) {
  openWith({true, false, false});
  for (uint64_t some : {21, 21, 16, 21, 16})
    ASSERT_EQ(run(some), "");
  EXPECT_EQ(calls({"cublasLtMatmulAlgoGetHeuristic"}).size(), 2u);
  EXPECT_EQ(calls({"cublasLtMatmul"}).size(), 5u);
}

// A session has its own workspace: two that share one corrupt each other.
TEST_F(CudaBlas, WorkspacePerQueue) {
  openWith({false, false, false});
  ASSERT_EQ(run(), "");
  queue = std::move(*DeviceQueue::open(device));
  ASSERT_EQ(run(), "");
  Calls made = calls({"cublasLtMatmul"});
  ASSERT_EQ(made.size(), 2u);
  EXPECT_NE(made[0].substr(made[0].find("workspace")), made[1].substr(made[1].find("workspace")));
}

// Few rows, and a low-rank part: our kernel.
TEST_F(CudaBlas, WhatStaysOurs) {
  openWith({false, false, false});
  ASSERT_EQ(run(15), "");
  words[10] = 4; // the rank
  ASSERT_EQ(run(), "");
  EXPECT_EQ(calls({"cublasLtMatmul"}).size(), 0u);
  EXPECT_EQ(calls({"cuLaunchKernel"}).size(), 2u);
}

// Where the library is not there, or has no routine, our kernel does it.
TEST_F(CudaBlas, WithoutTheLibrary) {
  ::setenv("PTX_CUBLASLT", "none", 1);
  openWith({false, false, false});
  ASSERT_EQ(run(), "");
  EXPECT_EQ(calls({"cuLaunchKernel"}).size(), 1u);
}
TEST_F(CudaBlas, WithoutARoutine) {
  fake_machine()->blasRoutines = 0;
  openWith({false, false, false});
  ASSERT_EQ(run(), "");
  ASSERT_EQ(run(), "");
  EXPECT_EQ(calls({"cuLaunchKernel"}).size(), 2u);
  EXPECT_EQ(calls({"cublasLtMatmulAlgoGetHeuristic"}).size(), 1u);
}

// A library that is named has to be there, and to be of use.
TEST_F(CudaBlas, NamedLibrary) {
  ::setenv("PTX_CUBLASLT", "/nowhere/libcublasLt.so", 1);
  openWith({false, false, false});
  ASSERT_FALSE(loaded);
  EXPECT_TRUE(contains(loaded.error().message, "there is no cuBLASLt, which PTX_CUBLASLT names: /nowhere/libcublasLt"));
}
TEST_F(CudaBlas, OldLibrary) {
  ::setenv("PTX_CUBLASLT", OLD_CUBLASLT, 1);
  openWith({false, false, false});
  ASSERT_FALSE(loaded);
  EXPECT_TRUE(contains(loaded.error().message, "is too old: it has no 'cublasLtMatmul'; with PTX_CUBLASLT=none"));
}

// A program without library forms never opens it.
TEST_F(CudaBlas, NotAskedFor) {
  ::setenv("PTX_CUBLASLT", "/nowhere/libcublasLt.so", 1);
  openWith({false, false, false}, 0);
  EXPECT_TRUE(loaded);
}

TEST_F(CudaBlas, DoesNotStart) {
  fake_machine()->blasCreateError = 1;
  openWith({false, false, false});
  std::string error = run();
  EXPECT_TRUE(contains(error, "cuBLASLt 13.1.0 ("));
  EXPECT_TRUE(
      contains(error, ") does not start on 'Fake GPU': CUBLAS_STATUS_NOT_INITIALIZED (1); with PTX_CUBLASLT=none"));
  fake_machine()->blasCreateError = 0;
  EXPECT_EQ(run(), "");
}
TEST_F(CudaBlas, NoWorkspace) {
  fake_machine()->memory = 1 << 20;
  openWith({false, false, false});
  EXPECT_TRUE(contains(run(), "no memory for the 33554432 bytes that cuBLASLt works in: CUDA_ERROR_OUT_OF_MEMORY"));
}

// What the library refuses is named; the device is as good as before.
TEST_F(CudaBlas, Refused) {
  openWith({false, false, false});
  fake_machine()->blasError = 7;
  std::string error = run();
  EXPECT_TRUE(contains(error, "launch 'linear': cuBLASLt 13.1.0 ("));
  EXPECT_TRUE(contains(error, "fails with CUBLAS_STATUS_INVALID_VALUE (7)"));
  fake_machine()->blasError = 0;
  EXPECT_EQ(run(), "");
}

// A kernel of the library faults like one of ours.
TEST_F(CudaBlas, Fault) {
  openWith({false, false, false});
  fake_machine()->faultAt = 1;
  EXPECT_TRUE(contains(run(), "a kernel failed at or after launch 'linear'"));
  EXPECT_TRUE(contains(run(), "broken by an earlier fault"));
}

// Memory that the words do not own is refused before anything is touched.
TEST_F(CudaBlas, ForeignMemory) {
  openWith({false, false, false});
  words[0] += 4 * xPitch * 4; // x: its last rows are outside
  EXPECT_TRUE(contains(run(), "CUBLAS_STATUS_INVALID_VALUE"));
}
