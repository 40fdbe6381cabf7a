// Bundles: the packed base of a program, mapped and in place.
#include "runtime/core/bundle_writer.h"
#include "runtime/core/program.h"
#include "test/runtime/core/Tiny.h"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>

using namespace ptx;
using Json = nlohmann::ordered_json;

namespace {

class Bundles : public ::testing::Test {
protected:
  /// model.ptxm and model.ptxw, and no file of the model.
  void make(bool separate, const tiny::Weights &weights = tiny::makeWeights()) {
    Json manifest = tiny::manifestOf(folder.path, weights, separate);
    tiny::writeArtifact(folder.path, manifest);
    for (const char *adapter : {"none", "da", "db"}) {
      tiny::Answer answer = tiny::runOnce(folder.path, adapter, input);
      plain[adapter] = answer.values;
      errors[adapter] = answer.error;
    }
    Result<std::shared_ptr<Program>> program = Program::open(folder / "model.ptxm", {});
    ASSERT_TRUE(program) << program.error().message;
    Result<std::shared_ptr<const Binding>> base = (*program)->bind(nullptr);
    ASSERT_TRUE(base) << base.error().message;
    plan = planBundle((*program)->manifest(), **base, "cpu");
    TensorReader tensors((*program)->manifest(), folder.path, "");
    Status written = writeBundle(file, plan, **base, tensors);
    ASSERT_TRUE(written) << written.error().message;
    bundled = Json::parse(bundledManifest(manifest.dump(), plan, "model.ptxw"));
    tiny::writeArtifact(folder.path, bundled);
    std::filesystem::remove(folder / "weights.safetensors");
  }

  std::string errorOf(const char *adapter) const { return tiny::runOnce(folder.path, adapter, input).error; }

  void changeByte(uint64_t place) const {
    std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
    stream.seekg(static_cast<std::streamoff>(place));
    int byte = stream.get();
    stream.seekp(static_cast<std::streamoff>(place));
    stream.put(static_cast<char>(byte ^ 1));
  }

  /// Why the manifest is refused with the record of a parameter, or a member of the bundle, changed.
  std::string refusal(const Json &changes, std::optional<size_t> parameter = std::nullopt) const {
    Json changed = bundled;
    (parameter ? changed["bundle"]["parameters"][*parameter] : changed["bundle"]).update(changes);
    Result<Manifest> read = readManifest(changed.dump(), "m");
    return read ? "" : read.error().message;
  }

  size_t firstPacked() const {
    for (size_t i = 0; i < plan.record.parameters.size(); ++i)
      if (plan.record.parameters[i].bytes)
        return i;
    return 0;
  }

  tiny::Folder folder;
  std::string file = folder / "model.ptxw";
  tiny::Call input{{1, 2, 3, 4, 5, 6}, {1, 1, 1, 1, 1, 0}, {}, 2, 3};
  std::map<std::string, std::map<std::string, std::vector<float>>> plain;
  std::map<std::string, std::string> errors; // of the program without its bundle
  BundlePlan plan;
  Json bundled;
};

} // namespace

// Folded or apart: each adapter, and none, gives from the bundle what it gave from the model's files.
TEST_F(Bundles, GiveTheSameBytes) {
  for (bool separate : {false, true}) {
    make(separate);
    for (const char *adapter : {"none", "da", "none", "db"}) {
      tiny::Answer answer = tiny::runOnce(folder.path, adapter, input);
      EXPECT_EQ(answer.error, "");
      EXPECT_EQ(answer.values, plain[adapter]) << adapter << separate;
    }
  }
}

// What lies at the same address is written once; every part starts at a page, and the file ends with the last tensor.
TEST_F(Bundles, HoldEachThingOnce) {
  make(false);
  uint64_t end = bundleAlignment;
  bool shares = false;
  for (const BundledParameter &record : plan.record.parameters) {
    shares |= record.same.has_value();
    if (record.bytes == 0)
      continue;
    EXPECT_EQ(record.offset, end);
    end += bundledExtent(record.bytes);
  }
  EXPECT_TRUE(shares); // a folded weight and its base
  for (const BundledTensor &tensor : plan.tensors) {
    EXPECT_EQ(tensor.offset, end);
    end += bundled["tensors"][tensor.tensor]["bytes"].get<uint64_t>();
  }
  EXPECT_EQ(std::filesystem::file_size(file), end);
}

