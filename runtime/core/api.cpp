// The functions of ptx.h; generation is in runtime/generate/api.cpp.
#include "runtime/core/boundary.h"
#include "runtime/io/file.h"

#include <algorithm>
#include <cstddef>
#include <cstring>

namespace {

using namespace ptx;

std::string shapeOf(const ptx_tensor &tensor) {
  std::string text;
  for (uint32_t d = 0; d < std::min<uint32_t>(tensor.rank, PTX_MAX_RANK); ++d)
    text += (d ? "," : "") + std::to_string(tensor.dims[d]);
  return "[" + text + "]";
}

const FunctionRecord *functionOf(const ptx_program *program, const char *function) {
  return program && function ? program->program->findFunction(function) : nullptr;
}

/// The adapter of a name; null for NULL and "none".
Result<const AdapterRecord *> adapterOf(const Program &program, const char *name) {
  if (!name || std::string(name) == "none")
    return static_cast<const AdapterRecord *>(nullptr);
  if (const AdapterRecord *record = program.findAdapter(name))
    return record;
  std::string known = "none";
  for (const AdapterRecord &other : program.manifest().adapters)
    known += ", " + other.name;
  return Error{"the program has no adapter '" + printable(name) + "', it has " + known, Cause::NotFound};
}

Status noValue(const char *function, size_t index) {
  return Error{"function '" + printable(function ? function : "") + "' is unknown or has no value " +
               std::to_string(index)};
}

std::string describe(const FunctionRecord &function, bool separate) {
  std::string text = function.name + "(", separator;
  for (const InputRecord &input : function.inputs) {
    text += separator + input.name + " [" + input.dims[0] + (input.dims[1].empty() ? "" : "," + input.dims[1]) + "]" +
            (input.optional ? "?" : "");
    separator = ", ";
  }
  text += separate ? ", adapter_ids [B]?" : "";
  text += function.hasState() ? ", session_rows [B]?) -> " : ") -> ";
  separator = "";
  for (const OutputRecord &output : function.results()) {
    std::string length = output.perSequence ? "" : function.spaces[output.space].dims[1] + ",";
    text += separator + output.name + " [B," + length + std::to_string(output.width) + "]";
    separator = ", ";
  }
  return text;
}

} // namespace

const char *ptx_version(void) { return PTX_VERSION; }

const char *ptx_status_message(const ptx_status *status) { return status ? status->message.c_str() : ""; }
ptx_code ptx_status_code(const ptx_status *status) { return status ? status->code : PTX_OK; }

void ptx_status_free(ptx_status *status) {
  if (status != &noMemory)
    delete status;
}

ptx_status *ptx_program_open(const char *path, const ptx_program_options *options, ptx_program **program) {
  return guarded(
      [&]() -> Status {
        if (!path || !program)
          return Error{"ptx_program_open: path and program must not be NULL"};
        ptx_program_options given = {};
        if (options) {
          if (options->struct_size < offsetof(ptx_program_options, log))
            return Error{"ptx_program_open: struct_size is " + std::to_string(options->struct_size) + ", expected " +
                         std::to_string(sizeof(ptx_program_options))};
          std::memcpy(&given, options, std::min(options->struct_size, sizeof given));
        }
        ProgramOptions chosen;
        chosen.parameterDirectory = given.parameters ? given.parameters : "";
        chosen.level = given.level ? given.level : "";
        chosen.device = given.device ? given.device : "";
        chosen.threads = given.threads;
        Result<std::shared_ptr<Program>> opened = Program::open(path, chosen);
        if (!opened)
          return opened.error();
        auto made = std::make_unique<ptx_program>();
        made->program = *opened;
        made->level = (*opened)->level();
        for (const FunctionRecord &function : (*opened)->manifest().functions)
          made->signatures[function.name] = describe(function, (*opened)->manifest().separate);
        for (const std::vector<int64_t> &word : (*opened)->manifest().generation.badWords) {
          made->badWords.insert(made->badWords.end(), word.begin(), word.end());
          made->badWordLengths.push_back(word.size());
        }
        made->log = given.log;
        made->logUser = given.log_user;
        if (made->log)
          made->log(made->logUser, PTX_LOG_INFO,
                    (std::string("'") + path + "': level " + (*opened)->level() + ", " +
                     std::to_string((*opened)->threads()) + " threads")
                        .c_str());
        *program = made.release();
        return {};
      },
      PTX_INVALID_PROGRAM);
}

