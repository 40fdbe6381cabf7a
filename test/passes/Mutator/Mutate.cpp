#include "Mutate.h"

#include <cctype>
#include <cstring>

namespace ptx {

namespace {

bool isNameChar(char c) { return std::isalnum(static_cast<unsigned char>(c)) || std::strchr("_.$", c) != nullptr; }

/// The end of the token that begins at `i`.
size_t endOfToken(const std::string &text, size_t i) {
  size_t end = i + 1;
  char c = text[i];
  if (c == '"') {
    while (end < text.size() && text[end] != '"' && text[end] != '\n')
      ++end;
    return std::min(end + 1, text.size());
  }
  if (c == ' ') {
    while (end < text.size() && text[end] == ' ')
      ++end;
    return end;
  }
  bool sigil = std::strchr("%@!#^-", c) != nullptr;
  if (sigil && end < text.size() && text[end] == '"')
    return endOfToken(text, end);
  if (!sigil && !isNameChar(c))
    return end;
  while (end < text.size() && (isNameChar(text[end]) || (text[end] == '#' && c == '%')))
    ++end;
  bool bracketed = end < text.size() && text[end] == '<' && (c == '!' || c == '#' || text.compare(i, 6, "tensor") == 0);
  for (int depth = 0; bracketed && end < text.size() && text[end] != '\n'; ++end) {
    depth += text[end] == '<';
    depth -= text[end] == '>' && text[end - 1] != '-';
    if (depth == 0)
      return end + 1;
  }
  return end;
}

enum class Kind { Number, Value, Symbol, Type, String, Word, Other };

Kind kindOf(const std::string &token) {
  char c = token[0];
  if (std::isdigit(static_cast<unsigned char>(c)) || (c == '-' && token.size() > 1))
    return Kind::Number;
  if (c == '%')
    return Kind::Value;
  if (c == '@')
    return Kind::Symbol;
  if (c == '!' || token.rfind("tensor<", 0) == 0)
    return Kind::Type;
  if (c == '"')
    return Kind::String;
  return std::isalpha(static_cast<unsigned char>(c)) ? Kind::Word : Kind::Other;
}

template <typename T> const T &pick(const std::vector<T> &from, Random &random) { return from[random() % from.size()]; }

std::vector<std::string> linesOf(const std::string &text) {
  std::vector<std::string> lines;
  for (size_t i = 0; i < text.size();) {
    size_t end = text.find('\n', i);
    end = end == std::string::npos ? text.size() : end + 1;
    lines.push_back(text.substr(i, end - i));
    i = end;
  }
  return lines;
}

std::string join(const std::vector<std::string> &parts) {
  std::string text;
  for (const std::string &part : parts)
    text += part;
  return text;
}

/// Lines gone, twice there, or in another order.
std::string mutateLines(const std::string &text, Random &random) {
  std::vector<std::string> lines = linesOf(text);
  size_t at = random() % lines.size(), other = random() % lines.size();
  switch (random() % 3) {
  case 0:
    lines.erase(lines.begin() + at);
    break;
  case 1:
    lines.insert(lines.begin() + other, lines[at]);
    break;
  default:
    std::swap(lines[at], lines[other]);
  }
  return join(lines);
}

/// What stands where a token of the kind stood, beside other tokens of its kind.
const std::vector<std::string> &strangers(Kind kind) {
  static const std::vector<std::string> numbers = {"0",
                                                   "1",
                                                   "-1",
                                                   "-2",
                                                   "2",
                                                   "3",
                                                   "7",
                                                   "8",
                                                   "16",
                                                   "64",
                                                   "4096",
                                                   "2147483647",
                                                   "2147483648",
                                                   "1.0e300",
                                                   "9223372036854775807",
                                                   "-1.0",
                                                   "0x7FF8000000000000"};
  static const std::vector<std::string> types = {"tensor<*xf32>",
                                                 "tensor<f32>",
                                                 "tensor<?xf32>",
                                                 "tensor<?x?xf32>",
                                                 "tensor<?x?x?xf32>",
                                                 "tensor<2x3x8xf32>",
                                                 "tensor<?x?xi64>",
                                                 "tensor<?x?xi1>",
                                                 "tensor<?xi32>",
                                                 "tensor<?x8xf32, #stage.per_sequence>",
                                                 "tensor<?xi32, #stage.per_sequence>",
                                                 "!xf.weight<8xf32>",
                                                 "!xf.weight<8x8xf16>",
                                                 "!xf.low_rank<8x8>",
                                                 "!xf.packed<matrix, ?x8xf32>",
                                                 "!xf.packed<vector, 8x1xf32>",
                                                 "!stage.space",
                                                 "f32",
                                                 "f64"};
  static const std::vector<std::string> words = {"linear", "embedding",  "matrix",     "table",     "vector", "in_out",
                                                 "dora",   "keep_first", "causal",     "relu",      "f16",    "layer",
                                                 "rms",    "l2",         "row",        "sequence",  "{foo}",  "{}",
                                                 "bias",   "default",    "arith.addf", "math.atan", "rows"};
  static const std::vector<std::string> none = {""};
  return kind == Kind::Number ? numbers : kind == Kind::Type ? types : kind == Kind::Word ? words : none;
}

/// Every token that is `old` becomes `fresh`: a change that holds together.
std::string replaceAll(std::vector<std::string> tokens, const std::string &old, const std::string &fresh) {
  for (std::string &token : tokens)
    if (token == old)
      token = fresh;
  return join(tokens);
}

/// One token, or every equal one, becomes another of its kind.
std::string mutateToken(const std::string &text, Random &random) {
  std::vector<std::string> tokens = tokenize(text);
  for (int tries = 0; tries < 100; ++tries) {
    size_t at = random() % tokens.size();
    std::string &token = tokens[at];
    Kind kind = kindOf(token);
    if (kind == Kind::Other)
      continue;
    // Values and words mean something near where they stand.
    bool local = kind == Kind::Value || kind == Kind::Word;
    std::vector<std::string> choices;
    for (size_t i = local && at > 400 ? at - 400 : 0; i < (local ? at : tokens.size()); ++i)
      if (kindOf(tokens[i]) == kind && tokens[i] != token)
        choices.push_back(tokens[i]);
    if (random() % 3 == 0 || choices.empty())
      choices = strangers(kind);
    const std::string fresh = pick(choices, random);
    if (fresh.empty())
      continue;
    if (kind != Kind::Value && random() % 3 == 0)
      return replaceAll(tokens, std::string(token), fresh);
    token = fresh;
    return join(tokens);
  }
  return text;
}

} // namespace

std::vector<std::string> tokenize(const std::string &text) {
  std::vector<std::string> tokens;
  for (size_t i = 0; i < text.size();) {
    size_t end = endOfToken(text, i);
    tokens.push_back(text.substr(i, end - i));
    i = end;
  }
  return tokens;
}

std::string mutate(const std::string &text, Random &random) {
  std::string mutant = text;
  // Mostly one: few texts with several still parse.
  for (size_t changes = random() % 4 ? 1 : 1 + random() % 3; changes > 0; --changes)
    mutant = random() % 5 == 0 ? mutateLines(mutant, random) : mutateToken(mutant, random);
  return mutant;
}

} // namespace ptx
