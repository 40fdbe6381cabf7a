#include "runtime/cpu/pages.h"

#include <algorithm>
#include <cstdint>
#include <sys/mman.h>

namespace ptx {
namespace {

constexpr size_t largePage = 2u << 20, stretch = 64u << 20;
// Less than this is not worth a share of a large page, which is zeroed at once.
constexpr size_t sharesPages = 64u << 10;

size_t roundUp(size_t bytes, size_t unit) { return (bytes + unit - 1) / unit * unit; }

char *map(size_t size) {
  void *memory = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED)
    return nullptr;
  if (size >= largePage)
    ::madvise(memory, size, MADV_HUGEPAGE); // where there are none, small ones serve
  return static_cast<char *>(memory);
}

void unmap(char *begin, char *end) {
  if (begin < end)
    ::munmap(begin, static_cast<size_t>(end - begin));
}

/// Whole large pages.
char *mapLarge(size_t size) {
  char *memory = map(size + largePage);
  if (!memory)
    return nullptr;
  auto address = reinterpret_cast<uintptr_t>(memory);
  char *aligned = memory + (roundUp(address, largePage) - address);
  unmap(memory, aligned);
  unmap(aligned + size, memory + size + largePage);
  return aligned;
}

} // namespace

Pages::~Pages() { unmap(begin, end); }

/// The next so many bytes of a stretch; null: no stretch is to be had.
char *Pages::next(size_t size) {
  std::unique_lock lock(mutex, std::try_to_lock);
  if (!lock)
    return nullptr;
  if (static_cast<size_t>(end - begin) < size) {
    size_t whole = std::max(roundUp(size, largePage), stretch);
    char *fresh = mapLarge(whole);
    if (!fresh)
      return nullptr;
    unmap(begin, end);
    begin = fresh;
    end = fresh + whole;
  }
  char *memory = begin;
  begin += size;
  return memory;
}

void *Pages::take(size_t bytes) {
  if (bytes > SIZE_MAX / 4)
    return nullptr;
  size_t size = roundUp(std::max<size_t>(bytes, 1), bytesPerPage);
  char *memory = size < sharesPages ? nullptr : next(size);
  return memory ? memory : map(size);
}

void Pages::giveBack(void *memory, size_t bytes) {
  ::munmap(memory, roundUp(std::max<size_t>(bytes, 1), bytesPerPage));
}

} // namespace ptx
