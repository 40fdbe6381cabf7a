// Each rule of the xf verifiers, by its number.
// RUN: ptx-opt %s -split-input-file -verify-diagnostics

func.func @linear_c1(%x: tensor<?x?x8xf32>, %w: !xf.weight<5x4xf32>) {
  // expected-error @+1 {{C1: x has 8 columns, the weight takes 4}}
  %y = xf.linear %x, %w : tensor<?x?x8xf32>, !xf.weight<5x4xf32> -> tensor<?x?x5xf32>
  return
}

// -----

func.func @linear_c2(%x: tensor<?x?x4xf32>, %w: !xf.weight<5x4xf32>) {
  // expected-error @+1 {{C2: the result is 'tensor<?x?x6xf32>', expected 3 dimensions and 5 columns}}
  %y = xf.linear %x, %w : tensor<?x?x4xf32>, !xf.weight<5x4xf32> -> tensor<?x?x6xf32>
  return
}

// -----

func.func @linear_c3(%x: tensor<?x?x4xf32>, %w: !xf.weight<5x4xf32>, %b: !xf.weight<4xf32>) {
  // expected-error @+1 {{C3: expects a bias of 5 elements}}
  %y = xf.linear %x, %w bias %b : tensor<?x?x4xf32>, !xf.weight<5x4xf32>, !xf.weight<4xf32> -> tensor<?x?x5xf32>
  return
}

// -----

func.func @product_type(%x: tensor<?x?x4xf32>, %w: !xf.packed<matrix, 5x4xf32>) {
  // expected-error @+1 {{multiplies in 'bf16', found '!xf.packed<matrix, 5x4xf32>'}}
  %y = xf.linear %x, %w in bf16 : tensor<?x?x4xf32>, !xf.packed<matrix, 5x4xf32> -> tensor<?x?x5xf32>
  return
}

// -----

func.func @wide_type(%x: tensor<?x?x4xf32>, %w: !xf.packed<matrix, 5x4xf16>) {
  // expected-error @+1 {{multiplies in 'f32', found '!xf.packed<matrix, 5x4xf16>'}}
  %y = xf.linear %x, %w : tensor<?x?x4xf32>, !xf.packed<matrix, 5x4xf16> -> tensor<?x?x5xf32>
  return
}

// -----

// expected-error @+1 {{a packed table of 'bf16' has an even number of columns, found 3}}
func.func private @narrow_table(!xf.packed<table, 5x3xbf16>)

// -----

// expected-error @+1 {{a packed table of 'f16' has an even number of columns, found -1}}
func.func private @narrow_rank(!xf.packed<table, 5x?xf16>)

// -----

// expected-error @+1 {{a packed vector has elements of f32, found 'bf16'}}
func.func private @narrow_vector(!xf.packed<vector, 5x1xbf16>)

// -----

// expected-error @+1 {{a packed matrix has elements of f32, f16 or bf16, found 'i8'}}
func.func private @integer_matrix(!xf.packed<matrix, 5x4xi8>)

// -----

func.func @attention_c1(%x: tensor<?x?x10xf32>, %m: tensor<?x?xi1>) {
  // expected-error @+1 {{C1: 10 columns are not divisible by 3 heads}}
  %y = xf.attention %x, %x, %x where %m, %m heads 3 scale 1.0 : tensor<?x?x10xf32>, tensor<?x?x10xf32>, tensor<?x?x10xf32>, tensor<?x?xi1>, tensor<?x?xi1> -> tensor<?x?x10xf32>
  return
}

// -----

xf.function @input_c1 {
  // expected-error @+1 {{C1: an input of ids needs `limit`}}
  %0 = xf.input "input_ids" ["B", "S"] : tensor<?x?xi64>
}

// -----

func.func private @layer(%x: tensor<?x?x4xf32>) -> tensor<?x?x4xf32>

// Through an op between them, too.
func.func @wave_c1(%x: tensor<?x?x4xf32>) {
  %w = xf.wave -> tensor<?x?x4xf32> {
    %a = func.call @layer(%x) : (tensor<?x?x4xf32>) -> tensor<?x?x4xf32>
    %b = xf.scale %a by 2.0 : tensor<?x?x4xf32>
    // expected-error @+1 {{C1: reads what another call of the same wave computes}}
    %c = func.call @layer(%b) : (tensor<?x?x4xf32>) -> tensor<?x?x4xf32>
    xf.yield %c : tensor<?x?x4xf32>
  }
  return
}

