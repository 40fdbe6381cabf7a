// Whole artifacts: the manifest of a small model with two adapters, changed
// value by value, with every hash mended so that what lies behind is reached.
// Opened, asked for everything, deployed for each adapter. Not called: kernels
// are machine code, and take the manifest's word for their arguments.
#include "runtime/core/bundle_writer.h"
#include "runtime/core/program.h"
#include "runtime/io/file.h"
#include "runtime/io/hash.h"
#include "test/runtime/core/Tiny.h"

#include <array>
#include <cstdint>
#include <cstring>
#include <map>
#include <random>

using namespace ptx;
using Json = nlohmann::ordered_json;

extern "C" size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t most);

namespace {

struct Model {
  Model() {
    for (bool separate : {false, true}) {
      plain[separate] = tiny::manifestOf(folder.path, tiny::makeWeights(), separate);
      bundle(separate);
    }
    files["weights.safetensors"] = *readWhole(folder / "weights.safetensors", 1 << 20);
  }

  void bundle(bool separate) {
    std::string name = separate ? "apart.ptxw" : "folded.ptxw";
    tiny::writeArtifact(folder.path, plain[separate]);
    std::shared_ptr<Program> program = *Program::open(folder / "model.ptxm", {});
    std::shared_ptr<const Binding> base = *program->bind(nullptr);
    BundlePlan plan = planBundle(program->manifest(), *base, "cpu");
    TensorReader tensors(program->manifest(), folder.path, "");
    (void)writeBundle(folder / name, plan, *base, tensors);
    bundled[separate] = Json::parse(bundledManifest(plain[separate].dump(), plan, name));
    files[name] = *readWhole(folder / name, 1 << 20);
  }

