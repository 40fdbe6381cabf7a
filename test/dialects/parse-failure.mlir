// Names of an isolated region are its own. MLIR's parser lets an op outside
// refer to a value inside, and frees the region under it when it fails.
// RUN: not ptx-opt %s 2>&1 | FileCheck %s --check-prefix=BROKEN
// RUN: sed '/oops/d' %s | not ptx-opt 2>&1 | FileCheck %s --check-prefix=OUTSIDE
// BROKEN: error: Dialect `' not found for custom op 'oops'
// OUTSIDE: error: use of undeclared SSA value name

xf.function @f {
  xf.output "x" %later : tensor<?x?x4xf32>
}
rt.kernel map @k extras [] {
^bb0(%x: f32):
  %later = math.exp %x : f32
  xf.yield %later : f32
  oops
}
