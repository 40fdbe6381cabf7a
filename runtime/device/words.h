// The words a kernel is called with: names and types, by skeleton. The one
// place that states them; the plan fills them in this order, generators ask
// for them by name, and the runtime checks every launch record against them.
#ifndef PTX_RUNTIME_DEVICE_WORDS_H
#define PTX_RUNTIME_DEVICE_WORDS_H

#include "runtime/io/dtype.h"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ptx::words {

enum class Type {
  Rows,   // address of rows in a buffer; 0: there are none
  Weight, // address of a parameter; 0: there is none
  Table,  // address of rows to gather from: a buffer or a parameter
  Index,  // address of an array of i32: ids, or a field of a row table
  Pitch,  // words of 32 bits from one row to the next
  Count   // an integer: a width, or the bound adapter's rank
};

struct TypeName {
  Type type;
  std::string_view name;
};
inline constexpr TypeName typeNames[] = {{Type::Rows, "rows"},   {Type::Weight, "weight"}, {Type::Table, "table"},
                                         {Type::Index, "index"}, {Type::Pitch, "pitch"},   {Type::Count, "count"}};

constexpr std::string_view nameOf(Type type) { return typeNames[static_cast<size_t>(type)].name; }

struct Word {
  std::string name;
  Type type;
  std::string_view columns = {}; // of rows and tables: the count of columns that are touched
  DType element = DType::F32;    // of a weight, rows or a table: f32, f16 or bf16; of numbers: i32
};
using Signature = std::vector<Word>;

/// What may be of 16 bits: factors in the type they are multiplied in, results
/// and what is stored in any.
enum class Role { Other, Factor, Any };

struct SkeletonWord {
  std::string_view name;
  Type type;
  std::string_view columns = {};
  Role role = Role::Other;
  DType element = DType::F32; // where nothing else is said
};
struct Skeleton {
  std::string_view name;
  std::span<const SkeletonWord> words;
};

// y[m,n] = region(sum_k x[m,k] weight[n,k] + sum_r u[m,r] b[n,r]); without a
// low-rank part u and b are 0 and so is rank.
inline constexpr SkeletonWord contract[] = {{"x", Type::Rows, "depth", Role::Factor},
                                            {"x_pitch", Type::Pitch},
                                            {"weight", Type::Weight},
                                            {"depth", Type::Count},
                                            {"width", Type::Count},
                                            {"y", Type::Rows, "width", Role::Any},
                                            {"y_pitch", Type::Pitch},
                                            {"u", Type::Rows, "rank"},
                                            {"u_pitch", Type::Pitch},
                                            {"b", Type::Weight},
                                            {"rank", Type::Count}};
// blocks: runs of query rows of one sequence; key_begin and keys: of each
// sequence in the space of the keys. Columns are those of the heads.
inline constexpr SkeletonWord attention[] = {{"q", Type::Rows, "", Role::Factor},
                                             {"q_pitch", Type::Pitch},
                                             {"k", Type::Rows, "", Role::Factor},
                                             {"k_pitch", Type::Pitch},
                                             {"v", Type::Rows, "", Role::Factor},
                                             {"v_pitch", Type::Pitch},
                                             {"y", Type::Rows, "", Role::Any},
                                             {"y_pitch", Type::Pitch},
                                             {"blocks", Type::Index},
                                             {"key_begin", Type::Index},
                                             {"keys", Type::Index}};
// y: of each chunk of keys and each head what the chunk gives the one query of its sequence, whose row has the
// sequence's number. chunks: sequence and first key of each.
inline constexpr SkeletonWord attentionChunk[] = {{"q", Type::Rows, "", Role::Factor},
                                                  {"q_pitch", Type::Pitch},
                                                  {"k", Type::Rows, "", Role::Factor},
                                                  {"k_pitch", Type::Pitch},
                                                  {"v", Type::Rows, "", Role::Factor},
                                                  {"v_pitch", Type::Pitch},
                                                  {"y", Type::Rows, "states"},
                                                  {"y_pitch", Type::Pitch},
                                                  {"states", Type::Count},
                                                  {"chunks", Type::Index},
                                                  {"key_begin", Type::Index},
                                                  {"keys", Type::Index}};
// y[m]: what the chunks x[chunk_begin[m]..] of sequence m give, joined.
inline constexpr SkeletonWord attentionJoin[] = {{"x", Type::Rows, "states"},      {"x_pitch", Type::Pitch},
                                                 {"y", Type::Rows, "", Role::Any}, {"y_pitch", Type::Pitch},
                                                 {"states", Type::Count},          {"chunk_begin", Type::Index}};
/// Floats of what keys give a query and a head: sums of weighted values, in a multiple of 16, the greatest score, the
/// sum of the weights.
constexpr int64_t stateFloats(int64_t headDim) { return (headDim + 15) / 16 * 16 + 16; }
inline constexpr SkeletonWord rowWise[] = {{"x", Type::Rows, "width"},
                                           {"x_pitch", Type::Pitch},
                                           {"y", Type::Rows, "width", Role::Any},
                                           {"y_pitch", Type::Pitch},
                                           {"width", Type::Count}};
inline constexpr SkeletonWord pool[] = {
    {"x", Type::Rows, "width"}, {"x_pitch", Type::Pitch}, {"y", Type::Rows, "width", Role::Any},
    {"y_pitch", Type::Pitch},   {"width", Type::Count},   {"begin", Type::Index},
    {"keys", Type::Index},      {"position", Type::Index}};
