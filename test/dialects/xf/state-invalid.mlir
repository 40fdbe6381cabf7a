// RUN: ptx-opt %s -split-input-file -verify-diagnostics

// expected-error @+1 {{C1: `max_length` must be 1 to 2147483647, found 0}}
xf.history @text max_length 0

// -----

// expected-error @+1 {{C1: there is no history @text}}
xf.cache @kv of @text : !xf.cache<8xf32>

// -----

xf.history @text max_length 4
// expected-error @+1 {{a cache has elements of f32, f16 or bf16, found 'i8'}}
xf.cache @kv of @text : !xf.cache<8xi8>

// -----

xf.history @text max_length 4
// expected-error @+1 {{a cache of 'bf16' has an even number of columns, found 7}}
xf.cache @kv of @text : !xf.cache<7xbf16>

// -----

xf.history @text max_length 4
// expected-error @+1 {{expected one dimension, found 2}}
xf.cache @kv of @text : !xf.cache<7x8xf32>

// -----

xf.history @text max_length 4
xf.cache @kv of @text : !xf.cache<8xf32>
xf.function @f {
  // expected-error @+1 {{C1: there is no cache @vk}}
  %c = xf.state @vk : !xf.cache<8xf32>
}

// -----

xf.history @text max_length 4
xf.cache @kv of @text : !xf.cache<8xf32>
xf.function @f {
  // expected-error @+1 {{C1: @kv is declared as '!xf.cache<8xf32>', found '!xf.cache<4xf32>'}}
  %c = xf.state @kv : !xf.cache<4xf32>
}

// -----

xf.function @f {
  %ids = xf.input "ids" ["B"] limit 30 : tensor<?x?xi64>
  // expected-error @+1 {{C3: there is no history @text}}
  %new = xf.visible %ids max_length 16 continues @text : tensor<?x?xi64> -> tensor<?x?xi1>
}

// -----

xf.history @text max_length 4
xf.function @f {
  %ids = xf.input "ids" ["B"] limit 30 : tensor<?x?xi64>
  // expected-error @+1 {{C3: has `max_length` 16, its history 4}}
  %new = xf.visible %ids max_length 16 continues @text : tensor<?x?xi64> -> tensor<?x?xi1>
}

// -----

xf.history @text max_length 4
xf.function @f {
  %ids = xf.input "ids" ["B"] limit 30 : tensor<?x?xi64>
  // expected-error @+1 {{C3: begins @text and continues @text}}
  %new = xf.visible %ids max_length 4 begins @text continues @text : tensor<?x?xi64> -> tensor<?x?xi1>
}

// -----

xf.history @text max_length 4
xf.function @f {
  %ids = xf.input "ids" ["B", "S"] limit 30 : tensor<?x?xi64>
  // expected-error @+1 {{C3: a hidden position is not held: there is no `keep_first`}}
  %new = xf.visible %ids max_length 4 keep_first begins @text : tensor<?x?xi64> -> tensor<?x?xi1>
}

// -----

xf.function @f {
  %ids = xf.input "ids" ["B"] limit 30 : tensor<?x?xi64>
  %new = xf.visible %ids max_length 16 : tensor<?x?xi64> -> tensor<?x?xi1>
  // expected-error @+1 {{C1: there is no history @text}}
  %all = xf.held @text of %new : tensor<?x?xi1>
}

// -----

func.func private @layer(%x: tensor<?x?x6xf32>, %c: !xf.cache<8xf32>, %m: tensor<?x?xi1>) {
  // expected-error @+1 {{C1: 'tensor<?x?x6xf32>' has not the columns of '!xf.cache<8xf32>'}}
  %d = xf.append %x to %c where %m : tensor<?x?x6xf32> to !xf.cache<8xf32> where tensor<?x?xi1>
  return
}

// -----

func.func private @layer(%c: !xf.cache<8xf32>, %m: tensor<?x?xi1>) {
  // expected-error @+1 {{C1: 'tensor<?x?x6xf32>' has not the columns of '!xf.cache<8xf32>'}}
  %x = xf.recall %c where %m : !xf.cache<8xf32> where tensor<?x?xi1> -> tensor<?x?x6xf32>
  return
}

// -----

// A dimension has a name; the second may be left out.
xf.function @f {
  // expected-error @+1 {{C4: names 0 dimensions, but its type has 2}}
  %ids = xf.input "ids" [] limit 30 : tensor<?x?xi64>
}
