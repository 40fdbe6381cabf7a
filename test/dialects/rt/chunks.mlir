// RUN: ptx-opt %s -split-input-file -verify-diagnostics | ptx-opt -split-input-file | FileCheck %s

// Keys that come by chunks: each is a problem, its join another.
rt.kernel attention @attention_0 head_dim 4 scale 0.5 causal chunk 64 extras [] {}
rt.kernel attention_chunk @chunk_0 head_dim 4 scale 0.5 causal chunk 64 extras [] {}
rt.kernel attention_join @join_0 head_dim 4 chunk 64 extras [] {}
rt.kernel append @append_0 extras [] {}
rt.kernel gather @gather_0 tables 1 extras [] {
^bb0(%x: f32):
  xf.yield %x : f32
}
xf.history @text max_length 1000
xf.cache @kv of @text : !xf.cache<16xf32>
xf.parameter @t : !xf.packed<table, 16x16xf32> {
  %0 = xf.sinusoid : !xf.weight<16x16xf32>
  %1 = xf.pack %0 : !xf.weight<16x16xf32> -> !xf.packed<table, 16x16xf32>
  xf.yield %1 : !xf.packed<table, 16x16xf32>
}
rt.program @f slots 3 {
    %ids = rt.input "ids" ["B"] limit 16
    %new = rt.space "source" ["B"] inputs(%ids) max_length 1000 continues @text
    // CHECK: %[[HELD:.*]] = rt.held @text of %[[NEW:.*]] chunk 64
    %held = rt.held @text of %new chunk 64
    %c = rt.buffer cache @kv in %held per row width 16
    %x = rt.buffer slot 0 in %new per row width 16
    %y = rt.buffer slot 1 in %new per row width 8
    // CHECK: %[[S:.*]] = rt.buffer slot 2 in %[[HELD]] per chunk width 64
    %s = rt.buffer slot 2 in %held per chunk width 64
    rt.launch "look up" {
    rt.problem @gather_0 "g" over rows of %new columns 1 flops 1 bytes 1 args (%x, pitch 16, 16, @t, pitch 16, ids %ids)
    }
    rt.launch "append" {
    rt.problem @append_0 "a" over rows of %new columns 1 flops 1 bytes 1 args (%x, pitch 16, %c, pitch 16, 16, cells %new)
    }
    rt.launch "chunks" {
    // CHECK: rt.problem @chunk_0 "c" over chunks of %[[HELD]] columns 2 flops 1 bytes 1 per_key keys %[[HELD]] when several args ({{.*}}, %[[S]], pitch 64, 64, chunks %[[HELD]], begin %[[HELD]], keys %[[HELD]])
    rt.problem @chunk_0 "c" over chunks of %held columns 2 flops 1 bytes 1 per_key keys %held when several args (%x, pitch 16, %c, pitch 16, %c[8], pitch 16, %s, pitch 64, 64, chunks %held, begin %held, keys %held)
    }
    rt.launch "join" {
    // CHECK: rt.problem @join_0 "j" over sequences of %[[NEW]] columns 2 flops 1 bytes 1 keys %[[HELD]] when several args (%[[S]], pitch 64, %{{.*}}, pitch 8, 64, chunk_begin %[[HELD]])
    rt.problem @join_0 "j" over sequences of %new columns 2 flops 1 bytes 1 keys %held when several args (%s, pitch 64, %y, pitch 8, 64, chunk_begin %held)
    }
    rt.output "y" %y column 0 width 8
}

// -----

// a chunk of keys is not negative
rt.kernel attention @attention_0 head_dim 4 scale 0.5 causal chunk 64 extras [] {}
rt.kernel attention_chunk @chunk_0 head_dim 4 scale 0.5 causal chunk 64 extras [] {}
rt.kernel attention_join @join_0 head_dim 4 chunk 64 extras [] {}
rt.kernel append @append_0 extras [] {}
rt.kernel gather @gather_0 tables 1 extras [] {
^bb0(%x: f32):
  xf.yield %x : f32
}
xf.history @text max_length 1000
xf.cache @kv of @text : !xf.cache<16xf32>
xf.parameter @t : !xf.packed<table, 16x16xf32> {
  %0 = xf.sinusoid : !xf.weight<16x16xf32>
  %1 = xf.pack %0 : !xf.weight<16x16xf32> -> !xf.packed<table, 16x16xf32>
  xf.yield %1 : !xf.packed<table, 16x16xf32>
}
rt.program @f slots 3 {
    %ids = rt.input "ids" ["B"] limit 16
    %new = rt.space "source" ["B"] inputs(%ids) max_length 1000 continues @text
    // expected-error @+1 {{C2: comes by chunks of -64 keys}}
    %held = rt.held @text of %new chunk -64
    %c = rt.buffer cache @kv in %held per row width 16
    %x = rt.buffer slot 0 in %new per row width 16
    %y = rt.buffer slot 1 in %new per row width 8
    %s = rt.buffer slot 2 in %held per chunk width 64
    rt.launch "look up" {
    rt.problem @gather_0 "g" over rows of %new columns 1 flops 1 bytes 1 args (%x, pitch 16, 16, @t, pitch 16, ids %ids)
    }
    rt.launch "append" {
    rt.problem @append_0 "a" over rows of %new columns 1 flops 1 bytes 1 args (%x, pitch 16, %c, pitch 16, 16, cells %new)
    }
    rt.launch "chunks" {
    rt.problem @chunk_0 "c" over chunks of %held columns 2 flops 1 bytes 1 per_key keys %held when several args (%x, pitch 16, %c, pitch 16, %c[8], pitch 16, %s, pitch 64, 64, chunks %held, begin %held, keys %held)
    }
    rt.launch "join" {
    rt.problem @join_0 "j" over sequences of %new columns 2 flops 1 bytes 1 keys %held when several args (%s, pitch 64, %y, pitch 8, 64, chunk_begin %held)
    }
    rt.output "y" %y column 0 width 8
}

