// RUN: ptx-interpret %s --adapter=lora | FileCheck %s --check-prefix=LORA
// RUN: ptx-interpret %s | FileCheck %s --check-prefix=NONE
// E[id] + 0.5 B A[:,id] is the merged table's row: of ids 0, 1 and 2 it adds 0.5 1.5, 1 -0.5 and 2 2.5.
!ids = tensor<?x?xi64>
!mask = tensor<?x?xi1>
!x = tensor<?x?x2xf32>
!e = !xf.weight<3x2xf32>
!slot = !xf.low_rank<2x3>
xf.weight @E : !e {test.value = dense<[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]> : tensor<3x2xf64>}
xf.adapter @lora {
  xf.delta @E embedding rank 2 scale 0.5 {
    test.a = dense<[[1.0, 0.0, 2.0], [0.0, 1.0, 1.0]]> : tensor<2x3xf64>,
    test.b = dense<[[1.0, 2.0], [3.0, -1.0]]> : tensor<2x2xf64>}
}
xf.function @f attributes {test.calls = [{
    ids = dense<[[0, 2, 1, 2]]> : tensor<1x4xi64>, mask = dense<[[1, 0, 1, 1]]> : tensor<1x4xi64>}]} {
  %ids = xf.input "ids" ["B", "S"] limit 3 : !ids
  %given = xf.input "mask" ["B", "S"] : !mask
  %m = xf.visible %given max_length 4 : !mask -> !mask
  %e = xf.use @E : !e
  %s = xf.slot @E : !slot
  %folded = xf.merge %e, %s embedding : !e, !slot -> !e
  %merged = xf.embedding %ids, %folded where %m : !ids, !e, !mask -> !x
  xf.output "merged" %merged : !x
  // LORA: merged : 1x4x2
  // LORA-NEXT: 1.5 3.5
  // LORA-NEXT: 0 0
  // LORA-NEXT: 4 3.5
  // LORA-NEXT: 7 8.5
  // NONE: merged : 1x4x2
  // NONE-NEXT: 1 2
  // NONE-NEXT: 0 0
  // NONE-NEXT: 3 4
  // NONE-NEXT: 5 6
  %separate = xf.lora_embedding %ids, %e with %s where %m : !ids, !e, !slot, !mask -> !x
  xf.output "separate" %separate : !x
  // LORA-NEXT: separate : 1x4x2
  // LORA-NEXT: 1.5 3.5
  // LORA-NEXT: 0 0
  // LORA-NEXT: 4 3.5
  // LORA-NEXT: 7 8.5
  // NONE-NEXT: separate : 1x4x2
  // NONE-NEXT: 1 2
  // NONE-NEXT: 0 0
  // NONE-NEXT: 3 4
  // NONE-NEXT: 5 6
}
