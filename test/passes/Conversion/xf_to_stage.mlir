// [B,S,D] tensors become rows of a space, ops become skeletons with the region that says what happens to an element.
// RUN: ptx-opt %S/../Inputs/separate.mlir --ptx-deploy --convert-xf-to-stage | FileCheck %s --check-prefix=PLAIN
// RUN: ptx-opt %S/../Inputs/separate.mlir --xf-attach-adapters --ptx-deploy --convert-xf-to-stage | FileCheck %s
// RUN: not ptx-opt %S/../Inputs/separate.mlir --convert-xf-to-stage 2>&1 | FileCheck %s --check-prefix=EARLY
// RUN: ptx-opt %S/../Inputs/pooled.mlir --ptx-deploy --convert-xf-to-stage | FileCheck %s --check-prefix=POOLED
// EARLY: 'func.func' op takes '!xf.weight<12x8xf16>', expected activations, masks and weights

// CHECK-LABEL: func.func private @layer(%{{.*}}: tensor<?x8xf32>,
// The low-rank part continues the same sums.
// CHECK: %[[U:.*]] = stage.contract %[[X:.*]], %{{.*}} {
// CHECK: : tensor<?x8xf32>, <matrix, ?x8xf32> -> tensor<?x?xf32>
// CHECK: %[[H:.*]] = stage.contract %[[X]], %{{.*}} plus %[[U]], %{{.*}} extras(%{{.*}} : !xf.packed<vector, 6x1xf32>) {
// CHECK: arith.addf
// CHECK: -> tensor<?x6xf32>
// CHECK: stage.map %[[H]] {
// CHECK: arith.maximumf
// CHECK: stage.contract
// CHECK: stage.map %[[X]] extras(%{{.*}} : tensor<?x8xf32>) {
// CHECK: stage.row_norm layer %{{.*}} eps 1.000000e-05 extras(%{{.*}} : !xf.packed<vector, 8x1xf32>) {
// CHECK: arith.mulf
// CHECK: return %{{.*}} : tensor<?x8xf32>
// CHECK-LABEL: xf.function @forward
// CHECK: %[[SPACE:.*]] = stage.space %{{.*}} max_length 9 : tensor<?x?xi64> -> !stage.space
// CHECK: %[[IDS:.*]] = stage.ids %{{.*}}, %[[SPACE]]
// CHECK: stage.gather(%{{.*}} : !xf.packed<table, 9x8xf32>) at(%[[IDS]] : tensor<?xi32>) {
// CHECK: stage.output "out" %{{.*}} over %[[SPACE]] : tensor<?x8xf32>, !stage.space
// CHECK-NOT: tensor<?x?x8xf32>

// PLAIN: stage.contract %{{.*}}, %{{.*}} extras(%{{.*}} : !xf.packed<vector, 6x1xf32>) {
// PLAIN-NOT: plus

// Values [B,D] are rows per sequence, in layers too.
// POOLED-LABEL: func.func private @head(%{{.*}}: tensor<?x8xf32, #stage.per_sequence>) -> tensor<?x8xf32, #stage.per_sequence>
// POOLED: stage.map %{{.*}} {
// POOLED: } : tensor<?x8xf32, #stage.per_sequence> -> tensor<?x8xf32, #stage.per_sequence>
// POOLED-LABEL: xf.function @forward
// POOLED: %[[SPACE:.*]] = stage.space
// POOLED: stage.gather(%{{.*}} : !xf.packed<table, 9x8xf32>) at(%{{.*}} : tensor<?xi32>) {
// POOLED: %[[X:.*]] = xf.wave -> tensor<?x8xf32> {
// POOLED: stage.row_norm layer %{{.*}} {
// POOLED: } : tensor<?x8xf32> -> tensor<?x8xf32>
// POOLED: %[[FIRST:.*]] = stage.first_rows %[[SPACE]] : !stage.space -> tensor<?xi32, #stage.per_sequence>
// POOLED: stage.gather(%[[X]] : tensor<?x8xf32>) at(%[[FIRST]] : tensor<?xi32, #stage.per_sequence>) {
// POOLED: } -> tensor<?x8xf32, #stage.per_sequence>
// POOLED: %[[MEAN:.*]] = stage.pool mean %[[X]] over %[[SPACE]] : tensor<?x8xf32>, !stage.space -> tensor<?x8xf32, #stage.per_sequence>
// POOLED: call @head(%[[MEAN]]) : (tensor<?x8xf32, #stage.per_sequence>) -> tensor<?x8xf32, #stage.per_sequence>
// POOLED: %[[BOTH:.*]] = stage.concat {{.*}} -> tensor<?x16xf32, #stage.per_sequence>
// POOLED: stage.row_norm l2 %[[BOTH]] {{.*}} {
// POOLED: stage.output "pooled" %{{.*}} over %[[SPACE]] : tensor<?x16xf32, #stage.per_sequence>, !stage.space