// y[m] = the number of the greatest of x[m,n]
inline constexpr SkeletonWord greatest[] = {{"x", Type::Rows, "width"},
                                            {"x_pitch", Type::Pitch},
                                            {"y", Type::Rows, "", Role::Other, DType::I32},
                                            {"y_pitch", Type::Pitch},
                                            {"width", Type::Count}};
// y[cells[m], n] = x[m, n]
inline constexpr SkeletonWord append[] = {{"x", Type::Rows, "width", Role::Any},
                                          {"x_pitch", Type::Pitch},
                                          {"y", Type::Rows, "width", Role::Any},
                                          {"y_pitch", Type::Pitch},
                                          {"width", Type::Count},
                                          {"cells", Type::Index}};
inline constexpr SkeletonWord gather[] = {
    {"y", Type::Rows, "width", Role::Any}, {"y_pitch", Type::Pitch}, {"width", Type::Count}};

// y[n,k] = inputs[k] region(base[n,k], sum_r a[k,r] b[n,r]) over packed parameters
// of one layout; inputs 0 are ones; depth: of k, width: of n; pitches: between the rows of a matrix [n,k],
// where the target keeps it in rows, or of a table [k,n]. Without a low-rank
// part a and b are 0 and so is rank. The norm of folds is one vector y[n].
inline constexpr SkeletonWord fold[] = {{"a", Type::Weight},
                                        {"a_pitch", Type::Pitch},
                                        {"b", Type::Weight},
                                        {"rank", Type::Count},
                                        {"base", Type::Weight, "", Role::Any},
                                        {"base_pitch", Type::Pitch},
                                        {"y", Type::Weight, "", Role::Any},
                                        {"y_pitch", Type::Pitch},
                                        {"depth", Type::Count},
                                        {"width", Type::Count},
                                        {"inputs", Type::Weight}};
inline constexpr SkeletonWord foldNorm[] = {{"a", Type::Weight},
                                            {"a_pitch", Type::Pitch},
                                            {"b", Type::Weight},
                                            {"rank", Type::Count},
                                            {"base", Type::Weight, "", Role::Any},
                                            {"base_pitch", Type::Pitch},
                                            {"y", Type::Weight},
                                            {"depth", Type::Count},
                                            {"width", Type::Count}};

inline constexpr Skeleton skeletons[] = {{"contract", contract},
                                         {"attention", attention},
                                         {"row_norm", rowWise},
                                         {"gather", gather},
                                         {"pool", pool},
                                         {"map", rowWise},
                                         {"fold", fold},
                                         {"fold_norm", foldNorm},
                                         {"append", append},
                                         {"greatest", greatest},
                                         {"attention_chunk", attentionChunk},
                                         {"attention_join", attentionJoin}};

/// Words of 32 bits in a row of elements: of 16-bit ones there is an even number.
constexpr uint64_t rowWords(uint64_t elements, DType element) {
  return element == DType::F16 || element == DType::BF16 ? elements / 2 : elements;
}

/// What distinguishes the words of kernels of one skeleton.
struct Shape {
  int64_t tables = 0;
  std::span<const bool> extraIsRows = {};
  DType weights = DType::F32;                                    // in which a contraction or an attention multiplies
  std::span<const std::pair<std::string_view, DType>> rows = {}; // and tables, that are not of f32
};

/// The word of a skeleton's own, or null.
inline const SkeletonWord *findWord(std::string_view skeleton, std::string_view name) {
  for (const Skeleton &entry : skeletons)
    if (entry.name == skeleton)
      for (const SkeletonWord &word : entry.words)
        if (word.name == name)
          return &word;
  return nullptr;
}

/// The words of a kernel: those of its skeleton, then three per gathered table,
/// then one (an element per column) or two (rows) per extra of its region.
/// Empty for an unknown skeleton.
inline Signature signatureOf(std::string_view skeleton, const Shape &shape) {
  Signature signature;
  auto elementOf = [&](std::string_view word, DType otherwise) {
    for (const auto &[name, element] : shape.rows)
      if (name == word)
        return element;
    return otherwise;
  };
  for (const Skeleton &entry : skeletons)
    if (entry.name == skeleton)
      for (const SkeletonWord &word : entry.words)
        signature.push_back({std::string(word.name), word.type, word.columns,
                             elementOf(word.name, word.type == Type::Weight ? shape.weights : word.element)});
  for (int64_t t = 0; t < shape.tables; ++t) {
    std::string name = "table_" + std::to_string(t);
    signature.push_back({name, Type::Table, "width", elementOf(name, DType::F32)});
    signature.push_back({name + "_pitch", Type::Pitch});
    signature.push_back({"index_" + std::to_string(t), Type::Index});
  }
  for (size_t i = 0; i < shape.extraIsRows.size(); ++i) {
    std::string name = "extra_" + std::to_string(i);
    signature.push_back({name, shape.extraIsRows[i] ? Type::Rows : Type::Weight, "width"});
    if (shape.extraIsRows[i])
      signature.push_back({name + "_pitch", Type::Pitch});
  }
  return signature;
}

} // namespace ptx::words

#endif // PTX_RUNTIME_DEVICE_WORDS_H
