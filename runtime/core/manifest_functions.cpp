#include "runtime/core/manifest_functions.h"

#include <algorithm>

namespace ptx {

namespace {

constexpr uint64_t large = 1ull << 40, widthCap = 1ull << 28;

class FunctionReader {
public:
  FunctionReader(const Manifest &manifest, Faults &faults) : manifest(manifest), faults(faults) {}

  FunctionRecord read(const JsonValue &value) {
    Fields fields(value, "function", faults);
    function.name = fields.text("name");
    spaceCount = fields.list("spaces").size();
    for (const JsonValue &input : fields.list("inputs"))
      readInput(input);
    for (const JsonValue &space : fields.list("spaces"))
      readSpace(space);
    function.slots = fields.uinteger("slots", 1 << 20);
    for (const JsonValue &buffer : fields.list("buffers"))
      readBuffer(buffer);
    for (const JsonValue &output : fields.list("outputs"))
      readOutput(output);
    for (const JsonValue &launch : fields.list("launches"))
      readLaunch(launch);
    fields.finish();
    if (!faults.any())
      checkTogether();
    return std::move(function);
  }

  std::vector<Launch> readDeploy(const JsonValue &value) {
    isDeploy = true;
    function.name = "deploy";
    if (!value.asArray())
      faults.add("deploy", "must be a list");
    else
      for (const JsonValue &launch : *value.asArray())
        readLaunch(launch);
    std::vector<size_t> written(manifest.parameters.size());
    for (const Launch &launch : function.launches)
      for (const Problem &problem : launch.problems)
        if (!faults.any())
          ++written[problem.target];
    for (size_t i = 0; i < written.size() && !faults.any(); ++i)
      if (written[i] != (manifest.parameters[i].isComputed() ? 1u : 0u))
        faults.add("deploy", "writes parameter '" + printable(manifest.parameters[i].label) + "' " +
                                 std::to_string(written[i]) + " times");
    return std::move(function.launches);
  }

private:
  std::string place(const char *what, size_t index) {
    return "function '" + printable(function.name) + "' " + what + " " + std::to_string(index);
  }

  std::array<std::string, 2> readDims(Fields &fields) {
    const auto &dims = fields.list("dims");
    bool fits = dims.size() == 1 || dims.size() == 2;
    for (const JsonValue &dim : dims)
      fits = fits && dim.asString() && !dim.asString()->empty();
    if (!fits) {
      faults.add(fields.place(), "'dims' must be one or two strings");
      return {};
    }
    return {*dims[0].asString(), dims.size() == 2 ? *dims[1].asString() : ""};
  }

  /// What can be said only when all parts are read.
  void checkTogether() {
    for (size_t i = 0; i < function.inputs.size(); ++i) {
      const InputRecord &input = function.inputs[i];
      if (function.spaces[input.space].held || input.dims != function.spaces[input.space].dims)
        faults.add(place("input", i), "its 'dims' are not those of its space");
      if (input.name.empty() || input.name == "adapter_ids" || input.name == "session_rows")
        faults.add(place("input", i), "the name '" + printable(input.name) + "' is empty or the runtime's own");
      for (size_t j = 0; j < i; ++j)
        if (function.inputs[j].name == input.name)
          faults.add(place("input", i), "two inputs are named '" + printable(input.name) + "'");
      if (!input.mask &&
          (input.limit == 0 || input.otherwise < 0 || static_cast<uint64_t>(input.otherwise) >= input.limit))
        faults.add(place("input", i), "'default' does not lie below 'limit'");
    }
    for (size_t i = 0; i < function.spaces.size(); ++i) {
      const SpaceRecord &space = function.spaces[i];
      if (space.held) {
        if (space.of >= function.spaces.size() || function.spaces[space.of].held)
          faults.add(place("space", i), "is held of no space of inputs");
        continue;
      }
      if (space.dims[0] != "B")
        faults.add(place("space", i), "the first of its 'dims' is not B");
      if (space.mask >= 0 && function.inputs[static_cast<size_t>(space.mask)].space != i)
        faults.add(place("space", i), "its mask belongs to another space");
      bool sized = false;
      for (const InputRecord &input : function.inputs)
        sized |= !input.optional && input.dims == space.dims;
      if (!sized)
        faults.add(place("space", i), "no input that must be given has its size");
    }
    std::vector<bool> extended(manifest.histories.size());
    for (size_t i = 0; i < function.spaces.size(); ++i)
      if (std::optional<size_t> history = function.spaces[i].history) {
        if (extended[*history])
          faults.add(place("space", i), "is the second that begins or continues its history");
        extended[*history] = true;
      }
    for (size_t i = 0; i < function.outputs.size(); ++i) {
      const OutputRecord &output = function.outputs[i];
      const BufferRecord &buffer = function.buffers[output.buffer];
      if (buffer.space != output.space || buffer.perSequence != output.perSequence)
        faults.add(place("output", i), "is not over the rows or sequences of its buffer");
    }
  }

