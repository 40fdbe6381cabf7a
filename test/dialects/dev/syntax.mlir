// RUN: ptx-opt %s | ptx-opt | FileCheck %s

// Every op of the dialect, as it is written.
// CHECK-LABEL: gpu.func @every_op
gpu.module @kernels {
  gpu.func @every_op(%from: !llvm.ptr<1>, %exists: i1) kernel {
    %word = arith.constant 0 : i32
    %sum = arith.constant 0.0 : f32
    // CHECK: %[[SHARED:.*]] = dev.shared 4352 : <3>
    %shared = dev.shared 4352 : !llvm.ptr<3>
    // CHECK: dev.copy_async %[[SHARED]], %{{.*}} if %{{.*}} : <3>, <1>
    dev.copy_async %shared, %from if %exists : !llvm.ptr<3>, !llvm.ptr<1>
    // CHECK: dev.commit_copies
    dev.commit_copies
    // CHECK: dev.wait_copies left 1
    dev.wait_copies left 1
    // CHECK: %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}} = dev.mma(%{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}) (%{{.*}}, %{{.*}}) (%{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}) in bf16
    %d:4 = dev.mma (%word, %word, %word, %word) (%word, %word) (%sum, %sum, %sum, %sum) in bf16
    // CHECK: dev.warp_barrier
    dev.warp_barrier
    gpu.return
  }
}
