// What the loop that runs a program relies on: columns lie inside their
// buffers, buffers that live at the same time lie in slots of their own, and
// problems of a launch do not meet.
#include "dialects/rt/IR/RtDialect.h"

#include "llvm/ADT/StringSet.h"
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
  bool meets(const Window &window) const {
    auto behind = windows.lower_bound({keyOf(window), window.column + window.width});
    if (behind == windows.begin())
      return false;
    const auto &[start, end] = *std::prev(behind);
    return start.first == keyOf(window) && end > window.column;
  }
  void insert(const Window &window) { windows[{keyOf(window), window.column}] = window.column + window.width; }

private:
  static const void *keyOf(const Window &window) { return window.buffer.getAsOpaquePointer(); }
  std::map<std::pair<const void *, int64_t>, int64_t> windows; // buffer and first column -> end
};

/// The element type of the parameter or buffer that a word speaks of, if it does.
std::optional<DType> elementOf(ProblemOp problem, Attribute word, Value value, SymbolTableCollection &symbols) {
  if (isa<BufferArgAttr>(word))
    return value.getDefiningOp<BufferOp>().getElement();
  if (auto argument = dyn_cast<ParameterArgAttr>(word))
    if (auto parameter = symbols.lookupNearestSymbolFrom<xf::ParameterOp>(problem, argument.getParameter()))
      return dtypeOf(cast<xf::PackedType>(parameter.getType()).getElementType());
  return std::nullopt;
}

/// C1: parameters and buffers hold what the kernel reads.
LogicalResult verifyElements(ProblemOp problem, KernelOp kernel, SymbolTableCollection &symbols) {
  for (auto [arg, expected] : llvm::zip(problem.getArgs(), kernel.getSignature())) {
    std::optional<DType> element = elementOf(problem, arg.first, arg.second, symbols);
    if (element && *element != expected.element)
      return problem.emitOpError("C1: word '")
             << expected.name << "' of kernel " << problem.getKernelAttr() << " is of " << elementName(expected.element)
             << ", found " << elementName(*element);
  }
  return success();
}

/// An op of a launch as a problem whose words are those of its kernel.
FailureOr<std::pair<ProblemOp, KernelOp>> verifyProblem(Operation &op, SymbolTableCollection &symbols) {
  auto problem = dyn_cast<ProblemOp>(op);
  if (!problem)
    return op.emitOpError("C1: does not stand in an rt.launch");
  auto kernel = symbols.lookupNearestSymbolFrom<KernelOp>(problem, problem.getKernelAttr());
  if (!kernel)
    return problem.emitOpError("C1: there is no kernel ") << problem.getKernelAttr();
  if (failed(problem.verifyKernel(kernel)) || failed(verifyElements(problem, kernel, symbols)))
    return failure();
  return std::pair(problem, kernel);
}

class ProgramVerifier {
public:
  ProgramVerifier(ProgramOp program, SymbolTableCollection &symbols) : program(program), symbols(symbols) {}

  LogicalResult verify() {
    for (Operation &op : program.getBody().front())
      if (failed(TypeSwitch<Operation *, LogicalResult>(&op)
                     .Case<SpaceOp, HeldOp, BufferOp, OutputOp, LaunchOp>([&](auto typed) { return check(typed); })
                     .Default([](Operation *) { return success(); })))
        return failure();
    return checkSlots();
  }

private:
  //===- histories and their caches ----------------------------------------------//

  LogicalResult checkHistory(Operation *op, StringRef rule, FlatSymbolRefAttr name) {
    if (symbols.lookupNearestSymbolFrom<xf::HistoryOp>(program, name))
      return success();
    return op->emitOpError(rule) << ": there is no history " << name;
  }

  LogicalResult check(SpaceOp op) {
    if (!op.getHistory())
      return success();
    if (!extended.insert(op.getHistory()).second)
      return op.emitOpError("C3: is the second that begins or continues ") << op.getHistory();
    return checkHistory(op, "C3", op.getHistory());
  }

