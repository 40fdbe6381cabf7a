// RUN: ptx-opt %s -split-input-file -verify-diagnostics

// C3: a region holds what every target can carry.
rt.kernel map @map_0 extras [] {
^bb0(%x: f32):
  // expected-error @+1 {{C3: no skeleton carries 'math.sin' in its region}}
  %0 = math.sin %x : f32
  xf.yield %0 : f32
}

// -----

// C2: an argument per element and extra.
// expected-error @+1 {{C2: expects a region of 2 arguments, found 1}}
rt.kernel map @map_0 extras [column] {
^bb0(%x: f32):
  xf.yield %x : f32
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
  xf.yield
}

// -----

// C2: a skeleton without a region has none.
// expected-error @+1 {{C2: pool has no region}}
rt.kernel pool @mean_0 pooling mean extras [] {
^bb0(%x: f32):
  xf.yield %x : f32
}

// -----

// C1: constants.
// expected-error @+1 {{C1: a row norm has `norm` and a finite `eps`}}
rt.kernel row_norm @norm_0 extras [] {
^bb0(%x: f32):
  xf.yield %x : f32
}

// -----

// expected-error @+1 {{C1: a map multiplies nothing in 'bf16'}}
rt.kernel map @map_0 in bf16 extras [] {
^bb0(%x: f32):
  xf.yield %x : f32
}

// -----

// expected-error @+1 {{C1: `rows` are of f16 or bf16, found f32}}
rt.kernel map @map_0 rows {y = f32} extras [] {
^bb0(%x: f32):
  xf.yield %x : f32
}

// -----

// expected-error @+1 {{C1: rows "x" of this map cannot be of bf16}}
rt.kernel map @map_0 rows {x = bf16} extras [] {
^bb0(%x: f32):
  xf.yield %x : f32
}

// -----

// expected-error @+1 {{C1: rows "x" of this contract cannot be of f16}}
rt.kernel contract @contract_0 in bf16 rows {x = f16} extras [] {
^bb0(%x: f32):
  xf.yield %x : f32
}

// -----

// expected-error @+1 {{C1: rows "table_1" of this gather cannot be of f16}}
rt.kernel gather @gather_0 tables 1 rows {table_1 = f16} extras [] {
^bb0(%x: f32):
  xf.yield %x : f32
}

// -----

// expected-error @+1 {{C1: rows "q" of this attention cannot be of bf16}}
rt.kernel attention @attention_0 head_dim 3 scale 1.0 in bf16 rows {q = bf16} extras [] {
}

// -----

// expected-error @+1 {{C1: an attention takes keys by multiples of 64, found `chunk` 0}}
rt.kernel attention_join @join_0 head_dim 8 extras [] {
}

// -----

// expected-error @+1 {{C1: an attention takes keys by multiples of 64, found `chunk` 100}}
rt.kernel attention @attention_0 head_dim 8 scale 1.0 chunk 100 extras [] {
}

// -----

// expected-error @+1 {{C1: an attention takes keys by multiples of 64, found `chunk` 64}}
rt.kernel pool @pool_0 pooling mean chunk 64 extras [] {
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
  xf.yield %x : f32
}

// -----

// expected-error @+1 {{no word has the type 'shape'}}
rt.kernel map @map_0 extras [] words(x: shape) {
^bb0(%x: f32):
  xf.yield %x : f32
}

// -----

// expected-error @+1 {{C1: there is no kernel @gone}}
rt.entry @entry_0 [@gone]

// -----

// expected-error @+1 {{C1: a pool has a `pooling`}}
rt.kernel pool @pool_0 extras [] {
}

// -----

// Kernels.
rt.kernel map @map_0 extras [] {
^bb0(%x: f32):
  xf.yield %x : f32
}
rt.kernel gather @gather_0 tables 1 extras [] {
^bb0(%x: f32):
  xf.yield %x : f32
}
rt.program @f slots 2 {
  %ids = rt.input "ids" ["B", "S"]
  %mask = rt.input "mask" ["B", "S"] mask
  %s = rt.space "source" ["B", "S"] mask %mask inputs(%ids, %mask) max_length 4
  %a = rt.buffer slot 0 in %s per row width 16
  %b = rt.buffer slot 1 in %s per row width 16
  rt.launch "l" {
    // expected-error @+1 {{C1: there is no kernel @gone}}
    rt.problem @gone "p" over rows of %s columns 1 flops 1 bytes 1 args ()
  }
}

// -----

