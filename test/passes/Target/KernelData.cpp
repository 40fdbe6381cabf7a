#include "test/passes/Target/KernelData.h"

#include "runtime/device/words.h"
#include "runtime/io/convert.h"

#include <algorithm>
#include <cmath>
#include <cstring>

using namespace ptx::test;
using ptx::DType;

Floats::Floats(int64_t count, float fill) : storage(count + 128, fill), count(count) {
  auto address = reinterpret_cast<uintptr_t>(storage.data());
  start = reinterpret_cast<float *>((address + 63) / 64 * 64);
}

void Floats::randomise(uint64_t seed, float scale) {
  uint64_t state = seed * 0x9e3779b97f4a7c15ull + 1;
  for (int64_t i = 0; i < count; ++i) {
    state ^= state << 13, state ^= state >> 7, state ^= state << 17;
    start[i] = scale * (static_cast<float>(state >> 40) / (1 << 23) - 1.0f);
  }
}

// Pads hold NaN: whatever reaches a result shows.
static void spoilPads(Floats &matrix, int64_t rows, int64_t width, int64_t pitch) {
  for (int64_t i = 0; i < rows; ++i)
    for (int64_t j = width; j < pitch; ++j)
      matrix[i * pitch + j] = NAN;
}

float ptx::test::roundTo(DType element, float value) {
  return element == DType::F16    ? widenF16(narrowF16(value))
         : element == DType::BF16 ? widenBF16(narrowBF16(value))
                                  : value;
}

NarrowRows::NarrowRows(DType element, int64_t rows, int64_t width, const Geometry &geometry)
    : element(element), rows(rows), width(width), pitch(static_cast<int64_t>(geometry.pitch(width / 2))),
      words((rows + 1) * pitch) {
  std::memset(words.data(), 0xff, sizeof(float) * words.size());
}

NarrowRows::NarrowRows(DType element, const Floats &from, int64_t rows, int64_t width, const Geometry &geometry)
    : NarrowRows(element, rows, width, geometry) {
  auto step = static_cast<int64_t>(geometry.pitch(width));
  for (int64_t i = 0; i < rows; ++i)
    for (int64_t j = 0; j < width; ++j)
      set(i, j, from[i * step + j]);
}

uint16_t &NarrowRows::bits(int64_t row, int64_t column) const {
  return reinterpret_cast<uint16_t *>(const_cast<float *>(words.data()))[2 * row * pitch + column];
}

float NarrowRows::at(int64_t row, int64_t column) const {
  return element == DType::F16 ? widenF16(bits(row, column)) : widenBF16(bits(row, column));
}

void NarrowRows::set(int64_t row, int64_t column, float value) {
  bits(row, column) = element == DType::F16 ? narrowF16(value) : narrowBF16(value);
}

int64_t NarrowRows::firstDifference(const Floats &wide, const Geometry &geometry) const {
  auto step = static_cast<int64_t>(geometry.pitch(width));
  for (int64_t i = 0; i < rows * width; ++i)
    if (at(i / width, i % width) != roundTo(element, wide[i / width * step + i % width]))
      return i;
  return -1;
}

bool NarrowRows::isGuarded() const {
  for (int64_t i = 0; i <= rows; ++i)
    for (int64_t j = i < rows ? width : 0; j < 2 * pitch; ++j)
      if (bits(i, j) != 0xffff)
        return false;
  return true;
}

/// Where element (n,k) of a matrix [rows, columns] lies.
static int64_t placeOf(int64_t n, int64_t k, int64_t columns, const ptx::Geometry &geometry, ptx::DType element) {
  auto lanes = static_cast<int64_t>(geometry.lanes);
  if (geometry.matrix == ptx::MatrixLayout::Rows)
    return n * static_cast<int64_t>(geometry.matrixPitch(columns, element)) + k;
  int64_t pair = element == ptx::DType::BF16 ? 2 : 1, depth = ptx::test::roundUp(columns, pair);
  return (n / lanes) * lanes * depth + (k / pair * lanes + n % lanes) * pair + k % pair;
}

