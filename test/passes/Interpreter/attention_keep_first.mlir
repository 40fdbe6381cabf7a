// RUN: ptx-interpret %s | FileCheck %s
// keep_first's row attends but is no key, and no part of an output; ops that read position 0 see it.
!ids = tensor<?x?xi64>
!mask = tensor<?x?xi1>
!x = tensor<?x?x4xf32>
!pooled = tensor<?x4xf32>
!e = !xf.weight<3x4xf32>
xf.weight @E : !e {test.value = dense<[[5.0, 7.0, 0.0, 1.0], [0.5, 0.25, -1.0, 4.0], [1.0, 2.0, 3.0, -4.0]]> : tensor<3x4xf64>}
xf.function @f attributes {test.calls = [
    {ids = dense<[[0, 1]]> : tensor<1x2xi64>, mask = dense<[[0, 1]]> : tensor<1x2xi64>},
    {ids = dense<[[0, 1, 2]]> : tensor<1x3xi64>, mask = dense<0> : tensor<1x3xi64>}]} {
  %ids = xf.input "ids" ["B", "S"] limit 3 : !ids
  %given = xf.input "mask" ["B", "S"] : !mask
  %m = xf.visible %given max_length 3 keep_first : !mask -> !mask
  %e = xf.use @E : !e
  %x = xf.embedding %ids, %e where %m : !ids, !e, !mask -> !x
  %y = xf.attention %x, %x, %x where %m, %m heads 2 scale 0.5 : !x, !x, !x, !mask, !mask -> !x
  xf.output "y" %y where %m : !x, !mask
  %f = xf.first_token %y where %m : !x, !mask -> !pooled
  xf.output "f" %f : !pooled
}
// Row 1 is the only key: the first token and row 1 itself see it alone.
// CHECK: f : 1x4
// CHECK-NEXT: 0.5 0.25 -1 4
// CHECK-NEXT: y : 1x2x4
// CHECK-NEXT: 0 0 0 0
// CHECK-NEXT: 0.5 0.25 -1 4

// A row that sees no key is zeros.
// CHECK-NEXT: f : 1x4
// CHECK-NEXT: 0 0 0 0
// CHECK-NEXT: y : 1x3x4
// CHECK-NEXT: 0 0 0 0
// CHECK-NEXT: 0 0 0 0
// CHECK-NEXT: 0 0 0 0
