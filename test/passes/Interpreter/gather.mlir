// RUN: ptx-interpret %s | FileCheck %s
// Two tables at once, by ids and by positions, with a row beside them; first rows, where -1 gathers zeros. The rows are
// id 2 at position 0 of the first sequence and id 3 at position 1 of the second: y is E[2] E[0] - E[2] and E[3] E[1] - E[3].
!ids = tensor<?x?xi64>
!mask = tensor<?x?xi1>
!r = tensor<?x2xf32>
!i = tensor<?xi32>
!rs = tensor<?x2xf32, #stage.per_sequence>
!is = tensor<?xi32, #stage.per_sequence>
!e = !xf.weight<4x2xf32>
!table = !xf.packed<table, 4x2xf32>
xf.weight @E : !e {test.value = dense<[[2.0, 3.0], [4.0, -1.0], [5.0, 0.5], [7.0, 10.0]]> : tensor<4x2xf64>}
xf.parameter @table : !table {
  %0 = xf.use @E : !e
  %1 = xf.pack %0 : !e -> !table
  xf.yield %1 : !table
}
xf.function @f attributes {test.calls = [{
    ids = dense<[[2, 3], [1, 3]]> : tensor<2x2xi64>, mask = dense<[[1, 0], [0, 1]]> : tensor<2x2xi64>}]} {
  %ids = xf.input "ids" ["B", "S"] limit 4 : !ids
  %given = xf.input "mask" ["B", "S"] : !mask
  %sp = stage.space %given max_length 2 : !mask -> !stage.space
  %i = stage.ids %ids, %sp : !ids, !stage.space -> !i
  %p = stage.positions %sp : !stage.space -> !i
  %t = xf.get @table : !table
  %x = stage.gather (%t : !table) at (%i : !i) {
  ^bb0(%v: f32):
    xf.yield %v : f32
  } -> !r
  %y = stage.gather (%t, %t : !table, !table) at (%i, %p : !i, !i) extras(%x : !r) {
  ^bb0(%a: f32, %b: f32, %c: f32):
    %0 = arith.mulf %a, %b : f32
    %1 = arith.subf %0, %c : f32
    xf.yield %1 : f32
  } -> !r
  xf.output "y" %y : !r
  // CHECK: y : 2x2
  // CHECK-NEXT: 5 1
  // CHECK-NEXT: 21 -20
  %n = stage.first_rows %sp : !stage.space -> !is
  %z = stage.gather (%y : !r) at (%n : !is) {
  ^bb0(%v: f32):
    xf.yield %v : f32
  } -> !rs
  stage.output "z" %z over %sp : !rs, !stage.space
  // CHECK-NEXT: z : 2x2
  // CHECK-NEXT: 5 1
  // CHECK-NEXT: 0 0
}
