#include "runtime/core/manifest.h"

#include "runtime/core/fields.h"
#include "runtime/core/manifest_bundle.h"
#include "runtime/core/manifest_functions.h"
#include "runtime/core/manifest_generation.h"
#include "runtime/core/manifest_targets.h"
#include "runtime/io/checked.h"

#include <cmath>

namespace ptx {

const AdapterSite *AdapterRecord::find(size_t site) const {
  for (const AdapterSite &entry : sites)
    if (entry.site == site)
      return &entry;
  return nullptr;
}

const AdapterReplacement *AdapterRecord::findReplacement(size_t site) const {
  for (const AdapterReplacement &entry : replacements)
    if (entry.site == site)
      return &entry;
  return nullptr;
}

const TargetRecord *Manifest::findTarget(std::string_view name) const {
  for (const TargetRecord &target : targets)
    if (target.name == name)
      return &target;
  return nullptr;
}

namespace {

// Products of two sizes below the cap fit in 64 bits, with room for *4.
constexpr uint64_t dimCap = 1ull << 30, widthCap = 1ull << 28, elementCap = 1ull << 40;

struct NodeName {
  std::string_view name;
  NodeKind kind;
};
constexpr NodeName nodeNames[] = {
    {"tensor", NodeKind::Tensor},     {"fill", NodeKind::Fill},
    {"sinusoid", NodeKind::Sinusoid}, {"transpose", NodeKind::Transpose},
    {"rows", NodeKind::Rows},         {"concat", NodeKind::Concat},
    {"factor_a", NodeKind::FactorA},  {"factor_a_table", NodeKind::FactorATable},
    {"factor_b", NodeKind::FactorB},  {"factor_vector", NodeKind::FactorVector},
    {"matrix", NodeKind::Matrix},     {"table", NodeKind::Table},
    {"vector", NodeKind::Vector},     {"replaced", NodeKind::Replaced},
    {"computed", NodeKind::Computed},
};

bool isLayout(NodeKind kind) { return kind >= NodeKind::Matrix; }

class Reader {
public:
  explicit Reader(const std::string &path) : faults(path) {}

  Result<Manifest> read(const JsonValue &root) {
    Fields fields(root, "top level", faults);
    readFormat(fields);
    fields.text("producer");
    manifest.model = fields.text("model");
    std::string mode = fields.text("adapters_mode");
    if (mode != "fuse" && mode != "separate")
      faults.add("adapters_mode", "must be 'fuse' or 'separate'");
    manifest.separate = mode == "separate";
    for (const JsonValue &file : fields.list("files"))
      readFile(file);
    for (const JsonValue &tensor : fields.list("tensors"))
      readTensor(tensor);
    for (const JsonValue &site : fields.list("sites"))
      manifest.sites.push_back(textOf(site, "sites"));
    for (const JsonValue &adapter : fields.list("adapters"))
      readAdapter(adapter);
    for (const JsonValue &parameter : fields.list("parameters"))
      readParameter(parameter);
    for (const JsonValue &kernel : fields.list("kernels"))
      manifest.kernels.push_back(readKernel(kernel, manifest, faults));
    for (const JsonValue &entry : fields.list("entries"))
      manifest.entries.push_back(readEntry(entry, manifest, faults));
    for (const JsonValue &target : fields.list("targets"))
      manifest.targets.push_back(readTarget(target, manifest, faults));
    readHistories(fields);
    const JsonValue none{JsonValue::Array()}, *deploy = fields.optional("deploy");
    manifest.deploy = readDeploy(deploy ? *deploy : none, manifest, faults);
    for (const JsonValue &function : fields.list("functions")) {
      manifest.functions.push_back(readFunction(function, manifest, faults));
      for (size_t i = 0; i + 1 < manifest.functions.size(); ++i)
        if (manifest.functions[i].name == manifest.functions.back().name)
          faults.add("functions", "two are named '" + printable(manifest.functions[i].name) + "'");
    }
    if (const JsonValue *generation = fields.optional("generation"))
      manifest.generation = readGeneration(*generation, faults);
    if (const JsonValue *bundle = fields.optional("bundle"))
      manifest.bundle = readBundle(*bundle, manifest, faults);
    fields.finish();
    if (faults.any())
      return faults.error();
    return std::move(manifest);
  }

private:
  void readFormat(Fields &fields) {
    const JsonValue *format = fields.optional("format");
    const JsonValue *major = format && format->asObject() ? format->find("major") : nullptr;
    if (!major || major->asUint() != 2u)
      faults.add("format", "expected major version 2: compile the model again");
    if (major)
      for (const auto &[key, value] : *format->asObject())
        if ((key != "major" && key != "minor") || !value.asUint())
          faults.add("format", "member '" + printable(key) + "' is not known or no integer");
  }

