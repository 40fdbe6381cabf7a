// Small changes of IR text, at random: what a slip of the hand, a cut file or a
// pass gone wrong would make of it.
#ifndef PTX_TEST_PASSES_MUTATOR_MUTATE_H
#define PTX_TEST_PASSES_MUTATOR_MUTATE_H

#include <random>
#include <string>
#include <vector>

namespace ptx {

using Random = std::mt19937_64;

/// The words of MLIR text: numbers, names with their sigil, types up to their
/// closing bracket, strings, and single characters for the rest. Concatenated
/// they are the text.
std::vector<std::string> tokenize(const std::string &text);

/// The text with one to three changes.
std::string mutate(const std::string &text, Random &random);

} // namespace ptx

#endif // PTX_TEST_PASSES_MUTATOR_MUTATE_H
