// RUN: ptx-interpret %s | FileCheck %s --check-prefix=NONE
// RUN: ptx-interpret %s --adapter=lora | FileCheck %s --check-prefix=LORA
// The sum goes through the region with a vector and a row; the low-rank part added to the sum is what the merged weight
// gives, of rank 0 too. W + 2 B A has the rows 3 4 0 and 5 12 1; of the row 1 2 10 that is 11 and 39, of 1 -1 0 it is -1
// and -7, without the adapter 9 and 41, -3 and -11. To it the region adds 10 20 and the row's last two columns.
!ids = tensor<?x?xi64>
!mask = tensor<?x?xi1>
!x = tensor<?x3xf32>
!y = tensor<?x2xf32>
!i = tensor<?xi32>
!e = !xf.weight<2x3xf32>
!b = !xf.weight<2xf32>
!slot = !xf.low_rank<2x3>
!table = !xf.packed<table, 2x3xf32>
!panels = !xf.packed<matrix, 2x3xf32>
!column = !xf.packed<vector, 2x1xf32>
!fa = !xf.packed<matrix, ?x3xf32>
!fb = !xf.packed<matrix, 2x?xf32>
xf.weight @E : !e {test.value = dense<[[1.0, 2.0, 10.0], [1.0, -1.0, 0.0]]> : tensor<2x3xf64>}
xf.weight @W : !e {test.value = dense<[[1.0, 4.0, 0.0], [3.0, 14.0, 1.0]]> : tensor<2x3xf64>}
xf.weight @v : !b {test.value = dense<[10.0, 20.0]> : tensor<2xf64>}
xf.adapter @lora {
  xf.delta @W linear rank 2 scale 2.0 {
    test.a = dense<[[1.0, -1.0, 0.0], [1.0, 0.0, 0.0]]> : tensor<2x3xf64>,
    test.b = dense<[[0.0, 1.0], [1.0, 0.0]]> : tensor<2x2xf64>}
}
xf.parameter @table : !table {
  %0 = xf.use @E : !e
  %1 = xf.pack %0 : !e -> !table
  xf.yield %1 : !table
}
xf.parameter @base : !panels {
  %0 = xf.use @W : !e
  %1 = xf.pack %0 : !e -> !panels
  xf.yield %1 : !panels
}
xf.parameter @merged : !panels {
  %0 = xf.use @W : !e
  %1 = xf.slot @W : !slot
  %2 = xf.merge %0, %1 linear : !e, !slot -> !e
  %3 = xf.pack %2 : !e -> !panels
  xf.yield %3 : !panels
}
xf.parameter @bias : !column {
  %0 = xf.use @v : !b
  %1 = xf.pack %0 : !b -> !column
  xf.yield %1 : !column
}
xf.parameter @fa : !fa {
  %0 = xf.slot @W : !slot
  %1 = xf.factor_a %0 linear : !slot -> !fa
  xf.yield %1 : !fa
}
xf.parameter @fb : !fb {
  %0 = xf.slot @W : !slot
  %1 = xf.factor_b %0 : !slot -> !fb
  xf.yield %1 : !fb
}
xf.function @f attributes {test.calls = [{
    ids = dense<[[1, 0, 1]]> : tensor<1x3xi64>, mask = dense<[[0, 1, 1]]> : tensor<1x3xi64>}]} {
  %ids = xf.input "ids" ["B", "S"] limit 2 : !ids
  %given = xf.input "mask" ["B", "S"] : !mask
  %sp = stage.space %given max_length 3 : !mask -> !stage.space
  %i = stage.ids %ids, %sp : !ids, !stage.space -> !i
  %t = xf.get @table : !table
  %x = stage.gather (%t : !table) at (%i : !i) {
  ^bb0(%v: f32):
    xf.yield %v : f32
  } -> !x
  %old = stage.columns %x at 1 : !x -> !y
  %bias = xf.get @bias : !column

  %merged = xf.get @merged : !panels
  %y = stage.contract %x, %merged extras(%bias, %old : !column, !y) {
  ^bb0(%acc: f32, %b: f32, %o: f32):
    %0 = arith.addf %acc, %b : f32
    %1 = arith.addf %0, %o : f32
    xf.yield %1 : f32
  } : !x, !panels -> !y
  xf.output "y" %y : !y
  // NONE: y : 2x2
  // NONE-NEXT: 21 71
  // NONE-NEXT: 6 9
  // LORA: y : 2x2
  // LORA-NEXT: 23 69
  // LORA-NEXT: 8 13

  %fa = xf.get @fa : !fa
  %fb = xf.get @fb : !fb
  %base = xf.get @base : !panels
  %u = stage.contract %x, %fa {
  ^bb0(%acc: f32):
    xf.yield %acc : f32
  } : !x, !fa -> tensor<?x?xf32>
  %z = stage.contract %x, %base plus %u, %fb extras(%bias, %old : !column, !y) {
  ^bb0(%acc: f32, %b: f32, %o: f32):
    %0 = arith.addf %acc, %b : f32
    %1 = arith.addf %0, %o : f32
    xf.yield %1 : f32
  } : !x, !panels plus tensor<?x?xf32>, !fb -> !y
  xf.output "z" %z : !y
  // NONE-NEXT: z : 2x2
  // NONE-NEXT: 21 71
  // NONE-NEXT: 6 9
  // LORA-NEXT: z : 2x2
  // LORA-NEXT: 23 69
  // LORA-NEXT: 8 13
}
