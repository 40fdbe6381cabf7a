// RUN: ptx-interpret %s --adapter=dora | FileCheck %s
// The table plus the delta has the columns 3 4 and 5 12, of norms 5 and 13: DoRA's gains are 2 and 1.
!ids = tensor<?x?xi64>
!mask = tensor<?x?xi1>
!x = tensor<?x?x2xf32>
!e = !xf.weight<2x2xf32>
!slot = !xf.low_rank<2x2>
xf.weight @E : !e {test.value = dense<[[2.0, 3.0], [5.0, 14.0]]> : tensor<2x2xf64>}
xf.adapter @dora {
  xf.delta @E embedding rank 1 scale 1.0 dora {
    test.a = dense<[[1.0, -1.0]]> : tensor<1x2xf64>,
    test.b = dense<[[1.0], [2.0]]> : tensor<2x1xf64>,
    test.magnitude = dense<[10.0, 13.0]> : tensor<2xf64>}
}
xf.function @f attributes {test.calls = [{ids = dense<[[0, 1]]> : tensor<1x2xi64>}]} {
  %ids = xf.input "ids" ["B", "S"] limit 2 : !ids
  %m = xf.visible %ids max_length 2 : !ids -> !mask
  %e = xf.use @E : !e
  %s = xf.slot @E : !slot
  %folded = xf.merge %e, %s embedding : !e, !slot -> !e
  %merged = xf.embedding %ids, %folded where %m : !ids, !e, !mask -> !x
  xf.output "merged" %merged : !x
  // CHECK: merged : 1x2x2
  // CHECK-NEXT: 6 5
  // CHECK-NEXT: 8 12
  %separate = xf.lora_embedding %ids, %e with %s where %m scaled : !ids, !e, !slot, !mask -> !x
  xf.output "separate" %separate : !x
  // CHECK-NEXT: separate : 1x2x2
  // CHECK-NEXT: 6 5
  // CHECK-NEXT: 8 12
}
