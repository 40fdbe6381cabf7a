// RUN: ptx-interpret %s --parameters --adapter=ia3 | FileCheck %s
// A fold with inputs and extras, without A and B: h 10 100 scales columns, l 1 2 rows. Stored in bf16 the result is
// rounded once, 2004 to 2000.
!w = !xf.weight<2x2xf32>
!slot = !xf.low_rank<2x2>
!panels = !xf.packed<matrix, 2x2xf32>
!narrow = !xf.packed<matrix, 2x2xbf16>
!column = !xf.packed<vector, 2x1xf32>
xf.weight @W : !w {test.value = dense<[[1.0, 2.0], [3.0, 10.02]]> : tensor<2x2xf64>}
xf.adapter @ia3 {
  xf.delta @W linear rank 0 scale 1.0 scales_outputs scales_inputs {
    test.a = dense<> : tensor<0x2xf64>, test.b = dense<> : tensor<2x0xf64>,
    test.output_scale = dense<[1.0, 2.0]> : tensor<2xf64>, test.input_scale = dense<[10.0, 100.0]> : tensor<2xf64>}
}
xf.parameter @base : !panels {
  %w = xf.use @W : !w
  %p = xf.pack %w : !w -> !panels
  xf.yield %p : !panels
}
// CHECK: base : 2x2
// CHECK-NEXT: 1 2
// CHECK-NEXT: 3 10.02
xf.parameter @l : !column {
  %s = xf.slot @W : !slot
  %p = xf.factor_vector output_scale %s : !slot -> !column
  xf.yield %p : !column
}
// CHECK-NEXT: l : 2
// CHECK-NEXT: 1 2
xf.parameter @h : !column {
  %s = xf.slot @W : !slot
  %p = xf.factor_vector input_scale %s : !slot -> !column
  xf.yield %p : !column
}
// CHECK-NEXT: h : 2
// CHECK-NEXT: 10 100
xf.parameter @folded : !panels {
  %w = xf.get @base : !panels
  %l = xf.get @l : !column
  %h = xf.get @h : !column
  %p = stage.fold %w inputs %h extras(%l : !column) {
  ^bb0(%e: f32, %d: f32, %g: f32):
    %0 = arith.mulf %e, %g : f32
    xf.yield %0 : f32
  } : !panels inputs !column -> !panels
  xf.yield %p : !panels
}
// CHECK-NEXT: folded : 2x2
// CHECK-NEXT: 10 200
// CHECK-NEXT: 60 2004
xf.parameter @narrow : !narrow {
  %w = xf.get @base : !panels
  %l = xf.get @l : !column
  %h = xf.get @h : !column
  %p = stage.fold %w inputs %h extras(%l : !column) {
  ^bb0(%e: f32, %d: f32, %g: f32):
    %0 = arith.mulf %e, %g : f32
    xf.yield %0 : f32
  } : !panels inputs !column -> !narrow
  xf.yield %p : !narrow
}
// CHECK-NEXT: narrow : 2x2
// CHECK-NEXT: 10 200
// CHECK-NEXT: 60 2000