// -----

rt.kernel attention @attention_0 head_dim 4 scale 0.5 causal chunk 64 extras [] {}
rt.kernel attention_chunk @chunk_0 head_dim 4 scale 0.5 causal chunk 64 extras [] {}
rt.kernel attention_join @join_0 head_dim 4 chunk 64 extras [] {}
rt.kernel append @append_0 extras [] {}
rt.kernel gather @gather_0 tables 1 extras [] {
^bb0(%x: f32):
  xf.yield %x : f32
}
xf.history @text max_length 1000
xf.cache @kv of @text : !xf.cache<16xf32>
xf.parameter @t : !xf.packed<table, 16x16xf32> {
  %0 = xf.sinusoid : !xf.weight<16x16xf32>
  %1 = xf.pack %0 : !xf.weight<16x16xf32> -> !xf.packed<table, 16x16xf32>
  xf.yield %1 : !xf.packed<table, 16x16xf32>
}
rt.program @f slots 3 {
    %ids = rt.input "ids" ["B"] limit 16
    %new = rt.space "source" ["B"] inputs(%ids) max_length 1000 continues @text
    %held = rt.held @text of %new
    %c = rt.buffer cache @kv in %held per row width 16
    %x = rt.buffer slot 0 in %new per row width 16
    %y = rt.buffer slot 1 in %new per row width 8
    // expected-error @+1 {{C1: has a row per chunk of what does not come by chunks}}
    %s = rt.buffer slot 2 in %held per chunk width 64
    rt.launch "look up" {
    rt.problem @gather_0 "g" over rows of %new columns 1 flops 1 bytes 1 args (%x, pitch 16, 16, @t, pitch 16, ids %ids)
    }
    rt.launch "append" {
    rt.problem @append_0 "a" over rows of %new columns 1 flops 1 bytes 1 args (%x, pitch 16, %c, pitch 16, 16, cells %new)
    }
    rt.launch "chunks" {
    rt.problem @chunk_0 "c" over chunks of %held columns 2 flops 1 bytes 1 per_key keys %held when several args (%x, pitch 16, %c, pitch 16, %c[8], pitch 16, %s, pitch 64, 64, chunks %held, begin %held, keys %held)
    }
    rt.launch "join" {
    rt.problem @join_0 "j" over sequences of %new columns 2 flops 1 bytes 1 keys %held when several args (%s, pitch 64, %y, pitch 8, 64, chunk_begin %held)
    }
    rt.output "y" %y column 0 width 8
}

// -----

