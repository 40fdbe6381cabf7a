#include "dialects/xf/IR/XfDialect.h"

#include "dialects/xf/IR/XfGeneration.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace ptx::xf;

#include "dialects/xf/IR/XfDialect.cpp.inc"
#include "dialects/xf/IR/XfEnums.cpp.inc"
#include "dialects/xf/IR/XfInterfaces.cpp.inc"

//===----------------------------------------------------------------------===//
// Types
//===----------------------------------------------------------------------===//

// Two dimensions, `?` for one known only at run time: 512x256, ?x256.
static ParseResult parseTwo(AsmParser &parser, int64_t &first, int64_t &second, bool withTrailingX) {
  SmallVector<int64_t> dims;
  if (parser.parseDimensionList(dims, /*allowDynamic=*/true, withTrailingX))
    return failure();
  if (dims.size() != 2)
    return parser.emitError(parser.getCurrentLocation(), "expected two dimensions, found ") << dims.size();
  first = ShapedType::isDynamic(dims[0]) ? -1 : dims[0];
  second = ShapedType::isDynamic(dims[1]) ? -1 : dims[1];
  return success();
}

static ParseResult parseDims(AsmParser &parser, int64_t &first, int64_t &second) {
  return parseTwo(parser, first, second, /*withTrailingX=*/false);
}

static void printDims(AsmPrinter &printer, int64_t first, int64_t second) {
  auto print = [&](int64_t dim) {
    if (dim < 0)
      printer << '?';
    else
      printer << dim;
  };
  print(first);
  printer << 'x';
  print(second);
}

// Two dimensions and an element type: 512x256xf32.
static ParseResult parseTypedDims(AsmParser &parser, int64_t &first, int64_t &second, Type &element) {
  return failure(parseTwo(parser, first, second, /*withTrailingX=*/true) || parser.parseType(element));
}

static void printTypedDims(AsmPrinter &printer, int64_t first, int64_t second, Type element) {
  printDims(printer, first, second);
  printer << 'x' << element;
}

// 1536xf32
static ParseResult parseTypedWidth(AsmParser &parser, int64_t &width, Type &element) {
  SmallVector<int64_t> dims;
  if (parser.parseDimensionList(dims, /*allowDynamic=*/false) || parser.parseType(element))
    return failure();
  if (dims.size() != 1)
    return parser.emitError(parser.getCurrentLocation(), "expected one dimension, found ") << dims.size();
  width = dims[0];
  return success();
}

static void printTypedWidth(AsmPrinter &printer, int64_t width, Type element) { printer << width << 'x' << element; }

Type WeightType::parse(AsmParser &parser) {
  SmallVector<int64_t> shape;
  Type element;
  if (parser.parseLess() || parser.parseDimensionList(shape, /*allowDynamic=*/false) || parser.parseType(element) ||
      parser.parseGreater())
    return {};
  return parser.getChecked<WeightType>(parser.getNameLoc(), parser.getContext(), shape, element);
}

void WeightType::print(AsmPrinter &printer) const {
  printer << '<';
  for (int64_t dim : getShape())
    printer << dim << 'x';
  printer << getElementType() << '>';
}

#define GET_TYPEDEF_CLASSES
#include "dialects/xf/IR/XfTypes.cpp.inc"

using EmitError = function_ref<InFlightDiagnostic()>;

static LogicalResult verifyExtents(EmitError emitError, ArrayRef<int64_t> extents) {
  for (int64_t extent : extents)
    if (extent < 1 || extent > maxExtent)
      return emitError() << "expects dimensions of 1 to " << maxExtent << ", found " << extent;
  return success();
}

LogicalResult WeightType::verify(EmitError emitError, ArrayRef<int64_t> shape, Type element) {
  if (shape.empty() || shape.size() > 2)
    return emitError() << "a weight has one or two dimensions, found " << shape.size();
  if (!element.isF32() && !element.isF16() && !element.isBF16())
    return emitError() << "a weight has elements of f32, f16 or bf16, found " << element;
  return verifyExtents(emitError, shape);
}

LogicalResult LowRankType::verify(EmitError emitError, int64_t out, int64_t in) {
  return verifyExtents(emitError, {out, in});
}

LogicalResult PackedType::verify(EmitError emitError, Layout layout, int64_t rows, int64_t columns, Type element) {
  bool narrow = layout != Layout::Vector && isProductType(element);
  if (!element.isF32() && !narrow)
    return emitError() << "a packed " << stringifyLayout(layout) << " has elements of f32"
                       << (layout == Layout::Vector ? "" : ", f16 or bf16") << ", found " << element;
  // Its rows are read as rows of a buffer are: in whole words.
  if (narrow && layout == Layout::Table && (columns == -1 || columns % 2))
    return emitError() << "a packed table of " << element << " has an even number of columns, found " << columns;
  if (layout == Layout::Vector && columns != 1)
    return emitError() << "a packed vector has one column, found " << columns;
  if (rows == -1 && columns == -1)
    return emitError() << "at most one dimension is known at run time only";
  return verifyExtents(emitError, {rows == -1 ? 1 : rows, columns == -1 ? 1 : columns});
}

