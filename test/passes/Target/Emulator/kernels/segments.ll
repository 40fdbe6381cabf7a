; out = lane numbers shuffled up, down and from lane 3, in segments of 16 lanes.
target triple = "nvptx64-nvidia-cuda"
declare i32 @llvm.nvvm.read.ptx.sreg.laneid()
declare i32 @llvm.nvvm.shfl.sync.up.i32(i32, i32, i32, i32)
declare i32 @llvm.nvvm.shfl.sync.down.i32(i32, i32, i32, i32)
declare i32 @llvm.nvvm.shfl.sync.idx.i32(i32, i32, i32, i32)

define ptx_kernel void @segments(ptr addrspace(1) %out) {
  %t = call i32 @llvm.nvvm.read.ptx.sreg.laneid()
  %up = call i32 @llvm.nvvm.shfl.sync.up.i32(i32 -1, i32 %t, i32 1, i32 4096)
  %down = call i32 @llvm.nvvm.shfl.sync.down.i32(i32 -1, i32 %t, i32 1, i32 4127)
  %idx = call i32 @llvm.nvvm.shfl.sync.idx.i32(i32 -1, i32 %t, i32 3, i32 4127)
  %a = uitofp i32 %up to float
  %b = uitofp i32 %down to float
  %c = uitofp i32 %idx to float
  %pa = getelementptr float, ptr addrspace(1) %out, i32 %t
  %pb = getelementptr float, ptr addrspace(1) %pa, i32 32
  %pc = getelementptr float, ptr addrspace(1) %pa, i32 64
  store float %a, ptr addrspace(1) %pa
  store float %b, ptr addrspace(1) %pb
  store float %c, ptr addrspace(1) %pc
  ret void
}
