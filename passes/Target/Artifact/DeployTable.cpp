#include "passes/Target/Artifact/DeployTable.h"

#include "dialects/rt/IR/RtDialect.h"
#include "dialects/xf/IR/XfFactors.h"
#include "passes/Conversion/StageToRt/Ranks.h"

#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using Json = nlohmann::ordered_json;

namespace ptx {

namespace {

/// Writes the nodes of one parameter.
class NodeWriter {
public:
  NodeWriter(ModuleOp module, const DeployTable &deploy, const ParameterTable &table, TensorList &tensors)
      : module(module), deploy(deploy), table(table), tensors(tensors) {}

  Result<Json> write(xf::ParameterOp parameter) {
    nodes = Json::array();
    for (Operation &op : parameter.getBody().front().without_terminator())
      if (Status status = writeOp(&op); !status)
        return status.error();
    return nodes;
  }

private:
  int64_t push(Json node) {
    nodes.push_back(std::move(node));
    return static_cast<int64_t>(nodes.size() - 1);
  }

  int64_t of(Value value) { return numbers.lookup(value); }

  int64_t site(Value slot) { return deploy.siteIndex(slot.getDefiningOp<xf::SlotOp>().getSite()); }

  Status writeOp(Operation *op) {
    if (auto use = dyn_cast<xf::UseOp>(op)) {
      auto stored = table.weights.find(use.getWeight().str());
      if (stored == table.weights.end())
        return Error{"the parameter table has no tensor for '" + use.getWeight().str() + "'"};
      Result<int64_t> tensor = tensors.add(stored->first, stored->second);
      if (!tensor)
        return tensor.error();
      numbers[use] = push({{"op", "tensor"}, {"tensor", *tensor}});
      return {};
    }
    if (isa<xf::SlotOp>(op))
      return {};
    if (auto get = dyn_cast<xf::GetOp>(op)) {
      numbers[get] = deploy.parameterIndex(get.getParameter());
      return {};
    }
    if (auto fold = dyn_cast<stage::FoldOpInterface>(op); fold && !rt::siteOf(fold))
      return Error{"parameter '" + op->getParentOfType<xf::ParameterOp>().getSymName().str() +
                   "': its fold reads nothing that an adapter brings"};
    int64_t number =
        TypeSwitch<Operation *, int64_t>(op)
            .Case<xf::SinusoidOp, xf::ReplacedOp, xf::ZeroBiasOp, xf::PackOp, xf::FactorAOp, xf::FactorBOp,
                  xf::FactorVectorOp, stage::FoldOpInterface>([&](auto typed) { return writeNode(typed); });
    numbers[op->getResult(0)] = number;
    return {};
  }

  int64_t writeNode(xf::SinusoidOp op) {
    ArrayRef<int64_t> shape = op.getType().getShape();
    return push({{"op", "sinusoid"}, {"positions", shape[0]}, {"width", shape[1]}});
  }

  int64_t writeNode(xf::ReplacedOp op) {
    return push({{"op", "replaced"}, {"of", of(op.getWeight())}, {"site", deploy.siteIndex(op.getSite())}});
  }

  int64_t writeNode(xf::ZeroBiasOp op) {
    return push({{"op", "fill"}, {"rows", op.getType().getShape()[0]}, {"columns", 1}, {"value", -0.0}});
  }

  /// Its operands are parameters; how it lies in memory follows from its type.
  int64_t writeNode(stage::FoldOpInterface op) {
    auto type = cast<xf::PackedType>(op->getResult(0).getType());
    Json parameters = Json::array();
    for (Value operand : op->getOperands())
      parameters.push_back(of(operand));
    Json node = {{"op", "computed"},
                 {"layout", xf::stringifyEnum(type.getLayout()).str()},
                 {"rows", type.getRows()},
                 {"columns", type.getColumns()}};
    addElement(node, type);
    node["parameters"] = parameters;
    node["site"] = deploy.siteIndex(rt::siteOf(op).getValue());
    return push(std::move(node));
  }

  int64_t writeRows(int64_t number, DenseI64ArrayAttr rows) {
    if (!rows)
      return number;
    return push({{"op", "rows"}, {"of", number}, {"begin", rows[0]}, {"end", rows[1]}});
  }

  /// The layout node; a table has the width of the widest adapter where it is a
  /// rank known when it is bound.
  int64_t writeLayout(int64_t number, xf::PackedType type, int64_t width) {
    Json node = {{"op", xf::stringifyEnum(type.getLayout()).str()}, {"of", number}};
    if (type.getLayout() == xf::Layout::Table)
      node["width"] = width;
    addElement(node, type);
    return push(std::move(node));
  }

  static void addElement(Json &node, xf::PackedType type) {
    if (DType element = rt::dtypeOf(type.getElementType()); element != DType::F32)
      node["dtype"] = std::string(dtypeName(element));
  }

  int64_t writeNode(xf::PackOp op) {
    int64_t number = of(op.getWeight());
    if (op.getInOut())
      number = push({{"op", "transpose"}, {"of", number}});
    number = writeRows(number, op.getRowsAttr());
    return writeLayout(number, op.getType(), op.getType().getColumns());
  }

