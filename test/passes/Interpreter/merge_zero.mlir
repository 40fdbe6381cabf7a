// RUN: ptx-interpret %s --parameters --adapter=zero | FileCheck %s
// What changes nothing keeps the very bits: a delta of zero keeps -0.0, and a bias of zero is -0.0, for x + -0.0 is x
// for every x.
!w = !xf.weight<1x2xf32>
!b = !xf.weight<3xf32>
!slot = !xf.low_rank<1x2>
!panels = !xf.packed<matrix, 1x2xf32>
!column = !xf.packed<vector, 3x1xf32>
xf.weight @W : !w {test.value = dense<[[-0.0, 3.0]]> : tensor<1x2xf64>}
xf.adapter @zero {
  xf.delta @W linear rank 1 scale 1.0 {test.a = dense<5.0> : tensor<1x2xf64>, test.b = dense<0.0> : tensor<1x1xf64>}
}
xf.parameter @merged : !panels {
  %w = xf.use @W : !w
  %s = xf.slot @W : !slot
  %0 = xf.merge %w, %s linear : !w, !slot -> !w
  %p = xf.pack %0 : !w -> !panels
  xf.yield %p : !panels
}
// CHECK: merged : 1x2
// CHECK-NEXT: -0 3
xf.parameter @bias : !column {
  %0 = xf.zero_bias : !b
  %p = xf.pack %0 : !b -> !column
  xf.yield %p : !column
}
// CHECK-NEXT: bias : 3
// CHECK-NEXT: -0 -0 -0
