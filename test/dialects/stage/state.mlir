// RUN: ptx-opt %s -split-input-file -verify-diagnostics | ptx-opt -split-input-file | FileCheck %s

xf.history @text max_length 16
xf.cache @kv of @text : !xf.cache<8xbf16>
// CHECK-LABEL: xf.function @decode
xf.function @decode {
  %ids = xf.input "input_ids" ["B"] limit 30 : tensor<?x?xi64>
  // CHECK: stage.space %{{.*}} max_length 16 continues @text : tensor<?x?xi64> -> !stage.space
  %new = stage.space %ids max_length 16 continues @text : tensor<?x?xi64> -> !stage.space
  // CHECK: stage.held @text of %{{.*}} : !stage.space
  %all = stage.held @text of %new : !stage.space
  %cache = xf.state @kv : !xf.cache<8xbf16>
  %at = stage.positions %new : !stage.space -> tensor<?xi32>
  %table = xf.get @table : !xf.packed<table, 16x8xf32>
  %x = stage.gather(%table : !xf.packed<table, 16x8xf32>) at(%at : tensor<?xi32>) {
  ^bb0(%e: f32):
    xf.yield %e : f32
  } -> tensor<?x8xbf16>
  // CHECK: stage.append %{{.*}} to %{{.*}} over %{{.*}} : tensor<?x8xbf16> to <8xbf16>, !stage.space
  %now = stage.append %x to %cache over %new : tensor<?x8xbf16> to !xf.cache<8xbf16>, !stage.space
  // CHECK: stage.recall %{{.*}} over %{{.*}} : <8xbf16>, !stage.space -> tensor<?x8xbf16>
  %k = stage.recall %now over %all : !xf.cache<8xbf16>, !stage.space -> tensor<?x8xbf16>
  %y = stage.attention %x, %k, %k over %new, %all heads 2 scale 0.5 causal in bf16 : tensor<?x8xbf16>, tensor<?x8xbf16>, tensor<?x8xbf16>, !stage.space, !stage.space -> tensor<?x8xf32>
  stage.output "y" %y over %new : tensor<?x8xf32>, !stage.space
}
xf.parameter @table : !xf.packed<table, 16x8xf32> {
  %0 = xf.sinusoid : !xf.weight<16x8xf32>
  %1 = xf.pack %0 : !xf.weight<16x8xf32> -> !xf.packed<table, 16x8xf32>
  xf.yield %1 : !xf.packed<table, 16x8xf32>
}

// -----

xf.function @f {
  %ids = xf.input "ids" ["B"] limit 30 : tensor<?x?xi64>
  // expected-error @+1 {{C3: there is no history @text}}
  %new = stage.space %ids max_length 16 begins @text : tensor<?x?xi64> -> !stage.space
}

// -----

func.func private @layer(%s: !stage.space) {
  // expected-error @+1 {{C1: there is no history @text}}
  %all = stage.held @text of %s : !stage.space
  return
}

// -----

func.func private @layer(%x: tensor<?x6xf32>, %c: !xf.cache<8xf32>, %s: !stage.space) {
  // expected-error @+1 {{C1: 'tensor<?x6xf32>' has not the columns of '!xf.cache<8xf32>'}}
  %d = stage.append %x to %c over %s : tensor<?x6xf32> to !xf.cache<8xf32>, !stage.space
  return
}

// -----

// Rows of 16 bits go into a cache of the same.
func.func private @layer(%x: tensor<?x8xbf16>, %c: !xf.cache<8xf32>, %s: !stage.space) {
  // expected-error @+1 {{C4: multiplies 8 columns at a time in 'f32', found 'tensor<?x8xbf16>'}}
  %d = stage.append %x to %c over %s : tensor<?x8xbf16> to !xf.cache<8xf32>, !stage.space
  return
}

// -----

func.func private @layer(%c: !xf.cache<8xf32>, %s: !stage.space) {
  // expected-error @+1 {{C1: '!xf.cache<8xf32>' has no rows 'tensor<?x8xbf16>'}}
  %d = stage.recall %c over %s : !xf.cache<8xf32>, !stage.space -> tensor<?x8xbf16>
  return
}
