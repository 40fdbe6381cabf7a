// libptx-reference.so: the interpreter as a device of the runtime.
#include "dialects/rt/IR/RtDialect.h"
#include "dialects/xf/IR/XfFactors.h"
#include "passes/Interpreter/Interpreter.h"
#include "runtime/device/guarded.h"

#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Parser/Parser.h"

#include <cstring>
#include <deque>

using namespace mlir;
using namespace ptx;

namespace {

/// Reads stored tensors through the runtime.
class HostReader {
public:
  explicit HostReader(const ptx_whole_host &host) : host(host) {}

  llvm::Expected<interp::Array> read(const std::string &name) const {
    uint32_t rank = 0;
    uint64_t dims[4] = {};
    char message[1024] = "";
    if (host.read(host.context, name.c_str(), &rank, dims, nullptr, 0, message, sizeof message) != 0)
      return llvm::createStringError(message);
    std::vector<int64_t> shape(dims, dims + rank);
    std::vector<float> values(static_cast<size_t>(interp::Array::product(shape)));
    if (host.read(host.context, name.c_str(), &rank, dims, values.data(), values.size(), message, sizeof message) != 0)
      return llvm::createStringError(message);
    return interp::Array(shape, std::vector<double>(values.begin(), values.end()));
  }

private:
  const ptx_whole_host &host;
};

/// A module being interpreted, with one interpreter per adapter.
class Device {
public:
  explicit Device(const ptx_whole_host &host) : host(host), reader(host) {
    context.appendDialectRegistry([] {
      DialectRegistry registry;
      registry.insert<rt::RtDialect, stage::StageDialect, xf::XfDialect, func::FuncDialect, arith::ArithDialect,
                      math::MathDialect>();
      return registry;
    }());
    context.loadAllAvailableDialects();
    // Diagnostics become the messages the runtime reports.
    context.getDiagEngine().registerHandler([this](Diagnostic &diagnostic) {
      llvm::raw_string_ostream stream(problem);
      stream << (problem.empty() ? "" : "\n") << diagnostic.getLocation() << ": " << diagnostic;
      return success();
    });
  }

  bool parse(llvm::StringRef text) {
    module = parseSourceString<ModuleOp>(text, &context);
    return module && succeeded(verify(*module));
  }

  bool call(llvm::StringRef function, int32_t adapter, llvm::ArrayRef<ptx_whole_tensor> tensors,
            const ptx_whole_rows *held) {
    problem.clear();
    interp::Inputs inputs;
    for (const ptx_whole_tensor &tensor : tensors) {
      std::vector<int64_t> shape(tensor.dims, tensor.dims + tensor.rank);
      int64_t size = interp::Integers::product(shape);
      inputs[tensor.name] = interp::Integers(shape, std::vector<int64_t>(tensor.integers, tensor.integers + size));
    }
    std::optional<interp::Rows> rows;
    if (held) {
      rows.emplace(*static_cast<interp::State *>(held->session));
      rows->rows.assign(held->rows, held->rows + held->row_count);
      for (size_t i = 0; i < held->history_count; ++i) {
        const int64_t *lengths = held->lengths + i * held->row_count;
        rows->lengths[held->histories[i]].assign(lengths, lengths + held->row_count);
      }
    }
    FailureOr<interp::Outputs> computed = interpreterFor(adapter).call(function, inputs, rows ? &*rows : nullptr);
    if (failed(computed))
      return false;
    keep(*computed);
    return true;
  }

  const std::string &message() const { return problem; }
  llvm::ArrayRef<ptx_whole_tensor> outputs() const { return results; }

private:
  interp::Interpreter &interpreterFor(int32_t adapter) {
    std::unique_ptr<interp::Interpreter> &interpreter = interpreters[adapter];
    if (!interpreter) {
      interp::Readers readers;
      readers.weight = [this](llvm::StringRef name) { return reader.read(name.str()); };
      readers.factors = [this](llvm::StringRef name, llvm::StringRef site) { return readFactors(name, site); };
      readers.replacement = [this](llvm::StringRef name, llvm::StringRef site) {
        return reader.read((name + "/" + site + "/replacement").str());
      };
      interpreter =
          std::make_unique<interp::Interpreter>(*module, readers, adapter < 0 ? "" : host.adapter_names[adapter]);
    }
    return *interpreter;
  }

