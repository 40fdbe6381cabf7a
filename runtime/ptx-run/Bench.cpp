#include "runtime/ptx-run/Bench.h"

#include "runtime/io/file.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <vector>

namespace ptx::run {

namespace {

double median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2), values.end());
  return values[values.size() / 2];
}

/// Time and work of one launch over all timed calls.
struct Row {
  std::string label;
  std::vector<double> seconds;
  double flops = 0;
  uint32_t tiles = 0;
};

void addCall(std::vector<Row> &rows, const ptx_session *session) {
  const ptx_launch_profile *launches;
  size_t count;
  ptx_session_profile(session, &launches, &count);
  rows.resize(count);
  for (size_t i = 0; i < count; ++i) {
    rows[i].label = launches[i].label;
    rows[i].seconds.push_back(launches[i].end - launches[i].start);
    rows[i].flops = launches[i].flops;
    rows[i].tiles = launches[i].tiles;
  }
}

void print(const std::vector<Row> &rows, double roof) {
  std::printf("%9s %8s %7s %6s  launch\n", "us", "GFLOP/s", "% roof", "tiles");
  for (const Row &row : rows) {
    double seconds = median(row.seconds), rate = row.flops / seconds;
    std::printf("%9.1f %8.1f %7.1f %6u  %s\n", seconds * 1e6, rate / 1e9, 100 * rate / roof, row.tiles,
                row.label.c_str());
  }
}

/// What the user could try next.
void advise(const std::vector<Row> &rows, double total, double rate, double roof) {
  size_t slowest = 0;
  for (size_t i = 1; i < rows.size(); ++i)
    if (median(rows[i].seconds) > median(rows[slowest].seconds))
      slowest = i;
  if (rate > 0.7 * roof)
    std::printf("advice: the call runs at %.0f %% of the roof; more threads or a smaller model are what is left\n",
                100 * rate / roof);
  else
    std::printf("advice: '%s' takes most of a launch, %.0f %% of the call; a larger batch or longer sequences fill the "
                "machine better\n",
                rows[slowest].label.c_str(), 100 * median(rows[slowest].seconds) / total);
}

} // namespace

Status bench(ptx_program *program, ptx_session *session, unsigned runs, const std::function<Status()> &call) {
  for (int warmup = 0; warmup < 3; ++warmup)
    if (Status status = call(); !status)
      return status;
  double roof = ptx_program_probe_roof(program);
  std::vector<double> seconds;
  std::vector<Row> rows;
  for (unsigned i = 0; i < runs; ++i) {
    auto start = std::chrono::steady_clock::now();
    if (Status status = call(); !status)
      return status;
    seconds.push_back(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
    addCall(rows, session);
  }
  roof = std::max(roof, ptx_program_probe_roof(program));
  double flops = 0;
  for (const Row &row : rows)
    flops += row.flops;
  double typical = median(seconds);
  print(rows, roof);
  advise(rows, typical, flops / typical, roof);
  nlohmann::ordered_json figures = {{"median_ms", typical * 1e3},
                                    {"min_ms", *std::min_element(seconds.begin(), seconds.end()) * 1e3},
                                    {"runs", runs},
                                    {"threads", ptx_program_threads(program)},
                                    {"level", ptx_program_level(program)},
                                    {"roof_gflops", roof / 1e9},
                                    {"gflops", flops / typical / 1e9}};
  std::printf("%s\n", figures.dump().c_str());
  return {};
}

Status writeTrace(const std::string &path, const ptx_session *session) {
  const ptx_launch_profile *launches;
  size_t count;
  ptx_session_profile(session, &launches, &count);
  nlohmann::ordered_json events = nlohmann::ordered_json::array();
  for (size_t i = 0; i < count; ++i)
    events.push_back(
        {{"name", launches[i].label},
         {"ph", "X"},
         {"pid", 1},
         {"tid", 1},
         {"ts", launches[i].start * 1e6},
         {"dur", (launches[i].end - launches[i].start) * 1e6},
         {"args", {{"flops", launches[i].flops}, {"bytes", launches[i].bytes}, {"tiles", launches[i].tiles}}}});
  std::string text = nlohmann::ordered_json({{"traceEvents", events}}).dump(1);
  return writeAtomically(path, [&](const Append &append) { return append(text.data(), text.size()); });
}

} // namespace ptx::run
