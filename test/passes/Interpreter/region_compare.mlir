// RUN: ptx-interpret %s | FileCheck %s
// Comparisons and what is selected by them, of -1.5, 0.25, 0.5 and 2 with 0.5; where a NaN or the sign of a zero is asked
// for, the answer selects the value itself. maximumf orders -0.0 before 0.0: 0.5 / 0.0 is above 0.
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

  %greater = stage.map %x {
  ^bb0(%v: f32):
    %half = arith.constant 0.5 : f32
    %c = arith.cmpf ogt, %v, %half : f32
    %r = arith.select %c, %v, %half : f32
    xf.yield %r : f32
  } : !r -> !r
  xf.output "greater" %greater : !r
  // CHECK: greater : 1x4
  // CHECK-NEXT: 0.5 0.5 0.5 2

  %maximum_of_zeros = stage.map %x {
  ^bb0(%v: f32):
    %zero = arith.constant 0.0 : f32
    %minus = arith.constant -0.0 : f32
    %half = arith.constant 0.5 : f32
    %m = arith.maximumf %zero, %minus : f32
    %q = arith.divf %half, %m : f32
    %c = arith.cmpf ogt, %q, %zero : f32
    %r = arith.select %c, %v, %zero : f32
    xf.yield %r : f32
  } : !r -> !r
  xf.output "maximum_of_zeros" %maximum_of_zeros : !r
  // CHECK-NEXT: maximum_of_zeros : 1x4
  // CHECK-NEXT: -1.5 0.25 0.5 2

  %maximum_of_zeros_swapped = stage.map %x {
  ^bb0(%v: f32):
    %zero = arith.constant 0.0 : f32
    %minus = arith.constant -0.0 : f32
    %half = arith.constant 0.5 : f32
    %m = arith.maximumf %minus, %zero : f32
    %q = arith.divf %half, %m : f32
    %c = arith.cmpf ogt, %q, %zero : f32
    %r = arith.select %c, %v, %zero : f32
    xf.yield %r : f32
  } : !r -> !r
  xf.output "maximum_of_zeros_swapped" %maximum_of_zeros_swapped : !r
  // CHECK-NEXT: maximum_of_zeros_swapped : 1x4
  // CHECK-NEXT: -1.5 0.25 0.5 2

  %maxnumf_drops_nan = stage.map %x {
  ^bb0(%v: f32):
    %zero = arith.constant 0.0 : f32
    %half = arith.constant 0.5 : f32
    %nan = arith.divf %zero, %zero : f32
    %c = arith.cmpf uno, %v, %nan : f32
    %m = arith.maxnumf %v, %nan : f32
    %r = arith.select %c, %m, %half : f32
    xf.yield %r : f32
  } : !r -> !r
  xf.output "maxnumf_drops_nan" %maxnumf_drops_nan : !r
  // CHECK-NEXT: maxnumf_drops_nan : 1x4
  // CHECK-NEXT: -1.5 0.25 0.5 2

  %minimumf_keeps_nan = stage.map %x {
  ^bb0(%v: f32):
    %zero = arith.constant 0.0 : f32
    %nan = arith.divf %zero, %zero : f32
    %m = arith.minimumf %v, %nan : f32
    %c = arith.cmpf uno, %m, %m : f32
    %r = arith.select %c, %v, %zero : f32
    xf.yield %r : f32
  } : !r -> !r
  xf.output "minimumf_keeps_nan" %minimumf_keeps_nan : !r
  // CHECK-NEXT: minimumf_keeps_nan : 1x4
  // CHECK-NEXT: -1.5 0.25 0.5 2
}
