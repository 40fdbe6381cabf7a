// Planted faults: each is named under every schedule, and its twin without the
// fault is silent.
#include "test/passes/Target/Emulator/KernelRun.h"

#include <functional>
#include <gtest/gtest.h>

using namespace ptx::emulator;
using namespace ptx::test;

namespace {

using Trial = std::function<std::string(Bench &)>;

// `faulty` must report one of the classes and the kernel, `twin` nothing.
void expectFault(const std::string &kernel, const std::vector<std::string> &classes, const Trial &faulty,
                 const Trial &twin) {
  for (uint64_t seed : allSeeds()) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Bench bad({.seed = seed, .maxSteps = 2'000'000}), good({.seed = seed, .maxSteps = 2'000'000});
    std::string message = faulty(bad);
    expectContains(message, "kernel '" + kernel + "' (test) at ");
    bool named = false;
    for (const std::string &one : classes)
      named |= message.find(one) != std::string::npos;
    EXPECT_TRUE(named) << "not '" << classes[0] << "': " << message;
    EXPECT_EQ(message.find('\n'), std::string::npos);
    EXPECT_EQ(twin(good), "");
    // A fault leaves an emulator that works.
    EXPECT_EQ(twin(bad), "");
  }
}

const Code &faults() {
  static const Code code = loadText(readKernel("faults.ll"));
  return code;
}

// A kernel of faults.ll over out[64], `blocks` of 32 threads.
Trial withOut(const std::string &kernel, std::vector<uint64_t> rest, uint32_t blocks = 1) {
  return [=](Bench &bench) {
    std::vector<uint64_t> params = {bench.output("out", 64)};
    params.insert(params.end(), rest.begin(), rest.end());
    return bench.run(faults(), kernel, params, {blocks}, {32});
  };
}

Trial inToOut(const std::string &kernel, size_t count, uint64_t by) {
  return [=](Bench &bench) {
    uint64_t in = bench.input("in", std::vector<float>(count, 1)), out = bench.output("out", 256);
    return bench.run(faults(), kernel, {in, out, by}, {1}, {32});
  };
}

Trial blockSum(const Code &code) {
  return [&](Bench &bench) {
    uint64_t in = bench.input("in", std::vector<float>(128, 1)), out = bench.output("out", 1);
    return bench.run(code, "block_sum", {in, out}, {1}, {128});
  };
}

// Whether the reader or the writer comes first is the schedule's choice.
const std::vector<std::string> unordered = {"race", "uninitialised"};

TEST(Fault, MissingBarrier) {
  const std::string barrier = "call void @llvm.nvvm.barrier.cta.sync.aligned.all(i32 0) ; ";
  std::string text = readKernel("block_sum.ll");
  Code right = loadText(text);
  Code noFirst = loadText(edited(text, barrier + "first", "; ")),
       noLoop = loadText(edited(text, barrier + "loop", "; "));
  expectFault("block_sum", unordered, blockSum(noFirst), blockSum(right));
  expectFault("block_sum", unordered, blockSum(noLoop), blockSum(right));
}

TEST(Fault, MissingWarpBarrier) {
  Code missing = loadText(edited(readKernel("faults.ll"), "call void @llvm.nvvm.bar.warp.sync(i32 -1)", ""));
  auto bad = [&](Bench &bench) { return bench.run(missing, "warp_passes", {bench.output("out", 32)}, {1}, {32}); };
  expectFault("warp_passes", unordered, bad, withOut("warp_passes", {}));
}

TEST(Fault, DivergentBarrier) {
  expectFault("leaves_early", {"divergent barrier"}, withOut("leaves_early", {5}), withOut("leaves_early", {0}));
  expectFault("two_barriers", {"divergent barrier"}, withOut("two_barriers", {7}), withOut("two_barriers", {0}));
}

TEST(Fault, DeadlockTellsWhoWaits) {
  auto run = [](uint64_t limit) {
    return [limit](Bench &bench) {
      return bench.run(faults(), "two_barriers", {bench.output("out", 64), limit}, {1}, {64});
    };
  };
  expectFault("two_barriers",
              {"deadlock, divergent: 32 threads wait at barrier 1 at -, the first thread (0,0,0); "
               "32 threads wait at barrier 2 at -, the first thread (32,0,0)"},
              run(32), run(64));
}

