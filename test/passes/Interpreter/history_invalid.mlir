// RUN: ptx-interpret %s --split-input-file --verify-diagnostics
// A row takes no more than its history, and is read only where there is something.
!ids = tensor<?x?xi64>
!mask = tensor<?x?xi1>
!x = tensor<?x?x2xf32>
!e = !xf.weight<3x2xf32>
xf.weight @E : !e {test.value = dense<1.0> : tensor<3x2xf64>}
xf.history @text max_length 2
xf.function @decode attributes {test.calls = [{ids = dense<[0]> : tensor<1xi64>}, {ids = dense<[1]> : tensor<1xi64>},
                                              {ids = dense<[2]> : tensor<1xi64>}]} {
  %ids = xf.input "ids" ["B"] limit 3 : !ids
  // expected-error @+1 {{makes a row of 3 tokens, its history holds 2}}
  %new = xf.visible %ids max_length 2 continues @text : !ids -> !mask
  %e = xf.use @E : !e
  %x = xf.embedding %ids, %e where %new : !ids, !e, !mask -> !x
  xf.output "x" %x where %new : !x, !mask
}

// -----

!ids = tensor<?x?xi64>
!mask = tensor<?x?xi1>
!x = tensor<?x?x2xf32>
!e = !xf.weight<3x2xf32>
!c = !xf.cache<2xf32>
xf.weight @E : !e {test.value = dense<1.0> : tensor<3x2xf64>}
xf.history @text max_length 2
xf.cache @kv of @text : !c
// What this call adds is not in a cache that it does not append to.
xf.function @decode attributes {test.calls = [{ids = dense<[0]> : tensor<1xi64>}]} {
  %ids = xf.input "ids" ["B"] limit 3 : !ids
  %new = xf.visible %ids max_length 2 continues @text : !ids -> !mask
  %all = xf.held @text of %new : !mask
  %cache = xf.state @kv : !c
  // expected-error @+1 {{finds 0 vectors in the cache of 1 tokens}}
  %k = xf.recall %cache where %all : !c where !mask -> !x
  xf.output "x" %k where %all : !x, !mask
}

// -----

!ids = tensor<?x?xi64>
!mask = tensor<?x?xi1>
!x = tensor<?x?x2xf32>
!e = !xf.weight<3x2xf32>
!c = !xf.cache<2xf32>
xf.weight @E : !e {test.value = dense<1.0> : tensor<3x2xf64>}
xf.history @text max_length 2
xf.cache @kv of @text : !c
xf.function @decode attributes {test.calls = [{ids = dense<[0]> : tensor<1xi64>}]} {
  %ids = xf.input "ids" ["B"] limit 3 : !ids
  %new = xf.visible %ids max_length 2 : !ids -> !mask
  %e = xf.use @E : !e
  %x = xf.embedding %ids, %e where %new : !ids, !e, !mask -> !x
  %cache = xf.state @kv : !c
  // expected-error @+1 {{appends tokens of a mask that begins and continues nothing}}
  %now = xf.append %x to %cache where %new : !x to !c where !mask
  xf.output "x" %x where %new : !x, !mask
}

// -----

!ids = tensor<?x?xi64>
!mask = tensor<?x?xi1>
!x = tensor<?x?x2xf32>
!e = !xf.weight<3x2xf32>
xf.weight @E : !e {test.value = dense<1.0> : tensor<3x2xf64>}
xf.history @text max_length 2
xf.function @decode attributes {test.calls = [{ids = dense<[0]> : tensor<1xi64>, more = dense<[0]> : tensor<1xi64>}]} {
  %ids = xf.input "ids" ["B"] limit 3 : !ids
  %more = xf.input "more" ["B"] limit 3 : !ids
  %new = xf.visible %ids max_length 2 continues @text : !ids -> !mask
  // expected-error @+1 {{is the second that begins or continues @text}}
  %newer = xf.visible %more max_length 2 continues @text : !ids -> !mask
  %e = xf.use @E : !e
  %x = xf.embedding %ids, %e where %new : !ids, !e, !mask -> !x
  xf.output "x" %x where %new : !x, !mask
}