  bool readPer(Fields &fields) {
    std::string per = fields.text("per");
    if (per != "row" && per != "sequence")
      faults.add(fields.place(), "'per' must be 'row' or 'sequence'");
    return per == "sequence";
  }

  void readInput(const JsonValue &value) {
    Fields fields(value, place("input", function.inputs.size()), faults);
    InputRecord input;
    input.name = fields.text("name");
    std::string kind = fields.text("kind");
    if (kind != "ids" && kind != "mask")
      faults.add(fields.place(), "'kind' must be 'ids' or 'mask'");
    input.mask = kind == "mask";
    input.dims = readDims(fields);
    input.space = fields.index("space", spaceCount);
    if (!input.mask)
      input.limit = fields.uinteger("limit", 1ull << 31);
    input.optional = fields.flag("optional");
    if (const JsonValue *otherwise = fields.optional("default"))
      input.otherwise = otherwise->asInt().value_or(0);
    if (fields.optional("counting"))
      input.counting = fields.index("counting", function.inputs.size());
    input.numbersAll = input.counting && !fields.optional("default");
    if (input.counting && *input.counting < function.inputs.size()) {
      const InputRecord &counted = function.inputs[*input.counting];
      if (input.mask || counted.mask || counted.dims != input.dims)
        faults.add(fields.place(), "counts an input of another kind or other 'dims'");
    }
    fields.finish();
    function.inputs.push_back(std::move(input));
  }

  void readSpace(const JsonValue &value) {
    Fields fields(value, place("space", function.spaces.size()), faults);
    SpaceRecord space;
    if (fields.optional("held")) {
      space.held = fields.index("held", manifest.histories.size());
      space.of = fields.index("of", spaceCount);
      if (fields.optional("chunk"))
        space.chunk = fields.uinteger("chunk", 1ull << 31);
      space.dims = {"B", ""};
      fields.finish();
      function.spaces.push_back(std::move(space));
      return;
    }
    space.name = fields.text("name");
    space.dims = readDims(fields);
    const JsonValue *mask = fields.optional("mask");
    space.mask = mask ? mask->asInt().value_or(-2) : -2;
    if (space.mask < -1 || space.mask >= static_cast<int64_t>(function.inputs.size()) ||
        (space.mask >= 0 && !function.inputs[static_cast<size_t>(space.mask)].mask))
      faults.add(fields.place(), "'mask' must be -1 or the number of a mask input");
    space.keepFirst = fields.flag("keep_first");
    space.maxLength = fields.uinteger("max_length", 1ull << 31);
    space.continues = fields.optional("continues");
    for (const char *key : {"begins", "continues"})
      if (fields.optional(key)) {
        if (space.history || space.keepFirst)
          faults.add(fields.place(), "begins or continues one history, without 'keep_first'");
        space.history = fields.index(key, manifest.histories.size());
      }
    fields.finish();
    function.spaces.push_back(std::move(space));
  }

  void readBuffer(const JsonValue &value) {
    Fields fields(value, place("buffer", function.buffers.size()), faults);
    BufferRecord buffer;
    if (fields.optional("cache"))
      buffer.cache = fields.index("cache", manifest.caches.size());
    else
      buffer.slot = fields.index("slot", function.slots);
    buffer.space = fields.index("space", spaceCount);
    const JsonValue *per = fields.optional("per");
    buffer.perChunk = per && per->asString() && *per->asString() == "chunk";
    if (!buffer.perChunk)
      buffer.perSequence = readPer(fields);
    buffer.width = fields.uinteger("width", widthCap);
    buffer.element = fields.element(/*numbers=*/true);
    if (dtypeBits(buffer.element) == 16 && buffer.width % 2)
      faults.add(fields.place(), "rows of 16-bit elements have an even number of them");
    if (!faults.any())
      checkCache(buffer, fields.place());
    fields.finish();
    function.buffers.push_back(buffer);
  }

