// RUN: ptx-interpret %s --adapter=lora | FileCheck %s
// `in bf16` rounds x A^T by itself before it meets B: 1 + 2^-8 is a tie of bf16's steps of 2^-7, and becomes 1.
!ids = tensor<?x?xi64>
!mask = tensor<?x?xi1>
!x = tensor<?x?x2xf32>
!y = tensor<?x?x1xf32>
!row = !xf.weight<1x2xf32>
!slot = !xf.low_rank<1x2>
xf.weight @E : !row {test.value = dense<1.0> : tensor<1x2xf64>}
xf.weight @W : !row {test.value = dense<0.0> : tensor<1x2xf64>}
xf.adapter @lora {
  xf.delta @W linear rank 1 scale 1.0 {
    test.a = dense<[[1.0, 0.00390625]]> : tensor<1x2xf64>, test.b = dense<1.0> : tensor<1x1xf64>}
}
xf.function @f attributes {test.calls = [{ids = dense<0> : tensor<1x1xi64>}]} {
  %ids = xf.input "ids" ["B", "S"] limit 1 : !ids
  %m = xf.visible %ids max_length 1 : !ids -> !mask
  %e = xf.use @E : !row
  %x = xf.embedding %ids, %e where %m : !ids, !row, !mask -> !x
  %w = xf.use @W : !row
  %s = xf.slot @W : !slot
  %exact = xf.lora_linear %x, %w with %s : !x, !row with !slot -> !y
  xf.output "exact" %exact : !y
  // CHECK: exact : 1x1x1
  // CHECK-NEXT: 1.00390625
  %rounded = xf.lora_linear %x, %w with %s in bf16 : !x, !row with !slot -> !y
  xf.output "rounded" %rounded : !y
  // CHECK-NEXT: rounded : 1x1x1
  // CHECK-NEXT: 1
}