// Element types.
rt.kernel contract @contract_0 in bf16 extras [] {
^bb0(%x: f32):
  xf.yield %x : f32
}
xf.weight @w.stored : !xf.weight<4x16xf32>
xf.parameter @w : !xf.packed<matrix, 4x16xf32> {
  %0 = xf.use @w.stored : !xf.weight<4x16xf32>
  %1 = xf.pack %0 : !xf.weight<4x16xf32> -> !xf.packed<matrix, 4x16xf32>
  xf.yield %1 : !xf.packed<matrix, 4x16xf32>
}
rt.program @f slots 2 {
  %ids = rt.input "ids" ["B", "S"]
  %s = rt.space "source" ["B", "S"] inputs(%ids) max_length 4
  %a = rt.buffer slot 0 in %s per row width 16
  %b = rt.buffer slot 1 in %s per row width 4
  rt.launch "l" {
    // expected-error @+1 {{C1: word 'weight' of kernel @contract_0 is of bf16, found f32}}
    rt.problem @contract_0 "p" over rows of %s columns 4 flops 1 bytes 1 args (%a, pitch 16, @w, 16, 4, %b, pitch 4, 0, 0, 0, 0)
  }
}

// -----

rt.kernel map @map_0 rows {y = bf16} extras [] {
^bb0(%x: f32):
  xf.yield %x : f32
}
rt.program @f slots 2 {
  %ids = rt.input "ids" ["B", "S"]
  %s = rt.space "source" ["B", "S"] inputs(%ids) max_length 4
  %a = rt.buffer slot 0 in %s per row width 16
  rt.launch "l" {
    // expected-error @+1 {{C1: word 'y' of kernel @map_0 is of bf16, found f32}}
    rt.problem @map_0 "p" over rows of %s columns 1 flops 1 bytes 1 args (%a, pitch 16, %a, pitch 16, 16)
  }
}

// -----

rt.kernel map @map_0 rows {y = bf16} extras [] {
^bb0(%x: f32):
  xf.yield %x : f32
}
rt.program @f slots 2 {
  %ids = rt.input "ids" ["B", "S"]
  %s = rt.space "source" ["B", "S"] inputs(%ids) max_length 4
  %a = rt.buffer slot 0 in %s per row width 16
  %b = rt.buffer slot 1 in %s per row width 16 of bf16
  rt.launch "l" {
    // expected-error @+1 {{C1: has a pitch of 16 words for rows of 8}}
    rt.problem @map_0 "p" over rows of %s columns 1 flops 1 bytes 1 args (%a, pitch 16, %b, pitch 16, 16)
  }
}

// -----

rt.program @f slots 1 {
  %ids = rt.input "ids" ["B", "S"]
  %s = rt.space "source" ["B", "S"] inputs(%ids) max_length 4
  // expected-error @+1 {{C2: rows of 15 columns}}
  %a = rt.buffer slot 0 in %s per row width 15 of f16
}

// -----

rt.program @f slots 1 {
  %ids = rt.input "ids" ["B", "S"]
  %s = rt.space "source" ["B", "S"] inputs(%ids) max_length 4
  %a = rt.buffer slot 0 in %s per row width 16 of f16
  // expected-error @+1 {{C2: is of f32 or a number per sequence, its buffer of f16}}
  rt.output "y" %a column 0 width 16
}

// -----

rt.program @f slots 1 {
  %ids = rt.input "ids" ["B", "S"]
  %s = rt.space "source" ["B", "S"] inputs(%ids) max_length 4
  %a = rt.buffer slot 0 in %s per row width 1 of i32
  // expected-error @+1 {{C2: is of f32 or a number per sequence, its buffer of i32}}
  rt.output "y" %a column 0 width 1
}

// -----

rt.kernel greatest @greatest_0 extras [] {
}
rt.program @f slots 1 {
  %ids = rt.input "ids" ["B", "S"]
  %s = rt.space "source" ["B", "S"] inputs(%ids) max_length 4
  %a = rt.buffer slot 0 in %s per sequence width 16
  rt.launch "l" {
    // expected-error @+1 {{C1: word 'y' of kernel @greatest_0 is of i32, found f32}}
    rt.problem @greatest_0 "p" over sequences of %s columns 1 flops 8 bytes 16 args (%a, pitch 16, %a, pitch 16, 16)
  }
}

// -----

// Words.
rt.kernel map @map_0 extras [] {
^bb0(%x: f32):
  xf.yield %x : f32
}
rt.kernel gather @gather_0 tables 1 extras [] {
^bb0(%x: f32):
  xf.yield %x : f32
}
rt.program @f slots 2 {
  %ids = rt.input "ids" ["B", "S"]
  %mask = rt.input "mask" ["B", "S"] mask
  %s = rt.space "source" ["B", "S"] mask %mask inputs(%ids, %mask) max_length 4
  %a = rt.buffer slot 0 in %s per row width 16
  %b = rt.buffer slot 1 in %s per row width 16
  rt.launch "l" {
    // expected-error @+1 {{C1: kernel @map_0 takes 5 words, found 1}}
    rt.problem @map_0 "p" over rows of %s columns 1 flops 1 bytes 1 args (0)
  }
}

