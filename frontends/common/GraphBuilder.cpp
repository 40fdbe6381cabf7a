#include "frontends/common/GraphBuilder.h"

#include "frontends/peft/nearest.h"
#include "runtime/io/compare.h"
#include "runtime/io/file.h"

#include "mlir/IR/Location.h"

using namespace mlir;

namespace ptx::frontends {

namespace {

std::string shapeText(llvm::ArrayRef<int64_t> shape) {
  std::string text = "[";
  for (auto [index, dim] : llvm::enumerate(shape))
    text += (index ? "," : "") + std::to_string(dim);
  return text + "]";
}

Type elementType(MLIRContext *context, DType dtype) {
  switch (dtype) {
  case DType::F16:
    return Float16Type::get(context);
  case DType::BF16:
    return BFloat16Type::get(context);
  default:
    return Float32Type::get(context);
  }
}

} // namespace

GraphBuilder::GraphBuilder(MLIRContext *context, const Checkpoint &checkpoint, Stem stem)
    : checkpoint(checkpoint), stem(std::move(stem)), top(ModuleOp::create(UnknownLoc::get(context))), ops(context),
      used(checkpoint.size()) {}

std::string GraphBuilder::storedAs(StringRef name) const {
  return name.starts_with(stem.named) ? stem.stored + name.drop_front(stem.named.size()).str() : name.str();
}

bool GraphBuilder::has(StringRef name) const { return checkpoint.find(storedAs(name)).has_value(); }

Location GraphBuilder::named(StringRef name) const {
  return NameLoc::get(StringAttr::get(top.get().getContext(), name));
}

void GraphBuilder::beginFunction(StringRef name) {
  ops.setInsertionPointToEnd(top->getBody());
  auto function = xf::FunctionOp::create(ops, named(name), name);
  ops.createBlock(&function.getBody());
  usesInFunction.clear();
}

Value GraphBuilder::use(StringRef name) {
  Value &value = usesInFunction[name];
  if (!value)
    value = xf::UseOp::create(ops, named(name), declared.lookup(name), name);
  return value;
}

Value GraphBuilder::weight(StringRef name, const std::vector<int64_t> &shape) { return tiedWeight(name, name, shape); }

Value GraphBuilder::tiedWeight(StringRef name, StringRef stored, const std::vector<int64_t> &shape) {
  return weightOf(checkpoint, name, storedAs(stored), shape);
}

Value GraphBuilder::weightOf(const Checkpoint &files, StringRef name, StringRef stored,
                             const std::vector<int64_t> &shape) {
  if (declared.count(name))
    return use(name);
  DType dtype = DType::F32;
  std::optional<Checkpoint::Entry> entry = files.find(stored);
  if (!entry) {
    missing.push_back({stored.str(), shapeText(shape)});
  } else {
    checkShape(*entry, shape);
    dtype = entry->dtype;
    if (!isWeightType(dtype))
      fail("tensor '" + std::string(entry->name) + "' has type " + std::string(dtypeName(dtype)) +
           ", expected F32, F16 or BF16");
    if (&files == &checkpoint)
      ignore(*entry);
    parameters.weights[name.str()] = {files.pathOf(*entry),
                                      files.storedName(*entry),
                                      dtype,
                                      {entry->shape.begin(), entry->shape.end()},
                                      entry->offset,
                                      entry->bytes};
  }
  Type type = xf::WeightType::get(ops.getContext(), shape, elementType(ops.getContext(), dtype));
  declared[name] = type;
  declare<xf::WeightOp>(name, TypeAttr::get(type));
  return use(name);
}

template <typename Op, typename... Args> void GraphBuilder::declare(StringRef name, Args &&...args) {
  // In order of their first use.
  OpBuilder::InsertionGuard guard(ops);
  ops.setInsertionPointToStart(top->getBody());
  for (Operation &op : *top->getBody())
    if (isa<xf::WeightOp, xf::HistoryOp, xf::CacheOp>(op))
      ops.setInsertionPointAfter(&op);
  Op::create(ops, named(name), ops.getStringAttr(name), std::forward<Args>(args)...);
}

void GraphBuilder::ignoreCopy(StringRef copy, StringRef original, StringRef why) {
  std::optional<Checkpoint::Entry> a = checkpoint.find(storedAs(copy)), b = checkpoint.find(storedAs(original));
  std::string both = "tensors '" + std::string(a->name) + "' and '" + std::string(b->name) + "' ";
  ignore(*a);
  if (!isWeightType(a->dtype) || !isWeightType(b->dtype) || !std::ranges::equal(a->shape, b->shape)) {
    fail(both + "have different shapes or types" + why.str());
    return;
  }
  auto values = [&](const Checkpoint::Entry &entry) {
    return StoredValues{checkpoint.pathOf(entry), entry.dtype, entry.offset,
                        entry.bytes / (dtypeBits(entry.dtype) / 8)};
  };
  Result<std::optional<uint64_t>> difference = firstDifference(values(*a), values(*b));
  if (!difference)
    fail(difference.error().message);
  else if (*difference)
    fail(both + "differ, first at index " + std::to_string(**difference) + why.str());
}

void GraphBuilder::ignoreBuffer(StringRef name, const std::vector<int64_t> &shape) {
  std::optional<Checkpoint::Entry> entry = checkpoint.find(storedAs(name));
  if (!entry)
    return;
  ignore(*entry);
  checkShape(*entry, shape);
}

void GraphBuilder::checkShape(const Checkpoint::Entry &entry, const std::vector<int64_t> &shape) {
  std::vector<int64_t> found(entry.shape.begin(), entry.shape.end());
  if (found != shape)
    fail("tensor '" + std::string(entry.name) + "' has shape " + shapeText(found) + ", expected " + shapeText(shape));
}

Value GraphBuilder::optionalWeight(StringRef name, const std::vector<int64_t> &shape) {
  return has(name) ? weight(name, shape) : Value();
}

Value GraphBuilder::callLayer(StringRef kind, StringRef layer, ValueRange inputs,
                              const std::vector<WeightSpec> &weights, const LayerBody &body) {
  SmallVector<Value> operands(inputs);
  std::string key = kind.str();
  for (const WeightSpec &spec : weights) {
    if (spec.shape.empty())
      continue;
    Value value = weight((layer + "." + spec.suffix).str(), spec.shape);
    operands.push_back(value);
    llvm::raw_string_ostream(key) << ' ' << spec.suffix << value.getType();
  }

  func::FuncOp &function = bodies[key];
  if (!function) {
    OpBuilder::InsertionGuard guard(ops);
    ops.setInsertionPointToEnd(top->getBody());
    std::string symbol = kind.str() + (bodies.size() > 1 ? "_" + std::to_string(bodies.size() - 1) : "");
    auto type = ops.getFunctionType(ValueRange(operands).getTypes(), inputs[0].getType());
    function = func::FuncOp::create(ops, named(kind), symbol, type);
    function.setPrivate();
    Block *block = function.addEntryBlock();
    LayerWeights byName;
    unsigned next = inputs.size();
    for (const WeightSpec &spec : weights)
      if (!spec.shape.empty())
        byName.set(spec.suffix, block->getArgument(next++));
    ops.setInsertionPointToStart(block);
    Value result = body(ops, block->getArguments().take_front(inputs.size()), byName);
    func::ReturnOp::create(ops, named(kind), result);
  }
  return func::CallOp::create(ops, named(layer), function, operands).getResult(0);
}

Value GraphBuilder::idsInput(StringRef name, ArrayRef<StringRef> dims, int64_t limit,
                             std::optional<int64_t> defaultValue, StringRef counting) {
  Type type = RankedTensorType::get({ShapedType::kDynamic, ShapedType::kDynamic}, ops.getI64Type());
  return xf::InputOp::create(ops, named(name), type, ops.getStringAttr(name), ops.getStrArrayAttr(dims),
                             ops.getI64IntegerAttr(limit),
                             defaultValue ? ops.getI64IntegerAttr(*defaultValue) : IntegerAttr(),
                             counting.empty() ? StringAttr() : ops.getStringAttr(counting));
}

Value GraphBuilder::maskInput(StringRef name, ArrayRef<StringRef> dims) {
  Type type = RankedTensorType::get({ShapedType::kDynamic, ShapedType::kDynamic}, ops.getI1Type());
  return xf::InputOp::create(ops, named(name), type, ops.getStringAttr(name), ops.getStrArrayAttr(dims), IntegerAttr(),
                             IntegerAttr(), StringAttr());
}

Value GraphBuilder::visible(Value source, int64_t maxLength, bool keepFirst) {
  Type type = RankedTensorType::get({ShapedType::kDynamic, ShapedType::kDynamic}, ops.getI1Type());
  return xf::VisibleOp::create(ops, source.getLoc(), type, source, ops.getI64IntegerAttr(maxLength),
                               keepFirst ? ops.getUnitAttr() : UnitAttr(), FlatSymbolRefAttr(), FlatSymbolRefAttr());
}

Value GraphBuilder::visible(Value source, StringRef history, HistoryUse use, int64_t maxLength) {
  if (!top->lookupSymbol(history))
    declare<xf::HistoryOp>(history, ops.getI64IntegerAttr(maxLength));
  auto symbol = FlatSymbolRefAttr::get(ops.getContext(), history);
  Type type = RankedTensorType::get({ShapedType::kDynamic, ShapedType::kDynamic}, ops.getI1Type());
  return xf::VisibleOp::create(ops, source.getLoc(), type, source, ops.getI64IntegerAttr(maxLength),
                               /*keep_first=*/UnitAttr(), use == HistoryUse::Begins ? symbol : FlatSymbolRefAttr(),
                               use == HistoryUse::Continues ? symbol : FlatSymbolRefAttr());
}

Value GraphBuilder::held(StringRef history, Value mask) {
  return xf::HeldOp::create(ops, mask.getLoc(), history, mask);
}

Value GraphBuilder::cache(StringRef name, StringRef history, int64_t width) {
  auto type = xf::CacheType::get(ops.getContext(), width, ops.getF32Type());
  if (!top->lookupSymbol(name))
    declare<xf::CacheOp>(name, FlatSymbolRefAttr::get(ops.getContext(), history), TypeAttr::get(type));
  return xf::StateOp::create(ops, named(name), type, name);
}

Value GraphBuilder::positions(Value mask) {
  Type type = RankedTensorType::get({ShapedType::kDynamic, ShapedType::kDynamic}, ops.getI64Type());
  return xf::PositionsOp::create(ops, mask.getLoc(), type, mask);
}

void GraphBuilder::output(StringRef name, Value value, Value mask) {
  xf::OutputOp::create(ops, named(name), name, value, mask, /*on_request=*/false);
}

void GraphBuilder::nextToken(Value logits) {
  output("logits", logits, /*mask=*/Value());
  Type type = RankedTensorType::get({ShapedType::kDynamic}, ops.getI64Type());
  Value ids = xf::GreatestOp::create(ops, named("greatest_ids"), type, logits);
  xf::OutputOp::create(ops, ids.getLoc(), "greatest_ids", ids, /*mask=*/Value(), /*on_request=*/true);
}

size_t GraphBuilder::ignoreBelow(StringRef stem) {
  size_t count = 0;
  for (const auto &entry : checkpoint.entries())
    if (StringRef(entry.name).starts_with(stem) && !used[entry.index]) {
      ignore(entry);
      ++count;
    }
  return count;
}

namespace {
/// Ten lines, then how many more: of a million faults, too, ten are made.
class Lines {
public:
  void add(llvm::function_ref<std::string()> line) {
    if (++count <= shown)
      text += "\n  " + line();
  }
  bool empty() const { return count == 0; }
  std::string all(StringRef more) const {
    return count <= shown ? text : text + "\n  and " + std::to_string(count - shown) + " more" + more.str();
  }

private:
  static constexpr size_t shown = 10;
  std::string text;
  size_t count = 0;
};
} // namespace

Status GraphBuilder::finish(bool allowExtra) const {
  constexpr size_t compared = 2000; // names looked through for the nearest
  std::vector<std::string> candidates;
  std::string wrapper;
  Lines wrong, absent, extra;
  for (const Checkpoint::Entry &entry : checkpoint.entries()) {
    if (used[entry.index])
      continue;
    if (candidates.size() < compared)
      candidates.emplace_back(entry.name);
    if (wrapper.empty())
      wrapper = wrapperOf(entry.name);
    bool first = extra.empty();
    if (!allowExtra)
      extra.add([&] {
        return "unknown tensor '" + printable(entry.name) + "' " +
               shapeText(std::vector<int64_t>(entry.shape.begin(), entry.shape.end())) +
               (first ? " (--allow-extra ignores what the model does not use)" : "");
      });
  }
  for (const std::string &error : errors)
    wrong.add([&] { return error; });
  for (const auto &[name, shape] : missing)
    absent.add([&, &name = name, &shape = shape] {
      std::string line = "missing tensor '" + printable(name) + "' " + shape;
      if (!candidates.empty())
        line += ", nearest unknown: '" + printable(peft::nearest(name, candidates, 1).front()) + "'";
      return line;
    });
  if (wrong.empty() && absent.empty() && extra.empty())
    return {};
  std::string message = checkpoint.directory() + ": the tensors do not fit config.json" + wrong.all("") +
                        absent.all(" missing") + extra.all(" unknown");
  if (!wrapper.empty())
    message += "\n  some names begin with '" + wrapper +
               "', as wrappers write them: it is left out where all do, and stays where only some do";
  return Error{message};
}

//===----------------------------------------------------------------------===//
// Ops inside bodies
//===----------------------------------------------------------------------===//

static Location nameLoc(OpBuilder &builder, StringRef name) { return NameLoc::get(builder.getStringAttr(name)); }

/// x's type with another last dimension.
static Type withWidth(Value x, int64_t width) {
  auto type = cast<RankedTensorType>(x.getType());
  SmallVector<int64_t> shape(type.getShape());
  shape.back() = width;
  return RankedTensorType::get(shape, type.getElementType());
}

Value linear(OpBuilder &builder, StringRef name, Value x, Value weight, Value bias,
             std::optional<std::pair<int64_t, int64_t>> rows) {
  int64_t width = cast<xf::WeightType>(weight.getType()).getShape()[0];
  DenseI64ArrayAttr range;
  if (rows) {
    width = rows->second - rows->first;
    range = builder.getDenseI64ArrayAttr({rows->first, rows->second});
  }
  return xf::LinearOp::create(builder, nameLoc(builder, name), withWidth(x, width), x, weight, bias, /*in_out=*/false,
                              range, /*product_type=*/TypeAttr());
}

Value conv1D(OpBuilder &builder, StringRef name, Value x, Value weight, Value bias) {
  int64_t width = cast<xf::WeightType>(weight.getType()).getShape()[1];
  return xf::LinearOp::create(builder, nameLoc(builder, name), withWidth(x, width), x, weight, bias, /*in_out=*/true,
                              /*rows=*/DenseI64ArrayAttr(), /*product_type=*/TypeAttr());
}

Value layerNorm(OpBuilder &builder, StringRef name, Value x, Value gamma, Value beta, double eps) {
  return xf::LayerNormOp::create(builder, nameLoc(builder, name), x.getType(), x, gamma, beta,
                                 builder.getF64FloatAttr(eps));
}

Value activation(OpBuilder &builder, xf::ActivationKind kind, Value x) {
  return xf::ActivationOp::create(builder, x.getLoc(), x.getType(), kind, x);
}

Value add(OpBuilder &builder, Value x, Value y) { return arith::AddFOp::create(builder, y.getLoc(), x, y); }

Value columns(OpBuilder &builder, Value x, int64_t offset, int64_t width) {
  return xf::ColumnsOp::create(builder, x.getLoc(), withWidth(x, width), x, offset);
}

Value lastToken(OpBuilder &builder, Value x, Value mask) {
  int64_t width = cast<RankedTensorType>(x.getType()).getShape().back();
  Type type = RankedTensorType::get({ShapedType::kDynamic, width}, builder.getF32Type());
  return xf::PoolOp::create(builder, x.getLoc(), type, xf::Pooling::Last, x, mask);
}

Value append(OpBuilder &builder, Value vectors, Value cache, Value mask) {
  return xf::AppendOp::create(builder, vectors.getLoc(), vectors, cache, mask);
}

Value recall(OpBuilder &builder, StringRef name, Value cache, Value heldMask) {
  constexpr int64_t dynamic = ShapedType::kDynamic;
  int64_t width = cast<xf::CacheType>(cache.getType()).getWidth();
  Type type = RankedTensorType::get({dynamic, dynamic, width}, builder.getF32Type());
  return xf::RecallOp::create(builder, nameLoc(builder, name), type, cache, heldMask);
}

Value embedding(OpBuilder &builder, Value ids, Value table, Value mask) {
  auto shape = cast<RankedTensorType>(ids.getType()).getShape();
  int64_t width = cast<xf::WeightType>(table.getType()).getShape()[1];
  Type type = RankedTensorType::get({shape[0], shape[1], width}, builder.getF32Type());
  return xf::EmbeddingOp::create(builder, table.getLoc(), type, ids, table, mask);
}

Value attention(OpBuilder &builder, StringRef name, Value q, Value k, Value v, Value queryMask, Value keyMask,
                int64_t heads, bool causal, std::optional<double> scale) {
  int64_t width = cast<RankedTensorType>(q.getType()).getShape().back();
  double usual = 1.0 / std::sqrt(static_cast<double>(width) / static_cast<double>(heads));
  return xf::AttentionOp::create(builder, nameLoc(builder, name), q.getType(), q, k, v, queryMask, keyMask,
                                 builder.getI64IntegerAttr(heads), builder.getF64FloatAttr(scale.value_or(usual)),
                                 causal ? builder.getUnitAttr() : UnitAttr(), /*product_type=*/TypeAttr());
}

} // namespace ptx::frontends