  LogicalResult check(HeldOp op) { return checkHistory(op, "C1", op.getHistoryAttr()); }

  LogicalResult check(BufferOp op) {
    auto held = op.getSpace().getDefiningOp<HeldOp>();
    if (!op.getCacheAttr())
      return held && op.getPer() != Per::Chunk ? op.emitOpError("C1: is no cache, in a space that is held") : success();
    auto cache = symbols.lookupNearestSymbolFrom<xf::CacheOp>(program, op.getCacheAttr());
    if (!cache)
      return op.emitOpError("C1: there is no cache ") << op.getCacheAttr();
    auto type = cast<xf::CacheType>(cache.getType());
    if (type.getWidth() != static_cast<int64_t>(op.getWidth()) || dtypeOf(type.getElementType()) != op.getElement() ||
        op.getPer() != Per::Row)
      return op.emitOpError("C1: has not the rows of ") << op.getCacheAttr() << ", which is " << type;
    if (!held || held.getHistoryAttr() != cache.getHistoryAttr())
      return op.emitOpError("C1: is not in a space that is held of ") << cache.getHistoryAttr();
    return caches.insert(op.getCacheAttr()).second
               ? success()
               : op.emitOpError("C3: is the second buffer of ") << op.getCacheAttr();
  }

  /// Whether it has one row for each sequence of a call.
  static bool isPerSequence(BufferOp buffer) {
    auto space = buffer.getSpace().getDefiningOp<SpaceOp>();
    return buffer.getPer() == Per::Sequence || (space && space.getDims().size() == 1 && !space.getMask());
  }

  /// C5, of the buffers of chunks: an attention by chunks writes them from one query of each sequence, a join reads
  /// them.
  static LogicalResult checkChunks(ProblemOp problem, KernelOp kernel) {
    bool isPart = kernel.getSkeleton() == xf::Skeleton::AttentionChunk,
         joins = kernel.getSkeleton() == xf::Skeleton::AttentionJoin;
    Value held; // whose chunks are asked for
    for (auto [word, value] : problem.getArgs())
      if (auto field = dyn_cast<RowsArgAttr>(word); field && value.getDefiningOp<HeldOp>())
        held = value;
    if (isPart && problem.getSpace() != held)
      return problem.emitOpError("C5: computes chunks of what it does not read");
    for (auto [expected, arg] : llvm::zip(kernel.getSignature(), problem.getArgs())) {
      if (!isa<BufferArgAttr>(arg.first))
        continue;
      BufferOp buffer = arg.second.getDefiningOp<BufferOp>();
      StringRef name = expected.name;
      bool isOfChunks = (isPart && name == "y") || (joins && name == "x");
      bool isOfSequences = (isPart && name == "q") || (joins && name == "y");
      if (isOfChunks != (buffer.getPer() == Per::Chunk) || (isOfChunks && buffer.getSpace() != held) ||
          (isOfSequences && !isPerSequence(buffer)))
        return problem.emitOpError("C5: word '")
               << name << "' has not the rows of " << stringifyEnum(kernel.getSkeleton());
    }
    return success();
  }

