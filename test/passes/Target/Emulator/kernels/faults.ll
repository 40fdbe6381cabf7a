; One kernel a fault; where a parameter decides, the same kernel without it is its twin.
target triple = "nvptx64-nvidia-cuda"
@row = internal addrspace(3) global [32 x float] undef, align 16
@behind = internal addrspace(3) global [32 x float] undef, align 16
@dynamic = external addrspace(3) global [0 x float], align 16
@table = internal unnamed_addr addrspace(4) constant [4 x float] [float 1.0, float 2.0, float 3.0, float 4.0], align 4
declare i32 @llvm.nvvm.read.ptx.sreg.tid.x()
declare i32 @llvm.nvvm.read.ptx.sreg.ctaid.x()
declare void @llvm.nvvm.barrier.cta.sync.aligned.all(i32)
declare void @llvm.nvvm.bar.warp.sync(i32)
declare i32 @llvm.nvvm.shfl.sync.idx.i32(i32, i32, i32, i32)
declare i1 @llvm.nvvm.vote.any.sync(i32, i1)

; Threads below `limit` leave before the barrier.
define ptx_kernel void @leaves_early(ptr addrspace(1) %out, i32 %limit) {
  %t = call i32 @llvm.nvvm.read.ptx.sreg.tid.x()
  %leaves = icmp ult i32 %t, %limit
  br i1 %leaves, label %end, label %meet
meet:
  call void @llvm.nvvm.barrier.cta.sync.aligned.all(i32 0)
  %to = getelementptr float, ptr addrspace(1) %out, i32 %t
  store float 1.0, ptr addrspace(1) %to
  br label %end
end:
  ret void
}

; Threads below `limit` wait at another barrier than the rest.
define ptx_kernel void @two_barriers(ptr addrspace(1) %out, i32 %limit) {
  %t = call i32 @llvm.nvvm.read.ptx.sreg.tid.x()
  %to = getelementptr float, ptr addrspace(1) %out, i32 %t
  %one = icmp ult i32 %t, %limit
  br i1 %one, label %first, label %second
first:
  call void @llvm.nvvm.barrier.cta.sync.aligned.all(i32 1)
  store float 1.0, ptr addrspace(1) %to
  br label %end
second:
  call void @llvm.nvvm.barrier.cta.sync.aligned.all(i32 2)
  store float 2.0, ptr addrspace(1) %to
  br label %end
end:
  ret void
}

; Writes out[t + by] = in[t + by].
define ptx_kernel void @copy_at(ptr addrspace(1) %in, ptr addrspace(1) %out, i32 %by) {
  %t = call i32 @llvm.nvvm.read.ptx.sreg.tid.x()
  %i = add i32 %t, %by
  %from = getelementptr float, ptr addrspace(1) %in, i32 %i
  %x = load float, ptr addrspace(1) %from
  %to = getelementptr float, ptr addrspace(1) %out, i32 %i
  store float %x, ptr addrspace(1) %to
  ret void
}

; Every thread writes shared memory `by` places further, and reads its own place behind a barrier.
define ptx_kernel void @shared_at(ptr addrspace(1) %out, i32 %by) {
  %t = call i32 @llvm.nvvm.read.ptx.sreg.tid.x()
  %i = add i32 %t, %by
  %put = getelementptr float, ptr addrspace(3) @row, i32 %i
  store volatile float 1.0, ptr addrspace(3) %put
  %other = getelementptr float, ptr addrspace(3) @behind, i32 %t
  store volatile float 2.0, ptr addrspace(3) %other
  call void @llvm.nvvm.barrier.cta.sync.aligned.all(i32 0)
  %get = getelementptr float, ptr addrspace(3) @row, i32 %t
  %x = load volatile float, ptr addrspace(3) %get
  %to = getelementptr float, ptr addrspace(1) %out, i32 %t
  store float %x, ptr addrspace(1) %to
  ret void
}

