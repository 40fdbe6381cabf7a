// Two equal layers, adapters that stay separate: what the tests of single passes start from.
// A linear of some rows of its weight, a linear stored [IN,OUT], a norm, a residual, a DoRA on the embedding.
xf.weight @w : !xf.weight<12x8xf16>
xf.weight @bias : !xf.weight<12xf32>
xf.weight @turned : !xf.weight<6x8xf32>
xf.weight @words : !xf.weight<9x8xf32>
xf.weight @gamma : !xf.weight<8xf32>
xf.adapter @one {
  xf.delta @w linear rank 2 scale 1.0
  xf.delta @words embedding rank 3 scale 1.0 dora
}
func.func private @layer(%x: tensor<?x?x8xf32>, %w: !xf.weight<12x8xf16>, %b: !xf.weight<12xf32>, %t: !xf.weight<6x8xf32>, %g: !xf.weight<8xf32>) -> tensor<?x?x8xf32> {
  %h = xf.linear %x, %w bias %b rows [0, 6] : tensor<?x?x8xf32>, !xf.weight<12x8xf16>, !xf.weight<12xf32> -> tensor<?x?x6xf32>
  %a = xf.activation relu %h : tensor<?x?x6xf32>
  %y = xf.linear %a, %t in_out : tensor<?x?x6xf32>, !xf.weight<6x8xf32> -> tensor<?x?x8xf32>
  %r = arith.addf %x, %y : tensor<?x?x8xf32>
  %n = xf.layer_norm %r gamma %g eps 1.0e-5 : tensor<?x?x8xf32> gamma !xf.weight<8xf32>
  return %n : tensor<?x?x8xf32>
}
xf.function @forward {
  %ids = xf.input "input_ids" ["B", "S"] limit 9 : tensor<?x?xi64>
  %m = xf.visible %ids max_length 9 : tensor<?x?xi64> -> tensor<?x?xi1>
  %t = xf.use @words : !xf.weight<9x8xf32>
  %x = xf.embedding %ids, %t where %m : tensor<?x?xi64>, !xf.weight<9x8xf32>, tensor<?x?xi1> -> tensor<?x?x8xf32>
  %w = xf.use @w : !xf.weight<12x8xf16>
  %b = xf.use @bias : !xf.weight<12xf32>
  %u = xf.use @turned : !xf.weight<6x8xf32>
  %g = xf.use @gamma : !xf.weight<8xf32>
  %y = func.call @layer(%x, %w, %b, %u, %g) : (tensor<?x?x8xf32>, !xf.weight<12x8xf16>, !xf.weight<12xf32>, !xf.weight<6x8xf32>, !xf.weight<8xf32>) -> tensor<?x?x8xf32>
  %z = func.call @layer(%y, %w, %b, %u, %g) : (tensor<?x?x8xf32>, !xf.weight<12x8xf16>, !xf.weight<12xf32>, !xf.weight<6x8xf32>, !xf.weight<8xf32>) -> tensor<?x?x8xf32>
  xf.output "out" %z where %m : tensor<?x?x8xf32>, tensor<?x?xi1>
}
