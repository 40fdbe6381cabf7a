// Planted in the kernels' barriers, shared memory and copies: the emulator names
// the class, the kernel and the generator's file under every order of threads;
// the twin without the fault is silent.
#include "test/passes/Target/CUDA/Planted.h"

using namespace mlir;
using namespace ptx;
using namespace ptx::test;
using namespace ptx::test::planted;

namespace {

// Sums start before the other threads' tiles are there.
TEST(Planted, ContractWithoutTheBarrierBeforeTheSums) {
  expectFault(manyRows(), {", race: ", "uninitialised", inFlight}, without<gpu::BarrierOp>(0));
}

// A half of the tiles is filled again while others still read it.
TEST(Planted, ContractWithoutTheBarrierAfterTheSums) {
  expectFault(manyRows(), {", race: ", inFlight}, without<gpu::BarrierOp>(1));
}

TEST(Planted, ContractWithoutTheBarrierBeforeTheResults) {
  expectFault(manyRows(), unordered, without<gpu::BarrierOp>(2));
}

// The same on tensor cores, where rows of f32 are stored by the threads themselves.
TEST(Planted, MmaWithoutABarrier) {
  expectFault(manyNarrowRows(), {", race: ", "uninitialised", inFlight}, without<gpu::BarrierOp>(0));
  expectFault(manyNarrowRows(), {", race: ", inFlight}, without<gpu::BarrierOp>(1));
  expectFault(manyNarrowRows(), {inFlight}, without<dev::WaitCopiesOp>(0));
}

TEST(Planted, AttentionWithoutABarrier) {
  expectFault(attention(), unordered, without<gpu::BarrierOp>(0));
  expectFault(attention(), unordered, without<gpu::BarrierOp>(1));
}

TEST(Planted, AttentionWithoutAWarpBarrier) { expectFault(attention(), unordered, without<dev::WarpBarrierOp>(0)); }

// A barrier that only the threads with a result reach.
TEST(Planted, DivergentBarrier) {
  expectFault(manyRows(), {"divergent"}, [](ModuleOp module) {
    LLVM::StoreOp store = storeTo(module, 1);
    OpBuilder b(store);
    gpu::BarrierOp::create(b, store.getLoc());
  });
}

TEST(Planted, UninitialisedShared) {
  expectFault(manyRows(), {"uninitialised"}, without<dev::CopyAsyncOp>(0));
  expectFault(attention(), {"uninitialised"}, [](ModuleOp module) { storeTo(module, 3).erase(); });
}

TEST(Planted, OutOfBoundsShared) {
  expectFault(manyRows(), {"out of bounds of shared memory"}, [](ModuleOp module) { shift(storeTo(module, 3), 8192); });
}

TEST(Planted, NobodyWaitsForTheCopies) { expectFault(manyRows(), {inFlight}, without<dev::WaitCopiesOp>(0)); }

TEST(Planted, OneGroupTooFewIsWaitedFor) {
  expectFault(manyRows(), {inFlight}, [](ModuleOp module) { nth<dev::WaitCopiesOp>(module, 0).setLeft(2); });
}

TEST(Planted, CopiesOfNoGroup) { expectFault(manyRows(), {inFlight}, without<dev::CommitCopiesOp>(0)); }

// The copy's condition and the clamp that keeps its address valid.
TEST(Planted, CopyWithoutItsBounds) {
  expectFault(manyRows(), {"reads 4 bytes", "out of bounds"}, [](ModuleOp module) {
    auto copy = nth<dev::CopyAsyncOp>(module, 0);
    OpBuilder b(copy);
    copy.getExistsMutable().assign(arith::ConstantIntOp::create(b, copy.getLoc(), 1, 1));
    module.walk([](arith::MinSIOp clamp) { clamp.replaceAllUsesWith(clamp.getLhs()); });
  });
}

TEST(Planted, DivergentShuffle) {
  expectFault(rowNorm(), {"wrong mask", "divergent"}, [](ModuleOp module) {
    auto shuffle = nth<gpu::ShuffleOp>(module, 0);
    OpBuilder b(shuffle);
    Location loc = shuffle.getLoc();
    Type type = b.getF32Type();
    Value source = shuffle.getValue();
    auto half = scf::IfOp::create(b, loc, TypeRange{type}, threadBelow(b, loc, 16), /*withElse=*/true);
    shuffle.getShuffleResult().replaceAllUsesWith(half.getResult(0));
    b.setInsertionPointToEnd(half.elseBlock());
    scf::YieldOp::create(b, loc, source);
    b.setInsertionPointToEnd(half.thenBlock());
    auto yield = scf::YieldOp::create(b, loc, shuffle.getShuffleResult());
    shuffle->moveBefore(yield);
  });
}

// The search for the block's problem does not move on.
TEST(Planted, EndlessSearch) {
  Subject subject = manyRows();
  subject.files = {"KernelModule.cpp"};
  expectFault(subject, {"endless loop"}, [](ModuleOp module) {
    auto search = nth<scf::WhileOp>(module, 0);
    search.getAfterBody()->getTerminator()->setOperand(0, search.getAfterArguments()[0]);
  });
}
} // namespace
