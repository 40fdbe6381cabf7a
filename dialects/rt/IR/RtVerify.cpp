// What a kernel is called with, and what its region may hold.
#include "dialects/rt/IR/RtDialect.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/SymbolTable.h"
#include "llvm/ADT/TypeSwitch.h"

#include <algorithm>
#include <cmath>

using namespace mlir;
using namespace ptx;
using namespace ptx::rt;
using xf::Skeleton;
using xf::SkeletonAttr;

static constexpr int64_t maxTables = 64;
static constexpr int64_t chunkMultiple = 64;

DType ptx::rt::dtypeOf(Type element) {
  return element.isInteger(32) ? DType::I32
         : element.isBF16()    ? DType::BF16
         : element.isF16()     ? DType::F16
                               : DType::F32;
}

StringRef ptx::rt::elementName(DType dtype) {
  return dtype == DType::I32 ? "i32" : dtype == DType::BF16 ? "bf16" : dtype == DType::F16 ? "f16" : "f32";
}

/// Also of kernels that do not verify: C1 says how many tables a gather has,
/// and which rows may be narrow.
static words::Signature signature(Skeleton skeleton, int64_t tables, ArrayAttr extras, TypeAttr productType,
                                  DictionaryAttr rows) {
  tables = std::clamp<int64_t>(tables, 0, maxTables);
  // A vector of bool has no contiguous elements.
  SmallVector<char> isRows;
  for (Attribute kind : extras)
    isRows.push_back(cast<ExtraKindAttr>(kind).getValue() == ExtraKind::Row);
  static_assert(sizeof(bool) == sizeof(char));
  std::vector<std::pair<std::string_view, DType>> narrow;
  if (rows)
    for (NamedAttribute word : rows)
      if (auto type = dyn_cast<TypeAttr>(word.getValue()))
        narrow.emplace_back(word.getName().strref(), dtypeOf(type.getValue()));
  DType weights = productType ? dtypeOf(productType.getValue()) : DType::F32;
  return words::signatureOf(std::string_view(stringifyEnum(skeleton)),
                            {tables, {reinterpret_cast<const bool *>(isRows.data()), isRows.size()}, weights, narrow});
}

words::Signature KernelOp::getSignature() {
  return signature(getSkeleton(), static_cast<int64_t>(getTables()), getExtras(), getProductTypeAttr(), getRowsAttr());
}

