// RUN: ptx-interpret %s | FileCheck %s
// Each channel times its element of the vector.
!ids = tensor<?x?xi64>
!mask = tensor<?x?xi1>
!x = tensor<?x?x2xf32>
!e = !xf.weight<2x2xf32>
!v = !xf.weight<2xf32>
!column = !xf.packed<vector, 2x1xf32>
xf.weight @E : !e {test.value = dense<[[1.0, 2.0], [5.0, 0.5]]> : tensor<2x2xf64>}
xf.weight @v : !v {test.value = dense<[3.0, -1.0]> : tensor<2xf64>}
xf.parameter @column : !column {
  %0 = xf.use @v : !v
  %1 = xf.pack %0 : !v -> !column
  xf.yield %1 : !column
}
xf.function @f attributes {test.calls = [{ids = dense<[[0, 1]]> : tensor<1x2xi64>}]} {
  %ids = xf.input "ids" ["B", "S"] limit 2 : !ids
  %m = xf.visible %ids max_length 2 : !ids -> !mask
  %e = xf.use @E : !e
  %x = xf.embedding %ids, %e where %m : !ids, !e, !mask -> !x
  %column = xf.get @column : !column
  %y = xf.gain %x, %column : !x, !column
  xf.output "y" %y : !x
}
// CHECK: y : 1x2x2
// CHECK-NEXT: 3 -2
// CHECK-NEXT: 15 -0.5
