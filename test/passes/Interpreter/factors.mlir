// RUN: ptx-interpret %s --parameters --adapter=lora | FileCheck %s --check-prefix=LORA
// RUN: ptx-interpret %s --parameters | FileCheck %s --check-prefix=NONE
// A as a matrix and as a table, and 2 B, whole and in part; without an adapter their rank is 0.
!slot = !xf.low_rank<3x2>
!a = !xf.packed<matrix, ?x2xf32>
!table = !xf.packed<table, 2x?xf32>
!b = !xf.packed<matrix, 3x?xf32>
!part = !xf.packed<matrix, 2x?xf32>
xf.weight @W : !xf.weight<3x2xf32>
xf.adapter @lora {
  xf.delta @W linear rank 1 scale 2.0 {
    test.a = dense<[[1.0, -1.0]]> : tensor<1x2xf64>,
    test.b = dense<[[0.0], [1.0], [2.0]]> : tensor<3x1xf64>}
}
xf.parameter @a : !a {
  %s = xf.slot @W : !slot
  %p = xf.factor_a %s linear : !slot -> !a
  xf.yield %p : !a
}
// LORA: a : 1x2
// LORA-NEXT: 1 -1
// NONE: a : 0x2
xf.parameter @table : !table {
  %s = xf.slot @W : !slot
  %p = xf.factor_a %s embedding : !slot -> !table
  xf.yield %p : !table
}
// LORA-NEXT: table : 2x1
// LORA-NEXT: 1
// LORA-NEXT: -1
// NONE-NEXT: table : 2x0
xf.parameter @b : !b {
  %s = xf.slot @W : !slot
  %p = xf.factor_b %s : !slot -> !b
  xf.yield %p : !b
}
// LORA-NEXT: b : 3x1
// LORA-NEXT: 0
// LORA-NEXT: 2
// LORA-NEXT: 4
// NONE-NEXT: b : 3x0
xf.parameter @part : !part {
  %s = xf.slot @W : !slot
  %p = xf.factor_b %s rows [1, 3] : !slot -> !part
  xf.yield %p : !part
}
// LORA-NEXT: part : 2x1
// LORA-NEXT: 2
// LORA-NEXT: 4
// NONE-NEXT: part : 2x0
