// What a session keeps is used as plans can carry it out: appended once, recalled behind that, read by attentions alone.
// RUN: ptx-opt %s --convert-stage-to-rt -split-input-file -verify-diagnostics -o /dev/null

!x = tensor<?x8xf32>
!c = !xf.cache<8xf32>
xf.history @text max_length 16
xf.cache @kv of @text : !c
xf.function @f {
  %ids = xf.input "ids" ["B"] limit 16 : tensor<?x?xi64>
  %new = stage.space %ids max_length 16 continues @text : tensor<?x?xi64> -> !stage.space
  %all = stage.held @text of %new : !stage.space
  %c = xf.state @kv : !c
  // expected-error @+1 {{is the second of @kv in its function}}
  %d = xf.state @kv : !c
}

// -----

!x = tensor<?x8xf32>
!c = !xf.cache<8xf32>
xf.history @text max_length 16
xf.cache @kv of @text : !c
xf.function @f {
  %ids = xf.input "ids" ["B"] limit 16 : tensor<?x?xi64>
  %new = stage.space %ids max_length 16 continues @text : tensor<?x?xi64> -> !stage.space
  %all = stage.held @text of %new : !stage.space
  %c = xf.state @kv : !c
  // expected-error @+1 {{recalls @kv without what the function appends to it}}
  %k = stage.recall %c over %all : !c, !stage.space -> !x
}

// -----

!x = tensor<?x8xf32>
!c = !xf.cache<8xf32>
xf.history @text max_length 16
xf.history @other max_length 16
xf.cache @kv of @text : !c
xf.function @f {
  %ids = xf.input "ids" ["B"] limit 16 : tensor<?x?xi64>
  %new = stage.space %ids max_length 16 : tensor<?x?xi64> -> !stage.space
  %all = stage.held @other of %new : !stage.space
  %c = xf.state @kv : !c
  // expected-error @+1 {{recalls @kv over what is not held of @text}}
  %k = stage.recall %c over %all : !c, !stage.space -> !x
}

// -----

!x = tensor<?x8xf32>
!c = !xf.cache<8xf32>
xf.history @text max_length 16
xf.cache @kv of @text : !c
xf.parameter @t : !xf.packed<table, 16x8xf32> {
  %0 = xf.sinusoid : !xf.weight<16x8xf32>
  %1 = xf.pack %0 : !xf.weight<16x8xf32> -> !xf.packed<table, 16x8xf32>
  xf.yield %1 : !xf.packed<table, 16x8xf32>
}
xf.function @f {
  %ids = xf.input "ids" ["B"] limit 16 : tensor<?x?xi64>
  %new = stage.space %ids max_length 16 : tensor<?x?xi64> -> !stage.space
  %i = stage.ids %ids, %new : tensor<?x?xi64>, !stage.space -> tensor<?xi32>
  %t = xf.get @t : !xf.packed<table, 16x8xf32>
  %x = stage.launch -> !x {
    %0 = stage.gather(%t : !xf.packed<table, 16x8xf32>) at(%i : tensor<?xi32>) {
    ^bb0(%e: f32):
      xf.yield %e : f32
    } -> !x
    xf.yield %0 : !x
  }
  %c = xf.state @kv : !c
  %d = stage.launch -> !c {
    // expected-error @+1 {{appends rows of a space that neither begins nor continues @text}}
    %0 = stage.append %x to %c over %new : !x to !c, !stage.space
    xf.yield %0 : !c
  }
}

// -----

