#include "runtime/core/plugin_device.h"
#include "runtime/core/program.h"
#include "test/runtime/core/Tiny.h"

#include <gtest/gtest.h>

using namespace ptx;

// A plug-in found beside the executables reads tensors and answers calls; what
// it refuses becomes an error.
TEST(Plugin, ToyDevice) {
  tiny::Folder folder;
  tiny::Weights weights = tiny::makeWeights();
  auto json = tiny::manifestOf(folder.path, weights, false);
  tiny::writeArtifact(folder.path, json);
  Result<Container> container = Container::open(folder / "model.ptxm");
  Result<Manifest> manifest = readManifest(json.dump(), "m");
  ASSERT_TRUE(container && manifest);
  auto device = PluginDevice::open("toy", *container, *manifest, "");
  ASSERT_TRUE(device) << device.error().message;
  int32_t ids[] = {1, 2, 3};
  ptx_tensor input = {"input_ids", PTX_I32, 2, {1, 3, 0}, ids};
  std::deque<std::vector<float>> memory;
  std::vector<ptx_tensor> results;
  ASSERT_TRUE((*device)->call(manifest->functions[0], 0, &input, 1, memory, results));
  ASSERT_EQ(results.size(), 2u);
  EXPECT_EQ(static_cast<float *>(results[0].data)[0], 6 + weights.tensors["bias"].values[0]);
  Status refused = (*device)->call(manifest->functions[0], 1, &input, 1, memory, results);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("not to its taste"), std::string::npos);
}

// A plug-in that is not there is said to be missing, with its file's name.
TEST(Plugin, MissingIsNamed) {
  tiny::Folder folder;
  auto json = tiny::manifestOf(folder.path, tiny::makeWeights(), false);
  tiny::writeArtifact(folder.path, json);
  ProgramOptions options;
  options.device = "emulator";
  auto program = Program::open(folder / "model.ptxm", options);
  ASSERT_FALSE(program);
  EXPECT_NE(program.error().message.find("'emulator' is unknown"), std::string::npos);
}
