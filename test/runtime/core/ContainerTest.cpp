#include "runtime/core/container.h"
#include "test/runtime/core/Tiny.h"

#include "runtime/io/file.h"

#include <gtest/gtest.h>

#include <fstream>

using namespace ptx;

namespace {

class ContainerTest : public ::testing::Test {
protected:
  void SetUp() override {
    std::string large(3'000'000, 'x');
    for (size_t i = 0; i < large.size(); ++i)
      large[i] = static_cast<char>(i * 31 >> 3);
    payloads = {{"manifest", "{}"}, {"cpu/avx2", large}, {"empty", ""}};
    ASSERT_TRUE(writeContainer(path, payloads));
    bytes = *readWhole(path, 1 << 26);
  }
  /// Writes changed bytes and says why they are refused ("" if they are not).
  std::string refusal(const std::string &changed) {
    std::ofstream(path, std::ios::binary | std::ios::trunc) << changed;
    Result<Container> opened = Container::open(path);
    return opened ? "" : opened.error().message;
  }
  uint64_t number(size_t at) {
    uint64_t value;
    std::memcpy(&value, bytes.data() + at, sizeof value);
    return value;
  }

  tiny::Folder folder;
  std::string path = folder / "a.ptxm", bytes;
  std::vector<Payload> payloads;
};

} // namespace

// What was written is read, and equal payloads give equal bytes.
TEST_F(ContainerTest, RoundTripIsDeterministic) {
  Result<Container> opened = Container::open(path);
  ASSERT_TRUE(opened);
  for (const Payload &payload : payloads) {
    ASSERT_TRUE(opened->find(payload.name));
    EXPECT_EQ(*opened->find(payload.name), payload.bytes);
  }
  EXPECT_EQ(opened->find("absent"), nullptr);
  ASSERT_TRUE(writeContainer(folder / "b.ptxm", payloads));
  EXPECT_EQ(*readWhole(folder / "b.ptxm", 1 << 26), bytes);
}

// There is no byte whose change goes unnoticed: all of header and index, and samples of the payloads.
TEST_F(ContainerTest, EveryFlippedByteIsRefused) {
  uint64_t index = number(24);
  for (size_t at = 0; at < bytes.size(); at += at < 80 || at >= index ? 1 : 9973) {
    std::string changed = bytes;
    changed[at] = static_cast<char>(changed[at] ^ 0x10);
    EXPECT_NE(refusal(changed), "") << "byte " << at;
  }
}

// A damaged payload is named, with the place of the damage.
TEST_F(ContainerTest, DamageIsNamed) {
  std::string changed = bytes;
  changed[80 + 2 + 2'500'000] ^= 1;
  EXPECT_NE(refusal(changed).find("'cpu/avx2' is damaged in its bytes 2097152 to 3000000"), std::string::npos);
}

// A file cut anywhere is refused, and so is one with bytes behind its end.
TEST_F(ContainerTest, CutOrGrownIsRefused) {
  for (size_t size : {size_t(0), size_t(1), size_t(79), size_t(80), size_t(100'000), bytes.size() - 1})
    EXPECT_NE(refusal(bytes.substr(0, size)), "") << size;
  EXPECT_NE(refusal(bytes + "x"), "");
}

// Another major version says which one it is and what to do.
TEST_F(ContainerTest, OtherVersionIsRefused) {
  std::string changed = bytes;
  changed[8] = 7;
  EXPECT_NE(refusal(changed).find("format version 7.0"), std::string::npos);
}

// Offsets and sizes that lie, near the end of 64 bits too, are refused before they are used.
TEST_F(ContainerTest, LyingHeaderIsRefused) {
  for (size_t field : {16, 24, 32})
    for (uint64_t value : {uint64_t(0), uint64_t(79), uint64_t(1) << 40, ~uint64_t(0), ~uint64_t(0) - bytes.size()}) {
      std::string changed = bytes;
      std::memcpy(changed.data() + field, &value, sizeof value);
      EXPECT_NE(refusal(changed), "") << field << " " << value;
    }
}