rt.kernel attention @attention_0 head_dim 4 scale 0.5 causal chunk 64 extras [] {}
rt.kernel attention_chunk @chunk_0 head_dim 4 scale 0.5 causal chunk 64 extras [] {}
rt.kernel attention_join @join_0 head_dim 4 chunk 64 extras [] {}
rt.kernel append @append_0 extras [] {}
rt.kernel gather @gather_0 tables 1 extras [] {
^bb0(%x: f32):
  xf.yield %x : f32
}
xf.history @text max_length 1000
xf.cache @kv of @text : !xf.cache<16xf32>
xf.parameter @t : !xf.packed<table, 16x16xf32> {
  %0 = xf.sinusoid : !xf.weight<16x16xf32>
  %1 = xf.pack %0 : !xf.weight<16x16xf32> -> !xf.packed<table, 16x16xf32>
  xf.yield %1 : !xf.packed<table, 16x16xf32>
}
rt.program @f slots 3 {
    %ids = rt.input "ids" ["B"] limit 16
    %new = rt.space "source" ["B"] inputs(%ids) max_length 1000 continues @text
    %held = rt.held @text of %new chunk 64
    %c = rt.buffer cache @kv in %held per row width 16
    %x = rt.buffer slot 0 in %new per row width 16
    %y = rt.buffer slot 1 in %new per row width 8
    %s = rt.buffer slot 2 in %held per chunk width 64
    rt.launch "look up" {
    rt.problem @gather_0 "g" over rows of %new columns 1 flops 1 bytes 1 args (%x, pitch 16, 16, @t, pitch 16, ids %ids)
    }
    rt.launch "append" {
    rt.problem @append_0 "a" over rows of %new columns 1 flops 1 bytes 1 args (%x, pitch 16, %c, pitch 16, 16, cells %new)
    }
    rt.launch "chunks" {
    // expected-error @+1 {{C3: speaks of chunks of what does not come by chunks}}
    rt.problem @attention_0 "t" over blocks of %new columns 2 flops 1 bytes 1 per_key keys %new when one args (%x, pitch 16, %c, pitch 16, %c[8], pitch 16, %y, pitch 8, blocks %new, begin %held, keys %held)
    }
    rt.launch "join" {
    rt.problem @join_0 "j" over sequences of %new columns 2 flops 1 bytes 1 keys %held when several args (%s, pitch 64, %y, pitch 8, 64, chunk_begin %held)
    }
    rt.output "y" %y column 0 width 8
}

// -----

rt.kernel attention @attention_0 head_dim 4 scale 0.5 causal chunk 64 extras [] {}
rt.kernel attention_chunk @chunk_0 head_dim 4 scale 0.5 causal chunk 64 extras [] {}
rt.kernel attention_join @join_0 head_dim 4 chunk 64 extras [] {}
rt.kernel append @append_0 extras [] {}
rt.kernel gather @gather_0 tables 1 extras [] {
^bb0(%x: f32):
  xf.yield %x : f32
}
xf.history @text max_length 1000
xf.cache @kv of @text : !xf.cache<16xf32>
xf.parameter @t : !xf.packed<table, 16x16xf32> {
  %0 = xf.sinusoid : !xf.weight<16x16xf32>
  %1 = xf.pack %0 : !xf.weight<16x16xf32> -> !xf.packed<table, 16x16xf32>
  xf.yield %1 : !xf.packed<table, 16x16xf32>
}
rt.program @f slots 3 {
    %ids = rt.input "ids" ["B"] limit 16
    %new = rt.space "source" ["B"] inputs(%ids) max_length 1000 continues @text
    %held = rt.held @text of %new chunk 64
    %c = rt.buffer cache @kv in %held per row width 16
    %x = rt.buffer slot 0 in %new per row width 16
    %y = rt.buffer slot 1 in %new per row width 8
    %s = rt.buffer slot 2 in %held per chunk width 64
    rt.launch "look up" {
    rt.problem @gather_0 "g" over rows of %new columns 1 flops 1 bytes 1 args (%x, pitch 16, 16, @t, pitch 16, ids %ids)
    }
    rt.launch "append" {
    rt.problem @append_0 "a" over rows of %new columns 1 flops 1 bytes 1 args (%x, pitch 16, %c, pitch 16, 16, cells %new)
    }
    rt.launch "chunks" {
    // expected-error @+1 {{C3: speaks of chunks of what does not come by chunks}}
    rt.problem @chunk_0 "c" over chunks of %new columns 2 flops 1 bytes 1 per_key keys %held when several args (%x, pitch 16, %c, pitch 16, %c[8], pitch 16, %s, pitch 64, 64, chunks %held, begin %held, keys %held)
    }
    rt.launch "join" {
    rt.problem @join_0 "j" over sequences of %new columns 2 flops 1 bytes 1 keys %held when several args (%s, pitch 64, %y, pitch 8, 64, chunk_begin %held)
    }
    rt.output "y" %y column 0 width 8
}

// -----