  /// A cache is a buffer over what is held of its history; so is one of the chunks of that, and no other buffer.
  void checkCache(const BufferRecord &buffer, const std::string &where) {
    const SpaceRecord &space = function.spaces[buffer.space];
    const CacheRecord *cache = buffer.cache ? &manifest.caches[*buffer.cache] : nullptr;
    bool fits = cache             ? space.held == cache->history && !buffer.perSequence && !buffer.perChunk &&
                                        buffer.width == cache->width && buffer.element == cache->element
                : buffer.perChunk ? space.held && space.chunk
                                  : !space.held;
    if (!fits)
      faults.add(where, cache ? "is not what its cache is" : "is no cache, over what is held");
  }

  void readOutput(const JsonValue &value) {
    Fields fields(value, place("output", function.outputs.size()), faults);
    OutputRecord output;
    output.name = fields.text("name");
    output.buffer = fields.index("buffer", function.buffers.size());
    output.column = fields.uinteger("column", large);
    output.width = fields.uinteger("width", large);
    output.space = fields.index("space", spaceCount);
    output.perSequence = readPer(fields);
    output.onRequest = fields.flag("on_request");
    fields.finish();
    if (!faults.any() && output.column + output.width > function.buffers[output.buffer].width)
      faults.add(fields.place(), "reads columns outside its buffer");
    if (!faults.any())
      output.element = function.buffers[output.buffer].element;
    bool isNumber = output.element == DType::I32 && output.perSequence && output.width == 1;
    if (output.element != DType::F32 && !isNumber)
      faults.add(fields.place(), "reads a buffer that is neither of F32 nor a number per sequence");
    if (!faults.any() && (function.buffers[output.buffer].cache || function.buffers[output.buffer].perChunk))
      faults.add(fields.place(), "reads a cache, or what chunks give");
    function.outputs.push_back(std::move(output));
  }

  void readLaunch(const JsonValue &value) {
    Fields fields(value, place("launch", function.launches.size()), faults);
    Launch launch;
    launch.label = fields.text("label");
    for (const JsonValue &problem : fields.list("problems"))
      launch.problems.push_back(readProblem(problem, fields.place()));
    fields.finish();
    function.launches.push_back(std::move(launch));
  }

  Problem readProblem(const JsonValue &value, const std::string &where) {
    Fields fields(value, where + " problem", faults);
    Problem problem;
    problem.kernel = fields.index("kernel", manifest.kernels.size());
    problem.label = fields.text("label");
    if (isDeploy)
      problem.count = fields.uinteger("count", 1ull << 30);
    else
      problem.space = fields.index("space", spaceCount);
    readIteration(fields, problem);
    problem.flops = fields.uinteger("flops", large);
    problem.bytes = fields.uinteger("bytes", large);
    problem.perKey = fields.flag("per_key");
    if (fields.optional("keys"))
      problem.keySpace = fields.index("keys", spaceCount);
    if (problem.perKey && !problem.keySpace)
      faults.add(fields.place(), "counts keys of no space");
    readWhen(fields, problem);
    for (const JsonValue &word : fields.list("args"))
      problem.args.push_back(readWord(word, fields));
    problem.reads = readWindows(fields, "reads");
    problem.writes = readWindows(fields, "writes");
    fields.finish();
    if (!faults.any())
      checkWords(problem, fields.place());
    if (!faults.any() && !isDeploy)
      checkHeld(problem, fields.place());
    if (!faults.any() && !isDeploy)
      checkChunks(problem, fields.place());
    if (!faults.any() && isDeploy)
      checkTarget(problem, fields.place());
    return problem;
  }

  void readWhen(Fields &fields, Problem &problem) {
    if (fields.optional("when")) {
      std::string when = fields.text("when");
      if (when != "one" && when != "several")
        faults.add(fields.place(), "'when' must be one or several");
      problem.when = when == "one" ? When::One : When::Several;
    }
    if (faults.any())
      return;
    bool isByChunks = problem.keySpace && function.spaces[*problem.keySpace].chunk;
    if ((problem.when != When::Always && !isByChunks) ||
        (problem.over == Over::Chunks && (isDeploy || !function.spaces[problem.space].chunk)))
      faults.add(fields.place(), "speaks of chunks of what does not come by chunks");
  }

