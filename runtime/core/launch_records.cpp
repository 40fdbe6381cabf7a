#include "runtime/core/launch_records.h"

#include <algorithm>

namespace ptx {

/// What the words and sizes of one call are evaluated with.
struct LaunchRecords::Context {
  const FunctionRecord &function;
  const Program &program;
  const CallMemory &memory;
  const CallTables &tables;

  uint64_t evaluate(const Word &word, const Group &group) const {
    switch (word.kind) {
    case WordKind::Buffer:
      return memory.buffers[static_cast<size_t>(word.first)] +
             function.buffers[static_cast<size_t>(word.first)].bytesOf(static_cast<uint64_t>(word.second));
    case WordKind::Pitch:
      return program.geometry().pitch(static_cast<uint64_t>(word.first));
    case WordKind::Int:
      return static_cast<uint64_t>(word.first);
    case WordKind::Parameter:
      return group.binding->parameters[static_cast<size_t>(word.first)]->address();
    case WordKind::Ids:
      return tables.ids(static_cast<size_t>(word.first)).address;
    case WordKind::Rows:
      return tables.field(static_cast<size_t>(word.first), word.field).address;
    case WordKind::Rank:
      return group.binding->rank(word.sites);
    }
    return 0;
  }

  /// The part of the iteration space that a group has.
  std::pair<int64_t, int64_t> range(const Problem &problem, const Group &group) const {
    const RowTable &table = memory.spaces[problem.space];
    const auto begin = static_cast<size_t>(group.begin), end = static_cast<size_t>(group.end);
    switch (problem.over) {
    case Over::Rows:
      return {table.begin[begin], table.begin[end]};
    case Over::Blocks:
      return {table.blockBegin[begin], table.blockBegin[end]};
    case Over::Chunks:
      return {table.chunkBegin[begin], table.chunkBegin[end]};
    case Over::Sequences:
      break;
    }
    return {group.begin, group.end};
  }

  /// Whether the problem is one for the keys of this call.
  bool isWanted(const Problem &problem) const {
    if (problem.when == When::Always)
      return true;
    uint64_t most = static_cast<uint64_t>(memory.spaces[*problem.keySpace].mostKeys);
    return (most > function.spaces[*problem.keySpace].chunk) == (problem.when == When::Several);
  }

