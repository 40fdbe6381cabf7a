// Artifact to outputs through ptx.h, with kernels compiled from C.
#include "test/runtime/core/Tiny.h"

#include "runtime/io/file.h"
#include "runtime/io/safetensors.h"

#include <gtest/gtest.h>

#include <atomic>

#include <cmath>
#include <cstring>
#include <fstream>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <xmmintrin.h>

using namespace ptx;
using namespace ptx::tiny;

namespace {

class EndToEnd : public ::testing::Test {
protected:
  void make(bool separate) { writeArtifact(folder.path, manifestOf(folder.path, weights, separate)); }
  Call ragged() {
    return {{1, 2, 3, 4, 5, 6, 7, 0, 0, 0, 0, 8, 9, 10, 11}, {1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 1, 1, 0, 1}, {}, 3, 5};
  }
  /// One row of "hidden" as doubles say.
  double expected(int64_t id, uint64_t n, double place) {
    double sum = weights.tensors["bias"].values[n] + place;
    for (uint64_t k = 0; k < width; ++k)
      sum += double(weights.tensors["table"].values[id * width + k]) * weights.tensors["weight"].values[n * width + k];
    return sum;
  }
  Folder folder;
  Weights weights = makeWeights();
};

bool sameBytes(const std::vector<float> &a, const std::vector<float> &b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

} // namespace

// Rows come back to their places, absent positions are zero, sequences have their mean.
TEST_F(EndToEnd, ComputesTheModel) {
  make(false);
  Answer answer = runOnce(folder.path, nullptr, ragged());
  ASSERT_EQ(answer.error, "");
  const auto &hidden = answer.values["hidden"];
  ASSERT_EQ(hidden.size(), 15 * outputs);
  Call input = ragged();
  for (uint64_t b = 0; b < 3; ++b)
    for (uint64_t s = 0, place = 0; s < 5; ++s)
      for (uint64_t n = 0, visible = input.mask[b * 5 + s]; n < outputs; ++n) {
        float found = hidden[(b * 5 + s) * outputs + n];
        ASSERT_NEAR(found, visible ? expected(input.ids[b * 5 + s], n, place) : 0.0, 1e-4);
        place += visible && n + 1 == outputs;
      }
  EXPECT_EQ(answer.values["pooled"].size(), 3 * outputs);
}

// A sequence's bytes do not depend on threads, neighbours or padding.
TEST_F(EndToEnd, BytesDependOnTheRowAlone) {
  make(false);
  Answer batch = runOnce(folder.path, "da", ragged(), 1), threads = runOnce(folder.path, "da", ragged(), 8);
  EXPECT_TRUE(sameBytes(batch.values["hidden"], threads.values["hidden"]));
  Answer alone = runOnce(folder.path, "da", {{6, 7}, {}, {}, 1, 2});
  ASSERT_EQ(alone.error, "");
  const float *row = batch.values["hidden"].data() + 5 * outputs;
  EXPECT_EQ(std::memcmp(row, alone.values["hidden"].data(), 2 * outputs * sizeof(float)), 0);
  EXPECT_EQ(
      std::memcmp(batch.values["pooled"].data() + outputs, alone.values["pooled"].data(), outputs * sizeof(float)), 0);
}

// A caller that rounds otherwise and flushes denormals gets the same bytes, and its own mode back.
TEST_F(EndToEnd, CallersOwnFloats) {
  make(false);
  for (float &value : weights.tensors["bias"].values)
    value *= 1e-41f; // denormal
  make(false);
  for (uint32_t threads : {1, 4}) {
    std::vector<float> expected = runOnce(folder.path, "da", ragged(), threads).values["hidden"];
    const unsigned usual = _mm_getcsr(), strange = usual | _MM_ROUND_TOWARD_ZERO | _MM_FLUSH_ZERO_ON | 0x40;
    _mm_setcsr(strange);
    Answer answer = runOnce(folder.path, "da", ragged(), threads);
    const unsigned left = _mm_getcsr();
    _mm_setcsr(usual);
    EXPECT_TRUE(sameBytes(answer.values["hidden"], expected));
    EXPECT_EQ(left & ~0x3fu, strange & ~0x3fu); // but for the flags of what the test itself computes
  }
}

// A -> none -> B -> A gives A's bytes again, and none those of a program without adapters.
TEST_F(EndToEnd, SwapsAreExact) {
  make(false);
  std::string path = folder / "model.ptxm";
  ptx_program *program = nullptr;
  ASSERT_EQ(ptx_program_open(path.c_str(), nullptr, &program), nullptr);
  std::map<std::string, std::vector<float>> seen;
  for (const char *name : {"da", "none", "db", "da", "none", "db"}) {
    ptx_binding *binding = nullptr;
    ptx_session *session = nullptr;
    ASSERT_EQ(ptx_binding_create(program, name, &binding), nullptr);
    ASSERT_EQ(ptx_session_open(binding, &session), nullptr);
    ptx_binding_release(binding); // the session keeps it
    std::vector<float> hidden = call(session, ragged()).values["hidden"];
    if (seen.count(name))
      EXPECT_TRUE(sameBytes(seen[name], hidden)) << name;
    seen[name] = hidden;
    ptx_session_close(session);
  }
  EXPECT_FALSE(sameBytes(seen["da"], seen["none"]));
  EXPECT_FALSE(sameBytes(seen["da"], seen["db"]));
  ptx_program_close(program);
  auto plain = manifestOf(folder.path, weights, false);
  plain["adapters"] = nlohmann::ordered_json::array();
  writeArtifact(folder.path, plain);
  EXPECT_TRUE(sameBytes(runOnce(folder.path, nullptr, ragged()).values["hidden"], seen["none"]));
}

// Factors kept apart that are not finite, or whose product is not, are refused
// by name; in a mixed batch the rows of others keep their bytes.
TEST_F(EndToEnd, FlawedFactors) {
  struct Case {
    const char *tensor;
    float value;
    std::string expected;
  };
  make(true);
  std::vector<float> clean = runOnce(folder.path, "db", ragged()).values["hidden"];
  const Weights kept = weights;
  for (const Case &flaw : {Case{"da.a", NAN, "factor A is not finite at index 3"},
                           Case{"da.b", -INFINITY, "factor B is not finite at index 3"},
                           Case{"da.a", 3e38f, "output 0: the product of the factors is not finite at index 3"}}) {
    weights = kept;
    weights.tensors[flaw.tensor].values[3] = flaw.value;
    for (float &value : weights.tensors["da.b"].values)
      value = std::isfinite(value) && flaw.value > 1e38f ? 100.0f : value;
    make(true);
    std::string error = runOnce(folder.path, "da", ragged()).error;
    EXPECT_NE(error.find("adapter 'da', 'linear'"), std::string::npos) << error;
    EXPECT_NE(error.find(flaw.expected), std::string::npos) << error;
    Call mixed = ragged();
    mixed.adapters = {1, 0, 1};
    Answer answer = runOnce(folder.path, nullptr, mixed);
    ASSERT_EQ(answer.error, "");
    for (uint64_t b : {0, 2})
      EXPECT_EQ(std::memcmp(answer.values["hidden"].data() + b * 5 * outputs, clean.data() + b * 5 * outputs,
                            5 * outputs * sizeof(float)),
                0);
  }
}

// Kept apart, adapters mix in a batch; each row has the bytes it has alone.
TEST_F(EndToEnd, MixedAdapters) {
  make(true);
  Call mixed = ragged();
  mixed.adapters = {1, -1, 0};
  Answer answer = runOnce(folder.path, nullptr, mixed, 4);
  ASSERT_EQ(answer.error, "");
  const char *names[] = {"db", "none", "da"};
  for (uint64_t b = 0; b < 3; ++b) {
    Answer alone = runOnce(folder.path, names[b], ragged());
    EXPECT_EQ(std::memcmp(answer.values["hidden"].data() + b * 5 * outputs,
                          alone.values["hidden"].data() + b * 5 * outputs, 5 * outputs * sizeof(float)),
              0)
        << names[b];
  }
  mixed.adapters = {1, 2, 0};
  EXPECT_NE(runOnce(folder.path, nullptr, mixed).error.find("adapter_ids': is 2 at [1], expected -1 to 1"),
            std::string::npos);
}

// Two programs at once have their own kernels: the loader must not take the
// second library, from a path like the first one's, for the first.
TEST_F(EndToEnd, TwoProgramsAtOnce) {
  make(false);
  Folder other;
  writeArtifact(other.path, manifestOf(other.path, weights, false), OTHER_KERNELS);
  std::vector<float> results[2];
  ptx_program *programs[2] = {};
  const Folder *folders[] = {&folder, &other};
  for (int i = 0; i < 2; ++i)
    ASSERT_EQ(ptx_program_open((*folders[i] / "model.ptxm").c_str(), nullptr, &programs[i]), nullptr);
  for (int i = 0; i < 2; ++i) {
    ptx_binding *binding = nullptr;
    ptx_session *session = nullptr;
    ASSERT_EQ(ptx_binding_create(programs[i], nullptr, &binding), nullptr);
    ASSERT_EQ(ptx_session_open(binding, &session), nullptr);
    results[i] = call(session, ragged()).values["hidden"];
    ptx_session_close(session);
    ptx_binding_release(binding);
  }
  EXPECT_NEAR(results[0][outputs], expected(2, 0, 1), 1e-4);
  EXPECT_NEAR(results[1][outputs], expected(2, 0, 1000), 1e-2);
  for (ptx_program *program : programs)
    ptx_program_close(program);
}

// A call is stopped between launches, and the session can be used again.
TEST_F(EndToEnd, Cancel) {
  make(false);
  ptx_program *program = nullptr;
  ptx_binding *binding = nullptr;
  ptx_session *session = nullptr;
  ASSERT_EQ(ptx_program_open((folder / "model.ptxm").c_str(), nullptr, &program), nullptr);
  ASSERT_EQ(ptx_binding_create(program, nullptr, &binding), nullptr);
  ASSERT_EQ(ptx_session_open(binding, &session), nullptr);
  int left = 2;
  ptx_session_set_cancel(session, [](void *user) { return --*static_cast<int *>(user) < 0 ? 1 : 0; }, &left);
  EXPECT_EQ(call(session, ragged()).code, PTX_CANCELLED);
  ptx_session_set_cancel(session, nullptr, nullptr);
  EXPECT_EQ(call(session, ragged()).code, PTX_OK);
  ptx_session_close(session);
  ptx_binding_release(binding);
  ptx_program_close(program);
}

// Sessions of one program run at once, each with the right bytes.
TEST_F(EndToEnd, SessionsInThreads) {
  make(false);
  std::vector<float> right = runOnce(folder.path, "da", ragged()).values["hidden"];
  ptx_program *program = nullptr;
  ASSERT_EQ(ptx_program_open((folder / "model.ptxm").c_str(), nullptr, &program), nullptr);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      ptx_binding *binding = nullptr;
      ptx_session *session = nullptr;
      ASSERT_EQ(ptx_binding_create(program, "da", &binding), nullptr);
      ASSERT_EQ(ptx_session_open(binding, &session), nullptr);
      for (int i = 0; i < 20; ++i)
        EXPECT_TRUE(sameBytes(call(session, ragged()).values["hidden"], right));
      ptx_session_close(session);
      ptx_binding_release(binding);
    });
  for (std::thread &thread : threads)
    thread.join();
  ptx_program_close(program);
}

