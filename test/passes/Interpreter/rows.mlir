// RUN: ptx-interpret %s | FileCheck %s
// A space numbers the rows that exist, and stage.output takes them back where they came from: padding is zero.
// keep_first's row comes last in its sequence and returns nowhere, the mask hides its position.
!ids = tensor<?x?xi64>
!mask = tensor<?x?xi1>
!r = tensor<?x2xf32>
!i = tensor<?xi32>
!e = !xf.weight<6x2xf32>
!table = !xf.packed<table, 6x2xf32>
xf.weight @E : !e {test.value = dense<[[0.0, 0.5], [1.0, 1.5], [2.0, 2.5], [3.0, 3.5], [4.0, 4.5], [5.0, 5.5]]> : tensor<6x2xf64>}
xf.parameter @table : !table {
  %0 = xf.use @E : !e
  %1 = xf.pack %0 : !e -> !table
  xf.yield %1 : !table
}
xf.function @f attributes {test.calls = [{
    ids = dense<[[0, 1, 2], [3, 4, 5]]> : tensor<2x3xi64>,
    mask = dense<[[0, 1, 1], [0, 0, 0]]> : tensor<2x3xi64>}]} {
  %ids = xf.input "ids" ["B", "S"] limit 6 : !ids
  %given = xf.input "mask" ["B", "S"] : !mask
  %t = xf.get @table : !table

  %sp = stage.space %given max_length 3 : !mask -> !stage.space
  %i = stage.ids %ids, %sp : !ids, !stage.space -> !i
  %x = stage.gather (%t : !table) at (%i : !i) {
  ^bb0(%v: f32):
    xf.yield %v : f32
  } -> !r
  xf.output "a: rows" %x : !r
  stage.output "b: positions" %x over %sp : !r, !stage.space
  // CHECK: a: rows : 2x2
  // CHECK-NEXT: 1 1.5
  // CHECK-NEXT: 2 2.5
  // CHECK-NEXT: b: positions : 2x3x2
  // CHECK-NEXT: 0 0
  // CHECK-NEXT: 1 1.5
  // CHECK-NEXT: 2 2.5
  // CHECK-NEXT: 0 0
  // CHECK-NEXT: 0 0
  // CHECK-NEXT: 0 0

  %spk = stage.space %given max_length 3 keep_first : !mask -> !stage.space
  %ik = stage.ids %ids, %spk : !ids, !stage.space -> !i
  %xk = stage.gather (%t : !table) at (%ik : !i) {
  ^bb0(%v: f32):
    xf.yield %v : f32
  } -> !r
  xf.output "c: rows with the first" %xk : !r
  stage.output "d: positions again" %xk over %spk : !r, !stage.space
  // CHECK-NEXT: c: rows with the first : 4x2
  // CHECK-NEXT: 1 1.5
  // CHECK-NEXT: 2 2.5
  // CHECK-NEXT: 0 0.5
  // CHECK-NEXT: 3 3.5
  // CHECK-NEXT: d: positions again : 2x3x2
  // CHECK-NEXT: 0 0
  // CHECK-NEXT: 1 1.5
  // CHECK-NEXT: 2 2.5
  // CHECK-NEXT: 0 0
  // CHECK-NEXT: 0 0
  // CHECK-NEXT: 0 0
}
