#include "runtime/core/spare_memory.h"

#include <gtest/gtest.h>

using namespace ptx;

// What a binding gave back is what the next takes, by its size, within the budget.
TEST(SpareMemory, TakesWhatWasGiven) {
  std::shared_ptr<Device> device = *Device::open(**findDevice("cpu"), {1, ""});
  SpareMemory spare(5000);
  EXPECT_EQ(spare.take(4000).address(), 0u);
  Result<DeviceMemory> first = DeviceMemory::allocate(device, 4000), second = DeviceMemory::allocate(device, 2000);
  uint64_t address = first->address();
  spare.give(std::move(*first));
  spare.give(std::move(*second)); // beyond the budget
  EXPECT_EQ(spare.take(2000).address(), 0u);
  DeviceMemory taken = spare.take(4000);
  EXPECT_EQ(taken.address(), address);
  EXPECT_EQ(spare.take(4000).address(), 0u);
}
