; out[16][8] = A B + C for A[i][k] = i + k / 16, B[k][j] = (k == j) - 2 (k == j + 8) and C[i][j] = 100 j:
; every element of the result shows where it came from. Lanes from `limit` on do not take part.
target triple = "nvptx64-nvidia-cuda"
declare i32 @llvm.nvvm.read.ptx.sreg.tid.x()
declare {float, float, float, float} @llvm.nvvm.mma.m16n8k16.row.col.bf16(i32, i32, i32, i32, i32, i32, float, float, float, float)
declare {float, float, float, float} @llvm.nvvm.mma.m16n8k16.row.col.f32.f32(<2 x half>, <2 x half>, <2 x half>, <2 x half>, <2 x half>, <2 x half>, float, float, float, float)

define internal float @a(i32 %i, i32 %k) alwaysinline {
  %row = uitofp i32 %i to float
  %column = uitofp i32 %k to float
  %part = fmul float %column, 0.0625
  %sum = fadd float %row, %part
  ret float %sum
}
define internal float @b(i32 %k, i32 %j) alwaysinline {
  %same = icmp eq i32 %k, %j
  %j8 = add i32 %j, 8
  %next = icmp eq i32 %k, %j8
  %other = select i1 %next, float -2.0, float 0.0
  %x = select i1 %same, float 1.0, float %other
  ret float %x
}
define internal i32 @pair_bf16(float %low, float %high) alwaysinline {
  %l = fptrunc float %low to bfloat
  %h = fptrunc float %high to bfloat
  %v = insertelement <2 x bfloat> poison, bfloat %l, i32 0
  %w = insertelement <2 x bfloat> %v, bfloat %h, i32 1
  %word = bitcast <2 x bfloat> %w to i32
  ret i32 %word
}
define internal <2 x half> @pair_f16(float %low, float %high) alwaysinline {
  %l = fptrunc float %low to half
  %h = fptrunc float %high to half
  %v = insertelement <2 x half> poison, half %l, i32 0
  %w = insertelement <2 x half> %v, half %h, i32 1
  ret <2 x half> %w
}
define internal void @put(ptr addrspace(1) %out, i32 %g, i32 %t, {float, float, float, float} %d) alwaysinline {
  %t2 = mul i32 %t, 2
  %row = mul i32 %g, 8
  %at = add i32 %row, %t2
  %p0 = getelementptr float, ptr addrspace(1) %out, i32 %at
  %p1 = getelementptr float, ptr addrspace(1) %p0, i32 1
  %p2 = getelementptr float, ptr addrspace(1) %p0, i32 64
  %p3 = getelementptr float, ptr addrspace(1) %p0, i32 65
  %d0 = extractvalue {float, float, float, float} %d, 0
  %d1 = extractvalue {float, float, float, float} %d, 1
  %d2 = extractvalue {float, float, float, float} %d, 2
  %d3 = extractvalue {float, float, float, float} %d, 3
  store float %d0, ptr addrspace(1) %p0
  store float %d1, ptr addrspace(1) %p1
  store float %d2, ptr addrspace(1) %p2
  store float %d3, ptr addrspace(1) %p3
  ret void
}