  /// Every word has the type its kernel states.
  void checkWords(const Problem &problem, const std::string &where) {
    const KernelRecord &kernel = manifest.kernels[problem.kernel];
    if (problem.args.size() != kernel.words.size()) {
      faults.add(where, "calls '" + printable(kernel.name) + "' with " + std::to_string(problem.args.size()) +
                            " words, it takes " + std::to_string(kernel.words.size()));
      return;
    }
    for (size_t i = 0; i < problem.args.size(); ++i)
      if (!fits(problem.args[i], kernel.words[i]))
        faults.add(where, "word '" + printable(kernel.words[i].name) + "' of '" + printable(kernel.name) +
                              "' is not of type " + std::string(words::nameOf(kernel.words[i].type)) + " of " +
                              std::string(dtypeName(kernel.words[i].element)));
  }

  /// Caches are written at cells of a space that begins or continues their history, and are keys and values over
  /// what is held of it; what is held has no other use.
  void checkHeld(const Problem &problem, const std::string &where) {
    const words::Signature &signature = manifest.kernels[problem.kernel].words;
    std::optional<size_t> history; // that the indices speak of
    std::optional<int64_t> keysOf; // the space
    size_t caches = 0, expected = 0;
    bool fits = !function.spaces[problem.space].held || problem.over == Over::Chunks;
    for (size_t i = 0; i < signature.size(); ++i) {
      const Word &word = problem.args[i];
      const std::string &name = signature[i].name;
      if (word.kind != WordKind::Rows)
        continue;
      const SpaceRecord &space = function.spaces[static_cast<size_t>(word.first)];
      bool isKeys =
          (name == "key_begin" && word.field == RowField::Begin) || (name == "keys" && word.field == RowField::Keys);
      if (name == "key_begin" || name == "keys") {
        fits = fits && keysOf.value_or(word.first) == word.first;
        keysOf = word.first;
      }
      if (isOfChunks(word.field)) {
        fits = fits && space.chunk && name == (word.field == RowField::Chunks ? "chunks" : "chunk_begin");
        continue;
      }
      if ((name == "cells") != (word.field == RowField::Cells) || (space.held && !isKeys) || name == "chunks" ||
          name == "chunk_begin")
        fits = false;
      if (word.field == RowField::Cells) {
        fits = fits && space.history;
        history = space.history;
        expected = 1;
      } else if (space.held) {
        history = space.held;
        expected = 2;
      }
    }
    for (size_t i = 0; i < signature.size(); ++i) {
      const Word &word = problem.args[i];
      if (word.kind != WordKind::Buffer || !function.buffers[static_cast<size_t>(word.first)].cache)
        continue;
      const std::string &name = signature[i].name;
      size_t cache = *function.buffers[static_cast<size_t>(word.first)].cache;
      bool isPlace = expected == 1 ? name == "y" : name == "k" || name == "v";
      fits = fits && isPlace && history == manifest.caches[cache].history;
      ++caches;
    }
    if (!fits || caches != expected)
      faults.add(where, "uses what a session holds as nothing but appends and attentions may");
  }

  static bool isOfChunks(RowField field) { return field == RowField::Chunks || field == RowField::ChunkBegin; }

  /// Buffers with a row per chunk are what an attention by chunks writes, from one query of each sequence, and its
  /// join reads.
  void checkChunks(const Problem &problem, const std::string &where) {
    const words::Signature &signature = manifest.kernels[problem.kernel].words;
    std::optional<size_t> held; // whose chunks are asked for
    bool isPart = false;
    for (const Word &word : problem.args)
      if (word.kind == WordKind::Rows && isOfChunks(word.field)) {
        held = static_cast<size_t>(word.first);
        isPart = word.field == RowField::Chunks;
      }
    bool fits = (problem.over == Over::Chunks) == isPart && (!isPart || problem.space == *held) &&
                (!held || isPart || problem.over == Over::Sequences);
    for (size_t i = 0; i < signature.size(); ++i) {
      if (problem.args[i].kind != WordKind::Buffer)
        continue;
      const BufferRecord &buffer = function.buffers[static_cast<size_t>(problem.args[i].first)];
      const std::string &name = signature[i].name;
      bool isOfChunks = held && name == (isPart ? "y" : "x"), isOfSequences = held && name == (isPart ? "q" : "y");
      fits = fits && isOfChunks == buffer.perChunk && (!isOfChunks || buffer.space == *held) &&
             (!isOfSequences || buffer.perSequence || function.spaces[buffer.space].isPerSequence());
    }
    if (!fits)
      faults.add(where, "uses chunks of keys as nothing but attentions by chunks and their joins may");
  }

