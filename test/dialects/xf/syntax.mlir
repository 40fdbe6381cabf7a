// Every op of the dialect is printed as it is read, and verifies.
// RUN: ptx-opt %s > %t.once && ptx-opt %t.once > %t.twice && cmp %t.once %t.twice && FileCheck %s < %t.once

//===- What a model is made of ------------------------------------------------===//

// CHECK: xf.weight @words : !xf.weight<30x8xf32>
xf.weight @words : !xf.weight<30x8xf32>
// CHECK: xf.weight @linear.weight : !xf.weight<8x8xf16>
xf.weight @"linear.weight" : !xf.weight<8x8xf16>
xf.weight @"linear.bias" : !xf.weight<8xf32>
xf.weight @"other.weight" : !xf.weight<8x4xf32>
// CHECK: xf.adapter @da {
xf.adapter @da {
  // CHECK-NEXT: xf.delta @linear.weight linear rank 4 scale 2.000000e+00 dora bias
  xf.delta @"linear.weight" linear rank 4 scale 2.0 dora bias
  // CHECK-NEXT: xf.delta @words embedding rank 2 scale 5.000000e-01
  xf.delta @words embedding rank 2 scale 0.5
  // CHECK-NEXT: xf.delta @other.weight linear rank 0 scale 1.000000e+00 scales_outputs scales_inputs
  xf.delta @"other.weight" linear rank 0 scale 1.0 scales_outputs scales_inputs
  // CHECK-NEXT: xf.replacement @linear.bias
  xf.replacement @"linear.bias"
}

//===- Expressions over weights ------------------------------------------------===//

// CHECK: xf.parameter @table : !xf.packed<table, 30x8xf32> {
xf.parameter @table : !xf.packed<table, 30x8xf32> {
  %0 = xf.use @words : !xf.weight<30x8xf32>
  // CHECK: xf.slot @words : <8x30>
  %1 = xf.slot @words : !xf.low_rank<8x30>
  // CHECK: xf.merge %{{.*}}, %{{.*}} embedding : <30x8xf32>, <8x30> -> <30x8xf32>
  %2 = xf.merge %0, %1 embedding : !xf.weight<30x8xf32>, !xf.low_rank<8x30> -> !xf.weight<30x8xf32>
  %3 = xf.pack %2 : !xf.weight<30x8xf32> -> !xf.packed<table, 30x8xf32>
  // CHECK: xf.yield %{{.*}} : !xf.packed<table, 30x8xf32>
  xf.yield %3 : !xf.packed<table, 30x8xf32>
}
xf.parameter @matrix : !xf.packed<matrix, 4x8xf32> {
  %0 = xf.use @"linear.weight" : !xf.weight<8x8xf16>
  // CHECK: xf.pack %{{.*}} in_out rows [2, 6] : <8x8xf16> -> <matrix, 4x8xf32>
  %1 = xf.pack %0 in_out rows [2, 6] : !xf.weight<8x8xf16> -> !xf.packed<matrix, 4x8xf32>
  xf.yield %1 : !xf.packed<matrix, 4x8xf32>
}
xf.parameter @a : !xf.packed<matrix, ?x8xf32> {
  %0 = xf.slot @"linear.weight" : !xf.low_rank<8x8>
  // CHECK: xf.factor_a %{{.*}} linear : <8x8> -> <matrix, ?x8xf32>
  %1 = xf.factor_a %0 linear : !xf.low_rank<8x8> -> !xf.packed<matrix, ?x8xf32>
  xf.yield %1 : !xf.packed<matrix, ?x8xf32>
}
xf.parameter @b : !xf.packed<matrix, 8x?xf32> {
  %0 = xf.slot @"linear.weight" : !xf.low_rank<8x8>
  // CHECK: xf.factor_b %{{.*}} : <8x8> -> <matrix, 8x?xf32>
  %1 = xf.factor_b %0 : !xf.low_rank<8x8> -> !xf.packed<matrix, 8x?xf32>
  xf.yield %1 : !xf.packed<matrix, 8x?xf32>
}
xf.parameter @bias : !xf.packed<vector, 8x1xf32> {
  %0 = xf.use @"linear.bias" : !xf.weight<8xf32>
  // CHECK: xf.replaced %{{.*}} by @linear.bias : <8xf32>
  %1 = xf.replaced %0 by @"linear.bias" : !xf.weight<8xf32>
  %2 = xf.slot @"linear.weight" : !xf.low_rank<8x8>
  // CHECK: xf.merge_bias %{{.*}}, %{{.*}} : <8xf32>, <8x8> -> <8xf32>
  %3 = xf.merge_bias %1, %2 : !xf.weight<8xf32>, !xf.low_rank<8x8> -> !xf.weight<8xf32>
  %4 = xf.pack %3 : !xf.weight<8xf32> -> !xf.packed<vector, 8x1xf32>
  xf.yield %4 : !xf.packed<vector, 8x1xf32>
}
xf.parameter @gain : !xf.packed<vector, 8x1xf32> {
  %0 = xf.use @"linear.weight" : !xf.weight<8x8xf16>
  %1 = xf.slot @"linear.weight" : !xf.low_rank<8x8>
  // CHECK: xf.output_gain %{{.*}}, %{{.*}} linear : <8x8xf16>, <8x8> -> <8xf32>
  %2 = xf.output_gain %0, %1 linear : !xf.weight<8x8xf16>, !xf.low_rank<8x8> -> !xf.weight<8xf32>
  %3 = xf.pack %2 : !xf.weight<8xf32> -> !xf.packed<vector, 8x1xf32>
  xf.yield %3 : !xf.packed<vector, 8x1xf32>
}