  std::string textOf(const JsonValue &value, const char *where) {
    if (value.asString())
      return *value.asString();
    faults.add(where, "expected strings");
    return "";
  }

  void readFile(const JsonValue &value) {
    Fields fields(value, "file " + std::to_string(manifest.files.size()), faults);
    ParameterFile file;
    file.path = fields.text("path");
    file.size = fields.uinteger("size", 1ull << 62);
    fields.finish();
    manifest.files.push_back(std::move(file));
  }

  void readTensor(const JsonValue &value) {
    Fields fields(value, "tensor " + std::to_string(manifest.tensors.size()), faults);
    TensorRecord tensor;
    tensor.name = fields.text("name");
    tensor.file = fields.index("file", manifest.files.size());
    std::string dtype = fields.text("dtype");
    if (std::optional<DType> known = dtypeFromName(dtype); known && isWeightType(*known))
      tensor.dtype = *known;
    else
      faults.add(fields.place(), "type '" + printable(dtype) + "', expected F32, F16 or BF16");
    std::optional<uint64_t> bytes = dtypeBits(tensor.dtype) / 8;
    for (const JsonValue &dim : fields.list("shape")) {
      uint64_t size = dim.asUint().value_or(dimCap);
      if (size >= dimCap)
        faults.add(fields.place(), "a dimension is no integer below 2^30");
      tensor.shape.push_back(size);
      bytes = bytes ? checkedMul(*bytes, size) : bytes;
    }
    tensor.offset = fields.uinteger("offset", 1ull << 62);
    tensor.bytes = fields.uinteger("bytes", 1ull << 62);
    tensor.hash = fields.text("hash");
    fields.finish();
    if (!bytes || *bytes != tensor.bytes)
      faults.add(fields.place(), "its shape and type do not give " + std::to_string(tensor.bytes) + " bytes");
    if (!faults.any() && tensor.offset + tensor.bytes > manifest.files[tensor.file].size)
      faults.add(fields.place(), "lies outside its file");
    manifest.tensors.push_back(std::move(tensor));
  }

  void readAdapter(const JsonValue &value) {
    Fields fields(value, "adapter " + std::to_string(manifest.adapters.size()), faults);
    AdapterRecord adapter;
    adapter.name = fields.text("name");
    for (const JsonValue &entry : fields.list("sites"))
      adapter.sites.push_back(readSite(entry, fields.place()));
    if (const JsonValue *list = fields.optional("replacements"); list && !list->asArray())
      faults.add(fields.place(), "'replacements' must be a list");
    else if (list)
      for (const JsonValue &entry : *list->asArray())
        adapter.replacements.push_back(readReplacement(entry, fields.place()));
    fields.finish();
    checkAdapter(adapter, fields.place());
    manifest.adapters.push_back(std::move(adapter));
  }

  void checkAdapter(const AdapterRecord &adapter, const std::string &where) {
    static constexpr const char *letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";
    if (adapter.name.empty() || adapter.name == "none" || adapter.name == "all" ||
        adapter.name.find_first_not_of(letters) != std::string::npos)
      faults.add(where, "'" + printable(adapter.name) + "' is no name of an adapter");
    for (const AdapterRecord &other : manifest.adapters)
      if (other.name == adapter.name)
        faults.add(where, "two adapters are named '" + adapter.name + "'");
    for (const AdapterSite &site : adapter.sites)
      if (adapter.find(site.site) != &site)
        faults.add(where, "adapter '" + adapter.name + "' names site " + std::to_string(site.site) + " twice");
    for (const AdapterReplacement &entry : adapter.replacements)
      if (adapter.findReplacement(entry.site) != &entry)
        faults.add(where, "adapter '" + adapter.name + "' replaces site " + std::to_string(entry.site) + " twice");
  }

  AdapterReplacement readReplacement(const JsonValue &value, const std::string &where) {
    Fields fields(value, where + " replacement", faults);
    AdapterReplacement replacement;
    replacement.site = fields.index("site", manifest.sites.size());
    replacement.tensor = fields.index("replacement", manifest.tensors.size());
    fields.finish();
    return replacement;
  }

