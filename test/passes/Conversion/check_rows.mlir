// What the types of rows do not say is checked in front of planning: of which space they are.
// RUN: ptx-opt %s --convert-stage-to-rt -split-input-file -verify-diagnostics

!t = !xf.packed<table, 9x8xf32>
xf.weight @w : !xf.weight<9x8xf32>
xf.parameter @table : !t {
  %0 = xf.use @w : !xf.weight<9x8xf32>
  %1 = xf.pack %0 : !xf.weight<9x8xf32> -> !t
  xf.yield %1 : !t
}
xf.function @forward {
  %mask = xf.input "mask" ["B", "S"] : tensor<?x?xi1>
  %other = xf.input "other" ["B", "T"] : tensor<?x?xi1>
  %s = stage.space %mask max_length 9 : tensor<?x?xi1> -> !stage.space
  %o = stage.space %other max_length 9 : tensor<?x?xi1> -> !stage.space
  %t = xf.get @table : !t
  %i = stage.positions %s : !stage.space -> tensor<?xi32>
  %j = stage.positions %o : !stage.space -> tensor<?xi32>
  %x:2 = stage.launch -> tensor<?x8xf32>, tensor<?x8xf32> {
    %0 = stage.gather(%t : !t) at(%i : tensor<?xi32>) {
    ^bb0(%e: f32):
      xf.yield %e : f32
    } -> tensor<?x8xf32>
    %1 = stage.gather(%t : !t) at(%j : tensor<?xi32>) {
    ^bb0(%e: f32):
      xf.yield %e : f32
    } -> tensor<?x8xf32>
    xf.yield %0, %1 : tensor<?x8xf32>, tensor<?x8xf32>
  }
  %y = stage.launch -> tensor<?x8xf32> {
    // expected-error @+1 {{meets rows of 'other', expected rows of 'mask'}}
    %0 = stage.map %x#0 extras(%x#1 : tensor<?x8xf32>) {
    ^bb0(%e: f32, %f: f32):
      xf.yield %e : f32
    } : tensor<?x8xf32> -> tensor<?x8xf32>
    xf.yield %0 : tensor<?x8xf32>
  }
  stage.output "y" %y over %s : tensor<?x8xf32>, !stage.space
}

// -----

!t = !xf.packed<table, 9x8xf32>
!pooled = tensor<?x8xf32, #stage.per_sequence>
xf.weight @w : !xf.weight<9x8xf32>
xf.parameter @table : !t {
  %0 = xf.use @w : !xf.weight<9x8xf32>
  %1 = xf.pack %0 : !xf.weight<9x8xf32> -> !t
  xf.yield %1 : !t
}
xf.function @forward {
  %mask = xf.input "mask" ["B", "S"] : tensor<?x?xi1>
  %other = xf.input "other" ["B", "T"] : tensor<?x?xi1>
  %s = stage.space %mask max_length 9 : tensor<?x?xi1> -> !stage.space
  %o = stage.space %other max_length 9 : tensor<?x?xi1> -> !stage.space
  %t = xf.get @table : !t
  %i = stage.positions %s : !stage.space -> tensor<?xi32>
  %x = stage.launch -> tensor<?x8xf32> {
    %0 = stage.gather(%t : !t) at(%i : tensor<?xi32>) {
    ^bb0(%e: f32):
      xf.yield %e : f32
    } -> tensor<?x8xf32>
    xf.yield %0 : tensor<?x8xf32>
  }
  %p = stage.launch -> !pooled {
    %0 = stage.pool mean %x over %s : tensor<?x8xf32>, !stage.space -> !pooled
    xf.yield %0 : !pooled
  }
  // expected-error @+1 {{meets rows of 'mask', expected rows of 'other'}}
  stage.output "p" %p over %o : !pooled, !stage.space
}
