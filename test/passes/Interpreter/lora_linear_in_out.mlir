// RUN: ptx-interpret %s --adapter=dora | FileCheck %s
// A weight stored [IN,OUT] merges in form embedding: W + 2 (B A)^T has the columns 3 4, 5 12 and 8 6, of norms 5, 13 and
// 10, and DoRA's gains 1, 2 and 0.1 are those of columns.
!ids = tensor<?x?xi64>
!mask = tensor<?x?xi1>
!x = tensor<?x?x2xf32>
!y = tensor<?x?x3xf32>
!e = !xf.weight<1x2xf32>
!w = !xf.weight<2x3xf32>
!slot = !xf.low_rank<3x2>
xf.weight @E : !e {test.value = dense<[[1.0, 2.0]]> : tensor<1x2xf64>}
xf.weight @W : !w {test.value = dense<[[1.0, 3.0, 6.0], [4.0, 14.0, 10.0]]> : tensor<2x3xf64>}
xf.adapter @dora {
  xf.delta @W embedding rank 2 scale 2.0 dora {
    test.a = dense<[[1.0, -1.0], [1.0, 0.0]]> : tensor<2x2xf64>,
    test.b = dense<[[0.0, 1.0], [1.0, 0.0], [2.0, -1.0]]> : tensor<3x2xf64>,
    test.magnitude = dense<[5.0, 26.0, 1.0]> : tensor<3xf64>}
}
xf.function @f attributes {test.calls = [{ids = dense<0> : tensor<1x1xi64>}]} {
  %ids = xf.input "ids" ["B", "S"] limit 1 : !ids
  %m = xf.visible %ids max_length 1 : !ids -> !mask
  %e = xf.use @E : !e
  %x = xf.embedding %ids, %e where %m : !ids, !e, !mask -> !x
  %w = xf.use @W : !w
  %s = xf.slot @W : !slot
  %folded = xf.merge %w, %s embedding : !w, !slot -> !w
  %merged = xf.linear %x, %folded in_out : !x, !w -> !y
  xf.output "merged" %merged : !y
  // CHECK: merged : 1x1x3
  // CHECK-NEXT: 11 58 2
  %separate = xf.lora_linear %x, %w with %s scaled in_out : !x, !w with !slot -> !y
  xf.output "separate" %separate : !y
  // CHECK-NEXT: separate : 1x1x3
  // CHECK-NEXT: 11 58 2
}
