// A decoder of two layers for texts of at most 64 tokens out of 50: pre-norm,
// 4 heads, width 32, feed-forward width 64. README.md beside it explains it.
!table = !xf.weight<50x32xf32>
!square = !xf.weight<32x32xf32>
!vector = !xf.weight<32xf32>
!rows = tensor<?x?x32xf32>
!mask = tensor<?x?xi1>
!ids = tensor<?x?xi64>

// What is stored: names and shapes as model.safetensors has them.
xf.weight @token.weight : !table
xf.weight @position.weight : !xf.weight<64x32xf32>
xf.weight @layers.0.norm1.weight : !vector
xf.weight @layers.0.norm1.bias : !vector
xf.weight @layers.0.query.weight : !square
xf.weight @layers.0.key.weight : !square
xf.weight @layers.0.value.weight : !square
xf.weight @layers.0.out.weight : !square
xf.weight @layers.0.norm2.weight : !vector
xf.weight @layers.0.norm2.bias : !vector
xf.weight @layers.0.up.weight : !xf.weight<64x32xf32>
xf.weight @layers.0.up.bias : !xf.weight<64xf32>
xf.weight @layers.0.down.weight : !xf.weight<32x64xf32>
xf.weight @layers.0.down.bias : !vector
xf.weight @layers.1.norm1.weight : !vector
xf.weight @layers.1.norm1.bias : !vector
xf.weight @layers.1.query.weight : !square
xf.weight @layers.1.key.weight : !square
xf.weight @layers.1.value.weight : !square
xf.weight @layers.1.out.weight : !square
xf.weight @layers.1.norm2.weight : !vector
xf.weight @layers.1.norm2.bias : !vector
xf.weight @layers.1.up.weight : !xf.weight<64x32xf32>
xf.weight @layers.1.up.bias : !xf.weight<64xf32>
xf.weight @layers.1.down.weight : !xf.weight<32x64xf32>
xf.weight @layers.1.down.bias : !vector
xf.weight @norm.weight : !vector
xf.weight @norm.bias : !vector
xf.weight @head.weight : !table

