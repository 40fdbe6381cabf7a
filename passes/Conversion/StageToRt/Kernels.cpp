#include "passes/Conversion/StageToRt/Planner.h"

#include "mlir/IR/IRMapping.h"

using namespace mlir;

namespace ptx::rt {

namespace {

ExtraKind extraKind(Value extra) { return isa<RankedTensorType>(extra.getType()) ? ExtraKind::Row : ExtraKind::Column; }

/// The region of a stage; of one that has none and becomes a map, the identity.
void addRegion(stage::SkeletonOpInterface stage, KernelOp kernel) {
  if (stage.getElementCount()) {
    IRMapping mapping;
    stage->getRegion(0).cloneInto(&kernel.getBody(), mapping);
    return;
  }
  if (!kernel.getElementCount())
    return;
  OpBuilder region(kernel.getContext());
  Block *block = region.createBlock(&kernel.getBody(), {}, region.getF32Type(), kernel.getLoc());
  xf::YieldOp::create(region, kernel.getLoc(), block->getArguments());
}

/// Rows, tables and folded weights of 16 bits by the words they stand for.
DictionaryAttr narrowRows(stage::SkeletonOpInterface stage, xf::Skeleton skeleton) {
  NamedAttrList rows;
  auto note = [&](StringRef word, Value value) {
    // What chunks give is of f32, and a join has but a result.
    if (skeleton == xf::Skeleton::AttentionChunk ? word == "y" : skeleton == xf::Skeleton::AttentionJoin && word != "y")
      return;
    if (stage::isRows(value.getType()) && !stage::elementOf(value).isF32())
      rows.set(word, TypeAttr::get(stage::elementOf(value)));
  };
  for (const stage::Factor &factor : stage.getFactors())
    note(factor.word, factor.rows->get());
  note("y", stage->getResult(0)); // numbers are no rows
  auto notePacked = [&](StringRef word, Value value) {
    if (auto packed = dyn_cast<xf::PackedType>(value.getType()); packed && !packed.getElementType().isF32())
      rows.set(word, TypeAttr::get(packed.getElementType()));
  };
  if (auto append = dyn_cast<stage::AppendOp>(*stage))
    if (Type element = append.getType().getElementType(); !element.isF32())
      rows.set("y", TypeAttr::get(element));
  if (auto fold = dyn_cast<stage::FoldOpInterface>(*stage)) {
    notePacked("base", fold.getBase());
    notePacked("y", fold->getResult(0));
  }
  if (auto gather = dyn_cast<stage::GatherOp>(*stage))
    for (auto [number, table] : llvm::enumerate(gather.getTables()))
      notePacked(("table_" + Twine(number)).str(), table);
  return rows.empty() ? DictionaryAttr() : rows.getDictionary(stage->getContext());
}

KernelOp describe(OpBuilder &builder, stage::SkeletonOpInterface stage, const KernelForm &form) {
  SmallVector<Attribute> kinds;
  for (OpOperand &extra : stage.getExtraOperands())
    kinds.push_back(ExtraKindAttr::get(builder.getContext(), extraKind(extra.get())));
  OperationState state(builder.getUnknownLoc(), KernelOp::getOperationName());
  xf::Skeleton skeleton = form.skeleton.value_or(stage.getSkeleton());
  bool joins = skeleton == xf::Skeleton::AttentionJoin;
  NamedAttrList constants;
  stage.getConstants(constants);
  for (NamedAttribute constant : constants)
    if (!joins || constant.getName() == "head_dim") // a join multiplies nothing
      state.attributes.append(constant);
  if (form.chunk)
    state.addAttribute("chunk", builder.getI64IntegerAttr(form.chunk));
  state.addAttribute("sym_name", builder.getStringAttr("kernel"));
  state.addAttribute("skeleton", xf::SkeletonAttr::get(builder.getContext(), skeleton));
  state.addAttribute("extras", builder.getArrayAttr(kinds));
  if (DictionaryAttr rows = narrowRows(stage, skeleton))
    state.addAttribute("rows", rows);
  state.addRegion();
  auto kernel = cast<KernelOp>(builder.create(state));
  addRegion(stage, kernel);
  return kernel;
}

} // namespace

KernelOp KernelTable::getOrCreate(stage::SkeletonOpInterface stage, const KernelForm &form) {
  OpBuilder builder = OpBuilder::atBlockEnd(module.getBody());
  KernelOp kernel = describe(builder, stage, form);
  std::string text;
  llvm::raw_string_ostream stream(text);
  kernel->print(stream, OpPrintingFlags().useLocalScope().printGenericOpForm());
  KernelOp &known = kernels[text];
  if (known) {
    kernel.erase();
    return known;
  }
  kernel.setSymName((xf::stringifyEnum(kernel.getSkeleton()) + "_" + Twine(kernels.size() - 1)).str());
  return known = kernel;
}

void KernelTable::addEntry(LaunchOp launch) {
  std::set<std::string> names;
  for (auto problem : launch.getBody().front().getOps<ProblemOp>())
    names.insert(problem.getKernel().str());
  entries.insert({names.begin(), names.end()});
}

void KernelTable::emitEntries() {
  OpBuilder builder = OpBuilder::atBlockEnd(module.getBody());
  for (const auto &[index, names] : llvm::enumerate(entries)) {
    SmallVector<Attribute> members = llvm::map_to_vector(names, [&](const std::string &name) -> Attribute {
      return FlatSymbolRefAttr::get(builder.getContext(), name);
    });
    EntryOp::create(builder, builder.getUnknownLoc(), ("entry_" + Twine(index)).str(), builder.getArrayAttr(members));
  }
}

} // namespace ptx::rt
