// RUN: ptx-opt %s -split-input-file -verify-diagnostics | ptx-opt -split-input-file | FileCheck %s

// Everything that a session keeps, and how a program names it.
rt.kernel append @append_0 extras [] {}
// CHECK: rt.kernel append @append_0 extras [] words(x: rows, x_pitch: pitch, y: rows, y_pitch: pitch, width: count, cells: index)
rt.kernel attention @attention_0 head_dim 4 scale 0.5 causal extras [] {}
rt.kernel gather @gather_0 tables 1 extras [] {
^bb0(%x: f32):
  xf.yield %x : f32
}
xf.history @text max_length 16
xf.cache @kv of @text : !xf.cache<16xf32>
// CHECK: rt.program @f slots 2
rt.program @f slots 2 {
  %ids = rt.input "ids" ["B"] limit 30
  // CHECK: %[[NEW:.*]] = rt.space "source" ["B"] inputs(%{{.*}}) max_length 16 continues @text
  %new = rt.space "source" ["B"] inputs(%ids) max_length 16 continues @text
  // CHECK: %[[HELD:.*]] = rt.held @text of %[[NEW]]
  %held = rt.held @text of %new
  // CHECK: %[[CACHE:.*]] = rt.buffer cache @kv in %[[HELD]] per row width 16
  %cache = rt.buffer cache @kv in %held per row width 16
  %x = rt.buffer slot 0 in %new per row width 16
  %y = rt.buffer slot 1 in %new per row width 8
  rt.launch "look up" {
    rt.problem @gather_0 "g" over rows of %new columns 1 flops 1 bytes 1 args (%x, pitch 16, 16, @t, pitch 16, ids %ids)
  }
  rt.launch "append" {
    // CHECK: rt.problem @append_0 "a" over rows of %[[NEW]] columns 1 flops 1 bytes 1 args (%{{.*}}, pitch 16, %[[CACHE]], pitch 16, 16, cells %[[NEW]])
    rt.problem @append_0 "a" over rows of %new columns 1 flops 1 bytes 1 args (%x, pitch 16, %cache, pitch 16, 16, cells %new)
  }
  rt.launch "attend" {
    // CHECK: args (%{{.*}}, pitch 16, %[[CACHE]], pitch 16, %[[CACHE]][8], pitch 16, %{{.*}}, pitch 8, blocks %[[NEW]], begin %[[HELD]], keys %[[HELD]])
    rt.problem @attention_0 "t" over blocks of %new columns 2 flops 1 bytes 1 per_key keys %held args (%x, pitch 16, %cache, pitch 16, %cache[8], pitch 16, %y, pitch 8, blocks %new, begin %held, keys %held)
  }
  rt.output "y" %y column 0 width 8
}
xf.parameter @t : !xf.packed<table, 16x16xf32> {
  %0 = xf.sinusoid : !xf.weight<16x16xf32>
  %1 = xf.pack %0 : !xf.weight<16x16xf32> -> !xf.packed<table, 16x16xf32>
  xf.yield %1 : !xf.packed<table, 16x16xf32>
}

// -----

rt.program @f slots 0 {
  %ids = rt.input "ids" ["B"] limit 30
  // expected-error @+1 {{C3: there is no history @text}}
  %new = rt.space "source" ["B"] inputs(%ids) max_length 16 continues @text
}

// -----

xf.history @text max_length 16
rt.program @f slots 0 {
  %ids = rt.input "ids" ["B"] limit 30
  // expected-error @+1 {{C3: begins @text and continues @text}}
  %new = rt.space "source" ["B"] inputs(%ids) max_length 16 begins @text continues @text
}

// -----

rt.program @f slots 0 {
  %ids = rt.input "ids" ["B"] limit 30
  %new = rt.space "source" ["B"] inputs(%ids) max_length 16
  // expected-error @+1 {{C1: there is no history @text}}
  %held = rt.held @text of %new
}

// -----

xf.history @text max_length 16
rt.program @f slots 1 {
  %ids = rt.input "ids" ["B"] limit 30
  %new = rt.space "source" ["B"] inputs(%ids) max_length 16
  %held = rt.held @text of %new
  // expected-error @+1 {{C1: is no cache, in a space that is held}}
  %x = rt.buffer slot 0 in %held per row width 16
}

// -----

rt.program @f slots 1 {
  %ids = rt.input "ids" ["B"] limit 30
  %new = rt.space "source" ["B"] inputs(%ids) max_length 16
  // expected-error @+1 {{C1: has a slot or a cache, one of the two}}
  %x = rt.buffer in %new per row width 16
}

// -----