// -----

xf.function @input_c3 {
  %ids = xf.input "ids" ["B", "S"] limit 9 : tensor<?x?xi64>
  // expected-error @+1 {{C3: a mask counts nothing}}
  %0 = xf.input "at" ["B", "S"] counting "ids" : tensor<?x?xi1>
}

// -----

xf.function @input_c3_later {
  // expected-error @+1 {{C3: counts 'ids', which is no earlier input}}
  %0 = xf.input "at" ["B", "S"] limit 9 default 1 counting "ids" : tensor<?x?xi64>
  %ids = xf.input "ids" ["B", "S"] limit 9 : tensor<?x?xi64>
}

// -----

xf.function @input_c3_other {
  %m = xf.input "mask" ["B", "S"] : tensor<?x?xi1>
  // expected-error @+1 {{C3: counts 'mask', which has other dimensions or is a mask}}
  %0 = xf.input "at" ["B", "S"] limit 9 default 1 counting "mask" : tensor<?x?xi64>
}

// -----

// expected-error @+1 {{a weight has one or two dimensions, found 3}}
func.func private @weight_rank(!xf.weight<2x3x4xf32>)

// -----

// expected-error @+1 {{a weight has elements of f32, f16 or bf16, found 'i8'}}
func.func private @weight_type(!xf.weight<2x3xi8>)

// -----

// expected-error @+1 {{expects dimensions of 1 to 2147483647, found 0}}
func.func private @weight_empty(!xf.weight<0x3xf32>)

// -----

// expected-error @+1 {{expects dimensions of 1 to 2147483647, found 0}}
func.func private @slot_empty(!xf.low_rank<0x3>)

// -----

// expected-error @+1 {{a packed vector has one column, found 2}}
func.func private @vector(!xf.packed<vector, 4x2xf32>)

// -----

// expected-error @+1 {{at most one dimension is known at run time only}}
func.func private @two_ranks(!xf.packed<matrix, ?x?xf32>)

// -----

func.func @unranked(%x: tensor<*xf32>) {
  // expected-error @+1 {{invalid kind of type specified: expected builtin.tensor, but found 'tensor<*xf32>'}}
  %y = xf.scale %x by 2.0 : tensor<*xf32>
  return
}

// -----

func.func @scalar(%x: tensor<f32>) {
  // expected-error @+1 {{operand #0 must be activations [B,S,D] or [B,D]}}
  %y = xf.scale %x by 2.0 : tensor<f32>
  return
}

// -----

func.func @batch_known(%x: tensor<2x?x4xf32>) {
  // expected-error @+1 {{operand #0 must be activations [B,S,D] or [B,D]}}
  %y = xf.scale %x by 2.0 : tensor<2x?x4xf32>
  return
}

// -----

func.func @unknown_attribute(%x: tensor<?x?x4xf32>) {
  // expected-error @+1 {{has no attribute 'in_outt'}}
  %y = xf.scale %x by 2.0 {in_outt} : tensor<?x?x4xf32>
  return
}

// -----

// expected-error @+1 {{has no attribute 'xf.phasee'}}
module attributes {xf.phasee = "adapt"} {
}

// -----

// expected-error @+1 {{expects 'xf.phase' to name a phase, found 3 : i64}}
module attributes {xf.phase = 3} {
}

// -----

// expected-error @+1 {{expects 'xf.generation' to be a dictionary, found 3 : i64}}
module attributes {xf.generation = 3} {
}

// -----

// expected-error @+1 {{'xf.generation': 'eos' holds no ids, found 3 : i64}}
module attributes {xf.generation = {eos = 3}} {
}

// -----

// expected-error @+1 {{'xf.generation': 'pad' holds no ids, found -1 : i64}}
module attributes {xf.generation = {pad = -1}} {
}

// -----

// expected-error @+1 {{'xf.generation': 'bad_words' holds no ids, found [array<i64>]}}
module attributes {xf.generation = {bad_words = [array<i64>]}} {
}

// -----