  /// C5.
  static LogicalResult checkHeld(ProblemOp problem, KernelOp kernel) {
    xf::Skeleton skeleton = kernel.getSkeleton();
    bool appends = skeleton == xf::Skeleton::Append, isPart = skeleton == xf::Skeleton::AttentionChunk;
    bool attends = skeleton == xf::Skeleton::Attention || isPart, joins = skeleton == xf::Skeleton::AttentionJoin;
    if ((problem.getOver() == Over::Chunks) != isPart || (joins && problem.getOver() != Over::Sequences))
      return problem.emitOpError("C5: computes ")
             << stringifyEnum(skeleton) << " over " << stringifyEnum(problem.getOver());
    if (problem.getSpace().getDefiningOp<HeldOp>() && !isPart)
      return problem.emitOpError("C5: computes rows that are held");
    words::Signature signature = kernel.getSignature();
    FlatSymbolRefAttr cells; // the history that indices speak of
    Value keysOf;            // the space
    SmallVector<std::pair<StringRef, Value>> heldBuffers;
    for (auto [expected, arg] : llvm::zip(signature, problem.getArgs())) {
      auto [word, value] = arg;
      StringRef name = expected.name;
      if (auto field = dyn_cast<RowsArgAttr>(word)) {
        auto held = value.getDefiningOp<HeldOp>();
        auto space = value.getDefiningOp<SpaceOp>();
        bool isCells = field.getField() == RowField::Cells;
        if (name == "key_begin" || name == "keys") {
          if (keysOf && keysOf != value)
            return problem.emitOpError("C5: takes the begin and the number of its keys from two spaces");
          keysOf = value;
        }
        if (isCells && (!appends || !space || !space.getHistory()))
          return problem.emitOpError("C5: asks for cells of a space that begins and continues nothing");
        bool isKeys = attends && ((name == "key_begin" && field.getField() == RowField::Begin) ||
                                  (name == "keys" && field.getField() == RowField::Keys));
        bool isChunks = (isPart && name == "chunks" && field.getField() == RowField::Chunks) ||
                        (joins && name == "chunk_begin" && field.getField() == RowField::ChunkBegin);
        if (isChunks ? !held || held.getChunk() != kernel.getChunk()
                     : name == "chunks" || name == "chunk_begin" || field.getField() == RowField::Chunks ||
                           field.getField() == RowField::ChunkBegin)
          return problem.emitOpError("C5: word '") << name << "' is not of the chunks that its kernel takes";
        if (held && !isKeys && !isChunks)
          return problem.emitOpError("C5: asks what is held for ") << stringifyEnum(field.getField());
        if (isChunks)
          continue;
        if (name == "cells" && !isCells)
          return problem.emitOpError("C5: appends at ") << stringifyEnum(field.getField());
        if (isCells || held)
          cells = held ? held.getHistoryAttr() : space.getHistory();
      } else if (isa<BufferArgAttr>(word) && value.getDefiningOp<BufferOp>().getCacheAttr()) {
        if (appends ? name != "y" : !attends || (name != "k" && name != "v"))
          return problem.emitOpError("C5: word '") << name << "' is a cache";
        heldBuffers.push_back({name, value});
      }
    }
    for (auto [name, value] : heldBuffers)
      if (value.getDefiningOp<BufferOp>().getSpace().getDefiningOp<HeldOp>().getHistoryAttr() != cells)
        return problem.emitOpError("C5: word '") << name << "' is a cache of another history";
    size_t expected = appends ? 1 : cells ? 2 : 0;
    return heldBuffers.size() == expected ? success()
                                          : problem.emitOpError("C5: reads or writes rows that are no cache");
  }

  LogicalResult check(OutputOp op) {
    Window window{op.getBuffer(), static_cast<int64_t>(op.getColumn()), static_cast<int64_t>(op.getWidth())};
    if (bufferOf(window).getCache() || bufferOf(window).getPer() == Per::Chunk)
      return op.emitOpError("C5: gives a cache, or what chunks give");
    BufferOp buffer = bufferOf(window);
    bool isNumber = buffer.getElement() == DType::I32 && buffer.getPer() == Per::Sequence && window.width == 1;
    if (buffer.getElement() != DType::F32 && !isNumber)
      return op.emitOpError("C2: is of f32 or a number per sequence, its buffer of ")
             << elementName(buffer.getElement());
    return failed(checkColumns(op, window)) ? failure() : read(op, window, launchNumber);
  }

  static LogicalResult checkColumns(Operation *op, const Window &window) {
    int64_t all = static_cast<int64_t>(bufferOf(window).getWidth());
    if (window.column >= 0 && window.width >= 1 && window.column <= all && window.width <= all - window.column)
      return success();
    return op->emitOpError("C2: columns [")
           << window.column << ", " << window.column << " + " << window.width << ") of a buffer that has " << all;
  }

