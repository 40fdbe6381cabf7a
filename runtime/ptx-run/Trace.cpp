#include "runtime/ptx-run/Trace.h"

#include "runtime/io/file.h"

#include <nlohmann/json.hpp>

#include <span>

namespace ptx::run {

namespace {

using Json = nlohmann::ordered_json;

/// Rows of the picture: the launches, then the workers.
constexpr uint32_t launchRow = 0;
constexpr uint32_t rowOf(uint32_t worker) { return worker + 1; }

class Events {
public:
  void name(uint32_t row, const std::string &name) {
    list.push_back({{"name", "thread_name"}, {"ph", "M"}, {"pid", 1}, {"tid", row}, {"args", {{"name", name}}}});
  }

  /// Times in seconds; the format has microseconds.
  void add(const char *category, const std::string &name, uint32_t row, double start, double end, Json args = {}) {
    Json event = {{"name", name},      {"cat", category},           {"ph", "X"}, {"pid", 1}, {"tid", row},
                  {"ts", start * 1e6}, {"dur", (end - start) * 1e6}};
    if (!args.empty())
      event["args"] = std::move(args);
    list.push_back(std::move(event));
  }

  std::string text() const { return Json({{"traceEvents", list}}).dump(1) + "\n"; }

private:
  Json list = Json::array();
};

/// A worker's share of a launch: it comes, takes tiles, and waits for the others.
void addWorker(Events &events, const ptx_launch_profile &launch, const ptx_worker_profile &worker) {
  uint32_t row = rowOf(worker.worker);
  if (worker.start > launch.start)
    events.add("wait", worker.worker == 0 ? "prepare" : "wake", row, launch.start, worker.start);
  events.add("work", launch.label, row, worker.start, worker.end, {{"tiles", worker.tiles}});
  if (launch.end > worker.end)
    events.add("wait", "wait", row, worker.end, launch.end);
}

} // namespace

Status writeTrace(const std::string &path, const ptx_program *program, const ptx_session *session) {
  const ptx_launch_profile *first = nullptr;
  const ptx_worker_profile *firstWorker = nullptr;
  size_t count = 0, workerCount = 0;
  ptx_session_profile(session, &first, &count);
  ptx_session_workers(session, &firstWorker, &workerCount);
  std::span<const ptx_launch_profile> launches(first, count);
  if (launches.empty())
    return Error{"--trace: the device takes whole calls, and says nothing of its launches"};
  Events events;
  events.name(launchRow, "launches");
  for (const ptx_launch_profile &launch : launches)
    events.add("launch", launch.label, launchRow, launch.start, launch.end,
               {{"flops", launch.flops},
                {"bytes", launch.bytes},
                {"tiles", launch.tiles},
                {"waited_us", launch.waited * 1e6}});
  if (workerCount)
    for (uint32_t worker = 0; worker < ptx_program_threads(program); ++worker)
      events.name(rowOf(worker), worker == 0 ? "worker 0, the caller" : "worker " + std::to_string(worker));
  for (const ptx_worker_profile &worker : std::span(firstWorker, workerCount))
    addWorker(events, launches[worker.launch], worker);
  std::string text = events.text();
  return writeAtomically(path, [&](const Append &append) { return append(text.data(), text.size()); });
}

} // namespace ptx::run
