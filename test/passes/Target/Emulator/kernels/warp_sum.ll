; out[warp] = the sum of the warp's values, by butterflies; out[8 + warp] = the
; ballot of the negative ones as a number.
target triple = "nvptx64-nvidia-cuda"
declare i32 @llvm.nvvm.read.ptx.sreg.tid.x()
declare i32 @llvm.nvvm.read.ptx.sreg.laneid()
declare float @llvm.nvvm.shfl.sync.bfly.f32(i32, float, i32, i32)
declare {i32, i1} @llvm.nvvm.shfl.sync.down.i32p(i32, i32, i32, i32)
declare i32 @llvm.nvvm.vote.ballot.sync(i32, i1)

define ptx_kernel void @warp_sum(ptr addrspace(1) %in, ptr addrspace(1) %out) {
entry:
  %t = call i32 @llvm.nvvm.read.ptx.sreg.tid.x()
  %lane = call i32 @llvm.nvvm.read.ptx.sreg.laneid()
  %from = getelementptr float, ptr addrspace(1) %in, i32 %t
  %x = load float, ptr addrspace(1) %from
  br label %loop
loop:
  %by = phi i32 [ 16, %entry ], [ %next, %loop ]
  %sum = phi float [ %x, %entry ], [ %more, %loop ]
  %other = call float @llvm.nvvm.shfl.sync.bfly.f32(i32 -1, float %sum, i32 %by, i32 31)
  %more = fadd float %sum, %other
  %next = lshr i32 %by, 1
  %done = icmp eq i32 %next, 0
  br i1 %done, label %vote, label %loop
vote:
  %negative = fcmp olt float %x, 0.0
  %ballot = call i32 @llvm.nvvm.vote.ballot.sync(i32 -1, i1 %negative)
  ; The last lane has nobody above it: its predicate is false.
  %down = call {i32, i1} @llvm.nvvm.shfl.sync.down.i32p(i32 -1, i32 %lane, i32 1, i32 31)
  %inside = extractvalue {i32, i1} %down, 1
  br i1 %inside, label %end, label %write
write:
  %w = lshr i32 %t, 5
  %to = getelementptr float, ptr addrspace(1) %out, i32 %w
  store float %more, ptr addrspace(1) %to
  %to8 = getelementptr float, ptr addrspace(1) %to, i32 8
  %number = uitofp i32 %ballot to float
  store float %number, ptr addrspace(1) %to8
  br label %end
end:
  ret void
}