rt.kernel attention @attention_0 head_dim 4 scale 0.5 causal chunk 64 extras [] {}
rt.kernel attention_chunk @chunk_0 head_dim 4 scale 0.5 causal chunk 64 extras [] {}
rt.kernel attention_join @join_0 head_dim 4 chunk 64 extras [] {}
rt.kernel append @append_0 extras [] {}
rt.kernel gather @gather_0 tables 1 extras [] {
^bb0(%x: f32):
  xf.yield %x : f32
}
xf.history @text max_length 1000
xf.cache @kv of @text : !xf.cache<16xf32>
xf.parameter @t : !xf.packed<table, 16x16xf32> {
  %0 = xf.sinusoid : !xf.weight<16x16xf32>
  %1 = xf.pack %0 : !xf.weight<16x16xf32> -> !xf.packed<table, 16x16xf32>
  xf.yield %1 : !xf.packed<table, 16x16xf32>
}
rt.program @f slots 3 {
    %ids = rt.input "ids" ["B"] limit 16
    %new = rt.space "source" ["B"] inputs(%ids) max_length 1000 continues @text
    %held = rt.held @text of %new chunk 64
    %c = rt.buffer cache @kv in %held per row width 16
    %x = rt.buffer slot 0 in %new per row width 16
    %y = rt.buffer slot 1 in %new per row width 8
    %s = rt.buffer slot 2 in %held per chunk width 64
    rt.launch "look up" {
    rt.problem @gather_0 "g" over rows of %new columns 1 flops 1 bytes 1 args (%x, pitch 16, 16, @t, pitch 16, ids %ids)
    }
    rt.launch "append" {
    rt.problem @append_0 "a" over rows of %new columns 1 flops 1 bytes 1 args (%x, pitch 16, %c, pitch 16, 16, cells %new)
    }
    rt.launch "chunks" {
    // expected-error @+1 {{C5: computes attention_chunk over rows}}
    rt.problem @chunk_0 "c" over rows of %new columns 2 flops 1 bytes 1 per_key keys %held when several args (%x, pitch 16, %c, pitch 16, %c[8], pitch 16, %s, pitch 64, 64, chunks %held, begin %held, keys %held)
    }
    rt.launch "join" {
    rt.problem @join_0 "j" over sequences of %new columns 2 flops 1 bytes 1 keys %held when several args (%s, pitch 64, %y, pitch 8, 64, chunk_begin %held)
    }
    rt.output "y" %y column 0 width 8
}

// -----

rt.kernel attention @attention_0 head_dim 4 scale 0.5 causal chunk 64 extras [] {}
rt.kernel attention_chunk @chunk_0 head_dim 4 scale 0.5 causal chunk 64 extras [] {}
rt.kernel attention_join @join_0 head_dim 4 chunk 64 extras [] {}
rt.kernel append @append_0 extras [] {}
rt.kernel gather @gather_0 tables 1 extras [] {
^bb0(%x: f32):
  xf.yield %x : f32
}
xf.history @text max_length 1000
xf.cache @kv of @text : !xf.cache<16xf32>
xf.parameter @t : !xf.packed<table, 16x16xf32> {
  %0 = xf.sinusoid : !xf.weight<16x16xf32>
  %1 = xf.pack %0 : !xf.weight<16x16xf32> -> !xf.packed<table, 16x16xf32>
  xf.yield %1 : !xf.packed<table, 16x16xf32>
}
rt.program @f slots 3 {
    %ids = rt.input "ids" ["B"] limit 16
    %new = rt.space "source" ["B"] inputs(%ids) max_length 1000 continues @text
    %held = rt.held @text of %new chunk 64
    %c = rt.buffer cache @kv in %held per row width 16
    %x = rt.buffer slot 0 in %new per row width 16
    %y = rt.buffer slot 1 in %new per row width 8
    %s = rt.buffer slot 2 in %held per chunk width 64
    rt.launch "look up" {
    rt.problem @gather_0 "g" over rows of %new columns 1 flops 1 bytes 1 args (%x, pitch 16, 16, @t, pitch 16, ids %ids)
    }
    rt.launch "append" {
    rt.problem @append_0 "a" over rows of %new columns 1 flops 1 bytes 1 args (%x, pitch 16, %c, pitch 16, 16, cells %new)
    }
    rt.launch "chunks" {
    rt.problem @chunk_0 "c" over chunks of %held columns 2 flops 1 bytes 1 per_key keys %held when several args (%x, pitch 16, %c, pitch 16, %c[8], pitch 16, %s, pitch 64, 64, chunks %held, begin %held, keys %held)
    }
    rt.launch "join" {
    // expected-error @+1 {{C5: computes attention_join over rows}}
    rt.problem @join_0 "j" over rows of %new columns 2 flops 1 bytes 1 keys %held when several args (%s, pitch 64, %y, pitch 8, 64, chunk_begin %held)
    }
    rt.output "y" %y column 0 width 8
}

// -----

