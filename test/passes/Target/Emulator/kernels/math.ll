; out = what the approximate instructions give for in[t].
target triple = "nvptx64-nvidia-cuda"
declare i32 @llvm.nvvm.read.ptx.sreg.tid.x()
declare float @llvm.nvvm.ex2.approx.f(float)
declare float @llvm.nvvm.ex2.approx.ftz.f(float)
declare float @llvm.nvvm.lg2.approx.f(float)
declare float @llvm.nvvm.rsqrt.approx.f(float)
declare float @llvm.nvvm.rcp.approx.ftz.f(float)
declare float @llvm.nvvm.sqrt.rn.f(float)
declare float @llvm.tanh.f32(float)
declare float @llvm.fma.f32(float, float, float)

define ptx_kernel void @math(ptr addrspace(1) %in, ptr addrspace(1) %out) {
  %t = call i32 @llvm.nvvm.read.ptx.sreg.tid.x()
  %from = getelementptr float, ptr addrspace(1) %in, i32 %t
  %x = load float, ptr addrspace(1) %from
  %f = mul i32 %t, 8
  %to = getelementptr float, ptr addrspace(1) %out, i32 %f
  %r0 = call float @llvm.nvvm.ex2.approx.f(float %x)
  %r1 = call float @llvm.nvvm.ex2.approx.ftz.f(float %x)
  %r2 = call float @llvm.nvvm.lg2.approx.f(float %x)
  %r3 = call float @llvm.nvvm.rsqrt.approx.f(float %x)
  %r4 = call float @llvm.nvvm.rcp.approx.ftz.f(float %x)
  %r5 = call float @llvm.nvvm.sqrt.rn.f(float %x)
  %r6 = call afn float @llvm.tanh.f32(float %x)
  %square = fmul contract float %x, %x
  %r7 = fadd contract float %square, %x
  store float %r0, ptr addrspace(1) %to
  %p1 = getelementptr float, ptr addrspace(1) %to, i32 1
  store float %r1, ptr addrspace(1) %p1
  %p2 = getelementptr float, ptr addrspace(1) %to, i32 2
  store float %r2, ptr addrspace(1) %p2
  %p3 = getelementptr float, ptr addrspace(1) %to, i32 3
  store float %r3, ptr addrspace(1) %p3
  %p4 = getelementptr float, ptr addrspace(1) %to, i32 4
  store float %r4, ptr addrspace(1) %p4
  %p5 = getelementptr float, ptr addrspace(1) %to, i32 5
  store float %r5, ptr addrspace(1) %p5
  %p6 = getelementptr float, ptr addrspace(1) %to, i32 6
  store float %r6, ptr addrspace(1) %p6
  %p7 = getelementptr float, ptr addrspace(1) %to, i32 7
  store float %r7, ptr addrspace(1) %p7
  ret void
}
