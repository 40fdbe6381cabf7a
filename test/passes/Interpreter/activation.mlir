// RUN: ptx-interpret %s | FileCheck %s
// Of -1, 0, 1, 2. gelu is x (1 + erf(x / sqrt 2)) / 2, Phi(1) = 0.8413447461; gelu_tanh, silu and tanh from their
// definitions too, computed elsewhere.
!ids = tensor<?x?xi64>
!mask = tensor<?x?xi1>
!x = tensor<?x?x4xf32>
!row = !xf.weight<1x4xf32>
xf.weight @E : !row {test.value = dense<[[-1.0, 0.0, 1.0, 2.0]]> : tensor<1x4xf64>}
xf.function @f attributes {test.calls = [{ids = dense<0> : tensor<1x1xi64>}]} {
  %ids = xf.input "ids" ["B", "S"] limit 1 : !ids
  %m = xf.visible %ids max_length 1 : !ids -> !mask
  %e = xf.use @E : !row
  %x = xf.embedding %ids, %e where %m : !ids, !row, !mask -> !x
  %gelu = xf.activation gelu %x : !x
  xf.output "gelu" %gelu : !x
  // CHECK: gelu : 1x1x4
  // CHECK-NEXT: -0.1586552539 0 0.8413447461 1.954499736
  %gelu_tanh = xf.activation gelu_tanh %x : !x
  xf.output "gelu_tanh" %gelu_tanh : !x
  // CHECK-NEXT: gelu_tanh : 1x1x4
  // CHECK-NEXT: -0.1588080094 0 0.8411919906 1.954597694
  %relu = xf.activation relu %x : !x
  xf.output "relu" %relu : !x
  // CHECK-NEXT: relu : 1x1x4
  // CHECK-NEXT: 0 0 1 2
  %relu2 = xf.activation relu2 %x : !x
  xf.output "relu2" %relu2 : !x
  // CHECK-NEXT: relu2 : 1x1x4
  // CHECK-NEXT: 0 0 1 4
  %silu = xf.activation silu %x : !x
  xf.output "silu" %silu : !x
  // CHECK-NEXT: silu : 1x1x4
  // CHECK-NEXT: -0.2689414214 0 0.7310585786 1.761594156
  %tanh = xf.activation tanh %x : !x
  xf.output "tanh" %tanh : !x
  // CHECK-NEXT: tanh : 1x1x4
  // CHECK-NEXT: -0.761594156 0 0.761594156 0.9640275801
}
