xf.weight @w : !xf.weight<8x4xf32>
// Packed across the orientation of its factors.
xf.parameter @across : !xf.packed<matrix, 4x8xf32> {
  %0 = xf.use @w : !xf.weight<8x4xf32>
  %1 = xf.slot @w : !xf.low_rank<8x4>
  // expected-error @+1 {{is not packed by itself the way its factors lie: no kernel computes it}}
  %2 = xf.merge %0, %1 linear : !xf.weight<8x4xf32>, !xf.low_rank<8x4> -> !xf.weight<8x4xf32>
  %3 = xf.pack %2 in_out : !xf.weight<8x4xf32> -> !xf.packed<matrix, 4x8xf32>
  xf.yield %3 : !xf.packed<matrix, 4x8xf32>
}