// A kernel whose chunks are others.
rt.kernel attention @attention_0 head_dim 4 scale 0.5 causal chunk 64 extras [] {}
rt.kernel attention_chunk @chunk_0 head_dim 4 scale 0.5 causal chunk 64 extras [] {}
rt.kernel attention_join @join_0 head_dim 4 chunk 64 extras [] {}
rt.kernel attention_chunk @chunk_1 head_dim 4 scale 0.5 causal chunk 128 extras [] {}
rt.kernel append @append_0 extras [] {}
rt.kernel gather @gather_0 tables 1 extras [] {
^bb0(%x: f32):
  xf.yield %x : f32
}
xf.history @text max_length 1000
xf.cache @kv of @text : !xf.cache<16xf32>
xf.parameter @t : !xf.packed<table, 16x16xf32> {
  %0 = xf.sinusoid : !xf.weight<16x16xf32>
  %1 = xf.pack %0 : !xf.weight<16x16xf32> -> !xf.packed<table, 16x16xf32>
  xf.yield %1 : !xf.packed<table, 16x16xf32>
}
rt.program @f slots 3 {
    %ids = rt.input "ids" ["B"] limit 16
    %new = rt.space "source" ["B"] inputs(%ids) max_length 1000 continues @text
    %held = rt.held @text of %new chunk 64
    %c = rt.buffer cache @kv in %held per row width 16
    %x = rt.buffer slot 0 in %new per row width 16
    %y = rt.buffer slot 1 in %new per row width 8
    %s = rt.buffer slot 2 in %held per chunk width 64
    rt.launch "look up" {
    rt.problem @gather_0 "g" over rows of %new columns 1 flops 1 bytes 1 args (%x, pitch 16, 16, @t, pitch 16, ids %ids)
    }
    rt.launch "append" {
    rt.problem @append_0 "a" over rows of %new columns 1 flops 1 bytes 1 args (%x, pitch 16, %c, pitch 16, 16, cells %new)
    }
    rt.launch "chunks" {
    // expected-error @+1 {{C5: word 'chunks' is not of the chunks that its kernel takes}}
    rt.problem @chunk_1 "c" over chunks of %held columns 2 flops 1 bytes 1 per_key keys %held when several args (%x, pitch 16, %c, pitch 16, %c[8], pitch 16, %s, pitch 64, 64, chunks %held, begin %held, keys %held)
    }
    rt.launch "join" {
    rt.problem @join_0 "j" over sequences of %new columns 2 flops 1 bytes 1 keys %held when several args (%s, pitch 64, %y, pitch 8, 64, chunk_begin %held)
    }
    rt.output "y" %y column 0 width 8
}

// -----

rt.kernel attention @attention_0 head_dim 4 scale 0.5 causal chunk 64 extras [] {}
rt.kernel attention_chunk @chunk_0 head_dim 4 scale 0.5 causal chunk 64 extras [] {}
rt.kernel attention_join @join_0 head_dim 4 chunk 64 extras [] {}
rt.kernel append @append_0 extras [] {}
rt.kernel gather @gather_0 tables 1 extras [] {
^bb0(%x: f32):
  xf.yield %x : f32
}
xf.history @text max_length 1000
xf.cache @kv of @text : !xf.cache<16xf32>
xf.parameter @t : !xf.packed<table, 16x16xf32> {
  %0 = xf.sinusoid : !xf.weight<16x16xf32>
  %1 = xf.pack %0 : !xf.weight<16x16xf32> -> !xf.packed<table, 16x16xf32>
  xf.yield %1 : !xf.packed<table, 16x16xf32>
}
rt.program @f slots 3 {
    %ids = rt.input "ids" ["B"] limit 16
    %new = rt.space "source" ["B"] inputs(%ids) max_length 1000 continues @text
    %held = rt.held @text of %new chunk 64
    %c = rt.buffer cache @kv in %held per row width 16
    %x = rt.buffer slot 0 in %new per row width 16
    %y = rt.buffer slot 1 in %new per row width 8
    %s = rt.buffer slot 2 in %held per chunk width 64
    rt.launch "look up" {
    rt.problem @gather_0 "g" over rows of %new columns 1 flops 1 bytes 1 args (%x, pitch 16, 16, @t, pitch 16, ids %ids)
    }
    rt.launch "append" {
    rt.problem @append_0 "a" over rows of %new columns 1 flops 1 bytes 1 args (%x, pitch 16, %c, pitch 16, 16, cells %new)
    }
    rt.launch "chunks" {
    // expected-error @+1 {{C5: word 'chunks' is not of the chunks that its kernel takes}}
    rt.problem @chunk_0 "c" over chunks of %held columns 2 flops 1 bytes 1 per_key keys %held when several args (%x, pitch 16, %c, pitch 16, %c[8], pitch 16, %s, pitch 64, 64, position %new, begin %held, keys %held)
    }
    rt.launch "join" {
    rt.problem @join_0 "j" over sequences of %new columns 2 flops 1 bytes 1 keys %held when several args (%s, pitch 64, %y, pitch 8, 64, chunk_begin %held)
    }
    rt.output "y" %y column 0 width 8
}

// -----