void ptx_program_close(ptx_program *program) { delete program; }
const char *ptx_program_level(const ptx_program *program) { return program ? program->level.c_str() : nullptr; }
uint32_t ptx_program_threads(const ptx_program *program) { return program ? program->program->threads() : 0; }
size_t ptx_program_adapter_count(const ptx_program *program) {
  return program ? program->program->manifest().adapters.size() : 0;
}

const char *ptx_program_adapter(const ptx_program *program, size_t index) {
  return index < ptx_program_adapter_count(program) ? program->program->manifest().adapters[index].name.c_str()
                                                    : nullptr;
}

ptx_status *ptx_program_adapter_id(const ptx_program *program, const char *adapter, int64_t *id) {
  return guarded([&]() -> Status {
    if (!program || !id)
      return Error{"ptx_program_adapter_id: program and id must not be NULL"};
    Result<const AdapterRecord *> record = adapterOf(*program->program, adapter);
    if (!record)
      return record.error();
    *id = *record ? *record - program->program->manifest().adapters.data() : -1;
    return {};
  });
}

size_t ptx_program_function_count(const ptx_program *program) {
  return program ? program->program->manifest().functions.size() : 0;
}

const char *ptx_program_function(const ptx_program *program, size_t index) {
  return index < ptx_program_function_count(program) ? program->program->manifest().functions[index].name.c_str()
                                                     : nullptr;
}

const char *ptx_program_signature(const ptx_program *program, const char *function) {
  if (!program || !function)
    return nullptr;
  auto found = program->signatures.find(function);
  return found == program->signatures.end() ? nullptr : found->second.c_str();
}

// Behind the inputs of the manifest stand those that the runtime adds: adapter_ids, then session_rows.
size_t ptx_program_input_count(const ptx_program *program, const char *function) {
  const FunctionRecord *record = functionOf(program, function);
  return record ? record->inputs.size() + (program->program->manifest().separate ? 1 : 0) + record->hasState() : 0;
}

namespace {

/// The name of an input that the runtime adds.
const char *addedInput(const ptx_program *program, const FunctionRecord &function, size_t index) {
  return index == function.inputs.size() && program->program->manifest().separate ? "adapter_ids" : "session_rows";
}

} // namespace

size_t ptx_program_output_count(const ptx_program *program, const char *function) {
  const FunctionRecord *record = functionOf(program, function);
  return record ? static_cast<size_t>(std::ranges::distance(record->results())) : 0;
}

ptx_status *ptx_program_input(const ptx_program *program, const char *function, size_t index, ptx_value_info *info) {
  return guarded([&]() -> Status {
    const FunctionRecord *record = functionOf(program, function);
    if (!record || !info || index >= ptx_program_input_count(program, function))
      return noValue(function, index);
    if (index >= record->inputs.size()) {
      *info = {addedInput(program, *record, index), PTX_I64, 1, {"B", nullptr, nullptr}, {0, 0, 0}, 1};
      return {};
    }
    const InputRecord &input = record->inputs[index];
    bool isOne = input.dims[1].empty();
    *info = {input.name.c_str(), PTX_I64,
             isOne ? 1u : 2u,    {input.dims[0].c_str(), isOne ? nullptr : input.dims[1].c_str(), nullptr},
             {0, 0, 0},          input.optional ? 1 : 0};
    return {};
  });
}

ptx_status *ptx_program_input_limits(const ptx_program *program, const char *function, size_t index,
                                     ptx_input_limits *limits) {
  return guarded([&]() -> Status {
    const FunctionRecord *record = functionOf(program, function);
    if (!record || !limits || index >= ptx_program_input_count(program, function))
      return noValue(function, index);
    ptx_input_limits found = {};
    if (limits->struct_size < sizeof found.struct_size)
      return Error{"ptx_program_input_limits: struct_size is " + std::to_string(limits->struct_size) + ", expected " +
                   std::to_string(sizeof found)};
    found.struct_size = std::min(limits->struct_size, sizeof found);
    if (index >= record->inputs.size()) {
      bool isAdapter = std::string_view(addedInput(program, *record, index)) == "adapter_ids";
      found.least = isAdapter ? -1 : 0;
      found.most = isAdapter ? static_cast<int64_t>(ptx_program_adapter_count(program)) - 1 : INT32_MAX;
    } else {
      const InputRecord &input = record->inputs[index];
      found.most = input.mask ? 1 : static_cast<int64_t>(input.limit) - 1;
      found.max_length = input.dims[1].empty() ? 0 : record->spaces[input.space].maxLength;
    }
    std::memcpy(limits, &found, found.struct_size);
    return {};
  });
}

