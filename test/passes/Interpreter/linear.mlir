// RUN: ptx-interpret %s | FileCheck %s
// x W^T + b of x = 1 2 3 4: 1 + 3 + 10 and 2 - 4 + 20; `rows` takes outputs, and their biases.
!ids = tensor<?x?xi64>
!mask = tensor<?x?xi1>
!x = tensor<?x?x4xf32>
!row = !xf.weight<1x4xf32>
!w = !xf.weight<2x4xf32>
!b = !xf.weight<2xf32>
xf.weight @E : !row {test.value = dense<[[1.0, 2.0, 3.0, 4.0]]> : tensor<1x4xf64>}
xf.weight @W : !w {test.value = dense<[[1.0, 0.0, 1.0, 0.0], [0.0, 1.0, 0.0, -1.0]]> : tensor<2x4xf64>}
xf.weight @b : !b {test.value = dense<[10.0, 20.0]> : tensor<2xf64>}
xf.function @f attributes {test.calls = [{ids = dense<0> : tensor<1x1xi64>}]} {
  %ids = xf.input "ids" ["B", "S"] limit 1 : !ids
  %m = xf.visible %ids max_length 1 : !ids -> !mask
  %e = xf.use @E : !row
  %x = xf.embedding %ids, %e where %m : !ids, !row, !mask -> !x
  %w = xf.use @W : !w
  %b = xf.use @b : !b
  %biased = xf.linear %x, %w bias %b : !x, !w, !b -> tensor<?x?x2xf32>
  xf.output "biased" %biased : tensor<?x?x2xf32>
  // CHECK: biased : 1x1x2
  // CHECK-NEXT: 14 18
  %part = xf.linear %x, %w rows [1, 2] : !x, !w -> tensor<?x?x1xf32>
  xf.output "part" %part : tensor<?x?x1xf32>
  // CHECK-NEXT: part : 1x1x1
  // CHECK-NEXT: -2
  %part_biased = xf.linear %x, %w bias %b rows [1, 2] : !x, !w, !b -> tensor<?x?x1xf32>
  xf.output "part_biased" %part_biased : tensor<?x?x1xf32>
  // CHECK-NEXT: part_biased : 1x1x1
  // CHECK-NEXT: 18
}