  AdapterSite readSite(const JsonValue &value, const std::string &where) {
    Fields fields(value, where + " site", faults);
    AdapterSite site;
    site.site = fields.index("site", manifest.sites.size());
    std::string form = fields.text("form");
    if (form != "linear" && form != "embedding")
      faults.add(fields.place(), "form must be 'linear' or 'embedding'");
    site.embedding = form == "embedding";
    site.rank = fields.uinteger("rank", 1 << 20);
    if (site.rank) {
      site.a = fields.index("a", manifest.tensors.size());
      site.b = fields.index("b", manifest.tensors.size());
    }
    const JsonValue *scale = fields.optional("scale");
    if (scale && scale->asNumber())
      site.scale = *scale->asNumber();
    else
      faults.add(fields.place(), "'scale' must be a number");
    if (!std::isfinite(static_cast<float>(site.scale)))
      faults.add(fields.place(), "'scale' must be finite in f32");
    for (size_t i = 0; i < std::size(factorNames); ++i) {
      std::string name(factorNames[i].name);
      if (fields.optional(name.c_str()))
        site.vectors[i] = fields.index(name.c_str(), manifest.tensors.size());
    }
    fields.finish();
    return site;
  }

  void readParameter(const JsonValue &value) {
    Fields fields(value, "parameter " + std::to_string(manifest.parameters.size()), faults);
    ParameterRecord parameter;
    parameter.label = fields.text("label");
    for (const JsonValue &node : fields.list("nodes")) {
      parameter.nodes.push_back(readNode(node, parameter, fields.place()));
      if (faults.any())
        return;
    }
    fields.finish();
    if (parameter.nodes.empty() || !isLayout(parameter.nodes.back().kind) ||
        (parameter.isComputed() && parameter.nodes.size() != 1))
      faults.add(fields.place(), "does not end with a layout, and is not computed alone");
    manifest.parameters.push_back(std::move(parameter));
  }

  Node readNode(const JsonValue &value, const ParameterRecord &parameter, const std::string &where) {
    Fields fields(value, where + " node " + std::to_string(parameter.nodes.size()), faults);
    Node node;
    std::string name = fields.text("op");
    bool known = false;
    for (const NodeName &entry : nodeNames)
      if (entry.name == name) {
        node.kind = entry.kind;
        known = true;
      }
    if (!known)
      faults.add(fields.place(), "unknown op '" + printable(name) + "'");
    if (const JsonValue *of = fields.optional("of")) {
      if (of->asArray())
        node.of = fields.indices(*of, "of", parameter.nodes.size());
      else
        node.of = {fields.index("of", parameter.nodes.size())};
    }
    for (size_t operand : node.of)
      if (operand < parameter.nodes.size() && isLayout(parameter.nodes[operand].kind))
        faults.add(fields.place(), "reads a layout");
    readOperands(fields, node);
    fields.finish();
    return node;
  }

  void readHistories(Fields &fields) {
    constexpr uint64_t longest = (1ull << 31) - 1;
    if (fields.optional("histories"))
      for (const JsonValue &value : fields.list("histories")) {
        Fields own(value, "history " + std::to_string(manifest.histories.size()), faults);
        manifest.histories.push_back({own.text("name"), own.uinteger("max_length", longest)});
        own.finish();
      }
    if (fields.optional("caches"))
      for (const JsonValue &value : fields.list("caches")) {
        Fields own(value, "cache " + std::to_string(manifest.caches.size()), faults);
        CacheRecord cache{own.text("name"), own.index("history", manifest.histories.size()),
                          own.uinteger("width", widthCap), own.element()};
        if (cache.width == 0 || (cache.element != DType::F32 && cache.width % 2))
          faults.add(own.place(), "has " + std::to_string(cache.width) + " columns");
        own.finish();
        manifest.caches.push_back(std::move(cache));
      }
  }

  /// From parameters in front of it, the base first.
  void checkComputed(const Node &node, const std::string &where) {
    bool fits = !node.parameters.empty() && node.sites.size() == 1;
    for (size_t index : node.parameters)
      fits = fits && index < manifest.parameters.size();
    if (!fits) {
      faults.add(where, "'parameters' must be some of those in front");
      return;
    }
    for (size_t index : node.parameters)
      manifest.parameters[index].isFolded = true;
  }

  void readComputed(Fields &fields, Node &node) {
    std::string layout = fields.text("layout");
    if (layout != "matrix" && layout != "table" && layout != "vector")
      faults.add(fields.place(), "layout '" + printable(layout) + "', expected matrix, table or vector");
    node.layout = layout == "table" ? NodeKind::Table : layout == "vector" ? NodeKind::Vector : NodeKind::Matrix;
    node.rows = fields.uinteger("rows", dimCap);
    node.columns = fields.uinteger("columns", widthCap);
    node.element = fields.element();
    if (node.element != DType::F32 && node.layout != NodeKind::Matrix)
      faults.add(fields.place(), "only a matrix that is computed is of 16 bits");
    for (const JsonValue &index : fields.list("parameters"))
      node.parameters.push_back(index.asUint().value_or(manifest.parameters.size()));
    checkComputed(node, fields.place());
  }