  //===- launches --------------------------------------------------------------//

  LogicalResult check(LaunchOp launch) {
    SmallVector<std::pair<ProblemOp, Touched>> problems;
    for (Operation &op : launch.getBody().front()) {
      auto verified = verifyProblem(op, symbols);
      if (failed(verified))
        return failure();
      auto [problem, kernel] = *verified;
      if (failed(checkHeld(problem, kernel)) || failed(checkChunks(problem, kernel)))
        return failure();
      problems.push_back({problem, problem.getTouched(kernel)});
      if (failed(checkReads(problem, problems.back().second)))
        return failure();
    }
    Disjoint written;
    for (auto &[problem, touched] : problems) {
      if (!touched.write)
        continue;
      if (failed(checkColumns(problem, *touched.write)))
        return failure();
      if (written.meets(*touched.write))
        return problem.emitOpError("C4: writes what another problem of its launch writes");
      written.insert(*touched.write);
      Life &life = lives[touched.write->buffer];
      life.first = life.first.value_or(launchNumber);
      life.last = std::max(life.last, launchNumber);
    }
    for (auto &[problem, touched] : problems)
      for (const Window &window : touched.reads)
        if (written.meets(window))
          return problem.emitOpError("C4: reads what a problem of its launch writes");
    ++launchNumber;
    return success();
  }

  LogicalResult checkReads(ProblemOp problem, const Touched &touched) {
    for (const Window &window : touched.reads)
      if (failed(checkColumns(problem, window)) || failed(read(problem, window, launchNumber)))
        return failure();
    return success();
  }

  //===- lives -----------------------------------------------------------------//

  LogicalResult read(Operation *op, const Window &window, int64_t when) {
    Life &life = lives[window.buffer];
    auto held = bufferOf(window).getSpace().getDefiningOp<HeldOp>();
    if (!life.first && (!held || extended.contains(held.getHistoryAttr())))
      return op->emitOpError("C3: reads a buffer that no launch before it writes");
    life.last = std::max(life.last, when);
    return success();
  }

  LogicalResult checkSlots() {
    struct Living {
      BufferOp buffer;
      int64_t number;
      Life life;
    };
    std::vector<Living> living;
    for (auto [number, buffer] : llvm::enumerate(program.getBody().front().getOps<BufferOp>()))
      if (const Life &life = lives[buffer.getResult()]; life.first && buffer.getSlot())
        living.push_back({buffer, static_cast<int64_t>(number), life});
    auto order = [](const Living &a) { return std::tuple(*BufferOp(a.buffer).getSlot(), *a.life.first, a.number); };
    llvm::sort(living, [&](const Living &a, const Living &b) { return order(a) < order(b); });
    for (size_t i = 1; i < living.size(); ++i) {
      Living &before = living[i - 1], &after = living[i];
      if (before.buffer.getSlot() == after.buffer.getSlot() && before.life.last >= *after.life.first) {
        InFlightDiagnostic error = after.buffer.emitOpError("C3: lives while another buffer does in slot ")
                                   << *after.buffer.getSlot();
        error.attachNote(before.buffer.getLoc()) << "the other buffer";
        return error;
      }
    }
    return success();
  }

  static BufferOp bufferOf(const Window &window) { return window.buffer.getDefiningOp<BufferOp>(); }

  ProgramOp program;
  SymbolTableCollection &symbols;
  DenseMap<Value, Life> lives;
  DenseSet<Attribute> extended; // histories that a space begins or continues
  DenseSet<Attribute> caches;
  int64_t launchNumber = 0;
};

/// Names that stand once.
class Names {
public:
  LogicalResult add(Operation *op, StringRef name) {
    return names.insert(name).second ? success() : op->emitOpError("C1: '") << name << "' stands twice";
  }
  bool contains(StringRef name) const { return names.contains(name); }

private:
  llvm::StringSet<> names;
};

} // namespace