ptx_status *ptx_program_output(const ptx_program *program, const char *function, size_t index, ptx_value_info *info) {
  return guarded([&]() -> Status {
    const FunctionRecord *record = functionOf(program, function);
    if (!record || !info || index >= ptx_program_output_count(program, function))
      return noValue(function, index);
    auto results = record->results();
    const OutputRecord &output = *std::ranges::next(results.begin(), static_cast<ptrdiff_t>(index));
    const SpaceRecord &space = record->spaces[output.space];
    if (output.perSequence)
      *info = {output.name.c_str(), PTX_F32, 2, {space.dims[0].c_str(), nullptr, nullptr}, {0, output.width, 0}, 0};
    else
      *info = {output.name.c_str(),  PTX_F32, 3, {space.dims[0].c_str(), space.dims[1].c_str(), nullptr},
               {0, 0, output.width}, 0};
    return {};
  });
}

ptx_status *ptx_binding_create(ptx_program *program, const char *adapter, ptx_binding **binding) {
  return guarded([&]() -> Status {
    if (!program || !binding)
      return Error{"ptx_binding_create: program and binding must not be NULL"};
    Result<const AdapterRecord *> record = adapterOf(*program->program, adapter);
    if (!record)
      return record.error();
    Result<std::shared_ptr<const Binding>> bound = program->program->bind(*record);
    if (!bound)
      return bound.error().cause == Cause::Busy ? bound.error() : Error{bound.error().message, Cause::Program};
    if (!(*bound)->flaw.empty())
      return Error{(*bound)->flaw, Cause::Program};
    auto made = std::make_unique<ptx_binding>();
    made->program = program->program;
    made->binding = *bound;
    *binding = made.release();
    return {};
  });
}

void ptx_binding_retain(ptx_binding *binding) {
  if (binding)
    binding->references.fetch_add(1);
}

void ptx_binding_release(ptx_binding *binding) {
  if (binding && binding->references.fetch_sub(1) == 1)
    delete binding;
}

ptx_status *ptx_session_open(ptx_binding *binding, ptx_session **session) {
  return guarded([&]() -> Status {
    if (!binding || !session)
      return Error{"ptx_session_open: binding and session must not be NULL"};
    Result<std::unique_ptr<Session>> opened = Session::open(binding->program, binding->binding);
    if (!opened)
      return opened.error();
    *session = new ptx_session{std::move(*opened)};
    return {};
  });
}

ptx_status *ptx_session_bind(ptx_session *session, ptx_binding *binding) {
  return guarded([&]() -> Status {
    if (!session || !binding)
      return Error{"ptx_session_bind: session and binding must not be NULL"};
    return session->session->bind(binding->program, binding->binding);
  });
}

void ptx_session_close(ptx_session *session) { delete session; }

ptx_status *ptx_session_call(ptx_session *session, const char *function, const ptx_tensor *inputs, size_t input_count,
                             const ptx_tensor **outputs, size_t *output_count) {
  return guarded([&]() -> Status {
    if (!session || !function || (!inputs && input_count) || !outputs || !output_count)
      return Error{"ptx_session_call: an argument is NULL"};
    return session->session->call(function, inputs, input_count, [&](std::span<const ptx_tensor> results) -> Status {
      *outputs = results.data();
      *output_count = results.size();
      return {};
    });
  });
}

static bool isSame(const ptx_tensor &wanted, const ptx_tensor &result) {
  return wanted.dtype == result.dtype && wanted.rank == result.rank && wanted.data &&
         std::equal(result.dims, result.dims + result.rank, wanted.dims);
}

/// Copies results to the caller's memory, in their order: all of them, or none where one does not fit.
static Status copyResults(std::span<const ptx_tensor> results, std::span<const ptx_tensor> outputs) {
  for (size_t i = 0; i < outputs.size(); ++i)
    if (const ptx_tensor &result = results[i]; !isSame(outputs[i], result))
      return Error{std::string("output '") + result.name + "' is " + (result.dtype == PTX_I32 ? "I32 " : "F32 ") +
                   shapeOf(result) + ", the memory given is " + shapeOf(outputs[i])};
  for (size_t i = 0; i < outputs.size(); ++i) {
    size_t bytes = sizeof(float); // of an I32 too
    for (uint32_t d = 0; d < results[i].rank; ++d)
      bytes *= results[i].dims[d];
    std::memcpy(outputs[i].data, results[i].data, bytes);
  }
  return {};
}

