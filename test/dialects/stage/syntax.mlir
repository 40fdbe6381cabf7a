// Every op of the dialect is printed as it is read, and verifies.
// RUN: ptx-opt %s > %t.once && ptx-opt %t.once > %t.twice && cmp %t.once %t.twice && FileCheck %s < %t.once

// CHECK-LABEL: xf.function @rows
xf.function @rows {
  %ids = xf.input "input_ids" ["B","S"] limit 96 : tensor<?x?xi64>
  %mask = xf.input "attention_mask" ["B","S"] : tensor<?x?xi1>
  // CHECK: %[[SPACE:.*]] = stage.space %{{.*}} max_length 61 keep_first : tensor<?x?xi1> -> !stage.space
  %space = stage.space %mask max_length 61 keep_first : tensor<?x?xi1> -> !stage.space
  // CHECK: stage.space %{{.*}} max_length 8 : tensor<?x?xi64> -> !stage.space
  %whole = stage.space %ids max_length 8 : tensor<?x?xi64> -> !stage.space
  // CHECK: stage.ids %{{.*}}, %[[SPACE]] : tensor<?x?xi64>, !stage.space -> tensor<?xi32>
  %index = stage.ids %ids, %space : tensor<?x?xi64>, !stage.space -> tensor<?xi32>
  // CHECK: stage.positions %[[SPACE]] : !stage.space -> tensor<?xi32>
  %position = stage.positions %space : !stage.space -> tensor<?xi32>
  // CHECK: stage.first_rows %[[SPACE]] : !stage.space -> tensor<?xi32, #stage.per_sequence>
  %first = stage.first_rows %space : !stage.space -> tensor<?xi32, #stage.per_sequence>
}

