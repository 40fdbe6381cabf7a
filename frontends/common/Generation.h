// The ids of text generation, from a model directory's own files.
#ifndef PTX_FRONTENDS_COMMON_GENERATION_H
#define PTX_FRONTENDS_COMMON_GENERATION_H

#include "runtime/generate/ids.h"
#include "runtime/io/json.h"

#include <string>
#include <vector>

namespace ptx::frontends {

struct GenerationSource {
  const JsonValue &config;      // of `directory`/config.json
  const std::string &directory; // where generation_config.json may lie
  bool followLinks = false;
  int64_t vocabulary = 0;       // of what is generated
  GenerationIds otherwise = {}; // what a configuration says that leaves a key out
};

/// Each key is taken from generation_config.json, else from config.json. Of the
/// former every key is looked at: one that would change ids in a way that ptx
/// does not compute is an error that names file and key; how to search (beams,
/// sampling, penalties) is the caller's to say and is left. Ids that the
/// vocabulary does not have never come: they are left out, with a note.
Result<GenerationIds> readGeneration(const GenerationSource &source, std::vector<std::string> &notes);

} // namespace ptx::frontends

#endif // PTX_FRONTENDS_COMMON_GENERATION_H
