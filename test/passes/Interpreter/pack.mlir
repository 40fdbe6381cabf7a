// RUN: ptx-interpret %s --parameters | FileCheck %s
// A weight stored [IN,OUT] is turned, and rows count outputs, of a vector too.
!w = !xf.weight<3x2xf32>
!b = !xf.weight<3xf32>
xf.weight @W : !w {test.value = dense<[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]> : tensor<3x2xf64>}
xf.weight @b : !b {test.value = dense<[7.0, 8.0, 9.0]> : tensor<3xf64>}
xf.parameter @turned : !xf.packed<matrix, 2x3xf32> {
  %w = xf.use @W : !w
  %p = xf.pack %w in_out : !w -> !xf.packed<matrix, 2x3xf32>
  xf.yield %p : !xf.packed<matrix, 2x3xf32>
}
// CHECK: turned : 2x3
// CHECK-NEXT: 1 3 5
// CHECK-NEXT: 2 4 6
xf.parameter @part : !xf.packed<matrix, 1x3xf32> {
  %w = xf.use @W : !w
  %p = xf.pack %w in_out rows [1, 2] : !w -> !xf.packed<matrix, 1x3xf32>
  xf.yield %p : !xf.packed<matrix, 1x3xf32>
}
// CHECK-NEXT: part : 1x3
// CHECK-NEXT: 2 4 6
xf.parameter @vector : !xf.packed<vector, 2x1xf32> {
  %b = xf.use @b : !b
  %p = xf.pack %b rows [1, 3] : !b -> !xf.packed<vector, 2x1xf32>
  xf.yield %p : !xf.packed<vector, 2x1xf32>
}
// CHECK-NEXT: vector : 2
// CHECK-NEXT: 8 9