LogicalResult CacheType::verify(EmitError emitError, int64_t width, Type element) {
  if (!element.isF32() && !isProductType(element))
    return emitError() << "a cache has elements of f32, f16 or bf16, found " << element;
  if (!element.isF32() && width % 2)
    return emitError() << "a cache of " << element << " has an even number of columns, found " << width;
  return verifyExtents(emitError, width);
}

//===----------------------------------------------------------------------===//
// Tensors and attributes
//===----------------------------------------------------------------------===//

static bool isTensor(Type type, int64_t rank, bool widthLast, function_ref<bool(Type)> element) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  if (!tensor || tensor.getRank() != rank || tensor.getEncoding() || !element(tensor.getElementType()))
    return false;
  for (int64_t dim : tensor.getShape().drop_back(widthLast))
    if (!ShapedType::isDynamic(dim))
      return false;
  int64_t width = tensor.getShape().back();
  return !widthLast || ShapedType::isDynamic(width) || (width >= 1 && width <= maxExtent);
}

static bool isF32(Type type) { return type.isF32(); }

bool ptx::xf::isIds(Type type) {
  return isTensor(type, 2, /*widthLast=*/false, [](Type element) { return element.isSignlessInteger(64); });
}
bool ptx::xf::isMask(Type type) {
  return isTensor(type, 2, /*widthLast=*/false, [](Type element) { return element.isSignlessInteger(1); });
}
bool ptx::xf::isSequence(Type type) { return isTensor(type, 3, /*widthLast=*/true, isF32); }
bool ptx::xf::isPooled(Type type) { return isTensor(type, 2, /*widthLast=*/true, isF32); }
bool ptx::xf::isNumbers(Type type) {
  return isTensor(type, 1, /*widthLast=*/false, [](Type element) { return element.isSignlessInteger(64); });
}
bool ptx::xf::isActivations(Type type) { return isSequence(type) || isPooled(type); }

ParseResult ptx::parseRegion(OpAsmParser &parser, Region &body, bool isolated) {
  if (succeeded(parser.parseRegion(body, /*arguments=*/{}, /*enableNameShadowing=*/isolated)))
    return success();
  body.walk<WalkOrder::PreOrder>([](Operation *op) { op->dropAllUses(); });
  for (Block &block : body)
    for (BlockArgument argument : block.getArguments())
      argument.dropAllUses();
  return failure();
}

LogicalResult ptx::verifyKnownAttributes(Operation *op) {
  for (NamedAttribute attribute : op->getDiscardableAttrs())
    if (!attribute.getNameDialect())
      return op->emitOpError("has no attribute '") << attribute.getName().getValue() << "'";
  return success();
}

LogicalResult XfDialect::verifyOperationAttribute(Operation *op, NamedAttribute attribute) {
  if (attribute.getName() == generationAttribute && isa<ModuleOp>(op))
    return verifyGeneration(op, attribute.getValue());
  if (attribute.getName() != phaseAttribute() || !isa<ModuleOp>(op))
    return op->emitOpError("has no attribute '") << attribute.getName().getValue() << "'";
  if (!isa<StringAttr>(attribute.getValue()))
    return op->emitOpError("expects '") << phaseAttribute() << "' to name a phase, found " << attribute.getValue();
  return success();
}

#define GET_OP_CLASSES
#include "dialects/xf/IR/Xf.cpp.inc"

WaveOp WaveOp::enclose(ArrayRef<Operation *> members) {
  OpBuilder builder(members.front());
  Location loc = members.front()->getLoc();
  SmallVector<Value> results;
  for (Operation *member : members)
    llvm::append_range(results, member->getResults());
  auto wave = create(builder, loc, ValueRange(results).getTypes());
  Block *block = builder.createBlock(&wave.getBody());
  for (auto [inner, outer] : llvm::zip(results, wave.getResults()))
    inner.replaceAllUsesWith(outer);
  for (Operation *member : members)
    member->moveBefore(block, block->end());
  builder.setInsertionPointToEnd(block);
  YieldOp::create(builder, loc, results);
  return wave;
}

void XfDialect::initialize() {
  addTypes<
#define GET_TYPEDEF_LIST
#include "dialects/xf/IR/XfTypes.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "dialects/xf/IR/Xf.cpp.inc"
      >();
}