  int64_t writeNode(xf::FactorAOp op) {
    auto slot = op.getSlot().getDefiningOp<xf::SlotOp>();
    int64_t in = slot.getType().getIn(), index = site(op.getSlot());
    if (op.getForm() == xf::Form::Embedding)
      return writeLayout(push({{"op", "factor_a_table"}, {"site", index}, {"rows", in}}), op.getType(),
                         rt::maxRank(module, slot.getSiteAttr()));
    return writeLayout(push({{"op", "factor_a"}, {"sites", Json::array({index})}, {"columns", in}}), op.getType(), in);
  }

  int64_t writeNode(xf::FactorBOp op) {
    auto slot = op.getSlot().getDefiningOp<xf::SlotOp>();
    int64_t number = push({{"op", "factor_b"},
                           {"sites", Json::array({site(op.getSlot())})},
                           {"rows", Json::array({slot.getType().getOut()})}});
    return writeLayout(writeRows(number, op.getRowsAttr()), op.getType(), 0);
  }

  int64_t writeNode(xf::FactorVectorOp op) {
    int64_t number = push({{"op", "factor_vector"},
                           {"factor", xf::stringifyEnum(op.getFactor()).str()},
                           {"site", site(op.getSlot())},
                           {"rows", xf::sizeOf(op.getFactor(), cast<xf::LowRankType>(op.getSlot().getType()))}});
    return writeLayout(writeRows(number, op.getRowsAttr()), op.getType(), 0);
  }

  ModuleOp module;
  const DeployTable &deploy;
  const ParameterTable &table;
  TensorList &tensors;
  Json nodes;
  DenseMap<Value, int64_t> numbers;
};

} // namespace

Result<DeployTable> DeployTable::build(ModuleOp module, const ParameterTable &table, TensorList &tensors) {
  DeployTable deploy;
  if (Status status = deploy.addAdapters(module, table, tensors); !status)
    return status.error();
  if (Status status = deploy.addParameters(module, table, tensors); !status)
    return status.error();
  return deploy;
}

Status DeployTable::addAdapters(ModuleOp module, const ParameterTable &table, TensorList &tensors) {
  // A slot that no adapter fills is a site too: it is always empty.
  module.walk([&](Operation *op) {
    FlatSymbolRefAttr site;
    if (auto delta = dyn_cast<xf::DeltaOp>(op))
      site = delta.getSiteAttr();
    else if (auto slot = dyn_cast<xf::SlotOp>(op))
      site = slot.getSiteAttr();
    else if (auto replacement = dyn_cast<xf::ReplacementOp>(op))
      site = replacement.getSiteAttr();
    if (site && siteNumbers.try_emplace(site.getValue(), siteList.size()).second)
      siteList.push_back(site.getValue().str());
  });
  for (auto adapter : module.getOps<xf::AdapterOp>()) {
    Json sites = Json::array(), replacements = Json::array();
    for (Operation &op : adapter.getBody().front()) {
      auto delta = dyn_cast<xf::DeltaOp>(op);
      auto replacement = dyn_cast<xf::ReplacementOp>(op);
      if (!delta && !replacement)
        continue;
      StringRef site = delta ? delta.getSite() : replacement.getSite();
      Json entry = {{"site", siteIndex(site)}};
      if (delta)
        entry.update({{"form", xf::stringifyEnum(delta.getForm()).str()},
                      {"rank", delta.getRank()},
                      {"scale", delta.getScale().convertToDouble()}});
      if (Status status = addStored(adapter.getSymName(), site, table, tensors, entry); !status)
        return status;
      (delta ? sites : replacements).push_back(entry);
    }
    Json record = {{"name", adapter.getSymName().str()}, {"sites", sites}};
    if (!replacements.empty())
      record["replacements"] = replacements;
    adapterList.push_back(record);
  }
  return {};
}

/// The tensors that an adapter stores for a site, by number.
Status DeployTable::addStored(StringRef adapter, StringRef site, const ParameterTable &table, TensorList &tensors,
                              Json &entry) {
  auto stored = table.adapters.find(adapter.str());
  if (stored == table.adapters.end() || !stored->second.count(site.str()))
    return Error{"the parameter table has nothing of adapter '" + adapter.str() + "' for '" + site.str() + "'"};
  for (const auto &[key, tensor] : StoredDelta::tensors(stored->second.at(site.str()))) {
    if (tensor->file.empty())
      continue;
    Result<int64_t> number = tensors.add((adapter + "/" + site + "/" + key).str(), *tensor);
    if (!number)
      return number.error();
    entry[key] = *number;
  }
  return {};
}

Status DeployTable::addParameters(ModuleOp module, const ParameterTable &table, TensorList &tensors) {
  for (auto parameter : module.getOps<xf::ParameterOp>()) {
    NodeWriter writer(module, *this, table, tensors);
    Result<Json> nodes = writer.write(parameter);
    if (!nodes)
      return nodes.error();
    parameterNumbers[parameter.getSymName()] = static_cast<int64_t>(parameterList.size());
    parameterList.push_back({{"label", parameter.getSymName().str()}, {"nodes", *nodes}});
  }
  return {};
}

} // namespace ptx
