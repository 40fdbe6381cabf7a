// Rows that are only multiplied in bf16 are stored in it; those that something else reads too stay f32.
// RUN: ptx-opt %s --stage-narrow-rows | FileCheck %s
// RUN: ptx-opt %s --stage-narrow-rows | ptx-opt --stage-narrow-rows | FileCheck %s
// RUN: ptx-opt %s --stage-narrow-rows --convert-stage-to-rt | FileCheck %s --check-prefix=PLAN
// RUN: not ptx-opt %S/merge.mlir --stage-narrow-rows 2>&1 | FileCheck %s --check-prefix=FORM
// FORM: error: {{.*}} phase plan

!x = tensor<?x16xf32>
!w = !xf.packed<matrix, 16x16xbf16>
!v = !xf.packed<matrix, 7x16xbf16>
!z = !xf.packed<matrix, 16x7xbf16>
!t = !xf.packed<table, 16x16xf32>

xf.weight @W : !xf.weight<16x16xf32>
xf.weight @V : !xf.weight<7x16xf32>
xf.weight @Z : !xf.weight<16x7xf32>
xf.parameter @w : !w {
  %0 = xf.use @W : !xf.weight<16x16xf32>
  %1 = xf.pack %0 : !xf.weight<16x16xf32> -> !w
  xf.yield %1 : !w
}
xf.parameter @v : !v {
  %0 = xf.use @V : !xf.weight<7x16xf32>
  %1 = xf.pack %0 : !xf.weight<7x16xf32> -> !v
  xf.yield %1 : !v
}
xf.parameter @z : !z {
  %0 = xf.use @Z : !xf.weight<16x7xf32>
  %1 = xf.pack %0 : !xf.weight<16x7xf32> -> !z
  xf.yield %1 : !z
}
xf.parameter @t : !t {
  %0 = xf.use @W : !xf.weight<16x16xf32>
  %1 = xf.pack %0 : !xf.weight<16x16xf32> -> !t
  xf.yield %1 : !t
}

// CHECK-LABEL: xf.function @layer
// A residual reads the gathered rows.
// CHECK:      stage.launch -> tensor<?x16xf32>
// Queries, keys and values, through views; heads of eight columns.
// CHECK:      stage.launch -> tensor<?x16xbf16>, tensor<?x16xbf16>, tensor<?x16xbf16>
// CHECK-COUNT-3: } : tensor<?x16xf32>, <matrix, 16x16xbf16> -> tensor<?x16xbf16>
// CHECK:      stage.columns %{{.*}} at 0 : tensor<?x16xbf16> -> tensor<?x16xbf16>
// CHECK:      stage.launch -> tensor<?x16xbf16>
// CHECK:      stage.attention {{.*}} : tensor<?x16xbf16>, tensor<?x16xbf16>, tensor<?x16xbf16>, {{.*}} -> tensor<?x16xbf16>
// Seven columns do not fill words; what the output reads is f32.
// CHECK:      stage.launch -> tensor<?x7xf32>, tensor<?x16xf32>
// CHECK:      stage.launch -> tensor<?x16xf32>

// PLAN-DAG: rt.kernel contract @{{.*}} in bf16 rows {y = bf16} extras [] words(x: rows, {{.*}} weight: weight bf16, {{.*}} y: rows bf16,
// PLAN-DAG: rt.kernel attention @{{.*}} in bf16 rows {k = bf16, q = bf16, v = bf16, y = bf16}
// PLAN-DAG: rt.buffer slot {{.*}} width 16{{$}}
// PLAN-DAG: rt.buffer slot {{.*}} width 16 of bf16
// PLAN-DAG: rt.problem @{{.*}} args (%{{.*}}, pitch 16, @w, 16, 16, %{{.*}}, pitch 8, 0, 0, 0, 0)
xf.function @layer {
  %ids = xf.input "input_ids" ["B", "S"] limit 16 : tensor<?x?xi64>
  %s = stage.space %ids max_length 9 : tensor<?x?xi64> -> !stage.space
  %i = stage.positions %s : !stage.space -> tensor<?xi32>
  %w = xf.get @w : !w
  %v = xf.get @v : !v
  %z = xf.get @z : !z
  %t = xf.get @t : !t
  %x = stage.launch -> !x {
    %0 = stage.gather(%t : !t) at (%i : tensor<?xi32>) {
    ^bb0(%e: f32):
      xf.yield %e : f32
    } -> !x
    xf.yield %0 : !x
  }
  %q:3 = stage.launch -> !x, !x, !x {
    %0 = stage.contract %x, %w {
    ^bb0(%acc: f32):
      xf.yield %acc : f32
    } : !x, !w -> !x
    %1 = stage.contract %x, %w {
    ^bb0(%acc: f32):
      xf.yield %acc : f32
    } : !x, !w -> !x
    %2 = stage.contract %x, %w {
    ^bb0(%acc: f32):
      xf.yield %acc : f32
    } : !x, !w -> !x
    xf.yield %0, %1, %2 : !x, !x, !x
  }
  %view = stage.columns %q#0 at 0 : !x -> !x
  %a = stage.launch -> !x {
    %0 = stage.attention %view, %q#1, %q#2 over %s, %s heads 2 scale 1.0 in bf16 : !x, !x, !x, !stage.space, !stage.space -> !x
    xf.yield %0 : !x
  }
  %h:2 = stage.launch -> tensor<?x7xf32>, !x {
    %0 = stage.contract %a, %v {
    ^bb0(%acc: f32):
      xf.yield %acc : f32
    } : !x, !v -> tensor<?x7xf32>
    %1 = stage.contract %a, %w extras(%x : !x) {
    ^bb0(%acc: f32, %old: f32):
      %sum = arith.addf %acc, %old : f32
      xf.yield %sum : f32
    } : !x, !w -> !x
    xf.yield %0, %1 : tensor<?x7xf32>, !x
  }
  %y = stage.launch -> !x {
    %0 = stage.contract %h#0, %z extras(%h#1 : !x) {
    ^bb0(%acc: f32, %old: f32):
      %sum = arith.addf %acc, %old : f32
      xf.yield %sum : f32
    } : tensor<?x7xf32>, !z -> !x
    xf.yield %0 : !x
  }
  // A view of an odd number of columns keeps its rows f32, whoever reads it.
  // CHECK: stage.launch -> tensor<?x16xf32>
  // CHECK: stage.columns %{{.*}} at 0 : tensor<?x16xf32> -> tensor<?x5xf32>
  %k = stage.launch -> !x {
    %0 = stage.contract %a, %w {
    ^bb0(%acc: f32):
      xf.yield %acc : f32
    } : !x, !w -> !x
    xf.yield %0 : !x
  }
  %odd = stage.columns %k at 0 : !x -> tensor<?x5xf32>
  %last = stage.launch -> !x {
    %0 = stage.contract %k, %w {
    ^bb0(%acc: f32):
      xf.yield %acc : f32
    } : !x, !w -> !x
    xf.yield %0 : !x
  }
  stage.output "last" %last over %s : !x, !stage.space
  stage.output "y" %y over %s : !x, !stage.space
}
