// Each rule of the stage verifiers, by its number.
// RUN: ptx-opt %s -split-input-file -verify-diagnostics

func.func @case(%x: tensor<?x4xf32>) {
  // expected-error @+1 {{C1: x has 4 columns, the result 5}}
  %0 = stage.map %x {
  ^bb0(%e: f32):
    xf.yield %e : f32
  } : tensor<?x4xf32> -> tensor<?x5xf32>
  return
}

// -----

func.func @case(%x: tensor<?x4xf32>, %v: !xf.packed<vector, 5x1xf32>) {
  // expected-error @+1 {{C1: expects extras of 4 columns, found '!xf.packed<vector, 5x1xf32>'}}
  %0 = stage.map %x extras(%v : !xf.packed<vector, 5x1xf32>) {
  ^bb0(%e: f32, %f: f32):
    xf.yield %e : f32
  } : tensor<?x4xf32> -> tensor<?x4xf32>
  return
}

// -----

func.func @case(%x: tensor<?x4xf32>) {
  // expected-error @+1 {{C2: expects a region of 1 arguments, found 0}}
  %0 = stage.map %x {
  ^bb0:
    xf.yield
  } : tensor<?x4xf32> -> tensor<?x4xf32>
  return
}

// -----

func.func @case(%x: tensor<?x4xf32>) {
  // expected-error @+1 {{C2: expects arguments of f32, found 'f64'}}
  %0 = stage.map %x {
  ^bb0(%e: f64):
    xf.yield %e : f64
  } : tensor<?x4xf32> -> tensor<?x4xf32>
  return
}

// -----

func.func @case(%x: tensor<?x4xf32>) {
  // expected-error @+1 {{C2: expects a region that yields one f32}}
  %0 = stage.map %x {
  ^bb0(%e: f32):
    xf.yield
  } : tensor<?x4xf32> -> tensor<?x4xf32>
  return
}

// -----

func.func @case(%x: tensor<?x4xf32>) {
  %0 = stage.map %x {
  ^bb0(%e: f32):
    // expected-error @+1 {{C3: no skeleton carries 'math.atan' in its region}}
    %1 = math.atan %e : f32
    xf.yield %1 : f32
  } : tensor<?x4xf32> -> tensor<?x4xf32>
  return
}

// -----

func.func @case(%x: tensor<?x4xf32>) {
  %0 = stage.map %x {
  ^bb0(%e: f32):
    // expected-error @+1 {{C3: a region computes f32 and i1, found 'f64'}}
    %1 = arith.constant 1.0 : f64
    xf.yield %e : f32
  } : tensor<?x4xf32> -> tensor<?x4xf32>
  return
}

// -----

func.func @case(%x: tensor<?x4xf32>, %w: !xf.packed<matrix, 4x5xf32>) {
  // expected-error @+1 {{C1: rows of 4 columns do not become rows of 4 by '!xf.packed<matrix, 4x5xf32>'}}
  %0 = stage.contract %x, %w {
  ^bb0(%e: f32):
    xf.yield %e : f32
  } : tensor<?x4xf32>, !xf.packed<matrix, 4x5xf32> -> tensor<?x4xf32>
  return
}

// -----

func.func @case(%x: tensor<?x4xf32>, %w: !xf.packed<matrix, 4x4xf32>, %b: !xf.packed<matrix, 4x?xf32>) {
  // expected-error @+1 {{C1: rows of 4 columns do not become rows of 4 by '!xf.packed<matrix, 4x?xf32>'}}
  %0 = stage.contract %x, %w plus %x, %b {
  ^bb0(%e: f32):
    xf.yield %e : f32
  } : tensor<?x4xf32>, !xf.packed<matrix, 4x4xf32> plus tensor<?x4xf32>, !xf.packed<matrix, 4x?xf32> -> tensor<?x4xf32>
  return
}

// -----

func.func @case(%x: tensor<?x4xf32>, %s: !stage.space) {
  // expected-error @+1 {{C1: 4 columns are not divisible by -2 heads}}
  %0 = stage.attention %x, %x, %x over %s, %s heads -2 scale 1.0 : tensor<?x4xf32>, tensor<?x4xf32>, tensor<?x4xf32>, !stage.space, !stage.space -> tensor<?x4xf32>
  return
}

// -----

