// RUN: ptx-opt %s | ptx-opt | FileCheck %s

// A kernel prints its signature; whoever writes one by hand need not.
// CHECK: rt.kernel gather @gather_0 tables 2 extras [row, column] words(y: rows, y_pitch: pitch, width: count, table_0: table, table_0_pitch: pitch, index_0: index, table_1: table, table_1_pitch: pitch, index_1: index, extra_0: rows, extra_0_pitch: pitch, extra_1: weight)
rt.kernel gather @gather_0 tables 2 extras [row, column] {
^bb0(%a: f32, %b: f32, %c: f32, %d: f32):
  stage.yield %a : f32
}
// CHECK: rt.kernel attention @attention_0 head_dim 8 scale 5.000000e-01 causal extras [] words(q: rows, q_pitch: pitch, k: rows, {{.*}} keys: index) {
rt.kernel attention @attention_0 head_dim 8 scale 0.5 causal extras [] {
}
// CHECK: rt.kernel row_norm @norm_0 norm rms eps 1.000000e+00 extras [] words({{.*}}) {
rt.kernel row_norm @norm_0 norm rms eps 1.0 extras [] {
^bb0(%x: f32):
  stage.yield %x : f32
}
// CHECK: rt.kernel pool @pool_0 pooling mean_sqrt extras [] words({{.*}}) {
rt.kernel pool @pool_0 pooling mean_sqrt extras [] {
}
// CHECK: rt.entry @entry_0 [@attention_0, @gather_0]
rt.entry @entry_0 [@attention_0, @gather_0]

// CHECK: rt.program @f slots 2
rt.program @f slots 2 {
  // CHECK: rt.input "ids" ["B", "S"] space 0 limit 30
  rt.input "ids" ["B", "S"] space 0 limit 30
  // CHECK: rt.input "mask" ["B", "S"] space 0 mask
  rt.input "mask" ["B", "S"] space 0 mask
  // CHECK: rt.input "positions" ["B", "S"] space 0 default 1 counting 0
  rt.input "positions" ["B", "S"] space 0 default 1 counting 0
  // CHECK: rt.space "source" ["B", "S"] mask 1 max_length 8 keep_first
  rt.space "source" ["B", "S"] mask 1 max_length 8 keep_first
  // CHECK: rt.buffer slot 0 space 0 per row width 20
  rt.buffer slot 0 space 0 per row width 20
  // CHECK: rt.buffer slot 1 space 0 per row width 16
  rt.buffer slot 1 space 0 per row width 16
  rt.launch "rows" {
    rt.problem @lookup "t" over rows 0 columns 1 flops 2 bytes 8 args [#rt.buffer<0, 0>, #rt.pitch<20>, #rt.int<20>, #rt.parameter<@t>, #rt.pitch<20>, #rt.ids<0>] reads [] writes [#rt.window<0, 0, 20>]
  }
  rt.launch "l" {
    // CHECK: rt.problem @map_0 "p" over rows 0 columns 1 flops 8 bytes 16 args [#rt.buffer<0, 4>, #rt.pitch<20>, #rt.buffer<1, 0>, #rt.pitch<16>, #rt.int<16>] reads [#rt.window<0, 4, 16>] writes [#rt.window<1, 0, 16>]
    rt.problem @map_0 "p" over rows 0 columns 1 flops 8 bytes 16 args [#rt.buffer<0, 4>, #rt.pitch<20>, #rt.buffer<1, 0>, #rt.pitch<16>, #rt.int<16>] reads [#rt.window<0, 4, 16>] writes [#rt.window<1, 0, 16>]
  }
  // CHECK: rt.output "y" buffer 1 column 0 width 16 space 0 per row
  rt.output "y" buffer 1 column 0 width 16 space 0 per row
}
rt.kernel gather @lookup tables 1 extras [] {
^bb0(%x: f32):
  stage.yield %x : f32
}
rt.kernel map @map_0 extras [] {
^bb0(%x: f32):
  stage.yield %x : f32
}