; Four values at once from in + by.
define ptx_kernel void @vector_at(ptr addrspace(1) %in, ptr addrspace(1) %out, i32 %by) {
  %t = call i32 @llvm.nvvm.read.ptx.sreg.tid.x()
  %four = mul i32 %t, 4
  %i = add i32 %four, %by
  %from = getelementptr float, ptr addrspace(1) %in, i32 %i
  %x = load <4 x float>, ptr addrspace(1) %from, align 16
  %to = getelementptr <4 x float>, ptr addrspace(1) %out, i32 %t
  store <4 x float> %x, ptr addrspace(1) %to, align 16
  ret void
}

; Lanes below `limit` take part in a shuffle whose mask is all 32.
define ptx_kernel void @shuffle_of(ptr addrspace(1) %out, i32 %limit, i32 %mask, i32 %from) {
  %t = call i32 @llvm.nvvm.read.ptx.sreg.tid.x()
  %in = icmp ult i32 %t, %limit
  br i1 %in, label %work, label %end
work:
  %x = call i32 @llvm.nvvm.shfl.sync.idx.i32(i32 %mask, i32 %t, i32 %from, i32 31)
  %v = uitofp i32 %x to float
  %to = getelementptr float, ptr addrspace(1) %out, i32 %t
  store float %v, ptr addrspace(1) %to
  br label %end
end:
  ret void
}

; Lanes below `limit` vote while the others shuffle.
define ptx_kernel void @vote_or_shuffle(ptr addrspace(1) %out, i32 %limit) {
  %t = call i32 @llvm.nvvm.read.ptx.sreg.tid.x()
  %to = getelementptr float, ptr addrspace(1) %out, i32 %t
  %odd = trunc i32 %t to i1
  %votes = icmp ult i32 %t, %limit
  br i1 %votes, label %vote, label %shuffle
vote:
  %any = call i1 @llvm.nvvm.vote.any.sync(i32 -1, i1 %odd)
  %n = uitofp i1 %any to float
  store float %n, ptr addrspace(1) %to
  br label %end
shuffle:
  %x = call i32 @llvm.nvvm.shfl.sync.idx.i32(i32 -1, i32 %t, i32 0, i32 31)
  %v = uitofp i32 %x to float
  store float %v, ptr addrspace(1) %to
  br label %end
end:
  ret void
}

; The first thread of every block writes out[block * stride].
define ptx_kernel void @blocks_write(ptr addrspace(1) %out, i32 %stride) {
  %t = call i32 @llvm.nvvm.read.ptx.sreg.tid.x()
  %k = call i32 @llvm.nvvm.read.ptx.sreg.ctaid.x()
  %first = icmp eq i32 %t, 0
  br i1 %first, label %write, label %end
write:
  %i = mul i32 %k, %stride
  %to = getelementptr float, ptr addrspace(1) %out, i32 %i
  store float 1.0, ptr addrspace(1) %to
  br label %end
end:
  ret void
}

; Block k reads what block k - 1 writes.
define ptx_kernel void @blocks_follow(ptr addrspace(1) %out, i32 %distance) {
  %t = call i32 @llvm.nvvm.read.ptx.sreg.tid.x()
  %k = call i32 @llvm.nvvm.read.ptx.sreg.ctaid.x()
  %i = add i32 %k, %distance
  %from = getelementptr float, ptr addrspace(1) %out, i32 %i
  %x = load float, ptr addrspace(1) %from
  %to = getelementptr float, ptr addrspace(1) %out, i32 %k
  store float %x, ptr addrspace(1) %to
  ret void
}

; Every thread of every block adds one to the same place.
define ptx_kernel void @atomic_count(ptr addrspace(1) %out) {
  %old = atomicrmw fadd ptr addrspace(1) %out, float 1.0 monotonic
  ret void
}

; Spins until out[0] is one, which thread `writer` makes it.
define ptx_kernel void @spins(ptr addrspace(1) %out, i32 %writer) {
entry:
  %t = call i32 @llvm.nvvm.read.ptx.sreg.tid.x()
  %writes = icmp eq i32 %t, %writer
  br i1 %writes, label %write, label %spin
write:
  store atomic float 1.0, ptr addrspace(1) %out monotonic, align 4
  br label %end
spin:
  %x = load atomic float, ptr addrspace(1) %out monotonic, align 4
  %done = fcmp oeq float %x, 1.0
  br i1 %done, label %end, label %spin
end:
  ret void
}

