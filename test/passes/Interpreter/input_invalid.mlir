// RUN: ptx-interpret %s --verify-diagnostics
// What a call may give wrong; each of the calls fails on its own.
!ids = tensor<?x?xi64>
!mask = tensor<?x?xi1>
// expected-error @+1 {{has no input 'idz', its inputs are 'ids', 'mask'}}
xf.function @f attributes {test.calls = [
    {},
    {ids = dense<0> : tensor<1x1xi64>, idz = dense<0> : tensor<1x1xi64>},
    {ids = dense<[[0, 8]]> : tensor<1x2xi64>},
    {ids = dense<[[-1, 0]]> : tensor<1x2xi64>},
    {ids = dense<0> : tensor<1x1xi64>, mask = dense<2> : tensor<1x1xi64>},
    {ids = dense<> : tensor<0x2xi64>},
    {ids = dense<> : tensor<2x0xi64>},
    {ids = dense<0> : tensor<1x2xi64>, mask = dense<1> : tensor<1x1xi64>},
    {ids = dense<0> : tensor<2xi64>},
    {ids = dense<0> : tensor<1x7xi64>}]} {
  // expected-error @+6 {{'xf.input' op 'ids' is missing}}
  // expected-error @+5 {{'ids' has the value 8 at index 1, expected 0 to 7}}
  // expected-error @+4 {{'ids' has the value -1 at index 0, expected 0 to 7}}
  // expected-error @+3 {{'ids' has B = 0, expected at least 1}}
  // expected-error @+2 {{'ids' has S = 0, expected at least 1}}
  // expected-error @+1 {{'ids' has 2 dimensions, found [2]}}
  %ids = xf.input "ids" ["B", "S"] limit 8 : !ids
  // expected-error @+2 {{'mask' has the value 2 at index 0, expected 0 or 1}}
  // expected-error @+1 {{'mask' has S = 1, but 'ids' has 2}}
  %given = xf.input "mask" ["B", "S"] : !mask
  // expected-error @+1 {{has 7 positions, the model takes at most 6}}
  %m = xf.visible %given max_length 6 : !mask -> !mask
}
