// RUN: ptx-interpret %s | FileCheck %s
// `in bf16` rounds both operands. bf16 has steps of 2^-7 from 1 on: 1 + 2^-9 becomes 1, and 1 + 3 2^-8, a tie, the even
// 1 + 2^-6. Two such products are 2 (1 + 2^-9) (1 + 3 2^-8) unrounded, and 2 (1 + 2^-6).
!ids = tensor<?x?xi64>
!mask = tensor<?x?xi1>
!x = tensor<?x?x2xf32>
!y = tensor<?x?x1xf32>
!row = !xf.weight<1x2xf32>
xf.weight @E : !row {test.value = dense<[[1.001953125, 1.01171875]]> : tensor<1x2xf64>}
xf.weight @W : !row {test.value = dense<[[1.01171875, 1.001953125]]> : tensor<1x2xf64>}
xf.function @f attributes {test.calls = [{ids = dense<0> : tensor<1x1xi64>}]} {
  %ids = xf.input "ids" ["B", "S"] limit 1 : !ids
  %m = xf.visible %ids max_length 1 : !ids -> !mask
  %e = xf.use @E : !row
  %x = xf.embedding %ids, %e where %m : !ids, !row, !mask -> !x
  %w = xf.use @W : !row
  %exact = xf.linear %x, %w : !x, !row -> !y
  xf.output "exact" %exact : !y
  // CHECK: exact : 1x1x1
  // CHECK-NEXT: 2.027389526
  %rounded = xf.linear %x, %w in bf16 : !x, !row -> !y
  xf.output "rounded" %rounded : !y
  // CHECK-NEXT: rounded : 1x1x1
  // CHECK-NEXT: 2.03125
}
