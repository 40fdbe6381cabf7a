// RUN: ptx-interpret %s | FileCheck %s
// Of the row 3 0 4 0: mean 1.75, variance 3.1875, mean of squares 6.25, norm 5. With the eps given the divisors are 2, 3
// and 5. A row of zeros stays zero.
!ids = tensor<?x?xi64>
!mask = tensor<?x?xi1>
!r = tensor<?x4xf32>
!i = tensor<?xi32>
!e = !xf.weight<2x4xf32>
!table = !xf.packed<table, 2x4xf32>
xf.weight @E : !e {test.value = dense<[[3.0, 0.0, 4.0, 0.0], [0.0, 0.0, 0.0, 0.0]]> : tensor<2x4xf64>}
xf.parameter @table : !table {
  %0 = xf.use @E : !e
  %1 = xf.pack %0 : !e -> !table
  xf.yield %1 : !table
}
xf.function @f attributes {test.calls = [{ids = dense<[[0, 1]]> : tensor<1x2xi64>}]} {
  %ids = xf.input "ids" ["B", "S"] limit 2 : !ids
  %given = xf.input "mask" ["B", "S"] : !mask
  %sp = stage.space %given max_length 2 : !mask -> !stage.space
  %i = stage.ids %ids, %sp : !ids, !stage.space -> !i
  %t = xf.get @table : !table
  %x = stage.gather (%t : !table) at (%i : !i) {
  ^bb0(%v: f32):
    xf.yield %v : f32
  } -> !r
  %l2 = stage.row_norm l2 %x eps 1.0e-12 {
  ^bb0(%v: f32):
    xf.yield %v : f32
  } : !r -> !r
  xf.output "l2" %l2 : !r
  // CHECK: l2 : 2x4
  // CHECK-NEXT: 0.6 0 0.8 0
  // CHECK-NEXT: 0 0 0 0
  %layer = stage.row_norm layer %x eps 0.8125 {
  ^bb0(%v: f32):
    xf.yield %v : f32
  } : !r -> !r
  xf.output "layer" %layer : !r
  // CHECK-NEXT: layer : 2x4
  // CHECK-NEXT: 0.625 -0.875 1.125 -0.875
  // CHECK-NEXT: 0 0 0 0
  %rms = stage.row_norm rms %x eps 2.75 {
  ^bb0(%v: f32):
    xf.yield %v : f32
  } : !r -> !r
  xf.output "rms" %rms : !r
  // CHECK-NEXT: rms : 2x4
  // CHECK-NEXT: 1 0 1.333333333 0
  // CHECK-NEXT: 0 0 0 0
}