std::optional<int64_t> KernelOp::getElementCount() {
  switch (getSkeleton()) {
  case Skeleton::Attention:
  case Skeleton::AttentionChunk:
  case Skeleton::AttentionJoin:
  case Skeleton::Pool:
  case Skeleton::Append:
  case Skeleton::Greatest:
    return std::nullopt;
  case Skeleton::Gather:
    return static_cast<int64_t>(getTables());
  case Skeleton::Fold:
    return 2;
  case Skeleton::Contract:
  case Skeleton::RowNorm:
  case Skeleton::Map:
  case Skeleton::FoldNorm:
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
static ParseResult parseWords(OpAsmParser &parser, SkeletonAttr skeleton, IntegerAttr tables, ArrayAttr extras,
                              TypeAttr productType, DictionaryAttr rows) {
  if (failed(parser.parseOptionalKeyword("words")))
    return success();
  SMLoc loc = parser.getCurrentLocation();
  words::Signature written;
  auto parseOne = [&]() -> ParseResult {
    StringRef name, type;
    if (parser.parseKeyword(&name) || parser.parseColon() || parser.parseKeyword(&type))
      return failure();
    DType element = DType::F32;
    for (DType other : {DType::F16, DType::BF16, DType::I32})
      if (succeeded(parser.parseOptionalKeyword(elementName(other))))
        element = other;
    for (const words::TypeName &entry : words::typeNames)
      if (type == StringRef(entry.name)) {
        written.push_back({name.str(), entry.type, {}, element});
        return success();
      }
    return parser.emitError(parser.getCurrentLocation(), "no word has the type '") << type << "'";
  };
  if (parser.parseCommaSeparatedList(AsmParser::Delimiter::Paren, parseOne))
    return failure();
  words::Signature right = signature(skeleton.getValue(), tables ? tables.getInt() : 0, extras, productType, rows);
  auto same = [](const words::Word &a, const words::Word &b) {
    return a.name == b.name && a.type == b.type && a.element == b.element;
  };
  if (!llvm::equal(written, right, same))
    return parser.emitError(loc, "these are not the words of this skeleton with these tables and extras");
  return success();
}

static void printWords(OpAsmPrinter &printer, Operation *, SkeletonAttr skeleton, IntegerAttr tables, ArrayAttr extras,
                       TypeAttr productType, DictionaryAttr rows) {
  printer << "words(";
  llvm::interleaveComma(signature(skeleton.getValue(), tables ? tables.getInt() : 0, extras, productType, rows),
                        printer, [&](const words::Word &word) {
                          printer << word.name << ": " << words::nameOf(word.type);
                          if (word.element != DType::F32)
                            printer << " " << elementName(word.element);
                        });
  printer << ")";
}

//===- The syntax of words ----------------------------------------------------===//

/// The type of the operand that a word speaks of, or nothing.
static Type operandType(Attribute word) {
  return TypeSwitch<Attribute, Type>(word)
      .Case<BufferArgAttr>([](auto attr) { return BufferType::get(attr.getContext()); })
      .Case<IdsArgAttr>([](auto attr) { return InputType::get(attr.getContext()); })
      .Case<RowsArgAttr>([](auto attr) { return SpaceType::get(attr.getContext()); })
      .Default(Type());
}

/// Reads words: `%buffer[column]`, `ids %input`, `position %space`, `pitch 16`, `@parameter`, `rank @site`, `16`.
class ArgsParser {
public:
  explicit ArgsParser(OpAsmParser &parser) : parser(parser), context(parser.getContext()) {}

  ParseResult parse() {
    return parser.parseCommaSeparatedList(AsmParser::Delimiter::Paren, [&] { return parseWord(); });
  }

  SmallVector<Attribute> words;
  SmallVector<OpAsmParser::UnresolvedOperand> operands;

private:
  ParseResult parseWord() {
    OpAsmParser::UnresolvedOperand buffer;
    if (OptionalParseResult result = parser.parseOptionalOperand(buffer); result.has_value())
      return failed(*result) ? failure() : parseColumn(buffer);
    FlatSymbolRefAttr symbol;
    if (OptionalParseResult result = parser.parseOptionalAttribute(symbol); result.has_value())
      return failed(*result) ? failure() : take(ParameterArgAttr::get(context, symbol));
    int64_t number;
    if (OptionalParseResult result = parser.parseOptionalInteger(number); result.has_value())
      return failed(*result) ? failure() : take(IntArgAttr::get(context, number));
    StringRef keyword;
    SMLoc loc = parser.getCurrentLocation();
    if (parser.parseKeyword(&keyword))
      return failure();
    if (keyword == "pitch")
      return parser.parseInteger(number) ? failure() : take(PitchArgAttr::get(context, number));
    if (keyword == "rank")
      return parser.parseAttribute(symbol) ? failure() : take(RankArgAttr::get(context, symbol));
    if (keyword == "ids")
      return takeWithOperand(IdsArgAttr::get(context));
    if (std::optional<RowField> field = symbolizeRowField(keyword))
      return takeWithOperand(RowsArgAttr::get(context, *field));
    return parser.emitError(loc, "no word begins with '") << keyword << "'";
  }

  ParseResult parseColumn(OpAsmParser::UnresolvedOperand buffer) {
    int64_t column = 0;
    if (succeeded(parser.parseOptionalLSquare()) && (parser.parseInteger(column) || parser.parseRSquare()))
      return failure();
    operands.push_back(buffer);
    return take(BufferArgAttr::get(context, column));
  }

  ParseResult takeWithOperand(Attribute word) {
    OpAsmParser::UnresolvedOperand operand;
    if (parser.parseOperand(operand))
      return failure();
    operands.push_back(operand);
    return take(word);
  }

  ParseResult take(Attribute word) {
    words.push_back(word);
    return success();
  }

  OpAsmParser &parser;
  MLIRContext *context;
};

static ParseResult parseArgs(OpAsmParser &parser, ArrayAttr &words,
                             SmallVectorImpl<OpAsmParser::UnresolvedOperand> &operands, SmallVectorImpl<Type> &types) {
  ArgsParser args(parser);
  if (args.parse())
    return failure();
  words = parser.getBuilder().getArrayAttr(args.words);
  operands.assign(args.operands);
  for (Attribute word : args.words)
    if (Type type = operandType(word))
      types.push_back(type);
  return success();
}

static void printArgs(OpAsmPrinter &printer, ProblemOp op, ArrayAttr, OperandRange, TypeRange) {
  printer << "(";
  llvm::interleaveComma(op.getArgs(), printer, [&](const std::pair<Attribute, Value> &arg) {
    const auto &[word, value] = arg;
    TypeSwitch<Attribute>(word)
        .Case<BufferArgAttr>([&](auto buffer) {
          printer << value;
          if (buffer.getColumn() != 0)
            printer << "[" << buffer.getColumn() << "]";
        })
        .Case<IdsArgAttr>([&](auto) { printer << "ids " << value; })
        .Case<RowsArgAttr>([&](auto rows) { printer << stringifyEnum(rows.getField()) << " " << value; })
        .Case<PitchArgAttr>([&](auto pitch) { printer << "pitch " << pitch.getWidth(); })
        .Case<IntArgAttr>([&](auto number) { printer << number.getValue(); })
        .Case<ParameterArgAttr>([&](auto parameter) { printer << parameter.getParameter(); })
        .Case<RankArgAttr>([&](auto rank) { printer << "rank " << rank.getSite(); });
  });
  printer << ")";
}

} // namespace ptx::rt

#define GET_OP_CLASSES
#include "dialects/rt/IR/Rt.cpp.inc"

//===- Kernels ---------------------------------------------------------------===//

/// "table_0", "table_1", ... of a gather.
static bool isTable(KernelOp kernel, StringRef word) {
  int64_t number;
  return word.consume_front("table_") && !word.getAsInteger(10, number) && number >= 0 &&
         number < static_cast<int64_t>(kernel.getTables());
}

/// What is folded is of f32 where it is no matrix.
static bool isOfF32(KernelOp kernel, const words::SkeletonWord &word) {
  return word.type == words::Type::Weight && kernel.getLayout() != xf::Layout::Matrix;
}

/// C1: rows of 16 bits are factors of the product type, or the result, or those of a table.
static LogicalResult verifyRows(KernelOp kernel) {
  if (!kernel.getRowsAttr())
    return success();
  for (NamedAttribute entry : kernel.getRowsAttr()) {
    auto type = dyn_cast<TypeAttr>(entry.getValue());
    if (!type || !xf::isProductType(type.getValue()))
      return kernel.emitOpError("C1: `rows` are of f16 or bf16, found ") << entry.getValue();
    const words::SkeletonWord *word =
        words::findWord(std::string_view(stringifyEnum(kernel.getSkeleton())), entry.getName().strref());
    bool isFactor = word && word->role == words::Role::Factor && type == kernel.getProductTypeAttr() &&
                    kernel.getHeadDim() % 2 == 0;
    bool isFree = word && word->role == words::Role::Any && !isOfF32(kernel, *word);
    if (!isFactor && !isFree && !isTable(kernel, entry.getName()))
      return kernel.emitOpError("C1: rows ")
             << entry.getName() << " of this " << stringifyEnum(kernel.getSkeleton()) << " cannot be of " << type;
  }
  return success();
}

LogicalResult KernelOp::verify() {
  Skeleton skeleton = getSkeleton();
  auto isFinite = [](std::optional<APFloat> value) { return value && std::isfinite(value->convertToDouble()); };
  int64_t headDim = static_cast<int64_t>(getHeadDim());
  if (skeleton == Skeleton::RowNorm && (!getNorm() || !isFinite(getEps())))
    return emitOpError("C1: a row norm has `norm` and a finite `eps`");
  bool isPart = skeleton == Skeleton::AttentionChunk, isJoin = skeleton == Skeleton::AttentionJoin;
  bool attends = skeleton == Skeleton::Attention || isPart;
  if ((attends || isJoin) && (headDim < 1 || headDim > xf::maxExtent || (attends && !isFinite(getScale()))))
    return emitOpError("C1: an attention has a positive `head_dim` and a finite `scale`");
  int64_t chunk = static_cast<int64_t>(getChunk());
  bool isChunk = chunk > 0 && chunk <= xf::maxExtent && chunk % chunkMultiple == 0;
  if (chunk ? !isChunk || (!attends && !isJoin) : isPart || isJoin)
    return emitOpError("C1: an attention takes keys by multiples of ") << chunkMultiple << ", found `chunk` " << chunk;
  if (skeleton == Skeleton::Pool && !getPooling())
    return emitOpError("C1: a pool has a `pooling`");
  if (skeleton == Skeleton::Gather && (static_cast<int64_t>(getTables()) <= 0 || getTables() > maxTables))
    return emitOpError("C1: a gather has 1 to 64 `tables`, found ") << getTables();
  if (skeleton == Skeleton::Fold && !getLayout())
    return emitOpError("C1: a fold has a `layout`");
  if (skeleton == Skeleton::FoldNorm && (!getLayout() || getLayout() == xf::Layout::Vector))
    return emitOpError("C1: a norm of folds has the `layout` matrix or table");
  if (getProductType() && skeleton != Skeleton::Contract && !attends)
    return emitOpError("C1: a ") << stringifyEnum(skeleton) << " multiplies nothing in " << *getProductType();
  if (!getElementCount() && !getBody().empty())
    return emitOpError("C2: ") << stringifyEnum(skeleton) << " has no region";
  return verifyRows(*this);
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

//===- Parts of programs ------------------------------------------------------===//

void InputOp::getAsmResultNames(OpAsmSetValueNameFn setName) { setName(getResult(), getName()); }
void HeldOp::getAsmResultNames(OpAsmSetValueNameFn set) { set(getResult(), "held"); }
void SpaceOp::getAsmResultNames(OpAsmSetValueNameFn setName) { setName(getResult(), getName()); }
void BufferOp::getAsmResultNames(OpAsmSetValueNameFn setName) { setName(getResult(), "b"); }

LogicalResult SpaceOp::verify() {
  InputOp mask = getMask() ? getMask().getDefiningOp<InputOp>() : nullptr;
  if (mask && !mask.getMask())
    return emitOpError("C2: input '") << mask.getName() << "' is no mask";
  if (getBeginsAttr() && getContinuesAttr())
    return emitOpError("C3: begins ") << getBeginsAttr() << " and continues " << getContinuesAttr();
  return success();
}

LogicalResult HeldOp::verify() {
  int64_t chunk = static_cast<int64_t>(getChunk());
  return chunk >= 0 && chunk <= xf::maxExtent ? success() : emitOpError("C2: comes by chunks of ") << chunk << " keys";
}

/// Whether a space is held, by chunks.
static bool isByChunks(Value space) {
  auto held = space ? space.getDefiningOp<HeldOp>() : HeldOp();
  return held && held.getChunk() != 0;
}

LogicalResult BufferOp::verify() {
  int64_t width = static_cast<int64_t>(getWidth());
  int64_t slots = static_cast<int64_t>((*this)->getParentOfType<ProgramOp>().getSlots());
  if (getSlot().has_value() == getCache().has_value())
    return emitOpError("C1: has a slot or a cache, one of the two");
  if (int64_t slot = static_cast<int64_t>(getSlot().value_or(0)); getSlot() && (slot < 0 || slot >= slots))
    return emitOpError("C1: there is no slot ") << slot << ", the program has " << slots;
  if (getPer() == Per::Chunk && (getCache() || !isByChunks(getSpace())))
    return emitOpError("C1: has a row per chunk of what does not come by chunks");
  bool isWhole = width % 2 == 0 || !getElementType() || !xf::isProductType(*getElementType());
  return width >= 1 && width <= xf::maxExtent && isWhole ? success()
                                                         : emitOpError("C2: rows of ") << width << " columns";
}

DType BufferOp::getElement() { return getElementType() ? dtypeOf(*getElementType()) : DType::F32; }
int64_t BufferOp::getRowWords() {
  return static_cast<int64_t>(words::rowWords(static_cast<uint64_t>(getWidth()), getElement()));
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

LogicalResult ProblemOp::verify() {
  bool counted = static_cast<int64_t>(getCount().value_or(0)) > 0;
  if (isa<ProgramOp>((*this)->getParentOp()->getParentOp()) ? !getSpace() || getCount() : getSpace() || !counted)
    return emitOpError("C3: has the rows of a space in a program, and a positive count of them in rt.deploy");
  if ((getOver() == Over::Chunks && !isByChunks(getSpace())) || (getWhen() && !isByChunks(getKeySpace())))
    return emitOpError("C3: speaks of chunks of what does not come by chunks");
  ValueRange left = getValues();
  for (Attribute word : getWords()) {
    if (!isa<BufferArgAttr, IdsArgAttr, RowsArgAttr, PitchArgAttr, IntArgAttr, ParameterArgAttr, RankArgAttr>(word))
      return emitOpError("C2: takes a word that is none: ") << word;
    Type type = operandType(word);
    if (!type)
      continue;
    if (left.empty() || left.front().getType() != type)
      return emitOpError("C2: the word ") << word << " has no operand of type " << type;
    left = left.drop_front();
  }
  return left.empty() ? success() : emitOpError("C2: ") << left.size() << " operands belong to no word";
}

SmallVector<std::pair<Attribute, Value>> ProblemOp::getArgs() {
  SmallVector<std::pair<Attribute, Value>> args;
  auto next = getValues().begin();
  for (Attribute word : getWords())
    args.push_back({word, operandType(word) && next != getValues().end() ? *next++ : Value()});
  return args;
}

/// C1: a pitch that follows a buffer is that of its rows.
static LogicalResult verifyPitches(ProblemOp op) {
  BufferOp before;
  for (auto [word, value] : op.getArgs()) {
    auto pitch = dyn_cast<PitchArgAttr>(word);
    if (pitch && before && pitch.getWidth() != before.getRowWords())
      return op.emitOpError("C1: has a pitch of ") << pitch.getWidth() << " words for rows of " << before.getRowWords();
    before = isa<BufferArgAttr>(word) ? value.getDefiningOp<BufferOp>() : BufferOp();
  }
  return success();
}

LogicalResult ProblemOp::verifyKernel(KernelOp kernel) {
  words::Signature wanted = kernel.getSignature();
  if (getWords().size() != wanted.size())
    return emitOpError("C1: kernel ") << getKernelAttr() << " takes " << wanted.size() << " words, found "
                                      << getWords().size();
  for (auto [word, expected] : llvm::zip(getWords(), wanted))
    if (!fits(word, expected.type))
      return emitOpError("C1: word '") << expected.name << "' of kernel " << getKernelAttr() << " is of type "
                                       << words::nameOf(expected.type) << ", found " << word;
  return verifyPitches(*this);
}

Touched ProblemOp::getTouched(KernelOp kernel) {
  words::Signature signature = kernel.getSignature();
  SmallVector<std::pair<Attribute, Value>> args = getArgs();
  auto countOf = [&](std::string_view name, BufferOp buffer, int64_t column) -> int64_t {
    if (name.empty()) // heads, or one number
      return static_cast<int64_t>(getColumns() * std::max<uint64_t>(1, kernel.getHeadDim()));
    for (auto [expected, arg] : llvm::zip(signature, args))
      if (expected.name == name)
        if (auto number = dyn_cast<IntArgAttr>(arg.first))
          return number.getValue();
    return static_cast<int64_t>(buffer.getWidth()) - column; // the bound rank: at most all
  };
  Touched touched;
  for (auto [expected, arg] : llvm::zip(signature, args)) {
    auto word = dyn_cast<BufferArgAttr>(arg.first);
    if (!word)
      continue;
    auto buffer = cast<TypedValue<BufferType>>(arg.second);
    int64_t width = countOf(expected.columns, buffer.getDefiningOp<BufferOp>(), word.getColumn());
    Window window{buffer, word.getColumn(), width};
    if (expected.name == "y")
      touched.write = window;
    else
      touched.reads.push_back(window);
  }
  return touched;
}
