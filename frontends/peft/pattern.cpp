#include "frontends/peft/pattern.h"

#include "runtime/io/file.h"

#include <algorithm>
#include <cctype>
#include <optional>

namespace ptx::peft {

namespace {
constexpr size_t textCap = 4096, stateCap = 100'000, depthCap = 64, repeatCap = 1000;
} // namespace

/// Recursive descent over the pattern; fragments are built back to front, so
/// each knows what follows it.
class PatternParser {
public:
  explicit PatternParser(std::string_view text) : text(text) {}

  Result<Pattern> parse() {
    if (text.size() > textCap)
      return fail("is longer than " + std::to_string(textCap) + " bytes");
    std::optional<Tree> tree = alternation(0);
    if (tree && at != text.size())
      problem = problem.empty() ? "has an unexpected ')'" : problem;
    if (!tree || !problem.empty())
      return fail(problem);
    size_t accept = add({Pattern::State::Accept, {}, 0, 0});
    pattern.start = build(*tree, accept);
    if (pattern.states.size() > stateCap)
      return fail("repeats too much");
    return std::move(pattern);
  }

private:
  struct Tree {
    enum Kind { Bytes, Begin, End, Sequence, Choice, Repeat } kind = Sequence;
    std::bitset<256> bytes;
    std::vector<Tree> parts;
    size_t least = 0, most = 0; // Repeat; most = SIZE_MAX: unbounded
  };

  Error fail(const std::string &why) const { return Error{"pattern '" + printable(text) + "' " + why}; }

  std::optional<Tree> refuse(const std::string &why) {
    if (problem.empty())
      problem = why;
    return std::nullopt;
  }

  bool done() const { return at == text.size(); }
  bool take(char c) {
    if (done() || text[at] != c)
      return false;
    ++at;
    return true;
  }

  std::optional<Tree> alternation(size_t depth) {
    if (depth > depthCap)
      return refuse("is nested too deep");
    Tree choice{Tree::Choice, {}, {}, 0, 0};
    do {
      Tree sequence;
      while (!done() && text[at] != '|' && text[at] != ')') {
        std::optional<Tree> part = repeated(depth);
        if (!part)
          return part;
        sequence.parts.push_back(std::move(*part));
      }
      choice.parts.push_back(std::move(sequence));
    } while (take('|'));
    return choice;
  }

  std::optional<Tree> repeated(size_t depth) {
    std::optional<Tree> tree = atom(depth);
    while (tree && !done()) {
      size_t least, most;
      if (take('*'))
        least = 0, most = SIZE_MAX;
      else if (take('+'))
        least = 1, most = SIZE_MAX;
      else if (take('?'))
        least = 0, most = 1;
      else if (text[at] == '{' && bounds(least, most)) {
        if (most != SIZE_MAX && (least > most || most > repeatCap))
          return refuse("has a repetition out of order or above " + std::to_string(repeatCap));
      } else
        break;
      take('?'); // laziness does not change whether the whole text matches
      if (least > repeatCap)
        return refuse("repeats more than " + std::to_string(repeatCap) + " times");
      Tree repeat{Tree::Repeat, {}, {}, least, most};
      repeat.parts.push_back(std::move(*tree));
      tree = std::move(repeat);
    }
    return tree;
  }

  /// {m}, {m,}, {,n}, {m,n}; anything else is a literal brace.
  bool bounds(size_t &least, size_t &most) {
    size_t close = text.find('}', at);
    if (close == std::string_view::npos || close == at + 1)
      return false;
    std::string_view inside = text.substr(at + 1, close - at - 1);
    size_t comma = inside.find(',');
    auto number = [](std::string_view digits, size_t otherwise) -> std::optional<size_t> {
      if (digits.empty())
        return otherwise;
      size_t value = 0;
      for (char c : digits) {
        if (c < '0' || c > '9' || digits.size() > 6)
          return std::nullopt;
        value = value * 10 + static_cast<size_t>(c - '0');
      }
      return value;
    };
    std::optional<size_t> low = number(inside.substr(0, comma), 0), high = low;
    if (comma != std::string_view::npos)
      high = number(inside.substr(comma + 1), SIZE_MAX);
    if (!low || !high)
      return false;
    least = *low;
    most = *high;
    at = close + 1;
    return true;
  }

  std::optional<Tree> atom(size_t depth) {
    char c = text[at++];
    switch (c) {
    case '(':
      return group(depth);
    case '[':
      return bracket();
    case '\\':
      return escape();
    case '^':
      return Tree{Tree::Begin, {}, {}, 0, 0};
    case '$':
      return Tree{Tree::End, {}, {}, 0, 0};
    case '*':
    case '+':
    case '?':
      return refuse("has nothing to repeat before '" + std::string(1, c) + "'");
    case '.': {
      Tree any{Tree::Bytes, {}, {}, 0, 0};
      any.bytes.set().reset('\n');
      return any;
    }
    default:
      return literal(c);
    }
  }

  static Tree literal(char c) {
    Tree tree{Tree::Bytes, {}, {}, 0, 0};
    tree.bytes.set(static_cast<unsigned char>(c));
    return tree;
  }

  std::optional<Tree> group(size_t depth) {
    if (take('?')) {
      if (take('='))
        return refuse("uses look-ahead, which is not supported");
      if (take('!'))
        return refuse("uses negative look-ahead, which is not supported");
      if (take('<'))
        return refuse("uses look-behind or a named group, which is not supported");
      if (!take(':'))
        return refuse("uses an extension '(?' that is not supported");
    }
    std::optional<Tree> inside = alternation(depth + 1);
    if (inside && !take(')'))
      return refuse("has a '(' without ')'");
    return inside;
  }