/// A weight matrix [rows, columns] as the geometry lays it out; what no element or pair fills is
/// NaN in rows, and zero in panels.
static Floats layOut(const std::vector<float> &plain, int64_t rows, int64_t columns, const ptx::Geometry &geometry,
                     ptx::DType element = ptx::DType::F32) {
  bool panels = geometry.matrix == ptx::MatrixLayout::Panels, wide = element == ptx::DType::F32;
  auto count = static_cast<int64_t>(geometry.matrixElements(rows, columns, element));
  Floats made(wide ? count : (count + 1) / 2, panels ? 0 : NAN);
  auto *narrow = reinterpret_cast<uint16_t *>(made.data());
  auto pitch = static_cast<int64_t>(geometry.matrixPitch(columns, element));
  for (int64_t n = 0; n < rows; ++n)
    for (int64_t k = 0; k < columns; ++k) {
      int64_t at = placeOf(n, k, columns, geometry, element);
      float value = plain[n * columns + k];
      if (wide)
        made[at] = value;
      else
        narrow[at] = element == ptx::DType::F16 ? ptx::narrowF16(value) : ptx::narrowBF16(value);
    }
  for (int64_t n = 0; !panels && !wide && columns % 2 && n < rows; ++n)
    narrow[n * pitch + columns] = 0; // completes the last pair
  return made;
}

static std::vector<float> makePlain(int64_t rows, int64_t columns, uint64_t seed) {
  Floats values(rows * columns);
  values.randomise(seed, 1 / std::sqrt(static_cast<float>(columns + 1)));
  return {values.data(), values.data() + rows * columns};
}

static int64_t pitchOf(const ptx::Geometry &geometry, int64_t width) {
  return static_cast<int64_t>(geometry.pitch(width));
}

ContractProblem::ContractProblem(int64_t m, int64_t n, int64_t k, int64_t rank, const Geometry &geometry, DType element)
    : element(element), m(m), n(n), k(k), rank(rank), pitchX(pitchOf(geometry, k)), pitchY(pitchOf(geometry, n)),
      pitchU(pitchOf(geometry, rank)), x(m * pitchX), y((m + 1) * pitchY, guard), u(m * pitchU),
      bias(static_cast<int64_t>(geometry.roundUp(n))), old(m * pitchY), plainWeight(makePlain(n, k, 5)),
      plainB(makePlain(n, rank, 6)), weight(layOut(plainWeight, n, k, geometry, element)),
      b(layOut(plainB, n, rank, geometry, element)) {
  x.randomise(1), u.randomise(2), bias.randomise(3), old.randomise(4);
  spoilPads(x, m, k, pitchX), spoilPads(u, m, rank, pitchU), spoilPads(old, m, n, pitchY);
}

void ContractProblem::clear() { std::fill(y.data(), y.data() + y.size(), guard); }

double ContractProblem::reference(int64_t row, int64_t column) const {
  double sum = 0;
  auto add = [&](float a, float b) { sum += static_cast<double>(roundTo(element, a)) * roundTo(element, b); };
  for (int64_t d = 0; d < k; ++d)
    add(x[row * pitchX + d], plainWeight[column * k + d]);
  for (int64_t d = 0; d < rank; ++d)
    add(u[row * pitchU + d], plainB[column * rank + d]);
  return sum;
}

double ContractProblem::magnitude(int64_t row, int64_t column) const {
  double sum = 0;
  for (int64_t d = 0; d < k; ++d)
    sum += std::fabs(static_cast<double>(x[row * pitchX + d]) * plainWeight[column * k + d]);
  for (int64_t d = 0; d < rank; ++d)
    sum += std::fabs(static_cast<double>(u[row * pitchU + d]) * plainB[column * rank + d]);
  return sum;
}

static int64_t total(const std::vector<int64_t> &counts) {
  int64_t sum = 0;
  for (int64_t count : counts)
    sum += count;
  return sum;
}

AttentionProblem::AttentionProblem(std::vector<int64_t> queries, std::vector<int64_t> keyCount, int64_t heads,
                                   int64_t headDim, const Geometry &geometry, int64_t blockRows)
    : heads(heads), headDim(headDim), width(heads * headDim), pitch(pitchOf(geometry, width)), queryCounts(queries),
      keyCounts(keyCount), queryRows(total(queries)), keyRows(total(keyCount)), q(queryRows * pitch),
      k(keyRows * pitch), v(keyRows * pitch), y((queryRows + 1) * pitch, guard) {
  q.randomise(11, 2), k.randomise(12, 2), v.randomise(13);
  spoilPads(q, queryRows, width, pitch), spoilPads(k, keyRows, width, pitch), spoilPads(v, keyRows, width, pitch);
  int32_t row = 0, key = 0;
  for (size_t s = 0; s < queries.size(); ++s) {
    begin.push_back(key), keys.push_back(static_cast<int32_t>(keyCount[s]));
    for (int32_t from = 0; from < queries[s]; from += blockRows) {
      int32_t to = std::min<int32_t>(from + blockRows, queries[s]);
      blocks.insert(blocks.end(), {static_cast<int32_t>(s), row + from, row + to, from});
    }
    row += queries[s], key += keyCount[s];
  }
  begin.push_back(key);
}

