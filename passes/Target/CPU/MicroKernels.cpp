// Micro-kernels: accumulators are loop-carried values, one kernel per shape the
// registers hold; a dispatcher picks the shape at run time.
#include "passes/Target/CPU/Generators.h"

#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using namespace ptx::cpu;

func::FuncOp ptx::cpu::beginFunction(Emit &e, StringRef name, ArrayRef<Type> types) {
  auto function = e.create<func::FuncOp>(name, e.getFunctionType(types, {}));
  function.setPrivate();
  function->setAttr("llvm.linkage", LLVM::LinkageAttr::get(e.getContext(), LLVM::Linkage::Internal));
  function->setAttr("passthrough", e.getStrArrayAttr({"noinline"}));
  e.setInsertionPointToStart(function.addEntryBlock());
  return function;
}

void ptx::cpu::endFunction(Emit &e, func::FuncOp function) {
  e.create<func::ReturnOp>();
  e.setInsertionPointAfter(function);
}

namespace {

int64_t maxRowsOf(const LevelInfo &level, const Operands &operands) {
  return std::min(level.maxRows, operands.maxRows);
}

std::string shapeName(const Operands &operands, int64_t rows, int64_t panels) {
  return llvm::formatv("ukernel_{0}_{1}x{2}", operands.name, rows, panels);
}

std::string dispatchName(const Operands &operands) { return ("tile_" + operands.name).str(); }

// What a tile asks for of B before its own loads reach it. Each of the ways is
// the best for the heights that use it, with weights in memory and no worse with
// weights in a cache (Zen 4, one thread, GB/s without and with it):
enum class Ahead {
  // Few rows: the processor follows the streams by itself, but starts anew at each
  // page, so the first line of the one after the next is asked for: 1 row 28 and 31.
  // Whole streams asked for twice come slower.
  Page,
  // The panels of the next tile, in one stream: 8 rows 19 and 25.
  Tile,
  // Each line some steps before: 10 % at 12 rows with weights in the third level (Zen 5).
  Line
};
Ahead aheadOf(int64_t rows, int64_t panels) {
  if (rows <= 4 || panels == maxPanels)
    return Ahead::Page;
  return rows <= 8 ? Ahead::Tile : Ahead::Line;
}
constexpr int64_t pageWords = 1024, linesAhead = 48;

/// The products of one step, added to the sums [row][panel].
class Step {
public:
  /// What the step takes of each row and panel.
  Step(Emit &e, const Operands &operands, SmallVector<Value> columns)
      : e(e), operands(operands), columns(std::move(columns)) {}

  /// `row(i, h)` is the address of word h that the step takes of row i.
  SmallVector<Value> add(ValueRange before, int64_t rows, llvm::function_ref<Value(int64_t, int64_t)> row) {
    SmallVector<Value> sums(before);
    for (int64_t h = 0; h < operands.rowWords; ++h) {
      SmallVector<Value> b = llvm::map_to_vector(columns, [&](Value column) { return load(column, h); });
      for (int64_t i = 0; i < rows; ++i) {
        Value a = emitBroadcast(e, operands, row(i, h));
        for (size_t j = 0; j < b.size(); ++j) {
          Value &sum = sums[i * b.size() + j];
          sum = emitMultiplyAdd(e, operands, a, b[j], sum);
        }
      }
    }
    return sums;
  }

private:
  Value integers(Value address) { return e.create<LLVM::LoadOp>(e.wide(e.getI32Type()), address, 4); }

  Value load(Value address, int64_t h) {
    switch (operands.product) {
    case Product::F32:
      return e.load(address);
    case Product::F16:
      return e.extend(e.create<LLVM::LoadOp>(e.wide(e.getF16Type()), address, 2));
    case Product::Bf16: { // the first of a pair lies in the lower half
      auto [low, high] = emitUnpair(e, integers(address), e.getBF16Type());
      return h ? high : low;
    }
    case Product::Bf16Pairs:
      return emitAsOperand(e, operands, integers(address));
    }
    llvm_unreachable("every product is handled");
  }

