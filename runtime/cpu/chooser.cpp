#include "runtime/cpu/chooser.h"

#include <algorithm>
#include <cmath>

namespace ptx {
namespace {

// From here on, about 3 ms of one core, the traffic between cores is small
// beside the arithmetic.
constexpr double alwaysPays = 3e8;
// The first call of a way finds its data in another core's cache, and tells
// nothing; the least of the others is what the way costs.
constexpr uint32_t callsOfALook = 4;
// A look costs what its calls lose; so many calls to the next keep that near 2 %.
constexpr double callsPerLoss = 200, shortestPause = 64, longestPause = 4096;
constexpr double weightOfNew = 0.25;
// An interrupt may make a call ten times as long; it says little of the way.
constexpr double mostNews = 2;

} // namespace

ThreadChooser::Class::Class() : looking(callsOfALook) {}

ThreadChooser::Way ThreadChooser::choose(double work) {
  current = nullptr;
  if (work >= alwaysPays)
    return Together;
  currentWork = work > 1 ? work : 1;
  current = &classes[static_cast<size_t>(std::ilogb(currentWork))];
  return current->way;
}

void ThreadChooser::took(double seconds) {
  if (!current)
    return;
  current->learn(seconds / currentWork);
  current->decide();
}

void ThreadChooser::Class::learn(double sample) {
  bool settled = last == way;
  last = way;
  if (!settled)
    return;
  double &known = cost(way);
  if (looking == 0)
    known += weightOfNew * (std::min(sample, mostNews * known) - known);
  else if (looking == callsOfALook - 1 || sample < known)
    known = sample;
}

/// Which way the calls after this one go.
void ThreadChooser::Class::decide() {
  Way other = way == Alone ? Together : Alone;
  if (looking > 1) {
    --looking;
    return;
  }
  bool looked = looking == 1;
  looking = 0;
  if (looked && cost(other) != 0)
    return settle(cost(other) < cost(way) ? other : way);
  if (!looked && cost(other) < cost(way))
    return settle(other);
  if (looked || untilLook == 0) {
    way = other;
    looking = callsOfALook;
    return;
  }
  --untilLook;
}

void ThreadChooser::Class::settle(Way cheaper) {
  double loss = cost(cheaper == Alone ? Together : Alone) / cost(cheaper) - 1;
  way = cheaper;
  untilLook = static_cast<uint32_t>(std::clamp(callsPerLoss * loss, shortestPause, longestPause));
}

} // namespace ptx
