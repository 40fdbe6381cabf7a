// Micro-kernels: accumulators are loop-carried values, one kernel per shape the
// registers hold; a dispatcher picks the shape at run time.
#include "passes/Target/CPU/Generators.h"

#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using namespace ptx::cpu;

namespace {

std::string shapeName(int64_t rows, int64_t panels) { return llvm::formatv("ukernel_{0}x{1}", rows, panels); }

func::FuncOp beginFunction(Emit &e, StringRef name, ArrayRef<Type> types) {
  auto function = e.create<func::FuncOp>(name, e.getFunctionType(types, {}));
  function.setPrivate();
  function->setAttr("llvm.linkage", LLVM::LinkageAttr::get(e.getContext(), LLVM::Linkage::Internal));
  function->setAttr("passthrough", e.getStrArrayAttr({"noinline"}));
  e.setInsertionPointToStart(function.addEntryBlock());
  return function;
}

void endFunction(Emit &e, func::FuncOp function) {
  e.create<func::ReturnOp>();
  e.setInsertionPointAfter(function);
}

// How many steps ahead B is fetched: 10 % at 16 rows with weights in the third
// level (Zen 5), nothing for one row.
constexpr int64_t fetchAhead = 48;

// (a, aRow, aStep, b, bRow, bPanel, depth, c, cRow, fresh). Moves depth * (rows
// + 16 panels) floats, 32 * rows * panels * depth operations.
void emitMicroKernel(Emit &e, int64_t rows, int64_t panels) {
  Type ptr = e.pointer(), i64 = e.getI64Type();
  auto function =
      beginFunction(e, shapeName(rows, panels), {ptr, i64, i64, ptr, i64, i64, i64, ptr, i64, e.getI1Type()});
  Value a = function.getArgument(0), aRow = function.getArgument(1), aStep = function.getArgument(2);
  Value b = function.getArgument(3), bRow = function.getArgument(4), bPanel = function.getArgument(5);
  Value depth = function.getArgument(6), c = function.getArgument(7), cRow = function.getArgument(8);
  Value fresh = function.getArgument(9);

  auto element = [&](int64_t i, int64_t j) { return e.at(e.at(c, e.mul(cRow, i)), j * lanes); };
  auto start = e.create<scf::IfOp>(
      fresh,
      [&](OpBuilder &, Location) { e.create<scf::YieldOp>(SmallVector<Value>(rows * panels, e.constant(-0.0f))); },
      [&](OpBuilder &, Location) {
        SmallVector<Value> loaded;
        for (int64_t i = 0; i < rows; ++i)
          for (int64_t j = 0; j < panels; ++j)
            loaded.push_back(e.load(element(i, j)));
        e.create<scf::YieldOp>(loaded);
      });

  auto sums = e.loop(e.integer(0), depth, 1, start.getResults(), [&](Value k, ValueRange sums) {
    Value bk = e.at(b, e.mul(bRow, k)), ak = e.at(a, e.mul(aStep, k));
    SmallVector<Value> columns, next;
    for (int64_t j = 0; j < panels; ++j) {
      Value column = e.at(bk, e.mul(bPanel, j));
      columns.push_back(e.load(column));
      if (rows > 1)
        e.create<LLVM::Prefetch>(e.at(column, e.mul(bRow, fetchAhead)),
                                 /*rw=*/0, /*hint=*/3, /*cache=*/1);
    }
    for (int64_t i = 0; i < rows; ++i) {
      Value x = e.broadcast(e.loadScalar(e.at(ak, e.mul(aRow, i))));
      for (int64_t j = 0; j < panels; ++j)
        next.push_back(e.fma(x, columns[j], sums[i * panels + j]));
    }
    return next;
  });
  for (int64_t i = 0; i < rows; ++i)
    for (int64_t j = 0; j < panels; ++j)
      e.store(sums[i * panels + j], element(i, j));
  endFunction(e, function);
}

// (rows, panels, ...): a switch over the shapes.
void emitDispatch(Emit &e, const LevelInfo &level) {
  Type ptr = e.pointer(), i64 = e.getI64Type();
  auto function = beginFunction(e, "tile", {i64, i64, ptr, i64, i64, ptr, i64, i64, i64, ptr, i64, e.getI1Type()});
  SmallVector<std::pair<int64_t, int64_t>> shapes;
  SmallVector<int64_t> cases;
  for (int64_t rows = 1; rows <= level.maxRows; ++rows)
    for (int64_t panels = 1; panels <= maxPanels; panels *= 2)
      if (shapeFits(level, rows, panels)) {
        shapes.emplace_back(rows, panels);
        cases.push_back(rows * 8 + panels);
      }
  Value key = e.add(e.mul(function.getArgument(0), 8), function.getArgument(1));
  Value index = e.create<arith::IndexCastOp>(e.getIndexType(), key);
  auto choose = e.create<scf::IndexSwitchOp>(TypeRange(), index, cases, cases.size());
  for (auto [region, shape] : llvm::zip(choose.getCaseRegions(), shapes)) {
    OpBuilder::InsertionGuard guard(e);
    e.setInsertionPointToStart(&region.emplaceBlock());
    e.call(shapeName(shape.first, shape.second), function.getArguments().drop_front(2));
    e.create<scf::YieldOp>();
  }
  {
    OpBuilder::InsertionGuard guard(e);
    e.setInsertionPointToStart(&choose.getDefaultRegion().emplaceBlock());
    e.create<scf::YieldOp>();
  }
  endFunction(e, function);
}

// Four perfect shuffles transpose 16 x 16.
SmallVector<Value> transpose(Emit &e, SmallVector<Value> rows) {
  for (int stage = 0; stage < 4; ++stage) {
    SmallVector<Value> next;
    for (int64_t i = 0; i < lanes / 2; ++i)
      for (int64_t half : {0, 8}) {
        SmallVector<int64_t> mask;
        for (int64_t lane = 0; lane < lanes; ++lane)
          mask.push_back(half + lane / 2 + (lane % 2) * lanes);
        next.push_back(e.create<vector::ShuffleOp>(rows[i], rows[i + lanes / 2], mask));
      }
    rows = next;
  }
  return rows;
}

// (src, pitch, rows, depth, dst); rows >= 1. Rows behind the last repeat it.
void emitTransposeFunction(Emit &e) {
  Type ptr = e.pointer(), i64 = e.getI64Type();
  auto function = beginFunction(e, "transpose", {ptr, i64, i64, i64, ptr});
  Matrix src{function.getArgument(0), function.getArgument(1)};
  Value rows = function.getArgument(2), depth = function.getArgument(3), dst = function.getArgument(4);
  Value last = e.sub(rows, e.integer(1));
  SmallVector<Value> starts;
  for (int64_t i = 0; i < lanes; ++i)
    starts.push_back(src.row(e, e.minimum(e.integer(i), last)));
  e.loop(e.integer(0), depth, lanes, [&](Value k) {
    SmallVector<Value> values;
    for (Value start : starts)
      values.push_back(e.load(e.at(start, k)));
    Value out = e.at(dst, e.mul(k, lanes));
    for (auto [t, value] : llvm::enumerate(transpose(e, values)))
      e.store(value, e.at(out, t * lanes));
  });
  endFunction(e, function);
}

} // namespace

