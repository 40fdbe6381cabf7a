#include "frontends/peft/pattern.h"

#include <gtest/gtest.h>

using namespace ptx;
using namespace ptx::peft;

namespace {

bool match(const std::string &pattern, const std::string &text) {
  Result<Pattern> compiled = Pattern::compile(pattern);
  EXPECT_TRUE(compiled) << compiled.error().message;
  return compiled && compiled->matches(text);
}

TEST(Pattern, Language) {
  EXPECT_TRUE(match("a.c", "abc"));
  EXPECT_FALSE(match("a\\.c", "abc"));
  EXPECT_TRUE(match("(?:ab|cd)+", "abcdab"));
  EXPECT_TRUE(match("x{2,3}", "xxx"));
  EXPECT_FALSE(match("x{2,3}", "xxxx"));
  EXPECT_TRUE(match("x{2,}", "xxxxx"));
  EXPECT_TRUE(match("layers\\.[0-3]\\.\\w+", "layers.2.fc1"));
  EXPECT_FALSE(match("[^a-c]", "b"));
  EXPECT_TRUE(match("^abc$", "abc"));
  EXPECT_TRUE(match("a*?b", "aab"));
  EXPECT_TRUE(match("", ""));
  EXPECT_FALSE(match("a", "ab")); // the whole text
}

TEST(Pattern, Refused) {
  for (auto [pattern, reason] :
       {std::pair("(?=a)", "look-ahead"), std::pair("(?!a)", "negative look-ahead"), std::pair("(?<=a)", "look-behind"),
        std::pair("(a)\\1", "back-reference"), std::pair("(a", "without ')'"), std::pair("[a", "without ']'"),
        std::pair("*a", "nothing to repeat"), std::pair("a{9,3}", "out of order"), std::pair("a)", "unexpected")}) {
    Result<Pattern> compiled = Pattern::compile(pattern);
    ASSERT_FALSE(compiled) << pattern;
    EXPECT_NE(compiled.error().message.find(reason), std::string::npos) << compiled.error().message;
  }
}

// Exponential for a backtracking matcher.
TEST(Pattern, HostileInLinearTime) {
  EXPECT_FALSE(match("(a*)*b", std::string(20000, 'a')));
  EXPECT_FALSE(Pattern::compile(std::string(1000, '(')));
  EXPECT_FALSE(Pattern::compile("((((a{999}){999}){999}){999})"));
}

// adapters.md 1.4: a whole path, or the part behind some dot.
TEST(Pattern, KeysOfPatterns) {
  auto hit = [](const char *key, const char *module) { return *keyMatches(key, module); };
  EXPECT_TRUE(hit("fc1", "x.y.fc1"));
  EXPECT_FALSE(hit("fc1", "x.yfc1"));
  EXPECT_TRUE(hit("q_proj|v_proj", "a.v_proj"));
  EXPECT_FALSE(hit("^fc1", "x.fc1"));
  EXPECT_TRUE(hit("^fc1", "fc1"));
  EXPECT_TRUE(hit("layers.1.fc1", "model.layers.1.fc1"));
}

} // namespace
