// What the preamble of ptx.h promises beside results: NULL, sizes, places, forks.
#include "test/runtime/core/Tiny.h"

#include "runtime/core/fork_lock.h"

#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>
#include <functional>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

using namespace ptx;
using namespace ptx::tiny;
namespace fs = std::filesystem;

namespace {

class Promises : public ::testing::Test {
protected:
  void SetUp() override { before = fs::current_path(); }
  void TearDown() override {
    ptx_session_close(session);
    ptx_binding_release(binding);
    ptx_program_close(program);
    fs::current_path(before);
  }
  void make(bool separate) { writeArtifact(folder.path, manifestOf(folder.path, makeWeights(), separate)); }

  /// The message of a status, "" for none.
  static std::string said(ptx_status *status, ptx_code *code = nullptr) {
    std::string message = ptx_status_message(status);
    if (code)
      *code = ptx_status_code(status);
    ptx_status_free(status);
    return message;
  }
  std::string openAt(const std::string &path, const char *parameters = nullptr) {
    ptx_program_options options = {};
    options.struct_size = sizeof options;
    options.parameters = parameters;
    options.threads = 2;
    return said(ptx_program_open(path.c_str(), &options, &program));
  }
  std::string bind(const char *adapter) {
    std::string error = said(ptx_binding_create(program, adapter, &binding));
    return error.empty() ? said(ptx_session_open(binding, &session)) : error;
  }

