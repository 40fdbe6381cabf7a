// RUN: ptx-interpret %s --parameters | FileCheck %s --check-prefix=NONE
// RUN: ptx-interpret %s --parameters --adapter=dora | FileCheck %s --check-prefix=DORA
// RUN: ptx-interpret %s --parameters --adapter=ia3 | FileCheck %s --check-prefix=IA3
// The vectors of the bound adapter, the bias times its scale; where it has none, what changes nothing.
!slot = !xf.low_rank<3x2>
!outputs = !xf.packed<vector, 3x1xf32>
!part = !xf.packed<vector, 2x1xf32>
xf.weight @W : !xf.weight<3x2xf32>
xf.adapter @dora {
  xf.delta @W linear rank 1 scale 2.0 dora bias {
    test.a = dense<1.0> : tensor<1x2xf64>, test.b = dense<1.0> : tensor<3x1xf64>,
    test.magnitude = dense<[4.0, 5.0, 6.0]> : tensor<3xf64>, test.bias = dense<[1.0, 2.0, 3.0]> : tensor<3xf64>}
}
xf.adapter @ia3 {
  xf.delta @W linear rank 0 scale 1.0 scales_outputs scales_inputs {
    test.a = dense<> : tensor<0x2xf64>, test.b = dense<> : tensor<3x0xf64>,
    test.output_scale = dense<[7.0, 8.0, 9.0]> : tensor<3xf64>, test.input_scale = dense<[10.0, 11.0]> : tensor<2xf64>}
}
xf.parameter @bias : !outputs {
  %s = xf.slot @W : !slot
  %p = xf.factor_vector bias %s : !slot -> !outputs
  xf.yield %p : !outputs
}
// NONE: bias : 3
// NONE-NEXT: -0 -0 -0
// DORA: bias : 3
// DORA-NEXT: 2 4 6
// IA3: bias : 3
// IA3-NEXT: -0 -0 -0
xf.parameter @magnitude : !outputs {
  %s = xf.slot @W : !slot
  %p = xf.factor_vector magnitude %s : !slot -> !outputs
  xf.yield %p : !outputs
}
// NONE-NEXT: magnitude : 3
// NONE-NEXT: inf inf inf
// DORA-NEXT: magnitude : 3
// DORA-NEXT: 4 5 6
// IA3-NEXT: magnitude : 3
// IA3-NEXT: inf inf inf
xf.parameter @output_scale : !part {
  %s = xf.slot @W : !slot
  %p = xf.factor_vector output_scale %s rows [1, 3] : !slot -> !part
  xf.yield %p : !part
}
// NONE-NEXT: output_scale : 2
// NONE-NEXT: 1 1
// DORA-NEXT: output_scale : 2
// DORA-NEXT: 1 1
// IA3-NEXT: output_scale : 2
// IA3-NEXT: 8 9
xf.parameter @input_scale : !part {
  %s = xf.slot @W : !slot
  %p = xf.factor_vector input_scale %s : !slot -> !part
  xf.yield %p : !part
}
// NONE-NEXT: input_scale : 2
// NONE-NEXT: 1 1
// DORA-NEXT: input_scale : 2
// DORA-NEXT: 1 1
// IA3-NEXT: input_scale : 2
// IA3-NEXT: 10 11