// Threads on one session: a call is served whole or refused as busy; what is
// copied to the caller's memory is of that call.
TEST_F(EndToEnd, OneSessionInThreads) {
  make(false);
  ptx_program *program = nullptr;
  ptx_binding *binding = nullptr;
  ptx_session *session = nullptr;
  ASSERT_EQ(ptx_program_open((folder / "model.ptxm").c_str(), nullptr, &program), nullptr);
  ASSERT_EQ(ptx_binding_create(program, "da", &binding), nullptr);
  ASSERT_EQ(ptx_session_open(binding, &session), nullptr);
  ptx_session_set_cancel(session, [](void *) { return ::usleep(50), 0; }, nullptr);
  std::atomic<int> served{0}, refused{0};
  auto serve = [&](int64_t id) {
    std::vector<float> right = runOnce(folder.path, "da", {{id, 3}, {}, {}, 1, 2}).values["hidden"], got(2 * outputs);
    int64_t ids[] = {id, 3};
    const ptx_tensor input = {"input_ids", PTX_I64, 2, {1, 2}, ids};
    const ptx_tensor output = {"hidden", PTX_F32, 3, {1, 2, outputs}, got.data()};
    for (int i = 0; i < 100; ++i) {
      ptx_status *status = ptx_session_call_into(session, "forward", &input, 1, &output, 1);
      if (status)
        EXPECT_EQ(ptx_status_code(status), PTX_BUSY) << ptx_status_message(status);
      else
        EXPECT_TRUE(sameBytes(got, right));
      ++(status ? refused : served);
      ptx_status_free(status);
    }
  };
  std::vector<std::thread> threads;
  for (int64_t id = 1; id < 5; ++id)
    threads.emplace_back(serve, id);
  for (std::thread &thread : threads)
    thread.join();
  EXPECT_GT(served, 0);
  EXPECT_GT(refused, 0);
  ptx_session_close(session);
  ptx_binding_release(binding);
  ptx_program_close(program);
}

