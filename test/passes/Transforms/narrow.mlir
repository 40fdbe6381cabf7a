// Every contraction multiplies in the type asked for, and its weights and factors are packed in it.
// RUN: ptx-opt %S/../Inputs/separate.mlir --xf-attach-adapters --xf-narrow-contractions=type=bf16 > %t.mlir
// RUN: FileCheck %s --check-prefix=NARROW < %t.mlir
// RUN: ptx-opt %t.mlir --xf-pack-weights | FileCheck %s --check-prefix=PACK
// RUN: ptx-opt %t.mlir --xf-fuse-lora | FileCheck %s --check-prefix=FUSE
// RUN: ptx-opt %t.mlir --xf-narrow-contractions | FileCheck %s --check-prefix=WIDE
// RUN: not ptx-opt %t.mlir --xf-narrow-contractions=type=f64 2>&1 | FileCheck %s --check-prefix=TYPE
// RUN: ptx-opt %S/../Inputs/separate.mlir --ptx-adapt='fuse=false dtype=f16' | FileCheck %s --check-prefix=PHASE
// TYPE: contractions multiply in f32, f16 or bf16, found 'f64'

// NARROW: xf.lora_linear %{{.*}} rows [0, 6] in bf16 :
// NARROW: xf.linear %{{.*}} in_out in bf16 :
// NARROW: xf.lora_embedding %{{.*}} scaled in bf16 :

// PACK-DAG: xf.factor_a %{{.*}} linear : <12x8> -> <matrix, ?x8xbf16>
// PACK-DAG: xf.factor_b %{{.*}} rows [0, 6] : <12x8> -> <matrix, 6x?xbf16>
// PACK-DAG: xf.pack %{{.*}} rows [0, 6] : <12x8xf16> -> <matrix, 6x8xbf16>
// PACK-DAG: xf.pack %{{.*}} rows [0, 6] : <12xf32> -> <vector, 6x1xf32>
// PACK: xf.linear %{{.*}} in bf16 : tensor<?x?x6xf32>, !xf.packed<matrix, 8x6xbf16>
// PACK: xf.embedding %{{.*}} !xf.packed<table, 9x?xf32>
// PACK: xf.linear %{{.*}} in bf16 : tensor<?x?x?xf32>, !xf.packed<matrix, 8x?xbf16>

// FUSE: xf.linear %{{.*}} rows [0, 6] in bf16 : tensor<?x?x8xf32>, !xf.weight<12x8xf32>
// WIDE-NOT: in bf16
// PHASE: xf.lora_linear %{{.*}} in f16 :
