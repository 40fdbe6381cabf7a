// Operands and references in double of every skeleton, laid out by a target's
// geometry. Pads hold NaN: whatever reaches a result shows. Results are fenced
// by guard values.
#ifndef PTX_TEST_PASSES_TARGET_KERNELDATA_H
#define PTX_TEST_PASSES_TARGET_KERNELDATA_H

#include "runtime/device/geometry.h"
#include "runtime/io/dtype.h"
#include "test/passes/Target/KernelTexts.h"

#include <cstdint>
#include <vector>

namespace ptx::test {

/// Floats at a 64-byte boundary with slack behind.
class Floats {
public:
  explicit Floats(int64_t count, float fill = 0);
  Floats(const Floats &) = delete;
  Floats(Floats &&) = default; // the vector's memory moves along
  float *data() { return start; }
  const float *data() const { return start; }
  float &operator[](int64_t i) { return start[i]; }
  float operator[](int64_t i) const { return start[i]; }
  int64_t size() const { return count; }
  void randomise(uint64_t seed, float scale = 1);

private:
  std::vector<float> storage;
  float *start;
  int64_t count;
};

inline constexpr float guard = -12345.5f;
inline int64_t roundUp(int64_t value, int64_t to) { return (value + to - 1) / to * to; }
bool sameBytes(const Floats &a, const Floats &b);
/// The first index outside of rows x width that holds no guard; -1: there is none.
int64_t writtenOutside(const Floats &y, int64_t rows, int64_t width, int64_t pitch);

/// To the nearest value of f32, f16 or bf16.
float roundTo(DType element, float value);

/// Rows of f16 or bf16, an even number of columns. Pads and a row behind the
/// last hold NaN.
struct NarrowRows {
  DType element;
  int64_t rows, width, pitch; // in words
  Floats words;

  NarrowRows(DType element, int64_t rows, int64_t width, const Geometry &geometry);
  /// Rounds rows of f32.
  NarrowRows(DType element, const Floats &from, int64_t rows, int64_t width, const Geometry &geometry);
  float at(int64_t row, int64_t column) const;
  void set(int64_t row, int64_t column, float value);
  /// The first element that is not that of rows of f32, rounded; -1: there is none.
  int64_t firstDifference(const Floats &wide, const Geometry &geometry) const;
  /// Whether what is no element still holds NaN.
  bool isGuarded() const;

private:
  uint16_t &bits(int64_t row, int64_t column) const;
};

/// Operands of products are rounded to `element`, which weights lie in.
struct ContractProblem {
  DType element;
  int64_t m, n, k, rank, pitchX, pitchY, pitchU;
  Floats x, y, u, bias, old;
  std::vector<float> plainWeight, plainB; // [n,k], [n,rank]
  Floats weight, b;                       // of any element type

  ContractProblem(int64_t m, int64_t n, int64_t k, int64_t rank, const Geometry &geometry, DType element = DType::F32);
  void clear();
  double reference(int64_t row, int64_t column) const; // before the region
  double magnitude(int64_t row, int64_t column) const; // sum of |products|
};

/// Sequences of queries and of keys; heads side by side in wider rows.
struct AttentionProblem {
  int64_t heads, headDim, width, pitch;
  std::vector<int64_t> queryCounts, keyCounts;
  std::vector<int32_t> blocks, begin, keys;
  int64_t queryRows = 0, keyRows = 0;
  Floats q, k, v, y;

  AttentionProblem(std::vector<int64_t> queries, std::vector<int64_t> keys, int64_t heads, int64_t headDim,
                   const Geometry &geometry, int64_t blockRows);
  /// A row of y, of a sequence.
  std::vector<double> reference(int64_t sequence, int64_t row, bool causal, double scale,
                                DType element = DType::F32) const;
};

/// The chunks of sequences that have one query each, and what they give.
struct ChunkProblem {
  int64_t width, pitch; // of a row of states
  std::vector<int32_t> chunks, begin;
  Floats states;

  ChunkProblem(const AttentionProblem &data, int64_t chunk, const Geometry &geometry);
  int64_t count() const { return static_cast<int64_t>(chunks.size() / 2); }
};

struct RowProblem {
  int64_t rows, width, pitch;
  Floats x, y, column, old;

  RowProblem(int64_t rows, int64_t width, const Geometry &geometry);
  void clear();
  /// An element of the row after norm 0 (layer), 1 (rms) or 2 (l2).
  double normalised(int norm, double eps, int64_t row, int64_t column) const;
};

/// Rows whose greatest element stands anywhere: once, several times, beside infinities and NaN; all equal, all
/// at one end of f32.
struct GreatestProblem {
  int64_t rows, width, pitch, pitchY;
  Floats x, y; // y: words of i32

  GreatestProblem(int64_t width, const Geometry &geometry);
  int32_t number(int64_t row) const;
  int32_t expected(int64_t row) const;
};

/// A base, a matrix [n,k] or a table [k,n], and factors A^T [k,rank], s B [n,rank].
struct FoldProblem {
  FoldForm form;
  int64_t k, n, rank, pitchA, pitchBase, pitchY; // in words
  std::vector<float> plainBase, plainB;          // as the base lies; [n,rank]
  Floats a, b, base, y, scale, inputs;           // y of a norm is a vector; inputs of what is scaled

  FoldProblem(int64_t k, int64_t n, int64_t rank, const FoldForm &form, const Geometry &geometry);
  /// The result's elements, in the order of the base's or, norms, of n.
  std::vector<float> result(const Geometry &geometry) const;
  /// Whether what completes the last pair of a row or panel is zero.
  bool isCompleted(const Geometry &geometry) const;
  /// What they must be, to the bit: r ascending from -0.0, one fused multiply-add
  /// each; squares in f64, k ascending.
  std::vector<float> expected() const;
  /// Rows of words of the base and of the result where they lie in rows.
  int64_t rows() const { return form.isTable ? k : n; }
  int64_t columns() const { return form.isTable ? n : k; }
};

} // namespace ptx::test

#endif // PTX_TEST_PASSES_TARGET_KERNELDATA_H
