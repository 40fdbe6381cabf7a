// The manifest as checked structures: every index lies inside its table.
#ifndef PTX_RUNTIME_CORE_MANIFEST_H
#define PTX_RUNTIME_CORE_MANIFEST_H

#include "runtime/device/geometry.h"
#include "runtime/device/words.h"
#include "runtime/generate/ids.h"
#include "runtime/io/dtype.h"
#include "runtime/io/result.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <optional>
#include <ranges>
#include <string>
#include <string_view>
#include <vector>

namespace ptx {

struct ParameterFile {
  std::string path; // relative to the artifact
  uint64_t size = 0;
};

struct TensorRecord {
  std::string name;
  size_t file = 0;
  DType dtype = DType::F32;
  std::vector<uint64_t> shape;
  uint64_t offset = 0, bytes = 0;
  std::string hash;
};

/// A vector that an adapter stores for a site, by its name, and what every element of one that is not there is.
enum class Factor { Bias, Magnitude, OutputScale, InputScale };
struct FactorName {
  std::string_view name;
  float none;
};
inline constexpr FactorName factorNames[] = {{"bias", -0.0f},
                                             {"magnitude", std::numeric_limits<float>::infinity()},
                                             {"output_scale", 1.0f},
                                             {"input_scale", 1.0f}};

/// What an adapter does at one site.
struct AdapterSite {
  size_t site = 0;
  bool embedding = false;
  uint64_t rank = 0; // 0: neither a nor b
  size_t a = 0, b = 0;
  double scale = 1;
  std::array<std::optional<size_t>, std::size(factorNames)> vectors; // by Factor
};

/// A tensor that an adapter has in place of a site's weight.
struct AdapterReplacement {
  size_t site = 0, tensor = 0;
};

struct AdapterRecord {
  std::string name;
  std::vector<AdapterSite> sites;
  std::vector<AdapterReplacement> replacements;
  const AdapterSite *find(size_t site) const;
  const AdapterReplacement *findReplacement(size_t site) const;
};

enum class NodeKind {
  Tensor,
  Fill,
  Sinusoid,
  Transpose,
  Rows,
  Concat,
  Replaced,
  FactorA,
  FactorATable,
  FactorB,
  FactorVector,
  Matrix, // the layouts: what a parameter is to a kernel
  Table,
  Vector,
  Computed // by a deploy launch from other parameters, alone in its own
};

/// One step of a parameter's deploy expression.
struct Node {
  NodeKind kind = NodeKind::Tensor;
  std::vector<size_t> of;    // earlier nodes
  std::vector<size_t> sites; // sites read
  size_t tensor = 0;
  uint64_t rows = 0, columns = 0, begin = 0, end = 0; // by kind; see FORMAT.md
  double value = 0;
  std::vector<uint64_t> heights;      // factor_b: rows per site
  DType element = DType::F32;         // layouts: of what lies in memory
  Factor factor = Factor::Bias;       // factor_vector
  NodeKind layout = NodeKind::Matrix; // computed: how it lies in memory
  std::vector<size_t> parameters;     // computed: those it is computed from; the first is the base
};

struct ParameterRecord {
  std::string label;
  std::vector<Node> nodes;
  bool isFolded = false; // some fold reads it
  bool isComputed() const { return nodes.back().kind == NodeKind::Computed; }
  NodeKind layout() const { return isComputed() ? nodes.back().layout : nodes.back().kind; }
  DType element() const { return nodes.back().element; }
};

/// Tokens that a session holds for each of its rows; see xf.history.
struct HistoryRecord {
  std::string name;
  uint64_t maxLength = 0;
};

/// A row of numbers for each token of a history.
struct CacheRecord {
  std::string name;
  size_t history = 0;
  uint64_t width = 0; // elements
  DType element = DType::F32;

  uint64_t rowWords() const { return words::rowWords(width, element); }
};

struct InputRecord {
  std::string name;
  bool mask = false;
  std::array<std::string, 2> dims; // the second is empty where each sequence has one position
  size_t space = 0;
  uint64_t limit = 0;
  bool optional = false;
  int64_t otherwise = 0;
  std::optional<size_t> counting; // left out, it numbers this input's ids; see xf.input
  bool numbersAll = false;        // all of them, from 0: there is no default
};

struct SpaceRecord {
  std::string name;
  std::array<std::string, 2> dims;
  int64_t mask = -1;
  bool keepFirst = false;
  uint64_t maxLength = 0;
  std::optional<size_t> history; // that it begins or continues
  bool continues = false;
  std::optional<size_t> held; // the history whose tokens are its rows: those of the sequences of space `of`
  size_t of = 0;
  uint64_t chunk = 0; // of what is held: keys that a problem takes at a time, 0: all

