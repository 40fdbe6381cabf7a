// Every packed expression becomes a parameter, equal ones one parameter; functions read them.
// RUN: ptx-opt %S/../Inputs/separate.mlir --xf-attach-adapters --xf-pack-weights --xf-hoist-weights --xf-outline-parameters | FileCheck %s --implicit-check-not=xf.parameter
// RUN: not ptx-opt %S/../Inputs/separate.mlir --xf-attach-adapters --xf-outline-parameters 2>&1 | FileCheck %s --check-prefix=EARLY
// EARLY: 'xf.lora_linear' op reads '!xf.weight<12x8xf16>', expected packed parameters

// CHECK: xf.parameter @words.table : !xf.packed<table, 9x8xf32> {
// CHECK-NEXT: xf.use @words
// CHECK-NEXT: xf.pack
// CHECK-NEXT: xf.yield
// CHECK: xf.parameter @words.table_0 : !xf.packed<table, 9x?xf32> {
// CHECK-NEXT: xf.slot @words
// CHECK-NEXT: xf.factor_a {{.*}} embedding
// CHECK: xf.parameter @words.matrix : !xf.packed<matrix, 8x?xf32> {
// CHECK: xf.parameter @words.vector : !xf.packed<vector, 8x1xf32> {
// CHECK: xf.output_gain
// CHECK: xf.parameter @w.matrix : !xf.packed<matrix, ?x8xf32> {
// CHECK: xf.parameter @w.matrix_1 : !xf.packed<matrix, 6x?xf32> {
// CHECK: xf.parameter @w.matrix_2 : !xf.packed<matrix, 6x8xf32> {
// CHECK: xf.parameter @bias.vector : !xf.packed<vector, 6x1xf32> {
// CHECK: xf.parameter @turned.matrix : !xf.packed<matrix, 8x6xf32> {
// CHECK: xf.parameter @gamma.vector : !xf.packed<vector, 8x1xf32> {
// CHECK-LABEL: xf.function @forward
// CHECK-NOT: xf.use
// CHECK-NOT: xf.slot
// CHECK: %[[FIRST:.*]] = xf.get @w.matrix_2 : <matrix, 6x8xf32>
// CHECK: call @layer({{.*}}%[[FIRST]]
// CHECK: %[[SECOND:.*]] = xf.get @w.matrix_2 : <matrix, 6x8xf32>
// CHECK: call @layer({{.*}}%[[SECOND]]
