// Generation over the C functions: inputs, limits, cancelling, what is refused.
#include "test/runtime/core/Tiny.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <thread>

using namespace ptx;
using namespace ptx::tiny;
using Json = nlohmann::ordered_json;

namespace {

/// The tiny model's first outputs as logits over its vocabulary.
Json textManifest(const std::string &directory, bool separate) {
  Json manifest = manifestOf(directory, makeWeights(), separate);
  Json &output = manifest["functions"][0]["outputs"][0];
  output["name"] = "logits";
  output["width"] = vocabulary;
  manifest["generation"] = {{"eos", {29}}, {"pad", 7}, {"start", 3}, {"bad_words", {{1}, {2, 3}}}};
  return manifest;
}

struct Generated {
  std::string error;
  ptx_code code = PTX_OK;
  std::vector<uint64_t> shape;
  std::vector<int64_t> ids, lengths;
};

class GenerateApi : public ::testing::Test {
protected:
  void TearDown() override { close(); }

  void open(bool separate = false, const std::function<void(Json &)> &change = [](Json &) {}) {
    close();
    Json manifest = textManifest(folder.path, separate);
    change(manifest);
    writeArtifact(folder.path, manifest);
    ASSERT_EQ(ptx_program_open((folder.path + "/model.ptxm").c_str(), nullptr, &program), nullptr);
    ASSERT_EQ(ptx_binding_create(program, nullptr, &binding), nullptr);
    ASSERT_EQ(ptx_session_open(binding, &session), nullptr);
    options.struct_size = sizeof options;
    ASSERT_EQ(ptx_program_generation(program, &options), nullptr);
    options.max_new_tokens = 6;
    options.bad_word_count = 0;
  }

  void close() {
    ptx_session_close(session);
    ptx_binding_release(binding);
    ptx_program_close(program);
    session = nullptr;
    binding = nullptr;
    program = nullptr;
  }

  Generated generate(std::vector<ptx_tensor> inputs, ptx_token_fn chosen = nullptr, void *user = nullptr) {
    const ptx_tensor *outputs = nullptr;
    size_t count = 0;
    Generated got;
    if (ptx_status *status =
            ptx_session_generate(session, &options, inputs.data(), inputs.size(), chosen, user, &outputs, &count)) {
      got.error = ptx_status_message(status);
      got.code = ptx_status_code(status);
      ptx_status_free(status);
      return got;
    }
    EXPECT_EQ(count, 2u);
    EXPECT_STREQ(outputs[0].name, "generated_ids");
    EXPECT_STREQ(outputs[1].name, "generated_lengths");
    got.shape = {outputs[0].dims[0], outputs[0].dims[1]};
    const int64_t *ids = static_cast<const int64_t *>(outputs[0].data);
    got.ids.assign(ids, ids + got.shape[0] * got.shape[1]);
    const int64_t *lengths = static_cast<const int64_t *>(outputs[1].data);
    got.lengths.assign(lengths, lengths + outputs[1].dims[0]);
    return got;
  }

  static ptx_tensor tensor(const char *name, std::vector<int64_t> &values, uint64_t rows) {
    return {name, PTX_I64, 2, {rows, values.size() / rows, 0}, values.data()};
  }

  /// The greatest logit each time, by calls.
  std::vector<int64_t> greedy(std::vector<int64_t> text, size_t count) {
    std::vector<int64_t> added;
    while (added.size() < count && (added.empty() || added.back() != 29)) {
      Answer answer = call(session, {text, {}, {}, 1, text.size()});
      EXPECT_EQ(answer.error, "");
      auto row = answer.values["logits"].end() - vocabulary;
      added.push_back(std::max_element(row, row + vocabulary) - row);
      text.push_back(added.back());
    }
    return added;
  }

  Folder folder;
  ptx_program *program = nullptr;
  ptx_binding *binding = nullptr;
  ptx_session *session = nullptr;
  ptx_generate_options options = {};
};

} // namespace

// What the artifact says is what the options begin with.
TEST_F(GenerateApi, OptionsBeginWithTheModelsIds) {
  open();
  ASSERT_EQ(options.eos_count, 1u);
  EXPECT_EQ(options.eos_ids[0], 29);
  EXPECT_EQ(options.pad_id, 7);
  EXPECT_EQ(options.start_id, 3);
  EXPECT_EQ(options.forced_first_id, -1);
  ASSERT_EQ(ptx_program_generation(program, &options), nullptr);
  ASSERT_EQ(options.bad_word_count, 2u);
  EXPECT_EQ(options.bad_word_lengths[1], 2u);
  EXPECT_EQ(options.bad_words[2], 3);
  open(false, [](Json &manifest) { manifest.erase("generation"); });
  EXPECT_EQ(options.eos_count, 0u);
  EXPECT_EQ(options.pad_id, -1);
}

