// The ids that generation treats specially, as a model's files name them. The
// compiler writes them into the artifact, the runtime reads them there.
#ifndef PTX_RUNTIME_GENERATE_IDS_H
#define PTX_RUNTIME_GENERATE_IDS_H

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace ptx {

struct GenerationIds {
  std::optional<int64_t> start;               // what a text begins with: the decoder's start id, else bos
  std::optional<int64_t> pad;                 // fills rows that ended early
  std::vector<int64_t> eos;                   // each ends a row
  std::optional<int64_t> forcedFirst;         // forced_bos_token_id: behind a text of one id
  std::vector<int64_t> forcedLast;            // forced_eos_token_id: one of them is the last new id that there may be
  std::vector<std::vector<int64_t>> badWords; // sequences that no text may hold

  /// Bounds of what files and artifacts may hold.
  static constexpr int64_t most = INT32_MAX;
  static constexpr size_t mostIds = 4096, mostBadWords = 65536;

  bool operator==(const GenerationIds &) const = default;
};

} // namespace ptx

#endif // PTX_RUNTIME_GENERATE_IDS_H
