// Generation over rows that keep their texts: `prefill` begins them, `decode`
// continues each by a token. What RecomputingStepper says, without computing
// anything twice.
#ifndef PTX_RUNTIME_GENERATE_CACHED_H
#define PTX_RUNTIME_GENERATE_CACHED_H

#include "runtime/core/call.h"
#include "runtime/generate/stepper.h"
#include "runtime/generate/text_model.h"

namespace ptx {

class CachedStepper : public Stepper {
public:
  /// The session is claimed by the caller, and `model`, which is cached, is of its
  /// program. Room is made for so many texts of so many tokens.
  static Result<std::unique_ptr<CachedStepper>> open(Session &session, const TextModel &model, size_t texts,
                                                     size_t tokens);

  Status start(std::span<const Prompt> prompts) override;
  Status step(std::span<const size_t> parents, std::span<const int64_t> tokens) override;
  Result<Logits> logits() override;
  Result<std::span<const int32_t>> greatest() override;

private:
  CachedStepper(Session &session, const TextModel &model, SessionState &rows)
      : session(session), model(model), rows(rows) {}
  Status call(const CachedFunction &function); // with `inputs`

  Session &session;
  TextModel model;
  SessionState &rows;                     // text i is in row i
  std::vector<int64_t> adapters;          // of each text; empty: the session's
  size_t count = 0;                       // of texts
  const CachedFunction *called = nullptr; // the last one
  // Of a step; the memory serves the next.
  std::vector<uint32_t> order;
  std::vector<bool> isParent;
  TokenIds ids;
  std::vector<ptx_tensor> inputs;
};

} // namespace ptx

#endif // PTX_RUNTIME_GENERATE_CACHED_H
