// The C boundary: no exception crosses it, every error becomes a status.
#include "runtime/core/call.h"
#include "runtime/cpu/roof.h"
#include "runtime/io/file.h"
#include "runtime/ptx.h"

#include <atomic>
#include <new>

struct ptx_status {
  std::string message;
};

struct ptx_program {
  std::shared_ptr<ptx::Program> program;
  std::map<std::string, std::string> signatures;
};

struct ptx_binding {
  std::shared_ptr<ptx::Program> program;
  std::shared_ptr<const ptx::Binding> binding;
  std::atomic<size_t> references{1};
};

struct ptx_session {
  ptx_session(std::shared_ptr<ptx::Program> program, std::shared_ptr<const ptx::Binding> binding)
      : session(std::move(program), std::move(binding)) {}
  ptx::Session session;
};

namespace {

using namespace ptx;

ptx_status *failure(std::string message) { return new (std::nothrow) ptx_status{std::move(message)}; }

/// Runs `body` and turns what it throws (memory, the standard library) into a status.
template <typename Body> ptx_status *guarded(Body &&body) {
  try {
    Status status = body();
    return status ? nullptr : failure(status.error().message);
  } catch (const std::bad_alloc &) {
    return failure("no memory");
  } catch (const std::exception &error) {
    return failure(std::string("internal error: ") + error.what());
  }
}

std::string describe(const FunctionRecord &function, bool separate) {
  std::string text = function.name + "(", separator;
  for (const InputRecord &input : function.inputs) {
    text += separator + input.name + " [" + input.dims[0] + "," + input.dims[1] + "]" + (input.optional ? "?" : "");
    separator = ", ";
  }
  text += separate ? ", adapter_ids [B]?) -> " : ") -> ";
  separator = "";
  for (const OutputRecord &output : function.outputs) {
    std::string length = output.perSequence ? "" : function.spaces[output.space].dims[1] + ",";
    text += separator + output.name + " [B," + length + std::to_string(output.width) + "]";
    separator = ", ";
  }
  return text;
}

} // namespace

const char *ptx_status_message(const ptx_status *status) { return status ? status->message.c_str() : ""; }
void ptx_status_free(ptx_status *status) { delete status; }

ptx_status *ptx_program_open(const char *path, const ptx_program_options *options, ptx_program **program) {
  return guarded([&]() -> Status {
    if (!path || !program)
      return Error{"ptx_program_open: path and program must not be NULL"};
    if (options && options->struct_size < sizeof(ptx_program_options))
      return Error{"ptx_program_open: struct_size is " + std::to_string(options->struct_size) + ", expected " +
                   std::to_string(sizeof(ptx_program_options))};
    ProgramOptions chosen;
    if (options) {
      chosen.parameterDirectory = options->parameters ? options->parameters : "";
      chosen.level = options->level ? options->level : "";
      chosen.device = options->device ? options->device : "";
      chosen.threads = options->threads;
    }
    Result<std::shared_ptr<Program>> opened = Program::open(path, chosen);
    if (!opened)
      return opened.error();
    auto made = std::make_unique<ptx_program>();
    made->program = *opened;
    for (const FunctionRecord &function : (*opened)->manifest().functions)
      made->signatures[function.name] = describe(function, (*opened)->manifest().separate);
    *program = made.release();
    return {};
  });
}

void ptx_program_close(ptx_program *program) { delete program; }
const char *ptx_program_level(const ptx_program *program) { return program->program->level().c_str(); }
uint32_t ptx_program_threads(const ptx_program *program) { return static_cast<uint32_t>(program->program->pool().size()); }
size_t ptx_program_adapter_count(const ptx_program *program) { return program->program->manifest().adapters.size(); }

const char *ptx_program_adapter(const ptx_program *program, size_t index) {
  const auto &adapters = program->program->manifest().adapters;
  return index < adapters.size() ? adapters[index].name.c_str() : nullptr;
}

size_t ptx_program_function_count(const ptx_program *program) { return program->program->manifest().functions.size(); }

const char *ptx_program_function(const ptx_program *program, size_t index) {
  const auto &functions = program->program->manifest().functions;
  return index < functions.size() ? functions[index].name.c_str() : nullptr;
}

const char *ptx_program_signature(const ptx_program *program, const char *function) {
  auto found = program->signatures.find(function ? function : "");
  return found == program->signatures.end() ? nullptr : found->second.c_str();
}

ptx_status *ptx_binding_create(ptx_program *program, const char *adapter, ptx_binding **binding) {
  return guarded([&]() -> Status {
    if (!program || !binding)
      return Error{"ptx_binding_create: program and binding must not be NULL"};
    const AdapterRecord *record = nullptr;
    if (adapter && std::string(adapter) != "none") {
      record = program->program->findAdapter(adapter);
      if (!record) {
        std::string known = "none";
        for (const AdapterRecord &other : program->program->manifest().adapters)
          known += ", " + other.name;
        return Error{"the program has no adapter '" + printable(adapter) + "', it has " + known};
      }
    }
    Result<std::shared_ptr<const Binding>> bound = program->program->bind(record);
    if (!bound)
      return bound.error();
    auto made = std::make_unique<ptx_binding>();
    made->program = program->program;
    made->binding = *bound;
    *binding = made.release();
    return {};
  });
}

void ptx_binding_retain(ptx_binding *binding) { binding->references.fetch_add(1); }

void ptx_binding_release(ptx_binding *binding) {
  if (binding && binding->references.fetch_sub(1) == 1)
    delete binding;
}

ptx_status *ptx_session_open(ptx_binding *binding, ptx_session **session) {
  return guarded([&]() -> Status {
    if (!binding || !session)
      return Error{"ptx_session_open: binding and session must not be NULL"};
    *session = new ptx_session(binding->program, binding->binding);
    return {};
  });
}

void ptx_session_close(ptx_session *session) { delete session; }

ptx_status *ptx_session_call(ptx_session *session, const char *function, const ptx_tensor *inputs, size_t input_count,
                             const ptx_tensor **outputs, size_t *output_count) {
  return guarded([&]() -> Status {
    if (!session || !function || (!inputs && input_count) || !outputs || !output_count)
      return Error{"ptx_session_call: an argument is NULL"};
    if (Status status = session->session.call(function, inputs, input_count); !status)
      return status;
    *outputs = session->session.outputs().data();
    *output_count = session->session.outputs().size();
    return {};
  });
}

void ptx_session_profile(const ptx_session *session, const ptx_launch_profile **launches, size_t *count) {
  *launches = session->session.profile().data();
  *count = session->session.profile().size();
}

double ptx_program_probe_roof(ptx_program *program) {
  std::lock_guard turn(program->program->poolMutex());
  return probeRoof(program->program->pool(), program->program->level());
}
