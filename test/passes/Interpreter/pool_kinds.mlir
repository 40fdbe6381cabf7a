// RUN: ptx-interpret %s | FileCheck %s
// Each kind of pooling, in xf and in stage, of four visible rows, of one and of none. The four stand at positions 1, 2,
// 4 and 5 and sum to 12 4; weighted_mean gives them the weights 1, 2, 4 and 5.
!ids = tensor<?x?xi64>
!mask = tensor<?x?xi1>
!x = tensor<?x?x2xf32>
!pooled = tensor<?x2xf32>
!r = tensor<?x2xf32>
!i = tensor<?xi32>
!rs = tensor<?x2xf32, #stage.per_sequence>
!e = !xf.weight<5x2xf32>
!table = !xf.packed<table, 5x2xf32>
#call = {ids = dense<[[0, 1, 2, 0, 3, 4], [0, 0, 2, 0, 0, 0], [0, 1, 2, 3, 4, 0]]> : tensor<3x6xi64>,
         mask = dense<[[0, 1, 1, 0, 1, 1], [0, 0, 1, 0, 0, 0], [0, 0, 0, 0, 0, 0]]> : tensor<3x6xi64>}
xf.weight @E : !e {test.value = dense<[[9.0, 9.0], [2.0, -1.0], [4.0, -3.0], [5.0, 5.0], [1.0, 3.0]]> : tensor<5x2xf64>}
xf.parameter @table : !table {
  %0 = xf.use @E : !e
  %1 = xf.pack %0 : !e -> !table
  xf.yield %1 : !table
}
xf.function @xf attributes {test.calls = [#call]} {
  %ids = xf.input "ids" ["B", "S"] limit 5 : !ids
  %given = xf.input "mask" ["B", "S"] : !mask
  %m = xf.visible %given max_length 6 : !mask -> !mask
  %e = xf.use @E : !e
  %x = xf.embedding %ids, %e where %m : !ids, !e, !mask -> !x
  %last = xf.pool last %x where %m : !x, !mask -> !pooled
  %max = xf.pool max %x where %m : !x, !mask -> !pooled
  %mean = xf.pool mean %x where %m : !x, !mask -> !pooled
  %mean_sqrt = xf.pool mean_sqrt %x where %m : !x, !mask -> !pooled
  %weighted_mean = xf.pool weighted_mean %x where %m : !x, !mask -> !pooled
  xf.output "last" %last : !pooled
  xf.output "max" %max : !pooled
  xf.output "mean" %mean : !pooled
  xf.output "mean_sqrt" %mean_sqrt : !pooled
  xf.output "weighted_mean" %weighted_mean : !pooled
}
// CHECK: last : 3x2
// CHECK-NEXT: 1 3
// CHECK-NEXT: 4 -3
// CHECK-NEXT: 0 0
// CHECK-NEXT: max : 3x2
// CHECK-NEXT: 5 5
// CHECK-NEXT: 4 -3
// CHECK-NEXT: 0 0
// CHECK-NEXT: mean : 3x2
// CHECK-NEXT: 3 1
// CHECK-NEXT: 4 -3
// CHECK-NEXT: 0 0
// CHECK-NEXT: mean_sqrt : 3x2
// CHECK-NEXT: 6 2
// CHECK-NEXT: 4 -3
// CHECK-NEXT: 0 0
// CHECK-NEXT: weighted_mean : 3x2
// CHECK-NEXT: 2.916666667 2.333333333
// CHECK-NEXT: 4 -3
// CHECK-NEXT: 0 0

xf.function @stage attributes {test.calls = [#call]} {
  %ids = xf.input "ids" ["B", "S"] limit 5 : !ids
  %given = xf.input "mask" ["B", "S"] : !mask
  %sp = stage.space %given max_length 6 : !mask -> !stage.space
  %i = stage.ids %ids, %sp : !ids, !stage.space -> !i
  %t = xf.get @table : !table
  %x = stage.gather (%t : !table) at (%i : !i) {
  ^bb0(%v: f32):
    xf.yield %v : f32
  } -> !r
  %last = stage.pool last %x over %sp : !r, !stage.space -> !rs
  %max = stage.pool max %x over %sp : !r, !stage.space -> !rs
  %mean = stage.pool mean %x over %sp : !r, !stage.space -> !rs
  %mean_sqrt = stage.pool mean_sqrt %x over %sp : !r, !stage.space -> !rs
  %weighted_mean = stage.pool weighted_mean %x over %sp : !r, !stage.space -> !rs
  stage.output "last" %last over %sp : !rs, !stage.space
  stage.output "max" %max over %sp : !rs, !stage.space
  stage.output "mean" %mean over %sp : !rs, !stage.space
  stage.output "mean_sqrt" %mean_sqrt over %sp : !rs, !stage.space
  stage.output "weighted_mean" %weighted_mean over %sp : !rs, !stage.space
}
// CHECK-NEXT: last : 3x2
// CHECK-NEXT: 1 3
// CHECK-NEXT: 4 -3
// CHECK-NEXT: 0 0
// CHECK-NEXT: max : 3x2
// CHECK-NEXT: 5 5
// CHECK-NEXT: 4 -3
// CHECK-NEXT: 0 0
// CHECK-NEXT: mean : 3x2
// CHECK-NEXT: 3 1
// CHECK-NEXT: 4 -3
// CHECK-NEXT: 0 0
// CHECK-NEXT: mean_sqrt : 3x2
// CHECK-NEXT: 6 2
// CHECK-NEXT: 4 -3
// CHECK-NEXT: 0 0
// CHECK-NEXT: weighted_mean : 3x2
// CHECK-NEXT: 2.916666667 2.333333333
// CHECK-NEXT: 4 -3
// CHECK-NEXT: 0 0
