#include "passes/Target/CUDA/KernelModule.h"

#include "passes/Target/CUDA/Generators.h"
#include "runtime/device/grid.h"

using namespace mlir;
using namespace ptx;
using namespace ptx::cuda;

namespace {

bool hasFewRowsForm(rt::KernelOp kernel) { return kernel.getSkeleton() == xf::Skeleton::Contract; }

int64_t sharedFloats(rt::KernelOp kernel) {
  switch (kernel.getSkeleton()) {
  case xf::Skeleton::Contract:
    return kernel.getProductType() ? contractMmaShared() : contractShared();
  case xf::Skeleton::Attention:
  case xf::Skeleton::AttentionChunk:
    return kernel.getProductType() ? attentionMmaShared() : attentionShared();
  case xf::Skeleton::Greatest:
    return greatestShared();
  default:
    return 0;
  }
}

/// Left alone ptxas spills a few bytes of attention over odd heads, in 16 bits or by chunks of keys, for
/// one more block on a multiprocessor. Where three blocks are asked for it takes the
/// registers it wants; with four it spills again.
bool wantsThreeBlocks(ArrayRef<rt::KernelOp> members) {
  return llvm::all_of(members, [](rt::KernelOp member) {
    return (member.getSkeleton() == xf::Skeleton::Attention || member.getSkeleton() == xf::Skeleton::AttentionChunk) &&
           (isOddHead(member.getHeadDim()) || member.getProductType() || member.getChunk());
  });
}

void emitBody(Emit &e, const Kernel &kernel) {
  switch (kernel.op.getSkeleton()) {
  case xf::Skeleton::Contract:
    return kernel.op.getProductType() ? emitContractMma(e, kernel) : emitContract(e, kernel);
  case xf::Skeleton::Attention:
  case xf::Skeleton::AttentionChunk:
    return kernel.op.getProductType() ? emitAttentionMma(e, kernel) : emitAttention(e, kernel);
  case xf::Skeleton::AttentionJoin:
    return emitAttentionJoin(e, kernel);
  case xf::Skeleton::RowNorm:
    return emitRowNorm(e, kernel);
  case xf::Skeleton::Gather:
    return emitGather(e, kernel);
  case xf::Skeleton::Append:
    return emitAppend(e, kernel);
  case xf::Skeleton::Pool:
    return emitPool(e, kernel);
  case xf::Skeleton::Greatest:
    return emitGreatest(e, kernel);
  case xf::Skeleton::Map:
    return emitMap(e, kernel);
  case xf::Skeleton::Fold:
    return emitFold(e, kernel);
  case xf::Skeleton::FoldNorm:
    return emitFoldNorm(e, kernel);
  }
}

/// The kernel of one entry: (problems, count, words per problem).
class EntryBuilder {
public:
  EntryBuilder(Emit &e, rt::EntryOp entry, ArrayRef<rt::KernelOp> members) : e(e), entry(entry), members(members) {}

  void run() {
    e.mark();
    auto function = e.create<gpu::GPUFuncOp>(entry.getSymName(),
                                             e.getFunctionType({e.pointer(), e.integerType(), e.integerType()}, {}));
    function->setAttr(gpu::GPUDialect::getKernelFuncAttrName(), e.getUnitAttr());
    function.setKnownBlockSizeAttr(e.getDenseI32ArrayAttr({static_cast<int32_t>(threads), 1, 1}));
    if (wantsThreeBlocks(members))
      function->setAttr("nvvm.minctasm", e.getI32IntegerAttr(3));
    OpBuilder::InsertionGuard guard(e);
    e.setInsertionPointToStart(&function.getBody().front());
    findProblem(function.getArgument(0), function.getArgument(1), function.getArgument(2));
    locate();
    dispatch();
    e.create<gpu::ReturnOp>();
  }

private:
  Value header(GridWord word) { return e.word(problem, word); }

  /// The last problem whose first tile is not behind this block.
  void findProblem(Value problems, Value count, Value stride) {
    block = e.block();
    auto at = [&](Value index) { return e.at(problems, e.mul(e.widen(index), e.widen(stride)), e.getI64Type()); };
    auto search = e.create<scf::WhileOp>(
        TypeRange{e.integerType()}, ValueRange{e.integer(0)},
        [&](OpBuilder &, Location, ValueRange args) {
          Value next = e.add(args[0], 1);
          Value inside = e.less(next, count);
          // Nothing is read behind the table.
          Value first = e.word(at(e.select(inside, next, args[0])), gridFirstTile);
          Value goOn = e.both(inside, e.compare(Emit::Predicate::sle, first, block));
          e.create<scf::ConditionOp>(goOn, args);
        },
        [&](OpBuilder &, Location, ValueRange args) { e.create<scf::YieldOp>(ValueRange{e.add(args[0], 1)}); });
    problem = at(search.getResult(0));
  }