func.func @case(%x: tensor<?x4xf32>, %y: tensor<?x8xf32>, %s: !stage.space) {
  // expected-error @+1 {{C1: key, value and result must have the query's 4 columns}}
  %0 = stage.attention %x, %x, %y over %s, %s heads 2 scale 1.0 : tensor<?x4xf32>, tensor<?x4xf32>, tensor<?x8xf32>, !stage.space, !stage.space -> tensor<?x4xf32>
  return
}

// -----

func.func @case(%x: tensor<?x4xf32>) {
  // expected-error @+1 {{C1: eps must be finite and not negative, found -1.0}}
  %0 = stage.row_norm layer %x eps -1.0 {
  ^bb0(%e: f32):
    xf.yield %e : f32
  } : tensor<?x4xf32> -> tensor<?x4xf32>
  return
}

// -----

func.func @case(%w: !xf.packed<matrix, 4x4xf32>, %i: tensor<?xi32>) {
  // expected-error @+1 {{C1: rows of 4 columns are not those of a table '!xf.packed<matrix, 4x4xf32>'}}
  %0 = stage.gather(%w : !xf.packed<matrix, 4x4xf32>) at (%i : tensor<?xi32>) {
  ^bb0(%e: f32):
    xf.yield %e : f32
  } -> tensor<?x4xf32>
  return
}

// -----

func.func @case(%x: tensor<?x4xf32>, %i: tensor<?xi32>) {
  // expected-error @+1 {{C1: expects 1 to 64 tables with an index each, found 2 and 1}}
  %0 = stage.gather(%x, %x : tensor<?x4xf32>, tensor<?x4xf32>) at (%i : tensor<?xi32>) {
  ^bb0(%e: f32):
    xf.yield %e : f32
  } -> tensor<?x4xf32>
  return
}

// -----

func.func @case(%x: tensor<?x16777217xf32, #stage.per_sequence>) {
  // expected-error @+1 {{C1: x has 16777217 columns, expected 1 to 16777216}}
  %0 = stage.greatest %x : tensor<?x16777217xf32, #stage.per_sequence> -> tensor<?xi32, #stage.per_sequence>
  return
}

// -----

func.func @case(%x: tensor<?x4xf32>) {
  // expected-error @+1 {{operand #0 must be rows per sequence, tensor<?xDxf32, #stage.per_sequence>, but got 'tensor<?x4xf32>'}}
  %0 = stage.greatest %x : tensor<?x4xf32> -> tensor<?xi32, #stage.per_sequence>
  return
}

// -----

func.func @case(%x: tensor<?x4xf32>, %s: !stage.space) {
  // expected-error @+1 {{C1: x has 4 columns, the result 5}}
  %0 = stage.pool mean %x over %s : tensor<?x4xf32>, !stage.space -> tensor<?x5xf32, #stage.per_sequence>
  return
}

// -----

func.func @case(%x: tensor<?x4xf32>) {
  // expected-error @+1 {{C1: takes 2 columns at 3 of 4}}
  %0 = stage.columns %x at 3 : tensor<?x4xf32> -> tensor<?x2xf32>
  return
}

// -----

func.func @case(%x: tensor<4xf32>) {
  // expected-error @+1 {{operand #0 must be rows tensor<?xDxf32>}}
  %0 = stage.columns %x at -1 : tensor<4xf32> -> tensor<?x4xf32>
  return
}

// -----

func.func @case(%m: tensor<?x?xi1>) {
  // expected-error @+1 {{C1: the source must be an input of the function}}
  %0 = stage.space %m max_length 4 : tensor<?x?xi1> -> !stage.space
  return
}

// -----

xf.function @case {
  %ids = xf.input "ids" ["B", "S"] limit 4 : tensor<?x?xi64>
  %other = xf.input "mask" ["B", "T"] : tensor<?x?xi1>
  %s = stage.space %other max_length 4 : tensor<?x?xi1> -> !stage.space
  // expected-error @+1 {{C2: ids of dimensions ["B", "S"] in a space of ["B", "T"]}}
  %i = stage.ids %ids, %s : tensor<?x?xi64>, !stage.space -> tensor<?xi32>
}

// -----

func.func @case(%x: tensor<?x4xf32>) {
  // expected-error @+1 {{C2: expects a body that yields the result of each of its stages, in order}}
  %0 = stage.launch -> tensor<?x4xf32> {
    %1 = stage.map %x {
    ^bb0(%e: f32):
      xf.yield %e : f32
    } : tensor<?x4xf32> -> tensor<?x4xf32>
    xf.yield %x : tensor<?x4xf32>
  }
  return
}

