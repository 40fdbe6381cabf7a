// A cache whose rows every function multiplies in bf16 is of it, and so is what is appended; one that some function
// multiplies in f32 stays.
// RUN: ptx-opt %s --stage-narrow-rows | FileCheck %s
// RUN: ptx-opt %s --stage-narrow-rows | ptx-opt --stage-narrow-rows --convert-stage-to-rt | FileCheck %s --check-prefix=PLAN

!x = tensor<?x16xf32>
!c = !xf.cache<16xf32>
!t = !xf.packed<table, 16x16xf32>
xf.history @text max_length 16
// CHECK: xf.cache @both of @text : !xf.cache<16xbf16>
// CHECK: xf.cache @one of @text : !xf.cache<16xf32>
xf.cache @both of @text : !c
xf.cache @one of @text : !c
xf.parameter @t : !t {
  %0 = xf.sinusoid : !xf.weight<16x16xf32>
  %1 = xf.pack %0 : !xf.weight<16x16xf32> -> !t
  xf.yield %1 : !t
}
// PLAN-DAG: rt.kernel append @append_{{.*}} rows {x = bf16, y = bf16}
// PLAN-DAG: rt.kernel append @append_{{.*}} extras [] words(x: rows, x_pitch
// PLAN-DAG: rt.buffer cache @both in %{{.*}} per row width 16 of bf16
// PLAN-DAG: rt.buffer cache @one in %{{.*}} per row width 16{{ *}}{{$}}

// CHECK-LABEL: xf.function @append
xf.function @append {
  %ids = xf.input "ids" ["B"] limit 16 : tensor<?x?xi64>
  %new = stage.space %ids max_length 16 continues @text : tensor<?x?xi64> -> !stage.space
  %all = stage.held @text of %new : !stage.space
  %i = stage.ids %ids, %new : tensor<?x?xi64>, !stage.space -> tensor<?xi32>
  %t = xf.get @t : !t
  // CHECK: stage.launch -> tensor<?x16xbf16>, tensor<?x16xf32>
  %x:2 = stage.launch -> !x, !x {
    %0 = stage.gather(%t : !t) at(%i : tensor<?xi32>) {
    ^bb0(%e: f32):
      xf.yield %e : f32
    } -> !x
    %1 = stage.gather(%t : !t) at(%i : tensor<?xi32>) {
    ^bb0(%e: f32):
      xf.yield %e : f32
    } -> !x
    xf.yield %0, %1 : !x, !x
  }
  // CHECK: xf.state @both : <16xbf16>
  %both = xf.state @both : !c
  // CHECK: xf.state @one : <16xf32>
  %one = xf.state @one : !c
  // CHECK: stage.append %{{.*}} : tensor<?x16xbf16> to <16xbf16>, !stage.space
  // CHECK: stage.append %{{.*}} : tensor<?x16xf32> to <16xf32>, !stage.space
  %d:2 = stage.launch -> !c, !c {
    %0 = stage.append %x#0 to %both over %new : !x to !c, !stage.space
    %1 = stage.append %x#1 to %one over %new : !x to !c, !stage.space
    xf.yield %0, %1 : !c, !c
  }
  // CHECK: stage.recall %{{.*}} over %{{.*}} : <16xbf16>, !stage.space -> tensor<?x16xbf16>
  %k = stage.recall %d#0 over %all : !c, !stage.space -> !x
  %v = stage.recall %d#1 over %all : !c, !stage.space -> !x
  %y:2 = stage.launch -> !x, !x {
    %0 = stage.attention %x#0, %k, %k over %new, %all heads 2 scale 0.5 causal in bf16 : !x, !x, !x, !stage.space, !stage.space -> !x
    %1 = stage.attention %x#1, %v, %v over %new, %all heads 2 scale 0.5 causal in bf16 : !x, !x, !x, !stage.space, !stage.space -> !x
    xf.yield %0, %1 : !x, !x
  }
  stage.output "y" %y#0 over %new : !x, !stage.space
  stage.output "z" %y#1 over %new : !x, !stage.space
  stage.output "x" %x#1 over %new : !x, !stage.space
}
// CHECK-LABEL: xf.function @read
xf.function @read {
  %ids = xf.input "ids" ["B"] limit 16 : tensor<?x?xi64>
  %new = stage.space %ids max_length 16 : tensor<?x?xi64> -> !stage.space
  %all = stage.held @text of %new : !stage.space
  %i = stage.ids %ids, %new : tensor<?x?xi64>, !stage.space -> tensor<?xi32>
  %t = xf.get @t : !t
  %x = stage.launch -> !x {
    %0 = stage.gather(%t : !t) at(%i : tensor<?xi32>) {
    ^bb0(%e: f32):
      xf.yield %e : f32
    } -> !x
    xf.yield %0 : !x
  }
  %both = xf.state @both : !c
  %one = xf.state @one : !c
  %k = stage.recall %both over %all : !c, !stage.space -> !x
  %v = stage.recall %one over %all : !c, !stage.space -> !x
  // CHECK: stage.attention {{.*}} in bf16 : tensor<?x16xf32>, tensor<?x16xbf16>, tensor<?x16xbf16>
  // CHECK: stage.attention {{.*}} : tensor<?x16xf32>, tensor<?x16xf32>, tensor<?x16xf32>
  %y:2 = stage.launch -> !x, !x {
    %0 = stage.attention %x, %k, %k over %new, %all heads 2 scale 0.5 in bf16 : !x, !x, !x, !stage.space, !stage.space -> !x
    %1 = stage.attention %x, %v, %v over %new, %all heads 2 scale 0.5 : !x, !x, !x, !stage.space, !stage.space -> !x
    xf.yield %0, %1 : !x, !x
  }
  stage.output "y" %y#0 over %new : !x, !stage.space
  stage.output "z" %y#1 over %new : !x, !stage.space
}
