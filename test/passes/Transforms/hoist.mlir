// What depends on weights alone leaves the layer body: the callers compute it and pass packed parameters.
// RUN: ptx-opt %S/../Inputs/separate.mlir --xf-attach-adapters --xf-pack-weights --xf-hoist-weights | FileCheck %s
// RUN: not ptx-opt %S/../Inputs/separate.mlir --xf-attach-adapters --xf-hoist-weights 2>&1 | FileCheck %s --check-prefix=EARLY
// EARLY: 'xf.lora_linear' op reads '!xf.weight<12x8xf16>', expected packed parameters

// CHECK-LABEL: func.func private @layer(
// CHECK-SAME: tensor<?x?x8xf32>, %[[A:[^:]*]]: !xf.packed<matrix, ?x8xf32>, %[[B:[^:]*]]: !xf.packed<matrix, 6x?xf32>, %[[W:[^:]*]]: !xf.packed<matrix, 6x8xf32>, %[[V:[^:]*]]: !xf.packed<vector, 6x1xf32>, %{{.*}}: !xf.packed<matrix, 8x6xf32>, %{{.*}}: !xf.packed<vector, 8x1xf32>)
// CHECK-NOT: = xf.pack
// CHECK: xf.lora_linear %{{.*}}, %[[W]] factors %[[A]], %[[B]] bias %[[V]]
// CHECK-NOT: = xf.pack
// CHECK: return
// CHECK-LABEL: xf.function @forward
// CHECK: %[[W1:.*]] = xf.pack %{{.*}} rows [0, 6] : <12x8xf16> -> <matrix, 6x8xf32>
// CHECK: call @layer(%{{.*}}, %{{.*}}, %{{.*}}, %[[W1]],
// CHECK: %[[W2:.*]] = xf.pack %{{.*}} rows [0, 6] : <12x8xf16> -> <matrix, 6x8xf32>
// CHECK: call @layer(%{{.*}}, %{{.*}}, %{{.*}}, %[[W2]],
