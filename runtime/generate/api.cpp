// Generation over the C boundary.
#include "runtime/core/boundary.h"
#include "runtime/generate/cached.h"
#include "runtime/generate/generate.h"
#include "runtime/generate/prompts.h"
#include "runtime/generate/recompute.h"

#include <algorithm>
#include <cstring>

namespace {

using namespace ptx;

Status checkSize(const char *function, size_t size) {
  if (size < sizeof(ptx_generate_options))
    return Error{std::string(function) + ": struct_size is " + std::to_string(size) + ", expected " +
                 std::to_string(sizeof(ptx_generate_options))};
  return {};
}

std::optional<int64_t> idOf(int64_t id) { return id == -1 ? std::nullopt : std::optional(id); }

Result<TokenIds> idsOf(const char *name, const int64_t *ids, size_t count) {
  if (count > GenerationIds::mostIds || (count && !ids))
    return Error{std::string("generation, option '") + name + "': are " + std::to_string(count) +
                 ", expected at most " + std::to_string(GenerationIds::mostIds) + " and their memory"};
  return TokenIds(ids, ids + count);
}

Status readWords(const ptx_generate_options &given, std::vector<TokenIds> &words) {
  if (given.bad_word_count > GenerationIds::mostBadWords ||
      (given.bad_word_count && (!given.bad_words || !given.bad_word_lengths)))
    return Error{"generation, option 'bad_words': are " + std::to_string(given.bad_word_count) + ", expected at most " +
                 std::to_string(GenerationIds::mostBadWords) + " and their memory"};
  const int64_t *next = given.bad_words;
  for (size_t i = 0; i < given.bad_word_count; ++i) {
    Result<TokenIds> word = idsOf("bad_words", next, given.bad_word_lengths[i]);
    if (!word)
      return word.error();
    next += word->size();
    words.push_back(std::move(*word));
  }
  return {};
}

/// Nothing where the options are not to sample, and say nothing of it.
Result<std::optional<Sampling>> readSampling(const ptx_generate_options &given) {
  if (given.sample)
    return std::optional(Sampling{given.temperature, given.top_k, given.top_p, given.seed});
  const char *name = given.temperature != 1 ? "temperature"
                     : given.top_k          ? "top_k"
                     : given.top_p != 1     ? "top_p"
                     : given.seed           ? "seed"
                                            : nullptr;
  if (name)
    return Error{std::string("generation, option '") + name + "': has no effect without 'sample'"};
  return std::optional<Sampling>();
}

Result<GenerateOptions> readOptions(const ptx_generate_options &given) {
  GenerateOptions options;
  options.maxNewTokens = given.max_new_tokens;
  options.minNewTokens = given.min_new_tokens;
  options.repetitionPenalty = given.repetition_penalty;
  options.noRepeatNgram = given.no_repeat_ngram_size;
  options.beams = given.beams;
  options.lengthPenalty = given.length_penalty;
  if (given.early_stopping < PTX_STOP_LIKELY || given.early_stopping > PTX_STOP_NEVER)
    return Error{"generation, option 'early_stopping': is " + std::to_string(given.early_stopping) +
                 ", expected 0 to 2"};
  options.earlyStopping = static_cast<EarlyStopping>(given.early_stopping);
  options.ids.pad = idOf(given.pad_id);
  options.ids.start = idOf(given.start_id);
  options.ids.forcedFirst = idOf(given.forced_first_id);
  Result<TokenIds> eos = idsOf("eos_ids", given.eos_ids, given.eos_count),
                   last = idsOf("forced_last_ids", given.forced_last_ids, given.forced_last_count);
  for (const Result<TokenIds> *ids : {&eos, &last})
    if (!*ids)
      return ids->error();
  options.ids.eos = std::move(*eos);
  options.ids.forcedLast = std::move(*last);
  if (Status status = readWords(given, options.ids.badWords); !status)
    return status.error();
  Result<std::optional<Sampling>> sampling = readSampling(given);
  if (!sampling)
    return sampling.error();
  options.sampling = *sampling;
  return options;
}

/// Rows of one length, in the handle's memory.
void keep(ptx_session &handle, const std::vector<TokenIds> &rows, int64_t padding) {
  size_t longest = 0;
  for (const TokenIds &row : rows)
    longest = std::max(longest, row.size());
  handle.generated.assign(rows.size() * longest, padding);
  handle.lengths.clear();
  for (size_t i = 0; i < rows.size(); ++i) {
    std::copy(rows[i].begin(), rows[i].end(), handle.generated.data() + i * longest);
    handle.lengths.push_back(static_cast<int64_t>(rows[i].size()));
  }
  handle.outputs = {{"generated_ids", PTX_I64, 2, {rows.size(), longest, 0}, handle.generated.data()},
                    {"generated_lengths", PTX_I64, 1, {rows.size(), 0, 0}, handle.lengths.data()}};
}

Result<std::vector<TokenIds>> generateWith(Session &session, const GenerateOptions &options,
                                           std::span<const ptx_tensor> inputs, const TokenChosen &chosen) {
  Result<TextModel> model = textModelOf(session.manifest());
  if (!model)
    return model.error();
  if (Status status = checkOptions(options, *model); !status)
    return status.error();
  Result<std::vector<Prompt>> prompts = readPrompts(session.manifest(), *model, inputs);
  if (!prompts)
    return prompts.error();
  for (Prompt &prompt : *prompts)
    if (model->hasSource)
      prompt.text = {*options.ids.start};
  if (Status status = checkLengths(options, *model, *prompts); !status)
    return status.error();
  if (!model->decode.record) {
    RecomputingStepper stepper(session, *model);
    return generate(stepper, options, *prompts, chosen);
  }
  size_t longest = 0;
  for (const Prompt &prompt : *prompts)
    longest = std::max({longest, prompt.source.size(), prompt.text.size() + options.maxNewTokens});
  Result<std::unique_ptr<CachedStepper>> stepper =
      CachedStepper::open(session, *model, prompts->size() * options.beams, longest);
  if (!stepper)
    return stepper.error();
  return generate(**stepper, options, *prompts, chosen);
}

} // namespace