//===- Functions ----------------------------------------------------------------===//

// CHECK-LABEL: xf.function @encode
xf.function @encode {
  // CHECK: xf.input "input_ids" ["B", "S"] limit 30 : tensor<?x?xi64>
  %ids = xf.input "input_ids" ["B", "S"] limit 30 : tensor<?x?xi64>
  // CHECK: xf.input "position_ids" ["B", "S"] limit 16 default 1 counting "input_ids" : tensor<?x?xi64>
  %at = xf.input "position_ids" ["B", "S"] limit 16 default 1 counting "input_ids" : tensor<?x?xi64>
  // CHECK: xf.input "all" ["B", "S"] limit 16 counting "input_ids" : tensor<?x?xi64>
  %all = xf.input "all" ["B", "S"] limit 16 counting "input_ids" : tensor<?x?xi64>
  %given = xf.input "attention_mask" ["B", "S"] : tensor<?x?xi1>
  // CHECK: xf.visible %{{.*}} max_length 16 keep_first : tensor<?x?xi1> -> tensor<?x?xi1>
  %mask = xf.visible %given max_length 16 keep_first : tensor<?x?xi1> -> tensor<?x?xi1>
  // CHECK: xf.positions %{{.*}} : tensor<?x?xi1> -> tensor<?x?xi64>
  %numbers = xf.positions %mask : tensor<?x?xi1> -> tensor<?x?xi64>
  %words = xf.use @words : !xf.weight<30x8xf32>
  // CHECK: xf.embedding %{{.*}}, %{{.*}} where %{{.*}} : tensor<?x?xi64>, !xf.weight<30x8xf32>, tensor<?x?xi1> -> tensor<?x?x8xf32>
  %0 = xf.embedding %ids, %words where %mask : tensor<?x?xi64>, !xf.weight<30x8xf32>, tensor<?x?xi1> -> tensor<?x?x8xf32>
  %slot = xf.slot @words : !xf.low_rank<8x30>
  // CHECK: xf.lora_embedding %{{.*}}, %{{.*}} with %{{.*}} where %{{.*}} scaled :
  %1 = xf.lora_embedding %at, %words with %slot where %mask scaled : tensor<?x?xi64>, !xf.weight<30x8xf32>, !xf.low_rank<8x30>, tensor<?x?xi1> -> tensor<?x?x8xf32>
  // CHECK: xf.sinusoid : <16x8xf32>
  %table = xf.sinusoid : !xf.weight<16x8xf32>
  %2 = xf.embedding %numbers, %table where %mask : tensor<?x?xi64>, !xf.weight<16x8xf32>, tensor<?x?xi1> -> tensor<?x?x8xf32>
  %3 = arith.addf %0, %2 : tensor<?x?x8xf32>
  // CHECK: xf.layer_norm %{{.*}} eps 1.000000e+00 : tensor<?x?x8xf32>
  %4 = xf.layer_norm %3 eps 1.0 : tensor<?x?x8xf32>
  %w = xf.use @"linear.weight" : !xf.weight<8x8xf16>
  // CHECK: xf.zero_bias : <8xf32>
  %zero = xf.zero_bias : !xf.weight<8xf32>
  // CHECK: xf.linear %{{.*}}, %{{.*}} bias %{{.*}} in_out rows [0, 4] : tensor<?x?x8xf32>, !xf.weight<8x8xf16>, !xf.weight<8xf32> -> tensor<?x?x4xf32>
  %5 = xf.linear %4, %w bias %zero in_out rows [0, 4] : tensor<?x?x8xf32>, !xf.weight<8x8xf16>, !xf.weight<8xf32> -> tensor<?x?x4xf32>
  // CHECK: xf.linear %{{.*}}, %{{.*}} in bf16 : tensor<?x?x8xf32>, !xf.weight<8x8xf16> -> tensor<?x?x8xf32>
  %narrow = xf.linear %4, %w in bf16 : tensor<?x?x8xf32>, !xf.weight<8x8xf16> -> tensor<?x?x8xf32>
  // CHECK: xf.activation gelu_tanh %{{.*}} : tensor<?x?x4xf32>
  %6 = xf.activation gelu_tanh %5 : tensor<?x?x4xf32>
  // CHECK: xf.scale %{{.*}} by 5.000000e-01 : tensor<?x?x4xf32>
  %7 = xf.scale %6 by 0.5 : tensor<?x?x4xf32>
  // CHECK: xf.concat %{{.*}}, %{{.*}} : tensor<?x?x4xf32>, tensor<?x?x4xf32> -> tensor<?x?x8xf32>
  %8 = xf.concat %7, %6 : tensor<?x?x4xf32>, tensor<?x?x4xf32> -> tensor<?x?x8xf32>
  // CHECK: xf.attention %{{.*}}, %{{.*}}, %{{.*}} where %{{.*}}, %{{.*}} heads 2 scale 5.000000e-01 causal :
  %9 = xf.attention %8, %4, %4 where %mask, %mask heads 2 scale 0.5 causal : tensor<?x?x8xf32>, tensor<?x?x8xf32>, tensor<?x?x8xf32>, tensor<?x?xi1>, tensor<?x?xi1> -> tensor<?x?x8xf32>
  // CHECK: xf.first_token %{{.*}} where %{{.*}} : tensor<?x?x8xf32>, tensor<?x?xi1> -> tensor<?x8xf32>
  %10 = xf.first_token %9 where %mask : tensor<?x?x8xf32>, tensor<?x?xi1> -> tensor<?x8xf32>
  // CHECK: xf.pool last %{{.*}} where %{{.*}} : tensor<?x?x8xf32>, tensor<?x?xi1> -> tensor<?x8xf32>
  %11 = xf.pool last %9 where %mask : tensor<?x?x8xf32>, tensor<?x?xi1> -> tensor<?x8xf32>
  // CHECK: xf.columns %{{.*}} at 3 : tensor<?x8xf32> -> tensor<?x4xf32>
  %12 = xf.columns %11 at 3 : tensor<?x8xf32> -> tensor<?x4xf32>
  // CHECK: xf.l2_normalize %{{.*}} : tensor<?x4xf32>
  %13 = xf.l2_normalize %12 : tensor<?x4xf32>
  // CHECK: xf.output "first" %{{.*}} : tensor<?x8xf32>
  xf.output "first" %10 : tensor<?x8xf32>
  xf.output "pooled" %13 : tensor<?x4xf32>
  // CHECK: %[[N:.*]] = xf.greatest %{{.*}} : tensor<?x4xf32> -> tensor<?xi64>
  %number = xf.greatest %13 : tensor<?x4xf32> -> tensor<?xi64>
  // CHECK: xf.output "number" %[[N]] on_request : tensor<?xi64>
  xf.output "number" %number on_request : tensor<?xi64>
  // CHECK: xf.output "all" %{{.*}} where %{{.*}} : tensor<?x?x8xf32>, tensor<?x?xi1>
  xf.output "all" %9 where %mask : tensor<?x?x8xf32>, tensor<?x?xi1>
}

