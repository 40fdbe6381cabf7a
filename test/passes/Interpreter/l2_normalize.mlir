// RUN: ptx-interpret %s | FileCheck %s
// The row 3 0 4 0 has norm 5. A row of zeros stays zero.
!ids = tensor<?x?xi64>
!mask = tensor<?x?xi1>
!x = tensor<?x?x4xf32>
!rows = !xf.weight<2x4xf32>
xf.weight @E : !rows {test.value = dense<[[3.0, 0.0, 4.0, 0.0], [0.0, 0.0, 0.0, 0.0]]> : tensor<2x4xf64>}
xf.function @f attributes {test.calls = [{ids = dense<[[0, 1]]> : tensor<1x2xi64>}]} {
  %ids = xf.input "ids" ["B", "S"] limit 2 : !ids
  %m = xf.visible %ids max_length 2 : !ids -> !mask
  %e = xf.use @E : !rows
  %x = xf.embedding %ids, %e where %m : !ids, !rows, !mask -> !x
  %y = xf.l2_normalize %x : !x
  xf.output "y" %y : !x
}
// CHECK: y : 1x2x4
// CHECK-NEXT: 0.6 0 0.8 0
// CHECK-NEXT: 0 0 0 0
