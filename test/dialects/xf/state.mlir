// RUN: ptx-opt %s | ptx-opt | FileCheck %s
// RUN: ptx-opt %s -emit-bytecode | ptx-opt | FileCheck %s

// CHECK: xf.history @text max_length 16
xf.history @text max_length 16
// CHECK: xf.cache @kv of @text : !xf.cache<8xf32>
xf.cache @kv of @text : !xf.cache<8xf32>
// CHECK: xf.cache @narrow of @text : !xf.cache<8xbf16>
xf.cache @narrow of @text : !xf.cache<8xbf16>
xf.weight @E : !xf.weight<30x8xf32>
// CHECK-LABEL: xf.function @prefill
xf.function @prefill {
  %ids = xf.input "input_ids" ["B", "S"] limit 30 : tensor<?x?xi64>
  %mask = xf.input "attention_mask" ["B", "S"] : tensor<?x?xi1>
  // CHECK: xf.visible %{{.*}} max_length 16 begins @text : tensor<?x?xi1> -> tensor<?x?xi1>
  %new = xf.visible %mask max_length 16 begins @text : tensor<?x?xi1> -> tensor<?x?xi1>
  %e = xf.use @E : !xf.weight<30x8xf32>
  %x = xf.embedding %ids, %e where %new : tensor<?x?xi64>, !xf.weight<30x8xf32>, tensor<?x?xi1> -> tensor<?x?x8xf32>
  // CHECK: xf.state @kv : <8xf32>
  %cache = xf.state @kv : !xf.cache<8xf32>
  // CHECK: xf.append %{{.*}} to %{{.*}} where %{{.*}} : tensor<?x?x8xf32> to <8xf32> where tensor<?x?xi1>
  %now = xf.append %x to %cache where %new : tensor<?x?x8xf32> to !xf.cache<8xf32> where tensor<?x?xi1>
  xf.output "y" %x where %new : tensor<?x?x8xf32>, tensor<?x?xi1>
}
// One position for each sequence.
// CHECK-LABEL: xf.function @decode
xf.function @decode {
  // CHECK: xf.input "input_ids" ["B"] limit 30 : tensor<?x?xi64>
  %ids = xf.input "input_ids" ["B"] limit 30 : tensor<?x?xi64>
  // CHECK: xf.visible %{{.*}} max_length 16 continues @text
  %new = xf.visible %ids max_length 16 continues @text : tensor<?x?xi64> -> tensor<?x?xi1>
  // CHECK: xf.held @text of %{{.*}} : tensor<?x?xi1>
  %all = xf.held @text of %new : tensor<?x?xi1>
  %e = xf.use @E : !xf.weight<30x8xf32>
  %x = xf.embedding %ids, %e where %new : tensor<?x?xi64>, !xf.weight<30x8xf32>, tensor<?x?xi1> -> tensor<?x?x8xf32>
  %cache = xf.state @kv : !xf.cache<8xf32>
  %now = xf.append %x to %cache where %new : tensor<?x?x8xf32> to !xf.cache<8xf32> where tensor<?x?xi1>
  // CHECK: xf.recall %{{.*}} where %{{.*}} : <8xf32> where tensor<?x?xi1> -> tensor<?x?x8xf32>
  %k = xf.recall %now where %all : !xf.cache<8xf32> where tensor<?x?xi1> -> tensor<?x?x8xf32>
  %y = xf.attention %x, %k, %k where %new, %all heads 2 scale 0.5 causal : tensor<?x?x8xf32>, tensor<?x?x8xf32>, tensor<?x?x8xf32>, tensor<?x?xi1>, tensor<?x?xi1> -> tensor<?x?x8xf32>
  xf.output "y" %y where %new : tensor<?x?x8xf32>, tensor<?x?xi1>
}
