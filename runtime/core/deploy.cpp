#include "runtime/core/deploy.h"
#include "runtime/core/factors.h"
#include "runtime/core/layout.h"

#include <cmath>
#include <cstring>

namespace ptx {

bool dependsOn(const ParameterRecord &parameter, const AdapterRecord &adapter) {
  for (const Node &node : parameter.nodes)
    for (size_t site : node.sites)
      if (adapter.find(site) || adapter.findReplacement(site))
        return true;
  return false;
}

namespace {

/// Evaluates the nodes of one parameter in order.
class Evaluator {
public:
  Evaluator(const Manifest &manifest, const ParameterRecord &parameter, const AdapterRecord *adapter,
            TensorReader &tensors)
      : manifest(manifest), parameter(parameter), adapter(adapter), tensors(tensors), values(parameter.nodes.size()) {}

  /// What the layout, the last node, is applied to.
  Result<Matrix> run() {
    for (size_t i = 0; i + 1 < parameter.nodes.size(); ++i) {
      Result<Matrix> value = evaluate(parameter.nodes[i]);
      if (!value)
        return Error{"parameter '" + printable(parameter.label) + "': " + value.error().message};
      values[i] = std::move(*value);
    }
    return std::move(values[parameter.nodes.back().of[0]]);
  }

  /// Why a factor is of no use; empty where it is.
  const std::string &flaw() const { return found; }

private:
  Result<Matrix> evaluate(const Node &node) {
    switch (node.kind) {
    case NodeKind::Tensor:
      return tensors.read(node.tensor);
    case NodeKind::Fill:
      return Matrix{node.rows, node.columns,
                    std::vector<float>(node.rows * node.columns, static_cast<float>(node.value))};
    case NodeKind::Sinusoid:
      return sinusoid(node.rows, node.columns);
    case NodeKind::Transpose:
      return transpose(values[node.of[0]]);
    case NodeKind::Rows:
      return rows(values[node.of[0]], node.begin, node.end);
    case NodeKind::Concat:
      return concat(node);
    case NodeKind::FactorATable: {
      Result<Matrix> stacked = factorA(node, node.rows);
      return stacked ? Result<Matrix>(transpose(*stacked)) : stacked;
    }
    case NodeKind::FactorA:
      return factorA(node, node.columns);
    case NodeKind::FactorB:
      return factorB(node);
    case NodeKind::Replaced:
      return replaced(node);
    case NodeKind::FactorVector:
      return factorVector(node);
    case NodeKind::Matrix:
    case NodeKind::Table:
    case NodeKind::Vector:
    case NodeKind::Computed:
      break;
    }
    return Error{"a layout stands in front of the last node"};
  }

  static Matrix sinusoid(uint64_t positions, uint64_t width) {
    Matrix table{positions, width, std::vector<float>(positions * width)};
    for (uint64_t p = 0; p < positions; ++p)
      for (uint64_t c = 0; c < width; ++c) {
        double angle =
            static_cast<double>(p) / std::pow(10000.0, static_cast<double>(c - c % 2) / static_cast<double>(width));
        table.values[p * width + c] = static_cast<float>(c % 2 ? std::cos(angle) : std::sin(angle));
      }
    return table;
  }

  static Matrix transpose(const Matrix &m) {
    Matrix t{m.columns, m.rows, std::vector<float>(m.values.size())};
    for (uint64_t r = 0; r < m.rows; ++r)
      for (uint64_t c = 0; c < m.columns; ++c)
        t.values[c * m.rows + r] = m.values[r * m.columns + c];
    return t;
  }

  static Result<Matrix> rows(const Matrix &m, uint64_t begin, uint64_t end) {
    if (end > m.rows)
      return Error{"takes rows " + std::to_string(begin) + " to " + std::to_string(end) + " of " +
                   std::to_string(m.rows)};
    auto first = m.values.begin() + static_cast<std::ptrdiff_t>(begin * m.columns);
    return Matrix{end - begin, m.columns, {first, first + static_cast<std::ptrdiff_t>((end - begin) * m.columns)}};
  }

