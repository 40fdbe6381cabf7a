# The reference manual: what the .td files say of dialects and passes, as
# Markdown. `cmake --build --preset release --target reference` leaves it in
# build/reference.

# A page from LLVM_TARGET_DEFINITIONS, in front of add_public_tablegen_target.
macro(ptx_reference_page name file)
  mlir_tablegen(${file} ${ARGN})
  set_property(GLOBAL APPEND PROPERTY PTX_REFERENCE_COPIES COMMAND ${CMAKE_COMMAND} -E copy
               ${CMAKE_CURRENT_BINARY_DIR}/${file} ${CMAKE_BINARY_DIR}/reference/${name}.md)
endmacro()

# When all pages are known. They come with the headers of the same files, so the build makes them anyway.
function(ptx_add_reference_target)
  get_property(copies GLOBAL PROPERTY PTX_REFERENCE_COPIES)
  add_custom_target(reference ALL
    COMMAND ${CMAKE_COMMAND} -E make_directory ${CMAKE_BINARY_DIR}/reference ${copies} VERBATIM)
  add_dependencies(reference ptx_xf_inc ptx_stage_inc ptx_rt_inc ptx_dev_inc ptx_passes_inc)
endfunction()
