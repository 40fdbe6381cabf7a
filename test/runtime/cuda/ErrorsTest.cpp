// Everything that goes wrong, and what is said about it.
#include "test/runtime/core/Tiny.h"
#include "test/runtime/cuda/CudaTest.h"

using namespace ptx;

// A machine without a driver, and what to do.
TEST_F(CudaTest, NoDriver) {
  ::setenv("PTX_CUDA_DRIVER", "/nowhere/libcuda.so.1", 1);
  std::string error = openError();
  EXPECT_TRUE(contains(error, "device 'cuda': there is no CUDA driver: /nowhere/libcuda.so.1"));
  EXPECT_TRUE(contains(error, "PTX_CUDA_DRIVER"));
}

// A driver that lacks a function is too old; the function is named.
TEST_F(CudaTest, OldDriver) {
  ::setenv("PTX_CUDA_DRIVER", OLD_DRIVER, 1);
  EXPECT_TRUE(contains(openError(), "is too old: it has no 'cuLaunchKernel'"));
}

TEST_F(CudaTest, NoDevice) {
  fake_machine()->initError = 100;
  EXPECT_EQ(openError(), "device 'cuda': there is no CUDA device: CUDA_ERROR_NO_DEVICE (so says the fake)");
  fake_reset();
  fake_machine()->devices = 0;
  EXPECT_EQ(openError(), "device 'cuda': there is no CUDA device");
}

// A driver that does not start; once it does, so does the device.
TEST_F(CudaTest, DriverDoesNotStart) {
  fake_machine()->initError = 803;
  EXPECT_EQ(openError(), "device 'cuda': the CUDA driver does not start: CUDA_ERROR_SYSTEM_DRIVER_MISMATCH (so says "
                         "the fake)");
  fake_machine()->initError = 802; // which the fake has no name for
  EXPECT_EQ(openError(), "device 'cuda': the CUDA driver does not start: CUDA error 802");
  fake_machine()->initError = 0;
  EXPECT_EQ(openError(), "");
}

// Too large is said with the size; smaller blocks are still to be had.
TEST_F(CudaTest, OutOfMemory) {
  fake_machine()->memory = 5000;
  std::shared_ptr<Device> device = *open();
  EXPECT_EQ(DeviceMemory::allocate(device, 6000).error().message,
            "device 'cuda': no memory for 6000 bytes on 'Fake GPU': CUDA_ERROR_OUT_OF_MEMORY (so says the fake)");
  EXPECT_TRUE(DeviceMemory::allocate(device, 4000));
}

// An artifact for other GPUs: what this one is, what there is, what to do.
TEST_F(CudaTest, WrongArchitecture) {
  fake_machine()->major = 7;
  fake_machine()->minor = 5;
  tiny::Folder folder;
  tiny::writeArtifact(folder.path, tiny::manifestOf(folder.path, tiny::makeWeights(), false));
  std::string error = tiny::runOnce(folder.path, nullptr, {{1}, {}, {}, 1, 1}, 1, "cuda").error;
  EXPECT_TRUE(contains(error, "the device 'Fake GPU' is sm_75, the artifact holds "));
  EXPECT_TRUE(contains(error, "; compile with --target=cuda:sm_75"));
}

// A variant that is wished for is taken; the driver may refuse it.
TEST_F(CudaTest, ForcedVariant) {
  std::vector<Code> codes = {code("sm_80", "fake-cubin sm_80"), code("ptx_sm_80", "fake-ptx sm_80"),
                             code("sm_90", "fake-cubin sm_90")};
  {
    std::shared_ptr<Device> device = *open("ptx_sm_80");
    ASSERT_TRUE(load(*device, codes));
    EXPECT_EQ(device->variant(), "ptx_sm_80");
  }
  EXPECT_TRUE(contains(loadError(codes, "sm_80"), "the variant 'sm_80' cannot be loaded on 'Fake GPU' (sm_90): "
                                                  "CUDA_ERROR_NO_BINARY_FOR_GPU"));
  EXPECT_TRUE(contains(loadError(codes, "sm_99"), "holds no variant 'sm_99', it holds sm_80, ptx_sm_80, sm_90"));
}

// Text that the driver does not compile: its log is in the message.
TEST_F(CudaTest, DriverDoesNotCompile) {
  fake_machine()->jitError = "line 7: unknown instruction";
  EXPECT_EQ(loadError({code("ptx_sm_80", "fake-ptx sm_80")}),
            "device 'cuda': the variant 'ptx_sm_80' cannot be loaded on 'Fake GPU' (sm_90): CUDA_ERROR_INVALID_PTX (so "
            "says the fake); the driver says: line 7: unknown instruction");
}