  std::optional<std::bitset<256>> shorthand(char c) {
    std::bitset<256> set;
    for (int i = 0; i < 128; ++i) {
      bool in = false;
      switch (std::tolower(c)) {
      case 'd':
        in = std::isdigit(i);
        break;
      case 'w':
        in = std::isalnum(i) || i == '_';
        break;
      case 's':
        in = std::isspace(i);
        break;
      default:
        return std::nullopt;
      }
      set.set(static_cast<size_t>(i), in);
    }
    return std::isupper(c) ? ~set : set;
  }

  std::optional<Tree> escape() {
    if (done())
      return refuse("ends with a backslash");
    char c = text[at++];
    if (c >= '1' && c <= '9')
      return refuse("uses a back-reference, which is not supported");
    if (std::optional<std::bitset<256>> set = shorthand(c))
      return Tree{Tree::Bytes, *set, {}, 0, 0};
    if (std::isalnum(static_cast<unsigned char>(c)))
      return refuse("uses '\\" + std::string(1, c) + "', which is not supported");
    return literal(c);
  }

  std::optional<Tree> bracket() {
    Tree set{Tree::Bytes, {}, {}, 0, 0};
    bool negated = take('^'), first = true;
    for (; !done() && (first || text[at] != ']'); first = false) {
      unsigned char low = static_cast<unsigned char>(text[at++]);
      if (low == '\\' && !done()) {
        char c = text[at++];
        if (std::optional<std::bitset<256>> shorthandSet = shorthand(c)) {
          set.bytes |= *shorthandSet;
          continue;
        }
        low = static_cast<unsigned char>(c);
      }
      unsigned char high = low;
      if (at + 1 < text.size() && text[at] == '-' && text[at + 1] != ']') {
        high = static_cast<unsigned char>(text[at + 1]);
        at += 2;
      }
      if (high < low)
        return refuse("has a character range out of order");
      for (unsigned c = low; c <= high; ++c)
        set.bytes.set(c);
    }
    if (!take(']'))
      return refuse("has a '[' without ']'");
    if (negated)
      set.bytes.flip();
    return set;
  }

  size_t add(Pattern::State state) {
    pattern.states.push_back(state);
    return pattern.states.size() - 1;
  }

  /// Adds the states of `tree`, which lead on to `next`; returns the first.
  size_t build(const Tree &tree, size_t next) {
    if (pattern.states.size() > stateCap)
      return next;
    switch (tree.kind) {
    case Tree::Bytes:
      return add({Pattern::State::Bytes, tree.bytes, next, 0});
    case Tree::Begin:
      return add({Pattern::State::Begin, {}, next, 0});
    case Tree::End:
      return add({Pattern::State::End, {}, next, 0});
    case Tree::Sequence:
      for (auto part = tree.parts.rbegin(); part != tree.parts.rend(); ++part)
        next = build(*part, next);
      return next;
    case Tree::Choice: {
      size_t first = build(tree.parts.back(), next);
      for (size_t i = tree.parts.size() - 1; i-- > 0;)
        first = add({Pattern::State::Split, {}, build(tree.parts[i], next), first});
      return first;
    }
    case Tree::Repeat:
      break;
    }
    if (tree.most == SIZE_MAX) {
      size_t loop = add({Pattern::State::Split, {}, 0, next});
      pattern.states[loop].next = build(tree.parts[0], loop);
      next = loop;
    } else {
      for (size_t i = tree.least; i < tree.most; ++i)
        next = add({Pattern::State::Split, {}, build(tree.parts[0], next), next});
    }
    for (size_t i = 0; i < tree.least; ++i)
      next = build(tree.parts[0], next);
    return next;
  }

  std::string_view text;
  size_t at = 0;
  std::string problem;
  Pattern pattern;
};

Result<Pattern> Pattern::compile(std::string_view text) { return PatternParser(text).parse(); }

/// Marks `state` and whatever it reaches without reading a byte.
void Pattern::follow(size_t state, size_t at, size_t length, std::vector<char> &active,
                     std::vector<size_t> &stack) const {
  stack.push_back(state);
  while (!stack.empty()) {
    size_t s = stack.back();
    stack.pop_back();
    if (active[s])
      continue;
    active[s] = 1;
    const State &current = states[s];
    if (current.kind == State::Split) {
      stack.push_back(current.next);
      stack.push_back(current.other);
    } else if ((current.kind == State::Begin && at == 0) || (current.kind == State::End && at == length)) {
      stack.push_back(current.next);
    }
  }
}

bool Pattern::matches(std::string_view text) const {
  std::vector<char> active(states.size(), 0), after(states.size(), 0);
  std::vector<size_t> stack;
  follow(start, 0, text.size(), active, stack);
  for (size_t i = 0; i < text.size(); ++i) {
    std::fill(after.begin(), after.end(), 0);
    for (size_t s = 0; s < states.size(); ++s)
      if (active[s] && states[s].kind == State::Bytes && states[s].bytes[static_cast<unsigned char>(text[i])])
        follow(states[s].next, i + 1, text.size(), after, stack);
    active.swap(after);
  }
  for (size_t s = 0; s < states.size(); ++s)
    if (active[s] && states[s].kind == State::Accept)
      return true;
  return false;
}

Result<bool> keyMatches(std::string_view key, std::string_view module) {
  // "(.*\.)?(key)": anything that ends in a dot, then the key as one group.
  Result<Pattern> pattern = Pattern::compile("(?:.*\\.)?(?:" + std::string(key) + ")");
  if (!pattern)
    return pattern.error();
  return pattern->matches(module);
}

} // namespace ptx::peft
