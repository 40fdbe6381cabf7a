// Greedy translation with a compiled encoder-decoder, over ptx.h.
#ifndef PTX_EXAMPLES_TRANSLATE_TRANSLATOR_H
#define PTX_EXAMPLES_TRANSLATE_TRANSLATOR_H

#include <ptx.h>

#include <sentencepiece_processor.h>

#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace translate {

using Ids = std::vector<int64_t>;

/// An example may throw; ptx.h never does.
void check(ptx_status *status);

/// What config.json says about text.
struct TextRules {
  std::string tokenizer;
  Ids prefix, suffix;
  int64_t pad = 0, start = 0, end = 0;
};

TextRules readTextRules(const std::string &modelDirectory);

/// The tokenizer of the model.
class Text {
public:
  Text(const std::string &modelDirectory, const TextRules &rules);
  Ids encode(const std::string &sentence) const;
  std::string decode(const Ids &tokens) const;

private:
  const TextRules &rules;
  sentencepiece::SentencePieceProcessor pieces;
};

/// A session on one adapter.
class Translator {
public:
  Translator(ptx_program *program, const std::string &adapter, const TextRules &rules);
  ~Translator();
  Translator(const Translator &) = delete;
  Translator &operator=(const Translator &) = delete;

  /// Greedy tokens of each source, the end token included. Sources are taken
  /// `batch` at a time, those of similar length together.
  std::vector<Ids> translate(const std::vector<Ids> &sources, size_t limit, size_t batch);

  /// Logits of the first step of the first source: to compare bytes.
  std::vector<float> firstLogits(const Ids &source);

private:
  void step(const std::vector<const Ids *> &sources, const std::vector<Ids *> &targets);
  const float *forward(const std::vector<const Ids *> &sources, const std::vector<Ids *> &targets, size_t &vocabulary,
                       size_t &length);

  const TextRules &rules;
  ptx_binding *binding = nullptr;
  ptx_session *session = nullptr;
};

} // namespace translate

#endif // PTX_EXAMPLES_TRANSLATE_TRANSLATOR_H
