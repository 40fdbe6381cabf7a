// Activation, residual and scale move into the region of the skeleton that feeds them.
// RUN: ptx-opt %S/../Inputs/separate.mlir --xf-attach-adapters --ptx-deploy --convert-xf-to-stage --stage-fuse-regions | FileCheck %s --implicit-check-not=stage.map
// RUN: not ptx-opt %S/../Inputs/separate.mlir --stage-fuse-regions 2>&1 | FileCheck %s --check-prefix=EARLY
// EARLY: 'func.func' op takes '!xf.weight<12x8xf16>', expected activations, masks and weights

// CHECK-LABEL: func.func private @layer(
// CHECK-SAME: %[[X:[^:]*]]: tensor<?x8xf32>
// CHECK: stage.contract %[[X]], %{{.*}} plus %{{.*}} {
// CHECK-NEXT: ^bb0(%[[ACC:.*]]: f32, %[[BIAS:.*]]: f32):
// CHECK: %[[SUM:.*]] = arith.addf %[[ACC]], %[[BIAS]]
// CHECK: %[[RELU:.*]] = arith.maximumf %[[SUM]],
// CHECK: xf.yield %[[RELU]]
// The residual is an operand of the second contraction, and the sum keeps its order.
// CHECK: stage.contract %{{.*}} extras(%[[X]] : tensor<?x8xf32>) {
// CHECK-NEXT: ^bb0(%[[ACC:.*]]: f32, %[[OLD:.*]]: f32):
// CHECK-NEXT: arith.addf %[[OLD]], %[[ACC]]
// CHECK-LABEL: xf.function @forward
// Sum and DoRA's gain join the contraction by s B.
// CHECK: stage.contract %{{.*}} extras(%{{.*}}, %{{.*}} : tensor<?x8xf32>, !xf.packed<vector, 8x1xf32>) {
// CHECK: arith.addf
// CHECK: arith.mulf
