#ifndef PTX_DEV
#define PTX_DEV

include "mlir/IR/OpBase.td"
include "mlir/IR/AttrTypeBase.td"
include "mlir/Dialect/LLVMIR/LLVMOpBase.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def Dev_Dialect : Dialect {
  let name = "dev";
  let cppNamespace = "::ptx::dev";
  let summary = "how a GPU says it: device operations MLIR lacks or lowers badly";
  let description = [{
    Everything a kernel does beyond arithmetic and the `gpu` dialect is an op
    here, so that each has one lowering to NVVM (passes/Target/CUDA/Lower.cpp)
    and one meaning in the emulator (the hook of runtime/emulator/hooks.h that
    its description names). Inline assembly has no such meaning: it is refused.
  }];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect"];
}

class Dev_Op<string mnemonic, list<Trait> traits = []> : Op<Dev_Dialect, mnemonic, traits>;

def Dev_Shared : LLVM_PointerInAddressSpace<3>;
def Dev_Global : LLVM_PointerInAddressSpace<1>;

def Dev_SharedOp : Dev_Op<"shared", [Pure]> {
  let summary = "the thread block's shared memory: `floats` f32, 16-byte aligned";
  let description = [{
    One per kernel. Its contents are undefined when the block starts.
    NVVM: a global of address space 3. Emulator: `sharedBase`, poisoned.
    C1 `floats` is positive.
    ```mlir
    %shared = dev.shared 4352 : !llvm.ptr<3>
    ```
  }];
  let arguments = (ins I64Attr:$floats);
  let results = (outs Dev_Shared:$result);
  let assemblyFormat = "$floats attr-dict `:` type($result)";
  let hasVerifier = 1;
}

def Dev_CopyAsyncOp : Dev_Op<"copy_async"> {
  let summary = "starts copying a word of 32 bits from global to shared memory, or writes 0 where `exists` is false";
  let description = [{
    The value is there after the `dev.wait_copies` that covers its group; until
    then the destination holds nothing. The source address must be valid even
    where `exists` is false; nothing is read then.
    NVVM: `nvvm.cp.async.shared.global` of 4 bytes with a source size (PTX ISA
    9.7.9.25, sm_80). Emulator: `copyAsync`, delivered at the wait.
  }];
  let arguments = (ins Dev_Shared:$to, Dev_Global:$from, I1:$exists);
  let assemblyFormat = "$to `,` $from `if` $exists attr-dict `:` type($to) `,` type($from)";
}

def Dev_CommitCopiesOp : Dev_Op<"commit_copies"> {
  let summary = "closes the thread's group of copies; an empty group counts";
  let description = "NVVM: `nvvm.cp.async.commit.group`. Emulator: `commitCopies`.";
  let assemblyFormat = "attr-dict";
}

def Dev_WaitCopiesOp : Dev_Op<"wait_copies"> {
  let summary = "waits until at most `left` of the thread's groups are under way";
  let description = [{
    Other threads see the data after a barrier that follows.
    NVVM: `nvvm.cp.async.wait.group`. Emulator: `waitCopies`.
  }];
  let arguments = (ins I32Attr:$left);
  let assemblyFormat = "`left` $left attr-dict";
}

def Dev_WarpBarrierOp : Dev_Op<"warp_barrier"> {
  let summary = "all 32 threads of the warp meet; what each wrote is seen by the others";
  let description = "NVVM: `nvvm.bar.warp.sync` of all lanes. Emulator: `warpBarrier`.";
  let assemblyFormat = "attr-dict";
}

def Dev_MmaOp : Dev_Op<"mma", [Pure]> {
  let summary = "d = a b + c of a warp: 16 x 16 times 16 x 8 elements of f16 or bf16, sums of f32";
  let description = [{
    All 32 threads of the warp do it together. Words of a and b hold two
    neighbours along k, the first in the lower half. Lane l, with g = l / 4 and
    t = l mod 4, holds
    a: rows g, g + 8, g, g + 8 at k = 2t, 2t, 2t + 8, 2t + 8;
    b: column g at k = 2t, 2t + 8;
    c and d: rows g, g, g + 8, g + 8 at columns 2t, 2t + 1, 2t, 2t + 1.
    NVVM: `nvvm.mma.sync` m16n8k16 row.col (PTX ISA 9.7.15.5, sm_80). Emulator:
    `mma`: exact products, summed in f64 and rounded to f32 once.
    ```mlir
    %d0, %d1, %d2, %d3 = dev.mma (%a0, %a1, %a2, %a3) (%b0, %b1) (%c0, %c1, %c2, %c3) in bf16
    ```
  }];
  let arguments = (ins I32:$a0, I32:$a1, I32:$a2, I32:$a3, I32:$b0, I32:$b1, F32:$c0, F32:$c1, F32:$c2, F32:$c3,
                       TypeAttrOf<AnyTypeOf<[F16, BF16]>>:$element_type);
  let results = (outs F32:$d0, F32:$d1, F32:$d2, F32:$d3);
  let assemblyFormat = [{
    `(` $a0 `,` $a1 `,` $a2 `,` $a3 `)` `(` $b0 `,` $b1 `)` `(` $c0 `,` $c1 `,` $c2 `,` $c3 `)` `in` $element_type attr-dict
  }];
}

#endif // PTX_DEV
