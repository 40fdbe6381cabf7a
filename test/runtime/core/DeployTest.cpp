// The deploy table against straightforward doubles.
#include "runtime/core/deploy.h"
#include "runtime/io/convert.h"
#include "test/runtime/core/Tiny.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>

using namespace ptx;
using Json = nlohmann::ordered_json;

namespace {

class Deploy : public ::testing::Test {
protected:
  /// The buffer of one parameter with these nodes under adapter `name` ("" = none).
  std::vector<float> deploy(Json nodes, const std::string &name = "") {
    Json json = tiny::manifestOf(folder.path, weights, false);
    json["parameters"].push_back({{"label", "p"}, {"nodes", nodes}});
    if (!replacements.empty())
      json["adapters"][0]["replacements"] = replacements;
    json["adapters"][0]["sites"][0].update(vectors);
    Result<Manifest> manifest = readManifest(json.dump(), "m");
    if (!manifest) {
      error = manifest.error().message;
      return {};
    }
    const AdapterRecord *adapter = nullptr;
    for (const AdapterRecord &record : manifest->adapters)
      if (record.name == name)
        adapter = &record;
    TensorReader reader(*manifest, folder.path, "");
    auto packed = deployParameter(*manifest, manifest->parameters.back(), adapter, reader, geometry, device);
    error = packed ? "" : packed.error().message;
    if (!packed)
      return {};
    EXPECT_EQ((*packed)->memory.address() % 64, 0u);
    const float *values = static_cast<const float *>((*packed)->memory.host());
    return {values, values + (*packed)->bytes / sizeof(float)};
  }
  Json table(Json node, int pitch, int tensor = 1) {
    return {{{"op", "tensor"}, {"tensor", tensor}}, node, {{"op", "table"}, {"of", 1}, {"width", pitch}}};
  }
  const Matrix &at(const char *name) { return weights.tensors[name]; }
  tiny::Folder folder;
  tiny::Weights weights = tiny::makeWeights();
  Json replacements = Json::array(); // of the first adapter
  Json vectors = Json::object();     // of its site
  std::string error;
  Geometry geometry{MatrixLayout::Rows, /*lanes=*/1, /*oddPitch=*/false, /*blockRows=*/64};
  std::shared_ptr<Device> device = *Device::open(**findDevice("cpu"), {1, ""});
};

constexpr uint64_t out = tiny::outputs, in = tiny::width;

} // namespace

// What was verified is not hashed again; what was changed since is.
TEST_F(Deploy, VerifiesOnce) {
  Json json = tiny::manifestOf(folder.path, weights, false);
  Result<Manifest> manifest = readManifest(json.dump(), "m");
  ASSERT_TRUE(manifest) << manifest.error().message;
  auto verified = std::make_shared<VerifiedTensors>();
  auto read = [&] { return TensorReader(*manifest, folder.path, "", verified).read(1); };
  ASSERT_TRUE(read());
  EXPECT_TRUE((*verified)[1].has_value());
  EXPECT_FALSE((*verified)[0].has_value());
  ASSERT_TRUE(read());
  std::string path = folder / "weights.safetensors";
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(static_cast<std::streamoff>(manifest->tensors[1].offset));
  file.put('x');
  file.close();
  std::filesystem::last_write_time(path, std::filesystem::file_time_type::clock::now() + std::chrono::seconds(1));
  Result<Matrix> changed = read();
  ASSERT_FALSE(changed);
  EXPECT_NE(changed.error().message.find("differs from the one the program was compiled with"), std::string::npos);
}

// Panels of 16 columns, zeros behind the last one.
TEST_F(Deploy, Panels) {
  geometry = {MatrixLayout::Panels, 16, true, 64};
  std::vector<float> p = deploy({{{"op", "tensor"}, {"tensor", 1}}, {{"op", "matrix"}, {"of", 0}}});
  ASSERT_EQ(p.size(), 48 * in);
  for (uint64_t n = 0; n < 48; ++n)
    for (uint64_t k = 0; k < in; ++k)
      EXPECT_EQ(p[((n / 16) * in + k) * 16 + n % 16], n < out ? at("weight").values[n * in + k] : 0.0f);
}