  Emit &e;
  const Operands &operands;
  SmallVector<Value> columns;
};

// (a, aRow, aStep, b, bRow, bPanel, steps, c, cRow, fresh)
void emitMicroKernel(Emit &e, const Operands &operands, int64_t rows, int64_t panels) {
  Type ptr = e.pointer(), i64 = e.getI64Type();
  auto function =
      beginFunction(e, shapeName(operands, rows, panels), {ptr, i64, i64, ptr, i64, i64, i64, ptr, i64, e.getI1Type()});
  Value a = function.getArgument(0), aRow = function.getArgument(1), aStep = function.getArgument(2);
  Value b = function.getArgument(3), bRow = function.getArgument(4), bPanel = function.getArgument(5);
  Value steps = function.getArgument(6), c = function.getArgument(7), cRow = function.getArgument(8);
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

  Ahead ahead = aheadOf(rows, panels);
  auto column = [&](Value step, int64_t j) { return e.at(e.at(b, e.mul(bRow, step)), e.mul(bPanel, j)); };
  auto body = [&](Value step, ValueRange sums) {
    Value first = e.mul(step, operands.rowWords);
    SmallVector<Value> columns;
    for (int64_t j = 0; j < panels; ++j) {
      columns.push_back(column(step, j));
      if (ahead == Ahead::Line)
        e.fetch(e.at(columns.back(), e.mul(bRow, linesAhead)), Emit::Cache::First);
      if (ahead == Ahead::Tile)
        e.fetch(e.at(e.at(b, e.mul(bPanel, panels)), e.mul(bRow, e.add(e.mul(step, panels), j))), Emit::Cache::Second);
    }
    return Step(e, operands, columns).add(sums, rows, [&](int64_t i, int64_t h) {
      return e.at(e.at(a, e.mul(aStep, h ? e.add(first, h) : first)), e.mul(aRow, i));
    });
  };
  int64_t pageSteps = pageWords / operands.panelWords;
  auto pages = [&](Value from, ValueRange sums) {
    Value later = e.add(from, 2 * pageSteps);
    for (int64_t j = 0; j < panels; ++j)
      e.fetch(column(later, j), Emit::Cache::Second);
    return SmallVector<Value>(e.loop(from, e.minimum(e.add(from, pageSteps), steps), 1, sums, body));
  };
  SmallVector<Value> sums = ahead == Ahead::Page ? e.loop(e.integer(0), steps, pageSteps, start.getResults(), pages)
                                                 : e.loop(e.integer(0), steps, 1, start.getResults(), body);
  for (int64_t i = 0; i < rows; ++i)
    for (int64_t j = 0; j < panels; ++j)
      e.store(sums[i * panels + j], element(i, j));
  endFunction(e, function);
}

// (rows, panels, ...): a switch over the shapes.
void emitDispatch(Emit &e, const LevelInfo &level, const Operands &operands) {
  Type ptr = e.pointer(), i64 = e.getI64Type();
  auto function =
      beginFunction(e, dispatchName(operands), {i64, i64, ptr, i64, i64, ptr, i64, i64, i64, ptr, i64, e.getI1Type()});
  SmallVector<std::pair<int64_t, int64_t>> shapes;
  SmallVector<int64_t> cases;
  for (int64_t rows = 1; rows <= maxRowsOf(level, operands); ++rows)
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
    e.call(shapeName(operands, shape.first, shape.second), function.getArguments().drop_front(2));
    e.create<scf::YieldOp>();
  }
  {
    OpBuilder::InsertionGuard guard(e);
    e.setInsertionPointToStart(&choose.getDefaultRegion().emplaceBlock());
    e.create<scf::YieldOp>();
  }
  endFunction(e, function);
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
    Value out = e.at(dst, e.mul(k, lanes));
    auto rowsAt = llvm::map_to_vector(starts, [&](Value start) { return e.at(start, k); });
    for (auto [t, value] : llvm::enumerate(emitTransposed(e, rowsAt, e.getF32Type(), 4)))
      e.store(value, e.at(out, t * lanes));
  });
  endFunction(e, function);
}

} // namespace

