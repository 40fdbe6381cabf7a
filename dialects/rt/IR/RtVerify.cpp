// What a kernel is called with, and what its region may hold.
#include "dialects/rt/IR/RtDialect.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/SymbolTable.h"
#include "llvm/ADT/TypeSwitch.h"

#include <algorithm>
#include <cmath>
#include <set>

using namespace mlir;
using namespace ptx;
using namespace ptx::rt;
using xf::Skeleton;
using xf::SkeletonAttr;

static constexpr int64_t maxTables = 64;

/// Also of kernels that do not verify: C1 says how many tables a gather has.
static words::Signature signature(Skeleton skeleton, int64_t tables, ArrayAttr extras) {
  tables = std::clamp<int64_t>(tables, 0, maxTables);
  // A vector of bool has no contiguous elements.
  SmallVector<char> isRows;
  for (Attribute kind : extras)
    isRows.push_back(cast<ExtraKindAttr>(kind).getValue() == ExtraKind::Row);
  static_assert(sizeof(bool) == sizeof(char));
  return words::signatureOf(std::string_view(stringifyEnum(skeleton)), tables,
                            {reinterpret_cast<const bool *>(isRows.data()), isRows.size()});
}

words::Signature KernelOp::getSignature() {
  return signature(getSkeleton(), static_cast<int64_t>(getTables()), getExtras());
}

std::optional<int64_t> KernelOp::getElementCount() {
  switch (getSkeleton()) {
  case Skeleton::Attention:
  case Skeleton::Pool:
    return std::nullopt;
  case Skeleton::Gather:
    return static_cast<int64_t>(getTables());
  case Skeleton::Contract:
  case Skeleton::RowNorm:
  case Skeleton::Map:
    break;
  }
  return 1;
}

//===- The signature's syntax ------------------------------------------------===//

namespace ptx::rt {

// [row, column], by the names of ExtraKind.
static ParseResult parseExtras(OpAsmParser &parser, ArrayAttr &extras) {
  SmallVector<Attribute> kinds;
  auto parseOne = [&]() -> ParseResult {
    StringRef name;
    SMLoc loc = parser.getCurrentLocation();
    if (parser.parseKeyword(&name))
      return failure();
    std::optional<ExtraKind> kind = symbolizeExtraKind(name);
    if (!kind)
      return parser.emitError(loc, "an extra is read by `row` or by `column`, found '") << name << "'";
    kinds.push_back(ExtraKindAttr::get(parser.getContext(), *kind));
    return success();
  };
  if (parser.parseCommaSeparatedList(AsmParser::Delimiter::Square, parseOne))
    return failure();
  extras = parser.getBuilder().getArrayAttr(kinds);
  return success();
}

static void printExtras(OpAsmPrinter &printer, Operation *, ArrayAttr extras) {
  printer << "[";
  llvm::interleaveComma(extras.getAsRange<ExtraKindAttr>(), printer,
                        [&](ExtraKindAttr kind) { printer << stringifyEnum(kind.getValue()); });
  printer << "]";
}

// words(x: rows, x_pitch: pitch, ...); may be left out, and must be right.
static ParseResult parseWords(OpAsmParser &parser, SkeletonAttr skeleton, IntegerAttr tables, ArrayAttr extras) {
  if (failed(parser.parseOptionalKeyword("words")))
    return success();
  SMLoc loc = parser.getCurrentLocation();
  words::Signature written;
  auto parseOne = [&]() -> ParseResult {
    StringRef name, type;
    if (parser.parseKeyword(&name) || parser.parseColon() || parser.parseKeyword(&type))
      return failure();
    for (const words::TypeName &entry : words::typeNames)
      if (type == StringRef(entry.name)) {
        written.push_back({name.str(), entry.type});
        return success();
      }
    return parser.emitError(parser.getCurrentLocation(), "no word has the type '") << type << "'";
  };
  if (parser.parseCommaSeparatedList(AsmParser::Delimiter::Paren, parseOne))
    return failure();
  if (written != signature(skeleton.getValue(), tables ? tables.getInt() : 0, extras))
    return parser.emitError(loc, "these are not the words of this skeleton with these tables and extras");
  return success();
}

static void printWords(OpAsmPrinter &printer, Operation *, SkeletonAttr skeleton, IntegerAttr tables,
                       ArrayAttr extras) {
  printer << "words(";
  llvm::interleaveComma(signature(skeleton.getValue(), tables ? tables.getInt() : 0, extras), printer,
                        [&](const words::Word &word) { printer << word.name << ": " << words::nameOf(word.type); });
  printer << ")";
}

} // namespace ptx::rt