// Codes by what happened, wherever it did.
TEST_F(EndToEnd, Codes) {
  make(false);
  auto code = [](ptx_status *status) {
    ptx_code found = ptx_status_code(status);
    ptx_status_free(status);
    return found;
  };
  ptx_program *program = nullptr;
  ptx_binding *binding = nullptr;
  ptx_session *session = nullptr;
  EXPECT_EQ(code(ptx_program_open((folder / "none.ptxm").c_str(), nullptr, &program)), PTX_INVALID_PROGRAM);
  ASSERT_EQ(ptx_program_open((folder / "model.ptxm").c_str(), nullptr, &program), nullptr);
  EXPECT_EQ(code(ptx_binding_create(program, "dc", &binding)), PTX_NOT_FOUND);
  EXPECT_EQ(code(ptx_binding_create(program, "da", nullptr)), PTX_INVALID_ARGUMENT);
  ASSERT_EQ(ptx_binding_create(program, "da", &binding), nullptr);
  ASSERT_EQ(ptx_session_open(binding, &session), nullptr);
  int64_t ids[] = {1};
  float values[1];
  const ptx_tensor input = {"input_ids", PTX_I64, 2, {1, 1}, ids}, other = {"nothing", PTX_F32, 1, {1}, values};
  EXPECT_EQ(code(ptx_session_call_into(session, "backward", &input, 1, &other, 1)), PTX_NOT_FOUND);
  EXPECT_EQ(code(ptx_session_call_into(session, "forward", &input, 1, &other, 1)), PTX_NOT_FOUND);
  EXPECT_EQ(code(ptx_session_call_into(session, "forward", &input, 1, nullptr, 1)), PTX_INVALID_ARGUMENT);
  ids[0] = -1;
  EXPECT_EQ(code(ptx_session_call_into(session, "forward", &input, 1, nullptr, 0)), PTX_INVALID_ARGUMENT);
  ptx_session_close(session);
  ptx_binding_release(binding);
  ::unlink((folder / "weights.safetensors").c_str());
  EXPECT_EQ(code(ptx_binding_create(program, "db", &binding)), PTX_INVALID_PROGRAM);
  ptx_program_close(program);
}

