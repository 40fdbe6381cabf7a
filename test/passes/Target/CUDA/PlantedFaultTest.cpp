// A fault planted in the very kernels that ship: the emulator names its class,
// the kernel and the generator's file under every order of threads; the twin
// without it is silent.
#include "test/passes/Target/CUDA/GpuHarness.h"

#include "dialects/dev/IR/DevDialect.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

#include <functional>
#include <gtest/gtest.h>

using namespace mlir;
using namespace ptx;
using namespace ptx::test;

namespace {

//===- edits ---------------------------------------------------------------===//

template <typename Op> Op nth(ModuleOp module, size_t n) {
  SmallVector<Op> found;
  module.walk([&](Op op) { found.push_back(op); });
  EXPECT_LT(n, found.size());
  return found[n];
}

template <typename Op> std::function<void(ModuleOp)> without(size_t n) {
  return [n](ModuleOp module) { nth<Op>(module, n).erase(); };
}

/// The n-th store to memory of an address space.
LLVM::StoreOp storeTo(ModuleOp module, unsigned space, size_t n = 0) {
  SmallVector<LLVM::StoreOp> found;
  module.walk([&](LLVM::StoreOp op) {
    if (cast<LLVM::LLVMPointerType>(op.getAddr().getType()).getAddressSpace() == space)
      found.push_back(op);
  });
  EXPECT_LT(n, found.size());
  return found[n];
}

/// The store goes so many floats, or bytes, further.
void shift(LLVM::StoreOp store, int32_t by, bool bytes = false) {
  OpBuilder b(store);
  Type element = bytes ? Type(b.getI8Type()) : Type(b.getF32Type());
  store.getAddrMutable().assign(LLVM::GEPOp::create(b, store.getLoc(), store.getAddr().getType(), element,
                                                    store.getAddr(), ArrayRef<LLVM::GEPArg>{by}));
}

Value threadBelow(OpBuilder &b, Location loc, int64_t count) {
  Value thread = gpu::ThreadIdOp::create(b, loc, gpu::Dimension::x);
  Value end = arith::ConstantIndexOp::create(b, loc, count);
  return arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ult, thread, end);
}

void dropGuard(LLVM::StoreOp store) {
  auto guarded = store->getParentOfType<scf::IfOp>();
  OpBuilder b(guarded);
  guarded.getConditionMutable().assign(arith::ConstantIntOp::create(b, guarded.getLoc(), 1, 1));
}

//===- kernels -------------------------------------------------------------===//

struct Subject {
  std::string name, text, file; // the generator's
  std::function<std::string(const GpuKernels &, uint64_t)> run;
};

Subject contraction(int64_t m, const std::string &file) {
  return {"contract", contractKernel("contract", "residual"), file, [m](const GpuKernels &kernels, uint64_t seed) {
            ContractProblem data(m, 20, 40, 3, gpuGeometry()), other(m, 20, 40, 0, gpuGeometry());
            GpuLaunch launch(kernels, seed);
            launch.add("contract", data, true);
            launch.add("contract", other, true);
            return launch.run();
          }};
}

Subject manyRows() { return contraction(21, "Contract.cpp"); }

Subject attention() {
  return {"attention", attentionKernel("attention", 40, true), "Attention.cpp",
          [](const GpuKernels &kernels, uint64_t seed) {
            AttentionProblem data({21}, {70}, 1, 40, gpuGeometry(), 16);
            data.blocks[3] = 40, data.blocks[7] = 56; // the first rows lie further back: they see many keys
            GpuLaunch launch(kernels, seed);
            launch.add("attention", data);
            return launch.run();
          }};
}

Subject rowNorm() {
  return {"norm", normKernel("norm", 0, 1e-5), "RowWise.cpp", [](const GpuKernels &kernels, uint64_t seed) {
            RowProblem data(5, 33, gpuGeometry());
            GpuLaunch launch(kernels, seed);
            launch.add("norm", data);
            return launch.run();
          }};
}

