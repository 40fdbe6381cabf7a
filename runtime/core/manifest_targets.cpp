#include "runtime/core/manifest_targets.h"

namespace ptx {

namespace {

constexpr uint64_t geometryCap = 1u << 16;
constexpr int64_t metadataCap = int64_t(1) << 40;

words::Word readWord(const JsonValue &value, const Fields &fields, Faults &faults) {
  const auto *list = value.asArray();
  size_t size = list ? list->size() : 0;
  bool isText = size == 2 || size == 3;
  for (size_t i = 0; isText && i < size; ++i)
    isText = (*list)[i].asString() != nullptr;
  if (isText) {
    std::optional<DType> element = size == 3 ? dtypeFromName(*(*list)[2].asString()) : DType::F32;
    for (const words::TypeName &entry : words::typeNames)
      if (*(*list)[1].asString() == entry.name && element && isRowType(*element))
        return {*(*list)[0].asString(), entry.type, {}, *element};
  }
  faults.add(fields.place(), "a word is not [name, type] or [name, type, dtype]");
  return {};
}

MetadataRecord readMetadata(const JsonValue &value, const std::string &where, Faults &faults) {
  MetadataRecord metadata;
  const auto *object = value.asObject();
  if (!object)
    faults.add(where, "is " + std::string(value.kind()) + ", expected an object");
  for (size_t i = 0; object && i < object->size(); ++i) {
    std::optional<int64_t> number = (*object)[i].second.asInt();
    if (!number || *number < 0 || *number > metadataCap)
      faults.add(where, "'" + printable((*object)[i].first) + "' must be an integer from 0 to 2^40");
    else
      metadata.emplace_back((*object)[i].first, *number);
  }
  return metadata;
}

Geometry readGeometry(const JsonValue &value, const std::string &where, Faults &faults) {
  Fields fields(value, where + " geometry", faults);
  Geometry geometry;
  std::string matrix = fields.text("matrix");
  if (matrix != "panels" && matrix != "rows")
    faults.add(fields.place(), "'matrix' must be 'panels' or 'rows'");
  geometry.matrix = matrix == "panels" ? MatrixLayout::Panels : MatrixLayout::Rows;
  geometry.lanes = fields.uinteger("lanes", geometryCap);
  geometry.oddPitch = fields.flag("odd_pitch");
  geometry.blockRows = fields.uinteger("block_rows", geometryCap);
  if (geometry.lanes == 0 || geometry.blockRows == 0)
    faults.add(fields.place(), "'lanes' and 'block_rows' must be at least 1");
  fields.finish();
  return geometry;
}

} // namespace

KernelRecord readKernel(const JsonValue &value, const Manifest &manifest, Faults &faults) {
  Fields fields(value, "kernel " + std::to_string(manifest.kernels.size()), faults);
  KernelRecord kernel;
  kernel.name = fields.text("name");
  for (const JsonValue &word : fields.list("words"))
    kernel.words.push_back(readWord(word, fields, faults));
  fields.finish();
  for (const KernelRecord &other : manifest.kernels)
    if (other.name == kernel.name)
      faults.add("kernels", "two are named '" + printable(kernel.name) + "'");
  return kernel;
}

EntryRecord readEntry(const JsonValue &value, const Manifest &manifest, Faults &faults) {
  Fields fields(value, "entry " + std::to_string(manifest.entries.size()), faults);
  EntryRecord entry;
  entry.name = fields.text("name");
  for (const JsonValue &member : fields.list("kernels")) {
    bool known = false;
    for (size_t i = 0; i < manifest.kernels.size() && !known; ++i)
      if (member.asString() && *member.asString() == manifest.kernels[i].name) {
        entry.kernels.push_back(i);
        known = true;
      }
    if (!known)
      faults.add(fields.place(), "names a kernel that is not there");
  }
  fields.finish();
  return entry;
}

TargetRecord readTarget(const JsonValue &value, const Manifest &manifest, Faults &faults) {
  Fields fields(value, "target " + std::to_string(manifest.targets.size()), faults);
  TargetRecord target;
  target.name = fields.text("name");
  if (manifest.findTarget(target.name))
    faults.add("targets", "two are named '" + printable(target.name) + "'");
  if (const JsonValue *geometry = fields.optional("geometry")) {
    target.geometry = readGeometry(*geometry, fields.place(), faults);
    for (const JsonValue &metadata : fields.list("kernels"))
      target.kernels.push_back(readMetadata(metadata, fields.place() + " kernels", faults));
    for (const JsonValue &metadata : fields.list("entries"))
      target.entries.push_back(readMetadata(metadata, fields.place() + " entries", faults));
    if (target.kernels.size() != manifest.kernels.size() || target.entries.size() != manifest.entries.size())
      faults.add(fields.place(), "has not one record per kernel and per entry");
  }
  fields.finish();
  return target;
}

} // namespace ptx
