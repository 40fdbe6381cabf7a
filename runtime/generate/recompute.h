// Generation without caches: every step calls `forward` on the whole texts. The
// definition that a stepper over caches must agree with.
#ifndef PTX_RUNTIME_GENERATE_RECOMPUTE_H
#define PTX_RUNTIME_GENERATE_RECOMPUTE_H

#include "runtime/core/call.h"
#include "runtime/generate/stepper.h"
#include "runtime/generate/text_model.h"

namespace ptx {

class RecomputingStepper : public Stepper {
public:
  /// The session is claimed by the caller, and `model` is of its program.
  RecomputingStepper(Session &session, const TextModel &model) : session(session), model(model) {}

  Status start(std::span<const Prompt> prompts) override;
  Status step(std::span<const size_t> parents, std::span<const int64_t> tokens) override;
  Result<Logits> logits() override { return Logits{values, model.vocabulary}; }

private:
  struct Text {
    const Prompt *prompt;
    TokenIds ids; // the prompt's text, and what came behind it
  };

  Status compute();
  Status computeTexts(size_t begin, size_t end);

  Session &session;
  TextModel model;
  std::vector<Text> texts;
  std::vector<float> values; // [texts, vocabulary]
};

} // namespace ptx

#endif // PTX_RUNTIME_GENERATE_RECOMPUTE_H
