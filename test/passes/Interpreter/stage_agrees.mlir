// RUN: ptx-interpret %s | FileCheck %s
// The same two blocks in xf and in stage give the same outputs, under masks with holes, a hidden first token and a
// hidden sequence. The first attends everywhere, the second causally.
!ids = tensor<?x?xi64>
!mask = tensor<?x?xi1>
!x = tensor<?x?x4xf32>
!pooled = tensor<?x4xf32>
!r = tensor<?x4xf32>
!i = tensor<?xi32>
!rs = tensor<?x4xf32, #stage.per_sequence>
!is = tensor<?xi32, #stage.per_sequence>
!e = !xf.weight<8x4xf32>
!table = !xf.packed<table, 8x4xf32>
#call = {ids = dense<[[1, 2, 3, 4], [5, 6, 7, 0], [1, 3, 5, 7]]> : tensor<3x4xi64>,
         mask = dense<[[1, 0, 1, 1], [0, 1, 1, 0], [0, 0, 0, 0]]> : tensor<3x4xi64>}
xf.weight @E : !e {test.value = dense<[
    [-0.2, 0.5, 0.9, -0.7], [0.3, -0.8, 0.1, 0.6], [0.4, 0.7, -0.5, 0.2], [-0.9, 0.1, 0.8, 0.3],
    [0.6, -0.4, -0.3, 0.9], [0.2, 0.2, 0.7, -0.6], [-0.5, 0.9, 0.4, -0.1], [0.8, -0.6, 0.5, -0.3]]> : tensor<8x4xf64>}
xf.parameter @table : !table {
  %0 = xf.use @E : !e
  %1 = xf.pack %0 : !e -> !table
  xf.yield %1 : !table
}

xf.function @xf attributes {test.calls = [#call]} {
  %ids = xf.input "ids" ["B", "S"] limit 8 : !ids
  %given = xf.input "mask" ["B", "S"] : !mask
  %m = xf.visible %given max_length 6 keep_first : !mask -> !mask
  %e = xf.use @E : !e
  %x = xf.embedding %ids, %e where %m : !ids, !e, !mask -> !x
  %a = xf.attention %x, %x, %x where %m, %m heads 2 scale 0.5 : !x, !x, !x, !mask, !mask -> !x
  %r = arith.addf %a, %x : !x
  %n = xf.layer_norm %r eps 1.0e-5 : !x
  %b = xf.attention %n, %n, %n where %m, %m heads 2 scale 0.5 causal : !x, !x, !x, !mask, !mask -> !x
  %s = arith.addf %b, %n : !x
  %o = xf.layer_norm %s eps 1.0e-5 : !x
  %f = xf.first_token %o where %m : !x, !mask -> !pooled
  %p = xf.pool mean %o where %m : !x, !mask -> !pooled
  xf.output "first" %f : !pooled
  xf.output "mean" %p : !pooled
  xf.output "y" %o where %m : !x, !mask
}
// CHECK: first : 3x4
// CHECK-NEXT: [[F0:.*[1-9].*]]
// CHECK-NEXT: [[F1:.*[1-9].*]]
// CHECK-NEXT: [[F2:.*[1-9].*]]
// CHECK-NEXT: mean : 3x4
// CHECK-NEXT: [[M0:.*[1-9].*]]
// CHECK-NEXT: [[M1:.*[1-9].*]]
// CHECK-NEXT: 0 0 0 0
// CHECK-NEXT: y : 3x4x4
// CHECK-NEXT: [[Y00:.*[1-9].*]]
// CHECK-NEXT: 0 0 0 0
// CHECK-NEXT: [[Y02:.*[1-9].*]]
// CHECK-NEXT: [[Y03:.*[1-9].*]]
// CHECK-NEXT: 0 0 0 0
// CHECK-NEXT: [[Y11:.*[1-9].*]]
// CHECK-NEXT: [[Y12:.*[1-9].*]]
// CHECK-COUNT-5: 0 0 0 0

xf.function @stage attributes {test.calls = [#call]} {
  %ids = xf.input "ids" ["B", "S"] limit 8 : !ids
  %given = xf.input "mask" ["B", "S"] : !mask
  %sp = stage.space %given max_length 6 keep_first : !mask -> !stage.space
  %i = stage.ids %ids, %sp : !ids, !stage.space -> !i
  %t = xf.get @table : !table
  %x = stage.gather (%t : !table) at (%i : !i) {
  ^bb0(%v: f32):
    xf.yield %v : f32
  } -> !r
  %a = stage.attention %x, %x, %x over %sp, %sp heads 2 scale 0.5 : !r, !r, !r, !stage.space, !stage.space -> !r
  %r = stage.map %a extras(%x : !r) {
  ^bb0(%v: f32, %w: f32):
    %0 = arith.addf %v, %w : f32
    xf.yield %0 : f32
  } : !r -> !r
  %n = stage.row_norm layer %r eps 1.0e-5 {
  ^bb0(%v: f32):
    xf.yield %v : f32
  } : !r -> !r
  %b = stage.attention %n, %n, %n over %sp, %sp heads 2 scale 0.5 causal : !r, !r, !r, !stage.space, !stage.space -> !r
  %s = stage.map %b extras(%n : !r) {
  ^bb0(%v: f32, %w: f32):
    %0 = arith.addf %v, %w : f32
    xf.yield %0 : f32
  } : !r -> !r
  %o = stage.row_norm layer %s eps 1.0e-5 {
  ^bb0(%v: f32):
    xf.yield %v : f32
  } : !r -> !r
  %i0 = stage.first_rows %sp : !stage.space -> !is
  %f = stage.gather (%o : !r) at (%i0 : !is) {
  ^bb0(%v: f32):
    xf.yield %v : f32
  } -> !rs
  %p = stage.pool mean %o over %sp : !r, !stage.space -> !rs
  stage.output "first" %f over %sp : !rs, !stage.space
  stage.output "mean" %p over %sp : !rs, !stage.space
  stage.output "y" %o over %sp : !r, !stage.space
}
// CHECK-NEXT: first : 3x4
// CHECK-NEXT: [[F0]]
// CHECK-NEXT: [[F1]]
// CHECK-NEXT: [[F2]]
// CHECK-NEXT: mean : 3x4
// CHECK-NEXT: [[M0]]
// CHECK-NEXT: [[M1]]
// CHECK-NEXT: 0 0 0 0
// CHECK-NEXT: y : 3x4x4
// CHECK-NEXT: [[Y00]]
// CHECK-NEXT: 0 0 0 0
// CHECK-NEXT: [[Y02]]
// CHECK-NEXT: [[Y03]]
// CHECK-NEXT: 0 0 0 0
// CHECK-NEXT: [[Y11]]
// CHECK-NEXT: [[Y12]]
// CHECK-COUNT-5: 0 0 0 0
