// Values of two stored tensors, of one type or of two, over more than one step.
#include "runtime/io/compare.h"
#include "test/runtime/io/Temporary.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

using namespace ptx;
using namespace ptx::test;

namespace {

template <typename T> std::string bytesOf(const std::vector<T> &values) {
  return {reinterpret_cast<const char *>(values.data()), values.size() * sizeof(T)};
}

class Compare : public testing::Test {
protected:
  StoredValues store(const std::string &name, const std::string &bytes, DType dtype, uint64_t count) {
    folder.write(name, "head" + bytes);
    return {folder.directory() + "/" + name, dtype, 4, count};
  }
  Temporary folder;
};

} // namespace

TEST_F(Compare, FirstDifference) {
  std::vector<float> values(600'000, 1.5f);
  StoredValues a = store("a", bytesOf(values), DType::F32, values.size());
  EXPECT_EQ(*firstDifference(a, a), std::nullopt);
  values[599'999] = values[300'001] = 2;
  EXPECT_EQ(*firstDifference(a, store("b", bytesOf(values), DType::F32, values.size())), 300'001u);
}

// As f32, bit by bit: NaN is itself, the zeros are two.
TEST_F(Compare, ByValue) {
  StoredValues wide = store("a", bytesOf(std::vector<float>{1, NAN, 0}), DType::F32, 3);
  EXPECT_EQ(*firstDifference(wide, wide), std::nullopt);
  EXPECT_EQ(*firstDifference(wide, store("b", bytesOf(std::vector<float>{1, NAN, -0.0f}), DType::F32, 3)), 2u);
  StoredValues half = store("c", bytesOf(std::vector<uint16_t>{0x3c00, 0x4000}), DType::F16, 2);
  EXPECT_EQ(*firstDifference(half, store("d", bytesOf(std::vector<float>{1, 2}), DType::F32, 2)), std::nullopt);
}

TEST_F(Compare, FilesThatEnd) {
  StoredValues a = store("a", bytesOf(std::vector<float>{1, 2}), DType::F32, 2);
  EXPECT_FALSE(firstDifference(a, store("b", bytesOf(std::vector<float>{1}), DType::F32, 2)));
  EXPECT_FALSE(firstDifference(a, {"/nowhere", DType::F32, 0, 2}));
}
