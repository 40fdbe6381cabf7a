// cp.async: a destination holds poison from the issue to the wait that covers it.
#include "runtime/emulator/launch.h"

#include <algorithm>
#include <bit>

namespace ptx::emulator {

void Launch::copyAsync(uint32_t bytes, uint64_t to, uint64_t from, uint32_t sourceBytes, uint32_t site) {
  if (sourceBytes > bytes || !isShared(to)) {
    thread->site = site;
    report("cp.async of " + std::to_string(sourceBytes) + " of " + std::to_string(bytes) + " bytes to " +
           nameAddress(to) + ", out of bounds: " + (isShared(to) ? "more than it copies" : "not in shared memory"));
    abandon();
  }
  uint32_t align = std::countr_zero(bytes) << accessAlignShift;
  if (sourceBytes != 0)
    access(from, sourceBytes, align, site);
  access(to, bytes, accessWrites | align, site);
  PendingCopy copy{to, bytes, thread->groups, {}};
  std::memcpy(copy.data.data(), reinterpret_cast<const void *>(from), sourceBytes);
  thread->copies.push_back(copy);
  memory.forget(to, bytes);
  memory.setState(to, bytes, bytePending, 0);
}

void Launch::waitCopies(uint32_t groupsLeft) {
  uint32_t done = thread->groups - std::min(thread->groups, groupsLeft); // groups below this one
  Moment at = now(/*shared=*/true);
  auto isDone = [&](const PendingCopy &copy) { return copy.group < done; };
  for (const PendingCopy &copy : thread->copies) {
    if (!isDone(copy))
      continue;
    std::memcpy(reinterpret_cast<void *>(copy.to), copy.data.data(), copy.bytes);
    memory.setState(copy.to, copy.bytes, byteInitialised, bytePending);
    // To the others the bytes were written now. While a copy was in flight nobody could touch them.
    for (uint32_t i = 0; i < copy.bytes; i += Cell::bytes)
      recordWrite(memory.cell(copy.to + i), at, false);
  }
  std::erase_if(thread->copies, isDone);
}

} // namespace ptx::emulator