xf.weight @w : !xf.weight<8x4xf32>
xf.parameter @w.base : !xf.packed<matrix, 8x4xf32> {
  %0 = xf.use @w : !xf.weight<8x4xf32>
  %1 = xf.pack %0 : !xf.weight<8x4xf32> -> !xf.packed<matrix, 8x4xf32>
  xf.yield %1 : !xf.packed<matrix, 8x4xf32>
}
xf.parameter @w.a : !xf.packed<table, 4x?xf32> {
  %0 = xf.slot @w : !xf.low_rank<8x4>
  %1 = xf.factor_a %0 embedding : !xf.low_rank<8x4> -> !xf.packed<table, 4x?xf32>
  xf.yield %1 : !xf.packed<table, 4x?xf32>
}
xf.parameter @w.b : !xf.packed<matrix, 8x?xf32> {
  %0 = xf.slot @w : !xf.low_rank<8x4>
  %1 = xf.factor_b %0 : !xf.low_rank<8x4> -> !xf.packed<matrix, 8x?xf32>
  xf.yield %1 : !xf.packed<matrix, 8x?xf32>
}
xf.parameter @w.bias : !xf.packed<vector, 8x1xf32> {
  %0 = xf.slot @w : !xf.low_rank<8x4>
  // CHECK: xf.factor_vector bias %{{.*}} : <8x4> -> <vector, 8x1xf32>
  %1 = xf.factor_vector bias %0 : !xf.low_rank<8x4> -> !xf.packed<vector, 8x1xf32>
  xf.yield %1 : !xf.packed<vector, 8x1xf32>
}
// CHECK-LABEL: xf.parameter @gain
xf.parameter @gain : !xf.packed<vector, 8x1xf32> {
  %base = xf.get @w.base : !xf.packed<matrix, 8x4xf32>
  %a = xf.get @w.a : !xf.packed<table, 4x?xf32>
  %b = xf.get @w.b : !xf.packed<matrix, 8x?xf32>
  %m = xf.get @w.bias : !xf.packed<vector, 8x1xf32>
  // CHECK: stage.fold_norm %{{.*}} plus %{{.*}}, %{{.*}} extras(%{{.*}} : !xf.packed<vector, 8x1xf32>) {
  // CHECK: } : <matrix, 8x4xf32> plus !xf.packed<table, 4x?xf32>, !xf.packed<matrix, 8x?xf32> -> <vector, 8x1xf32>
  %0 = stage.fold_norm %base plus %a, %b extras(%m : !xf.packed<vector, 8x1xf32>) {
  ^bb0(%norm: f32, %magnitude: f32):
    %1 = arith.divf %magnitude, %norm : f32
    xf.yield %1 : f32
  } : !xf.packed<matrix, 8x4xf32> plus !xf.packed<table, 4x?xf32>, !xf.packed<matrix, 8x?xf32> -> !xf.packed<vector, 8x1xf32>
  xf.yield %0 : !xf.packed<vector, 8x1xf32>
}
// CHECK-LABEL: xf.parameter @folded
xf.parameter @folded : !xf.packed<matrix, 8x4xbf16> {
  %gain = xf.get @gain : !xf.packed<vector, 8x1xf32>
  %base = xf.get @w.base : !xf.packed<matrix, 8x4xf32>
  %a = xf.get @w.a : !xf.packed<table, 4x?xf32>
  %b = xf.get @w.b : !xf.packed<matrix, 8x?xf32>
  // CHECK: stage.fold %{{.*}} plus %{{.*}}, %{{.*}} extras(%{{.*}} : !xf.packed<vector, 8x1xf32>) {
  // CHECK: } : <matrix, 8x4xf32> plus !xf.packed<table, 4x?xf32>, !xf.packed<matrix, 8x?xf32> -> <matrix, 8x4xbf16>
  %0 = stage.fold %base plus %a, %b extras(%gain : !xf.packed<vector, 8x1xf32>) {
  ^bb0(%w: f32, %delta: f32, %g: f32):
    %1 = arith.addf %w, %delta : f32
    %2 = arith.mulf %1, %g : f32
    xf.yield %2 : f32
  } : !xf.packed<matrix, 8x4xf32> plus !xf.packed<table, 4x?xf32>, !xf.packed<matrix, 8x?xf32> -> !xf.packed<matrix, 8x4xbf16>
  xf.yield %0 : !xf.packed<matrix, 8x4xbf16>
}
xf.parameter @h : !xf.packed<vector, 4x1xf32> {
  %0 = xf.slot @w : !xf.low_rank<8x4>
  %1 = xf.factor_vector input_scale %0 : !xf.low_rank<8x4> -> !xf.packed<vector, 4x1xf32>
  xf.yield %1 : !xf.packed<vector, 4x1xf32>
}
// CHECK-LABEL: xf.parameter @scaled
xf.parameter @scaled : !xf.packed<matrix, 8x4xf32> {
  %base = xf.get @w.base : !xf.packed<matrix, 8x4xf32>
  %h = xf.get @h : !xf.packed<vector, 4x1xf32>
  // CHECK: stage.fold %{{.*}} inputs %{{.*}} {
  // CHECK: } : <matrix, 8x4xf32> inputs !xf.packed<vector, 4x1xf32> -> <matrix, 8x4xf32>
  %0 = stage.fold %base inputs %h {
  ^bb0(%w: f32, %none: f32):
    xf.yield %w : f32
  } : !xf.packed<matrix, 8x4xf32> inputs !xf.packed<vector, 4x1xf32> -> !xf.packed<matrix, 8x4xf32>
  xf.yield %0 : !xf.packed<matrix, 8x4xf32>
}
// CHECK-LABEL: xf.parameter @biased
xf.parameter @biased : !xf.packed<vector, 8x1xf32> {
  %base = xf.get @w.bias : !xf.packed<vector, 8x1xf32>
  // CHECK: stage.fold %{{.*}} extras(%{{.*}} : !xf.packed<vector, 8x1xf32>) {
  // CHECK: } : <vector, 8x1xf32> -> <vector, 8x1xf32>
  %0 = stage.fold %base extras(%base : !xf.packed<vector, 8x1xf32>) {
  ^bb0(%bias: f32, %none: f32, %delta: f32):
    %1 = arith.addf %bias, %delta : f32
    xf.yield %1 : f32
  } : !xf.packed<vector, 8x1xf32> -> !xf.packed<vector, 8x1xf32>
  xf.yield %0 : !xf.packed<vector, 8x1xf32>
}

