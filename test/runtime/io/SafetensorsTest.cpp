// Rows of the bad-input table that a safetensors file can meet: each is
// refused with a message that says what is wrong.
#include "runtime/io/safetensors.h"
#include "test/runtime/io/Temporary.h"

#include <gtest/gtest.h>

using namespace ptx;
using namespace ptx::test;

namespace {

std::string refusal(const std::string &bytes) {
  Temporary directory;
  Result<File> file = File::open(directory.write("model.safetensors", bytes));
  Result<Safetensors> opened = Safetensors::open(std::move(*file));
  return opened ? "" : opened.error().message;
}

std::string entry(const std::string &name, const std::string &dtype, const std::string &shape,
                  const std::string &offsets) {
  return "\"" + name + "\":{\"dtype\":\"" + dtype + "\",\"shape\":" + shape + ",\"data_offsets\":" + offsets + "}";
}

struct BadFile {
  const char *name;
  std::string bytes, expected;
};

class Refused : public testing::TestWithParam<BadFile> {};

TEST_P(Refused, WithItsReason) {
  std::string message = refusal(GetParam().bytes);
  EXPECT_NE(message.find(GetParam().expected), std::string::npos) << "found: " << message;
  EXPECT_NE(message.find("model.safetensors"), std::string::npos) << message;
}

std::string lying(uint64_t length) { return std::string(reinterpret_cast<const char *>(&length), 8) + "{}"; }
std::string one(const std::string &body, const std::string &data = "") { return safetensors("{" + body + "}", data); }

INSTANTIATE_TEST_SUITE_P(
    Rows, Refused,
    testing::Values(
        BadFile{"Row1Empty", "", "truncated header"}, BadFile{"Row1Short", "1234567", "truncated header"},
        BadFile{"Row2Huge", lying(1ull << 63), "the header claims"},
        BadFile{"Row2BeyondFile", lying(3), "the header claims 3 bytes"},
        BadFile{"Row4NotAnObject", safetensors("[1]"), "does not begin with '{'"},
        BadFile{"Row4BadUtf8", safetensors("{\"\xff\":1}"), "not valid JSON"},
        BadFile{"Row4Brackets", safetensors("{\"a\":" + std::string(100000, '[')), "nested deeper than 64"},
        BadFile{"Row5Duplicate", one(entry("a", "U8", "[1]", "[0,1]") + "," + entry("a", "U8", "[1]", "[1,2]"), "xy"),
                "'a' stands twice"},
        BadFile{"Row6Reversed", one(entry("a", "U8", "[1]", "[1,0]"), "x"), "reversed"},
        BadFile{"Row6Negative", one(entry("a", "U8", "[1]", "[-1,0]"), "x"), "data_offsets"},
        BadFile{"Row6Float", one(entry("a", "U8", "[1]", "[0.0,1]"), "x"), "data_offsets"},
        BadFile{"Row6Large", one(entry("a", "U8", "[1]", "[0,1e30]"), "x"), "data_offsets"},
        BadFile{"Row6Text", one(entry("a", "U8", "[1]", "[0,\"1\"]"), "x"), "data_offsets"},
        BadFile{"Row7Overlap", one(entry("a", "U8", "[2]", "[0,2]") + "," + entry("b", "U8", "[2]", "[1,3]"), "xyz"),
                "overlaps 'a'"},
        BadFile{"Row7Hole", one(entry("a", "U8", "[1]", "[0,1]") + "," + entry("b", "U8", "[1]", "[2,3]"), "xyz"),
                "leaves a hole after 'a'"},
        BadFile{"Row7Beyond", one(entry("a", "U8", "[9]", "[0,9]"), "x"), "ends at data byte 9"},
        BadFile{"Row7Trailing", one(entry("a", "U8", "[1]", "[0,1]"), "xy"), "1 trailing bytes after 'a'"},
        BadFile{"Row8Overflow", one(entry("a", "F32", "[4294967296,4294967296]", "[0,1]"), "x"), "too many bytes"},
        BadFile{"Row8Size", one(entry("a", "F32", "[2]", "[0,4]"), "wxyz"), "need 8 bytes, data_offsets give 4"},
        BadFile{"Row9Rank", one(entry("a", "U8", "[1,1,1,1,1,1,1,1,1]", "[0,1]"), "x"), "rank 9, at most 8"},
        BadFile{"Row10Dtype", one(entry("a", "F128", "[1]", "[0,1]"), "x"), "unknown dtype 'F128'"},
        BadFile{"Row30Pickle", std::string("\x80\x02") + std::string(20, 'x'), "Python pickle"},
        BadFile{"Row30Gzip", std::string("\x1f\x8b") + std::string(20, 'x'), "gzip"},
        BadFile{"Row30Zip", "PK" + std::string(20, 'x'), "zip file"},
        BadFile{"Row31Mark", safetensors("{\xef\xbb\xbf}"), "not valid JSON"},
        BadFile{"Row31LongInteger", one("\"a\":" + std::string(40, '9')), "does not fit 64 bits"},
        BadFile{"Row31Comment", safetensors("{/* */}"), "not valid JSON"},
        BadFile{"Row31Surrogate", safetensors("{\"\\ud800\":1}"), "not valid JSON"},
        BadFile{"Row32Control", one(entry("a\\u0007", "F32", "[1]", "[0,1]"), "x"), "\\x07"},
        BadFile{"Row32LongName", one(entry(std::string(5000, 'n'), "U8", "[1]", "[0,1]"), "x"), "longer than 4096"},
        BadFile{"UnknownMember", one("\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1],\"x\":1}", "x"),
                "unknown member 'x'"},
        BadFile{"Metadata", one("\"__metadata__\":{\"a\":1}"), "expected a string"}),
    [](const testing::TestParamInfo<BadFile> &info) { return info.param.name; });

// Rank 0, empty and unaligned tensors are legal.
TEST(Safetensors, Row9And11Accepted) {
  Temporary directory;
  std::string header = "{" + entry("odd", "U8", "[1]", "[0,1]") + "," + entry("scalar", "F32", "[]", "[1,5]") + "," +
                       entry("none", "F32", "[0,3]", "[5,5]") + "}";
  float value = 2.5f;
  std::string data = "x" + std::string(reinterpret_cast<const char *>(&value), 4);
  Result<File> file = File::open(directory.write("a", safetensors(header, data)));
  Result<Safetensors> opened = Safetensors::open(std::move(*file));
  ASSERT_TRUE(opened) << opened.error().message;
  float found = 0;
  ASSERT_TRUE(opened->read(*opened->find("scalar"), &found));
  EXPECT_EQ(found, 2.5f);
}

// A file cut after it was opened is an error, not a signal.
TEST(Safetensors, Row12Cut) {
  Temporary directory;
  std::string path = directory.write("a", one(entry("a", "U8", "[4096]", "[0,4096]"), std::string(4096, 'x')));
  Result<File> file = File::open(path);
  Result<Safetensors> opened = Safetensors::open(std::move(*file));
  ASSERT_TRUE(opened);
  std::filesystem::resize_file(path, 100);
  std::string bytes(4096, '\0');
  Status status = opened->read(*opened->find("a"), bytes.data());
  ASSERT_FALSE(status);
  EXPECT_NE(status.error().message.find("it was cut"), std::string::npos);
}

TEST(Safetensors, RoundTrip) {
  Temporary directory;
  float values[] = {1, -2, 3};
  TensorToWrite tensors[] = {{"x", DType::F32, {3}, values}, {"empty", DType::F32, {0}, nullptr}};
  ASSERT_TRUE(writeSafetensors(directory.path("out"), tensors));
  Result<Safetensors> opened = Safetensors::open(std::move(*File::open(directory.path("out"))));
  ASSERT_TRUE(opened) << opened.error().message;
  float found[3];
  ASSERT_TRUE(opened->read(*opened->find("x"), found));
  EXPECT_EQ(found[1], -2);
}

} // namespace
