// Rules of what a session keeps; numbers are those of the ops' descriptions.
#include "dialects/xf/IR/XfVerify.h"

using namespace mlir;
using namespace ptx::xf;

LogicalResult HistoryOp::verify() {
  if (int64_t length = static_cast<int64_t>(getMaxLength()); length < 1 || length > maxExtent)
    return emitOpError("C1: `max_length` must be 1 to ") << maxExtent << ", found " << length;
  return success();
}

HistoryOp ptx::xf::lookUpHistory(Operation *user, SymbolTableCollection &symbols, FlatSymbolRefAttr name,
                                 StringRef rule) {
  auto history = symbols.lookupNearestSymbolFrom<HistoryOp>(user, name);
  if (!history)
    user->emitOpError(rule) << ": there is no history " << name;
  return history;
}

LogicalResult ptx::xf::verifyHistoryUse(Operation *user, SymbolTableCollection &symbols, FlatSymbolRefAttr begins,
                                        FlatSymbolRefAttr continues, int64_t maxLength, bool keepFirst) {
  if (!begins && !continues)
    return success();
  if (begins && continues)
    return user->emitOpError("C3: begins ") << begins << " and continues " << continues;
  HistoryOp history = lookUpHistory(user, symbols, begins ? begins : continues, "C3");
  if (!history)
    return failure();
  if (maxLength != static_cast<int64_t>(history.getMaxLength()))
    return user->emitOpError("C3: has `max_length` ")
           << maxLength << ", its history " << static_cast<int64_t>(history.getMaxLength());
  return keepFirst ? user->emitOpError("C3: a hidden position is not held: there is no `keep_first`") : success();
}

LogicalResult CacheOp::verifySymbolUses(SymbolTableCollection &symbols) {
  return success(lookUpHistory(*this, symbols, getHistoryAttr(), "C1"));
}

LogicalResult StateOp::verifySymbolUses(SymbolTableCollection &symbols) {
  auto cache = symbols.lookupNearestSymbolFrom<CacheOp>(*this, getCacheAttr());
  if (!cache)
    return emitOpError("C1: there is no cache ") << getCacheAttr();
  if (cache.getType() != getType())
    return emitOpError("C1: ") << getCacheAttr() << " is declared as " << cache.getType() << ", found " << getType();
  return success();
}

LogicalResult HeldOp::verifySymbolUses(SymbolTableCollection &symbols) {
  return success(lookUpHistory(*this, symbols, getHistoryAttr(), "C1"));
}

LogicalResult VisibleOp::verifySymbolUses(SymbolTableCollection &symbols) {
  return verifyHistoryUse(*this, symbols, getBeginsAttr(), getContinuesAttr(), static_cast<int64_t>(getMaxLength()),
                          getKeepFirst());
}

/// C1 of both: rows of a cache.
static LogicalResult verifyWidth(Operation *op, Value rows, CacheType cache) {
  if (widthOf(rows) == cache.getWidth())
    return success();
  return op->emitOpError("C1: ") << rows.getType() << " has not the columns of " << cache;
}

LogicalResult AppendOp::verify() { return verifyWidth(*this, getX(), getCache().getType()); }
LogicalResult RecallOp::verify() { return verifyWidth(*this, getResult(), getCache().getType()); }
