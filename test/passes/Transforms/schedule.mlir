// Calls go into waves by dependence, whatever their order in the program; the
// longest of a wave stands first; what is no call follows the wave it reads.
// RUN: ptx-opt %s --xf-schedule-waves | FileCheck %s -enable-var-scope
// A second run changes nothing.
// RUN: ptx-opt %s --xf-schedule-waves --xf-schedule-waves | FileCheck %s -enable-var-scope

!x = tensor<?x?x8xf32>
!m = tensor<?x?xi1>

func.func private @short(%x: !x, %w: !xf.weight<8x8xf32>) -> !x {
  %0 = xf.linear %x, %w : !x, !xf.weight<8x8xf32> -> !x
  return %0 : !x
}
func.func private @long(%x: !x, %y: !x, %w: !xf.weight<8x8xf32>) -> !x {
  %0 = xf.linear %x, %w : !x, !xf.weight<8x8xf32> -> !x
  %1 = arith.addf %0, %y : !x
  %2 = xf.linear %1, %w : !x, !xf.weight<8x8xf32> -> !x
  return %2 : !x
}
xf.weight @w : !xf.weight<8x8xf32>
// CHECK: xf.function @forward
// CHECK: %[[X:.*]] = xf.embedding
// CHECK: %[[ONE:.*]] = xf.wave
// CHECK:   %[[A:.*]] = func.call @short(%[[X]],
// CHECK:   xf.yield %[[A]]
// CHECK: xf.output "one" %[[ONE]]
// CHECK: %[[TWO:.*]]:2 = xf.wave
// CHECK:   %[[B:.*]] = func.call @long(%[[X]], %[[ONE]],
// CHECK:   %[[C:.*]] = func.call @short(%[[ONE]],
// CHECK:   xf.yield %[[B]], %[[C]]
// CHECK: %[[SCALED:.*]] = xf.scale %[[TWO]]#1
// CHECK: %[[THREE:.*]] = xf.wave
// CHECK:   func.call @long(%[[TWO]]#0, %[[SCALED]],
// CHECK: xf.output "two" %[[THREE]]
xf.function @forward {
  %ids = xf.input "input_ids" ["B", "S"] limit 8 : tensor<?x?xi64>
  %m = xf.visible %ids max_length 9 : tensor<?x?xi64> -> !m
  %w = xf.use @w : !xf.weight<8x8xf32>
  %x = xf.embedding %ids, %w where %m : tensor<?x?xi64>, !xf.weight<8x8xf32>, !m -> !x
  %a = func.call @short(%x, %w) : (!x, !xf.weight<8x8xf32>) -> !x
  %c = func.call @short(%a, %w) : (!x, !xf.weight<8x8xf32>) -> !x
  %b = func.call @long(%x, %a, %w) : (!x, !x, !xf.weight<8x8xf32>) -> !x
  %s = xf.scale %c by 2.0 : !x
  %d = func.call @long(%b, %s, %w) : (!x, !x, !xf.weight<8x8xf32>) -> !x
  xf.output "one" %a where %m : !x, !m
  xf.output "two" %d where %m : !x, !m
}