std::vector<double> AttentionProblem::reference(int64_t sequence, int64_t row, bool causal, double scale,
                                                DType element) const {
  int64_t queryBegin = 0;
  for (int64_t s = 0; s < sequence; ++s)
    queryBegin += queryCounts[s];
  int64_t visible = causal ? std::min(keyCounts[sequence], row + 1) : keyCounts[sequence];
  auto keyRow = [&](int64_t key) { return (begin[sequence] + key) * pitch; };
  std::vector<double> result(width);
  for (int64_t head = 0; head < width; head += headDim) {
    std::vector<double> weights(visible);
    double most = -INFINITY, sum = 0;
    for (int64_t j = 0; j < visible; ++j) {
      double score = 0;
      for (int64_t d = head; d < head + headDim; ++d)
        score += static_cast<double>(roundTo(element, q[(queryBegin + row) * pitch + d])) *
                 roundTo(element, k[keyRow(j) + d]);
      most = std::max(most, weights[j] = score * scale);
    }
    for (double &weight : weights)
      sum += weight = std::exp(weight - most);
    for (int64_t j = 0; j < visible; ++j)
      for (int64_t d = head; d < head + headDim; ++d)
        result[d] += (element == DType::F32 ? weights[j] : roundTo(element, static_cast<float>(weights[j]))) / sum *
                     roundTo(element, v[keyRow(j) + d]);
  }
  return result;
}

static std::vector<int32_t> chunksOf(const std::vector<int64_t> &keys, int64_t chunk) {
  std::vector<int32_t> chunks;
  for (size_t s = 0; s < keys.size(); ++s)
    for (int64_t key = 0; key < keys[s]; key += chunk)
      chunks.insert(chunks.end(), {static_cast<int32_t>(s), static_cast<int32_t>(key)});
  return chunks;
}

ChunkProblem::ChunkProblem(const AttentionProblem &data, int64_t chunk, const Geometry &geometry)
    : width(data.heads * ptx::words::stateFloats(data.headDim)), pitch(pitchOf(geometry, width)),
      chunks(chunksOf(data.keyCounts, chunk)), begin{0}, states((count() + 1) * pitch, guard) {
  for (int64_t keys : data.keyCounts)
    begin.push_back(begin.back() + static_cast<int32_t>((keys + chunk - 1) / chunk));
}

RowProblem::RowProblem(int64_t rows, int64_t width, const Geometry &geometry)
    : rows(rows), width(width), pitch(pitchOf(geometry, width)), x(rows * pitch), y((rows + 1) * pitch, guard),
      column(static_cast<int64_t>(geometry.roundUp(width))), old(rows * pitch) {
  x.randomise(21, 3), column.randomise(22), old.randomise(23);
  spoilPads(x, rows, width, pitch), spoilPads(old, rows, width, pitch);
}

void RowProblem::clear() { std::fill(y.data(), y.data() + y.size(), guard); }

double RowProblem::normalised(int norm, double eps, int64_t row, int64_t j) const {
  double sum = 0, squares = 0, mean = 0;
  const float *in = x.data() + row * pitch;
  for (int64_t i = 0; i < width; ++i)
    sum += in[i];
  if (norm == 0)
    mean = sum / width;
  for (int64_t i = 0; i < width; ++i)
    squares += (in[i] - mean) * (in[i] - mean);
  if (norm == 2)
    return in[j] / std::max(std::sqrt(squares), eps);
  return (in[j] - mean) / std::sqrt(squares / width + eps);
}

GreatestProblem::GreatestProblem(int64_t width, const Geometry &geometry)
    : rows(12), width(width), pitch(pitchOf(geometry, width)), pitchY(pitchOf(geometry, 1)), x(rows * pitch),
      y((rows + 1) * pitchY, guard) {
  constexpr float infinity = std::numeric_limits<float>::infinity(), most = std::numeric_limits<float>::max();
  x.randomise(31, 3);
  auto set = [&](int64_t row, int64_t place, float value) { x[row * pitch + place % width] = value; };
  auto fill = [&](int64_t row, float value) { std::fill_n(x.data() + row * pitch, width, value); };
  set(1, width - 1, 100), set(2, 0, 100), set(3, width / 2, 100);
  set(4, 17, 100), set(4, 5, 100), set(4, 200, 100);
  fill(5, -most), fill(6, -0.0f), set(6, 3, 0.0f), fill(7, most);
  set(8, 19, infinity), set(8, 40, NAN);
  set(9, width - 1, -infinity), set(10, 33, NAN), set(10, 7, NAN), fill(11, NAN);
  spoilPads(x, rows, width, pitch);
}