// What a program offers.
xf.function @forward {
  %ids = xf.input "input_ids" ["B", "S"] limit 50 : !ids
  %given = xf.input "attention_mask" ["B", "S"] : !mask
  %mask = xf.visible %given max_length 64 : !mask -> !mask

  %token = xf.use @token.weight : !table
  %tokens = xf.embedding %ids, %token where %mask : !ids, !table, !mask -> !rows
  %places = xf.positions %mask : !mask -> !ids
  %position = xf.use @position.weight : !xf.weight<64x32xf32>
  %positions = xf.embedding %places, %position where %mask : !ids, !xf.weight<64x32xf32>, !mask -> !rows loc("embedding")
  %x0 = arith.addf %tokens, %positions : !rows

  %n1_0 = xf.use @layers.0.norm1.weight : !vector
  %b1_0 = xf.use @layers.0.norm1.bias : !vector
  %q_0 = xf.use @layers.0.query.weight : !square
  %k_0 = xf.use @layers.0.key.weight : !square
  %v_0 = xf.use @layers.0.value.weight : !square
  %o_0 = xf.use @layers.0.out.weight : !square
  %n2_0 = xf.use @layers.0.norm2.weight : !vector
  %b2_0 = xf.use @layers.0.norm2.bias : !vector
  %u_0 = xf.use @layers.0.up.weight : !xf.weight<64x32xf32>
  %ub_0 = xf.use @layers.0.up.bias : !xf.weight<64xf32>
  %d_0 = xf.use @layers.0.down.weight : !xf.weight<32x64xf32>
  %db_0 = xf.use @layers.0.down.bias : !vector
  %x1 = func.call @layer(%x0, %mask, %n1_0, %b1_0, %q_0, %k_0, %v_0, %o_0, %n2_0, %b2_0, %u_0, %ub_0, %d_0, %db_0)
      : (!rows, !mask, !vector, !vector, !square, !square, !square, !square, !vector, !vector,
         !xf.weight<64x32xf32>, !xf.weight<64xf32>, !xf.weight<32x64xf32>, !vector) -> !rows loc("layers.0")

  %n1_1 = xf.use @layers.1.norm1.weight : !vector
  %b1_1 = xf.use @layers.1.norm1.bias : !vector
  %q_1 = xf.use @layers.1.query.weight : !square
  %k_1 = xf.use @layers.1.key.weight : !square
  %v_1 = xf.use @layers.1.value.weight : !square
  %o_1 = xf.use @layers.1.out.weight : !square
  %n2_1 = xf.use @layers.1.norm2.weight : !vector
  %b2_1 = xf.use @layers.1.norm2.bias : !vector
  %u_1 = xf.use @layers.1.up.weight : !xf.weight<64x32xf32>
  %ub_1 = xf.use @layers.1.up.bias : !xf.weight<64xf32>
  %d_1 = xf.use @layers.1.down.weight : !xf.weight<32x64xf32>
  %db_1 = xf.use @layers.1.down.bias : !vector
  %x2 = func.call @layer(%x1, %mask, %n1_1, %b1_1, %q_1, %k_1, %v_1, %o_1, %n2_1, %b2_1, %u_1, %ub_1, %d_1, %db_1)
      : (!rows, !mask, !vector, !vector, !square, !square, !square, !square, !vector, !vector,
         !xf.weight<64x32xf32>, !xf.weight<64xf32>, !xf.weight<32x64xf32>, !vector) -> !rows loc("layers.1")

  %n = xf.use @norm.weight : !vector
  %b = xf.use @norm.bias : !vector
  %last = xf.layer_norm %x2 gamma %n beta %b eps 1.0e-5 : !rows gamma !vector beta !vector loc("norm")
  %head = xf.use @head.weight : !table
  %logits = xf.linear %last, %head : !rows, !table -> tensor<?x?x50xf32> loc("head")
  xf.output "logits" %logits where %mask : tensor<?x?x50xf32>, !mask
}

// The body that both layers are calls of: its kernels are made once.
func.func private @layer(%x: !rows, %mask: !mask, %n1: !vector, %b1: !vector, %q: !square, %k: !square, %v: !square,
                         %o: !square, %n2: !vector, %b2: !vector, %u: !xf.weight<64x32xf32>, %ub: !xf.weight<64xf32>,
                         %d: !xf.weight<32x64xf32>, %db: !vector) -> !rows {
  %1 = xf.layer_norm %x gamma %n1 beta %b1 eps 1.0e-5 : !rows gamma !vector beta !vector loc("norm1")
  %query = xf.linear %1, %q : !rows, !square -> !rows loc("query")
  %key = xf.linear %1, %k : !rows, !square -> !rows loc("key")
  %value = xf.linear %1, %v : !rows, !square -> !rows loc("value")
  %mixed = xf.attention %query, %key, %value where %mask, %mask heads 4 scale 0.35355339059327373 causal
      : !rows, !rows, !rows, !mask, !mask -> !rows loc("attention")
  %2 = xf.linear %mixed, %o : !rows, !square -> !rows loc("out")
  %3 = arith.addf %x, %2 : !rows

  %4 = xf.layer_norm %3 gamma %n2 beta %b2 eps 1.0e-5 : !rows gamma !vector beta !vector loc("norm2")
  %5 = xf.linear %4, %u bias %ub : !rows, !xf.weight<64x32xf32>, !xf.weight<64xf32> -> tensor<?x?x64xf32> loc("up")
  %6 = xf.activation silu %5 : tensor<?x?x64xf32>
  %7 = xf.linear %6, %d bias %db : tensor<?x?x64xf32>, !xf.weight<32x64xf32>, !vector -> !rows loc("down")
  %8 = arith.addf %3, %7 : !rows
  return %8 : !rows
}