; Counts down from n without touching memory; from an odd number by two it never arrives.
define ptx_kernel void @counts_down(ptr addrspace(1) %out, i32 %n) {
entry:
  br label %loop
loop:
  %i = phi i32 [ %n, %entry ], [ %next, %loop ]
  %turn = phi i32 [ 1, %entry ], [ %mixed, %loop ]
  %scaled = mul i32 %turn, 1664525
  %mixed = xor i32 %scaled, %i
  %next = sub i32 %i, 2
  %done = icmp eq i32 %next, 0
  br i1 %done, label %end, label %loop
end:
  %v = uitofp i32 %mixed to float
  %t = call i32 @llvm.nvvm.read.ptx.sreg.tid.x()
  %to = getelementptr float, ptr addrspace(1) %out, i32 %t
  store float %v, ptr addrspace(1) %to
  ret void
}

; A warp passes values through shared memory; the warp barrier may be missing.
define ptx_kernel void @warp_passes(ptr addrspace(1) %out) {
  %t = call i32 @llvm.nvvm.read.ptx.sreg.tid.x()
  %put = getelementptr float, ptr addrspace(3) @row, i32 %t
  %v = uitofp i32 %t to float
  store volatile float %v, ptr addrspace(3) %put
  call void @llvm.nvvm.bar.warp.sync(i32 -1) ; warp barrier
  %m = xor i32 %t, 1
  %get = getelementptr float, ptr addrspace(3) @row, i32 %m
  %x = load volatile float, ptr addrspace(3) %get
  %to = getelementptr float, ptr addrspace(1) %out, i32 %t
  store float %x, ptr addrspace(1) %to
  ret void
}

; A load through a generic pointer, and constants of the module.
define ptx_kernel void @generic(ptr %from, ptr addrspace(1) %out) {
  %t = call i32 @llvm.nvvm.read.ptx.sreg.tid.x()
  %x = load float, ptr %from
  %i = and i32 %t, 3
  %at = getelementptr [4 x float], ptr addrspace(4) @table, i32 0, i32 %i
  %y = load float, ptr addrspace(4) %at
  %z = fadd float %x, %y
  %to = getelementptr float, ptr addrspace(1) %out, i32 %t
  store float %z, ptr addrspace(1) %to
  ret void
}

; Through dynamic shared memory, `by` places further, behind a static variable.
define ptx_kernel void @dynamic_at(ptr addrspace(1) %out, i32 %by) {
  %t = call i32 @llvm.nvvm.read.ptx.sreg.tid.x()
  %static = getelementptr float, ptr addrspace(3) @row, i32 %t
  store volatile float 1.0, ptr addrspace(3) %static
  %i = add i32 %t, %by
  %put = getelementptr float, ptr addrspace(3) @dynamic, i32 %i
  store volatile float 2.0, ptr addrspace(3) %put
  %x = load volatile float, ptr addrspace(3) %put
  %to = getelementptr float, ptr addrspace(1) %out, i32 %t
  store float %x, ptr addrspace(1) %to
  ret void
}

; Values on a thread's own stack, moved there and back as a whole.
define ptx_kernel void @local_copy(ptr addrspace(1) %in, ptr addrspace(1) %out, i32 %by) {
  %own = alloca [8 x float], align 16
  call void @llvm.memcpy.p0.p1.i64(ptr align 4 %own, ptr addrspace(1) align 4 %in, i64 32, i1 true)
  %i = and i32 %by, 7
  %at = getelementptr float, ptr %own, i32 %i
  %x = load volatile float, ptr %at
  %t = call i32 @llvm.nvvm.read.ptx.sreg.tid.x()
  %to = getelementptr float, ptr addrspace(1) %out, i32 %t
  store float %x, ptr addrspace(1) %to
  ret void
}
declare void @llvm.memcpy.p0.p1.i64(ptr, ptr addrspace(1), i64, i1)
