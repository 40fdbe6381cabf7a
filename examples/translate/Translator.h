// Translation with a compiled encoder-decoder, over ptx.h.
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

/// How translations are searched for.
struct Search {
  uint64_t limit = 64; // new tokens
  size_t batch = 50;   // sentences at a time
  uint32_t beams = 1;  // 1: greedy
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

  /// Tokens of each source, the end token included. Sources are taken a batch at
  /// a time, those of similar length together. In a program that mixes adapters
  /// each source may have its own (`adapters`, as ptx_program_adapter_id numbers them).
  std::vector<Ids> translate(const std::vector<Ids> &sources, const Search &search, const Ids &adapters = {});

  /// Logits of the first step of a source: to compare bytes.
  std::vector<float> firstLogits(const Ids &source);

private:
  ptx_program *program;
  const TextRules &rules;
  ptx_binding *binding = nullptr;
  ptx_session *session = nullptr;
};

} // namespace translate

#endif // PTX_EXAMPLES_TRANSLATE_TRANSLATOR_H
