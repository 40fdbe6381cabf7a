; out[t] = the sum over `tiles` of in[tile][t ^ 1], each tile of 64 values copied by
; cp.async into one half of a double buffer while the other half is summed.
target triple = "nvptx64-nvidia-cuda"
@buffer = internal addrspace(3) global [2 x [64 x float]] undef, align 16
declare i32 @llvm.nvvm.read.ptx.sreg.tid.x()
declare void @llvm.nvvm.barrier.cta.sync.aligned.all(i32)
declare void @llvm.nvvm.cp.async.ca.shared.global.4.s(ptr addrspace(3), ptr addrspace(1), i32)
declare void @llvm.nvvm.cp.async.commit.group()
declare void @llvm.nvvm.cp.async.wait.group(i32)

define internal void @issue(ptr addrspace(1) %in, i32 %tile, i32 %tiles, i32 %t) {
  %half = and i32 %tile, 1
  %to = getelementptr [2 x [64 x float]], ptr addrspace(3) @buffer, i32 0, i32 %half, i32 %t
  %first = mul i32 %tile, 64
  %i = add i32 %first, %t
  %from = getelementptr float, ptr addrspace(1) %in, i32 %i
  ; Past the last tile nothing is read and zeros arrive.
  %there = icmp ult i32 %tile, %tiles
  %bytes = select i1 %there, i32 4, i32 0
  call void @llvm.nvvm.cp.async.ca.shared.global.4.s(ptr addrspace(3) %to, ptr addrspace(1) %from, i32 %bytes)
  call void @llvm.nvvm.cp.async.commit.group()
  ret void
}

define ptx_kernel void @pipeline(ptr addrspace(1) %in, ptr addrspace(1) %out, i32 %tiles) {
entry:
  %t = call i32 @llvm.nvvm.read.ptx.sreg.tid.x()
  %mirror = xor i32 %t, 1
  call void @issue(ptr addrspace(1) %in, i32 0, i32 %tiles, i32 %t)
  br label %loop
loop:
  %tile = phi i32 [ 0, %entry ], [ %next, %loop ]
  %sum = phi float [ 0.0, %entry ], [ %more, %loop ]
  %next = add i32 %tile, 1
  call void @issue(ptr addrspace(1) %in, i32 %next, i32 %tiles, i32 %t)
  call void @llvm.nvvm.cp.async.wait.group(i32 1) ; all but the newest
  call void @llvm.nvvm.barrier.cta.sync.aligned.all(i32 0)
  %half = and i32 %tile, 1
  %get = getelementptr [2 x [64 x float]], ptr addrspace(3) @buffer, i32 0, i32 %half, i32 %mirror
  %x = load float, ptr addrspace(3) %get
  %more = fadd float %sum, %x
  call void @llvm.nvvm.barrier.cta.sync.aligned.all(i32 0) ; before the half is filled again
  %done = icmp eq i32 %next, %tiles
  br i1 %done, label %write, label %loop
write:
  %to = getelementptr float, ptr addrspace(1) %out, i32 %t
  store float %more, ptr addrspace(1) %to
  ret void
}