// -----

func.func @case(%x: tensor<?x4xf32>) {
  %0:2 = stage.launch -> tensor<?x4xf32>, tensor<?x4xf32> {
    %1 = stage.map %x {
    ^bb0(%e: f32):
      xf.yield %e : f32
    } : tensor<?x4xf32> -> tensor<?x4xf32>
    // expected-error @+1 {{C3: reads what its own launch computes}}
    %2 = stage.map %1 {
    ^bb0(%e: f32):
      xf.yield %e : f32
    } : tensor<?x4xf32> -> tensor<?x4xf32>
    xf.yield %1, %2 : tensor<?x4xf32>, tensor<?x4xf32>
  }
  return
}

// -----

func.func @case(%x: tensor<?x4xf32>, %space: !stage.space) {
  %0:2 = stage.launch -> tensor<?x4xf32, #stage.per_sequence>, tensor<?x8xf32> {
    %1 = stage.pool mean %x over %space : tensor<?x4xf32>, !stage.space -> tensor<?x4xf32, #stage.per_sequence>
    // expected-error @+1 {{C2: is launched with 'stage.pool', another skeleton}}
    %2 = stage.concat %x, %x : tensor<?x4xf32>, tensor<?x4xf32> -> tensor<?x8xf32>
    xf.yield %1, %2 : tensor<?x4xf32, #stage.per_sequence>, tensor<?x8xf32>
  }
  return
}

// -----

func.func @case(%x: tensor<?x4xf32>) {
  %0 = stage.launch -> tensor<?x2xf32> {
    // expected-error @+1 {{C2: is no skeleton, and stands in a launch}}
    %1 = stage.columns %x at 0 : tensor<?x4xf32> -> tensor<?x2xf32>
    xf.yield %1 : tensor<?x2xf32>
  }
  return
}

// -----

func.func @case(%base: !xf.packed<matrix, 8x4xf32>, %a: !xf.packed<table, 4x?xf32>, %b: !xf.packed<matrix, 8x?xf32>) {
  // expected-error @+1 {{C1: stands in no parameter}}
  %0 = stage.fold %base plus %a, %b {
  ^bb0(%w: f32, %delta: f32):
    xf.yield %w : f32
  } : !xf.packed<matrix, 8x4xf32> plus !xf.packed<table, 4x?xf32>, !xf.packed<matrix, 8x?xf32> -> !xf.packed<matrix, 8x4xf32>
  return
}

// -----

xf.weight @w : !xf.weight<8x4xf32>
xf.parameter @base : !xf.packed<matrix, 8x4xf32> {
  %0 = xf.use @w : !xf.weight<8x4xf32>
  %1 = xf.pack %0 : !xf.weight<8x4xf32> -> !xf.packed<matrix, 8x4xf32>
  xf.yield %1 : !xf.packed<matrix, 8x4xf32>
}
xf.parameter @folded : !xf.packed<matrix, 8x4xf32> {
  %base = xf.get @base : !xf.packed<matrix, 8x4xf32>
  // expected-error @+1 {{C1: '!xf.packed<matrix, 8x4xf32>' and '!xf.packed<matrix, 8x4xf32>' do not fold into '!xf.packed<matrix, 8x4xf32>'}}
  %0 = stage.fold %base plus %base, %base {
  ^bb0(%w: f32, %delta: f32):
    xf.yield %w : f32
  } : !xf.packed<matrix, 8x4xf32> plus !xf.packed<matrix, 8x4xf32>, !xf.packed<matrix, 8x4xf32> -> !xf.packed<matrix, 8x4xf32>
  xf.yield %0 : !xf.packed<matrix, 8x4xf32>
}

// -----

xf.weight @w : !xf.weight<8x4xf32>
xf.parameter @base : !xf.packed<matrix, 8x4xf32> {
  %0 = xf.use @w : !xf.weight<8x4xf32>
  %1 = xf.pack %0 : !xf.weight<8x4xf32> -> !xf.packed<matrix, 8x4xf32>
  xf.yield %1 : !xf.packed<matrix, 8x4xf32>
}
xf.parameter @folded : !xf.packed<matrix, 4x8xf32> {
  %base = xf.get @base : !xf.packed<matrix, 8x4xf32>
  // expected-error @+1 {{C1: '!xf.packed<matrix, 8x4xf32>' does not become '!xf.packed<matrix, 4x8xf32>'}}
  %0 = stage.fold %base {
  ^bb0(%w: f32, %delta: f32):
    xf.yield %w : f32
  } : !xf.packed<matrix, 8x4xf32> -> !xf.packed<matrix, 4x8xf32>
  xf.yield %0 : !xf.packed<matrix, 4x8xf32>
}

