#include "runtime/ptx-run/Generate.h"

#include "runtime/io/failure.h"
#include "runtime/io/safetensors.h"
#include "runtime/ptx-run/Bench.h"
#include "runtime/ptx-run/Status.h"

#include <chrono>
#include <cstdio>
#include <cstring>

namespace ptx::run {

namespace {

double seconds() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

/// When ids came.
struct Pace {
  double start = seconds(), first = 0;
  size_t ids = 0;

  static int note(void *user, size_t, int64_t) {
    Pace &pace = *static_cast<Pace *>(user);
    if (pace.ids++ == 0)
      pace.first = seconds();
    return 0;
  }
  void say(uint64_t rows) const {
    double all = seconds() - start;
    std::fprintf(stderr, "ptx-run: %zu ids of %llu %s in %.3f s, %.1f a second; the first after %.3f s\n", ids,
                 static_cast<unsigned long long>(rows), rows == 1 ? "row" : "rows", all, static_cast<double>(ids) / all,
                 first - start);
  }
};

} // namespace

Inputs promptInputs(const std::vector<int64_t> &ids) {
  Inputs inputs;
  inputs.names.emplace_back("input_ids");
  std::vector<char> &memory = inputs.memory.emplace_back(ids.size() * sizeof(int64_t));
  std::memcpy(memory.data(), ids.data(), memory.size());
  inputs.tensors.push_back({inputs.names[0].c_str(), PTX_I64, 2, {1, ids.size(), 0}, memory.data()});
  return inputs;
}

Status printGenerated(const Options &options, ptx_program *program, ptx_session *session, const Inputs &inputs) {
  ptx_generate_options asked = {};
  asked.struct_size = sizeof asked;
  if (Status status = toStatus(ptx_program_generation(program, &asked)); !status)
    return status;
  const GenerationOptions &given = options.generation;
  asked.max_new_tokens = static_cast<uint64_t>(given.maxNewTokens);
  asked.min_new_tokens = static_cast<uint64_t>(given.minNewTokens);
  asked.repetition_penalty = given.repetitionPenalty;
  asked.no_repeat_ngram_size = static_cast<uint64_t>(given.noRepeatNgram);
  asked.beams = given.beams;
  asked.length_penalty = given.lengthPenalty;
  asked.early_stopping = given.earlyStopping;
  asked.sample = given.sample;
  asked.temperature = given.temperature;
  asked.top_k = static_cast<uint64_t>(given.topK);
  asked.top_p = given.topP;
  asked.seed = static_cast<uint64_t>(given.seed);
  nowAt("generating " + std::to_string(given.maxNewTokens) + " ids");
  const ptx_tensor *outputs = nullptr; // generated_ids [B,N], generated_lengths [B]
  size_t count = 0;
  auto once = [&](ptx_token_fn chosen, void *user) {
    return toStatus(ptx_session_generate(session, &asked, inputs.tensors.data(), inputs.tensors.size(), chosen, user,
                                         &outputs, &count));
  };
  if (options.bench) {
    if (Status status = benchGeneration(program, session, options.runs, once); !status)
      return status;
  } else {
    Pace pace;
    if (Status status = once(Pace::note, &pace); !status)
      return status;
    pace.say(outputs[0].dims[0]);
  }
  const int64_t *ids = static_cast<const int64_t *>(outputs[0].data);
  TensorToWrite tensor = {outputs[0].name, DType::I64, {outputs[0].dims[0], outputs[0].dims[1]}, ids};
  if (!options.outputs.empty())
    if (Status status = writeSafetensors(options.outputs, {&tensor, 1}); !status)
      return status;
  if (options.bench)
    return {};
  for (int64_t i = 0, length = *static_cast<const int64_t *>(outputs[1].data); i < length; ++i)
    std::printf("%s%lld", i ? "," : "", static_cast<long long>(ids[i]));
  std::printf("\n");
  return {};
}

} // namespace ptx::run
