#include "runtime/ptx-run/Bench.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>
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
  std::vector<double> seconds, waited;
  double flops = 0, bytes = 0;
  uint32_t tiles = 0;
};

/// What the machine can do; 0 where nobody knows.
struct Roofs {
  double flops = 0, bytes = 0; // per second

  bool known() const { return flops > 0 && bytes > 0; }
  bool boundByBytes(double workFlops, double workBytes) const { return workBytes * flops > workFlops * bytes; }
  /// Seconds that such work takes at least.
  double least(double workFlops, double workBytes) const { return std::max(workFlops / flops, workBytes / bytes); }
};

void addCall(std::vector<Row> &rows, const ptx_session *session) {
  const ptx_launch_profile *launches;
  size_t count;
  ptx_session_profile(session, &launches, &count);
  rows.resize(count);
  for (size_t i = 0; i < count; ++i) {
    rows[i].label = launches[i].label;
    rows[i].seconds.push_back(launches[i].end - launches[i].start);
    rows[i].waited.push_back(launches[i].waited);
    rows[i].flops = launches[i].flops;
    rows[i].bytes = launches[i].bytes;
    rows[i].tiles = launches[i].tiles;
  }
}

void print(const std::vector<Row> &rows, const Roofs &roofs) {
  if (rows.empty())
    return;
  std::printf("%9s %8s %8s %12s %6s %7s  launch\n", "us", "GFLOP/s", "GB/s", "% of roof", "tiles", "waited");
  for (const Row &row : rows) {
    double seconds = median(row.seconds);
    char share[32] = "-";
    if (roofs.known() && seconds > 0)
      std::snprintf(share, sizeof share, "%5.1f %s", 100 * roofs.least(row.flops, row.bytes) / seconds,
                    roofs.boundByBytes(row.flops, row.bytes) ? "bytes" : "flops");
    std::printf("%9.1f %8.1f %8.1f %12s %6u %7.1f  %s\n", seconds * 1e6, row.flops / seconds / 1e9,
                row.bytes / seconds / 1e9, share, row.tiles, median(row.waited) * 1e6, row.label.c_str());
  }
}

/// What the user could try next.
void advise(const std::vector<Row> &rows, double total, double flops, double bytes, const Roofs &roofs) {
  if (rows.empty() || !roofs.known())
    return;
  const Row &slowest = *std::max_element(
      rows.begin(), rows.end(), [](const Row &a, const Row &b) { return median(a.seconds) < median(b.seconds); });
  double reached = 100 * roofs.least(flops, bytes) / total;
  if (reached > 70)
    std::printf("advice: the call runs at %.0f %% of the roof, bound by %s; %s\n", reached,
                roofs.boundByBytes(flops, bytes) ? "what it reads" : "what it computes",
                roofs.boundByBytes(flops, bytes) ? "more rows per call cost little more"
                                                 : "more threads or a smaller model are what is left");
  else
    std::printf("advice: '%s' takes most of a launch, %.0f %% of the call; a larger batch or longer sequences fill the "
                "machine better\n",
                slowest.label.c_str(), 100 * median(slowest.seconds) / total);
}

} // namespace

Status bench(ptx_program *program, ptx_session *session, unsigned runs, const std::function<Status()> &call) {
  for (int warmup = 0; warmup < 3; ++warmup)
    if (Status status = call(); !status)
      return status;
  std::vector<Row> rows;
  addCall(rows, session);
  double flops = 0, bytes = 0;
  for (const Row &row : rows) {
    flops += row.flops;
    bytes += row.bytes;
  }
  // Calls one after the other read again what fits into the caches: the roof for
  // bytes is that of so much memory.
  auto probe = [&] {
    return Roofs{ptx_program_probe_roof(program), ptx_program_probe_bandwidth(program, static_cast<uint64_t>(bytes))};
  };
  Roofs roofs = probe();
  rows.clear();
  std::vector<double> seconds;
  for (unsigned i = 0; i < runs; ++i) {
    auto start = std::chrono::steady_clock::now();
    if (Status status = call(); !status)
      return status;
    seconds.push_back(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
    addCall(rows, session);
  }
  Roofs after = probe();
  roofs = {std::max(roofs.flops, after.flops), std::max(roofs.bytes, after.bytes)};
  double typical = median(seconds);
  print(rows, roofs);
  advise(rows, typical, flops, bytes, roofs);
  nlohmann::ordered_json figures = {{"median_ms", typical * 1e3},
                                    {"min_ms", *std::min_element(seconds.begin(), seconds.end()) * 1e3},
                                    {"runs", runs},
                                    {"threads", ptx_program_threads(program)},
                                    {"level", ptx_program_level(program)}};
  // What is not known is not there.
  if (!rows.empty()) {
    figures["gflops"] = flops / typical / 1e9;
    figures["gbytes"] = bytes / typical / 1e9;
  }
  if (roofs.known()) {
    figures["roof_gflops"] = roofs.flops / 1e9;
    figures["roof_gbytes"] = roofs.bytes / 1e9;
  }
  std::printf("%s\n", figures.dump().c_str());
  return {};
}

} // namespace ptx::run
