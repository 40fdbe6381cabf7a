// RUN: ptx-interpret %s | FileCheck %s
// Positions that are left out number the ids, a row at a time; those that are given are taken. E[p] is p, so the output
// is the positions themselves.
!ids = tensor<?x?xi64>
!mask = tensor<?x?xi1>
!x = tensor<?x?x1xf32>
!e = !xf.weight<6x1xf32>
xf.weight @E : !e {test.value = dense<[[0.0], [1.0], [2.0], [3.0], [4.0], [5.0]]> : tensor<6x1xf64>}

// With a default, padding is skipped: an id of 1 has position 1, the others count from 2.
xf.function @padding attributes {test.calls = [
    {ids = dense<[[7, 1, 7, 8], [1, 1, 0, 5]]> : tensor<2x4xi64>},
    {ids = dense<[[7, 1, 7, 8]]> : tensor<1x4xi64>, at = dense<[[0, 0, 5, 0]]> : tensor<1x4xi64>}]} {
  %ids = xf.input "ids" ["B", "S"] limit 9 : !ids
  %at = xf.input "at" ["B", "S"] limit 6 default 1 counting "ids" : !ids
  %m = xf.visible %ids max_length 4 : !ids -> !mask
  %e = xf.use @E : !e
  %x = xf.embedding %at, %e where %m : !ids, !e, !mask -> !x
  xf.output "at" %x where %m : !x, !mask
}
// CHECK: at : 2x4x1
// CHECK-NEXT: 2
// CHECK-NEXT: 1
// CHECK-NEXT: 3
// CHECK-NEXT: 4
// CHECK-NEXT: 1
// CHECK-NEXT: 1
// CHECK-NEXT: 2
// CHECK-NEXT: 3

// CHECK-NEXT: at : 1x4x1
// CHECK-NEXT: 0
// CHECK-NEXT: 0
// CHECK-NEXT: 5
// CHECK-NEXT: 0

// Without a default every id counts, from 0, whatever the mask hides.
xf.function @all attributes {test.calls = [
    {ids = dense<[[0, 0, 1], [1, 1, 0]]> : tensor<2x3xi64>, mask = dense<[[0, 1, 1], [1, 1, 1]]> : tensor<2x3xi64>},
    {ids = dense<[[0, 0, 1]]> : tensor<1x3xi64>, at = dense<[[2, 0, 2]]> : tensor<1x3xi64>}]} {
  %ids = xf.input "ids" ["B", "S"] limit 3 : !ids
  %given = xf.input "mask" ["B", "S"] : !mask
  %at = xf.input "at" ["B", "S"] limit 3 counting "ids" : !ids
  %m = xf.visible %given max_length 3 : !mask -> !mask
  %e = xf.use @E : !e
  %x = xf.embedding %at, %e where %m : !ids, !e, !mask -> !x
  xf.output "at" %x where %m : !x, !mask
}
// CHECK-NEXT: at : 2x3x1
// CHECK-NEXT: 0
// CHECK-NEXT: 1
// CHECK-NEXT: 2
// CHECK-NEXT: 0
// CHECK-NEXT: 1
// CHECK-NEXT: 2

// CHECK-NEXT: at : 1x3x1
// CHECK-NEXT: 2
// CHECK-NEXT: 0
// CHECK-NEXT: 2