  Result<Matrix> concat(const Node &node) {
    Matrix all;
    for (size_t operand : node.of) {
      const Matrix &part = values[operand];
      if (all.rows && part.columns != all.columns)
        return Error{"joins matrices of " + std::to_string(all.columns) + " and " + std::to_string(part.columns) +
                     " columns"};
      all.columns = part.columns;
      all.rows += part.rows;
      all.values.insert(all.values.end(), part.values.begin(), part.values.end());
    }
    return all;
  }

  const AdapterSite *at(size_t site) const { return adapter ? adapter->find(site) : nullptr; }

  /// The A's of the sites stacked: [sum of ranks, columns].
  Result<Matrix> factorA(const Node &node, uint64_t columns) {
    Matrix all{0, columns, {}};
    for (size_t index : node.sites) {
      const AdapterSite *site = at(index);
      if (!site || !site->rank)
        continue;
      Result<Matrix> a = tensors.read(site->a);
      if (!a)
        return a;
      if (parameter.isFolded)
        checkFinite(*a, "factor A", index);
      if (a->rows != site->rank || a->columns != columns)
        return Error{"factor A is [" + std::to_string(a->rows) + "," + std::to_string(a->columns) + "], expected [" +
                     std::to_string(site->rank) + "," + std::to_string(columns) + "]"};
      all.rows += a->rows;
      all.values.insert(all.values.end(), a->values.begin(), a->values.end());
    }
    return all;
  }

  /// s B of the sites on a block diagonal: [sum of heights, sum of ranks].
  Result<Matrix> factorB(const Node &node) {
    uint64_t rank = 0, height = 0;
    for (size_t index : node.sites)
      rank += at(index) ? at(index)->rank : 0;
    for (uint64_t rows : node.heights)
      height += rows;
    Matrix all{height, rank, std::vector<float>(height * rank, 0.0f)};
    uint64_t row = 0, column = 0;
    for (size_t i = 0; i < node.sites.size(); ++i) {
      if (const AdapterSite *site = at(node.sites[i]); site && site->rank) {
        Result<Matrix> b = tensors.read(site->b);
        if (!b)
          return b;
        // The product in a merged weight is looked at where it is made.
        if (parameter.isFolded)
          checkFinite(*b, "factor B", node.sites[i]);
        else if (Status status = checkDelta(*site, *b); !status)
          return status.error();
        if (b->rows != node.heights[i] || b->columns != site->rank)
          return Error{"factor B is [" + std::to_string(b->rows) + "," + std::to_string(b->columns) + "], expected [" +
                       std::to_string(node.heights[i]) + "," + std::to_string(site->rank) + "]"};
        float scale = static_cast<float>(site->scale);
        for (uint64_t r = 0; r < b->rows; ++r)
          for (uint64_t c = 0; c < b->columns; ++c)
            all.values[(row + r) * rank + column + c] = scale * b->values[r * b->columns + c];
        column += site->rank;
      }
      row += node.heights[i];
    }
    return all;
  }

  std::string placeOf(size_t site) const { return "adapter '" + adapter->name + "', '" + manifest.sites[site] + "'"; }

  /// A factor that is folded.
  void checkFinite(const Matrix &factor, const std::string &what, size_t site) {
    if (std::optional<size_t> index = firstNotFinite(factor, largestOf(factor)); index && found.empty())
      found = placeOf(site) + ": " + what + " is not finite at index " + std::to_string(*index);
  }

  /// A delta that stays separate is looked at once, with its B. A flaw is no error here: in a call
  /// that mixes adapters it is the flawed one's rows that are lost, not the others'.
  Status checkDelta(const AdapterSite &site, const Matrix &b) {
    Result<Matrix> a = tensors.read(site.a);
    if (!a)
      return a.error();
    if (Status status = checkFactors(*a, b, static_cast<float>(site.scale)); !status && found.empty())
      found = placeOf(site.site) + ": " + status.error().message;
    return {};
  }