#define GET_OP_CLASSES
#include "dialects/rt/IR/Rt.cpp.inc"

//===- Kernels ---------------------------------------------------------------===//

LogicalResult KernelOp::verify() {
  Skeleton skeleton = getSkeleton();
  auto isFinite = [](std::optional<APFloat> value) { return value && std::isfinite(value->convertToDouble()); };
  int64_t headDim = static_cast<int64_t>(getHeadDim());
  if (skeleton == Skeleton::RowNorm && (!getNorm() || !isFinite(getEps())))
    return emitOpError("C1: a row norm has `norm` and a finite `eps`");
  if (skeleton == Skeleton::Attention && (headDim < 1 || headDim > xf::maxExtent || !isFinite(getScale())))
    return emitOpError("C1: an attention has a positive `head_dim` and a finite `scale`");
  if (skeleton == Skeleton::Pool && !getPooling())
    return emitOpError("C1: a pool has a `pooling`");
  if (skeleton == Skeleton::Gather && (static_cast<int64_t>(getTables()) <= 0 || getTables() > maxTables))
    return emitOpError("C1: a gather has 1 to 64 `tables`, found ") << getTables();
  if (!getElementCount() && !getBody().empty())
    return emitOpError("C2: ") << stringifyEnum(skeleton) << " has no region";
  return success();
}

LogicalResult KernelOp::verifyRegions() {
  std::optional<int64_t> elements = getElementCount();
  return elements ? stage::verifyElement(*this, getBody(), *elements + static_cast<int64_t>(getExtras().size()))
                  : success();
}

LogicalResult EntryOp::verifySymbolUses(SymbolTableCollection &symbols) {
  for (auto kernel : getKernels().getAsRange<FlatSymbolRefAttr>())
    if (!symbols.lookupNearestSymbolFrom<KernelOp>(*this, kernel))
      return emitOpError("C1: there is no kernel ") << kernel;
  return success();
}

//===- Problems --------------------------------------------------------------===//

// Whether a word may stand where the signature wants one of the type.
static bool fits(Attribute word, words::Type type) {
  auto none = dyn_cast<IntArgAttr>(word);
  bool isNull = none && none.getValue() == 0;
  switch (type) {
  case words::Type::Rows:
    return isNull || isa<BufferArgAttr>(word);
  case words::Type::Weight:
    return isNull || isa<ParameterArgAttr>(word);
  case words::Type::Table:
    return isa<BufferArgAttr, ParameterArgAttr>(word);
  case words::Type::Index:
    return isa<IdsArgAttr, RowsArgAttr>(word);
  case words::Type::Pitch:
    return isNull || isa<PitchArgAttr>(word);
  case words::Type::Count:
    return isa<IntArgAttr, RankArgAttr>(word);
  }
  return false;
}

/// Where windows begin, without repetitions.
static std::set<std::pair<int64_t, int64_t>> startsOf(ArrayAttr windows) {
  std::set<std::pair<int64_t, int64_t>> starts;
  for (auto window : windows.getAsRange<WindowAttr>())
    starts.insert({window.getBuffer(), window.getColumn()});
  return starts;
}

LogicalResult ProblemOp::verifySymbolUses(SymbolTableCollection &symbols) {
  auto kernel = symbols.lookupNearestSymbolFrom<KernelOp>(*this, getKernelAttr());
  if (!kernel)
    return emitOpError("C1: there is no kernel ") << getKernelAttr();
  words::Signature wanted = kernel.getSignature();
  if (getArgs().size() != wanted.size())
    return emitOpError("C1: kernel ") << getKernelAttr() << " takes " << wanted.size() << " words, found "
                                      << getArgs().size();
  for (auto [word, expected] : llvm::zip(getArgs(), wanted))
    if (!fits(word, expected.type))
      return emitOpError("C1: word '") << expected.name << "' of kernel " << getKernelAttr() << " is of type "
                                       << words::nameOf(expected.type) << ", found " << word;
  std::set<std::pair<int64_t, int64_t>> read, written;
  for (auto [word, expected] : llvm::zip(getArgs(), wanted))
    if (auto buffer = dyn_cast<BufferArgAttr>(word))
      (expected.name == "y" ? written : read).insert({buffer.getBuffer(), buffer.getColumn()});
  if (read != startsOf(getReads()))
    return emitOpError("C2: `reads` are not what the words of kernel ") << getKernelAttr() << " point to";
  if (written != startsOf(getWrites()))
    return emitOpError("C2: `writes` are not what the word 'y' of kernel ") << getKernelAttr() << " points to";
  return success();
}
