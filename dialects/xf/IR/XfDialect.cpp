#include "dialects/xf/IR/XfDialect.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace ptx::xf;

#include "dialects/xf/IR/XfDialect.cpp.inc"
#include "dialects/xf/IR/XfEnums.cpp.inc"

//===----------------------------------------------------------------------===//
// Types
//===----------------------------------------------------------------------===//

// Two dimensions, `?` for one known only at run time: 512x256, ?x256.
static ParseResult parseDims(AsmParser &parser, int64_t &first, int64_t &second) {
  SmallVector<int64_t> dims;
  if (parser.parseDimensionList(dims, /*allowDynamic=*/true,
                                /*withTrailingX=*/false))
    return failure();
  if (dims.size() != 2)
    return parser.emitError(parser.getCurrentLocation(), "expected two dimensions, found ") << dims.size();
  first = ShapedType::isDynamic(dims[0]) ? -1 : dims[0];
  second = ShapedType::isDynamic(dims[1]) ? -1 : dims[1];
  return success();
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

Type WeightType::parse(AsmParser &parser) {
  SmallVector<int64_t> shape;
  Type element;
  if (parser.parseLess() || parser.parseDimensionList(shape, /*allowDynamic=*/false) || parser.parseType(element) ||
      parser.parseGreater())
    return {};
  return get(parser.getContext(), shape, element);
}

void WeightType::print(AsmPrinter &printer) const {
  printer << '<';
  for (int64_t dim : getShape())
    printer << dim << 'x';
  printer << getElementType() << '>';
}

#define GET_TYPEDEF_CLASSES
#include "dialects/xf/IR/XfTypes.cpp.inc"

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
  WaveYieldOp::create(builder, loc, results);
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
