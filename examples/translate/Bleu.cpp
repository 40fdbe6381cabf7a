#include "examples/translate/Bleu.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <regex>
#include <sstream>
#include <stdexcept>

namespace translate {

namespace {

using Tokens = std::vector<std::string>;
constexpr size_t order = 4;

Tokens split(const std::string &text) {
  std::istringstream stream(text);
  Tokens tokens;
  for (std::string token; stream >> token;)
    tokens.push_back(token);
  return tokens;
}

/// mteval-v13a: punctuation apart, except in numbers.
Tokens tokenize13a(std::string text) {
  for (auto [entity, plain] :
       {std::pair("&quot;", "\""), std::pair("&amp;", "&"), std::pair("&lt;", "<"), std::pair("&gt;", ">")})
    text = std::regex_replace(text, std::regex(entity), plain);
  text = " " + text + " ";
  static const std::regex symbols(R"(([\{-\~\[-\` -\&\(-\+\:-\@\/]))");
  static const std::regex after(R"(([^0-9])([\.,]))"), before(R"(([\.,])([^0-9]))"), dash(R"(([0-9])(-))");
  text = std::regex_replace(text, symbols, " $1 ");
  text = std::regex_replace(text, after, "$1 $2 ");
  text = std::regex_replace(text, before, " $1 $2");
  text = std::regex_replace(text, dash, "$1 $2 ");
  return split(text);
}

/// Every UTF-8 character a token; blanks are none.
Tokens tokenizeCharacters(const std::string &text) {
  Tokens tokens;
  for (size_t i = 0; i < text.size();) {
    unsigned char lead = static_cast<unsigned char>(text[i]);
    size_t length = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    std::string character = text.substr(i, length);
    if (character != " ")
      tokens.push_back(character);
    i += length;
  }
  return tokens;
}

std::map<Tokens, size_t> countGrams(const Tokens &tokens, size_t n) {
  std::map<Tokens, size_t> counts;
  for (size_t i = 0; i + n <= tokens.size(); ++i)
    ++counts[Tokens(tokens.begin() + static_cast<std::ptrdiff_t>(i),
                    tokens.begin() + static_cast<std::ptrdiff_t>(i + n))];
  return counts;
}

} // namespace

double corpusBleu(const std::vector<std::string> &hypotheses, const std::vector<std::string> &references,
                  bool byCharacter) {
  if (hypotheses.size() != references.size())
    throw std::runtime_error("BLEU: " + std::to_string(hypotheses.size()) + " translations, " +
                             std::to_string(references.size()) + " references");
  std::array<double, order> matched = {}, total = {};
  double hypothesisLength = 0, referenceLength = 0;
  for (size_t i = 0; i < hypotheses.size(); ++i) {
    Tokens hypothesis = byCharacter ? tokenizeCharacters(hypotheses[i]) : tokenize13a(hypotheses[i]);
    Tokens reference = byCharacter ? tokenizeCharacters(references[i]) : tokenize13a(references[i]);
    hypothesisLength += static_cast<double>(hypothesis.size());
    referenceLength += static_cast<double>(reference.size());
    for (size_t n = 0; n < order; ++n) {
      std::map<Tokens, size_t> allowed = countGrams(reference, n + 1);
      for (const auto &[gram, count] : countGrams(hypothesis, n + 1)) {
        total[n] += static_cast<double>(count);
        auto found = allowed.find(gram);
        matched[n] += found == allowed.end() ? 0 : static_cast<double>(std::min(count, found->second));
      }
    }
  }
  double logSum = 0, smooth = 1;
  for (size_t n = 0; n < order; ++n) {
    if (total[n] == 0)
      return 0;
    double precision = matched[n] / total[n];
    if (matched[n] == 0)
      precision = 1 / ((smooth *= 2) * total[n]);
    logSum += std::log(precision);
  }
  double brevity = hypothesisLength < referenceLength ? std::exp(1 - referenceLength / hypothesisLength) : 1;
  return 100 * brevity * std::exp(logSum / order);
}

} // namespace translate
