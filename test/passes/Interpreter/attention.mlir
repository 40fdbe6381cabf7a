// RUN: ptx-interpret %s | FileCheck %s
// By hand: the scale is ln 2, so q sees k with weight 2^(q.k), in each head by itself. Of the rows
//   a = 1 0 | 1 1    b = 0 1 | 1 0    c = 1 1 | 0 -1
// the weights 2^(q.k) are, in the left head, aa 2, ab 1, ac 2, bb 2, bc 2, cc 4; in the right, aa 4, ab 2, ac 1/2,
// bb 2, bc 1, cc 2. The sequences are a b c; c . a, with a hole; . b c. Who is hidden is no key, and its row is zero.
!ids = tensor<?x?xi64>
!mask = tensor<?x?xi1>
!x = tensor<?x?x4xf32>
!e = !xf.weight<3x4xf32>
xf.weight @E : !e {test.value = dense<[[1.0, 0.0, 1.0, 1.0], [0.0, 1.0, 1.0, 0.0], [1.0, 1.0, 0.0, -1.0]]> : tensor<3x4xf64>}
xf.function @f attributes {test.calls = [{
    ids = dense<[[0, 1, 2], [2, 1, 0], [0, 1, 2]]> : tensor<3x3xi64>,
    mask = dense<[[1, 1, 1], [1, 0, 1], [0, 1, 1]]> : tensor<3x3xi64>}]} {
  %ids = xf.input "ids" ["B", "S"] limit 3 : !ids
  %given = xf.input "mask" ["B", "S"] : !mask
  %m = xf.visible %given max_length 3 : !mask -> !mask
  %e = xf.use @E : !e
  %x = xf.embedding %ids, %e where %m : !ids, !e, !mask -> !x
  %all = xf.attention %x, %x, %x where %m, %m heads 2 scale 0.6931471805599453 : !x, !x, !x, !mask, !mask -> !x
  xf.output "all" %all where %m : !x, !mask
  // CHECK: all : 3x3x4
  // (2a + b + 2c) / 5 | (8a + 4b + c) / 13
  // CHECK-NEXT: 0.8 0.6 0.9230769231 0.5384615385
  // (a + 2b + 2c) / 5 | (2a + 2b + c) / 5
  // CHECK-NEXT: 0.6 0.8 0.8 0.2
  // (2a + 2b + 4c) / 8 | (a + 2b + 4c) / 7
  // CHECK-NEXT: 0.75 0.75 0.4285714286 -0.4285714286
  // (4c + 2a) / 6 | (4c + a) / 5
  // CHECK-NEXT: 1 0.6666666667 0.2 -0.6
  // CHECK-NEXT: 0 0 0 0
  // (2c + 2a) / 4 | (c + 8a) / 9
  // CHECK-NEXT: 1 0.5 0.8888888889 0.7777777778
  // CHECK-NEXT: 0 0 0 0
  // (2b + 2c) / 4 | (2b + c) / 3
  // CHECK-NEXT: 0.5 1 0.6666666667 -0.3333333333
  // (2b + 4c) / 6 | (b + 2c) / 3
  // CHECK-NEXT: 0.6666666667 1 0.3333333333 -0.6666666667
  %causal = xf.attention %x, %x, %x where %m, %m heads 2 scale 0.6931471805599453 causal : !x, !x, !x, !mask, !mask -> !x
  xf.output "causal" %causal where %m : !x, !mask
  // CHECK-NEXT: causal : 3x3x4
  // a; (a + 2b) / 3 | (2a + 2b) / 4; the last sees all, as above
  // CHECK-NEXT: 1 0 1 1
  // CHECK-NEXT: 0.3333333333 0.6666666667 1 0.5
  // CHECK-NEXT: 0.75 0.75 0.4285714286 -0.4285714286
  // c; a sees all, as above
  // CHECK-NEXT: 1 1 0 -1
  // CHECK-NEXT: 0 0 0 0
  // CHECK-NEXT: 1 0.5 0.8888888889 0.7777777778
  // b; c sees all, as above
  // CHECK-NEXT: 0 0 0 0
  // CHECK-NEXT: 0 1 1 0
  // CHECK-NEXT: 0.6666666667 1 0.3333333333 -0.6666666667
}