define ptx_kernel void @mma_bf16(ptr addrspace(1) %out, i32 %limit) {
  %lane = call i32 @llvm.nvvm.read.ptx.sreg.tid.x()
  %in = icmp ult i32 %lane, %limit
  br i1 %in, label %work, label %end
work:
  %g = lshr i32 %lane, 2
  %t = and i32 %lane, 3
  %k0 = mul i32 %t, 2
  %k1 = add i32 %k0, 1
  %k8 = add i32 %k0, 8
  %k9 = add i32 %k0, 9
  %g8 = add i32 %g, 8
  %al0 = call float @a(i32 %g, i32 %k0)
  %ah0 = call float @a(i32 %g, i32 %k1)
  %a0 = call i32 @pair_bf16(float %al0, float %ah0)
  %al1 = call float @a(i32 %g8, i32 %k0)
  %ah1 = call float @a(i32 %g8, i32 %k1)
  %a1 = call i32 @pair_bf16(float %al1, float %ah1)
  %al2 = call float @a(i32 %g, i32 %k8)
  %ah2 = call float @a(i32 %g, i32 %k9)
  %a2 = call i32 @pair_bf16(float %al2, float %ah2)
  %al3 = call float @a(i32 %g8, i32 %k8)
  %ah3 = call float @a(i32 %g8, i32 %k9)
  %a3 = call i32 @pair_bf16(float %al3, float %ah3)
  %bl0 = call float @b(i32 %k0, i32 %g)
  %bh0 = call float @b(i32 %k1, i32 %g)
  %b0 = call i32 @pair_bf16(float %bl0, float %bh0)
  %bl1 = call float @b(i32 %k8, i32 %g)
  %bh1 = call float @b(i32 %k9, i32 %g)
  %b1 = call i32 @pair_bf16(float %bl1, float %bh1)
  %f0 = uitofp i32 %k0 to float
  %f1 = uitofp i32 %k1 to float
  %c0 = fmul float %f0, 100.0
  %c1 = fmul float %f1, 100.0
  %d = call {float, float, float, float} @llvm.nvvm.mma.m16n8k16.row.col.bf16(i32 %a0, i32 %a1, i32 %a2, i32 %a3, i32 %b0, i32 %b1, float %c0, float %c1, float %c0, float %c1)
  call void @put(ptr addrspace(1) %out, i32 %g, i32 %t, {float, float, float, float} %d)
  br label %end
end:
  ret void
}

define ptx_kernel void @mma_f16(ptr addrspace(1) %out, i32 %limit) {
  %lane = call i32 @llvm.nvvm.read.ptx.sreg.tid.x()
  %in = icmp ult i32 %lane, %limit
  br i1 %in, label %work, label %end
work:
  %g = lshr i32 %lane, 2
  %t = and i32 %lane, 3
  %k0 = mul i32 %t, 2
  %k1 = add i32 %k0, 1
  %k8 = add i32 %k0, 8
  %k9 = add i32 %k0, 9
  %g8 = add i32 %g, 8
  %al0 = call float @a(i32 %g, i32 %k0)
  %ah0 = call float @a(i32 %g, i32 %k1)
  %a0 = call <2 x half> @pair_f16(float %al0, float %ah0)
  %al1 = call float @a(i32 %g8, i32 %k0)
  %ah1 = call float @a(i32 %g8, i32 %k1)
  %a1 = call <2 x half> @pair_f16(float %al1, float %ah1)
  %al2 = call float @a(i32 %g, i32 %k8)
  %ah2 = call float @a(i32 %g, i32 %k9)
  %a2 = call <2 x half> @pair_f16(float %al2, float %ah2)
  %al3 = call float @a(i32 %g8, i32 %k8)
  %ah3 = call float @a(i32 %g8, i32 %k9)
  %a3 = call <2 x half> @pair_f16(float %al3, float %ah3)
  %bl0 = call float @b(i32 %k0, i32 %g)
  %bh0 = call float @b(i32 %k1, i32 %g)
  %b0 = call <2 x half> @pair_f16(float %bl0, float %bh0)
  %bl1 = call float @b(i32 %k8, i32 %g)
  %bh1 = call float @b(i32 %k9, i32 %g)
  %b1 = call <2 x half> @pair_f16(float %bl1, float %bh1)
  %f0 = uitofp i32 %k0 to float
  %f1 = uitofp i32 %k1 to float
  %c0 = fmul float %f0, 100.0
  %c1 = fmul float %f1, 100.0
  %d = call {float, float, float, float} @llvm.nvvm.mma.m16n8k16.row.col.f32.f32(<2 x half> %a0, <2 x half> %a1, <2 x half> %a2, <2 x half> %a3, <2 x half> %b0, <2 x half> %b1, float %c0, float %c1, float %c0, float %c1)
  call void @put(ptr addrspace(1) %out, i32 %g, i32 %t, {float, float, float, float} %d)
  br label %end
end:
  ret void
}
