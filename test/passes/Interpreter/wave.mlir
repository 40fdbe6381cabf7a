// RUN: ptx-interpret %s | FileCheck %s
// A wave gives what its ops give, each result in its place: 2 x and 5 x.
!ids = tensor<?x?xi64>
!mask = tensor<?x?xi1>
!x = tensor<?x?x2xf32>
!e = !xf.weight<1x2xf32>
xf.weight @E : !e {test.value = dense<[[1.0, 3.0]]> : tensor<1x2xf64>}
xf.function @f attributes {test.calls = [{ids = dense<0> : tensor<1x1xi64>}]} {
  %ids = xf.input "ids" ["B", "S"] limit 1 : !ids
  %m = xf.visible %ids max_length 1 : !ids -> !mask
  %e = xf.use @E : !e
  %x = xf.embedding %ids, %e where %m : !ids, !e, !mask -> !x
  %w:2 = xf.wave -> !x, !x {
    %a = xf.scale %x by 2.0 : !x
    %b = xf.scale %x by 5.0 : !x
    xf.yield %a, %b : !x, !x
  }
  xf.output "a" %w#0 : !x
  xf.output "b" %w#1 : !x
  %y = arith.mulf %w#0, %w#1 : !x
  xf.output "y" %y : !x
}
// CHECK: a : 1x1x2
// CHECK-NEXT: 2 6
// CHECK-NEXT: b : 1x1x2
// CHECK-NEXT: 5 15
// CHECK-NEXT: y : 1x1x2
// CHECK-NEXT: 10 90
