// RUN: ptx-opt %s --ptx-generate-cuda-kernels | FileCheck %s -enable-var-scope
// RUN: ptx-opt %s --ptx-generate-cuda-kernels --ptx-lower-cuda-kernels | FileCheck %s --check-prefix=NVVM

// An entry is a kernel of (problems, count, words per problem), 128 threads a block.
// CHECK: gpu.module @kernels
// CHECK: gpu.func @entry_0(%{{.*}}: !llvm.ptr<1>, %{{.*}}: i32, %{{.*}}: i32) kernel attributes {known_block_size = array<i32: 128, 1, 1>}
// The block looks for its problem.
// CHECK: scf.while
// CHECK: %[[SHARED:.*]] = dev.shared 4352
// CHECK: scf.index_switch
// Many rows: copies of the first tile, then one tile ahead of the sums.
// CHECK: case 0
// CHECK: dev.copy_async
// CHECK: dev.commit_copies
// CHECK: dev.copy_async
// CHECK: dev.commit_copies
// CHECK-NEXT: dev.wait_copies left 1
// CHECK-NEXT: gpu.barrier
// CHECK: math.fma
// CHECK: gpu.barrier
// The region runs on single elements, between a load from shared memory and the store.
// CHECK: llvm.load %{{.*}} : !llvm.ptr<3> -> f32
// CHECK: arith.maximumf %{{.*}}, %{{.*}} : f32
// CHECK: llvm.store %{{.*}} : f32, !llvm.ptr<1>
// Few rows: warps on their own, without barriers, copies or shared memory.
// CHECK: case 1
// CHECK-NOT: gpu.barrier
// CHECK-NOT: dev.
// CHECK-NOT: !llvm.ptr<3>
// CHECK: gpu.shuffle xor
// CHECK-NOT: gpu.barrier
// CHECK-NOT: dev.
// CHECK: arith.maximumf %{{.*}}, %{{.*}} : f32
// CHECK-NOT: gpu.barrier
// CHECK: default
// A kernel per entry: this one has no use for shared memory.
// CHECK: gpu.func @entry_1
// CHECK-NOT: dev.shared
// CHECK-NOT: rt.

// NVVM: llvm.mlir.global internal @entry_0_shared() {addr_space = 3 : i32, alignment = 16 : i64{{.*}}} : !llvm.array<4352 x f32>
// NVVM: llvm.func @entry_0(%{{.*}}: !llvm.ptr<1>, %{{.*}}: i32, %{{.*}}: i32) attributes {{{.*}}nvvm.kernel
// NVVM: nvvm.read.ptx.sreg.ctaid.x
// NVVM: nvvm.cp.async.shared.global %{{.*}}, %{{.*}}, 4, cache = ca, %{{.*}}
// NVVM: nvvm.cp.async.commit.group
// NVVM: nvvm.cp.async.wait.group 1
// NVVM: nvvm.barrier
// NVVM: llvm.intr.fma(%{{.*}}) : (f32, f32, f32) -> f32
// NVVM-NOT: __nv_
rt.kernel contract @contract_0 extras [column] {
^bb0(%sum: f32, %bias: f32):
  %zero = arith.constant 0.0 : f32
  %0 = arith.addf %sum, %bias : f32
  %1 = arith.maximumf %0, %zero : f32
  xf.yield %1 : f32
}
rt.kernel map @map_0 extras [] {
^bb0(%x: f32):
  xf.yield %x : f32
}
rt.entry @entry_0 [@contract_0]
rt.entry @entry_1 [@map_0]
