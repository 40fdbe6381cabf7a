// Memory, loading and launches, with kernels written by hand.
#include "runtime/emulator/emulator.h"

#include <fstream>
#include <gtest/gtest.h>
#include <sstream>
#include <thread>

using namespace ptx;
using namespace ptx::emulator;

namespace {

std::string bytesOf(const char *path) {
  std::ifstream stream(path, std::ios::binary);
  std::stringstream bytes;
  bytes << stream.rdbuf();
  return bytes.str();
}

void expectContains(const std::string &text, const std::string &part) {
  EXPECT_NE(text.find(part), std::string::npos) << "no '" << part << "' in: " << text;
}

std::string messageOf(const Status &status) { return status ? "" : status.error().message; }

// An emulator, the toy kernels, and two arrays of 64 values in exact ranges.
struct Toy {
  Result<Emulator> machine;
  Result<Code> code;
  uint64_t in, out;
  std::vector<float> values;

  explicit Toy(uint64_t seed) : machine(Emulator::create({.seed = seed})), code(Emulator::load(bytesOf(TOY_KERNELS))) {
    in = *machine->allocate(64 * 4, "in");
    out = *machine->allocate(64 * 4, "out");
    for (int i = 0; i < 64; ++i)
      values.push_back(static_cast<float>(i));
    EXPECT_EQ(messageOf(machine->upload(in, values.data(), 64 * 4)), "");
  }
  std::string run(const char *kernel, std::vector<uint64_t> params, std::vector<Range> ranges, uint32_t threads) {
    Grid grid;
    grid.label = "toy";
    grid.kernel = *code->find(kernel);
    grid.params = std::move(params);
    grid.threads[0] = threads;
    grid.ranges = std::move(ranges);
    return messageOf(machine->launch(grid));
  }
  std::string exchange(bool barrier) {
    return run("exchange", {in, out, barrier}, {{in, 1, 256, 256, false, "in"}, {out, 1, 256, 256, true, "out"}}, 64);
  }
};

TEST(Emulator, RunsKernelsWrittenByHand) {
  for (uint64_t seed = 0; seed < 10; ++seed) {
    Toy toy(seed);
    EXPECT_EQ(toy.exchange(true), "");
    std::vector<float> got(64);
    EXPECT_EQ(messageOf(toy.machine->download(got.data(), toy.out, 256)), "");
    for (int i = 0; i < 64; ++i)
      EXPECT_EQ(got[i], i ^ 1);
    std::string message = toy.exchange(false);
    expectContains(message, "kernel 'exchange' (toy) at toy.mlir:");
    EXPECT_TRUE(message.find("race") != message.npos || message.find("uninitialised") != message.npos) << message;
  }
}

// Emulators share nothing: each OS thread has its own.
TEST(Emulator, RunsSideBySide) {
  std::vector<std::thread> threads;
  for (uint64_t seed = 0; seed < 4; ++seed)
    threads.emplace_back([seed] {
      Toy toy(seed);
      for (int i = 0; i < 20; ++i)
        EXPECT_EQ(toy.exchange(true), "");
    });
  for (std::thread &thread : threads)
    thread.join();
}

// Two rows of 16 bytes, 32 apart: what lies between them is out of bounds.
TEST(Emulator, RangesAreWindows) {
  Toy toy(0);
  Range rows{toy.in, 2, 32, 16, false, "rows"}, all{toy.out, 1, 256, 256, true, "all"};
  EXPECT_EQ(toy.run("copy", {toy.in + 32, toy.out, 16}, {rows, all}, 1), "");
  EXPECT_EQ(
      toy.run("copy", {toy.in, toy.out, 32}, {rows, all}, 1),
      "kernel 'copy' (toy) at toy.mlir:1: thread (0,0,0) of block (0,0,0): reads 16 bytes at 'rows'+16 (of 48 bytes), "
      "out of bounds");
  // What a launch opened is closed behind it.
  expectContains(toy.run("copy", {toy.out, toy.in, 16}, {rows}, 1), "out of bounds");
  // Without ranges, whatever is allocated.
  EXPECT_EQ(toy.run("copy", {toy.in, toy.out, 256}, {}, 1), "");
  expectContains(toy.run("copy", {toy.in, toy.out, 272}, {}, 1), "'in'+256 (of 256 bytes), out of bounds");
}

TEST(Emulator, RangesMustBeAllocated) {
  Toy toy(0);
  expectContains(toy.run("copy", {toy.in, toy.out, 16}, {{toy.in, 3, 128, 128, false, "tall"}}, 1),
                 "range 'tall' of kernel 'copy' (toy) of 384 bytes lies outside every allocation");
}

TEST(Emulator, MemoryIsUninitialisedUntilWritten) {
  Toy toy(0);
  float value = 0;
  EXPECT_EQ(messageOf(toy.machine->download(&value, toy.out + 8, 4)),
            "emulator: a download reads 'out'+8, uninitialised");
  EXPECT_EQ(messageOf(toy.machine->download(&value, toy.in + 8, 4)), "");
  EXPECT_EQ(messageOf(toy.machine->forget(toy.in + 8, 4)), "");
  expectContains(messageOf(toy.machine->download(&value, toy.in + 8, 4)), "uninitialised");
  expectContains(messageOf(toy.machine->upload(toy.in + 254, &value, 4)), "outside every allocation");
}

TEST(Emulator, ReleasedMemoryIsGone) {
  Toy toy(0);
  EXPECT_EQ(messageOf(toy.machine->release(toy.in)), "");
  expectContains(toy.run("copy", {toy.in, toy.out, 16}, {}, 1), "out of bounds");
  expectContains(messageOf(toy.machine->release(toy.in)), "no allocation starts");
  // A second life holds nothing of the first.
  uint64_t again = *toy.machine->allocate(64 * 4, "again");
  EXPECT_EQ(again, toy.in);
  expectContains(toy.run("copy", {again, toy.out, 16}, {}, 1), "'again'+0 (of 256 bytes), uninitialised");
}

TEST(Emulator, DeviceMemoryHasAnEnd) {
  auto machine = Emulator::create({.arenaBytes = 1 << 20});
  ASSERT_TRUE(machine);
  auto made = machine->allocate(1 << 20);
  ASSERT_FALSE(made);
  expectContains(made.error().message, "is full");
}

TEST(Load, RefusesWhatIsNotKernels) {
  auto failure = [](const std::string &bytes) {
    auto code = Emulator::load(bytes);
    return code ? "" : code.error().message;
  };
  std::string whole = bytesOf(TOY_KERNELS);
  for (const std::string &bytes : {std::string(), std::string(100, 'x'), whole.substr(0, 100), whole.substr(0, 5000),
                                   whole.substr(0, whole.size() - 1)})
    expectContains(failure(bytes), " bytes that are no whole shared object");
  expectContains(failure(bytesOf(OTHER_LIBRARY)), "holds no emulated kernels");
  EXPECT_EQ(failure(bytesOf(OLD_KERNELS)), "emulator: kernels of version 9999, expected 2: compile them again");
}

} // namespace