// 128 bits of four rows make a vector, within whose quarters the words of four such are then
// transposed: 16 x 16 take 64 loads and 32 shuffles, 25 ns; whole rows 64 shuffles across
// the vector, 45 ns (Zen 4, load by others).
SmallVector<Value> ptx::cpu::emitTransposed(Emit &e, ArrayRef<Value> rows, Type element, unsigned alignment) {
  constexpr int64_t quarter = lanes / 4;
  auto shuffle = [&](Value a, Value b, llvm::function_ref<int64_t(int64_t, int64_t)> from) -> Value {
    SmallVector<int64_t> mask;
    for (int64_t part = 0; part < 4; ++part)
      for (int64_t i = 0; i < quarter; ++i)
        mask.push_back(from(part, i));
    return e.create<vector::ShuffleOp>(a, b, mask);
  };
  /// Of a and b in turn `width` words from `begin` of each quarter on.
  auto interleave = [&](Value a, Value b, int64_t width, int64_t begin) {
    return shuffle(a, b, [&](int64_t part, int64_t i) {
      int64_t word = begin + i / (2 * width) * width + i % width;
      return i / width % 2 * lanes + part * quarter + word;
    });
  };
  SmallVector<Value> columns;
  for (int64_t first = 0; first < lanes; first += quarter) {
    SmallVector<Value> parts; // the quarters of part i: of rows i, i + 4, i + 8, i + 12
    for (int64_t i = 0; i < 4; ++i) {
      Value part;
      for (int64_t at = 0; at < 4; ++at) {
        Value piece =
            e.create<LLVM::LoadOp>(VectorType::get({quarter}, element), e.at(rows[i + 4 * at], first), alignment);
        Value everywhere = shuffle(piece, piece, [](int64_t, int64_t j) { return j; });
        part = at == 0 ? everywhere : shuffle(part, everywhere, [&](int64_t p, int64_t j) {
          return (p == at ? lanes : 0) + p * quarter + j;
        });
      }
      parts.push_back(part);
    }
    for (int64_t half : {0, 2}) {
      Value low = interleave(parts[0], parts[1], 1, half), high = interleave(parts[2], parts[3], 1, half);
      columns.push_back(interleave(low, high, 2, 0));
      columns.push_back(interleave(low, high, 2, 2));
    }
  }
  return columns;
}

static void emitTiles(Emit &e, const LevelInfo &level, const Operands &operands) {
  for (int64_t rows = 1; rows <= maxRowsOf(level, operands); ++rows)
    for (int64_t panels = 1; panels <= maxPanels; panels *= 2)
      if (shapeFits(level, rows, panels))
        emitMicroKernel(e, operands, rows, panels);
  emitDispatch(e, level, operands);
}

void ptx::cpu::emitMicroKernels(Emit &e, const LevelInfo &level, ArrayRef<Type> productTypes) {
  emitTiles(e, level, operandsOf(level, std::nullopt));
  for (Type type : productTypes)
    emitTiles(e, level, operandsOf(level, type));
  emitPrepareFunctions(e, level, productTypes);
  emitTransposeFunction(e);
}

void ptx::cpu::emitTile(Emit &e, const Operands &operands, const Tile &t) {
  e.call(dispatchName(operands),
         {t.rows, t.panels, t.a, t.aRow, t.aStep, t.b, t.bRow, t.bPanel, t.depth, t.c, t.cRow, t.fresh});
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

RowBlocks ptx::cpu::cutRows(Emit &e, const LevelInfo &level, const Operands &operands, Value rows) {
  Value count = e.ceilDiv(rows, maxRowsOf(level, operands));
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
