// Regular expressions of adapter configurations, matched in linear time.
#ifndef PTX_FRONTENDS_PEFT_PATTERN_H
#define PTX_FRONTENDS_PEFT_PATTERN_H

#include "runtime/io/result.h"

#include <bitset>
#include <string_view>
#include <vector>

namespace ptx::peft {

/// A pattern as a nondeterministic automaton (Thompson 1968): literals, `.`,
/// classes, \d \w \s, groups, alternation, * + ? {m,n}, ^ and $. Look-around
/// and back-references are refused by name: they need exponential time.
class Pattern {
public:
  static Result<Pattern> compile(std::string_view text);
  /// Whether the pattern matches the whole text.
  bool matches(std::string_view text) const;

private:
  friend class PatternParser;
  struct State {
    enum Kind { Bytes, Split, Begin, End, Accept } kind = Accept;
    std::bitset<256> bytes;
    size_t next = 0, other = 0;
  };
  void follow(size_t state, size_t at, size_t length, std::vector<char> &active, std::vector<size_t> &stack) const;

  std::vector<State> states;
  size_t start = 0;
};

/// PEFT's rule for the keys of rank_pattern and alpha_pattern: the key, as one
/// group, matches the whole module path, or the part behind some dot.
Result<bool> keyMatches(std::string_view key, std::string_view module);

} // namespace ptx::peft

#endif // PTX_FRONTENDS_PEFT_PATTERN_H
