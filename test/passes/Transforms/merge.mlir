// Two layers that do not depend on each other share launches where a wave says
// so, and only there. Stages of one layer share theirs in any case.
// RUN: ptx-opt %s --pass-pipeline='builtin.module(stage-flatten-calls,xf.function(stage-merge-launches))' | FileCheck %s -enable-var-scope --implicit-check-not=stage.launch --implicit-check-not=xf.wave

!x = tensor<?x16xf32>
!w = !xf.packed<matrix, 16x16xf32>
!t = !xf.packed<table, 16x16xf32>

xf.weight @W : !xf.weight<16x16xf32>
xf.parameter @p : !w {
  %0 = xf.use @W : !xf.weight<16x16xf32>
  %1 = xf.pack %0 : !xf.weight<16x16xf32> -> !w
  xf.yield %1 : !w
}
xf.parameter @t : !t {
  %0 = xf.use @W : !xf.weight<16x16xf32>
  %1 = xf.pack %0 : !xf.weight<16x16xf32> -> !t
  xf.yield %1 : !t
}

func.func private @layer(%x: !x, %w: !w) -> !x {
  %q = stage.contract %x, %w {
  ^bb0(%acc: f32):
    xf.yield %acc : f32
  } : !x, !w -> !x
  %k = stage.contract %x, %w {
  ^bb0(%acc: f32):
    xf.yield %acc : f32
  } : !x, !w -> !x
  %y = stage.map %q extras(%k : !x) {
  ^bb0(%a: f32, %b: f32):
    %sum = arith.addf %a, %b : f32
    xf.yield %sum : f32
  } : !x -> !x
  return %y : !x
}

// CHECK-LABEL: xf.function @together
// CHECK:         stage.launch
// CHECK-COUNT-1:   stage.gather
// CHECK:         stage.launch
// CHECK-COUNT-4:   stage.contract
// CHECK:         stage.launch
// CHECK-COUNT-2:   stage.map
xf.function @together {
  %ids = xf.input "input_ids" ["B", "S"] limit 16 : tensor<?x?xi64>
  %s = stage.space %ids max_length 9 : tensor<?x?xi64> -> !stage.space
  %i = stage.positions %s : !stage.space -> tensor<?xi32>
  %w = xf.get @p : !w
  %t = xf.get @t : !t
  %x = stage.gather(%t : !t) at (%i : tensor<?xi32>) {
  ^bb0(%e: f32):
    xf.yield %e : f32
  } -> !x
  %y:2 = xf.wave -> !x, !x {
    %a = func.call @layer(%x, %w) : (!x, !w) -> !x
    %b = func.call @layer(%x, %w) : (!x, !w) -> !x
    xf.yield %a, %b : !x, !x
  }
  stage.output "a" %y#0 over %s : !x, !stage.space
  stage.output "b" %y#1 over %s : !x, !stage.space
}

// CHECK-LABEL: xf.function @apart
// CHECK:         stage.launch
// CHECK-COUNT-1:   stage.gather
// CHECK:         stage.launch
// CHECK-COUNT-2:   stage.contract
// CHECK:         stage.launch
// CHECK-COUNT-1:   stage.map
// CHECK:         stage.launch
// CHECK-COUNT-2:   stage.contract
// CHECK:         stage.launch
// CHECK-COUNT-1:   stage.map
xf.function @apart {
  %ids = xf.input "input_ids" ["B", "S"] limit 16 : tensor<?x?xi64>
  %s = stage.space %ids max_length 9 : tensor<?x?xi64> -> !stage.space
  %i = stage.positions %s : !stage.space -> tensor<?xi32>
  %w = xf.get @p : !w
  %t = xf.get @t : !t
  %x = stage.gather(%t : !t) at (%i : tensor<?xi32>) {
  ^bb0(%e: f32):
    xf.yield %e : f32
  } -> !x
  %a = func.call @layer(%x, %w) : (!x, !w) -> !x
  %b = func.call @layer(%x, %w) : (!x, !w) -> !x
  stage.output "a" %a over %s : !x, !stage.space
  stage.output "b" %b over %s : !x, !stage.space
}
