// Attaching puts one slot argument on the shared body; fusing turns the lora
// linear into a linear over the merged weight.
// RUN: ptx-opt %s --xf-attach-adapters | FileCheck %s --check-prefix=ATTACH -enable-var-scope
// RUN: ptx-opt %s --xf-attach-adapters --xf-fuse-lora | FileCheck %s --check-prefix=FUSE -enable-var-scope

xf.weight @a : !xf.weight<8x8xf16>
xf.weight @b : !xf.weight<8x8xf16>
xf.adapter @da {
  xf.delta @a linear rank 2 scale 2.0
}
xf.adapter @db {
  xf.replacement @b
}
func.func private @layer(%x: tensor<?x?x8xf32>, %w: !xf.weight<8x8xf16>) -> tensor<?x?x8xf32> {
  %y = xf.linear %x, %w : tensor<?x?x8xf32>, !xf.weight<8x8xf16> -> tensor<?x?x8xf32>
  return %y : tensor<?x?x8xf32>
}
// ATTACH: func.func private @layer(%[[X:.*]]: tensor<?x?x8xf32>, %[[W:.*]]: !xf.weight<8x8xf16>, %[[S:.*]]: !xf.low_rank<8x8>)
// ATTACH: xf.lora_linear %[[X]], %[[W]] with %[[S]]
// What an adapter brings whole is read in place of the weight.
// ATTACH: %[[USE:.*]] = xf.use @b
// ATTACH: %[[OWN:.*]] = xf.replaced %[[USE]] by @b
// ATTACH: %[[SA:.*]] = xf.slot @a
// ATTACH: call @layer(%{{.*}}, %{{.*}}, %[[SA]])
// ATTACH: %[[SB:.*]] = xf.slot @b
// ATTACH: call @layer(%{{.*}}, %[[OWN]], %[[SB]])

// FUSE: %[[M:.*]] = xf.merge %{{.*}}, %{{.*}} linear
// FUSE: xf.linear %{{.*}}, %[[M]]
// FUSE-NOT: xf.lora_linear
xf.function @forward {
  %ids = xf.input "input_ids" ["B", "S"] limit 9 : tensor<?x?xi64>
  %m = xf.visible %ids max_length 9 : tensor<?x?xi64> -> tensor<?x?xi1>
  %p = xf.positions %m : tensor<?x?xi1> -> tensor<?x?xi64>
  %t = xf.sinusoid : !xf.weight<9x8xf32>
  %x = xf.embedding %p, %t where %m : tensor<?x?xi64>, !xf.weight<9x8xf32>, tensor<?x?xi1> -> tensor<?x?x8xf32>
  %wa = xf.use @a : !xf.weight<8x8xf16>
  %wb = xf.use @b : !xf.weight<8x8xf16>
  %y = func.call @layer(%x, %wa) : (tensor<?x?x8xf32>, !xf.weight<8x8xf16>) -> tensor<?x?x8xf32>
  %z = func.call @layer(%y, %wb) : (tensor<?x?x8xf32>, !xf.weight<8x8xf16>) -> tensor<?x?x8xf32>
  xf.output "out" %z where %m : tensor<?x?x8xf32>, tensor<?x?xi1>
}
