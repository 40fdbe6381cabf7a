#include "runtime/ptx-run/Profile.h"

#include <algorithm>
#include <cstdio>

namespace ptx::run {

double median(std::vector<double> values) {
  if (values.empty())
    return 0;
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2), values.end());
  return values[values.size() / 2];
}

Roofs Roofs::probe(ptx_program *program, double bytesOfCall) {
  return {ptx_program_probe_roof(program), ptx_program_probe_bandwidth(program, static_cast<uint64_t>(bytesOfCall))};
}

Roofs Roofs::best(const Roofs &a, const Roofs &b) { return {std::max(a.flops, b.flops), std::max(a.bytes, b.bytes)}; }

double Roofs::least(double workFlops, double workBytes) const { return std::max(workFlops / flops, workBytes / bytes); }

void Profile::add(const ptx_session *session) {
  const ptx_launch_profile *profiles;
  size_t count;
  ptx_session_profile(session, &profiles, &count);
  if (count == 0)
    return;
  launches.resize(count);
  double flops = 0, bytes = 0;
  for (size_t i = 0; i < count; ++i) {
    launches[i].label = profiles[i].label;
    launches[i].seconds.push_back(profiles[i].end - profiles[i].start);
    launches[i].waited.push_back(profiles[i].waited);
    launches[i].flops.push_back(profiles[i].flops);
    launches[i].bytes.push_back(profiles[i].bytes);
    launches[i].tiles = profiles[i].tiles;
    flops += profiles[i].flops;
    bytes += profiles[i].bytes;
  }
  callFlops.push_back(flops);
  callBytes.push_back(bytes);
}

void Profile::print(const Roofs &roofs) const {
  if (empty())
    return;
  std::printf("%9s %8s %8s %12s %6s %7s  launch\n", "us", "GFLOP/s", "GB/s", "% of roof", "tiles", "waited");
  for (const Launch &launch : launches) {
    double seconds = median(launch.seconds), flops = median(launch.flops), bytes = median(launch.bytes);
    char share[32] = "-";
    if (roofs.known() && seconds > 0)
      std::snprintf(share, sizeof share, "%5.1f %s", 100 * roofs.least(flops, bytes) / seconds,
                    roofs.boundByBytes(flops, bytes) ? "bytes" : "flops");
    std::printf("%9.1f %8.1f %8.1f %12s %6u %7.1f  %s\n", seconds * 1e6, flops / seconds / 1e9, bytes / seconds / 1e9,
                share, launch.tiles, median(launch.waited) * 1e6, launch.label.c_str());
  }
}

void Profile::advise(const char *call, double seconds, const Roofs &roofs) const {
  if (empty() || !roofs.known())
    return;
  const Launch &slowest = *std::max_element(launches.begin(), launches.end(), [](const Launch &a, const Launch &b) {
    return median(a.seconds) < median(b.seconds);
  });
  double reached = 100 * roofs.least(flops(), bytes()) / seconds;
  bool reads = roofs.boundByBytes(flops(), bytes());
  if (reached > 70)
    std::printf("advice: the %s runs at %.0f %% of the roof, bound by %s; %s\n", call, reached,
                reads ? "what it reads" : "what it computes",
                reads ? "more rows per call cost little more" : "more threads or a smaller model are what is left");
  else
    std::printf("advice: '%s' takes most of a launch, %.0f %% of the %s; a larger batch or longer sequences fill the "
                "machine better\n",
                slowest.label.c_str(), 100 * median(slowest.seconds) / seconds, call);
}

} // namespace ptx::run
