// Which modules an adapter's configuration names: what PEFT's
// check_target_module_exists answers from target_modules, exclude_modules,
// layers_to_transform, layers_pattern and, of IA3, feedforward_modules.
#ifndef PTX_FRONTENDS_PEFT_TARGETS_H
#define PTX_FRONTENDS_PEFT_TARGETS_H

#include "frontends/peft/adapter.h"
#include "frontends/peft/config.h"
#include "frontends/peft/pattern.h"

#include <optional>

namespace ptx::peft {

/// Whether a path is one of the names, or ends in "." and one.
bool endsInOneOf(const std::vector<std::string> &names, const std::string &path);

/// Whether a path is one of the named modules, or inside one.
bool isInOneOf(const std::vector<std::string> &names, std::string path);

class Targets {
public:
  enum class Answer {
    No,
    Yes,
    Unsaid // no target_modules, or a pattern that is not read: the factors say it
  };

  /// A pattern that is beyond Pattern is noted, and not asked.
  static Targets compile(const Config &config, std::vector<std::string> &notes);
  Answer names(const BaseModule &module) const;
  /// Whether feedforward_modules names it: by the end of its path, wherever that begins.
  Answer namesFeedForward(const std::string &path) const;

private:
  /// A list of names or a pattern.
  struct Names {
    std::vector<std::string> list;
    std::optional<Pattern> pattern;
    bool unread = false; // there is a pattern, which is not read
  };
  static Names compileNames(const NameSet &names, const char *key, std::vector<std::string> &notes);
  Answer excludes(const std::string &path) const;
  bool inLayers(const std::string &path) const;

  Names targets, excluded, feedForward;
  bool allLinear = false, layersUnread = false;
  std::vector<std::string> saved; // whole modules: PEFT adapts nothing inside
  std::optional<std::vector<uint64_t>> layers;
  std::vector<Pattern> layerNames;
};

} // namespace ptx::peft

#endif // PTX_FRONTENDS_PEFT_TARGETS_H
