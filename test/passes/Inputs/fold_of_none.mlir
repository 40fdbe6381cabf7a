xf.weight @w : !xf.weight<8x4xf32>
xf.parameter @base : !xf.packed<matrix, 8x4xf32> {
  %0 = xf.use @w : !xf.weight<8x4xf32>
  %1 = xf.pack %0 : !xf.weight<8x4xf32> -> !xf.packed<matrix, 8x4xf32>
  xf.yield %1 : !xf.packed<matrix, 8x4xf32>
}
xf.parameter @folded : !xf.packed<matrix, 8x4xf32> {
  %base = xf.get @base : !xf.packed<matrix, 8x4xf32>
  // expected-error @+1 {{reads nothing that an adapter brings}}
  %0 = stage.fold %base {
  ^bb0(%w: f32, %none: f32):
    xf.yield %w : f32
  } : !xf.packed<matrix, 8x4xf32> -> !xf.packed<matrix, 8x4xf32>
  xf.yield %0 : !xf.packed<matrix, 8x4xf32>
}