  /// The tensors are called "adapter/site/a" and so on.
  llvm::Expected<interp::Factors> readFactors(llvm::StringRef adapter, llvm::StringRef site) {
    xf::DeltaOp found;
    module->walk([&](xf::DeltaOp delta) {
      if (delta.getSite() == site && cast<xf::AdapterOp>(delta->getParentOp()).getSymName() == adapter)
        found = delta;
    });
    std::string base = (adapter + "/" + site + "/").str();
    interp::Factors factors;
    factors.scale = found.getScale().convertToDouble();
    factors.embedding = found.getForm() == xf::Form::Embedding;
    auto read = [&](llvm::StringRef key, interp::Array &target) -> llvm::Error {
      llvm::Expected<interp::Array> array = reader.read(base + key.str());
      if (!array)
        return array.takeError();
      target = std::move(*array);
      return llvm::Error::success();
    };
    if (found.getRank() == 0) {
      auto site = SymbolTable::lookupNearestSymbolFrom<xf::WeightOp>(found, found.getSiteAttr());
      llvm::ArrayRef<int64_t> shape = cast<xf::WeightType>(site.getType()).getShape();
      factors.a = interp::Array({0, shape[factors.embedding ? 0 : 1]});
      factors.b = interp::Array({shape[factors.embedding ? 1 : 0], 0});
    } else if (llvm::Error error = llvm::joinErrors(read("a", factors.a), read("b", factors.b))) {
      return error;
    }
    for (const xf::FactorInfo &info : xf::factorTable) {
      if (!found.has(info.factor))
        continue;
      interp::Array &own = factors.vectors[info.factor];
      if (llvm::Error error = read(xf::stringifyEnum(info.factor), own))
        return error;
      // Stored [N], [1,N] or [N,1].
      own.shape = {static_cast<int64_t>(own.values.size())};
    }
    return factors;
  }

  void keep(const interp::Outputs &computed) {
    names.clear();
    memory.clear();
    results.clear();
    for (const auto &[name, array] : computed) {
      ptx_whole_tensor tensor = {};
      tensor.name = names.emplace_back(name).c_str();
      tensor.rank = static_cast<uint32_t>(array.shape.size());
      std::copy(array.shape.begin(), array.shape.end(), tensor.dims);
      tensor.floats = memory.emplace_back(array.values.begin(), array.values.end()).data();
      results.push_back(tensor);
    }
  }

  const ptx_whole_host &host;
  HostReader reader;
  MLIRContext context{MLIRContext::Threading::DISABLED};
  OwningOpRef<ModuleOp> module;
  std::string problem;
  std::map<int32_t, std::unique_ptr<interp::Interpreter>> interpreters;
  std::deque<std::string> names;
  std::deque<std::vector<float>> memory;
  std::vector<ptx_whole_tensor> results;
};

void say(char *error, size_t size, const std::string &message) {
  if (size)
    std::snprintf(error, size, "%s", message.c_str());
}

int create(const char *text, size_t size, const ptx_whole_host *host, void **state, char *error, size_t errorSize) {
  auto device = std::make_unique<Device>(*host);
  if (!device->parse(llvm::StringRef(text, size))) {
    say(error, errorSize, "the program's text does not parse: " + device->message());
    return 1;
  }
  *state = device.release();
  return 0;
}

int call(void *state, const char *function, int32_t adapter, const ptx_whole_tensor *inputs, size_t count,
         const ptx_whole_rows *rows, const ptx_whole_tensor **outputs, size_t *outputCount, char *error,
         size_t errorSize) {
  Device &device = *static_cast<Device *>(state);
  if (!device.call(function, adapter, llvm::ArrayRef(inputs, count), rows)) {
    say(error, errorSize, device.message());
    return 1;
  }
  *outputs = device.outputs().data();
  *outputCount = device.outputs().size();
  return 0;
}

int openSession(void *, void **session, char *, size_t) {
  *session = new interp::State();
  return 0;
}

void closeSession(void *, void *session) { delete static_cast<interp::State *>(session); }

int copyRow(void *, void *session, int64_t from, int64_t to, char *, size_t) {
  interp::State &state = *static_cast<interp::State *>(session);
  interp::State copies;
  for (const auto &[key, vectors] : state)
    if (key.second == from)
      copies[{key.first, to}] = vectors;
  for (auto &[key, vectors] : copies)
    state[key] = std::move(vectors);
  return 0;
}

void destroy(void *state) { delete static_cast<Device *>(state); }

constexpr ptx_whole_call calls = {create, call, openSession, closeSession, copyRow, destroy};

} // namespace

extern "C" __attribute__((visibility("default"))) const ptx_device_table *ptx_device_plugin() {
  static constexpr ptx_device_table table = ptx::wholeDeviceTable("reference", calls);
  return &table;
}