// expected-error @+1 {{'xf.generation' has an unknown member; known are start, pad, eos}}
module attributes {xf.generation = {stop = 3}} {
}

// -----

xf.adapter @a {
  // expected-error @+1 {{C3: there is no weight @w}}
  xf.delta @w linear rank 2 scale 1.0
}

// -----

xf.weight @w : !xf.weight<4xf32>
xf.adapter @a {
  // expected-error @+1 {{C3: expects a weight of two dimensions, @w is '!xf.weight<4xf32>'}}
  xf.delta @w linear rank 2 scale 1.0
}

// -----

func.func private @w()
xf.adapter @a {
  // expected-error @+1 {{C1: there is no weight @w}}
  xf.replacement @w
}

// -----

xf.weight @w : !xf.weight<4x4xf32>
xf.adapter @a {
  xf.delta @w linear rank 2 scale 1.0
  // expected-error @+1 {{C1: is the second of its kind for @w}}
  xf.delta @w linear rank 2 scale 1.0
}

// -----

xf.weight @w : !xf.weight<4x4xf32>
xf.adapter @a {
  // expected-error @+1 {{C1: the rank must be 1 to 1048576, found 0}}
  xf.delta @w linear rank 0 scale 1.0
}

// -----

xf.weight @w : !xf.weight<4x4xf32>
xf.adapter @a {
  // expected-error @+1 {{C1: the rank must be 1 to 1048576, found 0}}
  xf.delta @w linear rank 0 scale 1.0 dora scales_outputs
}

// -----

xf.weight @w : !xf.weight<4x4xf32>
xf.adapter @a {
  // expected-error @+1 {{C2: the scale must be finite}}
  xf.delta @w linear rank 1 scale 0x7FF8000000000000
}

// -----

xf.adapter @a {
  // expected-error @+1 {{C1: does not belong into an adapter}}
  %0 = xf.sinusoid : !xf.weight<4x4xf32>
}

// -----

// expected-error @+1 {{C1: its body takes no arguments, found 1}}
xf.function @arguments {
^bb0(%x: tensor<?x?x4xf32>):
}

// -----

xf.function @inputs {
  %0 = xf.input "ids" ["B", "S"] limit 4 : tensor<?x?xi64>
  // expected-error @+1 {{C2: there are two inputs 'ids'}}
  %1 = xf.input "ids" ["B", "S"] limit 4 : tensor<?x?xi64>
}

// -----

func.func private @value() -> tensor<?x?x4xf32>
xf.function @outputs {
  %0 = func.call @value() : () -> tensor<?x?x4xf32>
  xf.output "x" %0 : tensor<?x?x4xf32>
  // expected-error @+1 {{C2: there are two outputs 'x'}}
  xf.output "x" %0 : tensor<?x?x4xf32>
}

// -----

xf.function @limit {
  // expected-error @+1 {{C1: `limit` must be 1 to 2147483647, found -1}}
  %0 = xf.input "ids" ["B", "S"] limit -1 : tensor<?x?xi64>
}

// -----

xf.function @default {
  // expected-error @+1 {{C3: `default` must be 0 to 3, found 4}}
  %0 = xf.input "ids" ["B", "S"] limit 4 default 4 : tensor<?x?xi64>
}

// -----

xf.function @mask_default {
  // expected-error @+1 {{C2: a mask has no `limit` and no `default`}}
  %0 = xf.input "mask" ["B", "S"] default 1 : tensor<?x?xi1>
}

// -----

xf.function @dims {
  // expected-error @+1 {{C4: names 3 dimensions, but its type has 2}}
  %0 = xf.input "mask" ["B", "S", "T"] : tensor<?x?xi1>
}

// -----

func.func @visible_c1(%m: tensor<?x?xi1>) {
  // expected-error @+1 {{C1: the source must be an input of the function}}
  %0 = xf.visible %m max_length 4 : tensor<?x?xi1> -> tensor<?x?xi1>
  return
}

// -----

xf.function @visible_c2 {
  %m = xf.input "mask" ["B", "S"] : tensor<?x?xi1>
  // expected-error @+1 {{C2: `max_length` must be 1 to 2147483647, found 0}}
  %0 = xf.visible %m max_length 0 : tensor<?x?xi1> -> tensor<?x?xi1>
}

// -----