rt.kernel attention @attention_0 head_dim 4 scale 0.5 causal chunk 64 extras [] {}
rt.kernel attention_chunk @chunk_0 head_dim 4 scale 0.5 causal chunk 64 extras [] {}
rt.kernel attention_join @join_0 head_dim 4 chunk 64 extras [] {}
rt.kernel append @append_0 extras [] {}
rt.kernel gather @gather_0 tables 1 extras [] {
^bb0(%x: f32):
  xf.yield %x : f32
}
xf.history @text max_length 1000
xf.cache @kv of @text : !xf.cache<16xf32>
xf.parameter @t : !xf.packed<table, 16x16xf32> {
  %0 = xf.sinusoid : !xf.weight<16x16xf32>
  %1 = xf.pack %0 : !xf.weight<16x16xf32> -> !xf.packed<table, 16x16xf32>
  xf.yield %1 : !xf.packed<table, 16x16xf32>
}
rt.program @f slots 3 {
    %ids = rt.input "ids" ["B"] limit 16
    %new = rt.space "source" ["B"] inputs(%ids) max_length 1000 continues @text
    %held = rt.held @text of %new chunk 64
    %c = rt.buffer cache @kv in %held per row width 16
    %x = rt.buffer slot 0 in %new per row width 16
    %y = rt.buffer slot 1 in %new per row width 8
    %s = rt.buffer slot 2 in %held per chunk width 64
    rt.launch "look up" {
    rt.problem @gather_0 "g" over rows of %new columns 1 flops 1 bytes 1 args (%x, pitch 16, 16, @t, pitch 16, ids %ids)
    }
    rt.launch "append" {
    rt.problem @append_0 "a" over rows of %new columns 1 flops 1 bytes 1 args (%x, pitch 16, %c, pitch 16, 16, cells %new)
    }
    rt.launch "chunks" {
    rt.problem @chunk_0 "c" over chunks of %held columns 2 flops 1 bytes 1 per_key keys %held when several args (%x, pitch 16, %c, pitch 16, %c[8], pitch 16, %s, pitch 64, 64, chunks %held, begin %held, keys %held)
    }
    rt.launch "join" {
    // expected-error @+1 {{C5: word 'chunk_begin' is not of the chunks that its kernel takes}}
    rt.problem @join_0 "j" over sequences of %new columns 2 flops 1 bytes 1 keys %held when several args (%s, pitch 64, %y, pitch 8, 64, chunks %held)
    }
    rt.output "y" %y column 0 width 8
}

// -----

// What chunks give has rows of its own.
rt.kernel attention @attention_0 head_dim 4 scale 0.5 causal chunk 64 extras [] {}
rt.kernel attention_chunk @chunk_0 head_dim 4 scale 0.5 causal chunk 64 extras [] {}
rt.kernel attention_join @join_0 head_dim 4 chunk 64 extras [] {}
rt.kernel append @append_0 extras [] {}
rt.kernel gather @gather_0 tables 1 extras [] {
^bb0(%x: f32):
  xf.yield %x : f32
}
xf.history @text max_length 1000
xf.cache @kv of @text : !xf.cache<16xf32>
xf.parameter @t : !xf.packed<table, 16x16xf32> {
  %0 = xf.sinusoid : !xf.weight<16x16xf32>
  %1 = xf.pack %0 : !xf.weight<16x16xf32> -> !xf.packed<table, 16x16xf32>
  xf.yield %1 : !xf.packed<table, 16x16xf32>
}
rt.program @f slots 3 {
    %ids = rt.input "ids" ["B"] limit 16
    %new = rt.space "source" ["B"] inputs(%ids) max_length 1000 continues @text
    %held = rt.held @text of %new chunk 64
    %c = rt.buffer cache @kv in %held per row width 16
    %x = rt.buffer slot 0 in %new per row width 16
    %y = rt.buffer slot 1 in %new per row width 8
    %s = rt.buffer slot 2 in %new per row width 64
    rt.launch "look up" {
    rt.problem @gather_0 "g" over rows of %new columns 1 flops 1 bytes 1 args (%x, pitch 16, 16, @t, pitch 16, ids %ids)
    }
    rt.launch "append" {
    rt.problem @append_0 "a" over rows of %new columns 1 flops 1 bytes 1 args (%x, pitch 16, %c, pitch 16, 16, cells %new)
    }
    rt.launch "chunks" {
    // expected-error @+1 {{C5: word 'y' has not the rows of attention_chunk}}
    rt.problem @chunk_0 "c" over chunks of %held columns 2 flops 1 bytes 1 per_key keys %held when several args (%x, pitch 16, %c, pitch 16, %c[8], pitch 16, %s, pitch 64, 64, chunks %held, begin %held, keys %held)
    }
    rt.launch "join" {
    rt.problem @join_0 "j" over sequences of %new columns 2 flops 1 bytes 1 keys %held when several args (%s, pitch 64, %y, pitch 8, 64, chunk_begin %held)
    }
    rt.output "y" %y column 0 width 8
}

// -----