TEST_F(CudaTest, BadCode) {
  EXPECT_TRUE(contains(loadError({{"sm_90", "no cubin"}}), "CUDA_ERROR_INVALID_IMAGE"));
  EXPECT_TRUE(contains(loadError({{"sm_90", "fake-cubin sm_90\nkernel entry_one\n"}}),
                       "the variant 'sm_90' has no kernel 'entry_both': CUDA_ERROR_NOT_FOUND"));
  fake_machine()->maxShared = 60 << 10;
  EXPECT_TRUE(contains(loadError({code("sm_90", "fake-cubin sm_90")}),
                       "the kernel 'entry_both' needs 65536 bytes of shared memory: CUDA_ERROR_INVALID_VALUE"));
}

namespace {

class CudaFault : public CudaTest {
protected:
  void SetUp() override {
    CudaTest::SetUp();
    device = *open();
    ASSERT_TRUE(load(*device, {code("sm_90", "fake-cubin sm_90")}));
    queue = std::move(*DeviceQueue::open(device));
    memory = std::move(*DeviceMemory::allocate(device, 1000));
  }
  void TearDown() override {
    queue.reset();
    memory = DeviceMemory();
    device.reset();
    CudaTest::TearDown();
  }
  std::string run() {
    if (Status status = queue->launch(launches.list, 3, launches.times); !status)
      return status.error().message;
    Status status = queue->synchronise();
    return status ? "" : status.error().message;
  }
  std::shared_ptr<Device> device;
  std::unique_ptr<DeviceQueue> queue;
  DeviceMemory memory;
  ThreeLaunches launches;
};

} // namespace

// What cannot be started is named; the device is as good as before.
TEST_F(CudaFault, LaunchIsRefused) {
  fake_machine()->launchError = 701;
  EXPECT_TRUE(contains(run(), "launch 'first' does not start: CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES"));
  fake_machine()->launchError = 0;
  EXPECT_EQ(run(), "");
}

// A kernel faults: the launch is named, everything later refused, and all of it closes.
TEST_F(CudaFault, Fault) {
  fake_machine()->faultAt = 2;
  EXPECT_EQ(run(), "device 'cuda': a kernel failed at or after launch 'third' (with CUDA_LAUNCH_BLOCKING=1 this names "
                   "the launch itself): CUDA_ERROR_ILLEGAL_ADDRESS (so says the fake)");
  char byte = 0;
  const std::string broken = "the device is broken by an earlier fault (a kernel failed at or after launch 'third'";
  EXPECT_TRUE(contains(run(), broken));
  EXPECT_TRUE(contains(run(), "open the program again"));
  EXPECT_TRUE(contains(queue->synchronise().error().message, broken));
  EXPECT_TRUE(contains(device->upload(memory.address(), &byte, 1).error().message, broken));
  EXPECT_TRUE(contains(device->download(&byte, memory.address(), 1, 1, 1).error().message, broken));
  EXPECT_TRUE(contains(DeviceMemory::allocate(device, 1).error().message, broken));
  EXPECT_TRUE(contains(DeviceQueue::open(device).error().message, broken));
  EXPECT_TRUE(contains(load(*device, {}).error().message, broken));
}

// A driver that waits for every kernel knows which one it was.
TEST_F(CudaFault, FaultWithinTheLaunch) {
  fake_machine()->blocking = true;
  fake_machine()->faultAt = 1;
  fake_machine()->faultCode = 719;
  EXPECT_TRUE(contains(run(), "a kernel failed at or before launch 'first'"));
  EXPECT_TRUE(contains(run(), "CUDA_ERROR_LAUNCH_FAILED (so says the fake)): open the program again"));
}

// Through ptx.h: the call fails with the launch's label, the session stays
// broken, and a program that is opened afterwards works.
TEST_F(CudaTest, FaultInAProgram) {
  tiny::Folder folder;
  tiny::writeArtifact(folder.path, tiny::manifestOf(folder.path, tiny::makeWeights(), false));
  ptx_program_options options = {};
  options.struct_size = sizeof options;
  options.device = "cuda";
  ptx_program *program = nullptr;
  ptx_binding *binding = nullptr;
  ptx_session *session = nullptr;
  ASSERT_EQ(ptx_program_open((folder / "model.ptxm").c_str(), &options, &program), nullptr);
  ASSERT_EQ(ptx_binding_create(program, "da", &binding), nullptr);
  ASSERT_EQ(ptx_session_open(binding, &session), nullptr);
  tiny::Call call{{1, 2, 3}, {}, {}, 1, 3};
  EXPECT_EQ(tiny::call(session, call).error, "");
  fake_machine()->faultAt = 2;
  EXPECT_TRUE(contains(tiny::call(session, call).error, "launch 'linear'"));
  fake_machine()->faultAt = 0;
  EXPECT_TRUE(contains(tiny::call(session, call).error, "broken by an earlier fault"));
  ptx_session_close(session);
  ptx_binding_release(binding);
  ptx_program_close(program);
  EXPECT_EQ(tiny::runOnce(folder.path, "da", call, 1, "cuda").error, "");
}
