// RUN: ptx-interpret %s --adapter=lora --split-input-file --verify-diagnostics
// Factors that are not those the module was compiled for, and a DoRA where none is expected.
xf.weight @W : !xf.weight<3x2xf32>
xf.adapter @lora {
  xf.delta @W linear rank 2 scale 2.0 bias {
    test.a = dense<1.0> : tensor<2x2xf64>,
    test.b = dense<1.0> : tensor<3x2xf64>,
    test.bias = dense<1.0> : tensor<3xf64>,
    test.scale = 3.0}
}
xf.function @f attributes {test.calls = [{}]} {
  // expected-error @+1 {{expects scale 2.000000e+00 for 'W', found 3.000000e+00}}
  %s = xf.slot @W : !xf.low_rank<3x2>
}

// -----

xf.weight @W : !xf.weight<3x2xf32>
xf.adapter @lora {
  xf.delta @W linear rank 2 scale 2.0 bias {
    test.a = dense<1.0> : tensor<2x2xf64>,
    test.b = dense<1.0> : tensor<3x2xf64>}
}
xf.function @f attributes {test.calls = [{}]} {
  // expected-error @+1 {{expects factors for 'W' with bias}}
  %s = xf.slot @W : !xf.low_rank<3x2>
}

// -----

xf.weight @W : !xf.weight<3x2xf32>
xf.adapter @lora {
  xf.delta @W linear rank 2 scale 2.0 {
    test.a = dense<1.0> : tensor<2x2xf64>,
    test.b = dense<1.0> : tensor<3x2xf64>,
    test.bias = dense<1.0> : tensor<3xf64>}
}
xf.function @f attributes {test.calls = [{}]} {
  // expected-error @+1 {{expects factors for 'W' without bias}}
  %s = xf.slot @W : !xf.low_rank<3x2>
}

// -----

xf.weight @W : !xf.weight<3x2xf32>
xf.adapter @lora {
  xf.delta @W linear rank 2 scale 2.0 bias {
    test.a = dense<1.0> : tensor<2x3xf64>,
    test.b = dense<1.0> : tensor<3x2xf64>,
    test.bias = dense<1.0> : tensor<3xf64>}
}
xf.function @f attributes {test.calls = [{}]} {
  // expected-error @+1 {{expects A for 'W' of shape [2, 2], found [2, 3]}}
  %s = xf.slot @W : !xf.low_rank<3x2>
}

// -----

xf.weight @W : !xf.weight<3x2xf32>
xf.adapter @lora {
  xf.delta @W linear rank 2 scale 2.0 bias {
    test.a = dense<1.0> : tensor<2x2xf64>,
    test.b = dense<1.0> : tensor<2x2xf64>,
    test.bias = dense<1.0> : tensor<3xf64>}
}
xf.function @f attributes {test.calls = [{}]} {
  // expected-error @+1 {{expects B for 'W' of shape [3, 2], found [2, 2]}}
  %s = xf.slot @W : !xf.low_rank<3x2>
}

// -----

xf.weight @W : !xf.weight<3x2xf32>
xf.adapter @lora {
  xf.delta @W linear rank 2 scale 2.0 bias {
    test.a = dense<1.0> : tensor<2x2xf64>,
    test.b = dense<1.0> : tensor<3x2xf64>,
    test.bias = dense<1.0> : tensor<2xf64>}
}
xf.function @f attributes {test.calls = [{}]} {
  // expected-error @+1 {{expects bias for 'W' of shape [3], found [2]}}
  %s = xf.slot @W : !xf.low_rank<3x2>
}

// -----

xf.weight @W : !xf.weight<3x2xf32>
xf.adapter @lora {
  xf.delta @W linear rank 2 scale 2.0 bias {
    test.a = dense<1.0> : tensor<2x2xf64>,
    test.b = dense<[[1.0, 1.0], [1.0, 0x7FF8000000000000], [1.0, 1.0]]> : tensor<3x2xf64>,
    test.bias = dense<1.0> : tensor<3xf64>}
}
xf.function @f attributes {test.calls = [{}]} {
  // expected-error @+1 {{reads a value that is not finite: B for 'W', element 3}}
  %s = xf.slot @W : !xf.low_rank<3x2>
}

// -----

xf.weight @W : !xf.weight<3x2xf32>
xf.adapter @lora {
  xf.delta @W linear rank 2 scale 2.0 bias {
    test.a = dense<1.0> : tensor<2x2xf64>}
}
xf.function @f attributes {test.calls = [{}]} {
  // expected-error @+1 {{cannot read adapter 'lora' for 'W': it has no test.b}}
  %s = xf.slot @W : !xf.low_rank<3x2>
}

// -----

!ids = tensor<?x?xi64>
!mask = tensor<?x?xi1>
!x = tensor<?x?x2xf32>
!w = !xf.weight<2x2xf32>
!slot = !xf.low_rank<2x2>
xf.weight @W : !w {test.value = dense<1.0> : tensor<2x2xf64>}
xf.adapter @lora {
  xf.delta @W linear rank 1 scale 2.0 dora {
    test.a = dense<1.0> : tensor<1x2xf64>, test.b = dense<1.0> : tensor<2x1xf64>, test.magnitude = dense<1.0> : tensor<2xf64>}
}
xf.function @f attributes {test.calls = [{ids = dense<0> : tensor<1x1xi64>}]} {
  %ids = xf.input "ids" ["B", "S"] limit 2 : !ids
  %m = xf.visible %ids max_length 1 : !ids -> !mask
  %w = xf.use @W : !w
  %x = xf.embedding %ids, %w where %m : !ids, !w, !mask -> !x
  %s = xf.slot @W : !slot
  // expected-error @+1 {{is not `scaled`, but the adapter bound scales}}
  %y = xf.lora_linear %x, %w with %s : !x, !w with !slot -> !x
}
