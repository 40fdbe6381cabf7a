// RUN: ptx-interpret %s --adapter=ia3 | FileCheck %s --check-prefix=IA3
// RUN: ptx-interpret %s | FileCheck %s --check-prefix=NONE
// IA3, merged or apart: l (W (h x) + b) of a row of ones, h scaling inputs, l outputs and their bias.
//   1 (10 + 200 + 1), 2 (30 + 400 + 1), 3 (50 + 600 + 1000 + 1)
!ids = tensor<?x?xi64>
!mask = tensor<?x?xi1>
!x = tensor<?x?x4xf32>
!y = tensor<?x?x3xf32>
!e = !xf.weight<1x4xf32>
!w = !xf.weight<3x4xf32>
!b = !xf.weight<3xf32>
!slot = !xf.low_rank<3x4>
xf.weight @E : !e {test.value = dense<1.0> : tensor<1x4xf64>}
xf.weight @W : !w {test.value = dense<[[1.0, 2.0, 0.0, 0.0], [3.0, 4.0, 0.0, 0.0], [5.0, 6.0, 0.0, 1.0]]> : tensor<3x4xf64>}
xf.weight @b : !b {test.value = dense<1.0> : tensor<3xf64>}
xf.adapter @ia3 {
  xf.delta @W linear rank 0 scale 1.0 scales_outputs scales_inputs {
    test.a = dense<> : tensor<0x4xf64>, test.b = dense<> : tensor<3x0xf64>,
    test.output_scale = dense<[1.0, 2.0, 3.0]> : tensor<3xf64>,
    test.input_scale = dense<[10.0, 100.0, 7.0, 1000.0]> : tensor<4xf64>}
}
xf.function @f attributes {test.calls = [{ids = dense<0> : tensor<1x1xi64>}]} {
  %ids = xf.input "ids" ["B", "S"] limit 1 : !ids
  %m = xf.visible %ids max_length 1 : !ids -> !mask
  %e = xf.use @E : !e
  %x = xf.embedding %ids, %e where %m : !ids, !e, !mask -> !x
  %w = xf.use @W : !w
  %b = xf.use @b : !b
  %s = xf.slot @W : !slot
  %c = xf.merge_bias %b, %s : !b, !slot -> !b
  %folded = xf.merge %w, %s linear : !w, !slot -> !w
  %merged = xf.linear %x, %folded bias %c : !x, !w, !b -> !y
  xf.output "merged" %merged : !y
  // IA3: merged : 1x1x3
  // IA3-NEXT: 211 862 4953
  // NONE: merged : 1x1x3
  // NONE-NEXT: 4 8 13
  %separate = xf.lora_linear %x, %w with %s bias %c scaled scales_inputs : !x, !w with !slot bias !b -> !y
  xf.output "separate" %separate : !y
  // IA3-NEXT: separate : 1x1x3
  // IA3-NEXT: 211 862 4953
  // NONE-NEXT: separate : 1x1x3
  // NONE-NEXT: 4 8 13
}
