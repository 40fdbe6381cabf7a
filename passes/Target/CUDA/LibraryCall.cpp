#include "passes/Target/CUDA/LibraryCall.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace ptx;
using namespace ptx::cuda;

// From here on a library's kernels pay for their launch: below, one wave of our
// tiles fills a device no worse. An estimate until it is measured on one.
static constexpr int64_t libraryRows = 128;

/// The operand of max(x, 0), or nothing.
static Value reluOperand(Value value) {
  Operation *op = value.getDefiningOp();
  if (!isa_and_nonnull<arith::MaximumFOp, arith::MaxNumFOp>(op))
    return {};
  for (unsigned i : {0u, 1u})
    if (matchPattern(op->getOperand(i), m_AnyZeroFloat()))
      return op->getOperand(1 - i);
  return {};
}

/// Adds the terms of a sum to `terms`; names what is no addition.
static bool collectTerms(Value value, SmallVector<BlockArgument> &terms, std::string &why) {
  if (auto argument = dyn_cast<BlockArgument>(value)) {
    terms.push_back(argument);
    return true;
  }
  if (auto sum = value.getDefiningOp<arith::AddFOp>())
    return collectTerms(sum.getLhs(), terms, why) && collectTerms(sum.getRhs(), terms, why);
  why = "its region is no epilogue of cuBLASLt ('" + value.getDefiningOp()->getName().getStringRef().str() + "')";
  return false;
}

LibraryCall ptx::cuda::findLibraryCall(rt::KernelOp kernel) {
  LibraryCall call;
  if (kernel.getSkeleton() != xf::Skeleton::Contract) {
    call.why = "it is no contraction";
    return call;
  }
  if (kernel.getProductType()) {
    call.why = "it multiplies in 16 bits";
    return call;
  }
  Value value = kernel.getBody().front().getTerminator()->getOperand(0);
  if (Value inner = reluOperand(value)) {
    call.relu = true;
    value = inner;
  }
  SmallVector<BlockArgument> terms;
  if (!collectTerms(value, terms, call.why))
    return call;
  bool hasProduct = false, twice = false;
  for (BlockArgument term : terms) {
    int64_t extra = static_cast<int64_t>(term.getArgNumber()) - 1;
    if (extra < 0) {
      twice |= hasProduct;
      hasProduct = true;
      continue;
    }
    bool isRows = cast<rt::ExtraKindAttr>(kernel.getExtras()[extra]).getValue() == rt::ExtraKind::Row;
    std::optional<int64_t> &place = isRows ? call.residual : call.bias;
    twice |= place.has_value();
    place = extra;
  }
  if (twice || !hasProduct) {
    call.why = "cuBLASLt adds one bias and one residual to one product";
    return call;
  }
  call.possible = true;
  return call;
}

/// The least number of rows, or nothing: --cublaslt=auto, always or never.
static std::optional<int64_t> leastRows(const TargetFlags &flags) {
  const std::string &wish = flags.at("cublaslt");
  if (wish == "never")
    return std::nullopt;
  return wish == "always" ? 1 : libraryRows;
}

/// Where the word `name` stands; metadata counts from 1, 0 is none.
static int64_t wordNumber(rt::KernelOp kernel, const std::string &name) {
  words::Signature signature = kernel.getSignature();
  for (size_t i = 0; i < signature.size(); ++i)
    if (signature[i].name == name)
      return static_cast<int64_t>(i) + 1;
  return 0;
}

Metadata ptx::cuda::describeLibraryCall(rt::KernelOp kernel, const TargetFlags &flags) {
  LibraryCall call = findLibraryCall(kernel);
  std::optional<int64_t> rows = leastRows(flags);
  if (!call.possible || !rows)
    return {};
  auto place = [&](std::optional<int64_t> extra) {
    return extra ? wordNumber(kernel, "extra_" + std::to_string(*extra)) : 0;
  };
  return {{"library_rows", *rows},
          {"library_bias", place(call.bias)},
          {"library_residual", place(call.residual)},
          {"library_relu", call.relu}};
}

void ptx::cuda::explainLibraryCalls(ModuleOp module, const TargetFlags &flags, llvm::raw_ostream &out) {
  std::optional<int64_t> rows = leastRows(flags);
  for (auto kernel : module.getOps<rt::KernelOp>()) {
    if (kernel.getSkeleton() != xf::Skeleton::Contract)
      continue;
    LibraryCall call = findLibraryCall(kernel);
    out << "library   " << kernel.getSymName() << "  ";
    if (!call.possible) {
      out << "our kernel at any number of rows: " << call.why << "\n";
    } else if (!rows) {
      out << "our kernel at any number of rows: --cublaslt=never\n";
    } else {
      out << "cuBLASLt from " << *rows << " rows, where it is there and no adapter is separate: x W^T"
          << (call.residual ? " + residual" : "") << (call.bias ? " + bias" : "") << (call.relu ? ", relu" : "")
          << (*rows == libraryRows ? "; below, one wave of our tiles is as good\n" : "; --cublaslt=always\n");
    }
  }
}
