// RUN: ptx-interpret %s --verify-diagnostics
// A function that calls itself is refused, not run until the stack ends.
!ids = tensor<?x?xi64>
!mask = tensor<?x?xi1>
func.func private @layer(%x: !mask) -> !mask {
  // expected-error @+1 {{is nested deeper than 64 bodies: does it call itself?}}
  %y = func.call @layer(%x) : (!mask) -> !mask
  return %y : !mask
}
xf.function @f attributes {test.calls = [{ids = dense<0> : tensor<1x1xi64>}]} {
  %ids = xf.input "ids" ["B", "S"] limit 1 : !ids
  %m = xf.visible %ids max_length 1 : !ids -> !mask
  %y = func.call @layer(%m) : (!mask) -> !mask
}