xf.function @use {
  // expected-error @+1 {{C1: there is no weight @w}}
  %0 = xf.use @w : !xf.weight<4xf32>
}

// -----

xf.weight @w : !xf.weight<5xf32>
xf.function @use {
  // expected-error @+1 {{C1: @w is declared as '!xf.weight<5xf32>', found '!xf.weight<4xf32>'}}
  %0 = xf.use @w : !xf.weight<4xf32>
}

// -----

xf.weight @w : !xf.weight<5x4xf32>
xf.function @slot {
  // expected-error @+1 {{C1: @w is declared as '!xf.weight<5x4xf32>', which has no slot '!xf.low_rank<5x5>'}}
  %0 = xf.slot @w : !xf.low_rank<5x5>
}

// -----

xf.weight @p : !xf.weight<4xf32>
xf.function @get {
  // expected-error @+1 {{C1: there is no parameter @p}}
  %0 = xf.get @p : !xf.packed<vector, 4x1xf32>
}

// -----

xf.weight @w : !xf.weight<4xf32>
// expected-error @+1 {{C2: expects a body that yields '!xf.packed<vector, 5x1xf32>'}}
xf.parameter @p : !xf.packed<vector, 5x1xf32> {
  %0 = xf.use @w : !xf.weight<4xf32>
  %1 = xf.pack %0 : !xf.weight<4xf32> -> !xf.packed<vector, 4x1xf32>
  xf.yield %1 : !xf.packed<vector, 4x1xf32>
}

// -----

xf.parameter @p : !xf.packed<vector, 4x1xf32> {
  // expected-error @+1 {{C2: a parameter is computed from those declared before it, @p is not}}
  %0 = xf.get @p : !xf.packed<vector, 4x1xf32>
  xf.yield %0 : !xf.packed<vector, 4x1xf32>
}

// -----

xf.function @wave_c2 {
  // expected-error @+1 {{C2: expects a body without arguments that yields values of the types 'tensor<?x?x4xf32>'}}
  %0 = xf.wave -> tensor<?x?x4xf32> {
    xf.yield
  }
}

// -----

xf.function @embedding_c2 {
  %ids = xf.input "ids" ["B", "S"] limit 9 : tensor<?x?xi64>
  %m = xf.visible %ids max_length 4 : tensor<?x?xi64> -> tensor<?x?xi1>
  %t = xf.sinusoid : !xf.weight<8x4xf32>
  // expected-error @+1 {{C2: ids of 0 to 8 reach behind a table of 8 rows}}
  %x = xf.embedding %ids, %t where %m : tensor<?x?xi64>, !xf.weight<8x4xf32>, tensor<?x?xi1> -> tensor<?x?x4xf32>
}

// -----

xf.function @embedding_c2_positions {
  %ids = xf.input "ids" ["B", "S"] limit 9 : tensor<?x?xi64>
  %m = xf.visible %ids max_length 9 : tensor<?x?xi64> -> tensor<?x?xi1>
  %p = xf.positions %m : tensor<?x?xi1> -> tensor<?x?xi64>
  %t = xf.sinusoid : !xf.weight<8x4xf32>
  // expected-error @+1 {{C2: ids of 0 to 8 reach behind a table of 8 rows}}
  %x = xf.embedding %p, %t where %m : tensor<?x?xi64>, !xf.weight<8x4xf32>, tensor<?x?xi1> -> tensor<?x?x4xf32>
}

// -----

xf.function @embedding_c3 {
  %ids = xf.input "ids" ["B", "S"] limit 8 : tensor<?x?xi64>
  %other = xf.input "mask" ["B", "T"] : tensor<?x?xi1>
  %m = xf.visible %other max_length 8 : tensor<?x?xi1> -> tensor<?x?xi1>
  %t = xf.sinusoid : !xf.weight<8x4xf32>
  // expected-error @+1 {{C3: ids of dimensions ["B", "S"] under a mask of ["B", "T"]}}
  %x = xf.embedding %ids, %t where %m : tensor<?x?xi64>, !xf.weight<8x4xf32>, tensor<?x?xi1> -> tensor<?x?x4xf32>
}

// -----

