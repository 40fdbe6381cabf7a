// RUN: ptx-interpret %s | FileCheck %s --check-prefix=NONE
// RUN: ptx-interpret %s --adapter=lora | FileCheck %s --check-prefix=LORA
// RUN: ptx-interpret %s --adapter=dora | FileCheck %s --check-prefix=DORA
// Packed factors, gains and biases, as they are after deploy, give what the slot gives; the numbers are those of
// lora_linear.mlir, of its first row.
!ids = tensor<?x?xi64>
!mask = tensor<?x?xi1>
!x = tensor<?x?x2xf32>
!y = tensor<?x?x3xf32>
!e = !xf.weight<1x2xf32>
!w = !xf.weight<3x2xf32>
!b = !xf.weight<3xf32>
!slot = !xf.low_rank<3x2>
!panels = !xf.packed<matrix, 3x2xf32>
!fa = !xf.packed<matrix, ?x2xf32>
!fb = !xf.packed<matrix, 3x?xf32>
!column = !xf.packed<vector, 3x1xf32>
xf.weight @E : !e {test.value = dense<[[1.0, 2.0]]> : tensor<1x2xf64>}
xf.weight @W : !w {test.value = dense<[[1.0, 4.0], [3.0, 14.0], [6.0, 10.0]]> : tensor<3x2xf64>}
xf.weight @b : !b {test.value = dense<[7.0, 8.0, 9.0]> : tensor<3xf64>}
#a = dense<[[1.0, -1.0], [1.0, 0.0]]> : tensor<2x2xf64>
#b = dense<[[0.0, 1.0], [1.0, 0.0], [2.0, -1.0]]> : tensor<3x2xf64>
#bias = dense<[1.0, 2.0, 3.0]> : tensor<3xf64>
xf.adapter @lora {
  xf.delta @W linear rank 2 scale 2.0 bias {test.a = #a, test.b = #b, test.bias = #bias}
}
xf.adapter @dora {
  xf.delta @W linear rank 2 scale 2.0 dora bias {
    test.a = #a, test.b = #b, test.bias = #bias, test.magnitude = dense<[5.0, 26.0, 1.0]> : tensor<3xf64>}
}
xf.parameter @weight : !panels {
  %w = xf.use @W : !w
  %p = xf.pack %w : !w -> !panels
  xf.yield %p : !panels
}
xf.parameter @a : !fa {
  %s = xf.slot @W : !slot
  %p = xf.factor_a %s linear : !slot -> !fa
  xf.yield %p : !fa
}
xf.parameter @b2 : !fb {
  %s = xf.slot @W : !slot
  %p = xf.factor_b %s : !slot -> !fb
  xf.yield %p : !fb
}
xf.parameter @gain : !column {
  %w = xf.use @W : !w
  %s = xf.slot @W : !slot
  %0 = xf.output_gain %w, %s linear : !w, !slot -> !b
  %p = xf.pack %0 : !b -> !column
  xf.yield %p : !column
}
xf.parameter @bias : !column {
  %b = xf.use @b : !b
  %s = xf.slot @W : !slot
  %0 = xf.merge_bias %b, %s : !b, !slot -> !b
  %p = xf.pack %0 : !b -> !column
  xf.yield %p : !column
}
xf.function @f attributes {test.calls = [{ids = dense<0> : tensor<1x1xi64>}]} {
  %ids = xf.input "ids" ["B", "S"] limit 1 : !ids
  %m = xf.visible %ids max_length 1 : !ids -> !mask
  %e = xf.use @E : !e
  %x = xf.embedding %ids, %e where %m : !ids, !e, !mask -> !x
  %c = xf.get @bias : !column
  %weight = xf.get @weight : !panels
  %a = xf.get @a : !fa
  %b = xf.get @b2 : !fb
  %gain = xf.get @gain : !column
  %packed = xf.lora_linear %x, %weight factors %a, %b gain %gain bias %c scaled : !x, !panels factors !fa, !fb gain !column bias !column -> !y
  xf.output "packed" %packed : !y
  // NONE: packed : 1x1x3
  // NONE-NEXT: 16 39 35
  // LORA: packed : 1x1x3
  // LORA-NEXT: 20 41 35
  // DORA: packed : 1x1x3
  // DORA-NEXT: 20 70 17
  %w = xf.use @W : !w
  %s = xf.slot @W : !slot
  %slot = xf.lora_linear %x, %w with %s bias %c scaled : !x, !w with !slot bias !column -> !y
  xf.output "slot" %slot : !y
  // NONE-NEXT: slot : 1x1x3
  // NONE-NEXT: 16 39 35
  // LORA-NEXT: slot : 1x1x3
  // LORA-NEXT: 20 41 35
  // DORA-NEXT: slot : 1x1x3
  // DORA-NEXT: 20 70 17
}
