#include "passes/Target/Reference/ReferenceTarget.h"

using namespace ptx;

namespace {
class ReferenceTarget : public Target {
public:
  llvm::StringRef name() const override { return "reference"; }
  llvm::StringRef help() const override { return "reference: the f64 interpreter, for checking"; }
  llvm::Expected<std::vector<std::string>> variants(llvm::StringRef text, const TargetFlags &) const override {
    if (!text.empty())
      return llvm::createStringError("target 'reference' has no variants, found '" + text + "'");
    return std::vector<std::string>();
  }
};
} // namespace

const Target &ptx::reference::target() {
  static const ReferenceTarget row;
  return row;
}
