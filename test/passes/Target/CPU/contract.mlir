// RUN: ptx-opt %s --ptx-generate-cpu-kernels=level=avx512 | FileCheck %s -enable-var-scope --check-prefixes=CHECK,AVX512
// RUN: ptx-opt %s --ptx-generate-cpu-kernels=level=avx2 | FileCheck %s -enable-var-scope --check-prefixes=CHECK,AVX2
// RUN: ptx-opt %s --ptx-generate-cpu-kernels --ptx-lower-cpu-kernels | FileCheck %s --check-prefix=LLVM

// The tallest shapes are those whose accumulators fit the registers: 12x2 and
// 6x4 of 32 registers, 6x1 and 2x2 of 16 that hold half a vector each.
// AVX512: func.func private @ukernel_f32_6x4
// AVX512: func.func private @ukernel_f32_12x2
// AVX512-NOT: func.func private @ukernel_f32_13x
// AVX2-NOT: func.func private @ukernel_f32_3x2
// AVX2: func.func private @ukernel_f32_6x1
// AVX2-NOT: func.func private @ukernel_f32_7x

// CHECK: func.func @contract_0(%{{.*}}: !llvm.ptr, %{{.*}}: i64, %{{.*}}: i64, %{{.*}}: i64, %{{.*}}: i64, %{{.*}}: !llvm.ptr)
// CHECK: call @tile
// The region runs on 16 lanes.
// CHECK: arith.addf %{{.*}}, %{{.*}} : vector<16xf32>
// CHECK: arith.maximumf %{{.*}}, %{{.*}} : vector<16xf32>

// LLVM: llvm.func internal @ukernel_f32_1x1
// LLVM: llvm.intr.fma(%{{.*}}) : (vector<16xf32>, vector<16xf32>, vector<16xf32>) -> vector<16xf32>
// LLVM: llvm.func @contract_0
rt.kernel contract @contract_0 extras [column] {
^bb0(%sum: f32, %bias: f32):
  %zero = arith.constant 0.0 : f32
  %0 = arith.addf %sum, %bias : f32
  %1 = arith.maximumf %0, %zero : f32
  xf.yield %1 : f32
}
