# MLIR's headers, parsed once: of the twelve seconds that a generator of kernels
# takes to compile, ten are theirs. No header of ptx is among them, so no edit
# makes them anew. CMAKE_DISABLE_PRECOMPILE_HEADERS=ON builds without.
file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/mlir_headers.cpp CONTENT "")
add_library(ptx_mlir_headers OBJECT ${CMAKE_BINARY_DIR}/mlir_headers.cpp)
target_precompile_headers(ptx_mlir_headers PRIVATE
  <mlir/Bytecode/BytecodeOpInterface.h>
  <mlir/Dialect/Arith/IR/Arith.h>
  <mlir/Dialect/Func/IR/FuncOps.h>
  <mlir/Dialect/GPU/IR/GPUDialect.h>
  <mlir/Dialect/LLVMIR/LLVMDialect.h>
  <mlir/Dialect/Math/IR/Math.h>
  <mlir/Dialect/SCF/IR/SCF.h>
  <mlir/Dialect/Vector/IR/VectorOps.h>
  <mlir/Parser/Parser.h>
  <mlir/Pass/PassManager.h>
  <mlir/Transforms/DialectConversion.h>
  <llvm/ADT/TypeSwitch.h>)
# A system header that was installed again, unchanged, is no other header; and ccache knows the result in another checkout.
if(CMAKE_CXX_COMPILER_ID MATCHES Clang)
  target_compile_options(ptx_mlir_headers PRIVATE "SHELL:-Xclang -fno-pch-timestamp")
endif()

# The targets include MLIR: they begin with its headers as parsed above.
function(ptx_uses_mlir)
  foreach(target ${ARGN})
    target_precompile_headers(${target} REUSE_FROM ptx_mlir_headers)
    target_compile_options(${target} PRIVATE -fPIC) # executables too: -fPIE is another language
  endforeach()
endfunction()
