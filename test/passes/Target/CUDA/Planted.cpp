#include "test/passes/Target/CUDA/Planted.h"

using namespace mlir;
using namespace ptx::test;
using planted::Subject;

LLVM::StoreOp planted::storeTo(ModuleOp module, unsigned space, size_t n) {
  SmallVector<LLVM::StoreOp> found;
  module.walk([&](LLVM::StoreOp op) {
    if (cast<LLVM::LLVMPointerType>(op.getAddr().getType()).getAddressSpace() == space)
      found.push_back(op);
  });
  EXPECT_LT(n, found.size());
  return found[n];
}

void planted::shift(LLVM::StoreOp store, int32_t by, bool bytes) {
  OpBuilder b(store);
  Type element = bytes ? Type(b.getI8Type()) : Type(b.getF32Type());
  store.getAddrMutable().assign(LLVM::GEPOp::create(b, store.getLoc(), store.getAddr().getType(), element,
                                                    store.getAddr(), ArrayRef<LLVM::GEPArg>{by}));
}

Value planted::threadBelow(OpBuilder &b, Location loc, int64_t count) {
  Value thread = gpu::ThreadIdOp::create(b, loc, gpu::Dimension::x);
  Value end = arith::ConstantIndexOp::create(b, loc, count);
  return arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ult, thread, end);
}

void planted::dropGuard(LLVM::StoreOp store) {
  auto guarded = store->getParentOfType<scf::IfOp>();
  OpBuilder b(guarded);
  guarded.getConditionMutable().assign(arith::ConstantIntOp::create(b, guarded.getLoc(), 1, 1));
}

Subject planted::contraction(int64_t m, const std::vector<std::string> &files, DType element) {
  std::string text = contractKernel("contract", "residual", element == DType::BF16 ? "bf16" : "");
  return {"contract", text, files, [m, element](const GpuKernels &kernels, uint64_t seed) {
            ContractProblem data(m, 20, 80, 3, gpuGeometry(), element), other(m, 20, 80, 0, gpuGeometry(), element);
            GpuLaunch launch(kernels, seed);
            launch.add("contract", data, true);
            launch.add("contract", other, true);
            return launch.run();
          }};
}

Subject planted::attention() {
  return {"attention",
          attentionKernel("attention", {40, true}),
          {"Attention.cpp"},
          [](const GpuKernels &kernels, uint64_t seed) {
            AttentionProblem data({21}, {70}, 1, 40, gpuGeometry(), 16);
            data.blocks[3] = 40, data.blocks[7] = 56; // the first rows lie further back: they see many keys
            GpuLaunch launch(kernels, seed);
            launch.add("attention", data);
            return launch.run();
          }};
}

Subject planted::rowNorm() {
  return {"norm", normKernel("norm", 0, 1e-5), {"RowWise.cpp"}, [](const GpuKernels &kernels, uint64_t seed) {
            RowProblem data(5, 33, gpuGeometry());
            GpuLaunch launch(kernels, seed);
            launch.add("norm", data);
            return launch.run();
          }};
}

void planted::expectFault(const Subject &subject, const std::vector<std::string> &classes, Edit edit) {
  std::string text = withEntries(subject.text, {subject.name});
  GpuKernels faulty(text, edit), twin(text);
  for (uint64_t seed = 0; seed < 5; ++seed) {
    std::string message = subject.run(faulty, seed);
    bool placed = llvm::any_of(subject.files, [&](const std::string &file) {
      return message.starts_with("kernel 'entry_" + subject.name + "' (test) at " + file + ":");
    });
    EXPECT_TRUE(placed) << "order " << seed << ": " << message;
    bool named = llvm::any_of(classes, [&](const std::string &one) { return message.find(one) != std::string::npos; });
    EXPECT_TRUE(named) << "not '" << classes[0] << "', order " << seed << ": " << message;
    EXPECT_EQ(subject.run(twin, seed), "") << "order " << seed;
  }
}