// Rows are continued alike alone, padded left, padded right, and with gaps.
TEST_F(GenerateApi, PaddingDoesNotMatter) {
  open();
  std::vector<int64_t> alone = greedy({4, 9, 11}, 6), other = greedy({5, 6, 7, 8, 9}, 6);
  for (const std::vector<int64_t> &mask : {std::vector<int64_t>{0, 0, 1, 1, 1, 1, 1, 1, 1, 1},
                                           {1, 1, 1, 0, 0, 1, 1, 1, 1, 1},
                                           {1, 0, 1, 0, 1, 1, 1, 1, 1, 1}}) {
    std::vector<int64_t> ids = {0, 0, 0, 0, 0, 5, 6, 7, 8, 9}, masks = mask, text = {4, 9, 11};
    for (size_t i = 0, next = 0; i < 5; ++i)
      if (mask[i])
        ids[i] = text[next++];
    Generated got = generate({tensor("input_ids", ids, 2), tensor("attention_mask", masks, 2)});
    ASSERT_EQ(got.error, "");
    std::vector<int64_t> first(got.ids.begin(), got.ids.begin() + got.lengths[0]),
        second(got.ids.begin() + static_cast<int64_t>(got.shape[1]),
               got.ids.begin() + static_cast<int64_t>(got.shape[1]) + got.lengths[1]);
    EXPECT_EQ(first, alone);
    EXPECT_EQ(second, other);
  }
}

// A row that ends early is filled with the pad id, else with the first that ends rows.
TEST_F(GenerateApi, EarlyEndsAreFilled) {
  open();
  std::vector<int64_t> ids = {4, 9, 11, 5, 6, 7}, first = greedy({4, 9, 11}, 6), second = greedy({5, 6, 7}, 6);
  std::vector<int64_t> ends = {first[0], 28};
  ASSERT_EQ(std::count(second.begin(), second.end(), ends[0]), 0);
  options.eos_ids = ends.data();
  options.eos_count = 2;
  for (int64_t pad : {7, -1}) {
    options.pad_id = pad;
    Generated got = generate({tensor("input_ids", ids, 2)});
    ASSERT_EQ(got.error, "");
    EXPECT_EQ(got.lengths, (std::vector<int64_t>{1, 6}));
    int64_t fill = pad < 0 ? ends[0] : pad;
    EXPECT_EQ(std::vector<int64_t>(got.ids.begin(), got.ids.begin() + 6),
              (std::vector<int64_t>{ends[0], fill, fill, fill, fill, fill}));
  }
}

// Rows of different adapters share a batch.
TEST_F(GenerateApi, RowsChooseAdapters) {
  open(/*separate=*/true);
  std::vector<int64_t> ids = {4, 9, 4, 9, 4, 9}, adapters = {-1, 0, 1};
  ptx_tensor choice = {"adapter_ids", PTX_I64, 1, {3, 0, 0}, adapters.data()};
  Generated mixed = generate({tensor("input_ids", ids, 3), choice});
  ASSERT_EQ(mixed.error, "");
  for (size_t row = 0; row < 3; ++row) {
    std::vector<int64_t> own = {adapters[row]};
    ptx_tensor one = {"adapter_ids", PTX_I64, 1, {1, 0, 0}, own.data()};
    std::vector<int64_t> text = {4, 9};
    Generated single = generate({tensor("input_ids", text, 1), one});
    ASSERT_EQ(single.error, "");
    auto begin = mixed.ids.begin() + static_cast<int64_t>(row * mixed.shape[1]);
    EXPECT_EQ(single.ids, std::vector<int64_t>(begin, begin + mixed.lengths[row])) << row;
  }
  adapters[1] = 2;
  EXPECT_EQ(generate({tensor("input_ids", ids, 3), choice}).error,
            "generation, input 'adapter_ids': is 2 at [1], expected -1 to 1");
}

// Who listens may end it; the session is there for the next call, and for none meanwhile.
TEST_F(GenerateApi, CancelsAndIsBusyMeanwhile) {
  open();
  std::vector<int64_t> ids = {4, 9};
  struct Listener {
    ptx_session *session;
    size_t count;
    std::vector<ptx_code> codes;
  } listener{session, 0, {}};
  ptx_token_fn listen = [](void *user, size_t, int64_t) -> int {
    Listener &own = *static_cast<Listener *>(user);
    std::thread([&] { own.codes.push_back(call(own.session, {{1}, {}, {}, 1, 1}).code); }).join();
    return ++own.count == 3;
  };
  Generated got = generate({tensor("input_ids", ids, 1)}, listen, &listener);
  EXPECT_EQ(got.code, PTX_CANCELLED);
  EXPECT_EQ(got.error.find("the generation was cancelled behind id "), 0u) << got.error;
  EXPECT_EQ(listener.codes, (std::vector<ptx_code>{PTX_BUSY, PTX_BUSY, PTX_BUSY}));
  EXPECT_EQ(generate({tensor("input_ids", ids, 1)}).error, "");
  ptx_session_set_cancel(session, [](void *) { return 1; }, nullptr);
  EXPECT_EQ(generate({tensor("input_ids", ids, 1)}).code, PTX_CANCELLED);
}