xf.history @text max_length 16
xf.cache @kv of @text : !xf.cache<16xf32>
rt.program @f slots 1 {
  %ids = rt.input "ids" ["B"] limit 30
  %new = rt.space "source" ["B"] inputs(%ids) max_length 16
  %held = rt.held @text of %new
  // expected-error @+1 {{C1: has not the rows of @kv, which is '!xf.cache<16xf32>'}}
  %x = rt.buffer cache @kv in %held per row width 8
}

// -----

xf.history @text max_length 16
xf.cache @kv of @text : !xf.cache<16xf32>
rt.program @f slots 1 {
  %ids = rt.input "ids" ["B"] limit 30
  %new = rt.space "source" ["B"] inputs(%ids) max_length 16
  // expected-error @+1 {{C1: is not in a space that is held of @text}}
  %x = rt.buffer cache @kv in %new per row width 16
}

// -----

xf.history @text max_length 16
xf.cache @kv of @text : !xf.cache<16xf32>
rt.program @f slots 1 {
  %ids = rt.input "ids" ["B"] limit 30
  %new = rt.space "source" ["B"] inputs(%ids) max_length 16
  %held = rt.held @text of %new
  %x = rt.buffer cache @kv in %held per row width 16
  // expected-error @+1 {{C3: is the second buffer of @kv}}
  %y = rt.buffer cache @kv in %held per row width 16
}

// -----

xf.history @text max_length 16
rt.program @f slots 1 {
  %ids = rt.input "ids" ["B"] limit 30
  %new = rt.space "source" ["B"] inputs(%ids) max_length 16
  // expected-error @+1 {{C1: there is no cache @kv}}
  %y = rt.buffer cache @kv in %new per row width 16
}

// -----

// C5: what is held has no rows to compute.
rt.kernel map @map_0 extras [] {
^bb0(%x: f32):
  xf.yield %x : f32
}
xf.history @text max_length 16
xf.cache @kv of @text : !xf.cache<16xf32>
rt.program @f slots 1 {
  %ids = rt.input "ids" ["B"] limit 30
  %new = rt.space "source" ["B"] inputs(%ids) max_length 16
  %held = rt.held @text of %new
  %c = rt.buffer cache @kv in %held per row width 16
  %x = rt.buffer slot 0 in %new per row width 16
  rt.launch "l" {
    // expected-error @+1 {{C5: computes rows that are held}}
    rt.problem @map_0 "m" over rows of %held columns 1 flops 1 bytes 1 args (%c, pitch 16, %x, pitch 16, 16)
  }
}

// -----

rt.kernel map @map_0 extras [] {
^bb0(%x: f32):
  xf.yield %x : f32
}
xf.history @text max_length 16
xf.cache @kv of @text : !xf.cache<16xf32>
rt.program @f slots 1 {
  %ids = rt.input "ids" ["B"] limit 30
  %new = rt.space "source" ["B"] inputs(%ids) max_length 16
  %held = rt.held @text of %new
  %c = rt.buffer cache @kv in %held per row width 16
  %x = rt.buffer slot 0 in %new per row width 16
  rt.launch "l" {
    // expected-error @+1 {{C5: word 'y' is a cache}}
    rt.problem @map_0 "m" over rows of %new columns 1 flops 1 bytes 1 args (%x, pitch 16, %c, pitch 16, 16)
  }
}

// -----

rt.kernel append @append_0 extras [] {}
xf.history @text max_length 16
xf.cache @kv of @text : !xf.cache<16xf32>
rt.program @f slots 1 {
  %ids = rt.input "ids" ["B"] limit 30
  %new = rt.space "source" ["B"] inputs(%ids) max_length 16
  %held = rt.held @text of %new
  %c = rt.buffer cache @kv in %held per row width 16
  %x = rt.buffer slot 0 in %new per row width 16
  rt.launch "l" {
    // expected-error @+1 {{C5: asks for cells of a space that begins and continues nothing}}
    rt.problem @append_0 "m" over rows of %new columns 1 flops 1 bytes 1 args (%x, pitch 16, %c, pitch 16, 16, cells %new)
  }
}

// -----

rt.kernel append @append_0 extras [] {}
xf.history @text max_length 16
xf.cache @kv of @text : !xf.cache<16xf32>
rt.program @f slots 1 {
  %ids = rt.input "ids" ["B"] limit 30
  %new = rt.space "source" ["B"] inputs(%ids) max_length 16 begins @text
  %held = rt.held @text of %new
  %c = rt.buffer cache @kv in %held per row width 16
  %x = rt.buffer slot 0 in %new per row width 16
  rt.launch "l" {
    // expected-error @+1 {{C5: appends at position}}
    rt.problem @append_0 "m" over rows of %new columns 1 flops 1 bytes 1 args (%x, pitch 16, %c, pitch 16, 16, position %new)
  }
}

// -----

