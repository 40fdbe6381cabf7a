// Planted in the kernels' accesses to global memory.
#include "test/passes/Target/CUDA/Planted.h"

using namespace mlir;
using namespace ptx;
using namespace ptx::test;
using namespace ptx::test::planted;

namespace {

// What lies behind may be another result, written already or not.
TEST(Planted, StoreWithoutItsGuard) {
  expectFault(manyRows(), {"out of bounds"}, [](ModuleOp module) { dropGuard(storeTo(module, 1)); });
  expectFault(fewRows(), {"out of bounds"}, [](ModuleOp module) { dropGuard(storeTo(module, 1, 1)); });
  expectFault(attention(), {"out of bounds", ", race: "}, [](ModuleOp module) { dropGuard(storeTo(module, 1, 1)); });
  expectFault(rowNorm(), {"out of bounds", ", race: ", "uninitialised"},
              [](ModuleOp module) { dropGuard(storeTo(module, 1)); });
}

// The many rows' store comes first in the module, then the few rows'.
TEST(Planted, WriteBehindTheRow) {
  expectFault(manyRows(), {"writes 4 bytes at 'y'", "out of bounds"},
              [](ModuleOp module) { shift(storeTo(module, 1), 1); });
  expectFault(fewRows(), {"writes 4 bytes at 'y'", "out of bounds"},
              [](ModuleOp module) { shift(storeTo(module, 1, 1), 1); });
  expectFault(attention(), {"writes 4 bytes at 'y'", "out of bounds"},
              [](ModuleOp module) { shift(storeTo(module, 1), 24); });
}

// The result goes to an address that nobody allocated.
TEST(Planted, WildPointer) {
  expectFault(manyRows(), {"out of bounds: no device memory is there"}, [](ModuleOp module) {
    LLVM::StoreOp store = storeTo(module, 1);
    OpBuilder b(store);
    Value number = arith::ConstantIntOp::create(b, store.getLoc(), 64, 64);
    store.getAddrMutable().assign(LLVM::IntToPtrOp::create(b, store.getLoc(), store.getAddr().getType(), number));
  });
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

} // namespace
