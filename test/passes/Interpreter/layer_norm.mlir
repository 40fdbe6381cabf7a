// RUN: ptx-interpret %s | FileCheck %s
// The row 1 2 3 4 has mean 2.5 and biased variance 1.25: with eps 5.0 a step is 1 / sqrt 6.25 = 0.4.
!ids = tensor<?x?xi64>
!mask = tensor<?x?xi1>
!x = tensor<?x?x4xf32>
!row = !xf.weight<1x4xf32>
!v = !xf.weight<4xf32>
xf.weight @E : !row {test.value = dense<[[1.0, 2.0, 3.0, 4.0]]> : tensor<1x4xf64>}
xf.weight @gamma : !v {test.value = dense<[1.0, 2.0, 3.0, 4.0]> : tensor<4xf64>}
xf.weight @beta : !v {test.value = dense<[10.0, 20.0, 30.0, 40.0]> : tensor<4xf64>}
xf.function @f attributes {test.calls = [{ids = dense<0> : tensor<1x1xi64>}]} {
  %ids = xf.input "ids" ["B", "S"] limit 1 : !ids
  %m = xf.visible %ids max_length 1 : !ids -> !mask
  %e = xf.use @E : !row
  %x = xf.embedding %ids, %e where %m : !ids, !row, !mask -> !x
  %plain = xf.layer_norm %x eps 5.0 : !x
  xf.output "plain" %plain : !x
  %g = xf.use @gamma : !v
  %b = xf.use @beta : !v
  %affine = xf.layer_norm %x gamma %g beta %b eps 5.0 : !x gamma !v beta !v
  xf.output "affine" %affine : !x
}
// CHECK: affine : 1x1x4
// CHECK-NEXT: 9.4 19.6 30.6 42.4
// CHECK-NEXT: plain : 1x1x4
// CHECK-NEXT: -0.6 -0.2 0.2 0.6
