// RUN: ptx-opt %s --ptx-generate-cpu-kernels -split-input-file -verify-diagnostics

// Only functions with level-independent bytes are known.
rt.kernel map @map_0 extras [] {
^bb0(%x: f32):
  // expected-error @+1 {{no CPU kernel computes 'math.sin' in a region}}
  %0 = math.sin %x : f32
  stage.yield %0 : f32
}

// -----

// expected-error @+1 {{expects a region of 2 arguments, found 1}}
rt.kernel map @map_0 extras [1 : i32] {
^bb0(%x: f32):
  stage.yield %x : f32
}

// -----

// expected-error @+1 {{of a row norm expects `norm` and `eps`}}
rt.kernel row_norm @norm_0 extras [] {
^bb0(%x: f32):
  stage.yield %x : f32
}
