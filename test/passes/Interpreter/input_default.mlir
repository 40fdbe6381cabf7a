// RUN: ptx-interpret %s | FileCheck %s
// Ids with a default may be left out; positions count from 0. E[i] is 10 + i.
!ids = tensor<?x?xi64>
!mask = tensor<?x?xi1>
!x = tensor<?x?x1xf32>
!e = !xf.weight<3x1xf32>
xf.weight @E : !e {test.value = dense<[[10.0], [11.0], [12.0]]> : tensor<3x1xf64>}
xf.function @f attributes {test.calls = [{ids = dense<8> : tensor<1x3xi64>}]} {
  %ids = xf.input "ids" ["B", "S"] limit 9 : !ids
  %types = xf.input "types" ["B", "S"] limit 3 default 1 : !ids
  %m = xf.visible %ids max_length 3 : !ids -> !mask
  %e = xf.use @E : !e
  %p = xf.positions %m : !mask -> !ids
  %at = xf.embedding %p, %e where %m : !ids, !e, !mask -> !x
  xf.output "positions" %at where %m : !x, !mask
  // CHECK: positions : 1x3x1
  // CHECK-NEXT: 10
  // CHECK-NEXT: 11
  // CHECK-NEXT: 12
  %t = xf.embedding %types, %e where %m : !ids, !e, !mask -> !x
  xf.output "types" %t where %m : !x, !mask
  // CHECK-NEXT: types : 1x3x1
  // CHECK-NEXT: 11
  // CHECK-NEXT: 11
  // CHECK-NEXT: 11
}