!x = tensor<?x8xf32>
!c = !xf.cache<8xf32>
xf.history @text max_length 16
xf.cache @kv of @text : !c
xf.parameter @t : !xf.packed<table, 16x8xf32> {
  %0 = xf.sinusoid : !xf.weight<16x8xf32>
  %1 = xf.pack %0 : !xf.weight<16x8xf32> -> !xf.packed<table, 16x8xf32>
  xf.yield %1 : !xf.packed<table, 16x8xf32>
}
xf.function @f {
  %ids = xf.input "ids" ["B"] limit 16 : tensor<?x?xi64>
  %new = stage.space %ids max_length 16 begins @text : tensor<?x?xi64> -> !stage.space
  %i = stage.ids %ids, %new : tensor<?x?xi64>, !stage.space -> tensor<?xi32>
  %t = xf.get @t : !xf.packed<table, 16x8xf32>
  %x = stage.launch -> !x {
    %0 = stage.gather(%t : !xf.packed<table, 16x8xf32>) at(%i : tensor<?xi32>) {
    ^bb0(%e: f32):
      xf.yield %e : f32
    } -> !x
    xf.yield %0 : !x
  }
  %c = xf.state @kv : !c
  %d:2 = stage.launch -> !c, !c {
    %0 = stage.append %x to %c over %new : !x to !c, !stage.space
    // expected-error @+1 {{appends to @kv a second time}}
    %1 = stage.append %x to %c over %new : !x to !c, !stage.space
    xf.yield %0, %1 : !c, !c
  }
}

// -----

!x = tensor<?x8xf32>
!c = !xf.cache<8xf32>
xf.history @text max_length 16
xf.cache @kv of @text : !c
xf.function @f {
  %ids = xf.input "ids" ["B"] limit 16 : tensor<?x?xi64>
  %new = stage.space %ids max_length 16 : tensor<?x?xi64> -> !stage.space
  %all = stage.held @text of %new : !stage.space
  %c = xf.state @kv : !c
  %k = stage.recall %c over %all : !c, !stage.space -> !x
  %y = stage.launch -> !x {
    // expected-error @+1 {{reads rows that are held, which only attentions do, as keys and values}}
    %0 = stage.map %k {
    ^bb0(%e: f32):
      xf.yield %e : f32
    } : !x -> !x
    xf.yield %0 : !x
  }
}

// -----

!x = tensor<?x8xf32>
!c = !xf.cache<8xf32>
xf.history @text max_length 16
xf.cache @kv of @text : !c
xf.function @f {
  %ids = xf.input "ids" ["B"] limit 16 : tensor<?x?xi64>
  %new = stage.space %ids max_length 16 : tensor<?x?xi64> -> !stage.space
  %all = stage.held @text of %new : !stage.space
  %c = xf.state @kv : !c
  %k = stage.recall %c over %all : !c, !stage.space -> !x
  // expected-error @+1 {{gives rows that are held, which only attentions read}}
  stage.output "y" %k over %all : !x, !stage.space
}

// -----

xf.history @text max_length 16
xf.parameter @t : !xf.packed<table, 16x8xf32> {
  %0 = xf.sinusoid : !xf.weight<16x8xf32>
  %1 = xf.pack %0 : !xf.weight<16x8xf32> -> !xf.packed<table, 16x8xf32>
  xf.yield %1 : !xf.packed<table, 16x8xf32>
}
xf.function @f {
  %ids = xf.input "ids" ["B"] limit 16 : tensor<?x?xi64>
  %new = stage.space %ids max_length 16 : tensor<?x?xi64> -> !stage.space
  %all = stage.held @text of %new : !stage.space
  %i = stage.ids %ids, %all : tensor<?x?xi64>, !stage.space -> tensor<?xi32>
  %t = xf.get @t : !xf.packed<table, 16x8xf32>
  %x = stage.launch -> tensor<?x8xf32> {
    // expected-error @+1 {{computes rows of what is held, which only appends do}}
    %0 = stage.gather(%t : !xf.packed<table, 16x8xf32>) at(%i : tensor<?xi32>) {
    ^bb0(%e: f32):
      xf.yield %e : f32
    } -> tensor<?x8xf32>
    xf.yield %0 : tensor<?x8xf32>
  }
}

// -----

xf.history @text max_length 16
xf.function @f {
  %ids = xf.input "ids" ["B"] limit 16 : tensor<?x?xi64>
  %more = xf.input "more" ["B", "S"] limit 16 : tensor<?x?xi64>
  %new = stage.space %ids max_length 16 begins @text : tensor<?x?xi64> -> !stage.space
  // expected-error @+1 {{is the second that begins or continues @text}}
  %newer = stage.space %more max_length 16 continues @text : tensor<?x?xi64> -> !stage.space
}