func.func @embedding_c1(%ids: tensor<?x?xi64>, %m: tensor<?x?xi1>, %t: !xf.weight<8x5xf32>) {
  // expected-error @+1 {{C1: the result has 4 columns, the table 5}}
  %x = xf.embedding %ids, %t where %m : tensor<?x?xi64>, !xf.weight<8x5xf32>, tensor<?x?xi1> -> tensor<?x?x4xf32>
  return
}

// -----

func.func @lora_embedding_c4(%ids: tensor<?x?xi64>, %m: tensor<?x?xi1>, %t: !xf.weight<8x4xf32>, %s: !xf.low_rank<8x4>) {
  // expected-error @+1 {{C4: a table '!xf.weight<8x4xf32>' has no slot '!xf.low_rank<8x4>'}}
  %x = xf.lora_embedding %ids, %t with %s where %m : tensor<?x?xi64>, !xf.weight<8x4xf32>, !xf.low_rank<8x4>, tensor<?x?xi1> -> tensor<?x?x4xf32>
  return
}

// -----

func.func @linear_rows(%x: tensor<?x?x4xf32>, %w: !xf.weight<5x4xf32>) {
  // expected-error @+1 {{rows must be [begin, end) inside 0 to 5}}
  %y = xf.linear %x, %w rows [3, 9] : tensor<?x?x4xf32>, !xf.weight<5x4xf32> -> tensor<?x?x6xf32>
  return
}

// -----

func.func @linear_c4(%x: tensor<?x?x4xf32>, %w: !xf.packed<matrix, 5x4xf32>) {
  // expected-error @+1 {{C4: a packed weight has neither `rows` nor `in_out`}}
  %y = xf.linear %x, %w rows [0, 1] : tensor<?x?x4xf32>, !xf.packed<matrix, 5x4xf32> -> tensor<?x?x1xf32>
  return
}

// -----

func.func @linear_c4_table(%x: tensor<?x?x4xf32>, %w: !xf.packed<table, 5x4xf32>) {
  // expected-error @+1 {{C4: expects a matrix of two dimensions, found '!xf.packed<table, 5x4xf32>'}}
  %y = xf.linear %x, %w : tensor<?x?x4xf32>, !xf.packed<table, 5x4xf32> -> tensor<?x?x5xf32>
  return
}

// -----

func.func @lora_c5(%x: tensor<?x?x4xf32>, %w: !xf.weight<5x4xf32>, %s: !xf.low_rank<4x5>) {
  // expected-error @+1 {{C5: a weight '!xf.weight<5x4xf32>' has no slot '!xf.low_rank<4x5>'}}
  %y = xf.lora_linear %x, %w with %s : tensor<?x?x4xf32>, !xf.weight<5x4xf32> with !xf.low_rank<4x5> -> tensor<?x?x5xf32>
  return
}

// -----

func.func @lora_c5_factors(%x: tensor<?x?x4xf32>, %w: !xf.packed<matrix, 5x4xf32>) {
  // expected-error @+1 {{C5: expects a slot, or a packed weight with factors}}
  %y = xf.lora_linear %x, %w : tensor<?x?x4xf32>, !xf.packed<matrix, 5x4xf32> -> tensor<?x?x5xf32>
  return
}

// -----

func.func @attention_negative(%x: tensor<?x?x4xf32>, %m: tensor<?x?xi1>) {
  // expected-error @+1 {{C1: 4 columns are not divisible by -2 heads}}
  %y = xf.attention %x, %x, %x where %m, %m heads -2 scale 1.0 : tensor<?x?x4xf32>, tensor<?x?x4xf32>, tensor<?x?x4xf32>, tensor<?x?xi1>, tensor<?x?xi1> -> tensor<?x?x4xf32>
  return
}

// -----

func.func @attention_c2(%x: tensor<?x?x4xf32>, %k: tensor<?x?x8xf32>, %m: tensor<?x?xi1>) {
  // expected-error @+1 {{C2: key and value must have the query's 4 columns}}
  %y = xf.attention %x, %k, %k where %m, %m heads 2 scale 1.0 : tensor<?x?x4xf32>, tensor<?x?x8xf32>, tensor<?x?x8xf32>, tensor<?x?xi1>, tensor<?x?xi1> -> tensor<?x?x4xf32>
  return
}

// -----

