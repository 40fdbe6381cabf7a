// What has no rows is said once, and nothing is converted.
// RUN: ptx-opt %s --convert-xf-to-stage -split-input-file -verify-diagnostics

xf.function @forward {
  %mask = xf.input "mask" ["B", "S"] : tensor<?x?xi1>
  %ids = xf.input "ids" ["B", "S"] limit 9 : tensor<?x?xi64>
  %m = xf.visible %mask max_length 9 : tensor<?x?xi1> -> tensor<?x?xi1>
  %t = xf.get @table : !xf.packed<table, 9x8xf32>
  %x = xf.embedding %ids, %t where %m : tensor<?x?xi64>, !xf.packed<table, 9x8xf32>, tensor<?x?xi1> -> tensor<?x?x8xf32>
  %p = xf.pool mean %x where %m : tensor<?x?x8xf32>, tensor<?x?xi1> -> tensor<?x8xf32>
  // expected-error @+1 {{has a value per sequence, which takes no mask}}
  xf.output "out" %p where %m : tensor<?x8xf32>, tensor<?x?xi1>
}
xf.weight @w : !xf.weight<9x8xf32>
xf.parameter @table : !xf.packed<table, 9x8xf32> {
  %0 = xf.use @w : !xf.weight<9x8xf32>
  %1 = xf.pack %0 : !xf.weight<9x8xf32> -> !xf.packed<table, 9x8xf32>
  xf.yield %1 : !xf.packed<table, 9x8xf32>
}

// -----

xf.function @forward {
  %mask = xf.input "mask" ["B", "S"] : tensor<?x?xi1>
  %m = xf.visible %mask max_length 9 : tensor<?x?xi1> -> tensor<?x?xi1>
  %t = xf.get @table : !xf.packed<table, 9x8xf32>
  %at = xf.positions %m : tensor<?x?xi1> -> tensor<?x?xi64>
  %x = xf.embedding %at, %t where %m : tensor<?x?xi64>, !xf.packed<table, 9x8xf32>, tensor<?x?xi1> -> tensor<?x?x8xf32>
  // expected-error @+1 {{without a mask needs a value per sequence}}
  xf.output "out" %x : tensor<?x?x8xf32>
}
xf.weight @w : !xf.weight<9x8xf32>
xf.parameter @table : !xf.packed<table, 9x8xf32> {
  %0 = xf.use @w : !xf.weight<9x8xf32>
  %1 = xf.pack %0 : !xf.weight<9x8xf32> -> !xf.packed<table, 9x8xf32>
  xf.yield %1 : !xf.packed<table, 9x8xf32>
}

// -----

func.func private @head(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  return %x : tensor<?x8xf32>
}
xf.function @forward {
  %mask = xf.input "mask" ["B", "S"] : tensor<?x?xi1>
  %m = xf.visible %mask max_length 9 : tensor<?x?xi1> -> tensor<?x?xi1>
  %t = xf.get @table : !xf.packed<table, 9x8xf32>
  %at = xf.positions %m : tensor<?x?xi1> -> tensor<?x?xi64>
  %x = xf.embedding %at, %t where %m : tensor<?x?xi64>, !xf.packed<table, 9x8xf32>, tensor<?x?xi1> -> tensor<?x?x8xf32>
  %f = xf.first_token %x where %m : tensor<?x?x8xf32>, tensor<?x?xi1> -> tensor<?x8xf32>
  %y = func.call @head(%f) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  // A layer does not say whose sequences it computes.
  // expected-error @+1 {{without a mask needs a value per sequence}}
  xf.output "out" %y : tensor<?x8xf32>
}
xf.weight @w : !xf.weight<9x8xf32>
xf.parameter @table : !xf.packed<table, 9x8xf32> {
  %0 = xf.use @w : !xf.weight<9x8xf32>
  %1 = xf.pack %0 : !xf.weight<9x8xf32> -> !xf.packed<table, 9x8xf32>
  xf.yield %1 : !xf.packed<table, 9x8xf32>
}
