// RUN: ptx-opt %s | ptx-opt | FileCheck %s

// A kernel prints its signature; whoever writes one by hand need not.
// CHECK: rt.kernel gather @gather_0 tables 2 extras [row, column] words(y: rows, y_pitch: pitch, width: count, table_0: table, table_0_pitch: pitch, index_0: index, table_1: table, table_1_pitch: pitch, index_1: index, extra_0: rows, extra_0_pitch: pitch, extra_1: weight)
rt.kernel gather @gather_0 tables 2 extras [row, column] {
^bb0(%a: f32, %b: f32, %c: f32, %d: f32):
  xf.yield %a : f32
}
// CHECK: rt.kernel attention @attention_0 head_dim 8 scale 5.000000e-01 causal extras [] words(q: rows, q_pitch: pitch, k: rows, {{.*}} keys: index) {
rt.kernel attention @attention_0 head_dim 8 scale 0.5 causal extras [] {
}
// CHECK: rt.kernel attention @attention_1 head_dim 8 scale 5.000000e-01 causal chunk 256 extras []
rt.kernel attention @attention_1 head_dim 8 scale 0.5 causal chunk 256 extras [] {
}
// CHECK: rt.kernel row_norm @norm_0 norm rms eps 1.000000e+00 extras [] words({{.*}}) {
rt.kernel row_norm @norm_0 norm rms eps 1.0 extras [] {
^bb0(%x: f32):
  xf.yield %x : f32
}
// CHECK: rt.kernel pool @pool_0 pooling mean_sqrt extras [] words({{.*}}) {
rt.kernel pool @pool_0 pooling mean_sqrt extras [] {
}
// CHECK: rt.kernel contract @narrow in bf16 extras [] words(x: rows, x_pitch: pitch, weight: weight bf16, {{.*}} b: weight bf16, rank: count) {
rt.kernel contract @narrow in bf16 extras [] words(x: rows, x_pitch: pitch, weight: weight bf16, depth: count, width: count, y: rows, y_pitch: pitch, u: rows, u_pitch: pitch, b: weight bf16, rank: count) {
^bb0(%x: f32):
  xf.yield %x : f32
}

// CHECK: rt.kernel contract @rows in bf16 rows {x = bf16, y = bf16} extras [] words(x: rows bf16, {{.*}} y: rows bf16, y_pitch: pitch, u: rows, {{.*}}) {
rt.kernel contract @rows in bf16 rows {x = bf16, y = bf16} extras [] {
^bb0(%x: f32):
  xf.yield %x : f32
}

// CHECK: rt.kernel gather @tables tables 2 rows {table_1 = f16, y = bf16} extras [] words(y: rows bf16, {{.*}} table_0: table, {{.*}} table_1: table f16, {{.*}}) {
rt.kernel gather @tables tables 2 rows {table_1 = f16, y = bf16} extras [] {
^bb0(%a: f32, %b: f32):
  xf.yield %a : f32
}

// CHECK: rt.kernel fold @fold_1 layout matrix rows {base = f16, y = bf16} extras [] words({{.*}} base: weight f16, base_pitch: pitch, y: weight bf16, {{.*}}) {
rt.kernel fold @fold_1 layout matrix rows {base = f16, y = bf16} extras [] {
^bb0(%w: f32, %d: f32):
  xf.yield %w : f32
}
// CHECK: rt.kernel fold_norm @norms layout table extras [column] words({{.*}} base: weight, base_pitch: pitch, y: weight, depth: count, width: count, extra_0: weight) {
rt.kernel fold_norm @norms layout table extras [column] {
^bb0(%n: f32, %m: f32):
  xf.yield %n : f32
}

// CHECK: rt.entry @entry_0 [@attention_0, @gather_0]
rt.entry @entry_0 [@attention_0, @gather_0]

