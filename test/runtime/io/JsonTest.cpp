#include "runtime/io/json.h"

#include <gtest/gtest.h>

#include <tuple>
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
  for (const std::string &text :
       std::vector<std::string>{"\xef\xbb\xbf{}", "{\"a\":NaN}", "{\"a\":1,}", "{} x", "", "{\"a\":1e999}",
                                "[\"\\ud800\"]", "// c\n{}", "\"\x01\"", std::string("{}\0", 3),
                                std::string("{}\0x", 4), std::string("{\"a\0\":1}", 9), "{\"0123456789abcdef\xf4{",
                                "[\"0123456789abcdef\xf0", "\"0123456789abcdef\xe1\x80", "\"0123456789abcd\\u00"}) {
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

// A short text may stand for much memory: refused before it is taken.
TEST(Json, BoundedMemory) {
  for (const auto &[open, value, close] :
       {std::tuple("[", "0,", "0]"), std::tuple("[", "[],", "[]]"), std::tuple("[", "\"0123456789abcdef\",", "0]")}) {
    std::string text = open;
    while (text.size() < jsonMemory)
      text += value;
    text += close;
    Result<JsonValue> refused = parseJson(text, "f");
    ASSERT_FALSE(refused);
    EXPECT_NE(refused.error().message.find("'f': the values of its first "), std::string::npos)
        << refused.error().message;
    EXPECT_TRUE(parseJson(text, "f", JsonDialect::Strict, jsonMemoryOf(4 * text.size())));
  }
  EXPECT_TRUE(parseJson("\"" + std::string(jsonMemory / 2, 'x') + "\"", "f"));
  EXPECT_FALSE(parseJson("\"" + std::string(jsonMemory, 'x') + "\"", "f"));
}

// Keys that stand twice are found in small objects and in large ones, at every depth.
TEST(Json, KeysTwice) {
  std::string many;
  for (int i = 0; i < 1000; ++i)
    many += "\"k" + std::to_string(i) + "\":0,";
  for (const std::string &text : {std::string("{\"a\":1,\"b\":2,\"a\":3}"), "[{\"x\":{" + many + "\"k500\":1}}]"}) {
    Result<JsonValue> refused = parseJson(text, "f");
    ASSERT_FALSE(refused);
    EXPECT_NE(refused.error().message.find("' stands twice"), std::string::npos) << refused.error().message;
  }
  EXPECT_TRUE(parseJson("{\"a\":{" + many + "\"a\":1},\"k1\":{}}", "f"));
}

/// Keys and kinds of what streamJson gives away, then of what it returns.
std::string streamed(const std::string &text, std::optional<std::string_view> list) {
  std::string said;
  Result<JsonValue> rest =
      streamJson(text, "f", JsonDialect::Strict, list, [&](const std::string &key, const JsonValue &value) -> Status {
        if (key == "stop")
          return Error{"stopped"};
        said += key + "=" + std::string(value.kind()) + " ";
        return {};
      });
  if (!rest)
    return said + rest.error().message;
  said += "|";
  if (const JsonValue::Object *object = rest->asObject())
    for (const auto &[key, value] : *object)
      said += " " + key + "=" + std::string(value.kind());
  return said;
}

TEST(Json, Streams) {
  const std::string text = R"({"a":{"b":1,"c":[{}]},"b":{"d":{}},"e":2})";
  EXPECT_EQ(streamed(text, std::nullopt), "a=an object b=an object e=an integer |");
  EXPECT_EQ(streamed(text, "a"), "b=an integer c=a list | a=an object b=an object e=an integer");
  EXPECT_EQ(streamed(text, "e"), "| a=an object b=an object e=an integer");
  EXPECT_EQ(streamed(text, "d"), "| a=an object b=an object e=an integer");
  EXPECT_EQ(streamed("[{\"a\":1}]", std::nullopt), "|");
  EXPECT_EQ(streamed(R"({"a":{"x":1,"stop":2,"y":3}})", "a"), "x=an integer stopped");
  EXPECT_EQ(streamed(R"({"a":1,"a":2})", std::nullopt), "a=an integer a=an integer |");
  EXPECT_NE(streamed(R"({"a":{"x":1},"a":{"y":3}})", "a").find("'a' stands twice"), std::string::npos);
  EXPECT_NE(streamed(R"({"a":{"x":1,)", "a").find("x=an integer 'f': not valid JSON"), std::string::npos);
}

// What is given away costs nothing.
TEST(Json, StreamsWithinMemory) {
  std::string text = "{";
  for (int i = 0; i < 400'000; ++i)
    text += "\"" + std::to_string(i) + "\":[1,2,3,4,5,6,7,8],";
  text += "\"\":0}";
  size_t count = 0;
  EXPECT_TRUE(streamJson(text, "f", JsonDialect::Strict, std::nullopt, [&](const std::string &, const JsonValue &) {
    ++count;
    return Status();
  }));
  EXPECT_EQ(count, 400'001u);
  EXPECT_FALSE(parseJson(text, "f"));
}

} // namespace
