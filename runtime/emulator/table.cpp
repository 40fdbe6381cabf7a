#include "runtime/emulator/table.h"
#include "runtime/emulator/launch.h"
#include "runtime/emulator/math.h"

namespace ptx::emulator {

constinit const Hooks hookTable = {
    .access = [](uint64_t address, uint32_t bytes, uint32_t flags,
                 uint32_t site) { current->access(address, bytes, flags, site); },
    .copy =
        [](uint64_t to, uint64_t from, uint64_t bytes, uint32_t site) {
          current->accessMany(from, bytes, false, site);
          current->accessMany(to, bytes, true, site);
          std::memmove(reinterpret_cast<void *>(to), reinterpret_cast<const void *>(from), bytes);
        },
    .fill =
        [](uint64_t to, uint32_t byte, uint64_t bytes, uint32_t site) {
          current->accessMany(to, bytes, true, site);
          std::memset(reinterpret_cast<void *>(to), static_cast<int>(byte), bytes);
        },
    .sharedBase = [] { return current->sharedBase(); },
    .copyAsync = [](uint32_t bytes, uint64_t to, uint64_t from, uint32_t sourceBytes,
                    uint32_t site) { current->copyAsync(bytes, to, from, sourceBytes, site); },
    .commitCopies = [] { current->commitCopies(); },
    .waitCopies = [](uint32_t groupsLeft) { current->waitCopies(groupsLeft); },
    .waitAllCopies =
        [] {
          current->commitCopies();
          current->waitCopies(0);
        },
    .specialRegister = [](uint32_t which) { return current->specialRegister(static_cast<Register>(which)); },
    .barrier = [](uint32_t aligned, uint32_t id, uint32_t count,
                  uint32_t site) { current->barrier(aligned, id, count, site); },
    .warpBarrier = [](uint32_t mask, uint32_t site) { current->meet(Wait::WarpBarrier, 0, mask, 0, 0, 0, site); },
    .fence = [] {}, // fibers of one OS thread see each other's writes at once
    .shuffle = [](uint32_t mode, uint32_t mask, uint32_t value, uint32_t lane, uint32_t clamp,
                  uint32_t site) { return current->meet(Wait::Shuffle, mode, mask, value, lane, clamp, site); },
    .vote =
        [](uint32_t mode, uint32_t mask, uint32_t predicate, uint32_t site) {
          return static_cast<uint32_t>(current->meet(Wait::Vote, mode, mask, predicate, 0, 0, site));
        },
    .mma =
        [](uint32_t type, uint32_t a0, uint32_t a1, uint32_t a2, uint32_t a3, uint32_t b0, uint32_t b1, float c0,
           float c1, float c2, float c3, uint32_t site) {
          current->mma(static_cast<Factor>(type), {{a0, a1, a2, a3}, {b0, b1}, {c0, c1, c2, c3}}, site);
        },
    .mmaSum = [](uint32_t index) { return current->mmaSum(index); },
    .step = [](uint32_t site) { current->step(site); },
    .exitThread = [] { current->exitThread(); },
    .trap = [](uint32_t site) { current->trap(site); },
    .exp2 = [](uint32_t flush, float x) { return apply(flush, [](float x) { return std::exp2(x); }, x); },
    .log2 = [](uint32_t flush, float x) { return apply(flush, [](float x) { return std::log2(x); }, x); },
    .sine = [](uint32_t flush, float x) { return apply(flush, [](float x) { return std::sin(x); }, x); },
    .cosine = [](uint32_t flush, float x) { return apply(flush, [](float x) { return std::cos(x); }, x); },
    .tangentH = [](uint32_t flush, float x) { return apply(flush, [](float x) { return std::tanh(x); }, x); },
    .reciprocal = [](uint32_t flush, float x) { return apply(flush, [](float x) { return 1 / x; }, x); },
    // In f64 and rounded once: two f32 operations would round twice.
    .inverseRoot = [](uint32_t flush, float x) { return apply(flush, [](double x) { return 1 / std::sqrt(x); }, x); },
    .root = [](uint32_t flush, float x) { return apply(flush, [](float x) { return std::sqrt(x); }, x); },
    .absolute = [](uint32_t flush, float x) { return apply(flush, [](float x) { return std::fabs(x); }, x); },
    .add = [](uint32_t flush, float x, float y) { return apply(flush, [](float x, float y) { return x + y; }, x, y); },
    .multiply = [](uint32_t flush, float x,
                   float y) { return apply(flush, [](float x, float y) { return x * y; }, x, y); },
    .divide = [](uint32_t flush, float x,
                 float y) { return apply(flush, [](float x, float y) { return x / y; }, x, y); },
    .fusedAdd =
        [](uint32_t flush, float x, float y, float z) {
          return apply(flush, [](float x, float y, float z) { return std::fma(x, y, z); }, x, y, z);
        },
    .minimum = [](uint32_t flush, uint32_t keepNan, float x,
                  float y) { return apply(flush, [&](float x, float y) { return minimumOf(keepNan, x, y); }, x, y); },
    .maximum = [](uint32_t flush, uint32_t keepNan, float x,
                  float y) { return apply(flush, [&](float x, float y) { return maximumOf(keepNan, x, y); }, x, y); },
};

} // namespace ptx::emulator
