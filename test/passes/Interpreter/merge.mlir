// RUN: ptx-interpret %s --parameters | FileCheck %s --check-prefix=NONE
// RUN: ptx-interpret %s --parameters --adapter=lora | FileCheck %s --check-prefix=LORA
// RUN: ptx-interpret %s --parameters --adapter=dora | FileCheck %s --check-prefix=DORA
// W + 2 B A has the rows 3 4, 5 12 and 8 6, of norms 5, 13 and 10; DoRA's gains m / norm are 1, 2 and 0.1. Only @lora
// has a bias, of which b gains 2 times: what a delta lacks changes nothing.
!w = !xf.weight<3x2xf32>
!b = !xf.weight<3xf32>
!slot = !xf.low_rank<3x2>
!panels = !xf.packed<matrix, 3x2xf32>
!column = !xf.packed<vector, 3x1xf32>
xf.weight @W : !w {test.value = dense<[[3.0, 4.0], [3.0, 14.0], [4.0, 10.0]]> : tensor<3x2xf64>}
xf.weight @b : !b {test.value = dense<[7.0, 8.0, 9.0]> : tensor<3xf64>}
#a = dense<[[1.0, -1.0]]> : tensor<1x2xf64>
#b = dense<[[0.0], [1.0], [2.0]]> : tensor<3x1xf64>
xf.adapter @lora {
  xf.delta @W linear rank 1 scale 2.0 bias {test.a = #a, test.b = #b, test.bias = dense<[1.0, 2.0, 3.0]> : tensor<3xf64>}
}
xf.adapter @dora {
  xf.delta @W linear rank 1 scale 2.0 dora {test.a = #a, test.b = #b, test.magnitude = dense<[5.0, 26.0, 1.0]> : tensor<3xf64>}
}
xf.parameter @merged : !panels {
  %w = xf.use @W : !w
  %s = xf.slot @W : !slot
  %0 = xf.merge %w, %s linear : !w, !slot -> !w
  %p = xf.pack %0 : !w -> !panels
  xf.yield %p : !panels
}
// NONE: merged : 3x2
// NONE-NEXT: 3 4
// NONE-NEXT: 3 14
// NONE-NEXT: 4 10
// LORA: merged : 3x2
// LORA-NEXT: 3 4
// LORA-NEXT: 5 12
// LORA-NEXT: 8 6
// DORA: merged : 3x2
// DORA-NEXT: 3 4
// DORA-NEXT: 10 24
// DORA-NEXT: 0.8 0.6
xf.parameter @gain : !column {
  %w = xf.use @W : !w
  %s = xf.slot @W : !slot
  %0 = xf.output_gain %w, %s linear : !w, !slot -> !b
  %p = xf.pack %0 : !b -> !column
  xf.yield %p : !column
}
// NONE-NEXT: gain : 3
// NONE-NEXT: 1 1 1
// LORA-NEXT: gain : 3
// LORA-NEXT: 1 1 1
// DORA-NEXT: gain : 3
// DORA-NEXT: 1 2 0.1
xf.parameter @bias : !column {
  %b = xf.use @b : !b
  %s = xf.slot @W : !slot
  %0 = xf.merge_bias %b, %s : !b, !slot -> !b
  %p = xf.pack %0 : !b -> !column
  xf.yield %p : !column
}
// NONE-NEXT: bias : 3
// NONE-NEXT: 7 8 9
// LORA-NEXT: bias : 3
// LORA-NEXT: 9 12 15
// DORA-NEXT: bias : 3
// DORA-NEXT: 7 8 9