  Result<Matrix> replaced(const Node &node) {
    const Matrix &base = values[node.of[0]];
    const AdapterReplacement *entry = adapter ? adapter->findReplacement(node.sites[0]) : nullptr;
    if (!entry)
      return base;
    Result<Matrix> own = tensors.read(entry->tensor);
    if (!own)
      return own;
    std::string where = placeOf(entry->site) + ": the adapter's own tensor ";
    if (own->rows != base.rows || own->columns != base.columns)
      return Error{where + "is [" + std::to_string(own->rows) + "," + std::to_string(own->columns) + "], expected [" +
                   std::to_string(base.rows) + "," + std::to_string(base.columns) + "]"};
    for (size_t i = 0; i < own->values.size(); ++i)
      if (!std::isfinite(own->values[i]))
        return Error{where + "is not finite at index " + std::to_string(i)};
    return own;
  }

  Result<Matrix> factorVector(const Node &node) {
    auto which = static_cast<size_t>(node.factor);
    const AdapterSite *site = at(node.sites[0]);
    std::optional<size_t> tensor = site ? site->vectors[which] : std::nullopt;
    if (!tensor)
      return Matrix{node.rows, 1, std::vector<float>(node.rows, factorNames[which].none)};
    Result<Matrix> own = tensors.read(*tensor);
    if (!own)
      return own;
    std::string what = "the " + std::string(factorNames[which].name);
    if (own->values.size() != node.rows)
      return Error{placeOf(site->site) + ": " + what + " has " + std::to_string(own->values.size()) +
                   " values, expected " + std::to_string(node.rows)};
    checkFinite(*own, what, site->site);
    float scale = node.factor == Factor::Bias ? static_cast<float>(site->scale) : 1;
    for (float &value : own->values)
      value *= scale;
    return Matrix{node.rows, 1, std::move(own->values)};
  }

  const Manifest &manifest;
  const ParameterRecord &parameter;
  const AdapterRecord *adapter;
  TensorReader &tensors;
  std::vector<Matrix> values;
  std::string found; // the flaw
};

} // namespace

Result<std::shared_ptr<PackedParameter>> allocateParameter(const std::shared_ptr<Device> &device, size_t bytes,
                                                           const std::shared_ptr<SpareMemory> &spare) {
  std::shared_ptr<PackedParameter> made(new PackedParameter, [spare](PackedParameter *gone) {
    if (spare)
      spare->give(std::move(gone->memory));
    delete gone;
  });
  made->bytes = bytes;
  if (spare)
    made->memory = spare->take(bytes);
  if (bytes == 0 || made->memory.address())
    return made;
  Result<DeviceMemory> memory = DeviceMemory::allocate(device, bytes);
  if (!memory)
    return memory.error();
  made->memory = std::move(*memory);
  return made;
}

Result<std::shared_ptr<const PackedParameter>>
deployParameter(const Manifest &manifest, const ParameterRecord &parameter, const AdapterRecord *adapter,
                TensorReader &tensors, const Geometry &geometry, const std::shared_ptr<Device> &device,
                const std::shared_ptr<SpareMemory> &spare) {
  auto named = [&](const Error &error) {
    return Error{"parameter '" + printable(parameter.label) + "': " + error.message};
  };
  Evaluator evaluator(manifest, parameter, adapter, tensors);
  Result<Matrix> value = evaluator.run();
  if (!value)
    return value.error();
  Result<Layout> layout = Layout::of(parameter.nodes.back(), *value, geometry);
  if (!layout)
    return named(layout.error());
  Result<std::shared_ptr<PackedParameter>> made = allocateParameter(device, layout->bytes(), spare);
  if (!made)
    return named(made.error());
  std::shared_ptr<PackedParameter> packed = std::move(*made);
  if (!evaluator.flaw().empty())
    packed->flaw = named(Error{evaluator.flaw()}).message;
  if (parameter.isFolded) {
    packed->largest = largestOf(*value);
    packed->notFinite = firstNotFinite(*value, packed->largest);
  }
  if (packed->bytes == 0)
    return std::shared_ptr<const PackedParameter>(packed);
  if (device->hostMemory()) {
    if (spare)
      std::memset(packed->memory.host(), 0, packed->bytes);
    layout->fill(*value, packed->memory.host());
    return std::shared_ptr<const PackedParameter>(packed);
  }
  std::vector<char> staging(packed->bytes);
  layout->fill(*value, staging.data());
  if (Status status = device->upload(packed->memory.address(), staging.data(), staging.size()); !status)
    return named(status.error());
  return std::shared_ptr<const PackedParameter>(packed);
}

} // namespace ptx
