#include "runtime/core/bundle_writer.h"

#include "runtime/io/hash.h"

#include <nlohmann/json.hpp>

#include <map>
#include <set>

namespace ptx {

namespace {

constexpr char zeros[bundleAlignment] = {};

/// The factors and replacements of all adapters.
std::set<size_t> adapterTensors(const Manifest &manifest) {
  std::set<size_t> tensors;
  for (const AdapterRecord &adapter : manifest.adapters) {
    for (const AdapterSite &site : adapter.sites) {
      if (site.rank)
        tensors.insert({site.a, site.b});
      for (const std::optional<size_t> &vector : site.vectors)
        if (vector)
          tensors.insert(*vector);
    }
    for (const AdapterReplacement &entry : adapter.replacements)
      tensors.insert(entry.tensor);
  }
  return tensors;
}

/// Those of the base that some adapter's binding reads again, beside its own.
std::set<size_t> pristineTensors(const Manifest &manifest) {
  std::set<size_t> tensors;
  for (const ParameterRecord &parameter : manifest.parameters) {
    bool changes = std::any_of(manifest.adapters.begin(), manifest.adapters.end(),
                               [&](const AdapterRecord &adapter) { return dependsOn(parameter, adapter); });
    for (const Node &node : parameter.nodes)
      if (changes && node.kind == NodeKind::Tensor)
        tensors.insert(node.tensor);
  }
  return tensors;
}

/// With the zeros behind it.
std::string hashExtent(const PackedParameter &parameter) {
  Hasher hasher;
  hasher.update(parameter.host(), parameter.bytes);
  hasher.update(zeros, bundledExtent(parameter.bytes) - parameter.bytes);
  return hasher.hex();
}

} // namespace

BundlePlan planBundle(const Manifest &manifest, const Binding &base, const std::string &target) {
  BundlePlan plan;
  plan.record.target = target;
  plan.size = sizeof(BundleHeader);
  Hasher id;
  std::map<const PackedParameter *, size_t> known;
  for (const std::shared_ptr<const PackedParameter> &parameter : base.parameters) {
    BundledParameter record;
    if (auto [first, isNew] = known.emplace(parameter.get(), plan.record.parameters.size()); !isNew)
      record.same = first->second;
    else if (parameter->bytes) {
      record.bytes = parameter->bytes;
      record.offset = plan.size;
      record.hash = hashExtent(*parameter);
      record.largest = parameter->largest;
      record.notFinite = parameter->notFinite;
      id.update(record.hash.data(), record.hash.size());
      plan.size += bundledExtent(record.bytes);
      plan.packedBytes += record.bytes;
    }
    plan.record.parameters.push_back(std::move(record));
  }
  auto add = [&](size_t tensor, uint64_t &sum) {
    const TensorRecord &record = manifest.tensors[tensor];
    plan.tensors.push_back({tensor, plan.size});
    id.update(record.hash.data(), record.hash.size());
    plan.size += record.bytes;
    sum += record.bytes;
  };
  std::set<size_t> own = adapterTensors(manifest);
  for (size_t tensor : pristineTensors(manifest))
    if (!own.contains(tensor))
      add(tensor, plan.pristineBytes);
  for (size_t tensor : own)
    add(tensor, plan.adapterBytes);
  plan.record.id = id.hex();
  return plan;
}

std::string bundledManifest(std::string_view manifest, const BundlePlan &plan, const std::string &file) {
  using Json = nlohmann::ordered_json;
  Json json = Json::parse(manifest), parameters = Json::array();
  size_t index = json["files"].size();
  json["files"].push_back({{"path", file}, {"size", plan.size}});
  for (const BundledTensor &tensor : plan.tensors) {
    json["tensors"][tensor.tensor]["file"] = index;
    json["tensors"][tensor.tensor]["offset"] = tensor.offset;
  }
  for (const BundledParameter &record : plan.record.parameters) {
    Json entry;
    if (record.same)
      entry["same"] = *record.same;
    else
      entry["bytes"] = record.bytes;
    if (record.bytes) {
      entry["offset"] = record.offset;
      entry["hash"] = record.hash;
    }
    if (record.notFinite)
      entry["not_finite"] = *record.notFinite;
    else if (record.largest > 0)
      entry["largest"] = record.largest;
    parameters.push_back(std::move(entry));
  }
  json["bundle"] = {
      {"file", index}, {"id", plan.record.id}, {"target", plan.record.target}, {"parameters", parameters}};
  return json.dump();
}

Status writeBundle(const std::string &path, const BundlePlan &plan, const Binding &base, TensorReader &tensors) {
  return writeAtomically(path, [&](const Append &append) -> Status {
    BundleHeader header = BundleHeader::of(plan.record.id, plan.size);
    if (Status status = append(&header, sizeof header); !status)
      return status;
    for (size_t i = 0; i < base.parameters.size(); ++i) {
      uint64_t bytes = plan.record.parameters[i].bytes; // none of what is another's
      if (bytes == 0)
        continue;
      if (Status status = append(base.parameters[i]->host(), bytes); !status)
        return status;
      if (Status status = append(zeros, bundledExtent(bytes) - bytes); !status)
        return status;
    }
    for (const BundledTensor &tensor : plan.tensors)
      if (Status status = tensors.copy(tensor.tensor, append); !status)
        return status;
    return {};
  });
}

} // namespace ptx