// CHECK: rt.kernel fold @fold_0 layout matrix extras [] words(a: weight, a_pitch: pitch, b: weight, rank: count, base: weight, base_pitch: pitch, y: weight, y_pitch: pitch, depth: count, width: count, inputs: weight) {
rt.kernel fold @fold_0 layout matrix extras [] {
^bb0(%w: f32, %delta: f32):
  %0 = arith.addf %w, %delta : f32
  xf.yield %0 : f32
}
// CHECK: rt.deploy {
rt.deploy {
  rt.launch "fold" {
    // CHECK: rt.problem @fold_0 "w" over rows count 8 columns 4 guard @s flops 4 bytes 8 args (@w.a, pitch 2, @w.b, rank @s, @w.base, pitch 8, @w, pitch 8, 8, 4, @h)
    rt.problem @fold_0 "w" over rows count 8 columns 4 guard @s flops 4 bytes 8 args (@w.a, pitch 2, @w.b, rank @s, @w.base, pitch 8, @w, pitch 8, 8, 4, @h)
  }
}
// CHECK: rt.kernel greatest @greatest_0 extras [] words(x: rows, x_pitch: pitch, y: rows i32, y_pitch: pitch, width: count) {
rt.kernel greatest @greatest_0 extras [] words(x: rows, x_pitch: pitch, y: rows i32, y_pitch: pitch, width: count) {
}
// CHECK: rt.program @f slots 3
rt.program @f slots 3 {
  // CHECK: %[[ids:.*]] = rt.input "ids" ["B", "S"] limit 30
  %ids = rt.input "ids" ["B", "S"] limit 30
  // CHECK: %[[mask:.*]] = rt.input "mask" ["B", "S"] mask
  %mask = rt.input "mask" ["B", "S"] mask
  // CHECK: %[[positions:.*]] = rt.input "positions" ["B", "S"] default 1 counting "ids"
  %positions = rt.input "positions" ["B", "S"] default 1 counting "ids"
  // CHECK: %[[source:.*]] = rt.space "source" ["B", "S"] mask %[[mask]] inputs(%[[ids]], %[[mask]]) max_length 8 keep_first
  %source = rt.space "source" ["B", "S"] mask %mask inputs(%ids, %mask) max_length 8 keep_first
  // CHECK: %[[target:.*]] = rt.space "target" ["B", "T"] inputs(%[[positions]]) max_length 4
  %target = rt.space "target" ["B", "T"] inputs(%positions) max_length 4
  // CHECK: %[[a:.*]] = rt.buffer slot 0 in %[[source]] per row width 20
  %a = rt.buffer slot 0 in %source per row width 20
  // CHECK: %[[b:.*]] = rt.buffer slot 1 in %[[source]] per sequence width 16
  %b = rt.buffer slot 1 in %source per sequence width 16
  rt.launch "rows" {
    // CHECK: rt.problem @lookup "t" over rows of %[[source]] columns 1 guard @site flops 2 bytes 8 args (%[[a]], pitch 20, rank @site, @t, pitch 20, ids %[[ids]])
    rt.problem @lookup "t" over rows of %source columns 1 guard @site flops 2 bytes 8 args (%a, pitch 20, rank @site, @t, pitch 20, ids %ids)
  }
  rt.launch "l" {
    // CHECK: rt.problem @pool_0 "p" over sequences of %[[source]] columns 1 flops 8 bytes 16 args (%[[a]][4], pitch 20, %[[b]], pitch 16, 16, begin %[[source]], keys %[[source]], position %[[source]])
    rt.problem @pool_0 "p" over sequences of %source columns 1 flops 8 bytes 16 args (%a[4], pitch 20, %b, pitch 16, 16, begin %source, keys %source, position %source)
  }
  // CHECK: %[[n:.*]] = rt.buffer slot 2 in %[[source]] per sequence width 1 of i32
  %n = rt.buffer slot 2 in %source per sequence width 1 of i32
  rt.launch "n" {
    // CHECK: rt.problem @greatest_0 "n" over sequences of %[[source]] columns 1 flops 16 bytes 64 args (%[[b]], pitch 16, %[[n]], pitch 1, 16)
    rt.problem @greatest_0 "n" over sequences of %source columns 1 flops 16 bytes 64 args (%b, pitch 16, %n, pitch 1, 16)
  }
  // CHECK: rt.output "y" %[[b]] column 0 width 16
  rt.output "y" %b column 0 width 16
  // CHECK: rt.output "number" %[[n]] column 0 width 1 on_request
  rt.output "number" %n column 0 width 1 on_request
}
rt.kernel gather @lookup tables 1 extras [] {
^bb0(%x: f32):
  xf.yield %x : f32
}
