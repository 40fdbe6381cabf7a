// RUN: ptx-interpret %s | FileCheck %s
// Rows of a table come out where positions exist, zeros where not, in holes too. A mask left out is all ones.
!ids = tensor<?x?xi64>
!mask = tensor<?x?xi1>
!x = tensor<?x?x2xf32>
!e = !xf.weight<3x2xf32>
xf.weight @E : !e {test.value = dense<[[1.0, 10.0], [2.0, 20.0], [3.0, 30.0]]> : tensor<3x2xf64>}
xf.function @f attributes {test.calls = [
    {ids = dense<[[2, 0]]> : tensor<1x2xi64>},
    {ids = dense<[[0, 1, 2], [2, 1, 0]]> : tensor<2x3xi64>, mask = dense<[[1, 0, 1], [0, 0, 0]]> : tensor<2x3xi64>}]} {
  %ids = xf.input "ids" ["B", "S"] limit 3 : !ids
  %given = xf.input "mask" ["B", "S"] : !mask
  %m = xf.visible %given max_length 3 : !mask -> !mask
  %e = xf.use @E : !e
  %x = xf.embedding %ids, %e where %m : !ids, !e, !mask -> !x
  xf.output "x" %x where %m : !x, !mask
}
// CHECK: x : 1x2x2
// CHECK-NEXT: 3 30
// CHECK-NEXT: 1 10

// CHECK-NEXT: x : 2x3x2
// CHECK-NEXT: 1 10
// CHECK-NEXT: 0 0
// CHECK-NEXT: 3 30
// CHECK-NEXT: 0 0
// CHECK-NEXT: 0 0
// CHECK-NEXT: 0 0

// keep_first computes position 0 where the mask hides it, for ops that read it; an output has zeros there.
xf.function @keep_first attributes {test.calls = [
    {ids = dense<[[0, 1, 2]]> : tensor<1x3xi64>, mask = dense<[[0, 0, 1]]> : tensor<1x3xi64>}]} {
  %ids = xf.input "ids" ["B", "S"] limit 3 : !ids
  %given = xf.input "mask" ["B", "S"] : !mask
  %m = xf.visible %given max_length 3 keep_first : !mask -> !mask
  %e = xf.use @E : !e
  %x = xf.embedding %ids, %e where %m : !ids, !e, !mask -> !x
  xf.output "x" %x where %m : !x, !mask
}
// CHECK-NEXT: x : 1x3x2
// CHECK-NEXT: 0 0
// CHECK-NEXT: 0 0
// CHECK-NEXT: 3 30