// -----

xf.weight @w : !xf.weight<8x4xf32>
xf.parameter @base : !xf.packed<matrix, 8x4xf32> {
  %0 = xf.use @w : !xf.weight<8x4xf32>
  %1 = xf.pack %0 : !xf.weight<8x4xf32> -> !xf.packed<matrix, 8x4xf32>
  xf.yield %1 : !xf.packed<matrix, 8x4xf32>
}
xf.parameter @folded : !xf.packed<matrix, 8x4xf32> {
  %base = xf.get @base : !xf.packed<matrix, 8x4xf32>
  // expected-error @+1 {{C1: expects extras of 8 columns, found '!xf.packed<matrix, 8x4xf32>'}}
  %0 = stage.fold %base extras(%base : !xf.packed<matrix, 8x4xf32>) {
  ^bb0(%w: f32, %delta: f32, %g: f32):
    xf.yield %w : f32
  } : !xf.packed<matrix, 8x4xf32> -> !xf.packed<matrix, 8x4xf32>
  xf.yield %0 : !xf.packed<matrix, 8x4xf32>
}

// -----

xf.weight @w : !xf.weight<8x4xf32>
xf.parameter @base : !xf.packed<matrix, 8x4xf32> {
  %0 = xf.use @w : !xf.weight<8x4xf32>
  %1 = xf.pack %0 : !xf.weight<8x4xf32> -> !xf.packed<matrix, 8x4xf32>
  xf.yield %1 : !xf.packed<matrix, 8x4xf32>
}
xf.parameter @norms : !xf.packed<vector, 4x1xf32> {
  %base = xf.get @base : !xf.packed<matrix, 8x4xf32>
  // expected-error @+1 {{C1: '!xf.packed<matrix, 8x4xf32>' has no norms '!xf.packed<vector, 4x1xf32>'}}
  %0 = stage.fold_norm %base {
  ^bb0(%n: f32):
    xf.yield %n : f32
  } : !xf.packed<matrix, 8x4xf32> -> !xf.packed<vector, 4x1xf32>
  xf.yield %0 : !xf.packed<vector, 4x1xf32>
}

// -----

func.func @case(%base: !xf.packed<table, 8x4xf16>) {
  // expected-error @+1 {{C1: '!xf.packed<table, 8x4xf16>' does not become '!xf.packed<table, 8x4xf32>'}}
  %0 = stage.fold %base {
  ^bb0(%w: f32, %delta: f32):
    xf.yield %w : f32
  } : !xf.packed<table, 8x4xf16> -> !xf.packed<table, 8x4xf32>
  return
}

// -----

xf.weight @w : !xf.weight<8x4xf32>
xf.parameter @base : !xf.packed<table, 8x4xf16> {
  %0 = xf.use @w : !xf.weight<8x4xf32>
  %1 = xf.pack %0 : !xf.weight<8x4xf32> -> !xf.packed<table, 8x4xf16>
  xf.yield %1 : !xf.packed<table, 8x4xf16>
}
xf.parameter @folded : !xf.packed<table, 8x4xf16> {
  %base = xf.get @base : !xf.packed<table, 8x4xf16>
  // expected-error @+1 {{C1: only a matrix is of another type than f32, found '!xf.packed<table, 8x4xf16>'}}
  %0 = stage.fold %base {
  ^bb0(%w: f32, %delta: f32):
    xf.yield %w : f32
  } : !xf.packed<table, 8x4xf16> -> !xf.packed<table, 8x4xf16>
  xf.yield %0 : !xf.packed<table, 8x4xf16>
}

// -----

func.func @case(%x: tensor<?x4xf32>, %w: !xf.packed<matrix, 6x4xbf16>, %u: tensor<?x2xf32>, %b: !xf.packed<matrix, 6x2xf32>) {
  // expected-error @+1 {{C1: multiplies in 'bf16' and, by b, in '!xf.packed<matrix, 6x2xf32>'}}
  %0 = stage.contract %x, %w plus %u, %b {
  ^bb0(%e: f32):
    xf.yield %e : f32
  } : tensor<?x4xf32>, !xf.packed<matrix, 6x4xbf16> plus tensor<?x2xf32>, !xf.packed<matrix, 6x2xf32> -> tensor<?x6xf32>
  return
}