  void locate() {
    Value tile = e.sub(block, header(gridFirstTile)), across = header(gridColumnTiles);
    rowTile = e.div(tile, across);
    columnTile = e.sub(tile, e.mul(rowTile, across));
    thread = e.thread();
    lane = e.rem(thread, warpSize);
    warp = e.div(thread, warpSize);
    int64_t floats = 0;
    for (rt::KernelOp member : members)
      floats = std::max(floats, sharedFloats(member));
    if (floats)
      shared = e.create<dev::SharedOp>(LLVM::LLVMPointerType::get(e.getContext(), 3), floats);
  }

  /// One case per member and form.
  void dispatch() {
    Value form = e.add(e.mul(header(gridMember), 2), header(gridForm));
    SmallVector<int64_t> cases;
    for (auto [i, member] : llvm::enumerate(members)) {
      cases.push_back(2 * static_cast<int64_t>(i));
      if (hasFewRowsForm(member))
        cases.push_back(2 * static_cast<int64_t>(i) + 1);
    }
    auto choose = e.create<scf::IndexSwitchOp>(TypeRange(), e.create<arith::IndexCastOp>(e.getIndexType(), form), cases,
                                               cases.size());
    for (auto [region, number] : llvm::zip(choose.getCaseRegions(), cases)) {
      OpBuilder::InsertionGuard guard(e);
      e.setInsertionPointToStart(&region.emplaceBlock());
      rt::KernelOp member = members[number / 2];
      // Integers of the header's width are of the header's type: 32 bits.
      Kernel kernel{member,
                    Words(member, e.at(problem, e.integer(gridHeader), e.getI64Type())),
                    header(gridBegin),
                    header(gridEnd),
                    rowTile,
                    columnTile,
                    thread,
                    lane,
                    warp,
                    shared};
      if (number % 2)
        emitContractFewRows(e, kernel);
      else
        emitBody(e, kernel);
      e.create<scf::YieldOp>();
    }
    OpBuilder::InsertionGuard guard(e);
    e.setInsertionPointToStart(&choose.getDefaultRegion().emplaceBlock());
    e.create<scf::YieldOp>();
  }

  Emit &e;
  rt::EntryOp entry;
  ArrayRef<rt::KernelOp> members;
  Value block, problem, rowTile, columnTile, thread, lane, warp, shared;
};

} // namespace

OwningOpRef<ModuleOp> ptx::cuda::generateKernels(ModuleOp module) {
  MLIRContext *context = module.getContext();
  context->loadDialect<arith::ArithDialect, dev::DevDialect, gpu::GPUDialect, LLVM::LLVMDialect, math::MathDialect,
                       scf::SCFDialect, vector::VectorDialect>();
  SymbolTable symbols(module);
  OwningOpRef<ModuleOp> result = ModuleOp::create(UnknownLoc::get(context));
  (*result)->setAttr(gpu::GPUDialect::getContainerModuleAttrName(), UnitAttr::get(context));
  Emit e(UnknownLoc::get(context), context);
  e.setInsertionPointToStart(result->getBody());
  auto kernels = e.create<gpu::GPUModuleOp>("kernels");
  e.setInsertionPointToStart(kernels.getBody());
  for (auto entry : module.getOps<rt::EntryOp>()) {
    SmallVector<rt::KernelOp> members;
    for (auto name : entry.getKernels().getAsRange<FlatSymbolRefAttr>())
      members.push_back(symbols.lookup<rt::KernelOp>(name.getAttr()));
    EntryBuilder(e, entry, members).run();
  }
  return result;
}

Metadata ptx::cuda::describeKernel(rt::KernelOp kernel) {
  switch (kernel.getSkeleton()) {
  case xf::Skeleton::Contract:
    return {{"tile_rows", contractTile.rows},
            {"tile_columns", contractTile.columns},
            {"few_rows", fewRowsTile.rows},
            {"few_columns", fewRowsTile.columns}};
  case xf::Skeleton::Attention:
  case xf::Skeleton::AttentionChunk:
  case xf::Skeleton::AttentionJoin:
  case xf::Skeleton::Pool:
  case xf::Skeleton::Greatest:
    return {{"tile_rows", 1}, {"tile_columns", 1}};
  case xf::Skeleton::Fold:
    return {{"tile_rows", foldTile.rows}, {"tile_columns", foldTile.columns}};
  case xf::Skeleton::FoldNorm:
    return {{"tile_rows", foldNormTile.rows}, {"tile_columns", foldNormTile.columns}};
  case xf::Skeleton::RowNorm:
  case xf::Skeleton::Gather:
  case xf::Skeleton::Append:
  case xf::Skeleton::Map:
    break;
  }
  return {{"tile_rows", rowWiseTile.rows}, {"tile_columns", rowWiseTile.columns}};
}

// Shared memory is static: the code says how much.
Metadata ptx::cuda::describeEntry(rt::EntryOp) { return {{"threads", threads}, {"shared", 0}}; }