LogicalResult ProgramOp::verifyRegions() {
  if (static_cast<int64_t>(getSlots()) < 0 || static_cast<int64_t>(getSlots()) > xf::maxExtent)
    return emitOpError("C1: has ") << getSlots() << " slots";
  if (getBody().getNumArguments() != 0)
    return emitOpError("C1: its values are those of its operations");
  Names inputs, outputs;
  DenseSet<Value> placed;
  for (Operation &op : getBody().front())
    if (failed(
            TypeSwitch<Operation *, LogicalResult>(&op)
                .Case<InputOp>([&](auto input) { return inputs.add(input, input.getName()); })
                .Case<OutputOp>([&](auto output) { return outputs.add(output, output.getName()); })
                .Case<SpaceOp>([&](auto space) {
                  for (Value input : space.getInputs())
                    if (!placed.insert(input).second)
                      return LogicalResult(space.emitOpError("C1: an input is of two spaces"));
                  return success();
                })
                .Case<BufferOp, HeldOp>([](auto) { return success(); })
                .Case<LaunchOp>([](auto launch) {
                  return launch.getBody().getNumArguments() == 0
                             ? success()
                             : LogicalResult(launch.emitOpError("C1: its values are those of its program"));
                })
                .Default([](Operation *other) { return other->emitOpError("C1: does not stand in an rt.program"); })))
      return failure();
  for (auto input : getBody().front().getOps<InputOp>()) {
    if (!placed.contains(input.getResult()))
      return input.emitOpError("C1: is of no space");
    if (input.getCounting() && !inputs.contains(*input.getCounting()))
      return input.emitOpError("C1: there is no input '") << *input.getCounting() << "'";
  }
  return success();
}

LogicalResult ProgramOp::verifySymbolUses(SymbolTableCollection &symbols) {
  return ProgramVerifier(*this, symbols).verify();
}

//===- Deploy ------------------------------------------------------------------===//

/// The parameter that the word `y` of a problem writes, and those the others read.
static LogicalResult collectParameters(ProblemOp problem, KernelOp kernel, StringAttr &written,
                                       SmallVectorImpl<StringAttr> &read) {
  for (auto [word, expected] : llvm::zip(problem.getWords(), kernel.getSignature()))
    if (auto parameter = dyn_cast<ParameterArgAttr>(word)) {
      if (expected.name == "y")
        written = parameter.getParameter().getAttr();
      else
        read.push_back(parameter.getParameter().getAttr());
    }
  return written ? success() : problem.emitOpError("C2: writes no parameter");
}

LogicalResult DeployOp::verifySymbolUses(SymbolTableCollection &symbols) {
  DenseSet<StringAttr> computed;
  for (Operation &op : getBody().front()) {
    auto launch = dyn_cast<LaunchOp>(op);
    if (!launch || launch.getBody().getNumArguments() || getBody().getNumArguments())
      return op.emitOpError("C1: does not stand in an rt.deploy");
    DenseSet<StringAttr> written;
    SmallVector<std::pair<ProblemOp, SmallVector<StringAttr>>> reads;
    for (Operation &inner : launch.getBody().front()) {
      auto verified = verifyProblem(inner, symbols);
      if (failed(verified))
        return failure();
      auto [problem, kernel] = *verified;
      StringAttr target;
      if (failed(collectParameters(problem, kernel, target,
                                   reads.emplace_back(problem, SmallVector<StringAttr>()).second)))
        return failure();
      if (!written.insert(target).second || !computed.insert(target).second)
        return problem.emitOpError("C2: writes ") << target << ", which another problem writes";
    }
    for (auto &[problem, parameters] : reads)
      for (StringAttr parameter : parameters)
        if (written.contains(parameter))
          return problem.emitOpError("C2: reads ") << parameter << ", which a problem of its launch writes";
  }
  return success();
}
