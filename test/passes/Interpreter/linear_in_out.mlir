// RUN: ptx-interpret %s | FileCheck %s
// A weight stored [IN,OUT], whole and in part: of a row of ones each output is the sum of a column, and `rows` counts
// outputs.
!ids = tensor<?x?xi64>
!mask = tensor<?x?xi1>
!x = tensor<?x?x4xf32>
!row = !xf.weight<1x4xf32>
!w = !xf.weight<4x3xf32>
xf.weight @E : !row {test.value = dense<1.0> : tensor<1x4xf64>}
xf.weight @W : !w {test.value = dense<[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0], [10.0, 11.0, 12.0]]> : tensor<4x3xf64>}
xf.function @f attributes {test.calls = [{ids = dense<0> : tensor<1x1xi64>}]} {
  %ids = xf.input "ids" ["B", "S"] limit 1 : !ids
  %m = xf.visible %ids max_length 1 : !ids -> !mask
  %e = xf.use @E : !row
  %x = xf.embedding %ids, %e where %m : !ids, !row, !mask -> !x
  %w = xf.use @W : !w
  %y = xf.linear %x, %w in_out : !x, !w -> tensor<?x?x3xf32>
  xf.output "y" %y : tensor<?x?x3xf32>
  // CHECK: y : 1x1x3
  // CHECK-NEXT: 22 26 30
  %z = xf.linear %x, %w in_out rows [1, 3] : !x, !w -> tensor<?x?x2xf32>
  xf.output "z" %z : tensor<?x?x2xf32>
  // CHECK-NEXT: z : 1x1x2
  // CHECK-NEXT: 26 30
}