// Panels of bf16 hold pairs along k, a zero behind the last; those of f16 lie as those of f32.
TEST_F(Deploy, NarrowPanels) {
  geometry = {MatrixLayout::Panels, 16, true, 64};
  for (bool isBf16 : {false, true})
    for (uint64_t begin : {0, 1}) { // an even depth and an odd one
      uint64_t depth = in - begin, step = isBf16 ? 2 : 1, padded = (depth + step - 1) / step * step;
      std::vector<float> p = deploy({{{"op", "tensor"}, {"tensor", 1}},
                                     {{"op", "transpose"}, {"of", 0}},
                                     {{"op", "rows"}, {"of", 1}, {"begin", begin}, {"end", in}},
                                     {{"op", "transpose"}, {"of", 2}},
                                     {{"op", "matrix"}, {"of", 3}, {"dtype", isBf16 ? "BF16" : "F16"}}});
      ASSERT_EQ(p.size(), 48 * padded / 2);
      std::vector<uint16_t> narrow(2 * p.size());
      std::memcpy(narrow.data(), p.data(), 2 * narrow.size());
      for (uint64_t n = 0; n < 48; ++n)
        for (uint64_t k = 0; k < padded; ++k) {
          float wanted = n < out && k < depth ? at("weight").values[n * in + begin + k] : 0.0f;
          ASSERT_EQ(narrow[n / 16 * 16 * padded + (k / step * 16 + n % 16) * step + k % step],
                    isBf16 ? narrowBF16(wanted) : narrowF16(wanted));
        }
    }
}

// Rows that start at multiples of 16 bytes, zeros behind the last column.
TEST_F(Deploy, Rows) {
  geometry = {MatrixLayout::Rows, 8, false, 64};
  std::vector<float> p = deploy({{{"op", "tensor"}, {"tensor", 1}}, {{"op", "matrix"}, {"of", 0}}});
  ASSERT_EQ(p.size(), out * 24);
  for (uint64_t n = 0; n < out; ++n)
    for (uint64_t k = 0; k < 24; ++k)
      EXPECT_EQ(p[n * 24 + k], k < in ? at("weight").values[n * in + k] : 0.0f);
}

// Transposing, taking rows and joining them only moves values.
TEST_F(Deploy, MovesValues) {
  std::vector<float> t = deploy(table({{"op", "transpose"}, {"of", 0}}, 64));
  for (uint64_t r = 0; r < in; ++r)
    for (uint64_t c = 0; c < 64; ++c)
      ASSERT_EQ(t[r * 64 + c], c < out ? at("weight").values[c * in + r] : 0.0f);
  std::vector<float> joined = deploy({{{"op", "tensor"}, {"tensor", 1}},
                                      {{"op", "rows"}, {"of", 0}, {"begin", 3}, {"end", 5}},
                                      {{"op", "concat"}, {"of", {1, 0}}},
                                      {{"op", "table"}, {"of", 2}, {"width", in}}});
  ASSERT_EQ(joined.size(), (out + 2) * in);
  EXPECT_EQ(std::memcmp(joined.data(), at("weight").values.data() + 3 * in, 2 * in * sizeof(float)), 0);
  deploy({{{"op", "tensor"}, {"tensor", 1}},
          {{"op", "rows"}, {"of", 0}, {"begin", 3}, {"end", 50}},
          {{"op", "table"}, {"of", 1}, {"width", in}}});
  EXPECT_NE(error.find("of 40"), std::string::npos) << error;
}

// The sign of zero survives a fill, and sinusoids are rounded once from doubles.
TEST_F(Deploy, Constants) {
  geometry.lanes = 16;
  std::vector<float> zero =
      deploy({{{"op", "fill"}, {"rows", 2}, {"columns", 1}, {"value", -0.0}}, {{"op", "vector"}, {"of", 0}}});
  ASSERT_EQ(zero.size(), 16u);
  EXPECT_TRUE(std::signbit(zero[1]));
  EXPECT_FALSE(std::signbit(zero[2]));
  geometry.lanes = 8;
  std::vector<float> s =
      deploy({{{"op", "sinusoid"}, {"positions", 50}, {"width", 8}}, {{"op", "table"}, {"of", 0}, {"width", 8}}});
  for (int p = 0; p < 50; ++p)
    for (int c = 0; c < 8; ++c) {
      double angle = p / std::pow(10000.0, (c / 2 * 2) / 8.0);
      ASSERT_EQ(s[p * 8 + c], static_cast<float>(c % 2 ? std::cos(angle) : std::sin(angle)));
    }
}

