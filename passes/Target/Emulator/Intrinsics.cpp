// What each GPU instruction means: one table from intrinsics to hooks.
#include "passes/Target/Emulator/Steps.h"

#include "llvm/IR/InlineAsm.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/IR/IntrinsicsNVPTX.h"
#include "llvm/Support/FormatVariadic.h"

using namespace llvm;
using namespace ptx::emulator;

namespace {
/// An intrinsic calls `hook(before..., its operands..., after..., site)`.
struct Rule {
  Intrinsic::ID intrinsic;
  Hook hook;
  std::vector<uint32_t> before = {};
  std::vector<uint32_t> after = {};
};
} // namespace

// clang-format off: a table
#define SREG(name, which) {Intrinsic::nvvm_read_ptx_sreg_##name, Hook::specialRegister, {uint32_t(Register::which)}}
#define SHUFFLE(name, mode) \
  {Intrinsic::nvvm_shfl_sync_##name##_i32,  Hook::shuffle, {uint32_t(Shuffle::mode)}}, \
  {Intrinsic::nvvm_shfl_sync_##name##_f32,  Hook::shuffle, {uint32_t(Shuffle::mode)}}, \
  {Intrinsic::nvvm_shfl_sync_##name##_i32p, Hook::shuffle, {uint32_t(Shuffle::mode)}}, \
  {Intrinsic::nvvm_shfl_sync_##name##_f32p, Hook::shuffle, {uint32_t(Shuffle::mode)}}
#define VOTE(name, mode) {Intrinsic::nvvm_vote_##name##_sync, Hook::vote, {uint32_t(Vote::mode)}}
#define COPY_ASYNC(name, bytes) \
  {Intrinsic::nvvm_cp_async_##name##_shared_global_##bytes, Hook::copyAsync, {bytes}, {bytes}}, \
  {Intrinsic::nvvm_cp_async_##name##_shared_global_##bytes##_s, Hook::copyAsync, {bytes}}
#define FLOAT(plain, flushing, hook) {Intrinsic::plain, Hook::hook, {0}}, {Intrinsic::flushing, Hook::hook, {1}}

static const Rule rules[] = {
  SREG(tid_x, TidX), SREG(tid_y, TidY), SREG(tid_z, TidZ),
  SREG(ctaid_x, CtaidX), SREG(ctaid_y, CtaidY), SREG(ctaid_z, CtaidZ),
  SREG(ntid_x, NtidX), SREG(ntid_y, NtidY), SREG(ntid_z, NtidZ),
  SREG(nctaid_x, NctaidX), SREG(nctaid_y, NctaidY), SREG(nctaid_z, NctaidZ),
  SREG(laneid, Lane), SREG(warpsize, WarpSize),

  {Intrinsic::nvvm_barrier_cta_sync_aligned_all,   Hook::barrier, {1}, {0}},
  {Intrinsic::nvvm_barrier_cta_sync_aligned_count, Hook::barrier, {1}},
  {Intrinsic::nvvm_barrier_cta_sync_all,           Hook::barrier, {0}, {0}},
  {Intrinsic::nvvm_barrier_cta_sync_count,         Hook::barrier, {0}},
  {Intrinsic::nvvm_bar_warp_sync,                  Hook::warpBarrier},
  {Intrinsic::nvvm_membar_cta, Hook::fence}, {Intrinsic::nvvm_membar_gl, Hook::fence},
  {Intrinsic::nvvm_membar_sys, Hook::fence},
  SHUFFLE(up, Up), SHUFFLE(down, Down), SHUFFLE(bfly, Butterfly), SHUFFLE(idx, Index),
  VOTE(all, All), VOTE(any, Any), VOTE(uni, Uniform), VOTE(ballot, Ballot),

  COPY_ASYNC(ca, 4), COPY_ASYNC(ca, 8), COPY_ASYNC(ca, 16), COPY_ASYNC(cg, 16),
  {Intrinsic::nvvm_cp_async_commit_group, Hook::commitCopies},
  {Intrinsic::nvvm_cp_async_wait_group,   Hook::waitCopies},
  {Intrinsic::nvvm_cp_async_wait_all,     Hook::waitAllCopies},

  FLOAT(nvvm_ex2_approx, nvvm_ex2_approx_ftz, exp2),
  FLOAT(nvvm_lg2_approx_f, nvvm_lg2_approx_ftz_f, log2),
  FLOAT(nvvm_sin_approx_f, nvvm_sin_approx_ftz_f, sine),
  FLOAT(nvvm_cos_approx_f, nvvm_cos_approx_ftz_f, cosine),
  FLOAT(nvvm_rcp_rn_f, nvvm_rcp_approx_ftz_f, reciprocal), {Intrinsic::nvvm_rcp_rn_ftz_f, Hook::reciprocal, {1}},
  FLOAT(nvvm_rsqrt_approx_f, nvvm_rsqrt_approx_ftz_f, inverseRoot),
  FLOAT(nvvm_sqrt_rn_f, nvvm_sqrt_rn_ftz_f, root), FLOAT(nvvm_sqrt_approx_f, nvvm_sqrt_approx_ftz_f, root),
  {Intrinsic::nvvm_sqrt_f, Hook::root, {0}},
  FLOAT(nvvm_fabs, nvvm_fabs_ftz, absolute),
  FLOAT(nvvm_add_rn_f, nvvm_add_rn_ftz_f, add),
  FLOAT(nvvm_mul_rn_f, nvvm_mul_rn_ftz_f, multiply),
  FLOAT(nvvm_div_rn_f, nvvm_div_rn_ftz_f, divide), FLOAT(nvvm_div_approx_f, nvvm_div_approx_ftz_f, divide),
  FLOAT(nvvm_div_full, nvvm_div_full_ftz, divide),
  FLOAT(nvvm_fma_rn_f, nvvm_fma_rn_ftz_f, fusedAdd),
  {Intrinsic::nvvm_fmin_f,     Hook::minimum, {0, 0}}, {Intrinsic::nvvm_fmin_ftz_f,     Hook::minimum, {1, 0}},
  {Intrinsic::nvvm_fmin_nan_f, Hook::minimum, {0, 1}}, {Intrinsic::nvvm_fmin_ftz_nan_f, Hook::minimum, {1, 1}},
  {Intrinsic::nvvm_fmax_f,     Hook::maximum, {0, 0}}, {Intrinsic::nvvm_fmax_ftz_f,     Hook::maximum, {1, 0}},
  {Intrinsic::nvvm_fmax_nan_f, Hook::maximum, {0, 1}}, {Intrinsic::nvvm_fmax_ftz_nan_f, Hook::maximum, {1, 1}},

  // Intrinsics of every target that NVPTX selects approximations for.
  {Intrinsic::exp2, Hook::exp2, {0}}, {Intrinsic::log2, Hook::log2, {0}}, {Intrinsic::tanh, Hook::tangentH, {0}},
  {Intrinsic::sin, Hook::sine, {0}}, {Intrinsic::cos, Hook::cosine, {0}},
  {Intrinsic::trap, Hook::trap}, {Intrinsic::nvvm_exit, Hook::exitThread},
};
// clang-format on

static const Rule *findRule(Intrinsic::ID id) {
  const Rule *rule = find_if(rules, [&](const Rule &rule) { return rule.intrinsic == id; });
  return rule == std::end(rules) ? nullptr : rule;
}

// A rule for f32 must not swallow what an overloaded intrinsic does to f64 or vectors.
static bool fitsScalars(const CallInst &call) {
  auto fits = [](Type *type) {
    return type->isVoidTy() || type->isFloatTy() || type->isPointerTy() || type->isIntegerTy(1) ||
           type->isIntegerTy(32);
  };
  if (auto *pair = dyn_cast<StructType>(call.getType()))
    return all_of(pair->elements(), fits);
  return fits(call.getType()) && all_of(call.args(), [&](const Use &use) { return fits(use->getType()); });
}

static void replace(CallInst &call, const Rule &rule, HookCalls &hooks) {
  IRBuilder<> builder(&call);
  SmallVector<Value *> arguments;
  for (uint32_t value : rule.before)
    arguments.push_back(builder.getInt32(value));
  append_range(arguments, call.args());
  for (uint32_t value : rule.after)
    arguments.push_back(builder.getInt32(value));
  Value *result = hooks.call(builder, rule.hook, arguments, &call);
  if (!call.getType()->isVoidTy())
    call.replaceAllUsesWith(castBits(builder, result, call.getType()));
  call.eraseFromParent();
}

/// The type of an mma's factors, or nothing.
static std::optional<Factor> mmaFactor(Intrinsic::ID id) {
  if (id == Intrinsic::nvvm_mma_m16n8k16_row_col_bf16)
    return Factor::BF16;
  return id == Intrinsic::nvvm_mma_m16n8k16_row_col_f32_f32 ? std::optional(Factor::F16) : std::nullopt;
}

static void replaceMma(CallInst &call, Factor factor, HookCalls &hooks) {
  IRBuilder<> builder(&call);
  SmallVector<Value *> arguments{builder.getInt32(static_cast<uint32_t>(factor))};
  append_range(arguments, call.args());
  hooks.call(builder, Hook::mma, arguments, &call);
  Value *result = PoisonValue::get(call.getType());
  for (unsigned i = 0; i < 4; ++i)
    result = builder.CreateInsertValue(result, hooks.call(builder, Hook::mmaSum, {builder.getInt32(i)}), i);
  call.replaceAllUsesWith(result);
  call.eraseFromParent();
}

// Only GPU back ends fuse a fmuladd on their own.
static void fuse(IntrinsicInst &call) {
  call.setCalledFunction(Intrinsic::getOrInsertDeclaration(call.getModule(), Intrinsic::fma, {call.getType()}));
}

static Error refuse(const Function &kernel, const Twine &what) {
  return createStringError(formatv("kernel '{0}': {1}", kernel.getName(), what.str()).str());
}

static Error replaceCall(CallInst &call, HookCalls &hooks) {
  const Function &kernel = *call.getFunction();
  if (call.isInlineAsm())
    return refuse(kernel, "inline assembly '" + cast<InlineAsm>(call.getCalledOperand())->getAsmString() +
                              "' has no meaning here, put it behind an intrinsic");
  Function *callee = call.getCalledFunction();
  if (!callee)
    return refuse(kernel, "calls through a pointer are not emulated");
  Intrinsic::ID id = callee->getIntrinsicID();
  if (id == Intrinsic::not_intrinsic)
    return callee->isDeclaration() ? refuse(kernel, "'" + callee->getName() + "' is not defined") : Error::success();
  if (const Rule *rule = findRule(id)) {
    if (!fitsScalars(call))
      return refuse(kernel, "'" + callee->getName() + "' is emulated for f32 and 32-bit integers alone");
    replace(call, *rule, hooks);
    return Error::success();
  }
  if (std::optional<Factor> factor = mmaFactor(id)) {
    replaceMma(call, *factor, hooks);
    return Error::success();
  }
  if (id == Intrinsic::fmuladd)
    fuse(cast<IntrinsicInst>(call));
  bool touchesMemory = call.mayReadOrWriteMemory() && !call.isLifetimeStartOrEnd() && !isa<MemIntrinsic>(call) &&
                       !is_contained({Intrinsic::assume, Intrinsic::experimental_noalias_scope_decl,
                                      Intrinsic::sideeffect, Intrinsic::pseudoprobe},
                                     id);
  if (callee->getName().starts_with("llvm.nvvm.") || touchesMemory)
    return refuse(kernel, "the emulator does not know '" + callee->getName() + "'");
  return Error::success();
}

Error ptx::emulator::replaceIntrinsics(Module &module, HookCalls &hooks) {
  for (Function &function : module) {
    SmallVector<CallInst *> calls;
    for (BasicBlock &block : function)
      for (Instruction &instruction : block)
        if (auto *call = dyn_cast<CallInst>(&instruction))
          calls.push_back(call);
    for (CallInst *call : calls)
      if (Error error = replaceCall(*call, hooks))
        return error;
  }
  return Error::success();
}