// CHECK-LABEL: func.func @skeletons
func.func @skeletons(%x: tensor<?x8xf32>, %u: tensor<?x2xf32>, %index: tensor<?xi32>, %space: !stage.space,
                     %w: !xf.packed<matrix, 8x8xf32>, %b: !xf.packed<matrix, 8x2xf32>, %v: !xf.packed<vector, 8x1xf32>,
                     %t: !xf.packed<table, 96x8xf32>) {
  // CHECK: stage.contract %{{.*}}, %{{.*}} plus %{{.*}}, %{{.*}} extras(%{{.*}}, %{{.*}} : !xf.packed<vector, 8x1xf32>, tensor<?x8xf32>) {
  // CHECK-NEXT: ^bb0(%{{.*}}: f32, %{{.*}}: f32, %{{.*}}: f32):
  %0 = stage.contract %x, %w plus %u, %b extras(%v, %x : !xf.packed<vector, 8x1xf32>, tensor<?x8xf32>) {
  ^bb0(%sum: f32, %bias: f32, %old: f32):
    %e = arith.addf %sum, %bias : f32
    xf.yield %e : f32
  } : tensor<?x8xf32>, !xf.packed<matrix, 8x8xf32> plus tensor<?x2xf32>, !xf.packed<matrix, 8x2xf32> -> tensor<?x8xf32>
  // CHECK: stage.attention {{.*}} over %{{.*}}, %{{.*}} heads 2 scale 5.000000e-01 causal : {{.*}} -> tensor<?x8xf32>
  %1 = stage.attention %0, %x, %x over %space, %space heads 2 scale 0.5 causal : tensor<?x8xf32>, tensor<?x8xf32>, tensor<?x8xf32>, !stage.space, !stage.space -> tensor<?x8xf32>
  // CHECK: stage.row_norm layer %{{.*}} eps 1.000000e-05 {
  %2 = stage.row_norm layer %1 eps 1.0e-5 {
  ^bb0(%e: f32):
    xf.yield %e : f32
  } : tensor<?x8xf32> -> tensor<?x8xf32>
  // CHECK: stage.gather(%{{.*}}, %{{.*}} : !xf.packed<table, 96x8xf32>, tensor<?x8xf32>) at(%{{.*}}, %{{.*}} : tensor<?xi32>, tensor<?xi32>) {
  %3 = stage.gather(%t, %2 : !xf.packed<table, 96x8xf32>, tensor<?x8xf32>) at(%index, %index : tensor<?xi32>, tensor<?xi32>) {
  ^bb0(%e: f32, %f: f32):
    xf.yield %f : f32
  } -> tensor<?x8xf32>
  // From rows per token to rows per sequence, which stay so.
  // CHECK: stage.pool weighted_mean %{{.*}} over %{{.*}} : tensor<?x8xf32>, !stage.space -> tensor<?x8xf32, #stage.per_sequence>
  %4 = stage.pool weighted_mean %3 over %space : tensor<?x8xf32>, !stage.space -> tensor<?x8xf32, #stage.per_sequence>
  // CHECK: stage.columns %{{.*}} at 3 : tensor<?x8xf32, #stage.per_sequence> -> tensor<?x4xf32, #stage.per_sequence>
  %5 = stage.columns %4 at 3 : tensor<?x8xf32, #stage.per_sequence> -> tensor<?x4xf32, #stage.per_sequence>
  // A concatenation is a map of each part: the two share a launch.
  // CHECK: stage.launch -> tensor<?x12xf32, #stage.per_sequence>, tensor<?x4xf32, #stage.per_sequence> {
  // CHECK-NEXT: stage.concat %{{.*}}, %{{.*}} : tensor<?x8xf32, #stage.per_sequence>, tensor<?x4xf32, #stage.per_sequence> -> tensor<?x12xf32, #stage.per_sequence>
  // CHECK-NEXT: stage.map %{{.*}} extras(%{{.*}} : tensor<?x4xf32, #stage.per_sequence>) {
  %6:2 = stage.launch -> tensor<?x12xf32, #stage.per_sequence>, tensor<?x4xf32, #stage.per_sequence> {
    %7 = stage.concat %4, %5 : tensor<?x8xf32, #stage.per_sequence>, tensor<?x4xf32, #stage.per_sequence> -> tensor<?x12xf32, #stage.per_sequence>
    %8 = stage.map %5 extras(%5 : tensor<?x4xf32, #stage.per_sequence>) {
    ^bb0(%e: f32, %f: f32):
      %m = arith.mulf %e, %f : f32
      xf.yield %m : f32
    } : tensor<?x4xf32, #stage.per_sequence> -> tensor<?x4xf32, #stage.per_sequence>
    xf.yield %7, %8 : tensor<?x12xf32, #stage.per_sequence>, tensor<?x4xf32, #stage.per_sequence>
  }
  // CHECK: stage.gather(%{{.*}} : tensor<?x8xf32>) at(%{{.*}} : tensor<?xi32, #stage.per_sequence>) {
  // CHECK: } -> tensor<?x8xf32, #stage.per_sequence>
  %first = stage.first_rows %space : !stage.space -> tensor<?xi32, #stage.per_sequence>
  %9 = stage.gather(%3 : tensor<?x8xf32>) at(%first : tensor<?xi32, #stage.per_sequence>) {
  ^bb0(%e: f32):
    xf.yield %e : f32
  } -> tensor<?x8xf32, #stage.per_sequence>
  // CHECK: stage.output "pooled" %{{.*}}#0 over %{{.*}} : tensor<?x12xf32, #stage.per_sequence>, !stage.space
  stage.output "pooled" %6#0 over %space : tensor<?x12xf32, #stage.per_sequence>, !stage.space
  // CHECK: %[[N:.*]] = stage.greatest %{{.*}} : tensor<?x8xf32, #stage.per_sequence> -> tensor<?xi32, #stage.per_sequence>
  %n = stage.greatest %4 : tensor<?x8xf32, #stage.per_sequence> -> tensor<?xi32, #stage.per_sequence>
  // CHECK: stage.output "number" %[[N]] over %{{.*}} on_request : tensor<?xi32, #stage.per_sequence>, !stage.space
  stage.output "number" %n over %space on_request : tensor<?xi32, #stage.per_sequence>, !stage.space
  // CHECK: stage.output "tokens" %{{.*}} over %{{.*}} : tensor<?x8xf32>, !stage.space
  stage.output "tokens" %3 over %space : tensor<?x8xf32>, !stage.space
  return
}
