// RUN: ptx-interpret %s --split-input-file --verify-diagnostics
// Stored tensors that a module cannot use.
!e = !xf.weight<8x4xf32>
xf.weight @E : !e
xf.function @f attributes {test.calls = [{}]} {
  // expected-error @+1 {{cannot read 'E': it has no test.value}}
  %e = xf.use @E : !e
}

// -----

!e = !xf.weight<8x4xf32>
xf.weight @E : !e {test.value = dense<1.0> : tensor<4x8xf64>}
xf.function @f attributes {test.calls = [{}]} {
  // expected-error @+1 {{expects 'E' of shape [8, 4], found [4, 8]}}
  %e = xf.use @E : !e
}

// -----

!e = !xf.weight<2x3xf32>
xf.weight @E : !e {test.value = dense<[[1.0, 2.0, 3.0], [4.0, 5.0, 0x7FF8000000000000]]> : tensor<2x3xf64>}
xf.function @f attributes {test.calls = [{}]} {
  // expected-error @+1 {{reads a value that is not finite: 'E', element 5}}
  %e = xf.use @E : !e
}
