#include "passes/Interpreter/Pool.h"

#include <cmath>

using namespace ptx;
using namespace ptx::interp;

static double weightOf(xf::Pooling kind, const VisibleRow &row, const VisibleRow &first) {
  return kind == xf::Pooling::WeightedMean ? static_cast<double>(row.position - first.position + 1) : 1.0;
}

void interp::poolRows(xf::Pooling kind, const Array &x, llvm::ArrayRef<VisibleRow> rows, int64_t to, Array &result) {
  if (rows.empty())
    return;
  double weights = 0;
  for (const VisibleRow &row : rows)
    weights += weightOf(kind, row, rows.front());
  if (kind == xf::Pooling::MeanSqrtLength)
    weights = std::sqrt(weights);
  for (int64_t c = 0; c < x.columns(); ++c) {
    double sum = 0, largest = x.at(rows.front().row, c);
    for (const VisibleRow &row : rows) {
      double element = x.at(row.row, c);
      sum += weightOf(kind, row, rows.front()) * element;
      if (element > largest || std::isnan(element)) // a NaN stays
        largest = element;
    }
    double &out = result.at(to, c);
    out = kind == xf::Pooling::Max ? largest : kind == xf::Pooling::Last ? x.at(rows.back().row, c) : sum / weights;
  }
}