// A parameter file that is changed, cut or gone is refused by name.
TEST_F(EndToEnd, ChangedParameterFileIsRefused) {
  make(false);
  std::string path = folder / "weights.safetensors", bytes = *readWhole(path, 1 << 26), changed = bytes;
  auto refusal = [&](const std::string &content) {
    std::ofstream(path, std::ios::binary | std::ios::trunc) << content;
    return runOnce(folder.path, "da", ragged()).error;
  };
  changed[changed.size() / 2] ^= 1;
  EXPECT_NE(refusal(changed).find("differs"), std::string::npos);
  EXPECT_NE(refusal(bytes.substr(0, bytes.size() - 1)).find("bytes"), std::string::npos);
  EXPECT_EQ(refusal(bytes), "");
  ::unlink(path.c_str());
  EXPECT_NE(runOnce(folder.path, "da", ragged()).error.find("--params"), std::string::npos);
}

// Wrong inputs are named, with what was found and what was expected.
TEST_F(EndToEnd, WrongInputs) {
  make(false);
  auto error = [&](Call input) { return runOnce(folder.path, "none", input).error; };
  EXPECT_NE(error({{1, 30}, {}, {}, 1, 2}).find("'input_ids': is 30 at [0,1], expected 0 to 29"), std::string::npos);
  EXPECT_NE(error({{1, -1}, {}, {}, 1, 2}).find("is -1"), std::string::npos);
  EXPECT_NE(error({{1, 1}, {1, 2}, {}, 1, 2}).find("'attention_mask': is 2 at [0,1]"), std::string::npos);
  EXPECT_NE(error({{1}, {}, {}, 0, 1}).find("B is 0"), std::string::npos);
  EXPECT_NE(error({{1}, {}, {}, 1, 0}).find("S is 0"), std::string::npos);
  EXPECT_NE(error({{}, {1}, {}, 1, 1}).find("'input_ids': is missing"), std::string::npos);
  EXPECT_NE(error({std::vector<int64_t>(201, 1), {}, {}, 1, 201}).find("200"), std::string::npos);
  EXPECT_NE(error({{1}, {}, {0}, 1, 1}).find("'adapter_ids': is unknown"), std::string::npos);
  EXPECT_NE(runOnce(folder.path, "dx", ragged()).error.find("none, da, db"), std::string::npos);
}