  Folder folder;
  fs::path before;
  ptx_program *program = nullptr;
  ptx_binding *binding = nullptr;
  ptx_session *session = nullptr;
};

/// Runs `body` in a child that is killed where it hangs; its exit status.
int inChild(const std::function<int()> &body) {
  pid_t pid = fork();
  if (pid == 0) {
    alarm(20);
    _exit(body());
  }
  int status = 0;
  waitpid(pid, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

} // namespace

// No function takes NULL for what it needs, and none crashes on it.
TEST_F(Promises, NullArguments) {
  make(true);
  ASSERT_EQ(openAt(folder / "model.ptxm"), "");
  ASSERT_EQ(bind(nullptr), "");
  ptx_value_info info;
  ptx_input_limits limits = {sizeof limits, 0, 0, 0};
  const ptx_tensor *outputs = nullptr;
  size_t count = 0;
  int64_t id = 0;
  ptx_program *otherProgram = nullptr;
  ptx_binding *otherBinding = nullptr;
  ptx_session *otherSession = nullptr;
  const char *f = ptx_program_function(program, 0);
  const std::function<ptx_status *()> refused[] = {
      [&] { return ptx_program_open(nullptr, nullptr, &otherProgram); },
      [&] { return ptx_program_open("x", nullptr, nullptr); },
      [&] { return ptx_program_input(nullptr, f, 0, &info); },
      [&] { return ptx_program_input(program, nullptr, 0, &info); },
      [&] { return ptx_program_input(program, f, 0, nullptr); },
      [&] { return ptx_program_input_limits(nullptr, f, 0, &limits); },
      [&] { return ptx_program_input_limits(program, nullptr, 0, &limits); },
      [&] { return ptx_program_input_limits(program, f, 0, nullptr); },
      [&] { return ptx_program_output(nullptr, f, 0, &info); },
      [&] { return ptx_program_output(program, nullptr, 0, &info); },
      [&] { return ptx_program_output(program, f, 0, nullptr); },
      [&] { return ptx_program_adapter_id(nullptr, "da", &id); },
      [&] { return ptx_program_adapter_id(program, "da", nullptr); },
      [&] { return ptx_binding_create(nullptr, nullptr, &otherBinding); },
      [&] { return ptx_binding_create(program, nullptr, nullptr); },
      [&] { return ptx_session_open(nullptr, &otherSession); },
      [&] { return ptx_session_open(binding, nullptr); },
      [&] { return ptx_session_bind(nullptr, binding); },
      [&] { return ptx_session_bind(session, nullptr); },
      [&] { return ptx_session_call(nullptr, f, nullptr, 0, &outputs, &count); },
      [&] { return ptx_session_call(session, nullptr, nullptr, 0, &outputs, &count); },
      [&] { return ptx_session_call(session, f, nullptr, 1, &outputs, &count); },
      [&] { return ptx_session_call(session, f, nullptr, 0, nullptr, &count); },
      [&] { return ptx_session_call(session, f, nullptr, 0, &outputs, nullptr); },
      [&] { return ptx_session_call_into(nullptr, f, nullptr, 0, nullptr, 0); },
      [&] { return ptx_session_call_into(session, nullptr, nullptr, 0, nullptr, 0); },
      [&] { return ptx_session_call_into(session, f, nullptr, 0, nullptr, 1); },
  };
  for (size_t i = 0; i < std::size(refused); ++i) {
    ptx_code code = PTX_OK;
    EXPECT_NE(said(refused[i](), &code), "") << i;
    EXPECT_TRUE(code == PTX_INVALID_ARGUMENT || code == PTX_INVALID_PROGRAM) << i;
  }
  EXPECT_EQ(ptx_program_level(nullptr), nullptr);
  EXPECT_EQ(ptx_program_threads(nullptr), 0u);
  EXPECT_EQ(ptx_program_adapter_count(nullptr), 0u);
  EXPECT_EQ(ptx_program_adapter(nullptr, 0), nullptr);
  EXPECT_EQ(ptx_program_function_count(nullptr), 0u);
  EXPECT_EQ(ptx_program_function(nullptr, 0), nullptr);
  EXPECT_EQ(ptx_program_signature(nullptr, f), nullptr);
  EXPECT_EQ(ptx_program_signature(program, nullptr), nullptr);
  EXPECT_EQ(ptx_program_input_count(nullptr, f), 0u);
  EXPECT_EQ(ptx_program_output_count(program, nullptr), 0u);
  EXPECT_EQ(ptx_program_probe_roof(nullptr), 0.0);
  EXPECT_EQ(ptx_status_code(nullptr), PTX_OK);
  EXPECT_STREQ(ptx_status_message(nullptr), "");
  ptx_status_free(nullptr);
  ptx_program_close(nullptr);
  ptx_binding_retain(nullptr);
  ptx_binding_release(nullptr);
  ptx_session_close(nullptr);
  ptx_session_set_cancel(nullptr, nullptr, nullptr);
  ptx_session_profile(nullptr, nullptr, nullptr);
  ptx_session_set_trace(nullptr, 1);
  ptx_session_workers(nullptr, nullptr, nullptr);
  EXPECT_EQ(ptx_program_probe_bandwidth(nullptr, 1), 0.0);
}

// The last call's own, and nothing after one that failed; what is moved is counted in driver/profile.test.
TEST_F(Promises, ProfileAndWorkers) {
  make(false);
  ASSERT_EQ(openAt(folder / "model.ptxm"), "");
  ASSERT_EQ(bind("none"), "");
  const ptx_launch_profile *launches = nullptr;
  const ptx_worker_profile *workers = nullptr;
  size_t count = 7, workerCount = 7;
  ptx_session_profile(session, &launches, &count);
  EXPECT_EQ(count, 0u);
  ASSERT_EQ(call(session, {{1, 2, 1, 2}, {}, {}, 2, 2}).error, "");
  ptx_session_profile(session, &launches, &count);
  ptx_session_workers(session, &workers, &workerCount);
  ASSERT_GT(count, 0u);
  EXPECT_EQ(workerCount, 0u); // not asked for
  for (size_t i = 0; i < count; ++i) {
    EXPECT_GE(launches[i].bytes, 0) << launches[i].label;
    EXPECT_LE(launches[i].start, launches[i].end);
  }
  double bytes = launches[count - 1].bytes;
  ptx_session_set_trace(session, 1);
  ASSERT_EQ(call(session, {{1, 2, 1, 2}, {}, {}, 2, 2}).error, "");
  ptx_session_profile(session, &launches, &count);
  ptx_session_workers(session, &workers, &workerCount);
  EXPECT_EQ(launches[count - 1].bytes, bytes);
  // Every tile of every launch was somebody's.
  std::vector<uint32_t> tiles(count);
  for (size_t i = 0; i < workerCount; ++i) {
    ASSERT_LT(workers[i].launch, count);
    EXPECT_LT(workers[i].worker, ptx_program_threads(program));
    EXPECT_GE(workers[i].start, launches[workers[i].launch].start);
    EXPECT_LE(workers[i].end, launches[workers[i].launch].end);
    tiles[workers[i].launch] += workers[i].tiles;
  }
  for (size_t i = 0; i < count; ++i)
    EXPECT_EQ(tiles[i], launches[i].tiles) << launches[i].label;
  EXPECT_NE(call(session, {{-1}, {}, {}, 1, 1}).error, "");
  ptx_session_profile(session, &launches, &count);
  EXPECT_EQ(count, 0u);
  EXPECT_GT(ptx_program_probe_bandwidth(program, 1), 1e8);
}

// An older caller's structure is smaller: what it lacks is not written.
TEST_F(Promises, SizedStructures) {
  make(true);
  ASSERT_EQ(openAt(folder / "model.ptxm"), "");
  const char *f = ptx_program_function(program, 0);
  ptx_input_limits limits = {sizeof limits, 7, 7, 7};
  ASSERT_EQ(said(ptx_program_input_limits(program, f, 0, &limits)), "");
  EXPECT_EQ(limits.least, 0);
  EXPECT_EQ(limits.most, static_cast<int64_t>(vocabulary) - 1);
  EXPECT_GT(limits.max_length, 0u);
  limits = {offsetof(ptx_input_limits, max_length), 7, 7, 7};
  ASSERT_EQ(said(ptx_program_input_limits(program, f, 0, &limits)), "");
  EXPECT_EQ(limits.most, static_cast<int64_t>(vocabulary) - 1);
  EXPECT_EQ(limits.max_length, 7u);
  limits.struct_size = 1;
  EXPECT_NE(said(ptx_program_input_limits(program, f, 0, &limits)).find("struct_size is 1"), std::string::npos);
  // adapter_ids is the last input; its ids are those of the names.
  limits.struct_size = sizeof limits;
  ASSERT_EQ(said(ptx_program_input_limits(program, f, ptx_program_input_count(program, f) - 1, &limits)), "");
  EXPECT_EQ(limits.least, -1);
  EXPECT_EQ(limits.most, 1);
  int64_t id = 9;
  ASSERT_EQ(said(ptx_program_adapter_id(program, ptx_program_adapter(program, 1), &id)), "");
  EXPECT_EQ(id, 1);
  ASSERT_EQ(said(ptx_program_adapter_id(program, "none", &id)), "");
  EXPECT_EQ(id, -1);
  ptx_code code = PTX_OK;
  EXPECT_NE(said(ptx_program_adapter_id(program, "xx", &id), &code).find("no adapter 'xx', it has none, "),
            std::string::npos);
  EXPECT_EQ(code, PTX_NOT_FOUND);
  ptx_program_options options = {};
  options.struct_size = 3;
  ptx_program *other = nullptr;
  EXPECT_NE(said(ptx_program_open("x", &options, &other)).find("struct_size is 3"), std::string::npos);
}

// A relative path is meant as it was at open.
TEST_F(Promises, ChangeOfDirectory) {
  make(false);
  fs::current_path(folder.path);
  ASSERT_EQ(openAt("model.ptxm"), "");
  fs::current_path("/");
  ASSERT_EQ(bind("da"), "");
  EXPECT_EQ(call(session, {{1, 2}, {}, {}, 1, 2}).error, "");
}

TEST_F(Promises, ChangeOfDirectoryWithParameters) {
  make(false);
  fs::create_directory(folder / "elsewhere");
  fs::rename(folder / "weights.safetensors", folder / "elsewhere/weights.safetensors");
  fs::current_path(folder.path);
  ASSERT_EQ(openAt("model.ptxm", "elsewhere"), "");
  fs::current_path("/");
  EXPECT_EQ(bind("da"), "");
}

// Parameters lie beside the file that a link leads to.
TEST_F(Promises, Links) {
  make(false);
  Folder other;
  fs::create_symlink(folder / "model.ptxm", other / "link.ptxm");
  fs::create_symlink(other / "link.ptxm", other / "second.ptxm");
  ASSERT_EQ(openAt(other / "second.ptxm"), "");
  ASSERT_EQ(bind("da"), "");
  EXPECT_EQ(call(session, {{1, 2}, {}, {}, 1, 2}).error, "");
}

// A session is bound anew between its calls: each call is one of the one binding or of the other.
TEST_F(Promises, BindWhileOthersCall) {
  make(false);
  ASSERT_EQ(openAt(folder / "model.ptxm"), "");
  ASSERT_EQ(bind("da"), "");
  const Call input = {{1, 2, 3}, {}, {}, 1, 3};
  Answer adapted = call(session, input);
  ptx_binding *base = nullptr;
  ASSERT_EQ(said(ptx_binding_create(program, nullptr, &base)), "");
  ASSERT_EQ(said(ptx_session_bind(session, base)), "");
  Answer plain = call(session, input);
  ASSERT_NE(adapted.values, plain.values);
  std::atomic<bool> stop{false};
  std::thread binder([&] {
    while (!stop)
      for (ptx_binding *next : {binding, base}) {
        ptx_code code = PTX_OK;
        std::string error = said(ptx_session_bind(session, next), &code);
        EXPECT_TRUE(error.empty() || code == PTX_BUSY) << error;
      }
  });
  for (int i = 0; i < 200; ++i) {
    Answer answer = call(session, input);
    EXPECT_TRUE(answer.code == PTX_BUSY || answer.values == adapted.values || answer.values == plain.values);
  }
  stop = true;
  binder.join();
  ptx_binding_release(base);
}

TEST_F(Promises, BindToAnotherProgram) {
  make(false);
  ASSERT_EQ(openAt(folder / "model.ptxm"), "");
  ASSERT_EQ(bind(nullptr), "");
  Answer before = call(session, {{1, 2}, {}, {}, 1, 2});
  ptx_program *other = nullptr;
  ptx_binding *stranger = nullptr;
  ASSERT_EQ(said(ptx_program_open((folder / "model.ptxm").c_str(), nullptr, &other)), "");
  ASSERT_EQ(said(ptx_binding_create(other, "da", &stranger)), "");
  EXPECT_EQ(said(ptx_session_bind(session, stranger)), "the binding is one of another program than the session's");
  EXPECT_EQ(call(session, {{1, 2}, {}, {}, 1, 2}).values, before.values);
  ptx_binding_release(stranger);
  ptx_program_close(other);
}

// The child of a fork uses what was idle, and is told about what was not.
TEST_F(Promises, ForkWhileIdle) {
  make(false);
  ASSERT_EQ(openAt(folder / "model.ptxm"), "");
  ASSERT_EQ(bind("da"), "");
  Answer here = call(session, {{1, 2}, {}, {}, 1, 2});
  EXPECT_EQ(inChild([&] {
              ptx_binding *made = nullptr;
              if (!said(ptx_binding_create(program, ptx_program_adapter(program, 1), &made)).empty())
                return 1;
              Answer there = call(session, {{1, 2}, {}, {}, 1, 2});
              return there.error.empty() && there.values == here.values ? 0 : 2;
            }),
            0);
}

TEST_F(Promises, ForkWhileOthersBind) {
  make(false);
  ASSERT_EQ(openAt(folder / "model.ptxm"), "");
  std::atomic<bool> stop{false};
  // Bindings that nobody holds: each is deployed anew.
  std::thread binder([&] {
    while (!stop) {
      ptx_binding *made = nullptr;
      said(ptx_binding_create(program, "da", &made));
      ptx_binding_release(made);
    }
  });
  for (int i = 0; i < 100; ++i)
    ASSERT_EQ(inChild([&] {
                ptx_binding *made = nullptr;
                ptx_code code = PTX_OK;
                std::string error = said(ptx_binding_create(program, ptx_program_adapter(program, 1), &made), &code);
                return error.empty() || code == PTX_BUSY ? 0 : 1;
              }),
              0);
  stop = true;
  binder.join();
}

TEST_F(Promises, ForkWhileOthersCall) {
  make(false);
  ASSERT_EQ(openAt(folder / "model.ptxm"), "");
  ASSERT_EQ(bind("da"), "");
  std::atomic<bool> stop{false};
  std::thread caller([&] {
    while (!stop)
      call(session, {{1, 2, 3, 4}, {}, {}, 1, 4});
  });
  for (int i = 0; i < 100; ++i)
    ASSERT_EQ(inChild([&] {
                // A session of its own works; the busy one says so.
                ptx_session *own = nullptr;
                if (!said(ptx_session_open(binding, &own)).empty() || !call(own, {{1}, {}, {}, 1, 1}).error.empty())
                  return 1;
                Answer shared = call(session, {{1}, {}, {}, 1, 1});
                return shared.error.empty() || shared.code == PTX_BUSY ? 0 : 2;
              }),
              0);
  stop = true;
  caller.join();
}

// What holds the lock in the parent is named in the child; in one process the lock waits.
TEST(ForkLock, ChildOfAHolderIsTold) {
  ForkLock lock;
  {
    Result<ForkLock::Held> held = lock.acquire("the thing");
    ASSERT_TRUE(held);
    EXPECT_EQ(inChild([&] {
                Result<ForkLock::Held> mine = lock.acquire("the thing");
                return !mine && mine.error().cause == Cause::Busy &&
                               mine.error().message.starts_with("the thing was in use by another thread when")
                           ? 0
                           : 1;
              }),
              0);
  }
  int shared = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < 1000; ++i) {
        Result<ForkLock::Held> held = lock.acquire("the thing");
        ++shared;
      }
    });
  for (std::thread &thread : threads)
    thread.join();
  EXPECT_EQ(shared, 4000);
}

// Calls that mix adapters keep what they deployed, though nobody holds a binding.
TEST_F(Promises, AdapterIdsWithoutBindings) {
  make(true);
  ASSERT_EQ(openAt(folder / "model.ptxm"), "");
  ASSERT_EQ(bind(nullptr), "");
  Call mixed = {{1, 2, 3, 4}, {}, {0, 1}, 2, 2};
  Answer first = call(session, mixed);
  ASSERT_EQ(first.error, "");
  // With the files gone nothing can be deployed again.
  fs::remove(folder / "weights.safetensors");
  Answer second = call(session, mixed);
  EXPECT_EQ(second.error, "");
  EXPECT_EQ(second.values, first.values);
}
