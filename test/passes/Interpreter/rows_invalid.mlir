// RUN: ptx-interpret %s --verify-diagnostics
!mask = tensor<?x?xi1>
xf.function @f attributes {test.calls = [{mask = dense<1> : tensor<1x7xi64>}]} {
  %given = xf.input "mask" ["B", "S"] : !mask
  // expected-error @+1 {{has 7 positions, the model takes at most 6}}
  %sp = stage.space %given max_length 6 : !mask -> !stage.space
}