// No byte of what is used may change: the header with its zeros, a parameter, the zeros behind it, a factor.
TEST_F(Bundles, RefuseEveryChange) {
  make(false);
  uint64_t offset = plan.record.parameters[firstPacked()].offset, bytes = plan.record.parameters[firstPacked()].bytes;
  for (auto [place, why] :
       std::initializer_list<std::pair<uint64_t, const char *>>{{0, "is no ptx bundle"},
                                                                {8, "has format version 0.0, this runtime reads 1.0"},
                                                                {16, "its header says"},
                                                                {24, "its header is damaged"},
                                                                {40, "belongs to another program"},
                                                                {4095, "its header is damaged"},
                                                                {offset, "was changed: its hash is"},
                                                                {offset + bytes, "was changed: its hash is"}}) {
    changeByte(place);
    std::string error = errorOf("none");
    EXPECT_NE(error.find(why), std::string::npos) << place << ": " << error;
    EXPECT_NE(error.find("model.ptxm': its weights: '" + file), std::string::npos) << error;
    changeByte(place);
  }
  changeByte(plan.tensors.back().offset);
  EXPECT_EQ(errorOf("none"), "");
  EXPECT_NE((errorOf("da") + errorOf("db")).find("differs from the one the program was compiled with"),
            std::string::npos);
}

// A file of another length is told by its header, one without a whole header by its length.
TEST_F(Bundles, RefuseCutFiles) {
  make(false);
  for (uint64_t size : {plan.size + 1, plan.size - 1, bundleAlignment, bundleAlignment - 1, uint64_t(0)}) {
    std::filesystem::resize_file(file, size);
    std::string error = errorOf("none");
    EXPECT_NE(error.find("has " + std::to_string(size) + " bytes, "), std::string::npos) << error;
    EXPECT_NE(error.find(std::to_string(plan.size)), std::string::npos) << error;
  }
  std::filesystem::remove(file);
  EXPECT_NE(errorOf("none").find("cannot be opened"), std::string::npos);
}

// What folds know of their base travels: a merge is refused as it is without a bundle, whether the base is not finite
// or the merge overflows.
TEST_F(Bundles, RefuseWhatFoldsRefuse) {
  for (float flaw : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::max()}) {
    tiny::Weights weights = tiny::makeWeights();
    std::vector<float> &values = weights.tensors["weight"].values;
    std::fill(values.begin() + 7, values.begin() + 9, flaw);
    for (const char *factor : {"da.a", "da.b"})
      for (float &value : weights.tensors[factor].values)
        value = std::abs(value) * 1e17f;
    make(false, weights);
    EXPECT_NE(errors["da"].find("finite at index"), std::string::npos) << errors["da"];
    EXPECT_EQ(errorOf("da"), errors["da"]);
    EXPECT_EQ(errorOf("none"), errors["none"]);
  }
}

// Every member of the record is checked before anything is mapped.
TEST_F(Bundles, RefuseWrongRecords) {
  make(false);
  size_t packed = firstPacked();
  EXPECT_EQ(refusal(Json::object()), "");
  for (const auto &[changes, why] : std::initializer_list<std::pair<Json, const char *>>{
           {{{"file", 99}}, "'file' must be an integer"},
           {{{"id", "short"}}, "expected 32 hexadecimal digits"},
           {{{"target", "none"}}, "which lays out no weights"},
           {{{"parameters", Json::array()}}, "has 0 parameters, expected"},
           {{{"more", 1}}, "unknown member 'more'"}})
    EXPECT_NE(refusal(changes).find(why), std::string::npos) << changes;
  for (const auto &[changes, why] : std::initializer_list<std::pair<Json, const char *>>{
           {{{"offset", 0}}, "lies at byte 0, expected a multiple of 4096"},
           {{{"offset", 4100}}, "lies at byte 4100, expected a multiple of 4096"},
           {{{"offset", 1ull << 60}}, "lies outside its file"},
           {{{"offset", 1ull << 63}}, "'offset' must be an integer"},
           {{{"bytes", 1ull << 61}}, "lies outside its file"},
           {{{"bytes", plan.size}}, "lies outside its file"},
           {{{"bytes", 0}}, "unknown member 'offset'"},
           {{{"hash", 7}}, "'hash' must be a string"},
           {{{"largest", 1e300}}, "'largest' must be a size in f32"},
           {{{"largest", -1}}, "'largest' must be a size in f32"},
           {{{"not_finite", -1}}, "'not_finite' must be an integer"},
           {{{"same", packed}}, "'same'"}})
    EXPECT_NE(refusal(changes, packed).find(why), std::string::npos) << changes << refusal(changes, packed);
}

// Open programs map the file; replaced by rename it stays as it was for them.
TEST_F(Bundles, StayMapped) {
  make(false);
  ptx_program_options options = {};
  options.struct_size = sizeof options;
  options.threads = 1;
  ptx_program *program = nullptr;
  ptx_binding *binding = nullptr;
  ptx_session *session = nullptr;
  ASSERT_EQ(ptx_program_open((folder / "model.ptxm").c_str(), &options, &program), nullptr);
  ASSERT_EQ(ptx_binding_create(program, "none", &binding), nullptr);
  ptx_program_close(program);
  std::ofstream(folder / "new") << "another";
  std::filesystem::rename(folder / "new", file);
  ASSERT_EQ(ptx_session_open(binding, &session), nullptr);
  ptx_binding_release(binding);
  EXPECT_EQ(tiny::call(session, input).values, plain["none"]);
  ptx_session_close(session);
}
