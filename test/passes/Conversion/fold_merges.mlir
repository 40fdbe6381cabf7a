// Merges in parameters become folds of the packed base, A^T and s B.
// RUN: ptx-opt %s --stage-fold-merges | FileCheck %s
// RUN: ptx-opt %s --stage-fold-merges | ptx-opt --stage-fold-merges | FileCheck %s
// RUN: ptx-opt %S/../Inputs/merge_across.mlir --stage-fold-merges --verify-diagnostics

xf.weight @w : !xf.weight<8x4xf32>
xf.weight @turned : !xf.weight<4x8xf32>
xf.weight @words : !xf.weight<30x8xf16>
xf.weight @scaled : !xf.weight<8x4xf32>
xf.weight @bias : !xf.weight<8xf32>
xf.weight @half : !xf.weight<8x4xf16>
xf.weight @ia3 : !xf.weight<8x4xf32>
xf.weight @alone : !xf.weight<8x4xf32>
xf.weight @both : !xf.weight<8x4xf32>
xf.adapter @three {
  xf.delta @ia3 linear rank 0 scale 1.0 scales_outputs
  xf.delta @both linear rank 0 scale 1.0 scales_outputs
}
xf.adapter @two {
  xf.delta @ia3 linear rank 0 scale 1.0 scales_inputs
  xf.delta @both linear rank 2 scale 1.0 dora bias
}
xf.adapter @one {
  xf.delta @w linear rank 2 scale 1.0 bias
  xf.delta @turned embedding rank 2 scale 1.0
  xf.delta @words embedding rank 2 scale 1.0
  xf.delta @half linear rank 2 scale 1.0
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
// CHECK-NEXT: %[[fold:.*]] = stage.fold %[[base]] plus %[[a]], %[[b]] {
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
// DoRA: a gain for each output, of the same three parameters and the magnitudes.
// CHECK: xf.parameter @scaled.magnitude : !xf.packed<vector, 8x1xf32> {
// CHECK: xf.factor_vector magnitude
// CHECK: xf.parameter @scaled.matrix.gain : !xf.packed<vector, 8x1xf32> {
// CHECK: xf.get @scaled.matrix.base
// CHECK: xf.get @scaled.a
// CHECK: xf.get @scaled.matrix.b
// CHECK: xf.get @scaled.magnitude
// CHECK: stage.fold_norm {{.*}} plus {{.*}} extras(
// CHECK: arith.divf
// CHECK: arith.select
// CHECK: xf.parameter @scaled.matrix : !xf.packed<matrix, 8x4xf32> {
// CHECK: %[[gain:.*]] = xf.get @scaled.matrix.gain
// CHECK: stage.fold {{.*}} plus {{.*}} extras(%[[gain]]
// CHECK: arith.mulf
xf.parameter @scaled.matrix : !xf.packed<matrix, 8x4xf32> {
  %0 = xf.use @scaled : !xf.weight<8x4xf32>
  %1 = xf.slot @scaled : !xf.low_rank<8x4>
  %2 = xf.merge %0, %1 linear : !xf.weight<8x4xf32>, !xf.low_rank<8x4> -> !xf.weight<8x4xf32>
  %3 = xf.pack %2 : !xf.weight<8x4xf32> -> !xf.packed<matrix, 8x4xf32>
  xf.yield %3 : !xf.packed<matrix, 8x4xf32>
}
// The gain alone, where the delta stays separate, reads the same: parameters that
// are computed alike are one, and stand in front of all that read them.
// CHECK: xf.parameter @scaled.vector : !xf.packed<vector, 8x1xf32> {
// CHECK: xf.get @scaled.matrix.base
// CHECK: stage.fold_norm
xf.parameter @scaled.vector : !xf.packed<vector, 8x1xf32> {
  %0 = xf.use @scaled : !xf.weight<8x4xf32>
  %1 = xf.slot @scaled : !xf.low_rank<8x4>
  %2 = xf.output_gain %0, %1 linear : !xf.weight<8x4xf32>, !xf.low_rank<8x4> -> !xf.weight<8xf32>
  %3 = xf.pack %2 : !xf.weight<8xf32> -> !xf.packed<vector, 8x1xf32>
  xf.yield %3 : !xf.packed<vector, 8x1xf32>
}
// A bias.
// CHECK: xf.parameter @bias.vector.base : !xf.packed<vector, 3x1xf32> {
// CHECK: xf.pack %{{.*}} rows [5, 8]
// CHECK: xf.parameter @w.bias : !xf.packed<vector, 3x1xf32> {
// CHECK: xf.factor_vector bias %{{.*}} rows [5, 8]
// CHECK: xf.parameter @bias.vector : !xf.packed<vector, 3x1xf32> {
// CHECK: stage.fold %{{.*}} extras(%{{.*}} : !xf.packed<vector, 3x1xf32>) {
// CHECK-NEXT: ^bb0(%[[base:.*]]: f32, %{{.*}}: f32, %[[delta:.*]]: f32):
// CHECK-NEXT: arith.addf %[[base]], %[[delta]]
xf.parameter @bias.vector : !xf.packed<vector, 3x1xf32> {
  %0 = xf.use @bias : !xf.weight<8xf32>
  %1 = xf.slot @w : !xf.low_rank<8x4>
  %2 = xf.merge_bias %0, %1 : !xf.weight<8xf32>, !xf.low_rank<8x4> -> !xf.weight<8xf32>
  %3 = xf.pack %2 rows [5, 8] : !xf.weight<8xf32> -> !xf.packed<vector, 3x1xf32>
  xf.yield %3 : !xf.packed<vector, 3x1xf32>
}
// What is packed narrower than it is stored is rounded once: from a base that is not.
// CHECK: xf.parameter @w.narrow.base : !xf.packed<matrix, 8x4xf32> {
// CHECK: xf.parameter @w.narrow : !xf.packed<matrix, 8x4xbf16> {
// CHECK: stage.fold
// CHECK: -> <matrix, 8x4xbf16>
xf.parameter @w.narrow : !xf.packed<matrix, 8x4xbf16> {
  %0 = xf.use @w : !xf.weight<8x4xf32>
  %1 = xf.slot @w : !xf.low_rank<8x4>
  %2 = xf.merge %0, %1 linear : !xf.weight<8x4xf32>, !xf.low_rank<8x4> -> !xf.weight<8x4xf32>
  %3 = xf.pack %2 : !xf.weight<8x4xf32> -> !xf.packed<matrix, 8x4xbf16>
  xf.yield %3 : !xf.packed<matrix, 8x4xbf16>
}
// What is stored in 16 bits stays so, unless an adapter brings a tensor of its own.
// CHECK: xf.parameter @half.matrix.base : !xf.packed<matrix, 8x4xf16> {
// CHECK: xf.parameter @half.matrix : !xf.packed<matrix, 8x4xbf16> {
xf.parameter @half.matrix : !xf.packed<matrix, 8x4xbf16> {
  %0 = xf.use @half : !xf.weight<8x4xf16>
  %1 = xf.slot @half : !xf.low_rank<8x4>
  %2 = xf.merge %0, %1 linear : !xf.weight<8x4xf16>, !xf.low_rank<8x4> -> !xf.weight<8x4xf32>
  %3 = xf.pack %2 : !xf.weight<8x4xf32> -> !xf.packed<matrix, 8x4xbf16>
  xf.yield %3 : !xf.packed<matrix, 8x4xbf16>
}
// CHECK: xf.parameter @half.other.base : !xf.packed<matrix, 8x4xf32> {
xf.parameter @half.other : !xf.packed<matrix, 8x4xbf16> {
  %0 = xf.use @half : !xf.weight<8x4xf16>
  %1 = xf.replaced %0 by @half : !xf.weight<8x4xf16>
  %2 = xf.slot @half : !xf.low_rank<8x4>
  %3 = xf.merge %1, %2 linear : !xf.weight<8x4xf16>, !xf.low_rank<8x4> -> !xf.weight<8x4xf32>
  %4 = xf.pack %3 : !xf.weight<8x4xf32> -> !xf.packed<matrix, 8x4xbf16>
  xf.yield %4 : !xf.packed<matrix, 8x4xbf16>
}
// IA3 scales outputs or inputs, and has no A and B.
// CHECK-NOT: xf.parameter @ia3.a
// CHECK: xf.parameter @ia3.input_scale : !xf.packed<vector, 4x1xf32> {
// CHECK: xf.parameter @ia3.output_scale : !xf.packed<vector, 8x1xf32> {
// CHECK: xf.parameter @ia3.matrix : !xf.packed<matrix, 8x4xf32> {
// CHECK: %[[base:.*]] = xf.get @ia3.matrix.base
// CHECK: %[[inputs:.*]] = xf.get @ia3.input_scale
// CHECK: %[[outputs:.*]] = xf.get @ia3.output_scale
// CHECK: stage.fold %[[base]] inputs %[[inputs]] extras(%[[outputs]] : !xf.packed<vector, 8x1xf32>) {
// CHECK: arith.mulf
xf.parameter @ia3.matrix : !xf.packed<matrix, 8x4xf32> {
  %0 = xf.use @ia3 : !xf.weight<8x4xf32>
  %1 = xf.slot @ia3 : !xf.low_rank<8x4>
  %2 = xf.merge %0, %1 linear : !xf.weight<8x4xf32>, !xf.low_rank<8x4> -> !xf.weight<8x4xf32>
  %3 = xf.pack %2 : !xf.weight<8x4xf32> -> !xf.packed<matrix, 8x4xf32>
  xf.yield %3 : !xf.packed<matrix, 8x4xf32>
}
// Kept apart its gain is what is stored: no fold.
// CHECK: xf.parameter @ia3.gain : !xf.packed<vector, 8x1xf32> {
// CHECK-NEXT: xf.slot @ia3
// CHECK-NEXT: xf.factor_vector output_scale
// CHECK-NEXT: xf.yield
xf.parameter @ia3.gain : !xf.packed<vector, 8x1xf32> {
  %0 = xf.use @ia3 : !xf.weight<8x4xf32>
  %1 = xf.slot @ia3 : !xf.low_rank<8x4>
  %2 = xf.output_gain %0, %1 linear : !xf.weight<8x4xf32>, !xf.low_rank<8x4> -> !xf.weight<8xf32>
  %3 = xf.pack %2 : !xf.weight<8xf32> -> !xf.packed<vector, 8x1xf32>
  xf.yield %3 : !xf.packed<vector, 8x1xf32>
}
// A place that one adapter scales as a DoRA and another as an IA3 has one gain; a bias is scaled too.
// CHECK: xf.parameter @both.vector : !xf.packed<vector, 8x1xf32> {
// CHECK: stage.fold_norm {{.*}} extras(%{{.*}}, %{{.*}} : !xf.packed<vector, 8x1xf32>, !xf.packed<vector, 8x1xf32>) {
// CHECK: arith.select
// CHECK: arith.mulf
xf.parameter @both.vector : !xf.packed<vector, 8x1xf32> {
  %0 = xf.use @both : !xf.weight<8x4xf32>
  %1 = xf.slot @both : !xf.low_rank<8x4>
  %2 = xf.output_gain %0, %1 linear : !xf.weight<8x4xf32>, !xf.low_rank<8x4> -> !xf.weight<8xf32>
  %3 = xf.pack %2 : !xf.weight<8xf32> -> !xf.packed<vector, 8x1xf32>
  xf.yield %3 : !xf.packed<vector, 8x1xf32>
}
// CHECK: xf.parameter @both.bias : !xf.packed<vector, 8x1xf32> {
// CHECK: xf.factor_vector bias
// CHECK: xf.parameter @both.merged : !xf.packed<vector, 8x1xf32> {
// CHECK: stage.fold
// CHECK: arith.addf
// CHECK: arith.mulf
xf.parameter @both.merged : !xf.packed<vector, 8x1xf32> {
  %0 = xf.use @bias : !xf.weight<8xf32>
  %1 = xf.slot @both : !xf.low_rank<8x4>
  %2 = xf.merge_bias %0, %1 : !xf.weight<8xf32>, !xf.low_rank<8x4> -> !xf.weight<8xf32>
  %3 = xf.pack %2 : !xf.weight<8xf32> -> !xf.packed<vector, 8x1xf32>
  xf.yield %3 : !xf.packed<vector, 8x1xf32>
}
// What no adapter changes is packed as it is.
// CHECK: xf.parameter @alone.matrix : !xf.packed<matrix, 8x4xf32> {
// CHECK-NEXT: xf.use @alone
// CHECK-NEXT: xf.pack
// CHECK-NEXT: xf.yield
xf.parameter @alone.matrix : !xf.packed<matrix, 8x4xf32> {
  %0 = xf.use @alone : !xf.weight<8x4xf32>
  %1 = xf.slot @alone : !xf.low_rank<8x4>
  %2 = xf.merge %0, %1 linear : !xf.weight<8x4xf32>, !xf.low_rank<8x4> -> !xf.weight<8x4xf32>
  %3 = xf.pack %2 : !xf.weight<8x4xf32> -> !xf.packed<matrix, 8x4xf32>
  xf.yield %3 : !xf.packed<matrix, 8x4xf32>
}
// CHECK: xf.parameter @alone.vector : !xf.packed<vector, 8x1xf32> {
// CHECK-NEXT: xf.use @bias
// CHECK-NEXT: xf.pack
// CHECK-NEXT: xf.yield
xf.parameter @alone.vector : !xf.packed<vector, 8x1xf32> {
  %0 = xf.use @bias : !xf.weight<8xf32>
  %1 = xf.slot @alone : !xf.low_rank<8x4>
  %2 = xf.merge_bias %0, %1 : !xf.weight<8xf32>, !xf.low_rank<8x4> -> !xf.weight<8xf32>
  %3 = xf.pack %2 : !xf.weight<8xf32> -> !xf.packed<vector, 8x1xf32>
  xf.yield %3 : !xf.packed<vector, 8x1xf32>
}
