#include "runtime/io/json.h"

#include <gtest/gtest.h>

#include <vector>

using namespace ptx;

namespace {

// Order kept, integers exact, an integer is no fraction.
TEST(Json, Values) {
  Result<JsonValue> value = parseJson(R"({"z":18446744073709551615,"a":-1,"f":1.5,"l":[true,null,"t"]})", "f");
  ASSERT_TRUE(value) << value.error().message;
  EXPECT_EQ(value->asObject()->front().first, "z");
  EXPECT_EQ(value->find("z")->asUint(), 18446744073709551615ull);
  EXPECT_EQ(value->find("a")->asInt(), -1);
  EXPECT_FALSE(value->find("f")->asInt());
  EXPECT_EQ(value->find("f")->asNumber(), 1.5);
  EXPECT_EQ(value->find("l")->asArray()->size(), 3u);
}

// Row 31 and its like: refused with a place.
TEST(Json, Refused) {
  for (const std::string &text : std::vector<std::string>{
           "\xef\xbb\xbf{}", "{\"a\":NaN}", "{\"a\":1,}", "{} x", "", "{\"a\":1e999}", "[\"\\ud800\"]", "// c\n{}",
           "\"\x01\"", std::string("{}\0", 3), std::string("{}\0x", 4), std::string("{\"a\0\":1}", 9)}) {
    Result<JsonValue> value = parseJson(text, "the file");
    ASSERT_FALSE(value) << text;
    EXPECT_NE(value.error().message.find("'the file': not valid JSON"), std::string::npos) << value.error().message;
  }
}

// What Python's json.dump writes is read, and is no number to whoever asks for one.
TEST(Json, Python) {
  const char *text = R"({"inf":Infinity,"minus":-Infinity,"nan":NaN,"long":123456789012345678901234567890,"n":-7})";
  Result<JsonValue> value = parseJson(text, "f", JsonDialect::Python);
  ASSERT_TRUE(value) << value.error().message;
  for (const char *key : {"inf", "minus", "nan"}) {
    EXPECT_FALSE(value->find(key)->asNumber()) << key;
    EXPECT_EQ(value->find(key)->kind(), "a number that is not finite");
  }
  EXPECT_FALSE(value->find("long")->asInt() || value->find("long")->asUint() || value->find("long")->asNumber());
  EXPECT_EQ(value->find("long")->kind(), "an integer of more than 64 bits");
  EXPECT_EQ(value->find("n")->asInt(), -7);
  for (const char *bad : {"[nan]", "[Inf]", "[-NaN]", "[infinity]", "[+1]", "[0x10]", "[1e999]", "[.5]", "[01]"})
    EXPECT_FALSE(parseJson(bad, "f", JsonDialect::Python)) << bad;
}

} // namespace
