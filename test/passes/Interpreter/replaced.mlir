// RUN: ptx-interpret %s --parameters | FileCheck %s --check-prefix=NONE
// RUN: ptx-interpret %s --parameters --adapter=other | FileCheck %s --check-prefix=NONE
// RUN: ptx-interpret %s --parameters --adapter=own | FileCheck %s --check-prefix=OWN
// A weight that the adapter brings whole is read in place of the model's.
!w = !xf.weight<1x2xf32>
!panels = !xf.packed<matrix, 1x2xf32>
xf.weight @W : !w {test.value = dense<[[1.0, 2.0]]> : tensor<1x2xf64>}
xf.adapter @own {
  xf.replacement @W {test.value = dense<[[3.0, 4.0]]> : tensor<1x2xf64>}
}
xf.adapter @other {
}
xf.parameter @p : !panels {
  %w = xf.use @W : !w
  %0 = xf.replaced %w by @W : !w
  %p = xf.pack %0 : !w -> !panels
  xf.yield %p : !panels
}
// NONE: p : 1x2
// NONE-NEXT: 1 2
// OWN: p : 1x2
// OWN-NEXT: 3 4