  void readOperands(Fields &fields, Node &node) {
    size_t siteCount = manifest.sites.size();
    auto readSites = [&] {
      if (const JsonValue *sites = fields.optional("sites"))
        node.sites = fields.indices(*sites, "sites", siteCount);
      else
        node.sites = {fields.index("site", siteCount)};
    };
    bool unary = true;
    switch (node.kind) {
    case NodeKind::Tensor:
      node.tensor = fields.index("tensor", manifest.tensors.size());
      unary = false;
      break;
    case NodeKind::Fill: {
      node.rows = fields.uinteger("rows", dimCap);
      node.columns = fields.uinteger("columns", dimCap);
      const JsonValue *number = fields.optional("value");
      node.value = number ? number->asNumber().value_or(0) : 0;
      unary = false;
      break;
    }
    case NodeKind::Sinusoid:
      node.rows = fields.uinteger("positions", 1 << 24);
      node.columns = fields.uinteger("width", 1 << 20);
      unary = false;
      break;
    case NodeKind::Rows:
      node.begin = fields.uinteger("begin", dimCap);
      node.end = fields.uinteger("end", dimCap);
      if (node.begin > node.end)
        faults.add(fields.place(), "begin lies behind end");
      break;
    case NodeKind::Concat:
      unary = false;
      break;
    case NodeKind::Replaced:
      readSites();
      break;
    case NodeKind::FactorVector: {
      readSites();
      std::string factor = fields.text("factor");
      bool isKnown = false;
      for (size_t i = 0; i < std::size(factorNames); ++i)
        if (factorNames[i].name == factor) {
          node.factor = static_cast<Factor>(i);
          isKnown = true;
        }
      if (!isKnown)
        faults.add(fields.place(), "no factor is called '" + printable(factor) + "'");
      node.rows = fields.uinteger("rows", dimCap);
      node.columns = 1;
      unary = false;
      break;
    }
    case NodeKind::FactorA:
      readSites();
      node.columns = fields.uinteger("columns", dimCap);
      unary = false;
      break;
    case NodeKind::FactorATable:
      readSites();
      node.rows = fields.uinteger("rows", dimCap);
      unary = false;
      break;
    case NodeKind::FactorB:
      readSites();
      for (const JsonValue &rows : fields.list("rows"))
        node.heights.push_back(std::min(rows.asUint().value_or(dimCap), dimCap));
      for (uint64_t height : node.heights)
        if (height >= dimCap)
          faults.add(fields.place(), "'rows' must be integers below 2^30");
      if (node.heights.size() != node.sites.size())
        faults.add(fields.place(), "has as many 'rows' as sites");
      unary = false;
      break;
    case NodeKind::Table:
      node.columns = fields.uinteger("width", widthCap);
      node.element = fields.element();
      if (node.element != DType::F32 && node.columns % 2)
        faults.add(fields.place(), "a table of 16-bit elements has an even width");
      break;
    case NodeKind::Computed:
      readSites();
      readComputed(fields, node);
      unary = false;
      break;
    case NodeKind::Matrix:
      node.element = fields.element();
      break;
    case NodeKind::Transpose:
    case NodeKind::Vector:
      break;
    }
    bool leaf = !unary && node.kind != NodeKind::Concat;
    if (unary && node.of.size() != 1)
      faults.add(fields.place(), "needs one operand");
    if (leaf && !node.of.empty())
      faults.add(fields.place(), "takes no operand");
    if (node.kind == NodeKind::Concat && node.of.empty())
      faults.add(fields.place(), "needs operands");
    if (std::optional<uint64_t> size = checkedMul(node.rows, node.columns); !size || *size > elementCap)
      faults.add(fields.place(),
                 "asks for " + std::to_string(node.rows) + " x " + std::to_string(node.columns) + " values");
  }

  Faults faults;
  Manifest manifest;
};

} // namespace

Result<Manifest> readManifest(std::string_view text, const std::string &path) {
  Result<JsonValue> root = parseJson(text, path, JsonDialect::Strict, jsonMemoryOf(text.size()));
  if (!root)
    return root.error();
  return Reader(path).read(*root);
}

} // namespace ptx