ptx_status *ptx_program_generation(const ptx_program *program, ptx_generate_options *options) {
  return guarded([&]() -> Status {
    if (!program || !options)
      return Error{"ptx_program_generation: program and options must not be NULL"};
    if (Status status = checkSize("ptx_program_generation", options->struct_size); !status)
      return status;
    const GenerationIds &ids = program->program->manifest().generation;
    ptx_generate_options filled = {};
    filled.struct_size = sizeof filled;
    filled.eos_ids = ids.eos.data();
    filled.eos_count = ids.eos.size();
    filled.pad_id = ids.pad.value_or(-1);
    filled.start_id = ids.start.value_or(-1);
    filled.forced_first_id = ids.forcedFirst.value_or(-1);
    filled.forced_last_ids = ids.forcedLast.data();
    filled.forced_last_count = ids.forcedLast.size();
    filled.bad_words = program->badWords.data();
    filled.bad_word_lengths = program->badWordLengths.data();
    filled.bad_word_count = program->badWordLengths.size();
    filled.beams = 1;
    filled.repetition_penalty = filled.length_penalty = filled.temperature = filled.top_p = 1;
    std::memcpy(options, &filled, sizeof filled);
    return {};
  });
}

ptx_status *ptx_session_generate(ptx_session *session, const ptx_generate_options *options, const ptx_tensor *inputs,
                                 size_t input_count, ptx_token_fn chosen, void *user, const ptx_tensor **outputs,
                                 size_t *output_count) {
  return guarded([&]() -> Status {
    if (!session || !options || (!inputs && input_count) || !outputs || !output_count)
      return Error{"ptx_session_generate: an argument is NULL"};
    if (Status status = checkSize("ptx_session_generate", options->struct_size); !status)
      return status;
    Result<GenerateOptions> read = readOptions(*options);
    if (!read)
      return read.error();
    Result<std::unique_lock<std::mutex>> own = session->session->claim();
    if (!own)
      return own.error();
    auto tell = [&](size_t row, int64_t id) -> Status {
      if (chosen && chosen(user, row, id) != 0)
        return Error{"the generation was cancelled behind id " + std::to_string(id) + " of row " + std::to_string(row),
                     Cause::Cancelled};
      return {};
    };
    Result<std::vector<TokenIds>> rows = generateWith(*session->session, *read, {inputs, input_count}, tell);
    if (!rows)
      return rows.error();
    keep(*session, *rows, read->padding());
    *outputs = session->outputs.data();
    *output_count = session->outputs.size();
    return {};
  });
}
