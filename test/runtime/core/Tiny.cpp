#include "test/runtime/core/Tiny.h"

#include "runtime/core/container.h"
#include "runtime/io/hash.h"
#include "runtime/io/safetensors.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

namespace ptx::tiny {

using Json = nlohmann::ordered_json;

Folder::Folder() {
  char name[] = "/tmp/ptx-runtime-XXXXXX";
  path = ::mkdtemp(name);
}
Folder::~Folder() { std::filesystem::remove_all(path); }

namespace {

Matrix fill(uint64_t rows, uint64_t columns, uint64_t seed) {
  Matrix m{rows, columns, {}};
  for (uint64_t i = 0; i < rows * columns; ++i) {
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    m.values.push_back(static_cast<float>(static_cast<int64_t>(seed >> 40) - (1 << 23)) / (1 << 23));
  }
  return m;
}

constexpr const char *order[] = {"table", "weight", "bias", "da.a", "da.b", "db.a", "db.b", "db.ea", "db.eb"};

Json stored(int tensor, Json layout) {
  layout["of"] = 0;
  return Json::array({{{"op", "tensor"}, {"tensor", tensor}}, layout});
}

/// What is folded, then what the factors are; the folds themselves read those in front.
Json foldedParameters() {
  Json list = Json::array();
  auto add = [&](const char *label, Json nodes) { list.push_back({{"label", label}, {"nodes", std::move(nodes)}}); };
  auto computed = [](const char *layout, uint64_t rows, Json parameters, int site) {
    return Json::array({{{"op", "computed"},
                         {"layout", layout},
                         {"rows", rows},
                         {"columns", width},
                         {"parameters", parameters},
                         {"site", site}}});
  };
  for (auto [site, name, in, out] : {std::tuple(0, "table", vocabulary, width), {1, "weight", width, outputs}}) {
    add((std::string(name) + ".a").c_str(),
        {{{"op", "factor_a_table"}, {"site", site}, {"rows", in}}, {{"op", "table"}, {"of", 0}, {"width", 16}}});
    add((std::string(name) + ".b").c_str(),
        {{{"op", "factor_b"}, {"sites", {site}}, {"rows", {out}}}, {{"op", "matrix"}, {"of", 0}}});
  }
  add("table", computed("table", vocabulary, {0, 3, 4}, 0));
  add("weight", computed("matrix", outputs, {1, 5, 6}, 1));
  return list;
}

Json parameters(bool separate) {
  std::string folded = separate ? "" : ".base";
  Json list = {{{"label", "table" + folded}, {"nodes", stored(0, {{"op", "table"}, {"width", width}})}},
               {{"label", "weight" + folded}, {"nodes", stored(1, {{"op", "matrix"}})}},
               {{"label", "bias"}, {"nodes", stored(2, {{"op", "vector"}})}}};
  if (!separate) {
    for (const Json &parameter : foldedParameters())
      list.push_back(parameter);
    return list;
  }
  list.push_back(
      {{"label", "a"},
       {"nodes",
        {{{"op", "factor_a"}, {"sites", {1}}, {"columns", width}}, {{"op", "table"}, {"of", 0}, {"width", width}}}}});
  list.push_back(
      {{"label", "b"},
       {"nodes",
        {{{"op", "factor_b"}, {"sites", {1}}, {"rows", {outputs}}}, {{"op", "table"}, {"of", 0}, {"width", 16}}}}});
  return list;
}

struct KernelWords {
  const char *name;
  std::vector<std::pair<const char *, const char *>> words;
};
const std::vector<std::pair<const char *, const char *>> foldWords = {
    {"a", "weight"},         {"a_pitch", "pitch"}, {"b", "weight"},      {"rank", "count"},  {"base", "weight"},
    {"base_pitch", "pitch"}, {"y", "weight"},      {"y_pitch", "pitch"}, {"depth", "count"}, {"width", "count"}};
// As tiny_kernels.c reads them.
const KernelWords kernelWords[] = {
    {"gather",
     {{"ids", "index"},
      {"table", "table"},
      {"table_pitch", "pitch"},
      {"y", "rows"},
      {"y_pitch", "pitch"},
      {"width", "count"}}},
    {"contract",
     {{"x", "rows"},
      {"x_pitch", "pitch"},
      {"weight", "weight"},
      {"depth", "count"},
      {"bias", "weight"},
      {"y", "rows"},
      {"y_pitch", "pitch"}}},
    {"lora",
     {{"x", "rows"},
      {"x_pitch", "pitch"},
      {"a", "weight"},
      {"a_pitch", "pitch"},
      {"b", "weight"},
      {"b_pitch", "pitch"},
      {"rank", "count"},
      {"y", "rows"},
      {"y_pitch", "pitch"},
      {"depth", "count"},
      {"width", "count"}}},
    {"number", {{"y", "rows"}, {"y_pitch", "pitch"}, {"blocks", "index"}, {"width", "count"}}},
    {"mean",
     {{"x", "rows"},
      {"x_pitch", "pitch"},
      {"begin", "index"},
      {"keys", "index"},
      {"y", "rows"},
      {"y_pitch", "pitch"},
      {"width", "count"}}},
    {"fold_table", foldWords},
    {"fold_matrix", foldWords}};

Json kernels() {
  Json list = Json::array();
  for (const KernelWords &kernel : kernelWords) {
    Json words = Json::array();
    for (auto [name, type] : kernel.words)
      words.push_back(Json::array({name, type}));
    list.push_back({{"name", kernel.name}, {"words", words}});
  }
  return list;
}

/// Every launch runs one kernel: an entry each.
Json entries() {
  Json list = Json::array();
  for (const KernelWords &kernel : kernelWords)
    list.push_back({{"name", std::string("entry_") + kernel.name}, {"kernels", Json::array({kernel.name})}});
  return list;
}

/// Whether the kernel counts panels of 16 columns.
bool isWide(const std::string &kernel) { return kernel == "contract" || kernel.starts_with("fold"); }

Json targets() {
  Json list = Json::array();
  for (const char *name : {"cpu", "toy", "cuda"}) {
    Json target = {{"name", name},
                   {"geometry", {{"matrix", "panels"}, {"lanes", 16}, {"odd_pitch", true}, {"block_rows", 64}}}};
    for (const KernelWords &kernel : kernelWords) {
      bool contract = isWide(kernel.name);
      Json rule = {{"column_lanes", contract ? 16 : 1}, {"scratch_base", 64}, {"scratch_per_key", 4}};
      Json tiles = {{"tile_rows", 32}, {"tile_columns", 8}, {"few_rows", 4}, {"few_columns", 4}};
      bool grid = std::string(name) == "cuda";
      target["kernels"].push_back(grid ? tiles : rule);
      target["entries"].push_back(grid ? Json{{"threads", 128}, {"shared", contract ? 64 << 10 : 512}}
                                       : Json::object());
    }
    list.push_back(target);
  }
  list.push_back({{"name", "sum"}});
  return list;
}

Json problem(const char *kernel, const char *over, Json columns, Json args) {
  int index = 0;
  while (std::string(kernelWords[index].name) != kernel)
    ++index;
  return {{"kernel", index},  {"label", kernel}, {"space", 0},   {"over", over},           {"columns", columns},
          {"flops", 1000000}, // a lie that makes many tiles
          {"bytes", 100},     {"keys", 0},       {"args", args}, {"reads", Json::array()}, {"writes", Json::array()}};
}

Json launch(const char *label, Json only) { return {{"label", label}, {"problems", Json::array({only})}}; }

/// The folds of both sites.
Json deploy() {
  auto fold = [](const char *kernel, uint64_t depth, uint64_t columns, int first, int base, int site) {
    uint64_t pitch = std::string(kernel) == "fold_table" ? columns : depth;
    auto parameter = [](int p) { return Json{"parameter", p}; };
    // All are pairs, which would be an object.
    Json words = Json::array({parameter(first),
                              {"pitch", 16},
                              parameter(first + 1),
                              {"rank", {site}},
                              parameter(base),
                              {"pitch", pitch},
                              parameter(7 + base),
                              {"pitch", pitch},
                              {"int", depth},
                              {"int", columns}});
    Json made = problem(kernel, "rows", columns, words);
    for (const char *key : {"space", "keys"})
      made.erase(key);
    made["count"] = depth;
    made["guard"] = {site};
    return made;
  };
  return Json::array({launch("fold", fold("fold_table", vocabulary, width, 3, 0, 0)),
                      launch("fold", fold("fold_matrix", width, outputs, 5, 1, 1))});
}

Json function(bool separate) {
  auto buffer = [](int i, int c = 0) { return Json{"buffer", i, c}; };
  auto integer = [](uint64_t v) { return Json{"int", v}; };
  auto pitch = [](uint64_t w) { return Json{"pitch", w}; };
  auto parameter = [](int p) { return Json{"parameter", p}; };
  auto rows = [](const char *field) { return Json{"rows", 0, field}; };
  Json launches = Json::array();
  launches.push_back(launch(
      "gather",
      problem("gather", "rows", 1,
              {{"ids", 0}, parameter(separate ? 0 : 7), pitch(width), buffer(0), pitch(width), integer(width)})));
  launches.push_back(launch("linear", problem("contract", "rows", outputs,
                                              {buffer(0), pitch(width), parameter(separate ? 1 : 8), integer(width),
                                               parameter(2), buffer(1), pitch(outputs)})));
  if (separate) {
    Json lora = problem("lora", "rows", 1,
                        {buffer(0),
                         pitch(width),
                         parameter(3),
                         pitch(width),
                         parameter(4),
                         pitch(16),
                         {"rank", {1}},
                         buffer(1),
                         pitch(outputs),
                         integer(width),
                         integer(outputs)});
    lora["guard"] = {1};
    launches.push_back(launch("lora", lora));
  }
  launches.push_back(
      launch("number", problem("number", "blocks", 1, {buffer(1), pitch(outputs), rows("blocks"), integer(outputs)})));
  launches.push_back(launch("mean", problem("mean", "sequences", 1,
                                            {buffer(1), pitch(outputs), rows("begin"), rows("keys"), buffer(2),
                                             pitch(outputs), integer(outputs)})));
  return {
      {"name", "forward"},
      {"inputs",
       {{{"name", "input_ids"},
         {"kind", "ids"},
         {"dims", {"B", "S"}},
         {"space", 0},
         {"limit", vocabulary},
         {"optional", false}},
        {{"name", "attention_mask"}, {"kind", "mask"}, {"dims", {"B", "S"}}, {"space", 0}, {"optional", true}}}},
      {"spaces", {{{"name", "source"}, {"dims", {"B", "S"}}, {"mask", 1}, {"keep_first", false}, {"max_length", 200}}}},
      {"buffers",
       {{{"slot", 0}, {"space", 0}, {"per", "row"}, {"width", width}},
        {{"slot", 1}, {"space", 0}, {"per", "row"}, {"width", outputs}},
        {{"slot", 2}, {"space", 0}, {"per", "sequence"}, {"width", outputs}}}},
      {"slots", 3},
      {"outputs",
       {{{"name", "hidden"}, {"buffer", 1}, {"column", 0}, {"width", outputs}, {"space", 0}, {"per", "row"}},
        {{"name", "pooled"}, {"buffer", 2}, {"column", 0}, {"width", outputs}, {"space", 0}, {"per", "sequence"}}}},
      {"launches", launches}};
}

} // namespace

Weights makeWeights() {
  Weights w;
  w.tensors["table"] = fill(vocabulary, width, 1);
  w.tensors["weight"] = fill(outputs, width, 2);
  w.tensors["bias"] = fill(outputs, 1, 3);
  w.tensors["da.a"] = fill(2, width, 4);
  w.tensors["da.b"] = fill(outputs, 2, 5);
  w.tensors["db.a"] = fill(3, width, 6);
  w.tensors["db.b"] = fill(outputs, 3, 7);
  w.tensors["db.ea"] = fill(2, vocabulary, 8);
  w.tensors["db.eb"] = fill(width, 2, 9);
  return w;
}

Json manifestOf(const std::string &directory, const Weights &weights, bool separate) {
  std::vector<TensorToWrite> list;
  for (const char *name : order) {
    const Matrix &m = weights.tensors.at(name);
    std::vector<uint64_t> shape = {m.rows, m.columns};
    list.push_back({name, DType::F32, m.columns == 1 ? std::vector<uint64_t>{m.rows} : shape, m.values.data()});
  }
  std::string path = directory + "/weights.safetensors";
  EXPECT_TRUE(writeSafetensors(path, list));
  Result<File> file = File::open(path);
  uint64_t size = file->size();
  Result<Safetensors> stored = Safetensors::open(std::move(*file));
  Json tensors = Json::array();
  for (const TensorToWrite &tensor : list) {
    const TensorEntry *entry = stored->find(tensor.name);
    tensors.push_back({{"name", tensor.name},
                       {"file", 0},
                       {"dtype", "F32"},
                       {"shape", tensor.shape},
                       {"offset", entry->begin},
                       {"bytes", entry->bytes()},
                       {"hash", hashHex(tensor.data, entry->bytes())}});
  }
  auto site = [](int s, const char *form, int rank, int a, double scale) {
    return Json{{"site", s}, {"form", form}, {"rank", rank}, {"a", a}, {"b", a + 1}, {"scale", scale}};
  };
  Json db = {site(1, "linear", 3, 5, 0.5)};
  if (!separate)
    db.push_back(site(0, "embedding", 2, 7, 1.5));
  Json manifest = {
      {"format", {{"major", 2}, {"minor", 1}}},
      {"producer", "test"},
      {"model", "tiny"},
      {"adapters_mode", separate ? "separate" : "fuse"},
      {"targets", targets()},
      {"files", {{{"path", "weights.safetensors"}, {"size", size}}}},
      {"tensors", tensors},
      {"sites", {"table", "linear"}},
      {"adapters",
       {{{"name", "da"}, {"sites", Json::array({site(1, "linear", 2, 3, 2.0)})}}, {{"name", "db"}, {"sites", db}}}},
      {"parameters", parameters(separate)},
      {"kernels", kernels()},
      {"entries", entries()},
      {"functions", Json::array({function(separate)})}};
  if (!separate)
    manifest["deploy"] = deploy();
  return manifest;
}

std::string cudaCode(const char *first) {
  std::string text = first + std::string("\nlibrary " TINY_KERNELS "\n");
  for (const KernelWords &kernel : kernelWords) {
    std::string name = kernel.name;
    text += "kernel entry_" + name + " " + name + (isWide(name) ? "/16\n" : "/1\n");
  }
  return text;
}

void writeArtifact(const std::string &directory, const Json &manifest, const char *library) {
  Result<std::string> kernels = readWhole(library ? library : TINY_KERNELS, 1 << 26);
  ASSERT_TRUE(kernels);
  std::vector<Payload> payloads = {{"manifest", manifest.dump()},
                                   {"cpu/avx2", *kernels},
                                   {"toy/avx2", *kernels},
                                   {"cuda/sm_80", cudaCode("fake-cubin sm_80")},
                                   {"cuda/sm_90", cudaCode("fake-cubin sm_90")},
                                   {"cuda/ptx_sm_90", cudaCode("fake-ptx sm_90")},
                                   {"ir/deploy", "module {}"}};
  ASSERT_TRUE(writeContainer(directory + "/model.ptxm", payloads));
}

Answer call(ptx_session *session, const Call &input) {
  std::vector<ptx_tensor> inputs;
  auto add = [&](const char *name, const std::vector<int64_t> &values, uint32_t rank) {
    if (!values.empty())
      inputs.push_back({name, PTX_I64, rank, {input.batch, input.length, 0}, const_cast<int64_t *>(values.data())});
  };
  add("input_ids", input.ids, 2);
  add("attention_mask", input.mask, 2);
  add("adapter_ids", input.adapters, 1);
  const ptx_tensor *outputs = nullptr;
  size_t count = 0;
  Answer answer;
  if (ptx_status *status = ptx_session_call(session, "forward", inputs.data(), inputs.size(), &outputs, &count)) {
    answer.error = ptx_status_message(status);
    answer.code = ptx_status_code(status);
    ptx_status_free(status);
    return answer;
  }
  for (size_t i = 0; i < count; ++i) {
    size_t size = 1;
    for (uint32_t d = 0; d < outputs[i].rank; ++d)
      size *= outputs[i].dims[d];
    const float *data = static_cast<const float *>(outputs[i].data);
    answer.values[outputs[i].name] = {data, data + size};
  }
  return answer;
}

Answer runOnce(const std::string &directory, const char *adapter, const Call &input, uint32_t threads,
               const char *device) {
  ptx_program_options options = {};
  options.struct_size = sizeof options;
  options.threads = threads;
  options.device = device;
  ptx_program *program = nullptr;
  ptx_binding *binding = nullptr;
  ptx_session *session = nullptr;
  Answer answer;
  ptx_status *status = ptx_program_open((directory + "/model.ptxm").c_str(), &options, &program);
  if (!status)
    status = ptx_binding_create(program, adapter, &binding);
  if (!status)
    status = ptx_session_open(binding, &session);
  if (status)
    answer = {ptx_status_message(status), ptx_status_code(status), {}};
  else
    answer = call(session, input);
  ptx_status_free(status);
  ptx_session_close(session);
  ptx_binding_release(binding);
  if (program)
    ptx_program_close(program);
  return answer;
}

} // namespace ptx::tiny