func.func @attention_c3(%x: tensor<?x?x4xf32>, %m: tensor<?x?xi1>) {
  // expected-error @+1 {{C3: the scale must be finite}}
  %y = xf.attention %x, %x, %x where %m, %m heads 2 scale 0x7FF8000000000000 : tensor<?x?x4xf32>, tensor<?x?x4xf32>, tensor<?x?x4xf32>, tensor<?x?xi1>, tensor<?x?xi1> -> tensor<?x?x4xf32>
  return
}

// -----

func.func @norm_c1(%x: tensor<?x?x4xf32>, %g: !xf.weight<5xf32>) {
  // expected-error @+1 {{C1: expects a gamma of 4 elements, found '!xf.weight<5xf32>'}}
  %y = xf.layer_norm %x gamma %g eps 1.0e-5 : tensor<?x?x4xf32> gamma !xf.weight<5xf32>
  return
}

// -----

func.func @norm_c2(%x: tensor<?x?x4xf32>) {
  // expected-error @+1 {{C2: eps must be finite and not negative, found -1.0}}
  %y = xf.layer_norm %x eps -1.0 : tensor<?x?x4xf32>
  return
}

// -----

func.func @scale_c1(%x: tensor<?x?x4xf32>) {
  // expected-error @+1 {{C1: the constant must be finite in f32}}
  %y = xf.scale %x by 1.0e300 : tensor<?x?x4xf32>
  return
}

// -----

func.func @gain_c1(%x: tensor<?x?x4xf32>, %g: !xf.packed<vector, 3x1xf32>) {
  // expected-error @+1 {{C1: expects a vector of 4 elements}}
  %y = xf.gain %x, %g : tensor<?x?x4xf32>, !xf.packed<vector, 3x1xf32>
  return
}

// -----

func.func @columns_c1(%x: tensor<?x?x4xf32>) {
  // expected-error @+1 {{C1: takes 2 columns at 3 of 4}}
  %y = xf.columns %x at 3 : tensor<?x?x4xf32> -> tensor<?x?x2xf32>
  return
}

// -----

func.func @greatest_c1(%x: tensor<?x16777217xf32>) {
  // expected-error @+1 {{C1: x has 16777217 columns, expected 1 to 16777216}}
  %y = xf.greatest %x : tensor<?x16777217xf32> -> tensor<?xi64>
  return
}

// -----

func.func @pool_c1(%x: tensor<?x?x4xf32>, %m: tensor<?x?xi1>) {
  // expected-error @+1 {{C1: the result has 5 columns, x 4}}
  %y = xf.pool mean %x where %m : tensor<?x?x4xf32>, tensor<?x?xi1> -> tensor<?x5xf32>
  return
}

// -----

// expected-error @+2 {{C1: expects two dimensions of f32 and at most 1073741824 elements}}
func.func @sinusoid_c1() {
  %0 = xf.sinusoid : !xf.weight<2147483647x8xf32>
  return
}

// -----

func.func @merge_c1(%w: !xf.weight<5x4xf16>, %s: !xf.low_rank<4x5>) {
  // expected-error @+1 {{C1: '!xf.weight<5x4xf16>' does not fit '!xf.low_rank<4x5>' in form linear}}
  %0 = xf.merge %w, %s linear : !xf.weight<5x4xf16>, !xf.low_rank<4x5> -> !xf.weight<5x4xf32>
  return
}

// -----

func.func @merge_c1_type(%w: !xf.weight<5x4xf16>, %s: !xf.low_rank<5x4>) {
  // expected-error @+1 {{C1: expects a result of '!xf.weight<5x4xf16>' in f32, found '!xf.weight<5x4xf16>'}}
  %0 = xf.merge %w, %s linear : !xf.weight<5x4xf16>, !xf.low_rank<5x4> -> !xf.weight<5x4xf16>
  return
}

// -----

func.func @merge_bias_c1(%b: !xf.weight<4xf32>, %s: !xf.low_rank<5x4>) {
  // expected-error @+1 {{C1: expects a bias and a result of 5 elements}}
  %0 = xf.merge_bias %b, %s : !xf.weight<4xf32>, !xf.low_rank<5x4> -> !xf.weight<4xf32>
  return
}

// -----

func.func @zero_bias_c1() {
  // expected-error @+1 {{C1: expects one dimension of f32}}
  %0 = xf.zero_bias : !xf.weight<4x4xf32>
  return
}

