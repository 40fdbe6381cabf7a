// Merges in parameters become folds of the packed base, A^T and s B.
// RUN: ptx-opt %s --stage-fold-merges | FileCheck %s
// RUN: ptx-opt %s --stage-fold-merges | ptx-opt --stage-fold-merges | FileCheck %s

xf.weight @w : !xf.weight<8x4xf32>
xf.weight @turned : !xf.weight<4x8xf32>
xf.weight @words : !xf.weight<30x8xf16>
xf.weight @scaled : !xf.weight<8x4xf32>
xf.adapter @one {
  xf.delta @w linear rank 2 scale 1.0
  xf.delta @scaled linear rank 2 scale 1.0 dora
}

// Two readers of a row block each share A^T.
// CHECK: xf.parameter @w.matrix.base : !xf.packed<matrix, 2x4xf32> {
// CHECK-NEXT: %[[use:.*]] = xf.use @w
// CHECK-NEXT: %[[pack:.*]] = xf.pack %[[use]] rows [0, 2]
// CHECK-NEXT: xf.yield %[[pack]]
// CHECK: xf.parameter @w.a : !xf.packed<table, 4x?xf32> {
// CHECK: xf.factor_a %{{.*}} embedding
// CHECK: xf.parameter @w.matrix.b : !xf.packed<matrix, 2x?xf32> {
// CHECK: xf.factor_b %{{.*}} rows [0, 2]
// CHECK: xf.parameter @w.matrix : !xf.packed<matrix, 2x4xf32> {
// CHECK-NEXT: %[[base:.*]] = xf.get @w.matrix.base
// CHECK-NEXT: %[[a:.*]] = xf.get @w.a
// CHECK-NEXT: %[[b:.*]] = xf.get @w.matrix.b
// CHECK-NEXT: %[[fold:.*]] = stage.fold %[[base]], %[[a]], %[[b]] {
// CHECK: arith.cmpf oeq
// CHECK: arith.select
// CHECK: xf.yield %[[fold]]
xf.parameter @w.matrix : !xf.packed<matrix, 2x4xf32> {
  %0 = xf.use @w : !xf.weight<8x4xf32>
  %1 = xf.slot @w : !xf.low_rank<8x4>
  %2 = xf.merge %0, %1 linear : !xf.weight<8x4xf32>, !xf.low_rank<8x4> -> !xf.weight<8x4xf32>
  %3 = xf.pack %2 rows [0, 2] : !xf.weight<8x4xf32> -> !xf.packed<matrix, 2x4xf32>
  xf.yield %3 : !xf.packed<matrix, 2x4xf32>
}
// CHECK-NOT: xf.parameter @w.a_0
// CHECK: xf.parameter @w.matrix_0 : !xf.packed<matrix, 6x4xf32> {
// CHECK: xf.get @w.a :
// CHECK: stage.fold
xf.parameter @w.matrix_0 : !xf.packed<matrix, 6x4xf32> {
  %0 = xf.use @w : !xf.weight<8x4xf32>
  %1 = xf.slot @w : !xf.low_rank<8x4>
  %2 = xf.merge %0, %1 linear : !xf.weight<8x4xf32>, !xf.low_rank<8x4> -> !xf.weight<8x4xf32>
  %3 = xf.pack %2 rows [2, 8] : !xf.weight<8x4xf32> -> !xf.packed<matrix, 6x4xf32>
  xf.yield %3 : !xf.packed<matrix, 6x4xf32>
}
// A weight stored [IN,OUT].
// CHECK: xf.parameter @turned.matrix : !xf.packed<matrix, 8x4xf32> {
// CHECK: stage.fold {{.*}} {
xf.parameter @turned.matrix : !xf.packed<matrix, 8x4xf32> {
  %0 = xf.use @turned : !xf.weight<4x8xf32>
  %1 = xf.slot @turned : !xf.low_rank<8x4>
  %2 = xf.merge %0, %1 embedding : !xf.weight<4x8xf32>, !xf.low_rank<8x4> -> !xf.weight<4x8xf32>
  %3 = xf.pack %2 in_out : !xf.weight<4x8xf32> -> !xf.packed<matrix, 8x4xf32>
  xf.yield %3 : !xf.packed<matrix, 8x4xf32>
}
// A table of f16, packed as f32, under the adapter's own tensor.
// CHECK: xf.parameter @words.table.base : !xf.packed<table, 30x8xf32> {
// CHECK: xf.replaced %{{.*}} by @words
// CHECK: xf.parameter @words.table : !xf.packed<table, 30x8xf32> {
// CHECK: stage.fold {{.*}} {
xf.parameter @words.table : !xf.packed<table, 30x8xf32> {
  %0 = xf.use @words : !xf.weight<30x8xf16>
  %1 = xf.replaced %0 by @words : !xf.weight<30x8xf16>
  %2 = xf.slot @words : !xf.low_rank<8x30>
  %3 = xf.merge %1, %2 embedding : !xf.weight<30x8xf16>, !xf.low_rank<8x30> -> !xf.weight<30x8xf32>
  %4 = xf.pack %3 : !xf.weight<30x8xf32> -> !xf.packed<table, 30x8xf32>
  xf.yield %4 : !xf.packed<table, 30x8xf32>
}
// DoRA divides by a norm of the merged weight: its merge stays.
// CHECK: xf.parameter @scaled.matrix : !xf.packed<matrix, 8x4xf32> {
// CHECK: xf.merge
// CHECK-NOT: stage.fold
xf.parameter @scaled.matrix : !xf.packed<matrix, 8x4xf32> {
  %0 = xf.use @scaled : !xf.weight<8x4xf32>
  %1 = xf.slot @scaled : !xf.low_rank<8x4>
  %2 = xf.merge %0, %1 linear : !xf.weight<8x4xf32>, !xf.low_rank<8x4> -> !xf.weight<8x4xf32>
  %3 = xf.pack %2 : !xf.weight<8x4xf32> -> !xf.packed<matrix, 8x4xf32>
  xf.yield %3 : !xf.packed<matrix, 8x4xf32>
}
