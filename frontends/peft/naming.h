// Model classes with a head put a stem in front of the bare model's names:
// `bert.encoder...` beside `classifier`. An adapter made on one class fits the
// other where it is the same modules that it changes.
#ifndef PTX_FRONTENDS_PEFT_NAMING_H
#define PTX_FRONTENDS_PEFT_NAMING_H

#include "frontends/peft/adapter.h"

#include <map>

namespace ptx::peft {

/// The base as the adapter's model class names it.
struct Naming {
  Base base;
  std::map<std::string, std::string> original; // the base's own names of modules and weights; absent: the same
  std::string note;                            // what was done, empty for nothing

  const std::string &originalOf(const std::string &name) const {
    auto found = original.find(name);
    return found == original.end() ? name : found->second;
  }
};

/// Of the base's own names, those behind one of its stems, and those in front
/// of which a stem is put: the way that names most of `modules`. The first
/// where it names them all.
Naming nameAs(const Base &base, const std::vector<std::string> &modules);

} // namespace ptx::peft

#endif // PTX_FRONTENDS_PEFT_NAMING_H
