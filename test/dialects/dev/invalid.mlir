// RUN: ptx-opt %s -split-input-file -verify-diagnostics

// C1: a positive number of floats.
// expected-error @+1 {{C1: expects a positive number of floats, found 0}}
%shared = dev.shared 0 : !llvm.ptr<3>

// -----

// expected-error @+1 {{C1: expects a positive number of floats, found -4}}
%shared = dev.shared -4 : !llvm.ptr<3>

// -----

// Shared memory is address space 3.
// expected-error @+1 {{must be LLVM pointer in address space 3}}
%shared = dev.shared 16 : !llvm.ptr<1>

// -----

// A copy goes from global to shared memory.
func.func @copy(%shared: !llvm.ptr<3>, %exists: i1) {
  // expected-error @+1 {{operand #1 must be LLVM pointer in address space 1}}
  dev.copy_async %shared, %shared if %exists : !llvm.ptr<3>, !llvm.ptr<3>
  return
}

// -----

// Tensor cores multiply f16 and bf16.
func.func @mma(%w: i32, %c: f32) {
  // expected-error @+1 {{attribute 'element_type' failed to satisfy constraint: type attribute of 16-bit float or bfloat16 type}}
  %d:4 = dev.mma (%w, %w, %w, %w) (%w, %w) (%c, %c, %c, %c) in f32
  return
}
