// A model whose logits are a hash of the text: no two texts continue alike.
#ifndef PTX_TEST_RUNTIME_GENERATE_TOYSTEPPER_H
#define PTX_TEST_RUNTIME_GENERATE_TOYSTEPPER_H

#include "runtime/generate/logits.h"
#include "runtime/generate/stepper.h"

#include <cmath>

namespace ptx {

class ToyStepper : public Stepper {
public:
  explicit ToyStepper(size_t vocabulary) : vocabulary(vocabulary) {}

  /// From -4 to 4.
  static float logit(const TokenIds &text, int64_t next) {
    uint64_t hash = 0x9e3779b97f4a7c15u;
    for (int64_t id : text)
      hash = (hash ^ static_cast<uint64_t>(id)) * 0xbf58476d1ce4e5b9u, hash ^= hash >> 29;
    hash = (hash ^ static_cast<uint64_t>(next)) * 0x94d049bb133111ebu;
    return static_cast<float>((hash ^ (hash >> 31)) >> 40) / 2097152.0f - 4.0f;
  }

  Status start(std::span<const Prompt> prompts) override {
    texts.clear();
    for (const Prompt &prompt : prompts)
      texts.push_back(prompt.text);
    return compute();
  }

  Status step(std::span<const size_t> parents, std::span<const int64_t> tokens) override {
    std::vector<TokenIds> grown;
    for (size_t i = 0; i < parents.size(); ++i) {
      grown.push_back(texts.at(parents[i]));
      grown.back().push_back(tokens[i]);
    }
    texts = std::move(grown);
    return compute();
  }

  Result<Logits> logits() override {
    ++asked;
    return Logits{values, vocabulary};
  }

  Result<std::span<const int32_t>> greatest() override {
    best.clear();
    for (size_t text = 0; text < texts.size(); ++text)
      best.push_back(greatestOf(Logits{values, vocabulary}.of(text)));
    return std::span<const int32_t>(best);
  }

  size_t vocabulary;
  std::vector<TokenIds> texts;   // as they are
  std::vector<size_t> counts;    // of texts, per step
  size_t asked = 0;              // for logits
  std::optional<size_t> failsAt; // the step that gives an error
  std::optional<float> poison;   // in place of the last logit of the first text

private:
  Status compute() {
    if (counts.size() == failsAt)
      return Error{"the model is tired"};
    counts.push_back(texts.size());
    values.clear();
    for (const TokenIds &text : texts)
      for (size_t id = 0; id < vocabulary; ++id)
        values.push_back(logit(text, static_cast<int64_t>(id)));
    if (poison)
      values[vocabulary - 1] = *poison;
    return {};
  }

  std::vector<float> values;
  std::vector<int32_t> best;
};

/// What `chosen` is where nobody listens.
inline Status ignoreToken(size_t, int64_t) { return {}; }

} // namespace ptx

#endif // PTX_TEST_RUNTIME_GENERATE_TOYSTEPPER_H
