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
rt.kernel map @map_0 extras [column] {
^bb0(%x: f32):
  stage.yield %x : f32
}

// -----

// expected-error @+1 {{an extra is read by `row` or by `column`, found 'diagonal'}}
rt.kernel map @map_0 extras [diagonal] {
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
rt.kernel pool @mean_0 pooling mean extras [] {
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
rt.kernel attention @attention_0 head_dim -2 scale 1.0 extras [] {
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
  rt.space "source" ["B", "S"] mask -1 max_length 4
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
  rt.space "source" ["B", "S"] mask -1 max_length 4
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
rt.program @f slots 2 {
  rt.space "source" ["B", "S"] mask -1 max_length 4
  rt.buffer slot 0 space 0 per row width 16
  rt.buffer slot 1 space 0 per row width 16
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

// -----

// Numbers.
rt.kernel map @map_0 extras [] {
^bb0(%x: f32):
  stage.yield %x : f32
}
rt.kernel gather @gather_0 tables 1 extras [] {
^bb0(%x: f32):
  stage.yield %x : f32
}
rt.program @f slots 2 {
  rt.input "ids" ["B", "S"] space 0
  rt.input "mask" ["B", "S"] space 0 mask
  rt.space "source" ["B", "S"] mask 1 max_length 4
  rt.buffer slot 0 space 0 per row width 16
  rt.buffer slot 1 space 0 per row width 16
  // expected-error @+1 {{C1: there is no space 3, the program has 1}}
  rt.buffer slot 0 space 3 per row width 16
}

// -----

// Numbers.
rt.kernel map @map_0 extras [] {
^bb0(%x: f32):
  stage.yield %x : f32
}
rt.kernel gather @gather_0 tables 1 extras [] {
^bb0(%x: f32):
  stage.yield %x : f32
}
rt.program @f slots 2 {
  rt.input "ids" ["B", "S"] space 0
  rt.input "mask" ["B", "S"] space 0 mask
  rt.space "source" ["B", "S"] mask 1 max_length 4
  rt.buffer slot 0 space 0 per row width 16
  rt.buffer slot 1 space 0 per row width 16
  // expected-error @+1 {{C1: there is no slot 2, the program has 2}}
  rt.buffer slot 2 space 0 per row width 16
}

// -----

// Numbers.
rt.kernel map @map_0 extras [] {
^bb0(%x: f32):
  stage.yield %x : f32
}
rt.kernel gather @gather_0 tables 1 extras [] {
^bb0(%x: f32):
  stage.yield %x : f32
}
rt.program @f slots 2 {
  rt.input "ids" ["B", "S"] space 0
  rt.input "mask" ["B", "S"] space 0 mask
  rt.space "source" ["B", "S"] mask 1 max_length 4
  rt.buffer slot 0 space 0 per row width 16
  rt.buffer slot 1 space 0 per row width 16
  // expected-error @+1 {{C1: there is no input 7, the program has 3}}
  rt.input "more" ["B", "S"] space 0 counting 7
}

// -----

// Numbers.
rt.kernel map @map_0 extras [] {
^bb0(%x: f32):
  stage.yield %x : f32
}
rt.kernel gather @gather_0 tables 1 extras [] {
^bb0(%x: f32):
  stage.yield %x : f32
}
rt.program @f slots 2 {
  rt.input "ids" ["B", "S"] space 0
  rt.input "mask" ["B", "S"] space 0 mask
  rt.space "source" ["B", "S"] mask 1 max_length 4
  rt.buffer slot 0 space 0 per row width 16
  rt.buffer slot 1 space 0 per row width 16
  // expected-error @+1 {{C1: input 'ids' is no mask}}
  rt.space "other" ["B", "S"] mask 0 max_length 4
}

// -----

// Numbers.
rt.kernel map @map_0 extras [] {
^bb0(%x: f32):
  stage.yield %x : f32
}
rt.kernel gather @gather_0 tables 1 extras [] {
^bb0(%x: f32):
  stage.yield %x : f32
}
rt.program @f slots 2 {
  rt.input "ids" ["B", "S"] space 0
  rt.input "mask" ["B", "S"] space 0 mask
  rt.space "source" ["B", "S"] mask 1 max_length 4
  rt.buffer slot 0 space 0 per row width 16
  rt.buffer slot 1 space 0 per row width 16
  // expected-error @+1 {{C1: there is no buffer 9, the program has 2}}
  rt.output "y" buffer 9 column 0 width 16 space 0 per row
}

// -----

// Numbers.
rt.kernel map @map_0 extras [] {
^bb0(%x: f32):
  stage.yield %x : f32
}
rt.kernel gather @gather_0 tables 1 extras [] {
^bb0(%x: f32):
  stage.yield %x : f32
}
rt.program @f slots 2 {
  rt.input "ids" ["B", "S"] space 0
  rt.input "mask" ["B", "S"] space 0 mask
  rt.space "source" ["B", "S"] mask 1 max_length 4
  rt.buffer slot 0 space 0 per row width 16
  rt.buffer slot 1 space 0 per row width 16
  rt.launch "make" {
    rt.problem @gather_0 "t" over rows 0 columns 1 flops 1 bytes 1 args [#rt.buffer<0, 0>, #rt.pitch<16>, #rt.int<16>, #rt.parameter<@t>, #rt.pitch<16>, #rt.ids<0>] reads [] writes [#rt.window<0, 0, 16>]
  }
  rt.launch "l" {
    // expected-error @+1 {{C1: there is no buffer 5, the program has 2}}
    rt.problem @map_0 "p" over rows 0 columns 1 flops 1 bytes 1 args [#rt.buffer<0, 0>, #rt.pitch<16>, #rt.buffer<5, 0>, #rt.pitch<16>, #rt.int<16>] reads [#rt.window<0, 0, 16>] writes [#rt.window<1, 0, 16>]
  }
}

// -----

// Numbers.
rt.kernel map @map_0 extras [] {
^bb0(%x: f32):
  stage.yield %x : f32
}
rt.kernel gather @gather_0 tables 1 extras [] {
^bb0(%x: f32):
  stage.yield %x : f32
}
rt.program @f slots 2 {
  rt.input "ids" ["B", "S"] space 0
  rt.input "mask" ["B", "S"] space 0 mask
  rt.space "source" ["B", "S"] mask 1 max_length 4
  rt.buffer slot 0 space 0 per row width 16
  rt.buffer slot 1 space 0 per row width 16
  rt.launch "l" {
    // expected-error @+1 {{C1: there is no input 4, the program has 2}}
    rt.problem @gather_0 "t" over rows 0 columns 1 flops 1 bytes 1 args [#rt.buffer<0, 0>, #rt.pitch<16>, #rt.int<16>, #rt.parameter<@t>, #rt.pitch<16>, #rt.ids<4>] reads [] writes [#rt.window<0, 0, 16>]
  }
}

// -----

// Numbers.
rt.kernel map @map_0 extras [] {
^bb0(%x: f32):
  stage.yield %x : f32
}
rt.kernel gather @gather_0 tables 1 extras [] {
^bb0(%x: f32):
  stage.yield %x : f32
}
rt.program @f slots 2 {
  rt.input "ids" ["B", "S"] space 0
  rt.input "mask" ["B", "S"] space 0 mask
  rt.space "source" ["B", "S"] mask 1 max_length 4
  rt.buffer slot 0 space 0 per row width 16
  rt.buffer slot 1 space 0 per row width 16
  rt.launch "make" {
    rt.problem @gather_0 "t" over rows 0 columns 1 flops 1 bytes 1 args [#rt.buffer<0, 0>, #rt.pitch<16>, #rt.int<16>, #rt.parameter<@t>, #rt.pitch<16>, #rt.ids<0>] reads [] writes [#rt.window<0, 0, 16>]
  }
  rt.launch "l" {
    // expected-error @+1 {{C1: there is no space 1, the program has 1}}
    rt.problem @map_0 "p" over rows 0 columns 1 flops 1 bytes 1 keys 1 args [#rt.buffer<0, 0>, #rt.pitch<16>, #rt.buffer<1, 0>, #rt.pitch<16>, #rt.int<16>] reads [#rt.window<0, 0, 16>] writes [#rt.window<1, 0, 16>]
  }
}

// -----

// What stands in a program.
rt.kernel map @map_0 extras [] {
^bb0(%x: f32):
  stage.yield %x : f32
}
rt.kernel gather @gather_0 tables 1 extras [] {
^bb0(%x: f32):
  stage.yield %x : f32
}
rt.program @f slots 2 {
  rt.input "ids" ["B", "S"] space 0
  rt.input "mask" ["B", "S"] space 0 mask
  rt.space "source" ["B", "S"] mask 1 max_length 4
  rt.buffer slot 0 space 0 per row width 16
  rt.buffer slot 1 space 0 per row width 16
  // expected-error @+1 {{C1: does not stand in an rt.program}}
  %0 = arith.constant 1 : i32
}

// -----

// What stands in a launch.
rt.kernel map @map_0 extras [] {
^bb0(%x: f32):
  stage.yield %x : f32
}
rt.kernel gather @gather_0 tables 1 extras [] {
^bb0(%x: f32):
  stage.yield %x : f32
}
rt.program @f slots 2 {
  rt.input "ids" ["B", "S"] space 0
  rt.input "mask" ["B", "S"] space 0 mask
  rt.space "source" ["B", "S"] mask 1 max_length 4
  rt.buffer slot 0 space 0 per row width 16
  rt.buffer slot 1 space 0 per row width 16
  rt.launch "l" {
    // expected-error @+1 {{C1: does not stand in an rt.launch}}
    rt.buffer slot 0 space 0 per row width 16
  }
}

// -----

// Columns.
rt.kernel map @map_0 extras [] {
^bb0(%x: f32):
  stage.yield %x : f32
}
rt.kernel gather @gather_0 tables 1 extras [] {
^bb0(%x: f32):
  stage.yield %x : f32
}
rt.program @f slots 2 {
  rt.input "ids" ["B", "S"] space 0
  rt.input "mask" ["B", "S"] space 0 mask
  rt.space "source" ["B", "S"] mask 1 max_length 4
  rt.buffer slot 0 space 0 per row width 16
  rt.buffer slot 1 space 0 per row width 16
  rt.launch "make" {
    rt.problem @gather_0 "t" over rows 0 columns 1 flops 1 bytes 1 args [#rt.buffer<0, 0>, #rt.pitch<16>, #rt.int<16>, #rt.parameter<@t>, #rt.pitch<16>, #rt.ids<0>] reads [] writes [#rt.window<0, 0, 16>]
  }
  // expected-error @+1 {{C2: columns [8, 8 + 16) of buffer 0, which has 16}}
  rt.output "y" buffer 0 column 8 width 16 space 0 per row
}

// -----

// Columns.
rt.kernel map @map_0 extras [] {
^bb0(%x: f32):
  stage.yield %x : f32
}
rt.kernel gather @gather_0 tables 1 extras [] {
^bb0(%x: f32):
  stage.yield %x : f32
}
rt.program @f slots 2 {
  rt.input "ids" ["B", "S"] space 0
  rt.input "mask" ["B", "S"] space 0 mask
  rt.space "source" ["B", "S"] mask 1 max_length 4
  rt.buffer slot 0 space 0 per row width 16
  rt.buffer slot 1 space 0 per row width 16
  rt.launch "make" {
    rt.problem @gather_0 "t" over rows 0 columns 1 flops 1 bytes 1 args [#rt.buffer<0, 0>, #rt.pitch<16>, #rt.int<16>, #rt.parameter<@t>, #rt.pitch<16>, #rt.ids<0>] reads [] writes [#rt.window<0, 0, 16>]
  }
  rt.launch "l" {
    // expected-error @+1 {{C2: columns [16, 16 + 1) of buffer 0, which has 16}}
    rt.problem @map_0 "p" over rows 0 columns 1 flops 1 bytes 1 args [#rt.buffer<0, 16>, #rt.pitch<16>, #rt.buffer<1, 0>, #rt.pitch<16>, #rt.int<16>] reads [#rt.window<0, 0, 16>] writes [#rt.window<1, 0, 16>]
  }
}

// -----

// Columns.
rt.kernel map @map_0 extras [] {
^bb0(%x: f32):
  stage.yield %x : f32
}
rt.kernel gather @gather_0 tables 1 extras [] {
^bb0(%x: f32):
  stage.yield %x : f32
}
rt.program @f slots 2 {
  rt.input "ids" ["B", "S"] space 0
  rt.input "mask" ["B", "S"] space 0 mask
  rt.space "source" ["B", "S"] mask 1 max_length 4
  rt.buffer slot 0 space 0 per row width 16
  rt.buffer slot 1 space 0 per row width 16
  // expected-error @+1 {{C2: rows of 0 columns}}
  rt.buffer slot 0 space 0 per row width 0
}

// -----

// An output has its buffer's rows.
rt.kernel map @map_0 extras [] {
^bb0(%x: f32):
  stage.yield %x : f32
}
rt.kernel gather @gather_0 tables 1 extras [] {
^bb0(%x: f32):
  stage.yield %x : f32
}
rt.program @f slots 2 {
  rt.input "ids" ["B", "S"] space 0
  rt.input "mask" ["B", "S"] space 0 mask
  rt.space "source" ["B", "S"] mask 1 max_length 4
  rt.buffer slot 0 space 0 per row width 16
  rt.buffer slot 1 space 0 per row width 16
  rt.launch "make" {
    rt.problem @gather_0 "t" over rows 0 columns 1 flops 1 bytes 1 args [#rt.buffer<0, 0>, #rt.pitch<16>, #rt.int<16>, #rt.parameter<@t>, #rt.pitch<16>, #rt.ids<0>] reads [] writes [#rt.window<0, 0, 16>]
  }
  // expected-error @+1 {{C2: buffer 0 has other rows}}
  rt.output "y" buffer 0 column 0 width 16 space 0 per sequence
}

// -----

// Nothing is read before it is written.
rt.kernel map @map_0 extras [] {
^bb0(%x: f32):
  stage.yield %x : f32
}
rt.kernel gather @gather_0 tables 1 extras [] {
^bb0(%x: f32):
  stage.yield %x : f32
}
rt.program @f slots 2 {
  rt.input "ids" ["B", "S"] space 0
  rt.input "mask" ["B", "S"] space 0 mask
  rt.space "source" ["B", "S"] mask 1 max_length 4
  rt.buffer slot 0 space 0 per row width 16
  rt.buffer slot 1 space 0 per row width 16
  rt.launch "l" {
    // expected-error @+1 {{C3: reads buffer 0, which no launch before it writes}}
    rt.problem @map_0 "p" over rows 0 columns 1 flops 1 bytes 1 args [#rt.buffer<0, 0>, #rt.pitch<16>, #rt.buffer<1, 0>, #rt.pitch<16>, #rt.int<16>] reads [#rt.window<0, 0, 16>] writes [#rt.window<1, 0, 16>]
  }
}

// -----

// Buffers that live together.
rt.kernel map @map_0 extras [] {
^bb0(%x: f32):
  stage.yield %x : f32
}
rt.kernel gather @gather_0 tables 1 extras [] {
^bb0(%x: f32):
  stage.yield %x : f32
}
rt.program @f slots 2 {
  rt.input "ids" ["B", "S"] space 0
  rt.input "mask" ["B", "S"] space 0 mask
  rt.space "source" ["B", "S"] mask 1 max_length 4
  rt.buffer slot 0 space 0 per row width 16
  rt.buffer slot 1 space 0 per row width 16
  // expected-error @+1 {{C3: buffers 0 and 2 live at the same time in slot 0}}
  rt.buffer slot 0 space 0 per row width 16
  rt.launch "make" {
    rt.problem @gather_0 "t" over rows 0 columns 1 flops 1 bytes 1 args [#rt.buffer<0, 0>, #rt.pitch<16>, #rt.int<16>, #rt.parameter<@t>, #rt.pitch<16>, #rt.ids<0>] reads [] writes [#rt.window<0, 0, 16>]
  }
  rt.launch "l" {
    rt.problem @map_0 "p" over rows 0 columns 1 flops 1 bytes 1 args [#rt.buffer<0, 0>, #rt.pitch<16>, #rt.buffer<2, 0>, #rt.pitch<16>, #rt.int<16>] reads [#rt.window<0, 0, 16>] writes [#rt.window<2, 0, 16>]
  }
}

// -----

// An output lives to the end.
rt.kernel map @map_0 extras [] {
^bb0(%x: f32):
  stage.yield %x : f32
}
rt.kernel gather @gather_0 tables 1 extras [] {
^bb0(%x: f32):
  stage.yield %x : f32
}
rt.program @f slots 2 {
  rt.input "ids" ["B", "S"] space 0
  rt.input "mask" ["B", "S"] space 0 mask
  rt.space "source" ["B", "S"] mask 1 max_length 4
  rt.buffer slot 0 space 0 per row width 16
  rt.buffer slot 1 space 0 per row width 16
  // expected-error @+1 {{C3: buffers 0 and 2 live at the same time in slot 0}}
  rt.buffer slot 0 space 0 per row width 16
  rt.launch "make" {
    rt.problem @gather_0 "t" over rows 0 columns 1 flops 1 bytes 1 args [#rt.buffer<0, 0>, #rt.pitch<16>, #rt.int<16>, #rt.parameter<@t>, #rt.pitch<16>, #rt.ids<0>] reads [] writes [#rt.window<0, 0, 16>]
  }
  rt.launch "make" {
    rt.problem @gather_0 "t" over rows 0 columns 1 flops 1 bytes 1 args [#rt.buffer<1, 0>, #rt.pitch<16>, #rt.int<16>, #rt.parameter<@t>, #rt.pitch<16>, #rt.ids<0>] reads [] writes [#rt.window<1, 0, 16>]
  }
  rt.launch "l" {
    rt.problem @map_0 "p" over rows 0 columns 1 flops 1 bytes 1 args [#rt.buffer<1, 0>, #rt.pitch<16>, #rt.buffer<2, 0>, #rt.pitch<16>, #rt.int<16>] reads [#rt.window<1, 0, 16>] writes [#rt.window<2, 0, 16>]
  }
  rt.output "y" buffer 0 column 0 width 16 space 0 per row
}

// -----

// Problems of a launch.
rt.kernel map @map_0 extras [] {
^bb0(%x: f32):
  stage.yield %x : f32
}
rt.kernel gather @gather_0 tables 1 extras [] {
^bb0(%x: f32):
  stage.yield %x : f32
}
rt.program @f slots 2 {
  rt.input "ids" ["B", "S"] space 0
  rt.input "mask" ["B", "S"] space 0 mask
  rt.space "source" ["B", "S"] mask 1 max_length 4
  rt.buffer slot 0 space 0 per row width 16
  rt.buffer slot 1 space 0 per row width 16
  rt.launch "make" {
    rt.problem @gather_0 "t" over rows 0 columns 1 flops 1 bytes 1 args [#rt.buffer<0, 0>, #rt.pitch<16>, #rt.int<16>, #rt.parameter<@t>, #rt.pitch<16>, #rt.ids<0>] reads [] writes [#rt.window<0, 0, 16>]
  }
  rt.launch "l" {
    rt.problem @map_0 "p" over rows 0 columns 1 flops 1 bytes 1 args [#rt.buffer<0, 0>, #rt.pitch<16>, #rt.buffer<1, 0>, #rt.pitch<16>, #rt.int<16>] reads [#rt.window<0, 0, 16>] writes [#rt.window<1, 0, 16>]
    // expected-error @+1 {{C4: writes what another problem of its launch writes}}
    rt.problem @map_0 "p" over rows 0 columns 1 flops 1 bytes 1 args [#rt.buffer<0, 0>, #rt.pitch<16>, #rt.buffer<1, 0>, #rt.pitch<16>, #rt.int<16>] reads [#rt.window<0, 0, 16>] writes [#rt.window<1, 0, 16>]
  }
}

// -----

// Problems of a launch.
rt.kernel map @map_0 extras [] {
^bb0(%x: f32):
  stage.yield %x : f32
}
rt.kernel gather @gather_0 tables 1 extras [] {
^bb0(%x: f32):
  stage.yield %x : f32
}
rt.program @f slots 2 {
  rt.input "ids" ["B", "S"] space 0
  rt.input "mask" ["B", "S"] space 0 mask
  rt.space "source" ["B", "S"] mask 1 max_length 4
  rt.buffer slot 0 space 0 per row width 16
  rt.buffer slot 1 space 0 per row width 16
  rt.launch "make" {
    rt.problem @gather_0 "t" over rows 0 columns 1 flops 1 bytes 1 args [#rt.buffer<0, 0>, #rt.pitch<16>, #rt.int<16>, #rt.parameter<@t>, #rt.pitch<16>, #rt.ids<0>] reads [] writes [#rt.window<0, 0, 16>]
  }
  rt.launch "make" {
    rt.problem @gather_0 "t" over rows 0 columns 1 flops 1 bytes 1 args [#rt.buffer<1, 0>, #rt.pitch<16>, #rt.int<16>, #rt.parameter<@t>, #rt.pitch<16>, #rt.ids<0>] reads [] writes [#rt.window<1, 0, 16>]
  }
  rt.launch "l" {
    // expected-error @+1 {{C4: reads what a problem of its launch writes}}
    rt.problem @map_0 "p" over rows 0 columns 1 flops 1 bytes 1 args [#rt.buffer<0, 0>, #rt.pitch<16>, #rt.buffer<1, 0>, #rt.pitch<16>, #rt.int<16>] reads [#rt.window<0, 0, 16>] writes [#rt.window<1, 0, 16>]
    rt.problem @map_0 "p" over rows 0 columns 1 flops 1 bytes 1 args [#rt.buffer<1, 0>, #rt.pitch<16>, #rt.buffer<0, 0>, #rt.pitch<16>, #rt.int<16>] reads [#rt.window<1, 0, 16>] writes [#rt.window<0, 0, 16>]
  }
}

// -----

// Windows.
rt.kernel map @map_0 extras [] {
^bb0(%x: f32):
  stage.yield %x : f32
}
rt.kernel gather @gather_0 tables 1 extras [] {
^bb0(%x: f32):
  stage.yield %x : f32
}
rt.program @f slots 2 {
  rt.input "ids" ["B", "S"] space 0
  rt.input "mask" ["B", "S"] space 0 mask
  rt.space "source" ["B", "S"] mask 1 max_length 4
  rt.buffer slot 0 space 0 per row width 16
  rt.buffer slot 1 space 0 per row width 16
  rt.launch "make" {
    rt.problem @gather_0 "t" over rows 0 columns 1 flops 1 bytes 1 args [#rt.buffer<0, 0>, #rt.pitch<16>, #rt.int<16>, #rt.parameter<@t>, #rt.pitch<16>, #rt.ids<0>] reads [] writes [#rt.window<0, 0, 16>]
  }
  rt.launch "make" {
    rt.problem @gather_0 "t" over rows 0 columns 1 flops 1 bytes 1 args [#rt.buffer<1, 0>, #rt.pitch<16>, #rt.int<16>, #rt.parameter<@t>, #rt.pitch<16>, #rt.ids<0>] reads [] writes [#rt.window<1, 0, 16>]
  }
  rt.launch "l" {
    // expected-error @+1 {{C2: `reads` are not what the words of kernel @map_0 point to}}
    rt.problem @map_0 "p" over rows 0 columns 1 flops 1 bytes 1 args [#rt.buffer<0, 0>, #rt.pitch<16>, #rt.buffer<1, 0>, #rt.pitch<16>, #rt.int<16>] reads [#rt.window<0, 4, 8>] writes [#rt.window<1, 0, 16>]
  }
}

// -----

// Windows.
rt.kernel map @map_0 extras [] {
^bb0(%x: f32):
  stage.yield %x : f32
}
rt.kernel gather @gather_0 tables 1 extras [] {
^bb0(%x: f32):
  stage.yield %x : f32
}
rt.program @f slots 2 {
  rt.input "ids" ["B", "S"] space 0
  rt.input "mask" ["B", "S"] space 0 mask
  rt.space "source" ["B", "S"] mask 1 max_length 4
  rt.buffer slot 0 space 0 per row width 16
  rt.buffer slot 1 space 0 per row width 16
  rt.launch "make" {
    rt.problem @gather_0 "t" over rows 0 columns 1 flops 1 bytes 1 args [#rt.buffer<0, 0>, #rt.pitch<16>, #rt.int<16>, #rt.parameter<@t>, #rt.pitch<16>, #rt.ids<0>] reads [] writes [#rt.window<0, 0, 16>]
  }
  rt.launch "l" {
    // expected-error @+1 {{C2: `writes` are not what the word 'y' of kernel @map_0 points to}}
    rt.problem @map_0 "p" over rows 0 columns 1 flops 1 bytes 1 args [#rt.buffer<0, 0>, #rt.pitch<16>, #rt.buffer<1, 0>, #rt.pitch<16>, #rt.int<16>] reads [#rt.window<0, 0, 16>] writes []
  }
}