TEST(Fault, OutOfBoundsGlobal) {
  expectFault("copy_at", {"reads 4 bytes at 'in'+128 (of 128 bytes), out of bounds"}, inToOut("copy_at", 32, 1),
              inToOut("copy_at", 32, 0));
}

TEST(Fault, OutOfBoundsShared) {
  expectFault("shared_at", {"out of bounds of shared memory"}, withOut("shared_at", {1}), withOut("shared_at", {0}));
}

TEST(Fault, OutOfBoundsDynamicShared) {
  auto run = [](uint64_t by) {
    return
        [by](Bench &bench) { return bench.run(faults(), "dynamic_at", {bench.output("out", 32), by}, {1}, {32}, 128); };
  };
  expectFault("dynamic_at", {"dynamic shared memory+128 (of 128 bytes), out of bounds of shared memory"}, run(1),
              run(0));
}

// A memcpy to the thread's own stack reads all it says.
TEST(Fault, OutOfBoundsCopy) {
  expectFault("local_copy", {"reads 16 bytes at 'in'+16 (of 28 bytes), out of bounds"}, inToOut("local_copy", 7, 3),
              inToOut("local_copy", 8, 3));
}

TEST(Fault, WildPointer) {
  auto run = [](uint64_t pointer) {
    return [pointer](Bench &bench) {
      uint64_t in = bench.input("in", {1});
      return bench.run(faults(), "generic", {pointer ? pointer : in, bench.output("out", 32)}, {1}, {32});
    };
  };
  expectFault("generic", {"out of bounds: no device memory is there"}, run(16), run(0));
  expectFault("generic", {"out of bounds: no device memory is there"}, run(0xFFFFFFFFFFFFFFFC), run(0));
}

TEST(Fault, WriteToReadOnly) {
  auto swapped = [](Bench &bench) {
    uint64_t in = bench.input("in", std::vector<float>(32, 1)),
             also = bench.input("weights", std::vector<float>(32, 1));
    return bench.run(faults(), "copy_at", {in, also, 0}, {1}, {32});
  };
  expectFault("copy_at", {"'weights'+", "read-only in this launch"}, swapped, inToOut("copy_at", 32, 0));
}

TEST(Fault, MisalignedVector) {
  expectFault("vector_at", {"misaligned"}, inToOut("vector_at", 256, 1), inToOut("vector_at", 256, 4));
}

TEST(Fault, UninitialisedShared) {
  // One further: place 0 is never written. The variable behind must not hide that.
  Code missing = loadText(edited(readKernel("faults.ll"), "store volatile float 1.0, ptr addrspace(3) %put", ""));
  auto bad = [&](Bench &bench) { return bench.run(missing, "shared_at", {bench.output("out", 32), 0}, {1}, {32}); };
  expectFault("shared_at", {"'row'+", "uninitialised"}, bad, withOut("shared_at", {0}));
}

TEST(Fault, UninitialisedGlobal) {
  auto bad = [](Bench &bench) {
    return bench.run(faults(), "copy_at", {bench.output("never", 32), bench.output("out", 32), 0}, {1}, {32});
  };
  expectFault("copy_at", {"'never'+0 (of 128 bytes), uninitialised", "uninitialised"}, bad, inToOut("copy_at", 32, 0));
}

TEST(Fault, ForgottenSlot) {
  auto run = [](bool forgets) {
    return [forgets](Bench &bench) {
      uint64_t in = bench.input("slot", std::vector<float>(32, 1));
      if (forgets)
        EXPECT_TRUE(bool(bench->forget(in, 128)));
      return bench.run(faults(), "copy_at", {in, bench.output("out", 32), 0}, {1}, {32});
    };
  };
  expectFault("copy_at", {"uninitialised"}, run(true), run(false));
}

