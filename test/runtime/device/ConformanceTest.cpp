// One suite over every device that runs launches: what runtime/device/device.h
// promises, and whole calls that give the CPU's bytes.
#include "runtime/device/open_device.h"
#include "test/runtime/core/Tiny.h"

#include <gtest/gtest.h>

#include <cstring>
#include <numeric>

using namespace ptx;

namespace {

class Conformance : public ::testing::TestWithParam<const char *> {
protected:
  void SetUp() override {
    Result<const ptx_device_table *> table = findDevice(GetParam());
    ASSERT_TRUE(table) << table.error().message;
    Result<std::shared_ptr<Device>> opened = Device::open(**table, {2, ""});
    ASSERT_TRUE(opened) << opened.error().message;
    device = *opened;
  }
  Status write(uint64_t to, const void *from, size_t bytes) {
    if (!device->hostMemory())
      return device->upload(to, from, bytes);
    std::memcpy(reinterpret_cast<void *>(to), from, bytes);
    return {};
  }
  std::vector<char> read(uint64_t from, size_t bytes) {
    std::vector<char> got(bytes, 1);
    if (device->hostMemory())
      std::memcpy(got.data(), reinterpret_cast<const void *>(from), bytes);
    else
      EXPECT_TRUE(device->download(got.data(), from, bytes, bytes, 1));
    return got;
  }

  std::shared_ptr<Device> device;
};

} // namespace

// The table is whole: what must be there is, and states its version.
TEST_P(Conformance, Table) {
  const ptx_device_table &table = device->table();
  EXPECT_EQ(table.version, PTX_DEVICE_VERSION);
  EXPECT_STREQ(table.name, GetParam());
  EXPECT_TRUE(table.close && table.allocate && table.release && table.load && table.variant && table.workers &&
              table.queue_open && table.queue_close && table.launch);
  EXPECT_TRUE(table.host_memory || (table.upload && table.download));
}

// Memory is aligned, disjoint, keeps what is written, and is zeroed where it is the host's.
TEST_P(Conformance, Memory) {
  std::vector<DeviceMemory> blocks;
  for (size_t bytes : {size_t(1), size_t(100), size_t(4096), size_t(3) << 20}) {
    Result<DeviceMemory> block = DeviceMemory::allocate(device, bytes);
    ASSERT_TRUE(block);
    EXPECT_EQ(block->address() % 256, 0u);
    if (device->hostMemory())
      EXPECT_EQ(read(block->address(), bytes), std::vector<char>(bytes, 0));
    blocks.push_back(std::move(*block));
  }
  for (size_t i = 0; i < blocks.size(); ++i) {
    std::vector<char> bytes(blocks[i].size(), static_cast<char>('a' + i));
    ASSERT_TRUE(write(blocks[i].address(), bytes.data(), bytes.size()));
  }
  for (size_t i = 0; i < blocks.size(); ++i)
    EXPECT_EQ(read(blocks[i].address(), blocks[i].size()), std::vector<char>(blocks[i].size(), 'a' + i));
}

// Rows are taken out of wider ones.
TEST_P(Conformance, DownloadsRows) {
  if (device->hostMemory())
    GTEST_SKIP() << "nothing is downloaded";
  Result<DeviceMemory> block = DeviceMemory::allocate(device, 12);
  ASSERT_TRUE(block && device->upload(block->address(), "abc-def-ghi-", 12));
  std::string got(9, '?');
  ASSERT_TRUE(device->download(got.data(), block->address(), 3, 4, 3));
  EXPECT_EQ(got, "abcdefghi");
}

// More than there is: an error with the size, not a crash.
TEST_P(Conformance, TooMuchMemory) {
  Result<DeviceMemory> block = DeviceMemory::allocate(device, size_t(1) << 52);
  ASSERT_FALSE(block);
  EXPECT_NE(block.error().message.find(std::to_string(size_t(1) << 52)), std::string::npos) << block.error().message;
}

// No code, and code that is none.
TEST_P(Conformance, BrokenCode) {
  EXPECT_FALSE(device->load({}, {}, {}));
  ptx_code_payload payload = {"avx2", "no code", 7};
  EXPECT_FALSE(device->load({&payload, 1}, {}, {}));
}

// A queue that nothing was launched on can be waited for.
TEST_P(Conformance, EmptyQueue) {
  Result<std::unique_ptr<DeviceQueue>> queue = DeviceQueue::open(device);
  ASSERT_TRUE(queue);
  EXPECT_TRUE((*queue)->launch(nullptr, 0, nullptr));
  EXPECT_TRUE((*queue)->synchronise());
}

// Calls give the CPU's bytes: base, merged and separate adapters, ragged batches, mixed adapters.
TEST_P(Conformance, CallsGiveTheBytesOfTheCpu) {
  if (std::string(GetParam()) == "emulator")
    GTEST_SKIP() << "has no kernels of the tiny model; the golden cases run there";
  for (bool separate : {false, true}) {
    tiny::Folder folder;
    tiny::writeArtifact(folder.path, tiny::manifestOf(folder.path, tiny::makeWeights(), separate));
    tiny::Call call;
    call.batch = 3, call.length = 70;
    call.ids.resize(210), call.mask.resize(210, 1);
    for (size_t i = 0; i < 210; ++i)
      call.ids[i] = static_cast<int64_t>(i * 7 % tiny::vocabulary);
    std::fill(call.mask.begin() + 70, call.mask.begin() + 135, 0);
    if (separate)
      call.adapters = {1, -1, 0};
    for (const char *adapter : {static_cast<const char *>(nullptr), "da", "db"}) {
      tiny::Answer here = tiny::runOnce(folder.path, adapter, call, 1, GetParam());
      tiny::Answer cpu = tiny::runOnce(folder.path, adapter, call, 1, "cpu");
      ASSERT_EQ(here.error, "");
      EXPECT_EQ(here.values, cpu.values);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Devices, Conformance, ::testing::Values("cpu", "toy", "emulator", "cuda"),
                         [](const auto &info) { return std::string(info.param); });

// A bundle is memory of the host: a device with memory of its own refuses it.
TEST(Bundles, AreOfTheHostsMemory) {
  tiny::Folder folder;
  nlohmann::ordered_json manifest = tiny::manifestOf(folder.path, tiny::makeWeights(), false);
  nlohmann::ordered_json parameters(manifest["parameters"].size(), {{"bytes", 0}});
  manifest["bundle"] = {{"file", 0}, {"id", std::string(32, '0')}, {"target", "toy"}, {"parameters", parameters}};
  tiny::writeArtifact(folder.path, manifest);
  tiny::Answer answer = tiny::runOnce(folder.path, "none", {{1, 2}, {}, {}, 1, 2}, 1, "toy");
  EXPECT_NE(answer.error.find("its weights are bundled as memory of the host, device 'toy' has its own"),
            std::string::npos)
      << answer.error;
}
