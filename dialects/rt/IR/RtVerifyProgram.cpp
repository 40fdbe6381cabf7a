// What the loop that runs a program relies on: every number is that of a thing
// which is there, columns lie inside their buffers, buffers that live at the
// same time lie in slots of their own, and problems of a launch do not meet.
#include "dialects/rt/IR/RtDialect.h"

#include "llvm/ADT/TypeSwitch.h"

#include <map>
#include <tuple>

using namespace mlir;
using namespace ptx;
using namespace ptx::rt;

namespace {

/// The launches in which a buffer's rows are needed, both ends included.
struct Life {
  std::optional<int64_t> first;
  int64_t last = 0;
};

/// Windows that do not overlap.
class Disjoint {
public:
  /// Whether the window has a column in common with one that is there.
  bool meets(WindowAttr window) const {
    auto behind = windows.lower_bound({window.getBuffer(), window.getColumn() + window.getWidth()});
    if (behind == windows.begin())
      return false;
    const auto &[start, end] = *std::prev(behind);
    return start.first == window.getBuffer() && end > window.getColumn();
  }
  void insert(WindowAttr window) {
    windows[{window.getBuffer(), window.getColumn()}] = window.getColumn() + window.getWidth();
  }

private:
  std::map<std::pair<int64_t, int64_t>, int64_t> windows; // buffer and first column -> end
};

class ProgramVerifier {
public:
  explicit ProgramVerifier(ProgramOp program) : program(program) {}

  LogicalResult verify() {
    if (program.getSlots() > xf::maxExtent)
      return program.emitOpError("C1: has ") << program.getSlots() << " slots";
    for (Operation &op : program.getBody().front())
      if (failed(collect(&op)))
        return failure();
    lives.resize(buffers.size());
    for (Operation &op : program.getBody().front())
      if (failed(TypeSwitch<Operation *, LogicalResult>(&op).Case<InputOp, SpaceOp, BufferOp, OutputOp, LaunchOp>(
              [&](auto typed) { return check(typed); })))
        return failure();
    return checkSlots();
  }

private:
  LogicalResult collect(Operation *op) {
    return TypeSwitch<Operation *, LogicalResult>(op)
        .Case<InputOp>([&](auto input) { return inputs.push_back(input), success(); })
        .Case<SpaceOp>([&](auto space) { return spaces.push_back(space), success(); })
        .Case<BufferOp>([&](auto buffer) { return buffers.push_back(buffer), success(); })
        .Case<LaunchOp>([&](auto launch) { return launches.push_back(launch), success(); })
        .Case<OutputOp>([&](auto) { return success(); })
        .Default([](Operation *other) { return other->emitOpError("C1: does not stand in an rt.program"); });
  }

  template <typename Table>
  static LogicalResult inTable(Operation *op, int64_t number, const Table &table, StringRef what) {
    if (number >= 0 && number < static_cast<int64_t>(table.size()))
      return success();
    return op->emitOpError("C1: there is no ") << what << " " << number << ", the program has " << table.size();
  }

  LogicalResult check(InputOp op) {
    if (std::optional<uint64_t> counted = op.getCounting())
      if (failed(inTable(op, static_cast<int64_t>(*counted), inputs, "input")))
        return failure();
    return inTable(op, static_cast<int64_t>(op.getSpace()), spaces, "space");
  }

  LogicalResult check(SpaceOp op) {
    int64_t mask = static_cast<int64_t>(op.getMask());
    if (mask == -1)
      return success();
    if (failed(inTable(op, mask, inputs, "input")))
      return failure();
    return inputs[mask].getMask() ? success()
                                  : op.emitOpError("C1: input '") << inputs[mask].getName() << "' is no mask";
  }

  LogicalResult check(BufferOp op) {
    int64_t slot = static_cast<int64_t>(op.getSlot());
    if (slot < 0 || slot >= static_cast<int64_t>(program.getSlots()))
      return op.emitOpError("C1: there is no slot ") << slot << ", the program has " << program.getSlots();
    int64_t width = static_cast<int64_t>(op.getWidth());
    if (width < 1 || width > xf::maxExtent)
      return op.emitOpError("C2: rows of ") << width << " columns";
    return inTable(op, static_cast<int64_t>(op.getSpace()), spaces, "space");
  }

  LogicalResult check(OutputOp op) {
    int64_t buffer = static_cast<int64_t>(op.getBuffer());
    if (failed(inTable(op, buffer, buffers, "buffer")) ||
        failed(checkColumns(op, buffer, static_cast<int64_t>(op.getColumn()), static_cast<int64_t>(op.getWidth()))))
      return failure();
    if (op.getSpace() != buffers[buffer].getSpace() || op.getPer() != buffers[buffer].getPer())
      return op.emitOpError("C2: buffer ") << buffer << " has other rows";
    return read(op, buffer, static_cast<int64_t>(launches.size()));
  }

