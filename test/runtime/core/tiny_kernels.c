// Kernels of the ABI in runtime/FORMAT.md, as plain loops.
#include <stdint.h>
#include <string.h>

#ifndef STEP
#define STEP 1
#endif

#define KERNEL(name) void name(const uint64_t *args, int64_t r0, int64_t r1, int64_t c0, int64_t c1, void *scratch)

static const float *floats(uint64_t word) { return (const float *)word; }

// ids, table, table pitch, out, out pitch, width
KERNEL(gather) {
  const int32_t *ids = (const int32_t *)args[0];
  for (int64_t r = r0; r < r1; ++r)
    memcpy((float *)args[3] + r * args[4], floats(args[1]) + ids[r] * args[2], args[5] * sizeof(float));
  (void)c0, (void)c1, (void)scratch;
}

// in, in pitch, panels, K, bias, out, out pitch
KERNEL(contract) {
  uint64_t k = args[3];
  float *sums = scratch; // proves that the scratch is there, and this worker's own
  for (int64_t r = r0; r < r1; ++r)
    for (int64_t c = c0; c < c1; ++c) {
      const float *x = floats(args[0]) + r * args[1], *panel = floats(args[2]) + c * k * 16;
      memset(sums, 0, 16 * sizeof(float));
      for (uint64_t i = 0; i < k; ++i)
        for (int n = 0; n < 16; ++n)
          sums[n] += x[i] * panel[i * 16 + n];
      for (int n = 0; n < 16; ++n)
        ((float *)args[5])[r * args[6] + c * 16 + n] = sums[n] + floats(args[4])[c * 16 + n];
    }
}

// in, in pitch, A, A pitch, B, B pitch, rank, out, out pitch, K, width
KERNEL(lora) {
  for (int64_t r = r0; r < r1; ++r)
    for (uint64_t n = 0; n < args[10]; ++n) {
      float sum = 0;
      for (uint64_t i = 0; i < args[6]; ++i) {
        float u = 0;
        for (uint64_t k = 0; k < args[9]; ++k)
          u += floats(args[0])[r * args[1] + k] * floats(args[2])[i * args[3] + k];
        sum += u * floats(args[4])[n * args[5] + i];
      }
      ((float *)args[7])[r * args[8] + n] += sum;
    }
  (void)c0, (void)c1, (void)scratch;
}

// in, in pitch, begin, keys, out, out pitch, width: the mean of a sequence's keys
KERNEL(mean) {
  const int32_t *begin = (const int32_t *)args[2], *keys = (const int32_t *)args[3];
  for (int64_t s = r0; s < r1; ++s)
    for (uint64_t n = 0; n < args[6]; ++n) {
      float sum = 0;
      for (int32_t r = begin[s]; r < begin[s] + keys[s]; ++r)
        sum += floats(args[0])[r * args[1] + n];
      ((float *)args[4])[s * args[5] + n] = keys[s] ? sum / (float)keys[s] : 0;
    }
  (void)c0, (void)c1, (void)scratch;
}

// in, in pitch, blocks, width: adds the position within the sequence, in place
KERNEL(number) {
  const int32_t *blocks = (const int32_t *)args[2];
  for (int64_t b = r0; b < r1; ++b)
    for (int32_t r = blocks[4 * b + 1]; r < blocks[4 * b + 2]; ++r)
      for (uint64_t n = 0; n < args[3]; ++n)
        ((float *)args[0])[r * args[1] + n] += (float)STEP * (float)(blocks[4 * b + 3] + r - blocks[4 * b + 1]);
  (void)c0, (void)c1, (void)scratch;
}

static float folded(const uint64_t *args, uint64_t k, uint64_t n, float base) {
  const float *a = floats(args[0]) + k * args[1], *b = floats(args[2]) + n / 16 * args[3] * 16 + n % 16;
  float sum = 0;
  for (uint64_t r = 0; r < args[3]; ++r)
    sum += a[r] * b[r * 16];
  return base + sum;
}

// A^T, A^T pitch, s B in panels, rank, base, base pitch, out, out pitch, K, N; rows are of K, a table's of 16 columns
KERNEL(fold_matrix) {
  for (int64_t k = r0; k < r1; ++k)
    for (int64_t n = 16 * c0; n < 16 * c1 && n < (int64_t)args[9]; ++n) {
      uint64_t at = ((uint64_t)n / 16 * args[8] + (uint64_t)k) * 16 + (uint64_t)n % 16;
      ((float *)args[6])[at] = folded(args, (uint64_t)k, (uint64_t)n, floats(args[4])[at]);
    }
  (void)scratch;
}
KERNEL(fold_table) {
  for (int64_t k = r0; k < r1; ++k)
    for (int64_t n = 16 * c0; n < 16 * c1 && n < (int64_t)args[9]; ++n) {
      uint64_t at = (uint64_t)k * args[5] + (uint64_t)n;
      ((float *)args[6])[at] = folded(args, (uint64_t)k, (uint64_t)n, floats(args[4])[at]);
    }
  (void)scratch;
}
