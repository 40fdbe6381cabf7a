// RUN: ptx-interpret %s | FileCheck %s
// A body called twice in a row is applied twice, with its own values: 3 (3 x).
!ids = tensor<?x?xi64>
!mask = tensor<?x?xi1>
!x = tensor<?x?x2xf32>
!e = !xf.weight<1x2xf32>
xf.weight @E : !e {test.value = dense<[[1.0, 2.0]]> : tensor<1x2xf64>}
func.func private @layer(%x: !x) -> !x {
  %y = xf.scale %x by 3.0 : !x
  return %y : !x
}
xf.function @f attributes {test.calls = [{ids = dense<0> : tensor<1x1xi64>}]} {
  %ids = xf.input "ids" ["B", "S"] limit 1 : !ids
  %m = xf.visible %ids max_length 1 : !ids -> !mask
  %e = xf.use @E : !e
  %x = xf.embedding %ids, %e where %m : !ids, !e, !mask -> !x
  %y = func.call @layer(%x) : (!x) -> !x
  %z = func.call @layer(%y) : (!x) -> !x
  xf.output "z" %z : !x
}
// CHECK: z : 1x1x2
// CHECK-NEXT: 9 18