  /// Whether each sequence has one row, whose number is the sequence's.
  bool isPerSequence() const { return !held && dims[1].empty() && mask < 0; }
};

struct BufferRecord {
  size_t slot = 0, space = 0;
  std::optional<size_t> cache; // whose rows it is: it has no slot
  bool perSequence = false;
  bool perChunk = false; // of what is held by chunks
  uint64_t width = 0;    // elements
  DType element = DType::F32;

  uint64_t rowWords() const { return words::rowWords(width, element); }
  /// Bytes that so many columns take; of 16 bits, an even number lies in words of its own.
  uint64_t bytesOf(uint64_t columns) const { return columns * dtypeBits(element) / 8; }
};

struct OutputRecord {
  std::string name;
  size_t buffer = 0, space = 0;
  uint64_t column = 0, width = 0;
  bool perSequence = false;
  bool onRequest = false;     // given to callers who ask for it by name
  DType element = DType::F32; // or I32: a number per sequence
};

enum class WordKind { Buffer, Pitch, Int, Parameter, Ids, Rows, Rank };
enum class RowField { Position, Sequence, Begin, Keys, Blocks, First, Cells, Chunks, ChunkBegin };

struct Word {
  WordKind kind = WordKind::Int;
  int64_t first = 0, second = 0; // by kind
  RowField field = RowField::Position;
  std::vector<size_t> sites;
};

enum class Over { Rows, Blocks, Sequences, Chunks };
/// How many chunks the longest sequence of the keys has, where a problem is wanted.
enum class When { Always, One, Several };

/// Columns [column, column + width) of a buffer.
struct Window {
  size_t buffer = 0;
  uint64_t column = 0, width = 0;
};

struct Problem {
  size_t kernel = 0;
  std::string label;
  size_t space = 0;   // of a function's problem
  uint64_t count = 0; // of a deploy problem: its rows
  size_t target = 0;  // and the parameter that it writes
  Over over = Over::Rows;
  uint64_t columns = 1;
  std::vector<size_t> columnSites; // not empty: columns are their rank
  std::vector<size_t> guard;       // not empty: skipped where their rank is 0
  uint64_t flops = 0, bytes = 0;
  bool perKey = false;
  std::optional<size_t> keySpace;
  When when = When::Always;
  std::vector<Word> args;
  std::vector<Window> reads, writes;
};

struct Launch {
  std::string label;
  std::vector<Problem> problems;
};

struct FunctionRecord {
  std::string name;
  std::vector<InputRecord> inputs;
  std::vector<SpaceRecord> spaces;
  std::vector<BufferRecord> buffers;
  size_t slots = 0;
  std::vector<OutputRecord> outputs;
  std::vector<Launch> launches;

  /// What a caller is given who asks for nothing by name.
  auto results() const {
    return std::views::filter(outputs, [](const OutputRecord &output) { return !output.onRequest; });
  }

  /// Whether it begins, continues or reads rows of a session.
  bool hasState() const {
    return std::any_of(spaces.begin(), spaces.end(),
                       [](const SpaceRecord &space) { return space.history || space.held; });
  }
};

struct KernelRecord {
  std::string name;
  words::Signature words;
};

/// Kernels that some launch runs together.
struct EntryRecord {
  std::string name;
  std::vector<size_t> kernels;
};

/// Where a parameter of the binding of none lies in the bundle, as kernels read it.
struct BundledParameter {
  std::optional<size_t> same; // it is that parameter's memory, and has none of its own
  uint64_t offset = 0, bytes = 0;
  std::string hash; // of what lies up to the next
  float largest = 0;
  std::optional<size_t> notFinite; // see PackedParameter
};

/// The packed base of one target, in a file of its own.
struct BundleRecord {
  size_t file = 0;
  std::string target, id;
  std::vector<BundledParameter> parameters; // one for each of the manifest's
};

/// Integers by name, for the device.
using MetadataRecord = std::vector<std::pair<std::string, int64_t>>;

/// One target of the artifact.
struct TargetRecord {
  std::string name;
  std::optional<Geometry> geometry; // none: a device that takes whole calls
  std::vector<MetadataRecord> kernels, entries;
};

struct Manifest {
  std::string model;
  bool separate = false;
  std::vector<TargetRecord> targets; // the first is the artifact's own
  std::vector<ParameterFile> files;
  std::vector<TensorRecord> tensors;
  std::vector<std::string> sites;
  std::vector<AdapterRecord> adapters;
  std::vector<ParameterRecord> parameters;
  std::vector<Launch> deploy; // compute parameters when an adapter is bound
  std::vector<KernelRecord> kernels;
  std::vector<EntryRecord> entries;
  std::vector<HistoryRecord> histories;
  std::vector<CacheRecord> caches;
  std::vector<FunctionRecord> functions;
  GenerationIds generation; // what the model's files say
  std::optional<BundleRecord> bundle;

  const TargetRecord *findTarget(std::string_view name) const;
};

/// `path` is the artifact, for messages.
Result<Manifest> readManifest(std::string_view text, const std::string &path);

} // namespace ptx

#endif // PTX_RUNTIME_CORE_MANIFEST_H
