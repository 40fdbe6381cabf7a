// Where threads meet: barriers of the block; shuffles, votes and barriers of a warp.
#include "runtime/emulator/launch.h"
#include "runtime/io/convert.h"

#include <bit>

namespace ptx::emulator {

static const char *nameOf(Wait kind) {
  switch (kind) {
  case Wait::Shuffle:
    return "shuffle";
  case Wait::Vote:
    return "vote";
  case Wait::Mma:
    return "mma";
  default:
    return "warp barrier";
  }
}

static std::string hex(uint32_t mask) {
  char text[16];
  snprintf(text, sizeof text, "0x%08x", mask);
  return text;
}

void Launch::barrier(bool aligned, uint32_t id, uint32_t count, uint32_t site) {
  step(site);
  uint32_t whole = (threads.size() + warpSize - 1) / warpSize * warpSize;
  if (id >= barriers || (count != 0 && count != whole)) {
    report("barrier " + std::to_string(id) + " for " + std::to_string(count) + " of " + std::to_string(threads.size()) +
           " threads: barriers of part of a block are not emulated");
    abandon();
  }
  if (alive != threads.size()) {
    report("waits at barrier " + std::to_string(id) + ", divergent barrier: other threads have exited");
    abandon();
  }
  thread->wait = Wait::Barrier;
  thread->id = id;
  // Threads of a warp reach an aligned barrier together, at the same place.
  uint32_t &expected = warp().barrierSite;
  if (aligned && expected != noSite && expected != site) {
    report("waits at barrier " + std::to_string(id) +
           ", divergent barrier: other threads of its warp wait at the one at " + place(expected));
    abandon();
  }
  if (aligned)
    expected = site;
  if (++arrived[id] == threads.size())
    releaseBarrier(id);
  suspend();
}

void Launch::releaseBarrier(uint32_t id) {
  arrived[id] = 0;
  nextEpoch();
  scheduler.atBarrier();
  for (Warp &warp : warps)
    warp.barrierSite = noSite;
  for (Thread &waiting : threads) {
    waiting.wait = Wait::None;
    scheduler.ready(waiting.index);
  }
}

// The threads that meet must be those of the mask, in the same instruction.
void Launch::checkMask(Wait kind, uint32_t mode, uint32_t mask) {
  auto refuse = [&](const std::string &why) {
    report(std::string(nameOf(kind)) + " with mask " + hex(mask) + ", " + why);
  };
  uint32_t own = thread->index % warpSize;
  if (!(mask >> own & 1))
    return refuse("wrong mask: lane " + std::to_string(own) + " itself is not in it");
  uint32_t first = thread->index / warpSize * warpSize;
  for (uint32_t lanes = mask; lanes; lanes &= lanes - 1) {
    uint32_t i = std::countr_zero(lanes);
    if (first + i >= threads.size())
      return refuse("wrong mask: the warp has no lane " + std::to_string(i));
    const Thread &other = threads[first + i];
    if (other.wait == Wait::Exited)
      return refuse("wrong mask: lane " + std::to_string(i) + " has exited");
    if (other.wait == Wait::None || other.wait == Wait::Barrier)
      continue; // not here yet; if it never comes nobody can run on
    if (other.mask != mask || other.wait != kind || other.id != mode)
      return refuse("divergent: lane " + std::to_string(i) + " waits in a " + nameOf(other.wait) + " with mask " +
                    hex(other.mask) + " at " + place(other.site));
  }
}

// The meeting of a mask. Who opens it checks the mask; who joins finds it checked,
// for a lane that exits meanwhile says so itself.
Meeting &Launch::join(Wait kind, uint32_t mode, uint32_t mask) {
  std::vector<Meeting> &meetings = warp().meetings;
  bool member = mask >> thread->index % warpSize & 1;
  for (Meeting &meeting : meetings)
    if (member && meeting.mask == mask && meeting.kind == kind && meeting.mode == mode)
      return meeting;
  checkMask(kind, mode, mask);
  return meetings.emplace_back(Meeting{kind, mode, mask, 0});
}

uint64_t Launch::meet(Wait kind, uint32_t mode, uint32_t mask, uint32_t value, uint32_t lane, uint32_t clamp,
                      uint32_t site) {
  step(site);
  Meeting &meeting = join(kind, mode, mask);
  if (!failure.empty())
    abandon();
  thread->wait = kind;
  thread->id = mode;
  thread->mask = mask;
  thread->value = value;
  thread->lane = lane;
  thread->clamp = clamp;
  meeting.here |= 1u << thread->index % warpSize;
  if (meeting.here == mask) {
    std::swap(meeting, warp().meetings.back());
    warp().meetings.pop_back();
    exchange(mask);
    if (!failure.empty())
      abandon();
  }
  Thread *self = thread;
  suspend();
  return self->result;
}

void Launch::exchange(uint32_t mask) {
  // All that the lanes did before now is ordered before all that follows.
  uint32_t &time = warp().time;
  std::array<uint32_t, warpSize> known{};
  for (uint32_t lanes = mask; lanes; lanes &= lanes - 1) {
    Thread &member = lane(std::countr_zero(lanes));
    for (uint32_t i = 0; i < warpSize; ++i)
      known[i] = std::max(known[i], member.known[i]);
  }
  for (uint32_t lanes = mask; lanes; lanes &= lanes - 1)
    known[std::countr_zero(lanes)] = time;
  ++time;
  if (thread->wait == Wait::Mma)
    multiply(static_cast<Factor>(thread->id));
  Thread *last = thread;
  for (uint32_t lanes = mask; lanes; lanes &= lanes - 1) {
    thread = &lane(std::countr_zero(lanes)); // a fault is that lane's
    thread->known = known;
    if (thread->wait == Wait::Shuffle)
      thread->result = shuffleResult(*thread);
    else if (thread->wait == Wait::Vote)
      thread->result = voteResult(*thread, mask);
    if (!failure.empty())
      return;
  }
  thread = last;
  for (uint32_t lanes = mask; lanes; lanes &= lanes - 1) {
    Thread &member = lane(std::countr_zero(lanes));
    member.wait = Wait::None;
    scheduler.ready(member.index);
  }
}

void Launch::mma(Factor type, const Fragment &fragment, uint32_t site) {
  thread->fragment = fragment;
  meet(Wait::Mma, static_cast<uint32_t>(type), ~0u, 0, 0, 0, site);
}

// All lanes are here: m16n8k16 as the PTX manual distributes it.
void Launch::multiply(Factor type) {
  double a[16][16], b[16][8];
  auto widen = [&](uint32_t half) -> double {
    auto bits = static_cast<uint16_t>(half);
    return type == Factor::BF16 ? widenBF16(bits) : widenF16(bits);
  };
  for (uint32_t l = 0; l < warpSize; ++l) {
    const Fragment &own = lane(l).fragment;
    uint32_t group = l / 4, k = l % 4 * 2;
    for (uint32_t upper : {0u, 1u}) {
      uint32_t shift = 16 * upper;
      for (uint32_t i = 0; i < 4; ++i)
        a[group + i % 2 * 8][k + i / 2 * 8 + upper] = widen(own.a[i] >> shift);
      for (uint32_t i = 0; i < 2; ++i)
        b[k + i * 8 + upper][group] = widen(own.b[i] >> shift);
    }
  }
  for (uint32_t l = 0; l < warpSize; ++l)
    for (uint32_t i = 0; i < 4; ++i) {
      float &result = lane(l).fragment.sums[i];
      double sum = result;
      for (uint32_t k = 0; k < 16; ++k)
        sum += a[l / 4 + i / 2 * 8][k] * b[k][l % 4 * 2 + i % 2];
      result = static_cast<float>(sum);
    }
}

// As the PTX manual has it, segments and clamp included.
uint64_t Launch::shuffleResult(const Thread &reader) {
  uint32_t own = reader.index % warpSize;
  uint32_t by = reader.lane & 31, clamp = reader.clamp & 31, segment = reader.clamp >> 8 & 31;
  uint32_t last = (own & segment) | (clamp & ~segment), first = own & segment;
  uint32_t from = 0;
  bool inside = false;
  switch (static_cast<Shuffle>(reader.id)) {
  case Shuffle::Up:
    from = own - by;
    inside = static_cast<int32_t>(from) >= static_cast<int32_t>(last);
    break;
  case Shuffle::Down:
    from = own + by;
    inside = from <= last;
    break;
  case Shuffle::Butterfly:
    from = own ^ by;
    inside = from <= last;
    break;
  case Shuffle::Index:
    from = first | (by & ~segment);
    inside = from <= last;
    break;
  }
  if (!inside)
    from = own;
  if (!(reader.mask >> from & 1)) {
    report("shuffle with mask " + hex(reader.mask) + ", wrong mask: it reads lane " + std::to_string(from) +
           ", which is not in it");
    return 0;
  }
  return uint64_t{inside} << 32 | lane(from).value;
}

uint64_t Launch::voteResult(const Thread &voter, uint32_t mask) const {
  uint32_t ballot = 0;
  uint32_t first = voter.index / warpSize * warpSize;
  for (uint32_t lanes = mask; lanes; lanes &= lanes - 1)
    if (uint32_t i = std::countr_zero(lanes); threads[first + i].value)
      ballot |= 1u << i;
  switch (static_cast<Vote>(voter.id)) {
  case Vote::All:
    return ballot == mask;
  case Vote::Any:
    return ballot != 0;
  case Vote::Uniform:
    return ballot == 0 || ballot == mask;
  case Vote::Ballot:
    return ballot;
  }
  return 0;
}

} // namespace ptx::emulator
