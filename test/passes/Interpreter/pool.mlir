// RUN: ptx-interpret %s | FileCheck %s
// The first token and the mean of the visible ones, where all, some and none are visible; keep_first gives the first
// token where it is hidden too, and changes no mean.
!ids = tensor<?x?xi64>
!mask = tensor<?x?xi1>
!x = tensor<?x?x2xf32>
!pooled = tensor<?x2xf32>
!e = !xf.weight<6x2xf32>
xf.weight @E : !e {test.value = dense<[[1.0, 2.0], [3.0, 5.0], [7.0, 8.0], [9.0, 6.0], [4.0, 4.5], [5.0, 1.0]]> : tensor<6x2xf64>}
xf.function @f attributes {test.calls = [{
    ids = dense<[[0, 1], [2, 3], [4, 5]]> : tensor<3x2xi64>,
    mask = dense<[[1, 1], [0, 1], [0, 0]]> : tensor<3x2xi64>}]} {
  %ids = xf.input "ids" ["B", "S"] limit 6 : !ids
  %given = xf.input "mask" ["B", "S"] : !mask
  %e = xf.use @E : !e

  %m = xf.visible %given max_length 2 : !mask -> !mask
  %x = xf.embedding %ids, %e where %m : !ids, !e, !mask -> !x
  %first = xf.first_token %x where %m : !x, !mask -> !pooled
  xf.output "first" %first : !pooled
  // CHECK: first : 3x2
  // CHECK-NEXT: 1 2
  // CHECK-NEXT: 0 0
  // CHECK-NEXT: 0 0
  %mean = xf.pool mean %x where %m : !x, !mask -> !pooled
  xf.output "mean" %mean where %m : !pooled, !mask
  // CHECK-NEXT: mean : 3x2
  // CHECK-NEXT: 2 3.5
  // CHECK-NEXT: 9 6
  // CHECK-NEXT: 0 0

  %mk = xf.visible %given max_length 2 keep_first : !mask -> !mask
  %xk = xf.embedding %ids, %e where %mk : !ids, !e, !mask -> !x
  %first_kept = xf.first_token %xk where %mk : !x, !mask -> !pooled
  xf.output "with first kept" %first_kept : !pooled
  // CHECK-NEXT: with first kept : 3x2
  // CHECK-NEXT: 1 2
  // CHECK-NEXT: 7 8
  // CHECK-NEXT: 4 4.5
  %mean_kept = xf.pool mean %xk where %mk : !x, !mask -> !pooled
  xf.output "with first kept, mean" %mean_kept where %mk : !pooled, !mask
  // CHECK-NEXT: with first kept, mean : 3x2
  // CHECK-NEXT: 2 3.5
  // CHECK-NEXT: 9 6
  // CHECK-NEXT: 0 0
}