// Without a magnitude or a bias every element says so; with one it is read and, a bias, scaled.
TEST_F(Deploy, FactorVectors) {
  auto nodes = [](const char *factor) {
    return Json{{{"op", "factor_vector"}, {"factor", factor}, {"site", 1}, {"rows", out}},
                {{"op", "rows"}, {"of", 0}, {"begin", 1}, {"end", out}},
                {{"op", "vector"}, {"of", 1}}};
  };
  EXPECT_EQ(deploy(nodes("magnitude"), "da"), std::vector<float>(out - 1, INFINITY));
  std::vector<float> none = deploy(nodes("bias"));
  EXPECT_EQ(none, std::vector<float>(out - 1, 0.0f));
  EXPECT_TRUE(std::signbit(none[5]));
  vectors = {{"magnitude", 2}, {"bias", 2}};
  std::vector<float> magnitude = deploy(nodes("magnitude"), "da"), bias = deploy(nodes("bias"), "da");
  for (uint64_t i = 0; i + 1 < out; ++i) {
    EXPECT_EQ(magnitude[i], at("bias").values[i + 1]);
    EXPECT_EQ(bias[i], 2 * at("bias").values[i + 1]);
  }
  vectors = {{"magnitude", 1}};
  deploy(nodes("magnitude"), "da");
  EXPECT_NE(error.find("'da', 'linear': the magnitude has 800 values, expected 40"), std::string::npos) << error;
}

// Factors for adapters that stay separate: stacked A, block diagonal s B, nothing for none.
TEST_F(Deploy, Factors) {
  Json a = {{{"op", "factor_a"}, {"sites", {1}}, {"columns", in}}, {{"op", "table"}, {"of", 0}, {"width", in}}};
  EXPECT_TRUE(deploy(a).empty());
  EXPECT_EQ(deploy(a, "da"), at("da.a").values);
  std::vector<float> b = deploy(
      {{{"op", "factor_b"}, {"sites", {0, 1}}, {"rows", {in, out}}}, {{"op", "table"}, {"of", 0}, {"width", 16}}},
      "db");
  ASSERT_EQ(b.size(), (in + out) * 16);
  for (uint64_t r = 0; r < in + out; ++r)
    for (uint64_t c = 0; c < 16; ++c) {
      float expected = r < in && c < 2              ? 1.5f * at("db.eb").values[r * 2 + c]
                       : r >= in && c >= 2 && c < 5 ? 0.5f * at("db.b").values[(r - in) * 3 + c - 2]
                                                    : 0.0f;
      ASSERT_EQ(b[r * 16 + c], expected);
    }
  std::vector<float> t = deploy(
      {{{"op", "factor_a_table"}, {"site", 0}, {"rows", tiny::vocabulary}}, {{"op", "table"}, {"of", 0}, {"width", 2}}},
      "db");
  ASSERT_EQ(t.size(), tiny::vocabulary * 2);
  EXPECT_EQ(t[2 * 7 + 1], at("db.ea").values[tiny::vocabulary + 7]);
}

// An adapter's own tensor stands in place of a weight; others keep the weight.
TEST_F(Deploy, Replaced) {
  const Json nodes = {{{"op", "fill"}, {"rows", out}, {"columns", in}, {"value", 7}},
                      {{"op", "replaced"}, {"of", 0}, {"site", 1}},
                      {{"op", "table"}, {"of", 1}, {"width", in}}};
  replacements = {{{"site", 1}, {"replacement", 1}}};
  EXPECT_EQ(deploy(nodes, "da"), at("weight").values);
  for (const char *other : {"", "db"})
    EXPECT_EQ(deploy(nodes, other), std::vector<float>(out * in, 7.0f));

  weights.tensors["weight"].values[9] = INFINITY;
  deploy(nodes, "da");
  EXPECT_NE(error.find("'da', 'linear': the adapter's own tensor is not finite at index 9"), std::string::npos)
      << error;
  replacements = {{{"site", 1}, {"replacement", 0}}};
  deploy(nodes, "da");
  EXPECT_NE(error.find("own tensor is [30,20], expected [40,20]"), std::string::npos) << error;
  replacements.push_back(replacements[0]);
  deploy(nodes, "da");
  EXPECT_NE(error.find("replaces site 1 twice"), std::string::npos) << error;
}

// A matrix is no vector: it would not fit.
TEST_F(Deploy, MatrixAsVectorIsRefused) {
  deploy({{{"op", "tensor"}, {"tensor", 1}}, {{"op", "vector"}, {"of", 0}}});
  EXPECT_NE(error.find("1 column"), std::string::npos) << error;
}
