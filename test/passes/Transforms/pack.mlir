// Every weight operand becomes a packed parameter in front of its reader; factors of an adapter too.
// RUN: ptx-opt %S/../Inputs/separate.mlir --xf-attach-adapters --xf-pack-weights | FileCheck %s
// RUN: ptx-opt %S/../Inputs/separate.mlir --xf-attach-adapters --xf-pack-weights --xf-hoist-weights --xf-outline-parameters > %t.mlir
// RUN: not ptx-opt %t.mlir --xf-pack-weights 2>&1 | FileCheck %s --check-prefix=LATE
// LATE: 'xf.parameter' op does not belong into the IR that phase schedule or deploy starts from

// A row block keeps its rows; a weight stored [IN,OUT] is packed turned; a bias is a vector of the rows used.
// CHECK-LABEL: func.func private @layer
// CHECK-DAG: %[[A:.*]] = xf.factor_a %{{.*}} linear : <12x8> -> <matrix, ?x8xf32>
// CHECK-DAG: %[[B:.*]] = xf.factor_b %{{.*}} rows [0, 6] : <12x8> -> <matrix, 6x?xf32>
// CHECK-DAG: %[[W:.*]] = xf.pack %{{.*}} rows [0, 6] : <12x8xf16> -> <matrix, 6x8xf32>
// CHECK-DAG: %[[V:.*]] = xf.pack %{{.*}} rows [0, 6] : <12xf32> -> <vector, 6x1xf32>
// CHECK: xf.lora_linear %{{.*}}, %[[W]] factors %[[A]], %[[B]] bias %[[V]]
// CHECK: %[[T:.*]] = xf.pack %{{.*}} in_out : <6x8xf32> -> <matrix, 8x6xf32>
// CHECK-NEXT: xf.linear %{{.*}}, %[[T]] : tensor<?x?x6xf32>, !xf.packed<matrix, 8x6xf32>
// CHECK: %[[G:.*]] = xf.pack %{{.*}} : <8xf32> -> <vector, 8x1xf32>
// CHECK-NEXT: xf.layer_norm %{{.*}} gamma %[[G]]

// An adapted embedding: a lookup in the base, one in A^T, a linear by s B, and DoRA's gain.
// CHECK-LABEL: xf.function @forward
// CHECK: xf.embedding %{{.*}} !xf.packed<table, 9x8xf32>
// CHECK: %[[U:.*]] = xf.embedding %{{.*}} !xf.packed<table, 9x?xf32>, tensor<?x?xi1> -> tensor<?x?x?xf32>
// CHECK: %[[D:.*]] = xf.linear %[[U]], %{{.*}} !xf.packed<matrix, 8x?xf32>
// CHECK: %[[SUM:.*]] = arith.addf %{{.*}}, %[[D]]
// CHECK: %[[GAIN:.*]] = xf.output_gain %{{.*}} embedding
// CHECK: xf.gain %[[SUM]], %{{.*}} <vector, 8x1xf32>
// CHECK-NOT: xf.lora_embedding
