// Texts of different length as the inputs of a call.
#ifndef PTX_RUNTIME_GENERATE_PADDED_H
#define PTX_RUNTIME_GENERATE_PADDED_H

#include "runtime/generate/stepper.h"
#include "runtime/ptx.h"

#include <algorithm>

namespace ptx {

/// Rows of ids, the shorter ones filled up at their end, and where ids are.
class Padded {
public:
  explicit Padded(const std::vector<const TokenIds *> &rows) : rows(rows.size()) {
    for (const TokenIds *row : rows)
      length = std::max(length, row->size());
    ids.assign(rows.size() * length, 0);
    mask.assign(rows.size() * length, 0);
    for (size_t i = 0; i < rows.size(); ++i) {
      std::copy(rows[i]->begin(), rows[i]->end(), ids.data() + i * length);
      std::fill_n(mask.data() + i * length, rows[i]->size(), 1);
    }
  }

  size_t width() const { return length; }
  ptx_tensor idsTensor(const char *name) { return tensor(name, ids); }
  ptx_tensor maskTensor(const char *name) { return tensor(name, mask); }

private:
  ptx_tensor tensor(const char *name, TokenIds &values) const {
    return {name, PTX_I64, 2, {rows, length, 0}, values.data()};
  }

  size_t rows, length = 0;
  TokenIds ids, mask;
};

} // namespace ptx

#endif // PTX_RUNTIME_GENERATE_PADDED_H