// -----

func.func @factor_a_c1(%s: !xf.low_rank<5x4>) {
  // expected-error @+1 {{C1: expects a result '!xf.packed<table, 4x?xf32>', found '!xf.packed<matrix, ?x4xf32>'}}
  %0 = xf.factor_a %s embedding : !xf.low_rank<5x4> -> !xf.packed<matrix, ?x4xf32>
  return
}

// -----

func.func @factor_b_c1(%s: !xf.low_rank<5x4>) {
  // expected-error @+1 {{C1: expects a result '!xf.packed<matrix, 2x?xf32>', found '!xf.packed<matrix, 5x?xf32>'}}
  %0 = xf.factor_b %s rows [1, 3] : !xf.low_rank<5x4> -> !xf.packed<matrix, 5x?xf32>
  return
}

// -----

func.func @factor_vector_c1(%s: !xf.low_rank<5x4>) {
  // expected-error @+1 {{C1: expects a result '!xf.packed<vector, 2x1xf32>', found '!xf.packed<vector, 5x1xf32>'}}
  %0 = xf.factor_vector bias %s rows [1, 3] : !xf.low_rank<5x4> -> !xf.packed<vector, 5x1xf32>
  return
}

// -----

func.func @factor_vector_inputs_c1(%s: !xf.low_rank<5x4>) {
  // expected-error @+1 {{C1: expects a result '!xf.packed<vector, 4x1xf32>', found '!xf.packed<vector, 5x1xf32>'}}
  %0 = xf.factor_vector input_scale %s : !xf.low_rank<5x4> -> !xf.packed<vector, 5x1xf32>
  return
}

// -----

func.func @output_gain_c1(%w: !xf.weight<5x4xf32>, %s: !xf.low_rank<5x4>) {
  // expected-error @+1 {{C1: expects a result of 5 elements of f32, found '!xf.weight<4xf32>'}}
  %0 = xf.output_gain %w, %s linear : !xf.weight<5x4xf32>, !xf.low_rank<5x4> -> !xf.weight<4xf32>
  return
}

// -----

func.func @pack_c1(%w: !xf.weight<5xf32>) {
  // expected-error @+1 {{C1: cannot pack '!xf.weight<5xf32>' as a matrix}}
  %0 = xf.pack %w : !xf.weight<5xf32> -> !xf.packed<matrix, 5x1xf32>
  return
}

// -----

func.func @pack_c2(%w: !xf.weight<5x4xf32>) {
  // expected-error @+1 {{C2: expects a result of 4x5, found '!xf.packed<matrix, 5x4xf32>'}}
  %0 = xf.pack %w in_out : !xf.weight<5x4xf32> -> !xf.packed<matrix, 5x4xf32>
  return
}

// -----

func.func @pack_c3(%w: !xf.weight<5x4xf32>) {
  // expected-error @+1 {{C3: only a matrix has `in_out`, found a table}}
  %0 = xf.pack %w in_out : !xf.weight<5x4xf32> -> !xf.packed<table, 4x5xf32>
  return
}

// -----

func.func @concat_c1(%x: tensor<?x4xf32>, %y: tensor<?x3xf32>) {
  // expected-error @+1 {{C1: parts of 7 columns do not make 'tensor<?x8xf32>'}}
  %z = xf.concat %x, %y : tensor<?x4xf32>, tensor<?x3xf32> -> tensor<?x8xf32>
  return
}

// -----

// A parameter is computed from those in front of it.
xf.weight @w : !xf.weight<8x4xf32>
xf.parameter @first : !xf.packed<matrix, 8x4xf32> {
  // expected-error @+1 {{C2: a parameter is computed from those declared before it, @second is not}}
  %0 = xf.get @second : !xf.packed<matrix, 8x4xf32>
  xf.yield %0 : !xf.packed<matrix, 8x4xf32>
}
xf.parameter @second : !xf.packed<matrix, 8x4xf32> {
  %0 = xf.use @w : !xf.weight<8x4xf32>
  %1 = xf.pack %0 : !xf.weight<8x4xf32> -> !xf.packed<matrix, 8x4xf32>
  xf.yield %1 : !xf.packed<matrix, 8x4xf32>
}
