// RUN: ptx-interpret %s | FileCheck %s
// Each scalar operation of math, of -1.5, 0.25, 0.5 and 2; the values are those of Python's math, to ten digits.
!ids = tensor<?x?xi64>
!mask = tensor<?x?xi1>
!r = tensor<?x4xf32>
!i = tensor<?xi32>
!row = !xf.weight<1x4xf32>
!table = !xf.packed<table, 1x4xf32>
xf.weight @E : !row {test.value = dense<[[-1.5, 0.25, 0.5, 2.0]]> : tensor<1x4xf64>}
xf.parameter @table : !table {
  %0 = xf.use @E : !row
  %1 = xf.pack %0 : !row -> !table
  xf.yield %1 : !table
}
xf.function @f attributes {test.calls = [{ids = dense<0> : tensor<1x1xi64>}]} {
  %ids = xf.input "ids" ["B", "S"] limit 1 : !ids
  %given = xf.input "mask" ["B", "S"] : !mask
  %sp = stage.space %given max_length 1 : !mask -> !stage.space
  %i = stage.ids %ids, %sp : !ids, !stage.space -> !i
  %t = xf.get @table : !table
  %x = stage.gather (%t : !table) at (%i : !i) {
  ^bb0(%v: f32):
    xf.yield %v : f32
  } -> !r

  %absf = stage.map %x {
  ^bb0(%v: f32):
    %r = math.absf %v : f32
    xf.yield %r : f32
  } : !r -> !r
  xf.output "absf" %absf : !r
  // CHECK: absf : 1x4
  // CHECK-NEXT: 1.5 0.25 0.5 2

  %copysign = stage.map %x {
  ^bb0(%v: f32):
    %half = arith.constant 0.5 : f32
    %r = math.copysign %half, %v : f32
    xf.yield %r : f32
  } : !r -> !r
  xf.output "copysign" %copysign : !r
  // CHECK-NEXT: copysign : 1x4
  // CHECK-NEXT: -0.5 0.5 0.5 0.5

  %erf = stage.map %x {
  ^bb0(%v: f32):
    %r = math.erf %v : f32
    xf.yield %r : f32
  } : !r -> !r
  xf.output "erf" %erf : !r
  // CHECK-NEXT: erf : 1x4
  // CHECK-NEXT: -0.9661051465 0.2763263902 0.5204998778 0.995322265

  %exp = stage.map %x {
  ^bb0(%v: f32):
    %r = math.exp %v : f32
    xf.yield %r : f32
  } : !r -> !r
  xf.output "exp" %exp : !r
  // CHECK-NEXT: exp : 1x4
  // CHECK-NEXT: 0.2231301601 1.284025417 1.648721271 7.389056099

  %fma = stage.map %x {
  ^bb0(%v: f32):
    %half = arith.constant 0.5 : f32
    %r = math.fma %v, %v, %half : f32
    xf.yield %r : f32
  } : !r -> !r
  xf.output "fma" %fma : !r
  // CHECK-NEXT: fma : 1x4
  // CHECK-NEXT: 2.75 0.5625 0.75 4.5

  %rsqrt = stage.map %x {
  ^bb0(%v: f32):
    %a = math.absf %v : f32
    %r = math.rsqrt %a : f32
    xf.yield %r : f32
  } : !r -> !r
  xf.output "rsqrt" %rsqrt : !r
  // CHECK-NEXT: rsqrt : 1x4
  // CHECK-NEXT: 0.8164965809 2 1.414213562 0.7071067812

  %sqrt = stage.map %x {
  ^bb0(%v: f32):
    %a = math.absf %v : f32
    %r = math.sqrt %a : f32
    xf.yield %r : f32
  } : !r -> !r
  xf.output "sqrt" %sqrt : !r
  // CHECK-NEXT: sqrt : 1x4
  // CHECK-NEXT: 1.224744871 0.5 0.7071067812 1.414213562

  %tanh = stage.map %x {
  ^bb0(%v: f32):
    %r = math.tanh %v : f32
    xf.yield %r : f32
  } : !r -> !r
  xf.output "tanh" %tanh : !r
  // CHECK-NEXT: tanh : 1x4
  // CHECK-NEXT: -0.9051482536 0.2449186624 0.4621171573 0.9640275801
}
