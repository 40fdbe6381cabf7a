// The syntax of regions, for the assembly formats of all dialects: custom<Body>
// for one block, custom<OpenBody> where names of the ops around are in sight,
// custom<OptionalBody> where there may be none.
#ifndef PTX_DIALECTS_XF_IR_BODY_H
#define PTX_DIALECTS_XF_IR_BODY_H

#include "mlir/IR/OpImplementation.h"

namespace ptx {

/// Parses a region. Names of an isolated one are its own: without that MLIR 22
/// lets an op outside refer to a value inside. A region that does not parse is
/// freed by the caller, so nothing may use its values any longer.
mlir::ParseResult parseRegion(mlir::OpAsmParser &parser, mlir::Region &body, bool isolated);

inline mlir::ParseResult parseBody(mlir::OpAsmParser &parser, mlir::Region &body) {
  if (parseRegion(parser, body, /*isolated=*/true))
    return mlir::failure();
  if (body.empty())
    body.emplaceBlock();
  return mlir::success();
}
inline mlir::ParseResult parseOpenBody(mlir::OpAsmParser &parser, mlir::Region &body) {
  if (parseRegion(parser, body, /*isolated=*/false))
    return mlir::failure();
  if (body.empty())
    body.emplaceBlock();
  return mlir::success();
}
inline mlir::ParseResult parseOptionalBody(mlir::OpAsmParser &parser, mlir::Region &body) {
  return parseRegion(parser, body, /*isolated=*/true);
}

inline void printBody(mlir::OpAsmPrinter &printer, mlir::Operation *, mlir::Region &body) { printer.printRegion(body); }
inline void printOpenBody(mlir::OpAsmPrinter &printer, mlir::Operation *, mlir::Region &body) {
  printer.printRegion(body);
}
inline void printOptionalBody(mlir::OpAsmPrinter &printer, mlir::Operation *, mlir::Region &body) {
  printer.printRegion(body);
}

} // namespace ptx

#endif // PTX_DIALECTS_XF_IR_BODY_H