// As each id is chosen the session knows the launches of the step that it came of.
TEST_F(GenerateApi, StepsHaveAProfile) {
  open();
  struct Seen {
    ptx_session *session;
    size_t steps = 0;
  } seen{session};
  auto chosen = [](void *user, size_t, int64_t) {
    Seen &seen = *static_cast<Seen *>(user);
    const ptx_launch_profile *launches;
    size_t count;
    ptx_session_profile(seen.session, &launches, &count);
    seen.steps += count > 0 && launches[count - 1].end > 0;
    return 0;
  };
  std::vector<int64_t> ids = {3, 5, 9};
  EXPECT_EQ(generate({tensor("input_ids", ids, 1)}, chosen, &seen).ids.size(), seen.steps);
  EXPECT_GT(seen.steps, 0u);
}

// What is wrong with inputs is said with its place.
TEST_F(GenerateApi, InputsAreChecked) {
  open();
  std::vector<int64_t> ids = {4, 9, 30, 1}, good = {4, 9, 2, 1}, mask = {1, 1, 0, 0}, other = {1, 2, 1, 1};
  auto said = [&](std::vector<ptx_tensor> inputs) { return generate(std::move(inputs)).error; };
  EXPECT_EQ(said({}), "generation, input 'input_ids': is missing");
  EXPECT_EQ(said({tensor("input_ids", ids, 2)}), "generation, input 'input_ids': is 30 at [1,0], expected 0 to 29");
  EXPECT_EQ(said({tensor("input_ids", good, 2), tensor("attention_mask", mask, 2)}),
            "generation, input 'attention_mask': hides every id of row 1");
  EXPECT_EQ(said({tensor("input_ids", good, 2), tensor("attention_mask", other, 2)}),
            "generation, input 'attention_mask': is 2 at [0,1], expected 0 or 1");
  EXPECT_EQ(said({tensor("input_ids", good, 2), tensor("attention_mask", other, 1)}),
            "generation, input 'attention_mask': has another shape than 'input_ids', which is [2,2]");
  EXPECT_EQ(said({tensor("input_ids", good, 2), tensor("input_ids", good, 2)}),
            "generation, input 'input_ids': is given twice");
  EXPECT_EQ(said({tensor("input_ids", good, 2), tensor("position_ids", good, 2)}),
            "generation, input 'position_ids': is unknown; generation takes input_ids, attention_mask");
  ptx_tensor odd = tensor("input_ids", good, 2);
  odd.rank = 1;
  EXPECT_EQ(said({odd}), "generation, input 'input_ids': has rank 1, expected [B,S]");
  odd = tensor("input_ids", good, 2);
  odd.dims[0] = 1ull << 40;
  EXPECT_EQ(said({odd}),
            "generation, input 'input_ids': is [1099511627776,2], expected 1 to 4096 rows of at least one id");
  odd = tensor("input_ids", good, 2);
  odd.data = nullptr;
  EXPECT_EQ(said({odd}), "generation, input 'input_ids': has no data");
  odd = tensor("input_ids", good, 2);
  odd.dtype = PTX_F32;
  EXPECT_EQ(said({odd}), "generation, input 'input_ids': has floating-point values, expected I64 or I32");
  std::vector<int64_t> longest(201, 1);
  EXPECT_EQ(said({tensor("input_ids", longest, 1)}),
            "generation, input 'input_ids': row 0 has 201 ids, the model has 200 positions");
}

