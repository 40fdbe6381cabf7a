// Which modules a configuration names, as PEFT's check_target_module_exists says.
#include "frontends/peft/targets.h"

#include <gtest/gtest.h>

using namespace ptx::peft;
using Answer = Targets::Answer;

namespace {

struct Case {
  const char *name;
  Config config;
  std::string path;
  Answer expected;
};

Config of(NameSet targets, NameSet excluded = {}) {
  Config config;
  config.targets = std::move(targets);
  config.excluded = std::move(excluded);
  return config;
}
Config saving(std::string name, NameSet targets) {
  Config config = of(std::move(targets));
  config.saved = {std::move(name)};
  return config;
}
Config layers(std::vector<uint64_t> numbers, std::vector<std::string> names = {},
              NameSet targets = {{"q", "h.0.q"}, ""}) {
  Config config = of(std::move(targets));
  config.layers = std::move(numbers);
  config.layerNames = std::move(names);
  return config;
}

class TargetNames : public testing::TestWithParam<Case> {};

} // namespace

TEST_P(TargetNames, AsPeft) {
  std::vector<std::string> notes;
  BaseModule module;
  module.path = GetParam().path;
  EXPECT_EQ(Targets::compile(GetParam().config, notes).names(module), GetParam().expected);
  EXPECT_TRUE(notes.empty());
}

INSTANTIATE_TEST_SUITE_P(
    Peft, TargetNames,
    testing::Values(Case{"WholePath", of({{"a.q"}, ""}), "a.q", Answer::Yes},
                    Case{"EndOfAPath", of({{"q"}, ""}), "a.q", Answer::Yes},
                    Case{"EndOfAName", of({{"q"}, ""}), "a.xq", Answer::No},
                    Case{"NothingSaid", of({}), "a.q", Answer::Unsaid},
                    Case{"Pattern", of({{}, "a\\..*"}), "a.q", Answer::Yes},
                    Case{"PatternIsWhole", of({{}, "q"}), "a.q", Answer::No},
                    Case{"AllLinear", of({{}, "all-linear"}), "a.q", Answer::Yes},
                    Case{"AllLinearBut", of({{}, "all-linear"}, {{"q"}, ""}), "a.q", Answer::No},
                    Case{"InsideASavedModule", saving("head", {{"q"}, ""}), "a.head.q", Answer::No},
                    Case{"ASavedModule", saving("a.head", {{"head"}, ""}), "a.head", Answer::No},
                    Case{"BesideASavedModule", saving("head", {{"q"}, ""}), "a.heads.q", Answer::Yes},
                    Case{"ExcludedPath", of({{"q"}, ""}, {{"a.q"}, ""}), "a.q", Answer::No},
                    Case{"ExcludedOther", of({{"q"}, ""}, {{"b.q"}, ""}), "a.q", Answer::Yes},
                    Case{"ExcludedPattern", of({{"q"}, ""}, {{}, ".*\\.q"}), "a.q", Answer::No},
                    Case{"Layer", layers({1}), "enc.layer.1.q", Answer::Yes},
                    Case{"OtherLayer", layers({1}), "enc.layer.0.q", Answer::No},
                    Case{"NoLayers", layers({}), "enc.layer.0.q", Answer::Yes},
                    // A layer list at the root has no name in front of its own; PEFT finds no layer there.
                    Case{"LayerAtTheRoot", layers({0}), "layer.0.q", Answer::No},
                    Case{"WholePathNeedsNoLayer", layers({7}), "h.0.q", Answer::Yes},
                    Case{"LastNumberCounts", layers({3}), "a.x.1.b.3.q", Answer::Yes},
                    Case{"NoNumber", layers({0}), "a.b.q", Answer::No},
                    Case{"LongNumber", layers({0}), "a.b.00000000000000.q", Answer::No},
                    Case{"LayersPattern", layers({1}, {"x"}), "a.x.1.b.3.q", Answer::Yes},
                    Case{"OtherLayersPattern", layers({3}, {"x"}), "a.x.1.b.3.q", Answer::No},
                    Case{"OneOfTheLayersPatterns", layers({3}, {"y", "b|c"}), "a.x.1.b.3.q", Answer::Yes},
                    Case{"PatternKnowsNoLayers", layers({9}, {}, {{}, ".*q"}), "a.b.1.q", Answer::Yes}),
    [](const testing::TestParamInfo<Case> &info) { return info.param.name; });
