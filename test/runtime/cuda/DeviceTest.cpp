// What the device asks of the driver, and in which order.
#include "test/runtime/core/Tiny.h"
#include "test/runtime/cuda/CudaTest.h"

#include <thread>

using namespace ptx;

using Calls = std::vector<std::string>;

// One upload of all problems, then a kernel for every launch that has some.
TEST_F(CudaTest, OneUploadThenTheLaunches) {
  std::shared_ptr<Device> device = *open();
  ASSERT_TRUE(load(*device, {code("sm_90", "fake-cubin sm_90")}));
  std::unique_ptr<DeviceQueue> queue = std::move(*DeviceQueue::open(device));
  ThreeLaunches launches;
  ASSERT_TRUE(queue->launch(launches.list, 3, launches.times));
  ASSERT_TRUE(queue->synchronise());
  EXPECT_EQ(calls({"cuStreamCreate"}), Calls{"cuStreamCreate 1"}); // does not wait for others
  EXPECT_EQ(calls({"cuFuncSetAttribute"}), Calls{"cuFuncSetAttribute entry_both 8 65536"});
  Calls expected = {
      "cuMemcpyHtoDAsync_v2 block1+0 232",
      "cuEventRecord",
      "cuLaunchKernel entry_one grid 12,1,1 block 128,1,1 shared 0 table block1+0 problems 1 stride 9",
      "cuEventRecord",
      "cuEventRecord",
      "cuLaunchKernel entry_both grid 7,1,1 block 256,1,1 shared 65536 table block1+72 problems 2 stride 10",
      "cuEventRecord",
  };
  EXPECT_EQ(calls({"cuMemcpyHtoDAsync_v2", "cuLaunchKernel", "cuEventRecord", "cuMemcpyHtoD_v2"}), expected);
}

// The fake's clock goes a millisecond a kernel.
TEST_F(CudaTest, Times) {
  std::shared_ptr<Device> device = *open();
  ASSERT_TRUE(load(*device, {code("sm_90", "fake-cubin sm_90")}));
  std::unique_ptr<DeviceQueue> queue = std::move(*DeviceQueue::open(device));
  ThreeLaunches a, b;
  // The second waits for the first, whose words the driver may still read.
  ASSERT_TRUE(queue->launch(a.list, 3, a.times) && queue->launch(b.list, 3, b.times));
  ASSERT_TRUE(queue->synchronise());
  for (const ThreeLaunches *launches : {&a, &b}) {
    const double ends[] = {1e-3, 1e-3, 2e-3};
    const uint32_t tiles[] = {12, 0, 7};
    for (size_t i = 0; i < 3; ++i) {
      EXPECT_FLOAT_EQ(launches->times[i].start, i ? ends[i - 1] : 0);
      EXPECT_FLOAT_EQ(launches->times[i].end, ends[i]);
      EXPECT_EQ(launches->times[i].tiles, tiles[i]);
    }
  }
}

// A queue makes its events and its table once, and the table anew when it is too small.
TEST_F(CudaTest, QueuesReuseWhatTheyHave) {
  std::shared_ptr<Device> device = *open();
  ASSERT_TRUE(load(*device, {code("sm_90", "fake-cubin sm_90")}));
  std::unique_ptr<DeviceQueue> queue = std::move(*DeviceQueue::open(device));
  ThreeLaunches launches;
  for (size_t count : {1, 3, 3, 1}) {
    ASSERT_TRUE(queue->launch(launches.list, count, launches.times));
    ASSERT_TRUE(queue->synchronise());
  }
  EXPECT_EQ(calls({"cuEventCreate"}).size(), 4u);
  EXPECT_EQ(calls({"cuMemAlloc_v2", "cuMemFree_v2"}),
            (Calls{"cuMemAlloc_v2 72", "cuMemFree_v2 block1+0", "cuMemAlloc_v2 232"}));
}

// The caller's context comes back after every call.
TEST_F(CudaTest, ContextsArePoppedAgain) {
  {
    std::shared_ptr<Device> device = *open();
    ASSERT_TRUE(DeviceMemory::allocate(device, 100));
    ASSERT_FALSE(DeviceMemory::allocate(device, size_t(1) << 40));
    ASSERT_TRUE(DeviceQueue::open(device));
  }
  EXPECT_GT(calls({"cuCtxPushCurrent_v2"}).size(), 4u);
  EXPECT_EQ(calls({"cuCtxPushCurrent_v2"}).size(), calls({"cuCtxPopCurrent_v2"}).size());
}

// Memory from several threads at once.
TEST_F(CudaTest, MemoryInThreads) {
  std::shared_ptr<Device> device = *open();
  std::vector<std::thread> threads;
  for (char t = 0; t < 4; ++t)
    threads.emplace_back([&device, t] {
      for (int i = 0; i < 20; ++i) {
        std::vector<char> sent(5000, t), got(5000);
        Result<DeviceMemory> memory = DeviceMemory::allocate(device, sent.size());
        ASSERT_TRUE(memory);
        ASSERT_TRUE(device->upload(memory->address(), sent.data(), sent.size()));
        ASSERT_TRUE(device->download(got.data(), memory->address(), got.size(), got.size(), 1));
        EXPECT_EQ(sent, got);
      }
    });
  for (std::thread &thread : threads)
    thread.join();
}

// A program through ptx.h: it says what it runs on, and a call is one upload of problems.
TEST_F(CudaTest, Program) {
  tiny::Folder folder;
  tiny::writeArtifact(folder.path, tiny::manifestOf(folder.path, tiny::makeWeights(), false));
  ptx_program_options options = {};
  options.struct_size = sizeof options;
  options.device = "cuda";
  ptx_program *program = nullptr;
  ASSERT_EQ(ptx_program_open((folder / "model.ptxm").c_str(), &options, &program), nullptr);
  EXPECT_STREQ(ptx_program_level(program), "sm_90");
  EXPECT_EQ(ptx_program_threads(program), 4u);
  ptx_program_close(program);

  tiny::Call call{{1, 2, 3, 4, 5, 0}, {1, 1, 1, 1, 1, 0}, {}, 2, 3};
  tiny::Answer here = tiny::runOnce(folder.path, "da", call, 1, "cuda");
  EXPECT_EQ(here.error, "");
  EXPECT_EQ(here.values, tiny::runOnce(folder.path, "da", call, 1, "cpu").values);
  EXPECT_EQ(calls({"cuMemcpyHtoDAsync_v2"}).size(), 2u); // of the binding and of the call
  Calls names;
  for (const std::string &line : calls({"cuLaunchKernel"}))
    names.push_back(line.substr(0, line.find(" grid")));
  EXPECT_EQ(names,
            (Calls{"cuLaunchKernel entry_fold_matrix", "cuLaunchKernel entry_gather", "cuLaunchKernel entry_contract",
                   "cuLaunchKernel entry_number", "cuLaunchKernel entry_mean"}));
}