  /// Work per block counts the rows it really has, per key the mean of them.
  void scale(const Problem &problem, ptx_problem &made) const {
    const RowTable &table = memory.spaces[problem.space];
    if (problem.over == Over::Blocks)
      made.flops *=
          static_cast<double>(table.rows()) / std::max<double>(1, static_cast<double>(table.blocks.size()) / 4);
    if (!problem.keySpace)
      return;
    const RowTable &keys = memory.spaces[*problem.keySpace];
    made.most_keys = keys.mostKeys;
    if (problem.perKey) {
      double parts = problem.over == Over::Chunks ? static_cast<double>(table.chunks.size()) / 2 : keys.sequences;
      double mean = static_cast<double>(keys.rows()) / std::max(1.0, parts);
      made.flops *= mean;
      made.bytes *= mean;
    }
  }
};

void LaunchRecords::addProblem(const Context &context, const Problem &problem, const Group &group) {
  if ((!problem.guard.empty() && group.binding->rank(problem.guard) == 0) || !context.isWanted(problem))
    return;
  auto [begin, end] = context.range(problem, group);
  ptx_problem made = {};
  made.kernel = static_cast<uint32_t>(problem.kernel);
  made.begin = begin;
  made.end = end;
  made.columns =
      static_cast<int64_t>(problem.columnSites.empty() ? problem.columns : group.binding->rank(problem.columnSites));
  made.flops = static_cast<double>(problem.flops);
  made.bytes = static_cast<double>(problem.bytes);
  context.scale(problem, made);
  if (begin >= end || made.columns == 0)
    return;
  for (const Word &word : problem.args)
    words.push_back(context.evaluate(word, group));
  if (context.program.device()->table().wants_windows)
    addWindows(context, problem, group, made);
  made.window_count = windows.size();
  problems.push_back(made);
  origins.push_back({&problem, &group});
}

/// Everything a problem may touch: windows of buffers, parameters, tables.
void LaunchRecords::addWindows(const Context &context, const Problem &problem, const Group &group,
                               const ptx_problem &made) {
  auto addBuffer = [&](const Window &window, bool writes) {
    const BufferRecord &buffer = context.function.buffers[window.buffer];
    uint64_t pitch = context.program.geometry().pitch(buffer.rowWords()) * sizeof(float);
    auto add = [&](uint64_t first, uint64_t rows) {
      windows.push_back({problem.label.c_str(),
                         context.memory.buffers[window.buffer] + first * pitch + buffer.bytesOf(window.column), rows,
                         pitch, buffer.bytesOf(window.width), writes});
    };
    const RowTable &table = context.memory.spaces[writes && buffer.cache ? problem.space : buffer.space];
    if (buffer.cache && writes)
      for (int64_t row = made.begin; row < made.end; ++row)
        add(static_cast<uint64_t>(table.cells[static_cast<size_t>(row)]), 1);
    else if (buffer.cache)
      for (int32_t s = group.begin; s < group.end; ++s)
        add(static_cast<uint64_t>(table.begin[static_cast<size_t>(s)]),
            static_cast<uint64_t>(table.keys[static_cast<size_t>(s)]));
    else if (writes && problem.over != Over::Blocks)
      add(static_cast<uint64_t>(made.begin), static_cast<uint64_t>(made.end - made.begin));
    else
      add(0, context.memory.rowsOf(buffer));
  };
  auto addArray = [&](const CallTables::Array &array) {
    uint64_t bytes = array.count * sizeof(int32_t);
    windows.push_back({"row table", array.address, 1, bytes, bytes, 0});
  };
  for (const Window &window : problem.reads)
    addBuffer(window, false);
  for (const Window &window : problem.writes)
    addBuffer(window, true);
  for (const Word &word : problem.args) {
    if (word.kind == WordKind::Parameter) {
      const PackedParameter &parameter = *group.binding->parameters[static_cast<size_t>(word.first)];
      const std::string &label = context.program.manifest().parameters[static_cast<size_t>(word.first)].label;
      uint64_t bytes = parameter.bytes;
      if (bytes)
        windows.push_back({label.c_str(), parameter.address(), 1, bytes, bytes, 0});
    } else if (word.kind == WordKind::Ids) {
      addArray(context.tables.ids(static_cast<size_t>(word.first)));
    } else if (word.kind == WordKind::Rows) {
      addArray(context.tables.field(static_cast<size_t>(word.first), word.field));
    }
  }
}

void LaunchRecords::build(const FunctionRecord &function, const Program &program, const CallMemory &memory,
                          const CallTables &tables) {
  Context context{function, program, memory, tables};
  this->program = &program;
  this->function = &function;
  this->memory = &memory;
  list.clear();
  problems.clear();
  origins.clear();
  words.clear();
  windows.clear();
  for (const Launch &launch : function.launches) {
    size_t before = problems.size();
    for (const Problem &problem : launch.problems)
      for (const Group &group : memory.groups)
        addProblem(context, problem, group);
    list.push_back({launch.label.c_str(), nullptr, problems.size() - before});
  }
  // Now that nothing moves any more: what points where.
  size_t word = 0, window = 0, problem = 0;
  for (ptx_problem &made : problems) {
    made.words = words.data() + word;
    word += program.manifest().kernels[made.kernel].words.size();
    size_t end = made.window_count;
    made.windows = windows.data() + window;
    made.window_count = end - window;
    window = end;
  }
  for (ptx_launch &launch : list) {
    launch.problems = problems.data() + problem;
    problem += launch.problem_count;
  }
}

double LaunchRecords::bytesMoved(const Origin &origin, const ptx_problem &made) const {
  const Problem &problem = *origin.problem;
  // Rows of a buffer that belong to the group.
  auto rowsOf = [&](const Window &window, bool isWritten) {
    const BufferRecord &buffer = function->buffers[window.buffer];
    const RowTable &table = memory->spaces[isWritten && buffer.cache ? problem.space : buffer.space];
    auto begin = static_cast<size_t>(origin.group->begin), end = static_cast<size_t>(origin.group->end);
    if (buffer.perChunk)
      return static_cast<size_t>(table.chunkBegin[end] - table.chunkBegin[begin]);
    return buffer.perSequence ? end - begin : static_cast<size_t>(table.rowsBetween(begin, end));
  };
  uint64_t bytes = 0, written = 0, writtenRows = 0;
  for (const Window &window : problem.writes) {
    // Of a window as wide as the largest rank an adapter writes its own.
    uint64_t width = problem.columnSites.empty() ? window.width : static_cast<uint64_t>(made.columns);
    writtenRows = rowsOf(window, true);
    written += writtenRows * width;
    bytes += function->buffers[window.buffer].bytesOf(writtenRows * width);
  }
  std::vector<uint64_t> gathered; // buffers, of which only the rows asked for are read
  const words::Signature &signature = program->manifest().kernels[made.kernel].words;
  for (size_t i = 0; i < signature.size(); ++i) {
    const Word &word = problem.args[i];
    if (signature[i].type == words::Type::Table) {
      bytes += written * dtypeBits(signature[i].element) / 8;
      if (word.kind == WordKind::Buffer)
        gathered.push_back(static_cast<uint64_t>(word.first));
    } else if (word.kind == WordKind::Parameter) {
      bytes += origin.group->binding->parameters[static_cast<size_t>(word.first)]->bytes;
    } else if (signature[i].type == words::Type::Index) {
      bytes += writtenRows * sizeof(int32_t);
    }
  }
  for (const Window &window : problem.reads)
    if (std::find(gathered.begin(), gathered.end(), window.buffer) == gathered.end())
      bytes += function->buffers[window.buffer].bytesOf(rowsOf(window, false) * window.width);
  return static_cast<double>(bytes);
}

ptx_launch_profile LaunchRecords::profile(size_t launch) const {
  const ptx_launch &record = list[launch];
  ptx_launch_profile profile = {record.label, 0, 0, 0, 0, 0, 0};
  size_t first = static_cast<size_t>(record.problems - problems.data());
  for (size_t i = first; i < first + record.problem_count; ++i) {
    const ptx_problem &problem = problems[i];
    double units = static_cast<double>(problem.end - problem.begin) * static_cast<double>(problem.columns);
    profile.flops += units * problem.flops;
    profile.bytes += bytesMoved(origins[i], problem);
  }
  return profile;
}

} // namespace ptx