rt.kernel append @append_0 extras [] {}
xf.history @text max_length 16
xf.history @other max_length 16
xf.cache @kv of @other : !xf.cache<16xf32>
rt.program @f slots 1 {
  %ids = rt.input "ids" ["B"] limit 30
  %new = rt.space "source" ["B"] inputs(%ids) max_length 16 begins @text
  %held = rt.held @other of %new
  %c = rt.buffer cache @kv in %held per row width 16
  %x = rt.buffer slot 0 in %new per row width 16
  rt.launch "l" {
    // expected-error @+1 {{C5: word 'y' is a cache of another history}}
    rt.problem @append_0 "m" over rows of %new columns 1 flops 1 bytes 1 args (%x, pitch 16, %c, pitch 16, 16, cells %new)
  }
}

// -----

rt.kernel append @append_0 extras [] {}
xf.history @text max_length 16
rt.program @f slots 2 {
  %ids = rt.input "ids" ["B"] limit 30
  %new = rt.space "source" ["B"] inputs(%ids) max_length 16 begins @text
  %c = rt.buffer slot 1 in %new per row width 16
  %x = rt.buffer slot 0 in %new per row width 16
  rt.launch "l" {
    // expected-error @+1 {{C5: reads or writes rows that are no cache}}
    rt.problem @append_0 "m" over rows of %new columns 1 flops 1 bytes 1 args (%x, pitch 16, %c, pitch 16, 16, cells %new)
  }
}

// -----

rt.kernel attention @attention_0 head_dim 4 scale 0.5 causal extras [] {}
xf.history @text max_length 16
rt.program @f slots 2 {
  %ids = rt.input "ids" ["B"] limit 30
  %new = rt.space "source" ["B"] inputs(%ids) max_length 16 begins @text
  %held = rt.held @text of %new
  %c = rt.buffer slot 1 in %new per row width 16
  %x = rt.buffer slot 0 in %new per row width 16
  rt.launch "l" {
    // expected-error @+1 {{C5: asks what is held for blocks}}
    rt.problem @attention_0 "t" over blocks of %new columns 2 flops 1 bytes 1 args (%x, pitch 16, %c, pitch 16, %c[8], pitch 16, %c, pitch 16, blocks %held, begin %held, keys %held)
  }
}

// -----

// C3: what this call adds is written before it is read.
rt.kernel attention @attention_0 head_dim 4 scale 0.5 causal extras [] {}
rt.kernel gather @gather_0 tables 1 extras [] {
^bb0(%x: f32):
  xf.yield %x : f32
}
xf.history @text max_length 16
xf.cache @kv of @text : !xf.cache<16xf32>
xf.parameter @t : !xf.packed<table, 16x16xf32> {
  %0 = xf.sinusoid : !xf.weight<16x16xf32>
  %1 = xf.pack %0 : !xf.weight<16x16xf32> -> !xf.packed<table, 16x16xf32>
  xf.yield %1 : !xf.packed<table, 16x16xf32>
}
rt.program @f slots 2 {
  %ids = rt.input "ids" ["B"] limit 16
  %new = rt.space "source" ["B"] inputs(%ids) max_length 16 continues @text
  %held = rt.held @text of %new
  %c = rt.buffer cache @kv in %held per row width 16
  %x = rt.buffer slot 0 in %new per row width 16
  %y = rt.buffer slot 1 in %new per row width 8
  rt.launch "g" {
    rt.problem @gather_0 "g" over rows of %new columns 1 flops 1 bytes 1 args (%x, pitch 16, 16, @t, pitch 16, ids %ids)
  }
  rt.launch "l" {
    // expected-error @+1 {{C3: reads a buffer that no launch before it writes}}
    rt.problem @attention_0 "t" over blocks of %new columns 2 flops 1 bytes 1 args (%x, pitch 16, %c, pitch 16, %c[8], pitch 16, %y, pitch 8, blocks %new, begin %held, keys %held)
  }
}

// -----

rt.kernel map @map_0 extras [] {
^bb0(%x: f32):
  xf.yield %x : f32
}
xf.history @text max_length 16
xf.cache @kv of @text : !xf.cache<16xf32>
rt.program @f slots 1 {
  %ids = rt.input "ids" ["B"] limit 30
  %new = rt.space "source" ["B"] inputs(%ids) max_length 16
  %held = rt.held @text of %new
  %c = rt.buffer cache @kv in %held per row width 16
  // expected-error @+1 {{C5: gives a cache}}
  rt.output "y" %c column 0 width 16
}

// -----

xf.history @text max_length 16
rt.program @f slots 0 {
  %ids = rt.input "ids" ["B"] limit 30
  %more = rt.input "more" ["B", "S"] limit 30
  %new = rt.space "source" ["B"] inputs(%ids) max_length 16 continues @text
  // expected-error @+1 {{C3: is the second that begins or continues @text}}
  %newer = rt.space "more" ["B", "S"] inputs(%more) max_length 16 continues @text
}
