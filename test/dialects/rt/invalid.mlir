// RUN: ptx-opt %s -split-input-file -verify-diagnostics

// C3: a region holds what every target can carry.
rt.kernel map @map_0 extras [] {
^bb0(%x: f32):
  // expected-error @+1 {{C3: no skeleton carries 'math.sin' in its region}}
  %0 = math.sin %x : f32
  stage.yield %0 : f32
}

// -----

// C2: an argument per element and extra.
// expected-error @+1 {{C2: expects a region of 2 arguments, found 1}}
rt.kernel map @map_0 extras [1 : i32] {
^bb0(%x: f32):
  stage.yield %x : f32
}

// -----

// C2: one value is yielded.
// expected-error @+1 {{C2: expects a region that yields one f32}}
rt.kernel map @map_0 extras [] {
^bb0(%x: f32):
  stage.yield
}

// -----

// C2: a skeleton without a region has none.
// expected-error @+1 {{C2: pool has no region}}
rt.kernel pool @mean_0 extras [] attributes {pooling = 0 : i32} {
^bb0(%x: f32):
  stage.yield %x : f32
}

// -----

// C1: constants.
// expected-error @+1 {{C1: a row norm has `norm` and a finite `eps`}}
rt.kernel row_norm @norm_0 extras [] {
^bb0(%x: f32):
  stage.yield %x : f32
}

// -----

// expected-error @+1 {{C1: an attention has a positive `head_dim` and a finite `scale`}}
rt.kernel attention @attention_0 extras [] attributes {head_dim = -2, scale = 1.0 : f64} {
}

// -----

// expected-error @+1 {{C1: a gather has 1 to 64 `tables`, found 0}}
rt.kernel gather @gather_0 extras [] {
^bb0:
}

// -----

// The signature may be written, and must then be right.
// expected-error @+1 {{these are not the words of this skeleton with these tables and extras}}
rt.kernel map @map_0 extras [] words(x: rows, y: rows) {
^bb0(%x: f32):
  stage.yield %x : f32
}

// -----

// expected-error @+1 {{no word has the type 'shape'}}
rt.kernel map @map_0 extras [] words(x: shape) {
^bb0(%x: f32):
  stage.yield %x : f32
}

// -----

rt.program @f slots 1 {
  rt.launch "l" {
    // expected-error @+1 {{C1: there is no kernel @gone}}
    rt.problem @gone "p" over rows 0 columns 1 flops 1 bytes 1 args [] reads [] writes []
  }
}

// -----

rt.kernel map @map_0 extras [] {
^bb0(%x: f32):
  stage.yield %x : f32
}
rt.program @f slots 1 {
  rt.launch "l" {
    // expected-error @+1 {{C1: kernel @map_0 takes 5 words, found 1}}
    rt.problem @map_0 "p" over rows 0 columns 1 flops 1 bytes 1 args [#rt.int<0>] reads [] writes []
  }
}

// -----

rt.kernel map @map_0 extras [] {
^bb0(%x: f32):
  stage.yield %x : f32
}
rt.program @f slots 1 {
  rt.launch "l" {
    // expected-error @+1 {{C1: word 'x_pitch' of kernel @map_0 is of type pitch, found #rt.int<16>}}
    rt.problem @map_0 "p" over rows 0 columns 1 flops 1 bytes 1 args [#rt.buffer<0, 0>, #rt.int<16>, #rt.buffer<1, 0>, #rt.pitch<16>, #rt.int<16>] reads [] writes []
  }
}

// -----

// expected-error @+1 {{C1: there is no kernel @gone}}
rt.entry @entry_0 [@gone]

// -----

// expected-error @+1 {{C1: a pool has a `pooling`}}
rt.kernel pool @pool_0 extras [] {
}