ptx_status *ptx_session_call_into(ptx_session *session, const char *function, const ptx_tensor *inputs,
                                  size_t input_count, const ptx_tensor *outputs, size_t output_count) {
  return guarded([&]() -> Status {
    if (!session || !function || (!inputs && input_count) || (!outputs && output_count))
      return Error{"ptx_session_call_into: an argument is NULL"};
    std::span<const ptx_tensor> wanted(outputs, output_count);
    auto copy = [&](std::span<const ptx_tensor> results) { return copyResults(results, wanted); };
    return session->session->call(function, inputs, input_count, copy, wanted);
  });
}

int ptx_program_keeps_rows(const ptx_program *program, const char *function) {
  const FunctionRecord *record = functionOf(program, function);
  return record && record->hasState();
}

ptx_status *ptx_session_reserve(ptx_session *session, uint32_t rows, uint32_t tokens) {
  return guarded([&]() -> Status {
    if (!session)
      return Error{"ptx_session_reserve: session must not be NULL"};
    return session->session->reserve(rows, tokens);
  });
}

ptx_status *ptx_session_length(ptx_session *session, uint32_t row, uint32_t *tokens) {
  return guarded([&]() -> Status {
    if (!session || !tokens)
      return Error{"ptx_session_length: session and tokens must not be NULL"};
    return session->session->withState([&](SessionState &state) -> Status {
      Result<uint32_t> length = state.length(row);
      if (!length)
        return length.error();
      *tokens = *length;
      return {};
    });
  });
}

ptx_status *ptx_session_truncate(ptx_session *session, uint32_t row, uint32_t tokens) {
  return guarded([&]() -> Status {
    if (!session)
      return Error{"ptx_session_truncate: session must not be NULL"};
    return session->session->withState([&](SessionState &state) { return state.truncate(row, tokens); });
  });
}

ptx_status *ptx_session_fork(ptx_session *session, uint32_t from, uint32_t to) {
  return guarded([&]() -> Status {
    if (!session)
      return Error{"ptx_session_fork: session must not be NULL"};
    return session->session->withState([&](SessionState &state) { return state.fork(from, to); });
  });
}

ptx_status *ptx_session_reorder(ptx_session *session, const uint32_t *parents, size_t count) {
  return guarded([&]() -> Status {
    if (!session || (!parents && count))
      return Error{"ptx_session_reorder: an argument is NULL"};
    return session->session->withState([&](SessionState &state) { return state.reorder({parents, count}); });
  });
}

void ptx_session_set_cancel(ptx_session *session, ptx_cancel_fn cancel, void *user) {
  if (session)
    session->session->setCancel(cancel, user);
}

namespace {

/// A list that `make` fills; no list where there is no memory for one.
template <typename T, typename Make> void handOut(Make &&make, const T **first, size_t *count) noexcept {
  const std::vector<T> *list;
  try {
    list = make();
  } catch (const std::bad_alloc &) {
    list = nullptr;
  }
  if (first)
    *first = list ? list->data() : nullptr;
  if (count)
    *count = list ? list->size() : 0;
}

} // namespace

void ptx_session_profile(const ptx_session *session, const ptx_launch_profile **launches, size_t *count) {
  handOut([&] { return session ? &session->session->profile() : nullptr; }, launches, count);
}

void ptx_session_set_trace(ptx_session *session, int on) {
  if (session)
    session->session->setTracing(on != 0);
}

void ptx_session_workers(const ptx_session *session, const ptx_worker_profile **workers, size_t *count) {
  handOut([&] { return session ? &session->session->workerProfile() : nullptr; }, workers, count);
}

namespace {

/// The device that a program's launches run on; NULL for one that takes whole calls.
const Device *deviceOf(const ptx_program *program) { return program ? program->program->device().get() : nullptr; }

} // namespace

double ptx_program_probe_roof(ptx_program *program) {
  const Device *device = deviceOf(program);
  return device && device->table().probe ? device->table().probe(device->handle()) : 0;
}

double ptx_program_probe_bandwidth(ptx_program *program, uint64_t bytes) {
  const Device *device = deviceOf(program);
  return device && device->table().probe_read ? device->table().probe_read(device->handle(), bytes) : 0;
}
