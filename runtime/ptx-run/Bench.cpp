#include "runtime/ptx-run/Bench.h"

#include "runtime/ptx-run/Profile.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>

namespace ptx::run {

namespace {

double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

/// When a generation's steps ended, and what their launches took.
class Steps {
public:
  explicit Steps(const ptx_session *session) : session(session) {}

  void begin() {
    start = now();
    inThisRun = 0;
  }

  /// Rows are told in their order: one that is not behind the one before is of the next step.
  static int note(void *user, size_t row, int64_t) {
    Steps &steps = *static_cast<Steps *>(user);
    if (steps.inThisRun == 0 || row <= steps.lastRow)
      steps.end();
    steps.lastRow = row;
    steps.rows = std::max(steps.rows, row + 1);
    return 0;
  }

  std::vector<double> first, later; // seconds
  Profile firstCall, laterCalls;
  size_t rows = 0, inThisRun = 0; // steps in this run, the first call too

private:
  void end() {
    bool isFirst = inThisRun++ == 0;
    (isFirst ? first : later).push_back(now() - start);
    (isFirst ? firstCall : laterCalls).add(session);
    start = now(); // noting took time too
  }

  const ptx_session *session;
  double start = 0;
  size_t lastRow = 0;
};

/// The last line. What is not known is not there.
void print(nlohmann::ordered_json &figures, const Roofs &roofs) {
  if (roofs.known()) {
    figures["roof_gflops"] = roofs.flops / 1e9;
    figures["roof_gbytes"] = roofs.bytes / 1e9;
  }
  std::printf("%s\n", figures.dump().c_str());
}

} // namespace

Status bench(ptx_program *program, ptx_session *session, unsigned runs, const std::function<Status()> &call) {
  for (int warmup = 0; warmup < 3; ++warmup)
    if (Status status = call(); !status)
      return status;
  Profile warm, profile;
  warm.add(session);
  Roofs roofs = Roofs::probe(program, warm.bytes());
  std::vector<double> seconds;
  for (unsigned i = 0; i < runs; ++i) {
    double start = now();
    if (Status status = call(); !status)
      return status;
    seconds.push_back(now() - start);
    profile.add(session);
  }
  roofs = Roofs::best(roofs, Roofs::probe(program, profile.bytes()));
  double typical = median(seconds);
  profile.print(roofs);
  profile.advise("call", typical, roofs);
  nlohmann::ordered_json figures = {{"median_ms", typical * 1e3},
                                    {"min_ms", *std::min_element(seconds.begin(), seconds.end()) * 1e3},
                                    {"runs", runs},
                                    {"threads", ptx_program_threads(program)},
                                    {"level", ptx_program_level(program)}};
  if (!profile.empty()) {
    figures["gflops"] = profile.flops() / typical / 1e9;
    figures["gbytes"] = profile.bytes() / typical / 1e9;
  }
  print(figures, roofs);
  return {};
}

Status benchGeneration(ptx_program *program, ptx_session *session, unsigned runs,
                       const std::function<Status(ptx_token_fn chosen, void *user)> &generate) {
  Steps warm(session), steps(session);
  warm.begin();
  if (Status status = generate(Steps::note, &warm); !status)
    return status;
  Roofs roofs = Roofs::probe(program, warm.laterCalls.bytes());
  std::vector<double> all;
  for (unsigned i = 0; i < runs; ++i) {
    steps.begin();
    double start = now();
    if (Status status = generate(Steps::note, &steps); !status)
      return status;
    all.push_back(now() - start);
  }
  roofs = Roofs::best(roofs, Roofs::probe(program, steps.laterCalls.bytes()));
  double first = median(steps.first);
  nlohmann::ordered_json figures = {{"median_ms", median(all) * 1e3}, {"prefill_ms", first * 1e3}};
  if (!steps.later.empty()) {
    double step = median(steps.later);
    steps.laterCalls.print(roofs);
    steps.laterCalls.advise("step", step, roofs);
    figures["step_ms"] = step * 1e3;
  }
  figures["steps"] = steps.inThisRun - 1;
  figures["rows"] = steps.rows;
  figures["runs"] = runs;
  figures["threads"] = ptx_program_threads(program);
  figures["level"] = ptx_program_level(program);
  if (!steps.firstCall.empty())
    figures["prefill_gflops"] = steps.firstCall.flops() / first / 1e9;
  if (!steps.laterCalls.empty())
    figures["step_gbytes"] = steps.laterCalls.bytes() / median(steps.later) / 1e9;
  print(figures, roofs);
  return {};
}

} // namespace ptx::run
