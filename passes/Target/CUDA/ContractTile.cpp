#include "passes/Target/CUDA/ContractTile.h"

using namespace ptx::cuda;

SmallVector<Value> ptx::cuda::forEachProduct(Emit &e, const Kernel &kernel, int64_t sums,
                                             llvm::function_ref<SmallVector<Value>(const Product &, ValueRange)> body) {
  const Words &words = kernel.words;
  mlir::Type narrow = kernel.op.getProductType().value_or(mlir::Type());
  // Rows of a weight start at multiples of 16 bytes.
  auto pitchOf = [&](Value depth) { return e.roundUp(narrow ? e.ceilDiv(depth, 2) : depth, 4); };
  auto product = [&](const char *x, const char *weight, const char *depth) {
    Value count = words.integer(e, depth);
    return Product{words.matrix(e, x), {words.pointer(e, weight), pitchOf(count), narrow}, count};
  };
  Product base = product("x", "weight", "depth"), low = product("u", "b", "rank");
  SmallVector<Value> start(sums, e.constant(-0.0f));
  if (narrow)
    return body(low, body(base, start));
  Value hasLow = e.compare(Emit::Predicate::sgt, low.depth, e.integer(0));
  Value count = e.select(hasLow, e.integer(2), e.integer(1));
  return e.loop(e.integer(0), count, 1, start, [&](Value i, ValueRange values) {
    Value isBase = e.compare(Emit::Predicate::eq, i, e.integer(0));
    auto choose = [&](Value a, Value b) { return e.select(isBase, a, b); };
    Product chosen{{choose(base.x.base, low.x.base), choose(base.x.pitch, low.x.pitch)},
                   {choose(base.weight.base, low.weight.base), {}},
                   choose(base.depth, low.depth)};
    chosen.weight.pitch = pitchOf(chosen.depth);
    return body(chosen, values);
  });
}

Place ptx::cuda::placeOf(Emit &e, const Kernel &kernel) {
  return {e.add(kernel.begin, e.mul(kernel.rowTile, contractTile.rows)), kernel.end,
          e.mul(kernel.columnTile, contractTile.columns), kernel.words.integer(e, "width")};
}

void ptx::cuda::forEachWord(Emit &e, const Kernel &kernel, llvm::function_ref<void(Value, Value)> body) {
  for (int64_t i = 0; i < contractTile.rows * stepWords / threads; ++i) {
    Value index = e.add(kernel.thread, i * threads);
    body(e.div(index, stepWords), e.rem(index, stepWords));
  }
}

void ptx::cuda::emitCopies(Emit &e, const Kernel &kernel, const Matrix &from, Value first, Value end, Value k0,
                           Value depth, Value to, int64_t pitch) {
  e.mark();
  forEachWord(e, kernel, [&](Value r, Value word) {
    Value row = e.add(first, r), k = e.add(k0, word);
    Value exists = e.both(e.less(row, end), e.less(k, depth));
    // A valid address even where nothing is read.
    Value safeRow = e.minimum(row, e.sub(end, e.integer(1))), safeK = e.minimum(k, e.sub(depth, e.integer(1)));
    Value source = e.at(from.row(e, safeRow), safeK);
    e.create<ptx::dev::CopyAsyncOp>(e.at(to, e.add(e.mul(r, pitch), word)), source, exists);
  });
}

SmallVector<Value> ptx::cuda::emitAhead(Emit &e, const Kernel &kernel, Value steps, int64_t stageFloats,
                                        ValueRange sums, llvm::function_ref<void(Value, Value)> copy,
                                        llvm::function_ref<SmallVector<Value>(Value, ValueRange)> sum) {
  auto stageOf = [&](Value step) { return e.at(kernel.shared, e.mul(e.rem(step, 2), stageFloats)); };
  // A product over no steps (an adapter's rank of 0) copies nothing: nobody would wait for it.
  e.when(e.less(e.integer(0), steps), [&] { copy(e.integer(0), stageOf(e.integer(0))); });
  e.create<ptx::dev::CommitCopiesOp>();
  return e.loop(e.integer(0), steps, 1, sums, [&](Value step, ValueRange partial) {
    Value ahead = e.add(step, 1);
    e.when(e.less(ahead, steps), [&] { copy(ahead, stageOf(ahead)); });
    e.create<ptx::dev::CommitCopiesOp>();
    e.create<ptx::dev::WaitCopiesOp>(1);
    e.mark();
    e.barrier();
    SmallVector<Value> next = sum(stageOf(step), partial);
    e.mark();
    e.barrier();
    return next;
  });
}

void ptx::cuda::emitResults(Emit &e, const Kernel &kernel, const Place &place, llvm::function_ref<void()> put) {
  e.mark();
  put();
  e.barrier();
  Element element(e, kernel.op, kernel.words);
  Matrix y = kernel.words.matrix(e, "y");
  Value all = e.integer(contractTile.rows * contractTile.columns);
  e.share(kernel.thread, all, threads, [&](Value index) {
    Value r = e.div(index, contractTile.columns), c = e.rem(index, contractTile.columns);
    Value m = e.add(place.row, r), n = e.add(place.column, c);
    e.when(e.both(e.less(m, place.rowEnd), e.less(n, place.width)), [&] {
      Value sum = e.loadScalar(e.at(kernel.shared, e.add(e.mul(r, resultPitch), c)));
      e.storeElement(element(e, sum, m, n), y, y.row(e, m), n);
    });
  });
}
