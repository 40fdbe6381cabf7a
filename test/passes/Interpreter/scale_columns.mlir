// RUN: ptx-interpret %s | FileCheck %s
// 2 x + x of the columns 1 and 2 of the row 1 2 3 4.
!ids = tensor<?x?xi64>
!mask = tensor<?x?xi1>
!x = tensor<?x?x4xf32>
!row = !xf.weight<1x4xf32>
xf.weight @E : !row {test.value = dense<[[1.0, 2.0, 3.0, 4.0]]> : tensor<1x4xf64>}
xf.function @f attributes {test.calls = [{ids = dense<0> : tensor<1x1xi64>}]} {
  %ids = xf.input "ids" ["B", "S"] limit 1 : !ids
  %m = xf.visible %ids max_length 1 : !ids -> !mask
  %e = xf.use @E : !row
  %x = xf.embedding %ids, %e where %m : !ids, !row, !mask -> !x
  %s = xf.scale %x by 2.0 : !x
  %r = arith.addf %s, %x : !x
  %y = xf.columns %r at 1 : !x -> tensor<?x?x2xf32>
  xf.output "y" %y : tensor<?x?x2xf32>
}
// CHECK: y : 1x1x2
// CHECK-NEXT: 6 9
