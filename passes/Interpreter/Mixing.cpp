// Operations of xf that mix positions: attention and pooling.
#include "passes/Interpreter/Evaluator.h"
#include "passes/Interpreter/Pool.h"
#include "passes/Interpreter/Product.h"

using namespace mlir;
using namespace ptx;
using namespace ptx::interp;

static LogicalResult checkShape(Operation *op, const Array &x, const Mask &mask) {
  if (x.shape.size() == 3 && x.shape[0] == mask.sequences && x.shape[1] == mask.length)
    return success();
  return op->emitOpError("has a value of shape ")
         << format(x.shape) << " under a mask of shape " << format({mask.sequences, mask.length});
}

// The positions of sequence `b` that are seen, those behind `last` left out, as
// rows of the matrix.
static SmallVector<int64_t> keysOf(const Mask &mask, int64_t b, std::optional<int64_t> last) {
  SmallVector<int64_t> keys;
  for (int64_t s = 0; s < mask.length; ++s)
    if (mask.sees(b, s) && !(last && mask.position(b, s) > *last))
      keys.push_back(b * mask.length + s);
  return keys;
}

static LogicalResult attention(Frame &frame, xf::AttentionOp op) {
  Type type = xf::productType(op.getProductTypeAttr(), op.getContext());
  const Array q = rounded(frame.array(op.getQuery()), type);
  const Array k = rounded(frame.array(op.getKey()), type);
  const Array v = rounded(frame.array(op.getValue()), type);
  const Mask &queries = frame.mask(op.getQueryMask());
  const Mask &keys = frame.mask(op.getKeyMask());
  if (failed(checkShape(op, q, queries)) || failed(checkShape(op, k, keys)) || failed(checkShape(op, v, keys)))
    return failure();
  if (queries.sequences != keys.sequences)
    return op.emitOpError("has ") << queries.sequences << " sequences of queries"
                                  << ", " << keys.sequences << " of keys";
  int64_t heads = op.getHeads();
  if (heads < 1 || q.columns() % heads || k.columns() != q.columns() || v.columns() != q.columns())
    return op.emitOpError("C1: ") << q.columns() << " columns of queries, " << k.columns() << " of keys and "
                                  << v.columns() << " of values for " << heads << " heads";
  Array result(q.shape);
  for (int64_t row = 0; row < q.rows(); ++row) {
    int64_t b = row / queries.length, t = row % queries.length;
    if (!queries.exists(b, t))
      continue;
    std::optional<int64_t> last = op.getCausal() ? std::optional(queries.position(b, t)) : std::nullopt;
    attend(q, k, v, {row, keysOf(keys, b, last)}, heads, op.getScale().convertToDouble(), type, result);
  }
  return frame.set(op.getResult(), std::move(result));
}

// Zeros where position 0 does not exist.
static LogicalResult firstToken(Frame &frame, xf::FirstTokenOp op) {
  const Array &x = frame.array(op.getX());
  const Mask &mask = frame.mask(op.getMask());
  if (failed(checkShape(op, x, mask)))
    return failure();
  Array result({mask.sequences, x.columns()});
  for (int64_t b = 0; b < mask.sequences; ++b)
    if (mask.exists(b, 0))
      std::copy_n(x.row(b * mask.length), x.columns(), result.row(b));
  return frame.set(op.getResult(), std::move(result));
}

static LogicalResult pool(Frame &frame, xf::PoolOp op) {
  const Array &x = frame.array(op.getX());
  const Mask &mask = frame.mask(op.getMask());
  if (failed(checkShape(op, x, mask)))
    return failure();
  Array result({mask.sequences, x.columns()});
  for (int64_t b = 0; b < mask.sequences; ++b) {
    SmallVector<VisibleRow> rows;
    for (int64_t row : keysOf(mask, b, std::nullopt))
      rows.push_back({row, row - b * mask.length});
    poolRows(op.getKind(), x, rows, b, result);
  }
  return frame.set(op.getResult(), std::move(result));
}

void interp::addMixing(Table &table) {
  table.add<attention>();
  table.add<firstToken>();
  table.add<pool>();
}