  tiny::Folder folder;
  std::array<Json, 2> plain, bundled; // folded, apart
  std::map<std::string, std::string> files;
};

Model &model() {
  static Model made;
  return made;
}

/// The bytes of a file of the manifest, or none.
const std::string &fileOf(const Json &manifest, const Json &index) {
  static const std::string none;
  if (!index.is_number_unsigned() || !manifest.contains("files") || !manifest["files"].is_array() ||
      index.get<uint64_t>() >= manifest["files"].size())
    return none;
  const Json &file = manifest["files"][index.get<size_t>()];
  if (!file.is_object() || !file.contains("path") || !file["path"].is_string())
    return none;
  auto found = model().files.find(file["path"].get<std::string>());
  return found == model().files.end() ? none : found->second;
}

/// A hash that fits the file, where the record says which bytes it means; those of a bundle's parameter reach up to the
/// next.
void mend(Json &record, const std::string &file, bool isParameter) {
  if (!record.is_object() || !record.contains("offset") || !record.contains("bytes") || !record.contains("hash") ||
      !record["offset"].is_number_unsigned() || !record["bytes"].is_number_unsigned())
    return;
  uint64_t offset = record["offset"], bytes = record["bytes"];
  if (bytes <= file.size() && isParameter)
    bytes = bundledExtent(bytes);
  if (offset <= file.size() && bytes <= file.size() - offset)
    record["hash"] = hashHex(file.data() + offset, bytes);
}

void mend(Json &manifest) {
  if (!manifest.is_object() || !manifest.contains("tensors") || !manifest["tensors"].is_array())
    return;
  for (Json &tensor : manifest["tensors"])
    if (tensor.is_object() && tensor.contains("file"))
      mend(tensor, fileOf(manifest, tensor["file"]), false);
  if (!manifest.contains("bundle") || !manifest["bundle"].is_object())
    return;
  Json &bundle = manifest["bundle"];
  if (bundle.contains("file") && bundle.contains("parameters") && bundle["parameters"].is_array())
    for (Json &parameter : bundle["parameters"])
      mend(parameter, fileOf(manifest, bundle["file"]), true);
}

void forget(ptx_status *status) { ptx_status_free(status); }

void askEverything(ptx_program *program) {
  for (size_t f = 0; f < ptx_program_function_count(program); ++f) {
    const char *function = ptx_program_function(program, f);
    (void)ptx_program_signature(program, function);
    for (size_t i = 0; i < ptx_program_input_count(program, function); ++i) {
      ptx_value_info info;
      forget(ptx_program_input(program, function, i, &info));
      ptx_input_limits limits = {};
      limits.struct_size = sizeof limits;
      forget(ptx_program_input_limits(program, function, i, &limits));
    }
    for (size_t i = 0; i < ptx_program_output_count(program, function); ++i) {
      ptx_value_info info;
      forget(ptx_program_output(program, function, i, &info));
    }
  }
  ptx_generate_options options = {};
  options.struct_size = sizeof options;
  forget(ptx_program_generation(program, &options));
}

void deploy(ptx_program *program, const char *adapter) {
  ptx_binding *binding = nullptr;
  ptx_session *session = nullptr;
  if (ptx_status *status = ptx_binding_create(program, adapter, &binding))
    return forget(status);
  forget(ptx_session_open(binding, &session));
  ptx_session_close(session);
  ptx_binding_release(binding);
}

//===- changes --------------------------------------------------------------//

void collect(Json &value, std::vector<Json *> &all) {
  all.push_back(&value);
  if (value.is_structured())
    for (Json &member : value)
      collect(member, all);
}

Json number(std::mt19937 &random, const Json &now) {
  constexpr uint64_t interesting[] = {0, 1, 2, 3, 15, 16, 17, 255, 65535, 1ull << 31, 1ull << 32, 1ull << 63, ~0ull};
  switch (random() % 4) {
  case 0:
    return interesting[random() % std::size(interesting)];
  case 1:
    return -static_cast<int64_t>(random() % 3);
  case 2:
    return now.is_number_integer() ? Json(now.get<uint64_t>() + random() % 5 - 2) : now;
  default:
    return now.is_number_integer() ? Json(now.get<uint64_t>() << random() % 40) : Json(1.5);
  }
}

/// One change somewhere in the tree.
void change(Json &root, std::mt19937 &random) {
  std::vector<Json *> all;
  collect(root, all);
  Json &value = *all[random() % all.size()];
  const Json other = *all[random() % all.size()]; // a copy: it may hold `value`
  if (value.is_structured() && !value.empty() && random() % 2) {
    auto member = std::next(value.begin(), static_cast<std::ptrdiff_t>(random() % value.size()));
    if (value.is_array() && random() % 2)
      value.push_back(Json(*member));
    else
      value.erase(member);
  } else if (value.is_number() && random() % 4) {
    value = number(random, value);
  } else if (value.is_object() == other.is_object() || random() % 8 == 0) {
    value = other;
  }
}

} // namespace

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned seed) {
  std::mt19937 random(seed);
  Json manifest = Json::parse(data, data + size, nullptr, false);
  // Nothing is stored: the search begins at the manifest as it is today.
  if (manifest.is_discarded()) {
    manifest = (random() % 2 ? model().plain : model().bundled)[random() % 2];
    manifest["generation"] = {{"start", 1}, {"eos", {2, 3}}, {"forced_last", {2}}, {"bad_words", {{4}, {5, 6}}}};
  } else if (random() % 16 == 0)
    return LLVMFuzzerMutate(data, size, most);
  for (unsigned count = 1 + random() % 3; count != 0; --count)
    change(manifest, random);
  std::string text = manifest.dump(-1, ' ', false, Json::error_handler_t::replace);
  if (text.size() > most)
    return size;
  std::memcpy(data, text.data(), text.size());
  return text.size();
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  Json manifest = Json::parse(data, data + size, nullptr, false);
  if (manifest.is_discarded())
    return 0; // manifest_fuzzer's
  mend(manifest);
  tiny::writeArtifact(model().folder.path, manifest);
  ptx_program_options options = {};
  options.struct_size = sizeof options;
  options.threads = 1;
  ptx_program *program = nullptr;
  if (ptx_status *status = ptx_program_open((model().folder / "model.ptxm").c_str(), &options, &program)) {
    forget(status);
    return 0;
  }
  askEverything(program);
  for (const char *adapter : {"none", "da", "db"})
    deploy(program, adapter);
  ptx_program_close(program);
  return 0;
}
