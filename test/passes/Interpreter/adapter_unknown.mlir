// RUN: not ptx-interpret %s --adapter=nora --split-input-file 2>&1 | FileCheck %s
// CHECK: {{.*}}error: unknown adapter 'nora', the module has 'lora', 'dora'
xf.adapter @lora {
}
xf.adapter @dora {
}
xf.function @f attributes {test.calls = [{}]} {
}

// -----

// CHECK: {{.*}}error: unknown adapter 'nora', the module has none
xf.function @f attributes {test.calls = [{}]} {
}