// The tool: a list of adapters in one process, outputs numbered beside the name.
TEST_F(EndToEnd, ToolRunsAListOfAdapters) {
  make(false);
  Call input = ragged();
  std::vector<TensorToWrite> tensors = {{"input_ids", DType::I64, {3, 5}, input.ids.data()},
                                        {"attention_mask", DType::I64, {3, 5}, input.mask.data()}};
  ASSERT_TRUE(writeSafetensors(folder / "in.safetensors", tensors));
  std::string start = std::string(PTX_RUN) + " " + (folder / "model.ptxm") + " --inputs " +
                      (folder / "in.safetensors") + " --outputs " + (folder / "out.safetensors");
  EXPECT_EQ(WEXITSTATUS(std::system((start + " --adapter=da,none,da --trace=" + (folder / "trace.json")).c_str())), 0);
  auto read = [&](int i) { return *readWhole(folder / ("out." + std::to_string(i) + ".safetensors"), 1 << 26); };
  EXPECT_EQ(read(0), read(2));
  EXPECT_NE(read(0), read(1));
  EXPECT_NE(readWhole(folder / "trace.2.json", 1 << 26)->find("linear"), std::string::npos);
  EXPECT_EQ(WEXITSTATUS(std::system((start + " 2>" + (folder / "err")).c_str())), 1);
  EXPECT_NE(readWhole(folder / "err", 1 << 20)->find("ptx-run: error: "), std::string::npos);
  EXPECT_EQ(WEXITSTATUS(std::system(
                (start + " --generate --max-new-tokens=3 --adapter=da,none 2>" + (folder / "err")).c_str())),
            1);
  EXPECT_NE(readWhole(folder / "err", 1 << 20)->find("ptx-run: error: --generate runs under one adapter"),
            std::string::npos);
  EXPECT_EQ(WEXITSTATUS(std::system((start + " --device=reference --adapter=da 2>" + (folder / "err")).c_str())), 1);
  // Without the compiler's plug-in there is no such device; with it, no such function in this program's text.
  std::string error = *readWhole(folder / "err", 1 << 20);
  EXPECT_TRUE(error.find("'reference'") != std::string::npos ||
              error.find("has no function 'forward'") != std::string::npos)
      << error;
}