// -----

// Words.
rt.kernel map @map_0 extras [] {
^bb0(%x: f32):
  xf.yield %x : f32
}
rt.kernel gather @gather_0 tables 1 extras [] {
^bb0(%x: f32):
  xf.yield %x : f32
}
rt.program @f slots 2 {
  %ids = rt.input "ids" ["B", "S"]
  %mask = rt.input "mask" ["B", "S"] mask
  %s = rt.space "source" ["B", "S"] mask %mask inputs(%ids, %mask) max_length 4
  %a = rt.buffer slot 0 in %s per row width 16
  %b = rt.buffer slot 1 in %s per row width 16
  rt.launch "make" {
    rt.problem @gather_0 "t" over rows of %s columns 1 flops 1 bytes 1 args (%a, pitch 16, 16, @t, pitch 16, ids %ids)
  }
  rt.launch "l" {
    // expected-error @+1 {{C1: word 'x_pitch' of kernel @map_0 is of type pitch, found #rt.int_word<16>}}
    rt.problem @map_0 "p" over rows of %s columns 1 flops 1 bytes 1 args (%a, 16, %b, pitch 16, 16)
  }
}

// -----

// Words.
rt.kernel map @map_0 extras [] {
^bb0(%x: f32):
  xf.yield %x : f32
}
rt.kernel gather @gather_0 tables 1 extras [] {
^bb0(%x: f32):
  xf.yield %x : f32
}
rt.program @f slots 2 {
  %ids = rt.input "ids" ["B", "S"]
  %mask = rt.input "mask" ["B", "S"] mask
  %s = rt.space "source" ["B", "S"] mask %mask inputs(%ids, %mask) max_length 4
  %a = rt.buffer slot 0 in %s per row width 16
  %b = rt.buffer slot 1 in %s per row width 16
  rt.launch "l" {
    // expected-error @+1 {{C1: word 'x' of kernel @map_0 is of type rows, found #rt.parameter_word<@t>}}
    rt.problem @map_0 "p" over rows of %s columns 1 flops 1 bytes 1 args (@t, pitch 16, %b, pitch 16, 16)
  }
}

// -----

// Words.
rt.kernel map @map_0 extras [] {
^bb0(%x: f32):
  xf.yield %x : f32
}
rt.kernel gather @gather_0 tables 1 extras [] {
^bb0(%x: f32):
  xf.yield %x : f32
}
rt.program @f slots 2 {
  %ids = rt.input "ids" ["B", "S"]
  %mask = rt.input "mask" ["B", "S"] mask
  %s = rt.space "source" ["B", "S"] mask %mask inputs(%ids, %mask) max_length 4
  %a = rt.buffer slot 0 in %s per row width 16
  %b = rt.buffer slot 1 in %s per row width 16
  rt.launch "l" {
    // expected-error @+1 {{no word begins with 'colour'}}
    rt.problem @map_0 "p" over rows of %s columns 1 flops 1 bytes 1 args (colour %s)
  }
}

// -----

