#include "passes/Target/Target.h"

#include "llvm/ADT/STLExtras.h"

using namespace ptx;

static std::vector<const Target *> &table() {
  static std::vector<const Target *> rows;
  return rows;
}

void ptx::registerTarget(const Target &target) { table().push_back(&target); }

llvm::ArrayRef<const Target *> ptx::targets() { return table(); }

const Target *ptx::findTarget(llvm::StringRef name) {
  for (const Target *target : table())
    if (target->name() == name)
      return target;
  return nullptr;
}

std::string ptx::targetNames() {
  return llvm::join(llvm::map_range(table(), [](const Target *target) { return target->name(); }), ", ");
}
