// RUN: ptx-interpret %s | FileCheck %s
// Each scalar operation of arith, of -1.5, 0.25, 0.5 and 2 with 0.5.
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

  %addf = stage.map %x {
  ^bb0(%v: f32):
    %half = arith.constant 0.5 : f32
    %r = arith.addf %v, %half : f32
    xf.yield %r : f32
  } : !r -> !r
  xf.output "addf" %addf : !r
  // CHECK: addf : 1x4
  // CHECK-NEXT: -1 0.75 1 2.5

  %divf = stage.map %x {
  ^bb0(%v: f32):
    %half = arith.constant 0.5 : f32
    %r = arith.divf %half, %v : f32
    xf.yield %r : f32
  } : !r -> !r
  xf.output "divf" %divf : !r
  // CHECK-NEXT: divf : 1x4
  // CHECK-NEXT: -0.3333333333 2 1 0.25

  %maximumf = stage.map %x {
  ^bb0(%v: f32):
    %half = arith.constant 0.5 : f32
    %r = arith.maximumf %v, %half : f32
    xf.yield %r : f32
  } : !r -> !r
  xf.output "maximumf" %maximumf : !r
  // CHECK-NEXT: maximumf : 1x4
  // CHECK-NEXT: 0.5 0.5 0.5 2

  %maxnumf = stage.map %x {
  ^bb0(%v: f32):
    %half = arith.constant 0.5 : f32
    %r = arith.maxnumf %v, %half : f32
    xf.yield %r : f32
  } : !r -> !r
  xf.output "maxnumf" %maxnumf : !r
  // CHECK-NEXT: maxnumf : 1x4
  // CHECK-NEXT: 0.5 0.5 0.5 2

  %minimumf = stage.map %x {
  ^bb0(%v: f32):
    %half = arith.constant 0.5 : f32
    %r = arith.minimumf %v, %half : f32
    xf.yield %r : f32
  } : !r -> !r
  xf.output "minimumf" %minimumf : !r
  // CHECK-NEXT: minimumf : 1x4
  // CHECK-NEXT: -1.5 0.25 0.5 0.5

  %minnumf = stage.map %x {
  ^bb0(%v: f32):
    %half = arith.constant 0.5 : f32
    %r = arith.minnumf %v, %half : f32
    xf.yield %r : f32
  } : !r -> !r
  xf.output "minnumf" %minnumf : !r
  // CHECK-NEXT: minnumf : 1x4
  // CHECK-NEXT: -1.5 0.25 0.5 0.5

  %mulf = stage.map %x {
  ^bb0(%v: f32):
    %half = arith.constant 0.5 : f32
    %r = arith.mulf %v, %half : f32
    xf.yield %r : f32
  } : !r -> !r
  xf.output "mulf" %mulf : !r
  // CHECK-NEXT: mulf : 1x4
  // CHECK-NEXT: -0.75 0.125 0.25 1

  %negf = stage.map %x {
  ^bb0(%v: f32):
    %r = arith.negf %v : f32
    xf.yield %r : f32
  } : !r -> !r
  xf.output "negf" %negf : !r
  // CHECK-NEXT: negf : 1x4
  // CHECK-NEXT: 1.5 -0.25 -0.5 -2

  %subf = stage.map %x {
  ^bb0(%v: f32):
    %half = arith.constant 0.5 : f32
    %r = arith.subf %v, %half : f32
    xf.yield %r : f32
  } : !r -> !r
  xf.output "subf" %subf : !r
  // CHECK-NEXT: subf : 1x4
  // CHECK-NEXT: -2 -0.25 0 1.5
}
