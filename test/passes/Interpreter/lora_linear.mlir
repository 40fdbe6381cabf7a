// RUN: ptx-interpret %s | FileCheck %s --check-prefix=NONE
// RUN: ptx-interpret %s --adapter=other | FileCheck %s --check-prefix=NONE
// RUN: ptx-interpret %s --adapter=lora | FileCheck %s --check-prefix=LORA
// RUN: ptx-interpret %s --adapter=dora | FileCheck %s --check-prefix=DORA
// A delta kept apart gives what the merged weight gives, whole and in part. W + 2 B A has the rows 3 4, 5 12 and 8 6, of
// norms 5, 13 and 10, so DoRA's gains are 1, 2 and 0.1; b + 2 (1 2 3) is 9 12 15. The rows are 1 2 and 1 -1.
!ids = tensor<?x?xi64>
!mask = tensor<?x?xi1>
!x = tensor<?x?x2xf32>
!y = tensor<?x?x3xf32>
!e = !xf.weight<2x2xf32>
!w = !xf.weight<3x2xf32>
!b = !xf.weight<3xf32>
!slot = !xf.low_rank<3x2>
xf.weight @E : !e {test.value = dense<[[1.0, 2.0], [1.0, -1.0]]> : tensor<2x2xf64>}
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
xf.adapter @other {
  xf.delta @E embedding rank 2 scale 2.0 {test.a = #a, test.b = dense<1.0> : tensor<2x2xf64>}
}
xf.function @f attributes {test.calls = [{ids = dense<[[0, 1]]> : tensor<1x2xi64>}]} {
  %ids = xf.input "ids" ["B", "S"] limit 2 : !ids
  %m = xf.visible %ids max_length 2 : !ids -> !mask
  %e = xf.use @E : !e
  %x = xf.embedding %ids, %e where %m : !ids, !e, !mask -> !x
  %w = xf.use @W : !w
  %b = xf.use @b : !b
  %s = xf.slot @W : !slot
  %c = xf.merge_bias %b, %s : !b, !slot -> !b
  %folded = xf.merge %w, %s linear : !w, !slot -> !w
  %merged = xf.linear %x, %folded bias %c : !x, !w, !b -> !y
  xf.output "merged" %merged : !y
  // NONE: merged : 1x2x3
  // NONE-NEXT: 16 39 35
  // NONE-NEXT: 4 -3 5
  // LORA: merged : 1x2x3
  // LORA-NEXT: 20 41 35
  // LORA-NEXT: 8 5 17
  // DORA: merged : 1x2x3
  // DORA-NEXT: 20 70 17
  // DORA-NEXT: 8 -2 15.2
  %part = xf.lora_linear %x, %w with %s bias %c scaled rows [1, 3] : !x, !w with !slot bias !b -> !x
  xf.output "part" %part : !x
  // NONE-NEXT: part : 1x2x2
  // NONE-NEXT: 39 35
  // NONE-NEXT: -3 5
  // LORA-NEXT: part : 1x2x2
  // LORA-NEXT: 41 35
  // LORA-NEXT: 5 17
  // DORA-NEXT: part : 1x2x2
  // DORA-NEXT: 70 17
  // DORA-NEXT: -2 15.2
  %separate = xf.lora_linear %x, %w with %s bias %c scaled : !x, !w with !slot bias !b -> !y
  xf.output "separate" %separate : !y
  // NONE-NEXT: separate : 1x2x3
  // NONE-NEXT: 16 39 35
  // NONE-NEXT: 4 -3 5
  // LORA-NEXT: separate : 1x2x3
  // LORA-NEXT: 20 41 35
  // LORA-NEXT: 8 5 17
  // DORA-NEXT: separate : 1x2x3
  // DORA-NEXT: 20 70 17
  // DORA-NEXT: 8 -2 15.2
}
