// RUN: ptx-interpret %s | FileCheck %s
// T queries over S keys, by the keys' mask. The first query sees one key and is that row, the second sees none. The third
// sees two, with q.k 0 and 1: of the second it takes 1 / (1 + e^-1).
!ids = tensor<?x?xi64>
!mask = tensor<?x?xi1>
!x = tensor<?x?x4xf32>
!e = !xf.weight<6x4xf32>
xf.weight @E : !e {test.value = dense<[
    [5.0, 7.0, 0.0, 1.0], [0.5, 0.25, -1.0, 4.0], [1.0, 2.0, 3.0, -4.0], [6.0, 6.0, 1.0, 0.0],
    [0.0, 0.0, 0.0, 0.0], [1.0, 0.0, 0.0, 0.0]]> : tensor<6x4xf64>}
xf.function @f attributes {test.calls = [{
    ids = dense<[[0, 1], [2, 3], [4, 5]]> : tensor<3x2xi64>,
    mask = dense<[[0, 1], [0, 0], [1, 1]]> : tensor<3x2xi64>,
    t = dense<[[2], [3], [5]]> : tensor<3x1xi64>}]} {
  %ids = xf.input "ids" ["B", "S"] limit 6 : !ids
  %given = xf.input "mask" ["B", "S"] : !mask
  %m = xf.visible %given max_length 4 : !mask -> !mask
  %e = xf.use @E : !e
  %x = xf.embedding %ids, %e where %m : !ids, !e, !mask -> !x
  %t = xf.input "t" ["B", "T"] limit 6 : !ids
  %tm = xf.visible %t max_length 4 : !ids -> !mask
  %q = xf.embedding %t, %e where %tm : !ids, !e, !mask -> !x
  %y = xf.attention %q, %x, %x where %tm, %m heads 1 scale 1.0 : !x, !x, !x, !mask, !mask -> !x
  xf.output "y" %y where %tm : !x, !mask
}
// CHECK: y : 3x1x4
// CHECK-NEXT: 0.5 0.25 -1 4
// CHECK-NEXT: 0 0 0 0
// CHECK-NEXT: 0.7310585786 0 0 0
