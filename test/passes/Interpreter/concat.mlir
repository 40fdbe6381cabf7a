// RUN: ptx-interpret %s | FileCheck %s
// Rows side by side in the order of the operands, in xf and in stage.
!ids = tensor<?x?xi64>
!mask = tensor<?x?xi1>
!x = tensor<?x?x2xf32>
!e = !xf.weight<2x2xf32>
!table = !xf.packed<table, 2x2xf32>
!rs = tensor<?x2xf32, #stage.per_sequence>
!pair = tensor<?x4xf32, #stage.per_sequence>
#call = {ids = dense<[[0, 1]]> : tensor<1x2xi64>}
xf.weight @E : !e {test.value = dense<[[1.0, 2.0], [5.0, 6.0]]> : tensor<2x2xf64>}
xf.parameter @table : !table {
  %0 = xf.use @E : !e
  %1 = xf.pack %0 : !e -> !table
  xf.yield %1 : !table
}
xf.function @xf attributes {test.calls = [#call]} {
  %ids = xf.input "ids" ["B", "S"] limit 2 : !ids
  %m = xf.visible %ids max_length 2 : !ids -> !mask
  %e = xf.use @E : !e
  %x = xf.embedding %ids, %e where %m : !ids, !e, !mask -> !x
  %one = xf.columns %x at 1 : !x -> tensor<?x?x1xf32>
  %y = xf.concat %one, %x : tensor<?x?x1xf32>, !x -> tensor<?x?x3xf32>
  xf.output "y" %y : tensor<?x?x3xf32>
}
// CHECK: y : 1x2x3
// CHECK-NEXT: 2 1 2
// CHECK-NEXT: 6 5 6
xf.function @stage attributes {test.calls = [#call]} {
  %ids = xf.input "ids" ["B", "S"] limit 2 : !ids
  %given = xf.input "mask" ["B", "S"] : !mask
  %sp = stage.space %given max_length 2 : !mask -> !stage.space
  %i = stage.ids %ids, %sp : !ids, !stage.space -> tensor<?xi32>
  %t = xf.get @table : !table
  %x = stage.gather (%t : !table) at (%i : tensor<?xi32>) {
  ^bb0(%v: f32):
    xf.yield %v : f32
  } -> tensor<?x2xf32>
  %last = stage.pool last %x over %sp : tensor<?x2xf32>, !stage.space -> !rs
  %mean = stage.pool mean %x over %sp : tensor<?x2xf32>, !stage.space -> !rs
  %y = stage.concat %last, %mean : !rs, !rs -> !pair
  stage.output "y" %y over %sp : !pair, !stage.space
}
// CHECK-NEXT: y : 1x4
// CHECK-NEXT: 5 6 3 4