  /// A deploy problem computes the parameter of the word `y` from those that its node names. It may be
  /// skipped only where its base can stand in its place.
  void checkTarget(Problem &problem, const std::string &where) {
    std::vector<size_t> read;
    std::optional<size_t> target;
    const KernelRecord &kernel = manifest.kernels[problem.kernel];
    for (size_t i = 0; i < problem.args.size(); ++i)
      if (problem.args[i].kind == WordKind::Parameter) {
        auto parameter = static_cast<size_t>(problem.args[i].first);
        if (kernel.words[i].name == "y")
          target = parameter;
        else
          read.push_back(parameter);
      }
    if (!target || !manifest.parameters[*target].isComputed()) {
      faults.add(where, "writes no parameter that is computed");
      return;
    }
    problem.target = *target;
    const ParameterRecord &made = manifest.parameters[*target];
    const Node &node = made.nodes.back();
    const ParameterRecord &base = manifest.parameters[node.parameters.front()];
    std::vector<size_t> named = node.parameters;
    std::sort(named.begin(), named.end());
    std::sort(read.begin(), read.end());
    bool canShare = base.layout() == made.layout() && base.element() == made.element();
    if (problem.over != Over::Rows || !problem.columnSites.empty() || read != named ||
        (!problem.guard.empty() && (problem.guard != node.sites || !canShare)))
      faults.add(where, "is not the problem of the parameter that it writes");
  }

  bool fits(const Word &word, const words::Word &wanted) const {
    bool isNull = word.kind == WordKind::Int && word.first == 0;
    if (word.kind == WordKind::Parameter &&
        manifest.parameters[static_cast<size_t>(word.first)].element() != wanted.element)
      return false;
    if (word.kind == WordKind::Buffer && function.buffers[static_cast<size_t>(word.first)].element != wanted.element)
      return false;
    switch (wanted.type) {
    case words::Type::Rows:
      return isNull || word.kind == WordKind::Buffer;
    case words::Type::Weight:
      return isNull || word.kind == WordKind::Parameter;
    case words::Type::Table:
      return word.kind == WordKind::Buffer || word.kind == WordKind::Parameter;
    case words::Type::Index:
      return word.kind == WordKind::Ids || word.kind == WordKind::Rows;
    case words::Type::Pitch:
      return isNull || word.kind == WordKind::Pitch;
    case words::Type::Count:
      return word.kind == WordKind::Int || word.kind == WordKind::Rank;
    }
    return false;
  }

  std::vector<Window> readWindows(Fields &fields, const char *key) {
    std::vector<Window> windows;
    for (const JsonValue &value : fields.list(key)) {
      const auto *list = value.asArray();
      std::optional<uint64_t> part[3];
      for (size_t i = 0; list && i < 3 && i < list->size(); ++i)
        part[i] = (*list)[i].asUint();
      if (!part[0] || !part[1] || !part[2] || *part[0] >= function.buffers.size() || *part[1] > widthCap ||
          *part[2] > widthCap || *part[1] + *part[2] > function.buffers[*part[0]].width)
        faults.add(fields.place(), std::string("'") + key + "' holds no [buffer, column, width] inside a buffer");
      else
        windows.push_back({*part[0], *part[1], *part[2]});
    }
    return windows;
  }