// -----

// Rows of 16 bits.
func.func @case(%x: tensor<?x5xbf16>) {
  // expected-error @+1 {{must be rows tensor<?xDxf32>, or of an even number of f16 or bf16}}
  %0 = "stage.columns"(%x) {offset = 0 : i64} : (tensor<?x5xbf16>) -> tensor<?x4xbf16>
  return
}

// -----

func.func @case(%x: tensor<?x8xbf16>) {
  // expected-error @+1 {{C2: 16-bit elements at the odd column 1}}
  %0 = stage.columns %x at 1 : tensor<?x8xbf16> -> tensor<?x4xbf16>
  return
}

// -----

func.func @case(%x: tensor<?x8xbf16>) {
  // expected-error @+1 {{C1: columns of 'tensor<?x8xbf16>' are not of 'f16'}}
  %0 = stage.columns %x at 0 : tensor<?x8xbf16> -> tensor<?x4xf16>
  return
}

// -----

func.func @case(%x: tensor<?x4xf16>, %w: !xf.packed<matrix, 6x4xbf16>) {
  // expected-error @+1 {{C4: multiplies 4 columns at a time in 'bf16', found 'tensor<?x4xf16>'}}
  %0 = stage.contract %x, %w {
  ^bb0(%e: f32):
    xf.yield %e : f32
  } : tensor<?x4xf16>, !xf.packed<matrix, 6x4xbf16> -> tensor<?x6xf32>
  return
}

// -----

func.func @case(%x: tensor<?x6xbf16>, %s: !stage.space) {
  // expected-error @+1 {{C4: multiplies 3 columns at a time in 'bf16', found 'tensor<?x6xbf16>'}}
  %0 = stage.attention %x, %x, %x over %s, %s heads 2 scale 1.0 in bf16 : tensor<?x6xbf16>, tensor<?x6xbf16>, tensor<?x6xbf16>, !stage.space, !stage.space -> tensor<?x6xf32>
  return
}

// -----

func.func @case(%x: tensor<?x6xbf16>) {
  // expected-error @+1 {{operand #0 must be rows tensor<?xDxf32>}}
  %0 = "stage.map"(%x) ({
  ^bb0(%e: f32):
    xf.yield %e : f32
  }) : (tensor<?x6xbf16>) -> tensor<?x6xf32>
  return
}

// -----

// Per token and per sequence.
func.func @case(%x: tensor<?x4xf32, #stage.per_sequence>, %y: tensor<?x4xf32>) {
  // expected-error @+1 {{C5: computes rows per sequence and reads 'tensor<?x4xf32>', which is per token}}
  %0 = stage.map %x extras(%y : tensor<?x4xf32>) {
  ^bb0(%e: f32, %f: f32):
    xf.yield %e : f32
  } : tensor<?x4xf32, #stage.per_sequence> -> tensor<?x4xf32, #stage.per_sequence>
  return
}

// -----

func.func @case(%x: tensor<?x4xf32, #stage.per_sequence>, %w: !xf.packed<matrix, 6x4xf32>) {
  // expected-error @+1 {{C5: computes rows per token and reads 'tensor<?x4xf32, #stage.per_sequence>', which is per sequence}}
  %0 = stage.contract %x, %w {
  ^bb0(%e: f32):
    xf.yield %e : f32
  } : tensor<?x4xf32, #stage.per_sequence>, !xf.packed<matrix, 6x4xf32> -> tensor<?x6xf32>
  return
}

// -----

func.func @case(%x: tensor<?x4xf32, #stage.per_sequence>) {
  // expected-error @+1 {{C5: computes rows per token and reads 'tensor<?x4xf32, #stage.per_sequence>', which is per sequence}}
  %0 = stage.row_norm layer %x eps 1.0e-5 {
  ^bb0(%e: f32):
    xf.yield %e : f32
  } : tensor<?x4xf32, #stage.per_sequence> -> tensor<?x4xf32>
  return
}

// -----

