#include "runtime/cuda/variant.h"

#include <gtest/gtest.h>

#include <vector>

using namespace ptx::cuda;

// CUDA's rules of compatibility, and which of several is the best.
TEST(Variant, Choice) {
  struct Case {
    int major, minor;
    std::vector<std::string> variants;
    const char *chosen; // "": none
  };
  const Case cases[] = {
      {9, 0, {"sm_80", "sm_90", "sm_90a"}, "sm_90a"},
      {9, 0, {"sm_90", "ptx_sm_90a"}, "sm_90"},
      {8, 9, {"sm_80", "sm_86", "sm_90"}, "sm_86"},
      {8, 9, {"sm_89", "sm_86"}, "sm_89"},
      {8, 0, {"sm_86"}, ""},                             // of the same major, but newer
      {9, 0, {"sm_89"}, ""},                             // cubins end with their major
      {10, 0, {"sm_90a", "sm_90"}, ""},                  //
      {10, 0, {"sm_90a", "ptx_sm_90"}, "ptx_sm_90"},     // text does not
      {10, 0, {"ptx_sm_90a"}, ""},                       // unless it is for one GPU
      {9, 0, {"ptx_sm_80", "ptx_sm_90a"}, "ptx_sm_90a"}, //
      {12, 0, {"ptx_sm_80", "ptx_sm_100", "ptx_sm_121"}, "ptx_sm_100"},
      {12, 1, {"sm_120"}, "sm_120"},
      {8, 0, {"ptx_sm_90"}, ""},
      {9, 0, {"sm_80", "ptx_sm_80"}, "ptx_sm_80"},
      {9, 0, {"avx2", "sm_", "sm_9x", "ptx_", "sm_90f", "sm_90ab"}, ""},
  };
  for (const Case &c : cases) {
    ptx::Result<size_t> chosen = chooseVariant(c.variants, {"GPU", c.major, c.minor}, "");
    EXPECT_EQ(chosen ? c.variants[*chosen] : "", c.chosen) << c.major << '.' << c.minor << ' ' << c.variants[0];
  }
}

// No code that runs: what the device is, what there is, and what to do.
TEST(Variant, Errors) {
  std::vector<std::string> variants = {"sm_80", "ptx_sm_90"};
  EXPECT_EQ(chooseVariant(variants, {"Tesla V100", 7, 0}, "").error().message,
            "the device 'Tesla V100' is sm_70, the artifact holds sm_80, ptx_sm_90; compile with --target=cuda:sm_70");
  EXPECT_EQ(chooseVariant({}, {"H100", 9, 0}, "").error().message,
            "the artifact holds no CUDA code; compile with --target=cuda:sm_90");
  EXPECT_EQ(chooseVariant(variants, {"H100", 9, 0}, "sm_90").error().message,
            "the artifact holds no variant 'sm_90', it holds sm_80, ptx_sm_90");
}

// A wish is taken as it is: the driver has the last word.
TEST(Variant, Forced) {
  std::vector<std::string> variants = {"sm_80", "ptx_sm_90"};
  EXPECT_EQ(*chooseVariant(variants, {"H100", 9, 0}, "sm_80"), 0u);
}