// One query of each sequence.
rt.kernel attention @attention_0 head_dim 4 scale 0.5 causal chunk 64 extras [] {}
rt.kernel attention_chunk @chunk_0 head_dim 4 scale 0.5 causal chunk 64 extras [] {}
rt.kernel attention_join @join_0 head_dim 4 chunk 64 extras [] {}
rt.kernel append @append_0 extras [] {}
rt.kernel gather @gather_0 tables 1 extras [] {
^bb0(%x: f32):
  xf.yield %x : f32
}
xf.history @text max_length 1000
xf.cache @kv of @text : !xf.cache<16xf32>
xf.parameter @t : !xf.packed<table, 16x16xf32> {
  %0 = xf.sinusoid : !xf.weight<16x16xf32>
  %1 = xf.pack %0 : !xf.weight<16x16xf32> -> !xf.packed<table, 16x16xf32>
  xf.yield %1 : !xf.packed<table, 16x16xf32>
}
rt.program @f slots 3 {
    %ids = rt.input "ids" ["B", "S"] limit 16
    %new = rt.space "source" ["B", "S"] inputs(%ids) max_length 1000 continues @text
    %held = rt.held @text of %new chunk 64
    %c = rt.buffer cache @kv in %held per row width 16
    %x = rt.buffer slot 0 in %new per row width 16
    %y = rt.buffer slot 1 in %new per row width 8
    %s = rt.buffer slot 2 in %held per chunk width 64
    rt.launch "look up" {
    rt.problem @gather_0 "g" over rows of %new columns 1 flops 1 bytes 1 args (%x, pitch 16, 16, @t, pitch 16, ids %ids)
    }
    rt.launch "append" {
    rt.problem @append_0 "a" over rows of %new columns 1 flops 1 bytes 1 args (%x, pitch 16, %c, pitch 16, 16, cells %new)
    }
    rt.launch "chunks" {
    // expected-error @+1 {{C5: word 'q' has not the rows of attention_chunk}}
    rt.problem @chunk_0 "c" over chunks of %held columns 2 flops 1 bytes 1 per_key keys %held when several args (%x, pitch 16, %c, pitch 16, %c[8], pitch 16, %s, pitch 64, 64, chunks %held, begin %held, keys %held)
    }
    rt.launch "join" {
    rt.problem @join_0 "j" over sequences of %new columns 2 flops 1 bytes 1 keys %held when several args (%s, pitch 64, %y, pitch 8, 64, chunk_begin %held)
    }
    rt.output "y" %y column 0 width 8
}

// -----

rt.kernel attention @attention_0 head_dim 4 scale 0.5 causal chunk 64 extras [] {}
rt.kernel attention_chunk @chunk_0 head_dim 4 scale 0.5 causal chunk 64 extras [] {}
rt.kernel attention_join @join_0 head_dim 4 chunk 64 extras [] {}
rt.kernel append @append_0 extras [] {}
rt.kernel gather @gather_0 tables 1 extras [] {
^bb0(%x: f32):
  xf.yield %x : f32
}
xf.history @text max_length 1000
xf.cache @kv of @text : !xf.cache<16xf32>
xf.parameter @t : !xf.packed<table, 16x16xf32> {
  %0 = xf.sinusoid : !xf.weight<16x16xf32>
  %1 = xf.pack %0 : !xf.weight<16x16xf32> -> !xf.packed<table, 16x16xf32>
  xf.yield %1 : !xf.packed<table, 16x16xf32>
}
rt.program @f slots 3 {
    %ids = rt.input "ids" ["B"] limit 16
    %new = rt.space "source" ["B"] inputs(%ids) max_length 1000 continues @text
    %held = rt.held @text of %new chunk 64
    %c = rt.buffer cache @kv in %held per row width 16
    %x = rt.buffer slot 0 in %new per row width 16
    %y = rt.buffer slot 1 in %new per row width 8
    %s = rt.buffer slot 2 in %held per chunk width 64
    rt.launch "look up" {
    rt.problem @gather_0 "g" over rows of %new columns 1 flops 1 bytes 1 args (%x, pitch 16, 16, @t, pitch 16, ids %ids)
    }
    rt.launch "append" {
    rt.problem @append_0 "a" over rows of %new columns 1 flops 1 bytes 1 args (%x, pitch 16, %c, pitch 16, 16, cells %new)
    }
    rt.launch "chunks" {
    rt.problem @chunk_0 "c" over chunks of %held columns 2 flops 1 bytes 1 per_key keys %held when several args (%x, pitch 16, %c, pitch 16, %c[8], pitch 16, %s, pitch 64, 64, chunks %held, begin %held, keys %held)
    }
    rt.launch "join" {
    rt.problem @join_0 "j" over sequences of %new columns 2 flops 1 bytes 1 keys %held when several args (%s, pitch 64, %y, pitch 8, 64, chunk_begin %held)
    }
    // expected-error @+1 {{C5: gives a cache, or what chunks give}}
    rt.output "y" %s column 0 width 64
}

// -----

