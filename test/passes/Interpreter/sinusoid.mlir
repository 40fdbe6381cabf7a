// RUN: ptx-interpret %s --parameters | FileCheck %s
// Sines and cosines of p / 10000^(2j/4): of 0, and of 1 and 1/100 for position 1.
!w = !xf.weight<2x4xf32>
!table = !xf.packed<table, 2x4xf32>
xf.parameter @p : !table {
  %0 = xf.sinusoid : !w
  %p = xf.pack %0 : !w -> !table
  xf.yield %p : !table
}
// CHECK: p : 2x4
// CHECK-NEXT: 0 1 0 1
// CHECK-NEXT: 0.8414709848 0.5403023059 0.009999833334 0.9999500004
