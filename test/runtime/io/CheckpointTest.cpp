#include "runtime/io/checkpoint.h"
#include "test/runtime/io/Temporary.h"

#include <gtest/gtest.h>

using namespace ptx;
using namespace ptx::test;

namespace {

std::string shard(const std::string &name) {
  return safetensors("{\"" + name + "\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}", "abcd");
}

std::string index(const std::string &map) { return "{\"metadata\":{\"total_size\":8},\"weight_map\":{" + map + "}}"; }

std::string refusal(const Temporary &directory) {
  Result<Checkpoint> checkpoint = Checkpoint::open(directory.directory(), false);
  return checkpoint ? "" : checkpoint.error().message;
}

TEST(Checkpoint, SingleAndSharded) {
  Temporary one, two;
  one.write("model.safetensors", shard("w"));
  EXPECT_EQ(refusal(one), "");
  two.write("a.safetensors", shard("w"));
  two.write("b.safetensors", shard("v"));
  two.write("model.safetensors.index.json", index(R"("w":"a.safetensors","v":"b.safetensors")"));
  Result<Checkpoint> checkpoint = Checkpoint::open(two.directory(), false);
  ASSERT_TRUE(checkpoint) << checkpoint.error().message;
  EXPECT_EQ(checkpoint->pathOf(*checkpoint->find("v")), two.path("b.safetensors"));
}

// A reader that looks for each name among all takes minutes here.
TEST(Checkpoint, ManyNames) {
  constexpr size_t count = 150'000;
  Temporary directory;
  std::string map;
  for (const char *file : {"a", "b"}) {
    std::string header;
    for (size_t i = 0; i < count; ++i) {
      std::string name = file + std::to_string(i);
      header += (header.empty() ? "{\"" : ",\"") + name + "\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[" +
                std::to_string(i) + "," + std::to_string(i + 1) + "]}";
      map += (map.empty() ? "\"" : ",\"") + name + "\":\"" + file + ".safetensors\"";
    }
    directory.write(std::string(file) + ".safetensors", safetensors(header + "}", std::string(count, 'x')));
  }
  directory.write("model.safetensors.index.json", index(map));
  Result<Checkpoint> checkpoint = Checkpoint::open(directory.directory(), false);
  ASSERT_TRUE(checkpoint) << checkpoint.error().message;
  EXPECT_EQ(checkpoint->size(), 2 * count);
}

TEST(Checkpoint, BothAreRefused) {
  Temporary directory;
  directory.write("model.safetensors", shard("w"));
  directory.write("model.safetensors.index.json", index(""));
  EXPECT_NE(refusal(directory).find("has both"), std::string::npos);
}

TEST(Checkpoint, PickleNamesTheConversion) {
  Temporary directory;
  directory.write("pytorch_model.bin", "x");
  EXPECT_NE(refusal(directory).find("convert it"), std::string::npos);
}

// Row 13: every missing shard at once.
TEST(Checkpoint, Row13MissingShards) {
  Temporary directory;
  directory.write("model.safetensors.index.json", index(R"("w":"a.safetensors","v":"b.safetensors")"));
  std::string message = refusal(directory);
  EXPECT_NE(message.find("'a.safetensors', 'b.safetensors'"), std::string::npos) << message;
}

TEST(Checkpoint, Row14ShardOutside) {
  Temporary directory;
  directory.write("model.safetensors.index.json", index(R"("w":"../a.safetensors")"));
  EXPECT_NE(refusal(directory).find("is not a plain file name"), std::string::npos);
}

// Row 16: index and shards must agree.
TEST(Checkpoint, Row16Disagreement) {
  Temporary absent, twice, unnamed;
  absent.write("a.safetensors", shard("w"));
  absent.write("model.safetensors.index.json", index(R"("w":"a.safetensors","v":"a.safetensors")"));
  EXPECT_NE(refusal(absent).find("does not hold it"), std::string::npos);
  twice.write("a.safetensors", shard("w"));
  twice.write("b.safetensors", shard("w"));
  twice.write("model.safetensors.index.json", index(R"("w":"a.safetensors","v":"b.safetensors")"));
  EXPECT_NE(refusal(twice).find("stands in two shards"), std::string::npos);
  unnamed.write("a.safetensors", shard("w"));
  unnamed.write("b.safetensors", shard("v"));
  unnamed.write("model.safetensors.index.json", index(R"("w":"a.safetensors")"));
  EXPECT_EQ(refusal(unnamed), ""); // a shard nobody names is not read
}

} // namespace
