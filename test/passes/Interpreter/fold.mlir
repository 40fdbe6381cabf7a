// RUN: ptx-interpret %s --parameters | FileCheck %s --check-prefix=NONE
// RUN: ptx-interpret %s --parameters --adapter=lora | FileCheck %s --check-prefix=LORA
// A fold of the packed base is the packed merge, and its norms are those of the outputs. W + 2 B A has the rows 3 4 12
// and 2 3 6, of norms 13 and 7; W itself has norms sqrt 213 and sqrt 29. The table T is W turned, with columns for rows.
!slot = !xf.low_rank<2x3>
!fa = !xf.packed<table, 3x?xf32>
!fb = !xf.packed<matrix, 2x?xf32>
!norms = !xf.packed<vector, 2x1xf32>
#a = dense<[[1.0, -1.0, 2.0], [1.0, 0.0, -1.0]]> : tensor<2x3xf64>
#b = dense<[[0.0, 1.0], [1.0, 0.0]]> : tensor<2x2xf64>
xf.adapter @lora {
  xf.delta @W linear rank 2 scale 2.0 {test.a = #a, test.b = #b}
  xf.delta @T embedding rank 2 scale 2.0 {test.a = #a, test.b = #b}
}

!w = !xf.weight<2x3xf32>
!packed_w = !xf.packed<matrix, 2x3xf32>
xf.weight @W : !w {test.value = dense<[[1.0, 4.0, 14.0], [0.0, 5.0, 2.0]]> : tensor<2x3xf64>}
xf.parameter @w_base : !packed_w {
  %w = xf.use @W : !w
  %p = xf.pack %w : !w -> !packed_w
  xf.yield %p : !packed_w
}
// NONE: w_base : 2x3
// NONE-NEXT: 1 4 14
// NONE-NEXT: 0 5 2
// LORA: w_base : 2x3
// LORA-NEXT: 1 4 14
// LORA-NEXT: 0 5 2
xf.parameter @w_a : !fa {
  %s = xf.slot @W : !slot
  %p = xf.factor_a %s embedding : !slot -> !fa
  xf.yield %p : !fa
}
// NONE-NEXT: w_a : 3x0
// LORA-NEXT: w_a : 3x2
// LORA-NEXT: 1 1
// LORA-NEXT: -1 0
// LORA-NEXT: 2 -1
xf.parameter @w_b : !fb {
  %s = xf.slot @W : !slot
  %p = xf.factor_b %s : !slot -> !fb
  xf.yield %p : !fb
}
// NONE-NEXT: w_b : 2x0
// LORA-NEXT: w_b : 2x2
// LORA-NEXT: 0 2
// LORA-NEXT: 2 0
xf.parameter @w_merged : !packed_w {
  %w = xf.use @W : !w
  %s = xf.slot @W : !slot
  %m = xf.merge %w, %s linear : !w, !slot -> !w
  %p = xf.pack %m : !w -> !packed_w
  xf.yield %p : !packed_w
}
// NONE-NEXT: w_merged : 2x3
// NONE-NEXT: 1 4 14
// NONE-NEXT: 0 5 2
// LORA-NEXT: w_merged : 2x3
// LORA-NEXT: 3 4 12
// LORA-NEXT: 2 3 6
xf.parameter @w_folded : !packed_w {
  %w = xf.get @w_base : !packed_w
  %a = xf.get @w_a : !fa
  %b = xf.get @w_b : !fb
  %p = stage.fold %w plus %a, %b {
  ^bb0(%e: f32, %d: f32):
    %0 = arith.addf %e, %d : f32
    xf.yield %0 : f32
  } : !packed_w plus !fa, !fb -> !packed_w
  xf.yield %p : !packed_w
}
// NONE-NEXT: w_folded : 2x3
// NONE-NEXT: 1 4 14
// NONE-NEXT: 0 5 2
// LORA-NEXT: w_folded : 2x3
// LORA-NEXT: 3 4 12
// LORA-NEXT: 2 3 6
xf.parameter @w_norms : !norms {
  %w = xf.get @w_base : !packed_w
  %a = xf.get @w_a : !fa
  %b = xf.get @w_b : !fb
  %p = stage.fold_norm %w plus %a, %b {
  ^bb0(%n: f32):
    xf.yield %n : f32
  } : !packed_w plus !fa, !fb -> !norms
  xf.yield %p : !norms
}
// NONE-NEXT: w_norms : 2
// NONE-NEXT: 14.59451952 5.385164807
// LORA-NEXT: w_norms : 2
// LORA-NEXT: 13 7

!t = !xf.weight<3x2xf32>
!packed_t = !xf.packed<table, 3x2xf32>
xf.weight @T : !t {test.value = dense<[[1.0, 0.0], [4.0, 5.0], [14.0, 2.0]]> : tensor<3x2xf64>}
xf.parameter @t_base : !packed_t {
  %w = xf.use @T : !t
  %p = xf.pack %w : !t -> !packed_t
  xf.yield %p : !packed_t
}
// NONE-NEXT: t_base : 3x2
// NONE-NEXT: 1 0
// NONE-NEXT: 4 5
// NONE-NEXT: 14 2
// LORA-NEXT: t_base : 3x2
// LORA-NEXT: 1 0
// LORA-NEXT: 4 5
// LORA-NEXT: 14 2
xf.parameter @t_a : !fa {
  %s = xf.slot @T : !slot
  %p = xf.factor_a %s embedding : !slot -> !fa
  xf.yield %p : !fa
}
// NONE-NEXT: t_a : 3x0
// LORA-NEXT: t_a : 3x2
// LORA-NEXT: 1 1
// LORA-NEXT: -1 0
// LORA-NEXT: 2 -1
xf.parameter @t_b : !fb {
  %s = xf.slot @T : !slot
  %p = xf.factor_b %s : !slot -> !fb
  xf.yield %p : !fb
}
// NONE-NEXT: t_b : 2x0
// LORA-NEXT: t_b : 2x2
// LORA-NEXT: 0 2
// LORA-NEXT: 2 0
xf.parameter @t_merged : !packed_t {
  %w = xf.use @T : !t
  %s = xf.slot @T : !slot
  %m = xf.merge %w, %s embedding : !t, !slot -> !t
  %p = xf.pack %m : !t -> !packed_t
  xf.yield %p : !packed_t
}
// NONE-NEXT: t_merged : 3x2
// NONE-NEXT: 1 0
// NONE-NEXT: 4 5
// NONE-NEXT: 14 2
// LORA-NEXT: t_merged : 3x2
// LORA-NEXT: 3 2
// LORA-NEXT: 4 3
// LORA-NEXT: 12 6
xf.parameter @t_folded : !packed_t {
  %w = xf.get @t_base : !packed_t
  %a = xf.get @t_a : !fa
  %b = xf.get @t_b : !fb
  %p = stage.fold %w plus %a, %b {
  ^bb0(%e: f32, %d: f32):
    %0 = arith.addf %e, %d : f32
    xf.yield %0 : f32
  } : !packed_t plus !fa, !fb -> !packed_t
  xf.yield %p : !packed_t
}
// NONE-NEXT: t_folded : 3x2
// NONE-NEXT: 1 0
// NONE-NEXT: 4 5
// NONE-NEXT: 14 2
// LORA-NEXT: t_folded : 3x2
// LORA-NEXT: 3 2
// LORA-NEXT: 4 3
// LORA-NEXT: 12 6
xf.parameter @t_norms : !norms {
  %w = xf.get @t_base : !packed_t
  %a = xf.get @t_a : !fa
  %b = xf.get @t_b : !fb
  %p = stage.fold_norm %w plus %a, %b {
  ^bb0(%n: f32):
    xf.yield %n : f32
  } : !packed_t plus !fa, !fb -> !norms
  xf.yield %p : !norms
}
// NONE-NEXT: t_norms : 2
// NONE-NEXT: 14.59451952 5.385164807
// LORA-NEXT: t_norms : 2
// LORA-NEXT: 13 7
