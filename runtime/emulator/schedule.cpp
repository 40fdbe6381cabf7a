#include "runtime/emulator/schedule.h"

#include <algorithm>
#include <bit>
#include <numeric>

namespace ptx::emulator {

uint64_t Random::next() {
  uint64_t z = state += 0x9E3779B97F4A7C15;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
  return z ^ (z >> 31);
}

static Schedule resolve(Schedule schedule, uint64_t seed) {
  if (schedule != Schedule::BySeed)
    return schedule;
  constexpr Schedule first[] = {Schedule::RoundRobin, Schedule::Reverse, Schedule::WarpAhead, Schedule::LastFirst};
  return seed < std::size(first) ? first[seed] : Schedule::Random;
}

Scheduler::Scheduler(Schedule schedule, uint64_t seed) : schedule(resolve(schedule, seed)), random(seed) {}

void Scheduler::rank() {
  std::iota(order.begin(), order.end(), 0u);
  switch (schedule) {
  case Schedule::Reverse:
    std::reverse(order.begin(), order.end());
    break;
  case Schedule::WarpAhead: {
    uint32_t first = random.below((count + 31) / 32) * 32;
    std::rotate(order.begin(), order.begin() + first, order.begin() + std::min(first + 32, count));
    break;
  }
  case Schedule::Random:
    for (uint32_t i = count; i > 1; --i)
      std::swap(order[i - 1], order[random.below(i)]);
    break;
  default:
    break;
  }
  for (uint32_t i = 0; i < count; ++i)
    ranks[order[i]] = i;
}

void Scheduler::begin(uint32_t threads) {
  count = threads;
  cursor = 0;
  order.resize(threads);
  ranks.resize(threads);
  rank();
  bits.fill(0);
  for (uint32_t thread = 0; thread < threads; ++thread)
    ready(thread);
}

std::vector<uint64_t> Scheduler::blockOrder(uint64_t blocks) {
  std::vector<uint64_t> numbers(blocks);
  std::iota(numbers.begin(), numbers.end(), uint64_t{0});
  if (schedule == Schedule::LastFirst)
    std::reverse(numbers.begin(), numbers.end());
  if (schedule == Schedule::Random)
    for (uint64_t i = blocks; i > 1; --i)
      std::swap(numbers[i - 1], numbers[random.next() % i]);
  return numbers;
}

// Twice a wait, so without a division.
int Scheduler::next() {
  uint32_t words = (count + 63) / 64, at = cursor / 64;
  uint64_t mask = bits[at] & ~uint64_t{0} << cursor % 64; // the lower ones of this word come last
  for (uint32_t i = 0; !mask; ++i) {
    if (i == words)
      return -1;
    at = at + 1 == words ? 0 : at + 1;
    mask = bits[at];
  }
  uint32_t found = at * 64 + std::countr_zero(mask);
  bits[at] &= ~(uint64_t{1} << found % 64);
  cursor = schedule == Schedule::WarpAhead || found + 1 == count ? 0 : found + 1;
  return static_cast<int>(order[found]);
}

void Scheduler::yield(uint32_t thread) {
  ready(thread);
  cursor = schedule == Schedule::Random ? random.below(count) : (ranks[thread] + 1) % count;
}

void Scheduler::atBarrier() {
  // All threads of the block are waiting, so that ranks may change.
  if (schedule == Schedule::Random)
    rank();
}

uint32_t Scheduler::slice() { return schedule == Schedule::Random ? 1 + random.below(64) : 1 << 14; }

} // namespace ptx::emulator
