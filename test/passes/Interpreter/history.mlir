// RUN: ptx-interpret %s | FileCheck %s
// Two functions over one cache: what the first leaves, the second reads. By hand: the scale is ln 2, so a token sees
// another with weight 2^(q.k). Of the tokens a = 1 0, b = 0 1, c = 1 1 the products are aa 1, ab 0, ac 1, bb 1, bc 1, cc 2.
!ids = tensor<?x?xi64>
!mask = tensor<?x?xi1>
!x = tensor<?x?x2xf32>
!e = !xf.weight<3x2xf32>
!c = !xf.cache<2xf32>
xf.weight @E : !e {test.value = dense<[[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]> : tensor<3x2xf64>}
xf.weight @P : !e {test.value = dense<[[10.0, 0.0], [20.0, 0.0], [30.0, 0.0]]> : tensor<3x2xf64>}
xf.history @text max_length 3
xf.cache @kv of @text : !c

// Rows 1 and 0: a b, and c behind a position that does not exist. Positions count those that do.
xf.function @prefill attributes {test.calls = [{
    ids = dense<[[0, 1], [0, 2]]> : tensor<2x2xi64>, mask = dense<[[1, 1], [0, 1]]> : tensor<2x2xi64>,
    session_rows = dense<[1, 0]> : tensor<2xi64>}]} {
  %ids = xf.input "ids" ["B", "S"] limit 3 : !ids
  %given = xf.input "mask" ["B", "S"] : !mask
  %new = xf.visible %given max_length 3 begins @text : !mask -> !mask
  %e = xf.use @E : !e
  %x = xf.embedding %ids, %e where %new : !ids, !e, !mask -> !x
  %cache = xf.state @kv : !c
  %now = xf.append %x to %cache where %new : !x to !c where !mask
  %all = xf.held @text of %new : !mask
  %k = xf.recall %now where %all : !c where !mask -> !x
  xf.output "held" %k where %all : !x, !mask
  // CHECK: held : 2x2x2
  // CHECK-NEXT: 1 0
  // CHECK-NEXT: 0 1
  // CHECK-NEXT: 1 1
  // CHECK-NEXT: 0 0
  %at = xf.positions %new : !mask -> !ids
  %p = xf.use @P : !e
  %place = xf.embedding %at, %p where %new : !ids, !e, !mask -> !x
  xf.output "place" %place where %new : !x, !mask
  // CHECK: place : 2x2x2
  // CHECK-NEXT: 10 0
  // CHECK-NEXT: 20 0
  // CHECK-NEXT: 0 0
  // CHECK-NEXT: 10 0
}

// First c behind c of row 0 alone; then a behind c c and c behind a b, each at its own position.
xf.function @decode attributes {test.calls = [{ids = dense<[2]> : tensor<1xi64>},
                                              {ids = dense<[0, 2]> : tensor<2xi64>}]} {
  %ids = xf.input "ids" ["B"] limit 3 : !ids
  %new = xf.visible %ids max_length 3 continues @text : !ids -> !mask
  %all = xf.held @text of %new : !mask
  %e = xf.use @E : !e
  %x = xf.embedding %ids, %e where %new : !ids, !e, !mask -> !x
  %cache = xf.state @kv : !c
  %now = xf.append %x to %cache where %new : !x to !c where !mask
  %k = xf.recall %now where %all : !c where !mask -> !x
  %y = xf.attention %x, %k, %k where %new, %all heads 1 scale 0.6931471805599453 causal : !x, !x, !x, !mask, !mask -> !x
  %at = xf.positions %new : !mask -> !ids
  %p = xf.use @P : !e
  %place = xf.embedding %at, %p where %new : !ids, !e, !mask -> !x
  %sum = arith.addf %y, %place : !x
  xf.output "y" %sum where %new : !x, !mask
  // (4c + 4c) / 8, at position 1
  // CHECK: y : 1x1x2
  // CHECK-NEXT: 21 1
  // (2c + 2c + 2a) / 6, at position 2; (2a + 2b + 4c) / 8, at position 2
  // CHECK: y : 2x1x2
  // CHECK-NEXT: 31 0.6666666667
  // CHECK-NEXT: 30.75 0.75
}
