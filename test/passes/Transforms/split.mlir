// A layer call waits for the latest of its operands only with the part of its
// body that needs it.
// RUN: ptx-opt %s -split-input-file --xf-split-layers | FileCheck %s -enable-var-scope

!x = tensor<?x?x8xf32>
!m = tensor<?x?xi1>

func.func private @encoder(%x: !x, %w: !xf.weight<8x8xf32>) -> !x {
  %0 = xf.linear %x, %w : !x, !xf.weight<8x8xf32> -> !x
  return %0 : !x
}
// The self-attention needs no memory; the queries would be ready early, but
// cost no launch beside the keys, so they stay with their only reader.
// CHECK: func.func private @decoder_early(%[[Y:.*]]: tensor<?x?x8xf32>, %[[W:.*]]: !xf.weight<8x8xf32>, %[[M:.*]]: tensor<?x?xi1>)
// CHECK:   xf.linear %[[Y]], %[[W]]
// CHECK:   xf.attention {{.*}} causal
// CHECK:   %[[H:.*]] = arith.addf
// CHECK:   return %[[H]] :
// CHECK: func.func private @decoder_late
// CHECK:   xf.linear
// CHECK:   xf.linear
// CHECK:   xf.attention
// CHECK:   arith.addf
func.func private @decoder(%y: !x, %memory: !x, %m: !m, %w: !xf.weight<8x8xf32>) -> !x {
  %0 = xf.linear %y, %w : !x, !xf.weight<8x8xf32> -> !x
  %1 = xf.attention %0, %0, %0 where %m, %m heads 2 scale 0.5 causal : !x, !x, !x, !m, !m -> !x
  %h = arith.addf %y, %1 : !x
  %q = xf.linear %h, %w : !x, !xf.weight<8x8xf32> -> !x
  %k = xf.linear %memory, %w : !x, !xf.weight<8x8xf32> -> !x
  %2 = xf.attention %q, %k, %k where %m, %m heads 2 scale 0.5 : !x, !x, !x, !m, !m -> !x
  %3 = arith.addf %h, %2 : !x
  return %3 : !x
}
// The second decoder layer gets both of its operands late, or gains nothing by
// having its keys early: it calls the whole body.
// CHECK: xf.function @forward
// CHECK:   %[[MEMORY:.*]] = func.call @encoder
// CHECK:   %[[EARLY:.*]] = func.call @decoder_early(%[[X:[^,]*]],
// CHECK:   %[[FIRST:.*]] = func.call @decoder_late(%[[EARLY]], {{.*}}%[[MEMORY]]
// CHECK:   func.call @decoder(%[[FIRST]], %[[MEMORY]],
xf.weight @w : !xf.weight<8x8xf32>
xf.function @forward {
  %ids = xf.input "input_ids" ["B", "S"] limit 8 : tensor<?x?xi64>
  %m = xf.visible %ids max_length 9 : tensor<?x?xi64> -> !m
  %w = xf.use @w : !xf.weight<8x8xf32>
  %x = xf.embedding %ids, %w where %m : tensor<?x?xi64>, !xf.weight<8x8xf32>, !m -> !x
  %memory = func.call @encoder(%x, %w) : (!x, !xf.weight<8x8xf32>) -> !x
  %y0 = func.call @decoder(%x, %memory, %m, %w) : (!x, !x, !m, !xf.weight<8x8xf32>) -> !x
  %y1 = func.call @decoder(%y0, %memory, %m, %w) : (!x, !x, !m, !xf.weight<8x8xf32>) -> !x
  xf.output "out" %y1 where %m : !x, !m
}

// -----

// Where everything is there at once, nothing is cut.
// CHECK-NOT: _early
// CHECK: func.call @layer
!x = tensor<?x?x8xf32>
!m = tensor<?x?xi1>
func.func private @layer(%x: !x, %y: !x, %w: !xf.weight<8x8xf32>) -> !x {
  %0 = xf.linear %x, %w : !x, !xf.weight<8x8xf32> -> !x
  %1 = arith.addf %0, %y : !x
  return %1 : !x
}
xf.weight @w : !xf.weight<8x8xf32>
xf.function @forward {
  %ids = xf.input "input_ids" ["B", "S"] limit 8 : tensor<?x?xi64>
  %m = xf.visible %ids max_length 9 : tensor<?x?xi64> -> !m
  %w = xf.use @w : !xf.weight<8x8xf32>
  %x = xf.embedding %ids, %w where %m : tensor<?x?xi64>, !xf.weight<8x8xf32>, !m -> !x
  %y = func.call @layer(%x, %x, %w) : (!x, !x, !xf.weight<8x8xf32>) -> !x
  xf.output "out" %y where %m : !x, !m
}
