// The table of targets. A target is one row: what it is called and asked for,
// how it lays out memory, what it writes about each kernel for its device, and
// how it makes code. Options, the compiler driver, the code generation worker
// and the `kernel` phase ask the table; nobody else knows a target by name.
#ifndef PTX_PASSES_TARGET_TARGET_H
#define PTX_PASSES_TARGET_TARGET_H

#include "dialects/rt/IR/RtDialect.h"
#include "runtime/device/geometry.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/DialectRegistry.h"
#include "mlir/IR/OwningOpRef.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/raw_ostream.h"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace ptx {

/// Integers by name that a target keeps about a kernel and its device reads:
/// grains, threads, tiles, scratch.
using Metadata = std::vector<std::pair<std::string, int64_t>>;

/// Values of the command line flags that targets declare, by flag.
using TargetFlags = std::map<std::string, std::string>;

struct TargetFlag {
  llvm::StringLiteral name, help, otherwise;
  /// What may be given, comma-separated; empty: the target checks it.
  llvm::StringLiteral choices = "";
};

/// What one variant of a target generates.
struct TargetCode {
  std::string bytes;
  /// Lines for --explain: what the back end says of each kernel.
  std::string notes;
  /// The kernels on their way, for --dump-phases-to: "mlir", "ll", "ptx" to text.
  std::map<std::string, std::string> texts;
};

class Target {
public:
  virtual ~Target() = default;

  virtual llvm::StringRef name() const = 0;
  /// For --help: what may stand behind the name, and what it runs on.
  virtual llvm::StringRef help() const = 0;
  /// Flags of the command line that this target declares.
  virtual llvm::ArrayRef<TargetFlag> flags() const { return {}; }
  /// Whether it looks at a flag: its own, or one of a target it builds on.
  virtual bool reads(llvm::StringRef flag) const {
    return llvm::any_of(flags(), [&](const TargetFlag &own) { return own.name == flag; });
  }

  /// The variants that `text`, what stands behind "name:", and the flags ask
  /// for; each becomes a payload "name/variant". An error names what is wrong.
  virtual llvm::Expected<std::vector<std::string>> variants(llvm::StringRef text, const TargetFlags &flags) const = 0;

  /// Nothing for a target whose device takes whole programs as text: it has no
  /// kernels, and its payload is the IR.
  virtual std::optional<Geometry> geometry() const { return std::nullopt; }
  virtual Metadata describe(rt::KernelOp, const TargetFlags &) const { return {}; }
  virtual Metadata describe(rt::EntryOp, mlir::ModuleOp) const { return {}; }

  /// Whether a variant's code for the module differs from that of the variants
  /// in front of it.
  virtual bool serves(mlir::ModuleOp, llvm::StringRef) const { return true; }
  /// Whether kernels may multiply in a type other than f32.
  virtual bool multipliesIn(mlir::Type) const { return false; }

  /// What --explain says about the target's choices.
  virtual void explain(mlir::ModuleOp, const TargetFlags &, llvm::raw_ostream &) const {}

  /// The dialects of generated kernels, and how they translate.
  virtual void registerDialects(mlir::DialectRegistry &) const {}
  /// The kernels of a planned module as IR, what the `kernel` phase shows; null
  /// after a diagnostic.
  virtual mlir::OwningOpRef<mlir::ModuleOp> generate(mlir::ModuleOp, llvm::StringRef variant) const { return {}; }
  /// Generated kernels to code; runs in a worker process. With `keepTexts` also
  /// what it is made from.
  virtual llvm::Expected<TargetCode> compile(mlir::ModuleOp generated, llvm::StringRef variant,
                                             const TargetFlags &flags, bool keepTexts) const {
    return TargetCode();
  }
};

/// Adds a row. The table keeps the order of registration.
void registerTarget(const Target &target);
/// The targets that ptx comes with: one line each.
void registerAllTargets();

llvm::ArrayRef<const Target *> targets();
const Target *findTarget(llvm::StringRef name);
/// "cpu, cuda, ...", for messages and help.
std::string targetNames();

} // namespace ptx

#endif // PTX_PASSES_TARGET_TARGET_H
