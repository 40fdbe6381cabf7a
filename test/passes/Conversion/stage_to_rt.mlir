// Every value gets a buffer, buffers whose lives do not meet share a slot, equal stages share a kernel.
// RUN: ptx-opt %S/../Inputs/separate.mlir --xf-attach-adapters --ptx-deploy --ptx-stage --ptx-merge --convert-stage-to-rt | FileCheck %s
// RUN: ptx-opt %S/../Inputs/separate.mlir --ptx-adapt --ptx-deploy --ptx-stage --ptx-merge --convert-stage-to-rt | FileCheck %s --check-prefix=FOLDED
// RUN: not ptx-opt %S/../Inputs/separate.mlir --convert-stage-to-rt 2>&1 | FileCheck %s --check-prefix=EARLY
// RUN: ptx-opt %S/../Inputs/fold_of_none.mlir --convert-stage-to-rt --verify-diagnostics
// EARLY: does not belong into the IR that phase plan starts from

// CHECK-LABEL: rt.program @forward slots 3 {
// CHECK: %[[IDS:.*]] = rt.input "input_ids" ["B", "S"] limit 9
// CHECK: %[[S:.*]] = rt.space "source" ["B", "S"] inputs(%[[IDS]]) max_length 9
// The width of a rank is that of the widest adapter.
// CHECK: %[[E:.*]] = rt.buffer slot 0 in %[[S]] per row width 8
// CHECK: %[[U:.*]] = rt.buffer slot 1 in %[[S]] per row width 3
// CHECK: %[[X:.*]] = rt.buffer slot 2 in %[[S]] per row width 8
// CHECK: %[[V:.*]] = rt.buffer slot 1 in %[[S]] per row width 2
// CHECK: rt.problem @gather_0 {{.*}} args (%[[E]], pitch 8, 8, @words.table, pitch 8, ids %[[IDS]])
// A problem of rank 0 is skipped.
// CHECK: rt.problem @gather_0 {{.*}} guard @words {{.*}} args (%[[U]], pitch 3, rank @words, @words.table_0, pitch 3, ids %[[IDS]])
// CHECK: rt.problem @contract_1 {{.*}} args (%[[U]], pitch 3, @words.matrix, rank @words, 8, %[[X]], pitch 8, 0, 0, 0, 0, %[[E]], pitch 8, @words.vector)
// CHECK: rt.problem @contract_2 {{.*}} columns 2 rank @w guard @w {{.*}} args (%[[X]], pitch 8, @w.matrix, 8, rank @w, %[[V]], pitch 2, 0, 0, 0, 0)
// The second layer runs the kernels of the first. What has no name is known by its lines.
// CHECK: rt.problem @row_norm_5 "line{{[0-9]+.line[0-9]+}}"
// CHECK: rt.problem @contract_2
// CHECK: rt.problem @row_norm_5
// CHECK: rt.output "out" %{{.*}} column 0 width 8
// Kept apart, only a DoRA's gains are computed when an adapter is bound: norms are one row of all outputs.
// CHECK-COUNT-6: rt.kernel
// CHECK: rt.deploy {
// CHECK-NEXT: rt.launch "fold_norm" {
// CHECK-NEXT: rt.problem @fold_norm_6 "words.vector" over rows count 1 columns 8 flops 72 bytes 36 args (@words.table_0, pitch 3, @words.matrix, rank @words, @words.vector.base, pitch 9, @words.vector, 9, 8, @words.magnitude)
// CHECK: rt.kernel fold_norm
// CHECK-NOT: rt.kernel
// CHECK: rt.entry @entry_0 [@contract_1]

// Folded, the merge is one problem of deploy, over the rows of A^T.
// FOLDED: rt.deploy {
// FOLDED: rt.launch "fold" {
// FOLDED-NEXT: rt.problem @[[FOLD:fold_.*]] "w.matrix" over rows count 8 columns 6 guard @w flops 4 bytes 8 args (@w.a, pitch 2, @w.matrix.b, rank @w, @w.matrix.base, pitch 8, @w.matrix, pitch 8, 8, 6, 0)
// FOLDED: rt.entry @{{.*}} [@[[FOLD]]]
