// RUN: ptx-opt %s -split-input-file --ptx-lower-cuda-kernels -verify-diagnostics

// Inline assembly has no meaning in the emulator, so nothing would prove it.
gpu.module @kernels {
  gpu.func @assembly() kernel {
    // expected-error @+1 {{inline assembly has no meaning in the emulator: it belongs behind an op of the dev dialect}}
    llvm.inline_asm has_side_effects "bar.sync 0;", "" : () -> ()
    gpu.return
  }
}

// -----

gpu.module @kernels {
  gpu.func @assembly() kernel {
    // expected-error @+1 {{inline assembly has no meaning in the emulator}}
    nvvm.inline_ptx "griddepcontrol.wait;"
    gpu.return
  }
}