func.func @case(%x: tensor<?x4xf32, #stage.per_sequence>, %y: tensor<?x4xf32>) {
  // expected-error @+1 {{C5: computes rows per sequence and reads 'tensor<?x4xf32>', which is per token}}
  %0 = stage.concat %x, %y : tensor<?x4xf32, #stage.per_sequence>, tensor<?x4xf32> -> tensor<?x8xf32, #stage.per_sequence>
  return
}

// -----

func.func @case(%x: tensor<?x4xf32>, %i: tensor<?xi32, #stage.per_sequence>) {
  // expected-error @+1 {{C5: computes rows per token and reads 'tensor<?xi32, #stage.per_sequence>', which is per sequence}}
  %0 = stage.gather(%x : tensor<?x4xf32>) at(%i : tensor<?xi32, #stage.per_sequence>) {
  ^bb0(%e: f32):
    xf.yield %e : f32
  } -> tensor<?x4xf32>
  return
}

// -----

func.func @case(%x: tensor<?x4xf32>, %i: tensor<?xi32, #stage.per_sequence>) {
  // expected-error @+1 {{C5: computes rows per sequence and reads 'tensor<?x4xf32>', which is per token}}
  %0 = stage.gather(%x : tensor<?x4xf32>) at(%i : tensor<?xi32, #stage.per_sequence>) extras(%x : tensor<?x4xf32>) {
  ^bb0(%e: f32, %f: f32):
    xf.yield %e : f32
  } -> tensor<?x4xf32, #stage.per_sequence>
  return
}

// -----

func.func @case(%x: tensor<?x4xf32, #stage.per_sequence>, %i: tensor<?xi32>) {
  // expected-error @+1 {{operand #0 must be variadic of rows per token, tensor<?xDxf32>}}
  %0 = stage.gather(%x : tensor<?x4xf32, #stage.per_sequence>) at(%i : tensor<?xi32>) {
  ^bb0(%e: f32):
    xf.yield %e : f32
  } -> tensor<?x4xf32>
  return
}

// -----

func.func @case(%x: tensor<?x4xf32>) {
  // expected-error @+1 {{C1: columns of rows per token are not rows per sequence}}
  %0 = stage.columns %x at 0 : tensor<?x4xf32> -> tensor<?x4xf32, #stage.per_sequence>
  return
}

// -----

func.func @case(%x: tensor<?x4xf32>, %s: !stage.space) {
  // expected-error @+1 {{result #0 must be rows per sequence, tensor<?xDxf32, #stage.per_sequence>}}
  %0 = stage.pool mean %x over %s : tensor<?x4xf32>, !stage.space -> tensor<?x4xf32>
  return
}

// -----

func.func @case(%x: tensor<?x4xf32, #stage.per_sequence>, %s: !stage.space) {
  // expected-error @+1 {{operand #0 must be rows per token, tensor<?xDxf32>}}
  %0 = stage.pool mean %x over %s : tensor<?x4xf32, #stage.per_sequence>, !stage.space -> tensor<?x4xf32, #stage.per_sequence>
  return
}

// -----

func.func @case(%x: tensor<?x4xf32>, %k: tensor<?x4xf32, #stage.per_sequence>, %s: !stage.space) {
  // expected-error @+1 {{operand #1 must be rows per token, tensor<?xDxf32>, or of an even number of f16 or bf16}}
  %0 = stage.attention %x, %k, %x over %s, %s heads 2 scale 1.0 : tensor<?x4xf32>, tensor<?x4xf32, #stage.per_sequence>, tensor<?x4xf32>, !stage.space, !stage.space -> tensor<?x4xf32>
  return
}

// -----

func.func @case(%s: !stage.space) {
  // expected-error @+1 {{result #0 must be indices per sequence, tensor<?xi32, #stage.per_sequence>}}
  %0 = stage.first_rows %s : !stage.space -> tensor<?xi32>
  return
}

// -----

func.func @case(%s: !stage.space) {
  // expected-error @+1 {{result #0 must be indices per token, tensor<?xi32>}}
  %0 = stage.positions %s : !stage.space -> tensor<?xi32, #stage.per_sequence>
  return
}

// -----

func.func @case(%x: tensor<?x4xf32, "of another dialect">, %s: !stage.space) {
  // expected-error @+1 {{operand #0 must be rows tensor<?xDxf32>, one per token of a space or one per sequence}}
  stage.output "x" %x over %s : tensor<?x4xf32, "of another dialect">, !stage.space
  return
}