int32_t GreatestProblem::number(int64_t row) const {
  int32_t number;
  std::memcpy(&number, y.data() + row * pitchY, sizeof number);
  return number;
}

int32_t GreatestProblem::expected(int64_t row) const {
  const float *in = x.data() + row * pitch;
  for (int64_t i = 0; i < width; ++i)
    if (!std::isfinite(in[i]))
      return static_cast<int32_t>(-1 - i);
  return static_cast<int32_t>(std::max_element(in, in + width) - in);
}

bool ptx::test::sameBytes(const Floats &a, const Floats &b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

int64_t ptx::test::writtenOutside(const Floats &y, int64_t rows, int64_t width, int64_t pitch) {
  for (int64_t i = 0; i < y.size(); ++i)
    if ((i / pitch >= rows || i % pitch >= width) && y[i] != guard)
      return i;
  return -1;
}

/// A table's geometry is that of rows.
static ptx::Geometry geometryOf(const FoldForm &form, ptx::Geometry geometry) {
  if (form.isTable)
    geometry.matrix = ptx::MatrixLayout::Rows;
  return geometry;
}

static int64_t wordPitch(const ptx::Geometry &geometry, int64_t columns, ptx::DType element) {
  return static_cast<int64_t>(geometry.matrixPitch(columns, element) * ptx::dtypeBits(element) / 32);
}

static std::vector<float> roundedTo(ptx::DType element, std::vector<float> values) {
  for (float &value : values)
    value = roundTo(element, value);
  return values;
}

FoldProblem::FoldProblem(int64_t k, int64_t n, int64_t rank, const FoldForm &form, const Geometry &geometry)
    : form(form), k(k), n(n), rank(rank), pitchA(pitchOf(geometry, rank)),
      pitchBase(wordPitch(geometry, columns(), form.base)), pitchY(wordPitch(geometry, columns(), form.made)),
      plainBase(roundedTo(form.base, makePlain(rows(), columns(), 7))), plainB(makePlain(n, rank, 8)), a(k * pitchA),
      b(layOut(plainB, n, rank, geometry)),
      base(layOut(plainBase, rows(), columns(), geometryOf(form, geometry), form.base)),
      y(form.isNorm ? roundUp(n, static_cast<int64_t>(geometry.lanes))
                    : layOut(plainBase, rows(), columns(), geometryOf(form, geometry), form.made).size(),
        guard),
      scale(static_cast<int64_t>(geometry.roundUp(n))), inputs(k) {
  a.randomise(9), scale.randomise(10), inputs.randomise(11);
  spoilPads(a, k, rank, pitchA);
}

std::vector<float> FoldProblem::result(const Geometry &geometry) const {
  std::vector<float> values;
  if (form.isNorm)
    return {y.data(), y.data() + n};
  const auto *narrow = reinterpret_cast<const uint16_t *>(y.data());
  for (int64_t i = 0; i < rows(); ++i)
    for (int64_t j = 0; j < columns(); ++j) {
      int64_t at = placeOf(i, j, columns(), geometryOf(form, geometry), form.made);
      values.push_back(form.made == DType::F32   ? y[at]
                       : form.made == DType::F16 ? widenF16(narrow[at])
                                                 : widenBF16(narrow[at]));
    }
  return values;
}

bool FoldProblem::isCompleted(const Geometry &geometry) const {
  bool hasPairs = geometry.matrix == MatrixLayout::Rows || form.made == DType::BF16;
  if (form.isNorm || form.made == DType::F32 || !hasPairs || k % 2 == 0)
    return true;
  for (int64_t i = 0; i < n; ++i)
    if (reinterpret_cast<const uint16_t *>(y.data())[placeOf(i, k, k, geometry, form.made)] != 0)
      return false;
  return true;
}

std::vector<float> FoldProblem::expected() const {
  std::vector<float> values(form.isNorm ? n : k * n);
  for (int64_t j = 0; j < n; ++j) {
    double squares = 0;
    for (int64_t m = 0; m < k; ++m) {
      float sum = -0.0f;
      for (int64_t r = 0; r < rank; ++r)
        sum = std::fma(a[m * pitchA + r], plainB[j * rank + r], sum);
      int64_t at = form.isTable ? m * n + j : j * k + m;
      float merged = plainBase[at] + sum;
      squares += static_cast<double>(merged) * merged;
      if (!form.isNorm)
        values[at] = roundTo(form.made, form.isScaled ? merged * scale[j] * inputs[m] : merged);
    }
    if (form.isNorm)
      values[j] = scale[j] / static_cast<float>(std::sqrt(squares));
  }
  return values;
}