void expectFault(const Subject &subject, const std::vector<std::string> &classes, Edit edit) {
  std::string text = withEntries(subject.text, {subject.name});
  GpuKernels faulty(text, edit), twin(text);
  for (uint64_t seed = 0; seed < 5; ++seed) {
    std::string message = subject.run(faulty, seed);
    std::string start = "kernel 'entry_" + subject.name + "' (test) at " + subject.file + ":";
    EXPECT_EQ(message.substr(0, start.size()), start) << "order " << seed << ": " << message;
    bool named = llvm::any_of(classes, [&](const std::string &one) { return message.find(one) != std::string::npos; });
    EXPECT_TRUE(named) << "not '" << classes[0] << "', order " << seed << ": " << message;
    EXPECT_EQ(subject.run(twin, seed), "") << "order " << seed;
  }
}

// Whether the reader or the writer comes first is the order's choice.
const std::vector<std::string> unordered = {", race: ", "uninitialised"};
const std::string inFlight = "a cp.async in flight";

//===- shared memory -------------------------------------------------------===//

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

//===- asynchronous copies -------------------------------------------------===//

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

//===- global memory -------------------------------------------------------===//

// What lies behind may be another result, written already or not.
TEST(Planted, StoreWithoutItsGuard) {
  expectFault(manyRows(), {"out of bounds"}, [](ModuleOp module) { dropGuard(storeTo(module, 1)); });
  expectFault(attention(), {"out of bounds", ", race: "}, [](ModuleOp module) { dropGuard(storeTo(module, 1, 1)); });
  expectFault(rowNorm(), {"out of bounds", ", race: ", "uninitialised"},
              [](ModuleOp module) { dropGuard(storeTo(module, 1)); });
}

// The many rows' store comes first in the module, then the few rows'.
TEST(Planted, WriteBehindTheRow) {
  expectFault(manyRows(), {"writes 4 bytes at 'y'", "out of bounds"},
              [](ModuleOp module) { shift(storeTo(module, 1), 1); });
  expectFault(contraction(5, "ContractFewRows.cpp"), {"writes 4 bytes at 'y'", "out of bounds"},
              [](ModuleOp module) { shift(storeTo(module, 1, 1), 1); });
  expectFault(attention(), {"writes 4 bytes at 'y'", "out of bounds"},
              [](ModuleOp module) { shift(storeTo(module, 1), 24); });
}

TEST(Planted, MisalignedStore) {
  expectFault(manyRows(), {"misaligned"}, [](ModuleOp module) { shift(storeTo(module, 1), 2, /*bytes=*/true); });
}

// The result goes where the residual came from.
TEST(Planted, WriteToReadOnly) {
  expectFault(manyRows(), {"read-only in this launch"}, [](ModuleOp module) {
    LLVM::StoreOp store = storeTo(module, 1);
    LLVM::LoadOp last;
    for (LLVM::LoadOp load : store->getBlock()->getOps<LLVM::LoadOp>())
      if (load.getType().isF32() && cast<LLVM::LLVMPointerType>(load.getAddr().getType()).getAddressSpace() == 1)
        last = load;
    store.getAddrMutable().assign(last.getAddr());
  });
}

// "+=" where the memory of a result holds nothing yet.
TEST(Planted, UninitialisedGlobal) {
  expectFault(manyRows(), {"uninitialised"}, [](ModuleOp module) {
    LLVM::StoreOp store = storeTo(module, 1);
    OpBuilder b(store);
    Value before = LLVM::LoadOp::create(b, store.getLoc(), b.getF32Type(), store.getAddr(), 4);
    store.getValueMutable().assign(arith::AddFOp::create(b, store.getLoc(), store.getValue(), before));
  });
}

// Every block takes the first tile.
TEST(Planted, RaceBetweenBlocks) {
  expectFault(manyRows(), {", race: block ("}, [](ModuleOp module) {
    auto block = nth<gpu::BlockIdOp>(module, 0);
    OpBuilder b(block);
    block.replaceAllUsesWith(Value(arith::ConstantIndexOp::create(b, block.getLoc(), 0)));
  });
}

//===- warps and loops -----------------------------------------------------===//

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
  subject.file = "KernelModule.cpp";
  expectFault(subject, {"endless loop"}, [](ModuleOp module) {
    auto search = nth<scf::WhileOp>(module, 0);
    search.getAfterBody()->getTerminator()->setOperand(0, search.getAfterArguments()[0]);
  });
}
} // namespace