//===- Layers, with packed parameters ---------------------------------------------===//

func.func @layer(%x: tensor<?x?x8xf32>, %m: !xf.packed<matrix, 8x8xf32>, %a: !xf.packed<matrix, ?x8xf32>,
                         %b: !xf.packed<matrix, 8x?xf32>, %v: !xf.packed<vector, 8x1xf32>) -> tensor<?x?x8xf32> {
  // CHECK: xf.lora_linear %{{.*}}, %{{.*}} factors %{{.*}}, %{{.*}} bias %{{.*}} : tensor<?x?x8xf32>, !xf.packed<matrix, 8x8xf32> factors {{.*}} bias !xf.packed<vector, 8x1xf32> -> tensor<?x?x8xf32>
  %0 = xf.lora_linear %x, %m factors %a, %b bias %v : tensor<?x?x8xf32>, !xf.packed<matrix, 8x8xf32> factors !xf.packed<matrix, ?x8xf32>, !xf.packed<matrix, 8x?xf32> bias !xf.packed<vector, 8x1xf32> -> tensor<?x?x8xf32>
  // CHECK: xf.gain %{{.*}}, %{{.*}} : tensor<?x?x8xf32>, <vector, 8x1xf32>
  %1 = xf.gain %0, %v : tensor<?x?x8xf32>, !xf.packed<vector, 8x1xf32>
  return %1 : tensor<?x?x8xf32>
}
// CHECK-LABEL: xf.function @waves
xf.function @waves {
  %ids = xf.input "input_ids" ["B", "S"] limit 30 : tensor<?x?xi64>
  %mask = xf.visible %ids max_length 16 : tensor<?x?xi64> -> tensor<?x?xi1>
  // CHECK: xf.get @table : <table, 30x8xf32>
  %table = xf.get @table : !xf.packed<table, 30x8xf32>
  %x = xf.embedding %ids, %table where %mask : tensor<?x?xi64>, !xf.packed<table, 30x8xf32>, tensor<?x?xi1> -> tensor<?x?x8xf32>
  // CHECK: %[[W:.*]]:2 = xf.wave -> tensor<?x?x8xf32>, tensor<?x?x8xf32> {
  %w:2 = xf.wave -> tensor<?x?x8xf32>, tensor<?x?x8xf32> {
    %a = xf.l2_normalize %x : tensor<?x?x8xf32>
    %b = xf.scale %x by 2.0 : tensor<?x?x8xf32>
    // CHECK: xf.yield %{{.*}}, %{{.*}} : tensor<?x?x8xf32>, tensor<?x?x8xf32>
    xf.yield %a, %b : tensor<?x?x8xf32>, tensor<?x?x8xf32>
  }
  // CHECK: xf.output "y" %[[W]]#0 where
  xf.output "y" %w#0 where %mask : tensor<?x?x8xf32>, tensor<?x?xi1>
}
