#include "frontends/peft/naming.h"

#include <algorithm>
#include <functional>
#include <optional>
#include <set>

namespace ptx::peft {

namespace {

/// A new name, or nothing for what the adapter's class does not have.
using Rename = std::function<std::optional<std::string>(const std::string &)>;

Naming renamed(const Base &base, const Rename &rename, std::string note) {
  Naming naming;
  naming.note = std::move(note);
  for (BaseModule module : base.modules)
    if (std::optional<std::string> name = rename(module.path)) {
      naming.original[*name] = module.path;
      module.path = *name;
      if (!module.tiedTo.empty())
        module.tiedTo = rename(module.tiedTo).value_or("");
      naming.base.modules.push_back(std::move(module));
    }
  for (BaseWeight weight : base.weights)
    if (std::optional<std::string> name = rename(weight.name)) {
      naming.original[*name] = weight.name;
      weight.name = *name;
      naming.base.weights.push_back(std::move(weight));
    }
  std::sort(naming.base.weights.begin(), naming.base.weights.end(),
            [](const BaseWeight &a, const BaseWeight &b) { return a.name < b.name; });
  return naming;
}

size_t countNamed(const Base &base, const std::vector<std::string> &modules) {
  std::set<std::string> known;
  for (const BaseModule &module : base.modules)
    known.insert(module.path);
  return static_cast<size_t>(
      std::count_if(modules.begin(), modules.end(), [&](const std::string &name) { return known.contains(name); }));
}

} // namespace

Naming nameAs(const Base &base, const std::vector<std::string> &modules) {
  Naming best;
  best.base = base;
  size_t most = countNamed(base, modules);
  if (most == modules.size())
    return best;
  for (const std::string &stem : base.stems) {
    auto add = [&](const std::string &name) { return std::optional(stem + name); };
    auto strip = [&](const std::string &name) {
      return name.starts_with(stem) ? std::optional(name.substr(stem.size())) : std::nullopt;
    };
    for (const auto &[rename, what] :
         {std::pair<Rename, const char *>(add, "' in front of every module, which the base has not"),
          std::pair<Rename, const char *>(strip, "' in front of no module, which the base has")}) {
      Naming other =
          renamed(base, rename, "the adapter was made on another class of the model: it has '" + stem + what);
      if (size_t named = countNamed(other.base, modules); named > most) {
        most = named;
        best = std::move(other);
      }
    }
  }
  return best;
}

} // namespace ptx::peft
