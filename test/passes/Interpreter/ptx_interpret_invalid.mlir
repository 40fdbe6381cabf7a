// What ptx-interpret itself refuses: attributes of other names, elsewhere or of other types, and a case that runs nothing.
// RUN: ptx-interpret %s --split-input-file --verify-diagnostics
// RUN: not ptx-interpret %s --split-input-file 2>&1 | FileCheck %s
// CHECK: {{.*}}error: 'xf.weight' op has no attribute 'test.values'

// expected-error @+1 {{'xf.weight' op has no attribute 'test.values'}}
xf.weight @W : !xf.weight<2x2xf32> {test.values = dense<0.0> : tensor<2x2xf64>}

// -----

// expected-error @+1 {{'xf.weight' op has no attribute 'value'}}
xf.weight @W : !xf.weight<2x2xf32> {value = dense<0.0> : tensor<2x2xf64>}

// -----

// expected-error @+1 {{'xf.weight' op has no attribute 'test.calls'}}
xf.weight @W : !xf.weight<2x2xf32> {test.calls = []}

// -----

// expected-error @+1 {{expects 'test.value' to be a dense tensor of 'f64', found dense<0.000000e+00> : tensor<2x2xf32>}}
xf.weight @W : !xf.weight<2x2xf32> {test.value = dense<0.0> : tensor<2x2xf32>}

// -----

xf.weight @W : !xf.weight<2x2xf32>
xf.adapter @lora {
  // expected-error @+1 {{'xf.delta' op has no attribute 'test.magnitudes'}}
  xf.delta @W linear rank 1 scale 1.0 {test.magnitudes = dense<0.0> : tensor<2xf64>}
}

// -----

xf.weight @W : !xf.weight<2x2xf32>
xf.adapter @lora {
  // expected-error @+1 {{expects 'test.scale' to be a number of f64, found 1 : i64}}
  xf.delta @W linear rank 1 scale 1.0 {test.scale = 1}
}

// -----

// expected-error @+1 {{expects 'test.calls' to be an array of calls, found {}}}
xf.function @f attributes {test.calls = {}} {
}

// -----

// expected-error @+1 {{expects a call to be a dictionary of inputs, found "ids"}}
xf.function @f attributes {test.calls = ["ids"]} {
}

// -----

// expected-error @+1 {{expects 'ids' to be a dense tensor of 'i64', found dense<0> : tensor<1x1xi32>}}
xf.function @f attributes {test.calls = [{ids = dense<0> : tensor<1x1xi32>}]} {
}

// -----

// expected-error @below {{has no calls to run}}
module {
  xf.function @f {
  }
}
