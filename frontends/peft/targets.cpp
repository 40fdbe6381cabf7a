#include "frontends/peft/targets.h"

#include <algorithm>
#include <cctype>

namespace ptx::peft {

Targets::Names Targets::compileNames(const NameSet &names, const char *key, std::vector<std::string> &notes) {
  Names made;
  made.list = names.list;
  if (names.pattern.empty())
    return made;
  Result<Pattern> pattern = Pattern::compile(names.pattern);
  if (pattern) {
    made.pattern = std::move(*pattern);
    return made;
  }
  made.unread = true;
  notes.push_back(std::string(key) + ": " + pattern.error().message +
                  ": it is not asked, the factors say what is adapted");
  return made;
}

Targets Targets::compile(const Config &config, std::vector<std::string> &notes) {
  Targets made;
  made.allLinear = config.targets.pattern == "all-linear";
  if (!made.allLinear)
    made.targets = compileNames(config.targets, "target_modules", notes);
  made.excluded = compileNames(config.excluded, "exclude_modules", notes);
  made.feedForward = compileNames(config.feedForward, "feedforward_modules", notes);
  made.layers = config.layers;
  made.saved = config.saved;
  for (const std::string &name : config.layerNames) {
    // As PEFT writes it into a pattern of its own: everything in front of the number.
    Result<Pattern> pattern = Pattern::compile(".*\\.(" + name + ")");
    if (pattern) {
      made.layerNames.push_back(std::move(*pattern));
      continue;
    }
    made.layersUnread = true;
    notes.push_back("layers_pattern: " + pattern.error().message +
                    ": it is not asked, the factors say what is adapted");
  }
  return made;
}

bool endsInOneOf(const std::vector<std::string> &names, const std::string &path) {
  return std::any_of(names.begin(), names.end(), [&](const std::string &name) {
    return path == name || (path.size() > name.size() && path.ends_with("." + name));
  });
}

bool isInOneOf(const std::vector<std::string> &names, std::string path) {
  for (;;) {
    if (endsInOneOf(names, path))
      return true;
    size_t dot = path.rfind('.');
    if (dot == path.npos)
      return false;
    path.resize(dot);
  }
}

Targets::Answer Targets::excludes(const std::string &path) const {
  if (excluded.unread)
    return Answer::Unsaid;
  bool named = excluded.pattern ? excluded.pattern->matches(path) : endsInOneOf(excluded.list, path);
  return named ? Answer::Yes : Answer::No;
}

Targets::Answer Targets::namesFeedForward(const std::string &path) const {
  if (feedForward.unread)
    return Answer::Unsaid;
  auto endsIn = [&](const std::string &name) { return path.ends_with(name); };
  bool named = feedForward.pattern ? feedForward.pattern->matches(path)
                                   : std::any_of(feedForward.list.begin(), feedForward.list.end(), endsIn);
  return named ? Answer::Yes : Answer::No;
}

/// The number of the module's layer is the last one in its path that follows
/// the names asked for; without a layers_pattern any name that is not the first.
bool Targets::inLayers(const std::string &path) const {
  if (!layers || layers->empty())
    return true;
  for (size_t end = path.rfind('.'); end != std::string::npos && end > 0; end = path.rfind('.', end - 1)) {
    size_t begin = path.rfind('.', end - 1);
    if (begin == std::string::npos)
      return false;
    std::string number = path.substr(begin + 1, end - begin - 1), front = path.substr(0, begin);
    bool digits = !number.empty() && number.size() < 10 &&
                  std::all_of(number.begin(), number.end(), [](unsigned char c) { return std::isdigit(c); });
    bool named = layerNames.empty() ? front.find('.') != std::string::npos
                                    : std::any_of(layerNames.begin(), layerNames.end(),
                                                  [&](const Pattern &name) { return name.matches(front); });
    if (digits && named)
      return std::find(layers->begin(), layers->end(), std::stoull(number)) != layers->end();
  }
  return false;
}

Targets::Answer Targets::names(const BaseModule &module) const {
  const std::string &path = module.path;
  bool linear = module.kind == BaseModule::Linear || module.kind == BaseModule::Conv1D;
  if (targets.unread || (!allLinear && !targets.pattern && targets.list.empty()))
    return Answer::Unsaid;
  Answer excluded = excludes(path);
  if (excluded == Answer::Yes || isInOneOf(saved, path))
    return Answer::No;
  bool named = allLinear         ? linear && !module.isOutputHead
               : targets.pattern ? targets.pattern->matches(path)
                                 : std::find(targets.list.begin(), targets.list.end(), path) != targets.list.end();
  // Layers narrow only what the end of a path was enough for.
  if (!named && endsInOneOf(targets.list, path)) {
    if (layersUnread)
      return Answer::Unsaid;
    named = inLayers(path);
  }
  if (!named)
    return Answer::No;
  return excluded == Answer::Unsaid ? Answer::Unsaid : Answer::Yes;
}

} // namespace ptx::peft