TEST(Fault, ShuffleMasks) {
  constexpr uint64_t all = 0xFFFFFFFF, low = 0xFFFF;
  Trial twin = withOut("shuffle_of", {32, all, 3}), half = withOut("shuffle_of", {16, low, 3});
  // Lanes of the mask that left, or never come.
  expectFault("shuffle_of", {"wrong mask", "divergent warp operation"}, withOut("shuffle_of", {16, all, 3}), twin);
  // Lanes that take part and are not in the mask.
  expectFault("shuffle_of", {"wrong mask: lane"}, withOut("shuffle_of", {32, low, 3}), half);
  // A source outside of the mask.
  expectFault("shuffle_of", {"wrong mask: it reads lane 20"}, withOut("shuffle_of", {16, low, 20}), half);
}

TEST(Fault, DivergentWarpOperations) {
  expectFault("vote_or_shuffle", {"divergent: lane"}, withOut("vote_or_shuffle", {9}), withOut("vote_or_shuffle", {0}));
}

// A tensor core multiplies what all 32 lanes have.
TEST(Fault, MmaOfPartOfAWarp) {
  Code code = loadText(readKernel("mma.ll"));
  for (uint64_t seed : allSeeds()) {
    Bench bench({.seed = seed});
    std::string fault = bench.run(code, "mma_bf16", {bench.output("out", 128), 20}, {1}, {32});
    bool named = fault.find("mma with mask 0xffffffff, wrong mask") != std::string::npos ||
                 fault.find("divergent warp operation") != std::string::npos;
    EXPECT_TRUE(named) << fault;
  }
}

TEST(Fault, CopyUsedBeforeItsWait) {
  std::string text = readKernel("pipeline.ll");
  auto run = [](const Code &code) {
    return [&](Bench &bench) {
      uint64_t in = bench.input("in", std::vector<float>(5 * 64, 1)), out = bench.output("out", 64);
      return bench.run(code, "pipeline", {in, out, 5}, {1}, {64});
    };
  };
  Code right = loadText(text);
  // One group too few is waited for; the half is filled again while others still read it.
  Code early = loadText(edited(text, "wait.group(i32 1)", "wait.group(i32 2)"));
  Code refilled = loadText(
      edited(text, "call void @llvm.nvvm.barrier.cta.sync.aligned.all(i32 0) ; before the half is filled again", ""));
  expectFault("pipeline", {"a cp.async in flight"}, run(early), run(right));
  expectFault("pipeline", {"race", "a cp.async in flight"}, run(refilled), run(right));
}

TEST(Fault, RaceBetweenBlocks) {
  expectFault("blocks_write", {"race: block ("}, withOut("blocks_write", {0}, 4), withOut("blocks_write", {1}, 4));
}

TEST(Fault, RaceBetweenReaderAndWriterBlocks) {
  auto run = [](uint64_t distance) {
    return [distance](Bench &bench) {
      uint64_t out = bench.output("out", 64);
      EXPECT_TRUE(bool(bench->upload(out, std::vector<float>(64, 1).data(), 256)));
      return bench.run(faults(), "blocks_follow", {out, distance}, {4}, {1});
    };
  };
  expectFault("blocks_follow", {"race: block ("}, run(1), run(4));
}

TEST(Fault, PlainStoresRaceWhereAtomicsDoNot) {
  auto run = [](const std::string &kernel, std::vector<uint64_t> rest) {
    return [=](Bench &bench) {
      uint64_t out = bench.output("out", 1);
      float zero = 0;
      EXPECT_TRUE(bool(bench->upload(out, &zero, 4)));
      std::vector<uint64_t> params = {out};
      params.insert(params.end(), rest.begin(), rest.end());
      std::string message = bench.run(faults(), kernel, params, {2}, {32});
      if (kernel == "atomic_count" && message.empty())
        EXPECT_EQ(bench.values(out, 1)[0], 64);
      return message;
    };
  };
  expectFault("blocks_write", {"race: block ("}, run("blocks_write", {0}), run("atomic_count", {}));
}

TEST(Fault, EndlessLoop) {
  auto spins = [](uint64_t writer) {
    return [writer](Bench &bench) {
      uint64_t out = bench.output("out", 1);
      float zero = 0;
      EXPECT_TRUE(bool(bench->upload(out, &zero, 4)));
      return bench.run(faults(), "spins", {out, writer}, {1}, {32});
    };
  };
  expectFault("spins", {"endless loop"}, spins(99), spins(31));
  expectFault("counts_down", {"endless loop"}, withOut("counts_down", {7}), withOut("counts_down", {8}));
}

} // namespace