rt.kernel attention @attention_0 head_dim 4 scale 0.5 causal chunk 64 extras [] {}
rt.kernel attention_chunk @chunk_0 head_dim 4 scale 0.5 causal chunk 64 extras [] {}
rt.kernel attention_join @join_0 head_dim 4 chunk 64 extras [] {}
rt.kernel append @append_0 extras [] {}
rt.kernel gather @gather_0 tables 1 extras [] {
^bb0(%x: f32):
  xf.yield %x : f32
}
xf.history @text max_length 1000
xf.history @other max_length 1000
xf.cache @kv of @text : !xf.cache<16xf32>
xf.parameter @t : !xf.packed<table, 16x16xf32> {
  %0 = xf.sinusoid : !xf.weight<16x16xf32>
  %1 = xf.pack %0 : !xf.weight<16x16xf32> -> !xf.packed<table, 16x16xf32>
  xf.yield %1 : !xf.packed<table, 16x16xf32>
}
rt.program @f slots 3 {
    %ids = rt.input "ids" ["B"] limit 16
    %new = rt.space "source" ["B"] inputs(%ids) max_length 1000 continues @text
    %held = rt.held @text of %new chunk 64
    %others = rt.held @other of %new chunk 64
    %c = rt.buffer cache @kv in %held per row width 16
    %x = rt.buffer slot 0 in %new per row width 16
    %y = rt.buffer slot 1 in %new per row width 8
    %s = rt.buffer slot 2 in %held per chunk width 64
    rt.launch "look up" {
    rt.problem @gather_0 "g" over rows of %new columns 1 flops 1 bytes 1 args (%x, pitch 16, 16, @t, pitch 16, ids %ids)
    }
    rt.launch "append" {
    rt.problem @append_0 "a" over rows of %new columns 1 flops 1 bytes 1 args (%x, pitch 16, %c, pitch 16, 16, cells %new)
    }
    rt.launch "chunks" {
    // expected-error @+1 {{C5: computes chunks of what it does not read}}
    rt.problem @chunk_0 "c" over chunks of %others columns 2 flops 1 bytes 1 per_key keys %held when several args (%x, pitch 16, %c, pitch 16, %c[8], pitch 16, %s, pitch 64, 64, chunks %held, begin %held, keys %held)
    }
    rt.launch "join" {
    rt.problem @join_0 "j" over sequences of %new columns 2 flops 1 bytes 1 keys %held when several args (%s, pitch 64, %y, pitch 8, 64, chunk_begin %held)
    }
    rt.output "y" %y column 0 width 8
}

// -----

rt.kernel attention @attention_0 head_dim 4 scale 0.5 causal chunk 64 extras [] {}
rt.kernel attention_chunk @chunk_0 head_dim 4 scale 0.5 causal chunk 64 extras [] {}
rt.kernel attention_join @join_0 head_dim 4 chunk 64 extras [] {}
rt.kernel append @append_0 extras [] {}
rt.kernel gather @gather_0 tables 1 extras [] {
^bb0(%x: f32):
  xf.yield %x : f32
}
xf.history @text max_length 1000
xf.cache @kv of @text : !xf.cache<16xf32>
xf.parameter @t : !xf.packed<table, 16x16xf32> {
  %0 = xf.sinusoid : !xf.weight<16x16xf32>
  %1 = xf.pack %0 : !xf.weight<16x16xf32> -> !xf.packed<table, 16x16xf32>
  xf.yield %1 : !xf.packed<table, 16x16xf32>
}
rt.program @f slots 3 {
    %ids = rt.input "ids" ["B"] limit 16
    %new = rt.space "source" ["B"] inputs(%ids) max_length 1000 continues @text
    %held = rt.held @text of %new chunk 64
    %c = rt.buffer cache @kv in %held per row width 16
    %x = rt.buffer slot 0 in %new per row width 16
    %y = rt.buffer slot 1 in %new per row width 8
    %s = rt.buffer slot 2 in %held per chunk width 64
    rt.launch "look up" {
    rt.problem @gather_0 "g" over rows of %new columns 1 flops 1 bytes 1 args (%x, pitch 16, 16, @t, pitch 16, ids %ids)
    }
    rt.launch "append" {
    rt.problem @append_0 "a" over rows of %new columns 1 flops 1 bytes 1 args (%x, pitch 16, %c, pitch 16, 16, cells %new)
    }
    rt.launch "chunks" {
    // expected-error @+1 {{C5: takes the begin and the number of its keys from two spaces}}
    rt.problem @chunk_0 "c" over chunks of %held columns 2 flops 1 bytes 1 per_key keys %held when several args (%x, pitch 16, %c, pitch 16, %c[8], pitch 16, %s, pitch 64, 64, chunks %held, begin %held, keys %new)
    }
    rt.launch "join" {
    rt.problem @join_0 "j" over sequences of %new columns 2 flops 1 bytes 1 keys %held when several args (%s, pitch 64, %y, pitch 8, 64, chunk_begin %held)
    }
    rt.output "y" %y column 0 width 8
}
