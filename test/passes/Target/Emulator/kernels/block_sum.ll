; out[block] = the sum of the block's 128 values, by halves through shared memory.
target triple = "nvptx64-nvidia-cuda"
@partial = internal addrspace(3) global [128 x float] undef, align 4
declare i32 @llvm.nvvm.read.ptx.sreg.tid.x()
declare i32 @llvm.nvvm.read.ptx.sreg.ctaid.x()
declare void @llvm.nvvm.barrier.cta.sync.aligned.all(i32)

define ptx_kernel void @block_sum(ptr addrspace(1) %in, ptr addrspace(1) %out) {
entry:
  %t = call i32 @llvm.nvvm.read.ptx.sreg.tid.x()
  %k = call i32 @llvm.nvvm.read.ptx.sreg.ctaid.x()
  %o = mul i32 %k, 128
  %i = add i32 %o, %t
  %from = getelementptr float, ptr addrspace(1) %in, i32 %i
  %x = load float, ptr addrspace(1) %from
  %own = getelementptr float, ptr addrspace(3) @partial, i32 %t
  store float %x, ptr addrspace(3) %own
  call void @llvm.nvvm.barrier.cta.sync.aligned.all(i32 0) ; first barrier
  br label %loop
loop:
  %half = phi i32 [ 64, %entry ], [ %next, %latch ]
  %active = icmp ult i32 %t, %half
  br i1 %active, label %add, label %latch
add:
  %j = add i32 %t, %half
  %other = getelementptr float, ptr addrspace(3) @partial, i32 %j
  %a = load float, ptr addrspace(3) %own
  %b = load float, ptr addrspace(3) %other
  %c = fadd float %a, %b
  store float %c, ptr addrspace(3) %own
  br label %latch
latch:
  call void @llvm.nvvm.barrier.cta.sync.aligned.all(i32 0) ; loop barrier
  %next = lshr i32 %half, 1
  %done = icmp eq i32 %next, 0
  br i1 %done, label %last, label %loop
last:
  %zero = icmp eq i32 %t, 0
  br i1 %zero, label %write, label %end
write:
  %sum = load float, ptr addrspace(3) @partial
  %to = getelementptr float, ptr addrspace(1) %out, i32 %k
  store float %sum, ptr addrspace(1) %to
  br label %end
end:
  ret void
}
