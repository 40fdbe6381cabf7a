// What an SSA value stands for while a module is interpreted.
#ifndef PTX_PASSES_INTERPRETER_VALUE_H
#define PTX_PASSES_INTERPRETER_VALUE_H

#include "passes/Interpreter/Interpreter.h"

#include <algorithm>
#include <variant>

namespace ptx::interp {

/// Which positions of [B,S] exist. With `keepFirst` position 0 exists even
/// where it is hidden from attention. Those that begin or continue a history
/// have their positions in it, behind the `past` ones of their sequence.
struct Mask {
  int64_t sequences = 0, length = 0;
  std::vector<bool> visible;
  bool keepFirst = false;
  std::vector<int64_t> past = {}; // [B], or empty

  int64_t position(int64_t b, int64_t s) const {
    if (past.empty())
      return s;
    auto row = visible.begin() + b * length;
    return past[b] + std::count(row, row + s, true);
  }

  bool sees(int64_t b, int64_t s) const { return visible[b * length + s]; }
  bool exists(int64_t b, int64_t s) const { return sees(b, s) || (keepFirst && s == 0); }
};

/// The bound adapter's factors for a site, or nothing; null is nothing.
using LowRank = std::shared_ptr<const Factors>;

/// A row table: of each sequence the visible positions in order, then
/// position 0 where `keepFirst` asks for it and the mask hides it.
struct Space {
  explicit Space(const Mask &mask);

  int64_t sequences, length;
  std::vector<int64_t> sequence, column; // [rows] places in [B,S]
  std::vector<int64_t> position;         // [rows] as those of the mask
  std::vector<int64_t> past;             // as that of the mask
  std::vector<int64_t> begin;            // [B+1]
  std::vector<int64_t> keys;             // [B], visible rows
  std::vector<int64_t> first;            // [B], row of position 0 or -1

  int64_t rows() const { return position.size(); }
};

using ArrayPtr = std::shared_ptr<const Array>;
using IntegersPtr = std::shared_ptr<const Integers>;
using MaskPtr = std::shared_ptr<const Mask>;
using SpacePtr = std::shared_ptr<const Space>;

/// What a cache holds: of each sequence one vector after the other.
struct Cache {
  std::string name;
  int64_t width;
  std::vector<std::vector<double>> held; // [B]
};
using CachePtr = std::shared_ptr<const Cache>;

/// double: a scalar of float or i1 type. ArrayPtr: float tensors, weights and
/// packed parameters. IntegersPtr: ids and row indices.
using Datum = std::variant<std::monostate, double, ArrayPtr, IntegersPtr, MaskPtr, SpacePtr, CachePtr, LowRank>;

inline Datum datum(Array array) { return std::make_shared<const Array>(std::move(array)); }
inline Datum datum(Integers integers) { return std::make_shared<const Integers>(std::move(integers)); }
inline Datum datum(Mask mask) { return std::make_shared<const Mask>(std::move(mask)); }

} // namespace ptx::interp

#endif // PTX_PASSES_INTERPRETER_VALUE_H
