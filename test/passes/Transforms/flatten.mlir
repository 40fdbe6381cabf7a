// Calls are replaced by the stages of the body, each in a wave of its own where none was given.
// RUN: ptx-opt %S/../Inputs/separate.mlir --xf-attach-adapters --ptx-deploy --ptx-stage --stage-flatten-calls | FileCheck %s --implicit-check-not=func.func --implicit-check-not=call
// RUN: not ptx-opt %S/../Inputs/separate.mlir --stage-flatten-calls 2>&1 | FileCheck %s --check-prefix=EARLY
// EARLY: 'func.func' op takes '!xf.weight<12x8xf16>', expected activations, masks and weights

// CHECK-LABEL: xf.function @forward
// CHECK: %[[FIRST:.*]] = xf.wave -> tensor<?x8xf32> {
// CHECK-COUNT-3: stage.contract
// CHECK: %[[NORM:.*]] = stage.row_norm
// CHECK: xf.yield %[[NORM]] : tensor<?x8xf32>
// CHECK: %[[SECOND:.*]] = xf.wave -> tensor<?x8xf32> {
// CHECK: stage.contract %[[FIRST]],
// CHECK: stage.output "out" %[[SECOND]]