// Operands.
rt.kernel map @map_0 extras [] {
^bb0(%x: f32):
  xf.yield %x : f32
}
rt.kernel gather @gather_0 tables 1 extras [] {
^bb0(%x: f32):
  xf.yield %x : f32
}
rt.program @f slots 2 {
  %ids = rt.input "ids" ["B", "S"]
  %mask = rt.input "mask" ["B", "S"] mask
  %s = rt.space "source" ["B", "S"] mask %mask inputs(%ids, %mask) max_length 4
  %a = rt.buffer slot 0 in %s per row width 16
  %b = rt.buffer slot 1 in %s per row width 16
  rt.launch "l" {
    // expected-error @+1 {{C2: the word #rt.ids_word has no operand of type '!rt.input'}}
    "rt.problem"(%s) <{kernel = @map_0, label = "p", over = 0 : i32, columns = 1 : i64, flops = 1 : i64, bytes = 1 : i64, words = [#rt.ids_word], operandSegmentSizes = array<i32: 1, 0, 0>}> : (!rt.space) -> ()
  }
}

// -----

// Operands.
rt.kernel map @map_0 extras [] {
^bb0(%x: f32):
  xf.yield %x : f32
}
rt.kernel gather @gather_0 tables 1 extras [] {
^bb0(%x: f32):
  xf.yield %x : f32
}
rt.program @f slots 2 {
  %ids = rt.input "ids" ["B", "S"]
  %mask = rt.input "mask" ["B", "S"] mask
  %s = rt.space "source" ["B", "S"] mask %mask inputs(%ids, %mask) max_length 4
  %a = rt.buffer slot 0 in %s per row width 16
  %b = rt.buffer slot 1 in %s per row width 16
  rt.launch "l" {
    // expected-error @+1 {{C2: 1 operands belong to no word}}
    "rt.problem"(%s, %a) <{kernel = @map_0, label = "p", over = 0 : i32, columns = 1 : i64, flops = 1 : i64, bytes = 1 : i64, words = [], operandSegmentSizes = array<i32: 1, 0, 1>}> : (!rt.space, !rt.buffer) -> ()
  }
}

// -----

// Operands.
rt.kernel map @map_0 extras [] {
^bb0(%x: f32):
  xf.yield %x : f32
}
rt.kernel gather @gather_0 tables 1 extras [] {
^bb0(%x: f32):
  xf.yield %x : f32
}
rt.program @f slots 2 {
  %ids = rt.input "ids" ["B", "S"]
  %mask = rt.input "mask" ["B", "S"] mask
  %s = rt.space "source" ["B", "S"] mask %mask inputs(%ids, %mask) max_length 4
  %a = rt.buffer slot 0 in %s per row width 16
  %b = rt.buffer slot 1 in %s per row width 16
  rt.launch "l" {
    // expected-error @+1 {{C2: takes a word that is none: 3 : i64}}
    "rt.problem"(%s) <{kernel = @map_0, label = "p", over = 0 : i32, columns = 1 : i64, flops = 1 : i64, bytes = 1 : i64, words = [3], operandSegmentSizes = array<i32: 1, 0, 0>}> : (!rt.space) -> ()
  }
}

// -----

// Slots.
rt.kernel map @map_0 extras [] {
^bb0(%x: f32):
  xf.yield %x : f32
}
rt.kernel gather @gather_0 tables 1 extras [] {
^bb0(%x: f32):
  xf.yield %x : f32
}
rt.program @f slots 2 {
  %ids = rt.input "ids" ["B", "S"]
  %mask = rt.input "mask" ["B", "S"] mask
  %s = rt.space "source" ["B", "S"] mask %mask inputs(%ids, %mask) max_length 4
  %a = rt.buffer slot 0 in %s per row width 16
  %b = rt.buffer slot 1 in %s per row width 16
  // expected-error @+1 {{C1: there is no slot 2, the program has 2}}
  %c = rt.buffer slot 2 in %s per row width 16
}

// -----

// Columns.
rt.kernel map @map_0 extras [] {
^bb0(%x: f32):
  xf.yield %x : f32
}
rt.kernel gather @gather_0 tables 1 extras [] {
^bb0(%x: f32):
  xf.yield %x : f32
}
rt.program @f slots 2 {
  %ids = rt.input "ids" ["B", "S"]
  %mask = rt.input "mask" ["B", "S"] mask
  %s = rt.space "source" ["B", "S"] mask %mask inputs(%ids, %mask) max_length 4
  %a = rt.buffer slot 0 in %s per row width 16
  %b = rt.buffer slot 1 in %s per row width 16
  // expected-error @+1 {{C2: rows of 0 columns}}
  %c = rt.buffer slot 1 in %s per row width 0
}

// -----

// Inputs.
rt.kernel map @map_0 extras [] {
^bb0(%x: f32):
  xf.yield %x : f32
}
rt.kernel gather @gather_0 tables 1 extras [] {
^bb0(%x: f32):
  xf.yield %x : f32
}
rt.program @f slots 2 {
  %ids = rt.input "ids" ["B", "S"]
  %mask = rt.input "mask" ["B", "S"] mask
  %s = rt.space "source" ["B", "S"] mask %mask inputs(%ids, %mask) max_length 4
  %a = rt.buffer slot 0 in %s per row width 16
  %b = rt.buffer slot 1 in %s per row width 16
  // expected-error @+1 {{C1: there is no input 'gone'}}
  %more = rt.input "more" ["B", "S"] counting "gone"
  %t = rt.space "target" ["B", "S"] inputs(%more) max_length 4
}

// -----

// Inputs.
rt.kernel map @map_0 extras [] {
^bb0(%x: f32):
  xf.yield %x : f32
}
rt.kernel gather @gather_0 tables 1 extras [] {
^bb0(%x: f32):
  xf.yield %x : f32
}
rt.program @f slots 2 {
  %ids = rt.input "ids" ["B", "S"]
  %mask = rt.input "mask" ["B", "S"] mask
  %s = rt.space "source" ["B", "S"] mask %mask inputs(%ids, %mask) max_length 4
  %a = rt.buffer slot 0 in %s per row width 16
  %b = rt.buffer slot 1 in %s per row width 16
  // expected-error @+1 {{C1: 'ids' stands twice}}
  %more = rt.input "ids" ["B", "S"]
  %t = rt.space "target" ["B", "S"] inputs(%more) max_length 4
}

// -----

// Inputs.
rt.kernel map @map_0 extras [] {
^bb0(%x: f32):
  xf.yield %x : f32
}
rt.kernel gather @gather_0 tables 1 extras [] {
^bb0(%x: f32):
  xf.yield %x : f32
}
rt.program @f slots 2 {
  %ids = rt.input "ids" ["B", "S"]
  %mask = rt.input "mask" ["B", "S"] mask
  %s = rt.space "source" ["B", "S"] mask %mask inputs(%ids, %mask) max_length 4
  %a = rt.buffer slot 0 in %s per row width 16
  %b = rt.buffer slot 1 in %s per row width 16
  // expected-error @+1 {{C1: is of no space}}
  %more = rt.input "more" ["B", "S"]
}

// -----

// Inputs.
rt.kernel map @map_0 extras [] {
^bb0(%x: f32):
  xf.yield %x : f32
}
rt.kernel gather @gather_0 tables 1 extras [] {
^bb0(%x: f32):
  xf.yield %x : f32
}
rt.program @f slots 2 {
  %ids = rt.input "ids" ["B", "S"]
  %mask = rt.input "mask" ["B", "S"] mask
  %s = rt.space "source" ["B", "S"] mask %mask inputs(%ids, %mask) max_length 4
  %a = rt.buffer slot 0 in %s per row width 16
  %b = rt.buffer slot 1 in %s per row width 16
  // expected-error @+1 {{C1: an input is of two spaces}}
  %t = rt.space "target" ["B", "S"] inputs(%ids) max_length 4
}

// -----

// Inputs.
rt.kernel map @map_0 extras [] {
^bb0(%x: f32):
  xf.yield %x : f32
}
rt.kernel gather @gather_0 tables 1 extras [] {
^bb0(%x: f32):
  xf.yield %x : f32
}
rt.program @f slots 2 {
  %ids = rt.input "ids" ["B", "S"]
  %mask = rt.input "mask" ["B", "S"] mask
  %s = rt.space "source" ["B", "S"] mask %mask inputs(%ids, %mask) max_length 4
  %a = rt.buffer slot 0 in %s per row width 16
  %b = rt.buffer slot 1 in %s per row width 16
  // expected-error @+1 {{C2: input 'ids' is no mask}}
  %t = rt.space "target" ["B", "S"] mask %ids inputs() max_length 4
}

// -----

// What stands in a program.
rt.kernel map @map_0 extras [] {
^bb0(%x: f32):
  xf.yield %x : f32
}
rt.kernel gather @gather_0 tables 1 extras [] {
^bb0(%x: f32):
  xf.yield %x : f32
}
rt.program @f slots 2 {
  %ids = rt.input "ids" ["B", "S"]
  %mask = rt.input "mask" ["B", "S"] mask
  %s = rt.space "source" ["B", "S"] mask %mask inputs(%ids, %mask) max_length 4
  %a = rt.buffer slot 0 in %s per row width 16
  %b = rt.buffer slot 1 in %s per row width 16
  // expected-error @+1 {{C1: does not stand in an rt.program}}
  %0 = arith.constant 1 : i32
}

// -----

// What stands in a launch.
rt.kernel map @map_0 extras [] {
^bb0(%x: f32):
  xf.yield %x : f32
}
rt.kernel gather @gather_0 tables 1 extras [] {
^bb0(%x: f32):
  xf.yield %x : f32
}
rt.program @f slots 2 {
  %ids = rt.input "ids" ["B", "S"]
  %mask = rt.input "mask" ["B", "S"] mask
  %s = rt.space "source" ["B", "S"] mask %mask inputs(%ids, %mask) max_length 4
  %a = rt.buffer slot 0 in %s per row width 16
  %b = rt.buffer slot 1 in %s per row width 16
  rt.launch "l" {
    // expected-error @+1 {{C1: does not stand in an rt.launch}}
    %0 = arith.constant 1 : i32
  }
}

// -----

// Columns.
rt.kernel map @map_0 extras [] {
^bb0(%x: f32):
  xf.yield %x : f32
}
rt.kernel gather @gather_0 tables 1 extras [] {
^bb0(%x: f32):
  xf.yield %x : f32
}
rt.program @f slots 2 {
  %ids = rt.input "ids" ["B", "S"]
  %mask = rt.input "mask" ["B", "S"] mask
  %s = rt.space "source" ["B", "S"] mask %mask inputs(%ids, %mask) max_length 4
  %a = rt.buffer slot 0 in %s per row width 16
  %b = rt.buffer slot 1 in %s per row width 16
  rt.launch "make" {
    rt.problem @gather_0 "t" over rows of %s columns 1 flops 1 bytes 1 args (%a, pitch 16, 16, @t, pitch 16, ids %ids)
  }
  // expected-error @+1 {{C2: columns [8, 8 + 16) of a buffer that has 16}}
  rt.output "y" %a column 8 width 16
}

// -----

// Columns.
rt.kernel map @map_0 extras [] {
^bb0(%x: f32):
  xf.yield %x : f32
}
rt.kernel gather @gather_0 tables 1 extras [] {
^bb0(%x: f32):
  xf.yield %x : f32
}
rt.program @f slots 2 {
  %ids = rt.input "ids" ["B", "S"]
  %mask = rt.input "mask" ["B", "S"] mask
  %s = rt.space "source" ["B", "S"] mask %mask inputs(%ids, %mask) max_length 4
  %a = rt.buffer slot 0 in %s per row width 16
  %b = rt.buffer slot 1 in %s per row width 16
  rt.launch "make" {
    rt.problem @gather_0 "t" over rows of %s columns 1 flops 1 bytes 1 args (%a, pitch 16, 16, @t, pitch 16, ids %ids)
  }
  rt.launch "l" {
    // expected-error @+1 {{C2: columns [4, 4 + 16) of a buffer that has 16}}
    rt.problem @map_0 "p" over rows of %s columns 1 flops 1 bytes 1 args (%a, pitch 16, %b[4], pitch 16, 16)
  }
}

// -----

// Columns.
rt.kernel map @map_0 extras [] {
^bb0(%x: f32):
  xf.yield %x : f32
}
rt.kernel gather @gather_0 tables 1 extras [] {
^bb0(%x: f32):
  xf.yield %x : f32
}
rt.program @f slots 2 {
  %ids = rt.input "ids" ["B", "S"]
  %mask = rt.input "mask" ["B", "S"] mask
  %s = rt.space "source" ["B", "S"] mask %mask inputs(%ids, %mask) max_length 4
  %a = rt.buffer slot 0 in %s per row width 16
  %b = rt.buffer slot 1 in %s per row width 16
  rt.launch "make" {
    rt.problem @gather_0 "t" over rows of %s columns 1 flops 1 bytes 1 args (%a, pitch 16, 16, @t, pitch 16, ids %ids)
  }
  rt.launch "l" {
    // expected-error @+1 {{C2: columns [-1, -1 + 16) of a buffer that has 16}}
    rt.problem @map_0 "p" over rows of %s columns 1 flops 1 bytes 1 args (%a[-1], pitch 16, %b, pitch 16, 16)
  }
}

// -----

// Outputs.
rt.kernel map @map_0 extras [] {
^bb0(%x: f32):
  xf.yield %x : f32
}
rt.kernel gather @gather_0 tables 1 extras [] {
^bb0(%x: f32):
  xf.yield %x : f32
}
rt.program @f slots 2 {
  %ids = rt.input "ids" ["B", "S"]
  %mask = rt.input "mask" ["B", "S"] mask
  %s = rt.space "source" ["B", "S"] mask %mask inputs(%ids, %mask) max_length 4
  %a = rt.buffer slot 0 in %s per row width 16
  %b = rt.buffer slot 1 in %s per row width 16
  rt.launch "make" {
    rt.problem @gather_0 "t" over rows of %s columns 1 flops 1 bytes 1 args (%a, pitch 16, 16, @t, pitch 16, ids %ids)
  }
  rt.output "y" %a column 0 width 16
  // expected-error @+1 {{C1: 'y' stands twice}}
  rt.output "y" %a column 0 width 16
}

// -----

// Lives.
rt.kernel map @map_0 extras [] {
^bb0(%x: f32):
  xf.yield %x : f32
}
rt.kernel gather @gather_0 tables 1 extras [] {
^bb0(%x: f32):
  xf.yield %x : f32
}
rt.program @f slots 2 {
  %ids = rt.input "ids" ["B", "S"]
  %mask = rt.input "mask" ["B", "S"] mask
  %s = rt.space "source" ["B", "S"] mask %mask inputs(%ids, %mask) max_length 4
  %a = rt.buffer slot 0 in %s per row width 16
  %b = rt.buffer slot 1 in %s per row width 16
  // expected-error @+1 {{C3: reads a buffer that no launch before it writes}}
  rt.output "y" %a column 0 width 16
}

// -----

// Lives.
rt.kernel map @map_0 extras [] {
^bb0(%x: f32):
  xf.yield %x : f32
}
rt.kernel gather @gather_0 tables 1 extras [] {
^bb0(%x: f32):
  xf.yield %x : f32
}
rt.program @f slots 2 {
  %ids = rt.input "ids" ["B", "S"]
  %mask = rt.input "mask" ["B", "S"] mask
  %s = rt.space "source" ["B", "S"] mask %mask inputs(%ids, %mask) max_length 4
  %a = rt.buffer slot 0 in %s per row width 16
  %b = rt.buffer slot 1 in %s per row width 16
  rt.launch "l" {
    // expected-error @+1 {{C3: reads a buffer that no launch before it writes}}
    rt.problem @map_0 "p" over rows of %s columns 1 flops 1 bytes 1 args (%a, pitch 16, %b, pitch 16, 16)
  }
}

// -----

// Lives.
rt.kernel map @map_0 extras [] {
^bb0(%x: f32):
  xf.yield %x : f32
}
rt.kernel gather @gather_0 tables 1 extras [] {
^bb0(%x: f32):
  xf.yield %x : f32
}
rt.program @f slots 2 {
  %ids = rt.input "ids" ["B", "S"]
  %mask = rt.input "mask" ["B", "S"] mask
  %s = rt.space "source" ["B", "S"] mask %mask inputs(%ids, %mask) max_length 4
  // expected-note @+1 {{the other buffer}}
  %a = rt.buffer slot 0 in %s per row width 16
  // expected-error @+1 {{C3: lives while another buffer does in slot 0}}
  %b = rt.buffer slot 0 in %s per row width 16
  rt.launch "make" {
    rt.problem @gather_0 "t" over rows of %s columns 1 flops 1 bytes 1 args (%a, pitch 16, 16, @t, pitch 16, ids %ids)
  }
  rt.launch "l" {
    rt.problem @map_0 "p" over rows of %s columns 1 flops 1 bytes 1 args (%a, pitch 16, %b, pitch 16, 16)
  }
  rt.output "y" %b column 0 width 16
}

// -----

// Problems of one launch.
rt.kernel map @map_0 extras [] {
^bb0(%x: f32):
  xf.yield %x : f32
}
rt.kernel gather @gather_0 tables 1 extras [] {
^bb0(%x: f32):
  xf.yield %x : f32
}
rt.program @f slots 2 {
  %ids = rt.input "ids" ["B", "S"]
  %mask = rt.input "mask" ["B", "S"] mask
  %s = rt.space "source" ["B", "S"] mask %mask inputs(%ids, %mask) max_length 4
  %a = rt.buffer slot 0 in %s per row width 16
  %b = rt.buffer slot 1 in %s per row width 16
  rt.launch "make" {
    rt.problem @gather_0 "t" over rows of %s columns 1 flops 1 bytes 1 args (%a, pitch 16, 16, @t, pitch 16, ids %ids)
  }
  rt.launch "l" {
    rt.problem @map_0 "p" over rows of %s columns 1 flops 1 bytes 1 args (%a, pitch 16, %b, pitch 16, 16)
    // expected-error @+1 {{C4: writes what another problem of its launch writes}}
    rt.problem @map_0 "p" over rows of %s columns 1 flops 1 bytes 1 args (%a, pitch 16, %b[8], pitch 16, 8)
  }
}

// -----

// Problems of one launch.
rt.kernel map @map_0 extras [] {
^bb0(%x: f32):
  xf.yield %x : f32
}
rt.kernel gather @gather_0 tables 1 extras [] {
^bb0(%x: f32):
  xf.yield %x : f32
}
rt.program @f slots 2 {
  %ids = rt.input "ids" ["B", "S"]
  %mask = rt.input "mask" ["B", "S"] mask
  %s = rt.space "source" ["B", "S"] mask %mask inputs(%ids, %mask) max_length 4
  %a = rt.buffer slot 0 in %s per row width 16
  %b = rt.buffer slot 1 in %s per row width 16
  rt.launch "make" {
    rt.problem @gather_0 "t" over rows of %s columns 1 flops 1 bytes 1 args (%a, pitch 16, 16, @t, pitch 16, ids %ids)
  }
  rt.launch "k" {
    rt.problem @map_0 "p" over rows of %s columns 1 flops 1 bytes 1 args (%a, pitch 16, %b, pitch 16, 16)
  }
  rt.launch "l" {
    rt.problem @map_0 "p" over rows of %s columns 1 flops 1 bytes 1 args (%a[8], pitch 16, %b, pitch 16, 8)
    // expected-error @+1 {{C4: reads what a problem of its launch writes}}
    rt.problem @map_0 "p" over rows of %s columns 1 flops 1 bytes 1 args (%b[4], pitch 16, %a, pitch 16, 8)
  }
}

// -----

// expected-error @+1 {{C1: a norm of folds has the `layout` matrix or table}}
rt.kernel fold_norm @norm layout vector extras [] {
^bb0(%n: f32):
  xf.yield %n : f32
}

// -----

// What is no matrix is of f32.
// expected-error @+1 {{C1: rows "base" of this fold cannot be of f16}}
rt.kernel fold @fold_0 layout table rows {base = f16} extras [] {
^bb0(%w: f32, %delta: f32):
  xf.yield %w : f32
}

// -----

// expected-error @+1 {{C1: rows "a" of this fold cannot be of f16}}
rt.kernel fold @fold_0 layout matrix rows {a = f16} extras [] {
^bb0(%w: f32, %delta: f32):
  xf.yield %w : f32
}

// -----

// expected-error @+1 {{C1: a fold has a `layout`}}
rt.kernel fold @fold_0 extras [] {
^bb0(%w: f32, %delta: f32):
  xf.yield %w : f32
}

// -----

// Rows.
rt.kernel fold @fold_0 layout table extras [] {
^bb0(%w: f32, %delta: f32):
  xf.yield %w : f32
}
rt.deploy {
  rt.launch "l" {
    // expected-error @+1 {{C3: has the rows of a space in a program, and a positive count of them in rt.deploy}}
    rt.problem @fold_0 "w" over rows  columns 4 flops 4 bytes 8 args (@a, pitch 2, @b, rank @s, @base, pitch 8, @y, pitch 8, 8, 4, 0)
  }
}

// -----

// Rows.
rt.kernel fold @fold_0 layout table extras [] {
^bb0(%w: f32, %delta: f32):
  xf.yield %w : f32
}
rt.deploy {
  rt.launch "l" {
    // expected-error @+1 {{C3: has the rows of a space in a program, and a positive count of them in rt.deploy}}
    rt.problem @fold_0 "w" over rows count 0 columns 4 flops 4 bytes 8 args (@a, pitch 2, @b, rank @s, @base, pitch 8, @y, pitch 8, 8, 4, 0)
  }
}

// -----

// What is written.
rt.kernel fold @fold_0 layout table extras [] {
^bb0(%w: f32, %delta: f32):
  xf.yield %w : f32
}
rt.deploy {
  rt.launch "l" {
    // expected-error @+1 {{C2: writes no parameter}}
    rt.problem @fold_0 "w" over rows count 8 columns 4 flops 4 bytes 8 args (@a, pitch 2, @b, rank @s, @base, pitch 8, 0, pitch 8, 8, 4, 0)
  }
}

// -----

// What is written.
rt.kernel fold @fold_0 layout table extras [] {
^bb0(%w: f32, %delta: f32):
  xf.yield %w : f32
}
rt.deploy {
  rt.launch "l" {
    rt.problem @fold_0 "w" over rows count 8 columns 4 flops 4 bytes 8 args (@a, pitch 2, @b, rank @s, @base, pitch 8, @y, pitch 8, 8, 4, 0)
    // expected-error @+1 {{C2: writes "y", which another problem writes}}
    rt.problem @fold_0 "w" over rows count 8 columns 4 flops 4 bytes 8 args (@a, pitch 2, @b, rank @s, @base, pitch 8, @y, pitch 8, 8, 4, 0)
  }
}

// -----

// What is read.
rt.kernel fold @fold_0 layout table extras [] {
^bb0(%w: f32, %delta: f32):
  xf.yield %w : f32
}
rt.deploy {
  rt.launch "l" {
    rt.problem @fold_0 "w" over rows count 8 columns 4 flops 4 bytes 8 args (@a, pitch 2, @b, rank @s, @base, pitch 8, @y, pitch 8, 8, 4, 0)
    // expected-error @+1 {{C2: reads "y", which a problem of its launch writes}}
    rt.problem @fold_0 "w" over rows count 8 columns 4 flops 4 bytes 8 args (@a, pitch 2, @b, rank @s, @y, pitch 8, @z, pitch 8, 8, 4, 0)
  }
}

// -----

// Kernels.
rt.kernel fold @fold_0 layout table extras [] {
^bb0(%w: f32, %delta: f32):
  xf.yield %w : f32
}
rt.deploy {
  rt.launch "l" {
    // expected-error @+1 {{C1: there is no kernel @gone}}
    rt.problem @gone "w" over rows count 8 columns 4 flops 4 bytes 8 args (@a, pitch 2, @b, rank @s, @base, pitch 8, @y, pitch 8, 8, 4, 0)
  }
}

// -----

// What stands there.
rt.deploy {
  // expected-error @+1 {{C1: does not stand in an rt.deploy}}
  %0 = arith.constant 1 : i32
}
