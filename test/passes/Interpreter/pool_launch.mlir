// RUN: ptx-interpret %s | FileCheck %s
// The mean of the visible rows, without keep_first's; a launch gives what its stages give, each result in its place. The
// rows are E[1], E[2], then keep_first's: E[0] and, of a sequence that is hidden, E[3].
!ids = tensor<?x?xi64>
!mask = tensor<?x?xi1>
!r = tensor<?x2xf32>
!i = tensor<?xi32>
!rs = tensor<?x2xf32, #stage.per_sequence>
!e = !xf.weight<4x2xf32>
!table = !xf.packed<table, 4x2xf32>
xf.weight @E : !e {test.value = dense<[[1.0, 10.0], [2.0, 20.0], [3.0, 30.0], [4.0, 40.0]]> : tensor<4x2xf64>}
xf.parameter @table : !table {
  %0 = xf.use @E : !e
  %1 = xf.pack %0 : !e -> !table
  xf.yield %1 : !table
}
xf.function @f attributes {test.calls = [{
    ids = dense<[[0, 1, 2], [3, 1, 1]]> : tensor<2x3xi64>, mask = dense<[[0, 1, 1], [0, 0, 0]]> : tensor<2x3xi64>}]} {
  %ids = xf.input "ids" ["B", "S"] limit 4 : !ids
  %given = xf.input "mask" ["B", "S"] : !mask
  %sp = stage.space %given max_length 3 keep_first : !mask -> !stage.space
  %i = stage.ids %ids, %sp : !ids, !stage.space -> !i
  %t = xf.get @table : !table
  %x = stage.gather (%t : !table) at (%i : !i) {
  ^bb0(%v: f32):
    xf.yield %v : f32
  } -> !r
  %mean = stage.pool mean %x over %sp : !r, !stage.space -> !rs
  stage.output "mean" %mean over %sp : !rs, !stage.space
  // CHECK: mean : 2x2
  // CHECK-NEXT: 2.5 25
  // CHECK-NEXT: 0 0
  %l:2 = stage.launch -> !r, !r {
    %minus = stage.map %x {
    ^bb0(%v: f32):
      %0 = arith.negf %v : f32
      xf.yield %0 : f32
    } : !r -> !r
    %same = stage.map %x {
    ^bb0(%v: f32):
      xf.yield %v : f32
    } : !r -> !r
    xf.yield %minus, %same : !r, !r
  }
  xf.output "minus" %l#0 : !r
  // CHECK-NEXT: minus : 4x2
  // CHECK-NEXT: -2 -20
  // CHECK-NEXT: -3 -30
  // CHECK-NEXT: -1 -10
  // CHECK-NEXT: -4 -40
  xf.output "same" %l#1 : !r
  // CHECK-NEXT: same : 4x2
  // CHECK-NEXT: 2 20
  // CHECK-NEXT: 3 30
  // CHECK-NEXT: 1 10
  // CHECK-NEXT: 4 40
}