// Lengths and ids that cannot be are refused before anything is computed.
TEST_F(GenerateApi, OptionsAreChecked) {
  open();
  std::vector<int64_t> ids = {4, 9};
  auto said = [&] { return generate({tensor("input_ids", ids, 1)}).error; };
  options.max_new_tokens = 0;
  EXPECT_EQ(said(), "generation, option 'max_new_tokens': is 0, expected 1 to 200, the model's positions");
  options.max_new_tokens = 199;
  EXPECT_EQ(said(), "generation: row 0 begins with 2 ids, with 199 new ones it has 201, the model has 200 positions");
  options.max_new_tokens = 6;
  int64_t end = 30;
  options.eos_ids = &end;
  EXPECT_EQ(said(), "generation, option 'eos_ids': is 30, expected an id from 0 to 29");
  options.eos_ids = nullptr;
  EXPECT_EQ(said(), "generation, option 'eos_ids': are 1, expected at most 4096 and their memory");
  options.eos_count = 0;
  options.pad_id = -2;
  EXPECT_EQ(said(), "generation, option 'pad_id': is -2, expected an id from 0 to 2147483647");
  options.pad_id = -1;
  options.min_new_tokens = 7;
  EXPECT_EQ(said(), "generation, option 'min_new_tokens': is 7, expected at most 6, which is max_new_tokens");
  options.min_new_tokens = 0;
  for (double penalty : {0.0, -1.0, 1e300}) {
    options.repetition_penalty = penalty;
    EXPECT_NE(said().find("generation, option 'repetition_penalty': is "), std::string::npos) << penalty;
  }
  options.repetition_penalty = 1;
  size_t length = 0;
  options.bad_words = &end;
  options.bad_word_lengths = &length;
  options.bad_word_count = 1;
  EXPECT_EQ(said(), "generation, option 'bad_words': one is empty, expected at least one id in each");
  length = 1;
  EXPECT_EQ(said(), "generation, option 'bad_words': is 30, expected an id from 0 to 29");
  options.bad_words = nullptr;
  EXPECT_EQ(said(), "generation, option 'bad_words': are 1, expected at most 65536 and their memory");
  options.bad_word_count = 0;
  options.top_k = 3;
  EXPECT_EQ(said(), "generation, option 'top_k': has no effect without 'sample'");
  options.sample = 1;
  EXPECT_EQ(said(), "");
  options.top_p = 0;
  EXPECT_EQ(said(), "generation, option 'top_p': is 0, expected a number above 0, at most 1");
  options.top_p = 1;
  options.temperature = NAN;
  EXPECT_EQ(said(), "generation, option 'temperature': is nan, expected a number above 0");
  options.temperature = 1;
  options.beams = 2;
  options.top_k = 0;
  EXPECT_EQ(said(), "generation, option 'beams': is 2, which does not go with 'sample'");
  options.sample = 0;
  EXPECT_EQ(said(), "");
  options.length_penalty = 1e300;
  EXPECT_EQ(said(),
            "generation, option 'length_penalty': is 1e+300, expected a number to which 6 can be raised in f32");
  options.length_penalty = 2;
  for (uint32_t beams : {0u, 257u}) {
    options.beams = beams;
    EXPECT_EQ(said(), "generation, option 'beams': is " + std::to_string(beams) + ", expected 1 to 256");
  }
  options.beams = 1;
  EXPECT_EQ(said(), "generation, option 'length_penalty': has no effect with one beam");
  options.length_penalty = 1;
  options.early_stopping = PTX_STOP_NEVER;
  EXPECT_EQ(said(), "generation, option 'early_stopping': has no effect with one beam");
  options.early_stopping = PTX_STOP_LIKELY;
  options.beams = 256;
  std::vector<int64_t> many(17, 1);
  EXPECT_EQ(generate({tensor("input_ids", many, 17)}).error,
            "generation, option 'beams': is 256, with 17 rows expected at most 240");
  options.beams = 1;
  options.struct_size = 8;
  EXPECT_NE(said().find("ptx_session_generate: struct_size is 8, expected "), std::string::npos);
}

// A program without logits over its own ids does not generate.
TEST_F(GenerateApi, OtherProgramsAreRefused) {
  std::vector<int64_t> ids = {4, 9};
  for (auto change : {+[](Json &manifest) { manifest["functions"][0]["outputs"][0]["name"] = "hidden"; },
                      +[](Json &manifest) { manifest["functions"][0]["name"] = "encode"; },
                      +[](Json &manifest) { manifest["functions"][0]["outputs"][0]["width"] = 0; },
                      +[](Json &manifest) { manifest["functions"][0]["outputs"][0]["width"] = vocabulary + 1; }}) {
    open(false, change);
    Generated got = generate({tensor("input_ids", ids, 1)});
    EXPECT_EQ(got.code, PTX_NOT_FOUND);
    EXPECT_EQ(got.error.find("the program does not generate text"), 0u) << got.error;
  }
}

// NULL is an error, not a crash.
TEST_F(GenerateApi, NullIsRefused) {
  open();
  const ptx_tensor *outputs = nullptr;
  size_t count = 0;
  for (ptx_status *status : {ptx_session_generate(nullptr, &options, nullptr, 0, nullptr, nullptr, &outputs, &count),
                             ptx_session_generate(session, nullptr, nullptr, 0, nullptr, nullptr, &outputs, &count),
                             ptx_session_generate(session, &options, nullptr, 1, nullptr, nullptr, &outputs, &count),
                             ptx_session_generate(session, &options, nullptr, 0, nullptr, nullptr, nullptr, &count),
                             ptx_program_generation(nullptr, &options), ptx_program_generation(program, nullptr)}) {
    EXPECT_EQ(ptx_status_code(status), PTX_INVALID_ARGUMENT);
    ptx_status_free(status);
  }
}
