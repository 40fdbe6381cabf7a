// RUN: ptx-interpret %s | FileCheck %s
// The first of equals in xf and, of the reciprocals, in stage, where -1 - n stands for the first element n that is not
// finite.
!ids = tensor<?x?xi64>
!mask = tensor<?x?xi1>
!x = tensor<?x?x4xf32>
!pooled = tensor<?x4xf32>
!n = tensor<?xi64>
!r = tensor<?x4xf32>
!i = tensor<?xi32>
!is = tensor<?xi32, #stage.per_sequence>
!rs = tensor<?x4xf32, #stage.per_sequence>
!e = !xf.weight<5x4xf32>
!table = !xf.packed<table, 5x4xf32>
#call = {ids = dense<[[0], [1], [2], [3], [4]]> : tensor<5x1xi64>}
xf.weight @E : !e {test.value = dense<[[9.0, 1.0, 2.0, 9.0], [-4.0, -3.0, -3.0, -5.0], [8.0, 0.5, 8.0, 0.5], [1.0, 0.0, 2.0, 0.0], [0.0, 1.0, 2.0, 3.0]]> : tensor<5x4xf64>}
xf.parameter @table : !table {
  %0 = xf.use @E : !e
  %1 = xf.pack %0 : !e -> !table
  xf.yield %1 : !table
}
xf.function @xf attributes {test.calls = [#call]} {
  %ids = xf.input "ids" ["B", "S"] limit 5 : !ids
  %m = xf.visible %ids max_length 1 : !ids -> !mask
  %e = xf.use @E : !e
  %x = xf.embedding %ids, %e where %m : !ids, !e, !mask -> !x
  %last = xf.pool last %x where %m : !x, !mask -> !pooled
  %n = xf.greatest %last : !pooled -> !n
  xf.output "number" %n on_request : !n
}
// CHECK: number : 5
// CHECK-NEXT: 0 1 0 2 3

xf.function @stage attributes {test.calls = [#call]} {
  %ids = xf.input "ids" ["B", "S"] limit 5 : !ids
  %sp = stage.space %ids max_length 1 : !ids -> !stage.space
  %i = stage.ids %ids, %sp : !ids, !stage.space -> !i
  %t = xf.get @table : !table
  %x = stage.gather (%t : !table) at (%i : !i) {
  ^bb0(%v: f32):
    xf.yield %v : f32
  } -> !r
  %last = stage.pool last %x over %sp : !r, !stage.space -> !rs
  %y = stage.map %last {
  ^bb0(%v: f32):
    %one = arith.constant 1.0 : f32
    %0 = arith.divf %one, %v : f32
    xf.yield %0 : f32
  } : !rs -> !rs
  %n = stage.greatest %y : !rs -> !is
  stage.output "number" %n over %sp on_request : !is, !stage.space
}
// CHECK: number : 5
// CHECK-NEXT: 1 3 1 -2 -1
