#include "runtime/core/manifest_bundle.h"

#include "runtime/core/bundle.h"

#include <limits>

namespace ptx {

namespace {

class BundleReader {
public:
  BundleReader(const JsonValue &value, const Manifest &manifest, Faults &faults)
      : fields(value, "bundle", faults), manifest(manifest), faults(faults) {}

  BundleRecord read() {
    bundle.file = fields.index("file", manifest.files.size());
    bundle.id = fields.text("id");
    if (bundle.id.size() != bundleIdSize)
      faults.add(fields.place(), "'id' is '" + printable(bundle.id) + "', expected 32 hexadecimal digits");
    bundle.target = fields.text("target");
    const TargetRecord *target = manifest.findTarget(bundle.target);
    if (!target || !target->geometry)
      faults.add(fields.place(), "'target' names '" + printable(bundle.target) + "', which lays out no weights");
    for (const JsonValue &parameter : fields.list("parameters"))
      bundle.parameters.push_back(readParameter(parameter));
    fields.finish();
    if (bundle.parameters.size() != manifest.parameters.size())
      faults.add(fields.place(), "has " + std::to_string(bundle.parameters.size()) + " parameters, expected " +
                                     std::to_string(manifest.parameters.size()));
    return std::move(bundle);
  }

private:
  BundledParameter readParameter(const JsonValue &value) {
    size_t index = bundle.parameters.size();
    Fields own(value, "bundle parameter " + std::to_string(index), faults);
    BundledParameter parameter;
    if (own.optional("same")) {
      parameter.same = own.index("same", index);
      if (!faults.any() && bundle.parameters[*parameter.same].same)
        faults.add(own.place(), "is the same as one that is another's");
    } else {
      parameter.bytes = own.uinteger("bytes", mostBytes);
      if (parameter.bytes)
        readPlace(own, parameter);
    }
    own.finish();
    return parameter;
  }

  void readPlace(Fields &own, BundledParameter &parameter) {
    parameter.offset = own.uinteger("offset", mostBytes);
    parameter.hash = own.text("hash");
    if (own.optional("not_finite")) {
      parameter.notFinite = own.uinteger("not_finite", mostBytes);
      parameter.largest = std::numeric_limits<float>::infinity();
    } else if (const JsonValue *largest = own.optional("largest")) {
      double size = largest->asNumber().value_or(-1);
      if (size >= 0 && size <= std::numeric_limits<float>::max())
        parameter.largest = static_cast<float>(size);
      else
        faults.add(own.place(), "'largest' must be a size in f32");
    }
    if (parameter.offset < bundleAlignment || parameter.offset % bundleAlignment)
      faults.add(own.place(), "lies at byte " + std::to_string(parameter.offset) + ", expected a multiple of " +
                                  std::to_string(bundleAlignment));
    // Neither sum overflows: both are below 2^62.
    if (!faults.any() && parameter.offset + bundledExtent(parameter.bytes) > manifest.files[bundle.file].size)
      faults.add(own.place(), "lies outside its file");
  }

  static constexpr uint64_t mostBytes = 1ull << 61;
  Fields fields;
  const Manifest &manifest;
  Faults &faults;
  BundleRecord bundle;
};

} // namespace

BundleRecord readBundle(const JsonValue &value, const Manifest &manifest, Faults &faults) {
  return BundleReader(value, manifest, faults).read();
}

} // namespace ptx