  LogicalResult checkColumns(Operation *op, int64_t buffer, int64_t column, int64_t width) {
    int64_t all = static_cast<int64_t>(buffers[buffer].getWidth());
    if (column >= 0 && width >= 1 && column <= all && width <= all - column)
      return success();
    return op->emitOpError("C2: columns [")
           << column << ", " << column << " + " << width << ") of buffer " << buffer << ", which has " << all;
  }

  //===- launches --------------------------------------------------------------//

  LogicalResult check(LaunchOp launch) {
    SmallVector<ProblemOp> problems;
    for (Operation &op : launch.getBody().front()) {
      auto problem = dyn_cast<ProblemOp>(op);
      if (!problem)
        return op.emitOpError("C1: does not stand in an rt.launch");
      if (failed(checkNumbers(problem)) || failed(checkWindows(problem, problem.getReads())) ||
          failed(checkWindows(problem, problem.getWrites())))
        return failure();
      for (auto window : problem.getReads().getAsRange<WindowAttr>())
        if (failed(read(problem, window.getBuffer(), launchNumber)))
          return failure();
      problems.push_back(problem);
    }
    Disjoint written;
    for (ProblemOp problem : problems)
      for (auto window : problem.getWrites().getAsRange<WindowAttr>()) {
        if (written.meets(window))
          return problem.emitOpError("C4: writes what another problem of its launch writes");
        written.insert(window);
        Life &life = lives[window.getBuffer()];
        life.first = life.first.value_or(launchNumber);
        life.last = std::max(life.last, launchNumber);
      }
    for (ProblemOp problem : problems)
      for (auto window : problem.getReads().getAsRange<WindowAttr>())
        if (written.meets(window))
          return problem.emitOpError("C4: reads what a problem of its launch writes");
    ++launchNumber;
    return success();
  }

  LogicalResult checkWindows(ProblemOp op, ArrayAttr windows) {
    for (auto window : windows.getAsRange<WindowAttr>())
      if (failed(inTable(op, window.getBuffer(), buffers, "buffer")) ||
          failed(checkColumns(op, window.getBuffer(), window.getColumn(), window.getWidth())))
        return failure();
    return success();
  }

  LogicalResult checkNumbers(ProblemOp op) {
    if (failed(inTable(op, static_cast<int64_t>(op.getSpace()), spaces, "space")))
      return failure();
    if (std::optional<uint64_t> keys = op.getKeySpace())
      if (failed(inTable(op, static_cast<int64_t>(*keys), spaces, "space")))
        return failure();
    for (Attribute word : op.getArgs()) {
      LogicalResult known =
          TypeSwitch<Attribute, LogicalResult>(word)
              .Case<BufferArgAttr>([&](auto arg) {
                return failed(inTable(op, arg.getBuffer(), buffers, "buffer"))
                           ? failure()
                           : checkColumns(op, arg.getBuffer(), arg.getColumn(), 1);
              })
              .Case<IdsArgAttr>([&](auto arg) { return inTable(op, arg.getInput(), inputs, "input"); })
              .Case<RowsArgAttr>([&](auto arg) { return inTable(op, arg.getSpace(), spaces, "space"); })
              .Case<PitchArgAttr, IntArgAttr, ParameterArgAttr, RankArgAttr>([](auto) { return success(); })
              .Default([&](Attribute other) { return op.emitOpError("C1: takes a word that is none: ") << other; });
      if (failed(known))
        return failure();
    }
    return success();
  }

  //===- lives -----------------------------------------------------------------//

  LogicalResult read(Operation *op, int64_t buffer, int64_t when) {
    Life &life = lives[buffer];
    if (!life.first)
      return op->emitOpError("C3: reads buffer ") << buffer << ", which no launch before it writes";
    life.last = std::max(life.last, when);
    return success();
  }

  LogicalResult checkSlots() {
    std::vector<size_t> order;
    for (size_t i = 0; i < buffers.size(); ++i)
      if (lives[i].first)
        order.push_back(i);
    llvm::sort(order, [&](size_t a, size_t b) {
      return std::tuple(buffers[a].getSlot(), *lives[a].first, a) <
             std::tuple(buffers[b].getSlot(), *lives[b].first, b);
    });
    for (size_t i = 1; i < order.size(); ++i) {
      size_t before = order[i - 1], after = order[i];
      if (buffers[before].getSlot() == buffers[after].getSlot() && lives[before].last >= *lives[after].first)
        return buffers[after].emitOpError("C3: buffers ")
               << before << " and " << after << " live at the same time in slot " << buffers[after].getSlot();
    }
    return success();
  }

  ProgramOp program;
  SmallVector<InputOp> inputs;
  SmallVector<SpaceOp> spaces;
  SmallVector<BufferOp> buffers;
  SmallVector<LaunchOp> launches;
  std::vector<Life> lives;
  int64_t launchNumber = 0;
};

} // namespace

LogicalResult ProgramOp::verifyRegions() { return ProgramVerifier(*this).verify(); }
