// RUN: ptx-interpret %s | FileCheck %s
// Every column takes part where they are no multiple of four: 1 + 2 + 4 + .. + 256 and 1 - 2 + 4 - .. + 256.
!ids = tensor<?x?xi64>
!mask = tensor<?x?xi1>
!x = tensor<?x?x9xf32>
!y = tensor<?x?x2xf32>
!row = !xf.weight<1x9xf32>
!w = !xf.weight<2x9xf32>
xf.weight @E : !row {test.value = dense<[[1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0]]> : tensor<1x9xf64>}
xf.weight @W : !w {test.value = dense<[
    [1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0],
    [1.0, -1.0, 1.0, -1.0, 1.0, -1.0, 1.0, -1.0, 1.0]]> : tensor<2x9xf64>}
xf.function @f attributes {test.calls = [{ids = dense<0> : tensor<1x1xi64>}]} {
  %ids = xf.input "ids" ["B", "S"] limit 1 : !ids
  %m = xf.visible %ids max_length 1 : !ids -> !mask
  %e = xf.use @E : !row
  %x = xf.embedding %ids, %e where %m : !ids, !row, !mask -> !x
  %w = xf.use @W : !w
  %y = xf.linear %x, %w : !x, !w -> !y
  xf.output "y" %y : !y
}
// CHECK: y : 1x1x2
// CHECK-NEXT: 511 171
