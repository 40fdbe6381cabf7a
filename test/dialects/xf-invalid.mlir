// Each rule of the xf verifiers, by its number.
// RUN: ptx-opt %s -split-input-file -verify-diagnostics

func.func @linear_c1(%x: tensor<?x?x8xf32>, %w: !xf.weight<5x4xf32>) {
  // expected-error @+1 {{C1: x has 8 columns, the weight takes 4}}
  %y = xf.linear %x, %w : tensor<?x?x8xf32>, !xf.weight<5x4xf32> -> tensor<?x?x5xf32>
  return
}

// -----

func.func @linear_c2(%x: tensor<?x?x4xf32>, %w: !xf.weight<5x4xf32>) {
  // expected-error @+1 {{C2: the result has 6 columns, expected 5}}
  %y = xf.linear %x, %w : tensor<?x?x4xf32>, !xf.weight<5x4xf32> -> tensor<?x?x6xf32>
  return
}

// -----

func.func @linear_c3(%x: tensor<?x?x4xf32>, %w: !xf.weight<5x4xf32>, %b: !xf.weight<4xf32>) {
  // expected-error @+1 {{C3: expected a bias of 5 elements}}
  %y = xf.linear %x, %w bias %b : tensor<?x?x4xf32>, !xf.weight<5x4xf32>, !xf.weight<4xf32> -> tensor<?x?x5xf32>
  return
}

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
    xf.wave_yield %c : tensor<?x?x4xf32>
  }
  return
}

// -----

xf.function @input_c3 {
  %ids = xf.input "ids" ["B", "S"] limit 9 : tensor<?x?xi64>
  // expected-error @+1 {{C3: `counting` needs ids with a `default`}}
  %0 = xf.input "at" ["B", "S"] limit 9 counting "ids" : tensor<?x?xi64>
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