  void readIteration(Fields &fields, Problem &problem) {
    std::string over = fields.text("over");
    if (over != "rows" && over != "blocks" && over != "sequences" && over != "chunks")
      faults.add(fields.place(), "'over' must be rows, blocks, sequences or chunks");
    problem.over = over == "blocks"      ? Over::Blocks
                   : over == "sequences" ? Over::Sequences
                   : over == "chunks"    ? Over::Chunks
                                         : Over::Rows;
    const JsonValue *columns = fields.optional("columns");
    if (const JsonValue *rank = columns ? columns->find("rank") : nullptr)
      problem.columnSites = fields.indices(*rank, "columns", manifest.sites.size());
    else
      problem.columns = fields.uinteger("columns", large);
    if (const JsonValue *guard = fields.optional("guard"))
      problem.guard = fields.indices(*guard, "guard", manifest.sites.size());
  }

  Word readWord(const JsonValue &value, Fields &fields) {
    Word word;
    const auto *list = value.asArray();
    const std::string *kind = list && !list->empty() ? (*list)[0].asString() : nullptr;
    auto integer = [&](size_t i) { return list && i < list->size() ? (*list)[i].asInt().value_or(-1) : -1; };
    auto inside = [&](int64_t index, size_t size) {
      if (index < 0 || static_cast<uint64_t>(index) >= size)
        faults.add(fields.place(),
                   "an argument refers to entry " + std::to_string(index) + " of " + std::to_string(size));
    };
    if (!kind) {
      faults.add(fields.place(), "an argument must be a list that begins with its kind");
    } else if (*kind == "buffer") {
      word = {WordKind::Buffer, integer(1), integer(2), {}, {}};
      inside(word.first, function.buffers.size());
      if (!faults.any() &&
          (word.second < 0 || static_cast<uint64_t>(word.second) >= function.buffers[word.first].width))
        faults.add(fields.place(), "an argument reads outside its buffer");
      if (!faults.any() && word.second % 2 && dtypeBits(function.buffers[word.first].element) == 16)
        faults.add(fields.place(), "an argument begins inside a word of its buffer");
    } else if (*kind == "int") {
      word = {WordKind::Int, list->size() > 1 ? (*list)[1].asInt().value_or(0) : 0, 0, {}, {}};
    } else if (*kind == "pitch") {
      word = {WordKind::Pitch, integer(1), 0, {}, {}};
      if (word.first < 0 || static_cast<uint64_t>(word.first) > widthCap)
        faults.add(fields.place(), "a pitch is that of no width below 2^28");
    } else if (*kind == "parameter") {
      word = {WordKind::Parameter, integer(1), 0, {}, {}};
      inside(word.first, manifest.parameters.size());
    } else if (*kind == "ids") {
      word = {WordKind::Ids, integer(1), 0, {}, {}};
      inside(word.first, function.inputs.size());
      if (!faults.any() && function.inputs[static_cast<size_t>(word.first)].mask)
        faults.add(fields.place(), "an argument takes the ids of a mask");
    } else if (*kind == "rows") {
      word = {WordKind::Rows, integer(1), 0, readField(list->size() > 2 ? (*list)[2].asString() : nullptr, fields), {}};
      inside(word.first, spaceCount);
    } else if (*kind == "rank" && list->size() > 1) {
      word.kind = WordKind::Rank;
      word.sites = fields.indices((*list)[1], "rank", manifest.sites.size());
    } else {
      faults.add(fields.place(), "unknown argument kind '" + printable(*kind) + "'");
    }
    return word;
  }

  RowField readField(const std::string *name, Fields &fields) {
    static const std::pair<const char *, RowField> names[] = {
        {"position", RowField::Position}, {"sequence", RowField::Sequence}, {"begin", RowField::Begin},
        {"keys", RowField::Keys},         {"blocks", RowField::Blocks},     {"first", RowField::First},
        {"cells", RowField::Cells},       {"chunks", RowField::Chunks},     {"chunk_begin", RowField::ChunkBegin}};
    for (const auto &[text, field] : names)
      if (name && *name == text)
        return field;
    faults.add(fields.place(), "unknown row field");
    return RowField::Position;
  }

  const Manifest &manifest;
  Faults &faults;
  FunctionRecord function;
  size_t spaceCount = 0;
  bool isDeploy = false;
};

} // namespace

std::vector<Launch> readDeploy(const JsonValue &value, const Manifest &manifest, Faults &faults) {
  return FunctionReader(manifest, faults).readDeploy(value);
}

FunctionRecord readFunction(const JsonValue &value, const Manifest &manifest, Faults &faults) {
  return FunctionReader(manifest, faults).read(value);
}

} // namespace ptx