void ptx::cpu::emitMicroKernels(Emit &e, const LevelInfo &level) {
  for (int64_t rows = 1; rows <= level.maxRows; ++rows)
    for (int64_t panels = 1; panels <= maxPanels; panels *= 2)
      if (shapeFits(level, rows, panels))
        emitMicroKernel(e, rows, panels);
  emitDispatch(e, level);
  emitTransposeFunction(e);
}

void ptx::cpu::emitTile(Emit &e, const Tile &t) {
  Value fresh = e.create<arith::ConstantOp>(e.getBoolAttr(t.fresh));
  e.call("tile", {t.rows, t.panels, t.a, t.aRow, t.aStep, t.b, t.bRow, t.bPanel, t.depth, t.c, t.cRow, fresh});
}

void ptx::cpu::emitTranspose(Emit &e, Matrix src, Value rows, Value depth, Value dst) {
  e.call("transpose", {src.base, src.pitch, rows, depth, dst});
}

void RowBlocks::forEach(Emit &e, llvm::function_ref<void(Value begin, Value rows)> body) const {
  auto begin = [&](Value block) { return e.div(e.mul(block, rows), count); };
  e.loop(e.integer(0), count, 1, [&](Value block) {
    Value from = begin(block);
    body(from, e.sub(begin(e.add(block, 1)), from));
  });
}

RowBlocks ptx::cpu::cutRows(Emit &e, const LevelInfo &level, Value rows) {
  Value count = e.ceilDiv(rows, level.maxRows);
  Value tallest = e.div(e.add(rows, e.sub(count, e.integer(1))), e.maximum(count, e.integer(1)));
  return {rows, count, tallest};
}

int64_t ptx::cpu::tallestTile(const LevelInfo &level, int64_t panels) {
  int64_t tallest = 0;
  while (shapeFits(level, tallest + 1, panels))
    ++tallest;
  return tallest;
}

Value ptx::cpu::tilePanels(Emit &e, const LevelInfo &level, Value rows, Value left) {
  Value best = e.integer(1);
  for (int64_t panels = 2; panels <= maxPanels; panels *= 2) {
    Value fits = e.create<arith::AndIOp>(e.compare(Emit::Predicate::sle, rows, e.integer(tallestTile(level, panels))),
                                         e.compare(Emit::Predicate::sge, left, e.integer(panels)));
    best = e.select(fits, e.integer(panels), best);
  }
  return best;
}
