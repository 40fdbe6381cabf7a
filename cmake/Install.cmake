# What `cmake --install` gives to a user: the tools, the one header, the library
# with what finds it (CMake and pkg-config), and the plug-in devices. Nothing in
# it names the prefix, so that the whole may be moved.

# The runtime looks for plug-ins beside the library and in ../lib of the program
# (runtime/device/find_device.cpp): the names of these directories are fixed.
set(ptx_programs ptx-run)
set(ptx_devices ptx-emulator)
if(PTX_BUILD_COMPILER)
  list(APPEND ptx_programs ptx-compile ptx-opt)
  list(APPEND ptx_devices ptx-reference)
endif()

# What has MLIR in it looks for it where it was linked from: the loader need not
# know that place. Nothing is linked with another file of the prefix.
set_target_properties(${ptx_programs} ptx ${ptx_devices} PROPERTIES INSTALL_RPATH_USE_LINK_PATH ON)

install(TARGETS ${ptx_programs} RUNTIME DESTINATION bin)
install(TARGETS ptx EXPORT ptx LIBRARY DESTINATION lib INCLUDES DESTINATION include)
install(TARGETS ${ptx_devices} LIBRARY DESTINATION lib)
install(FILES runtime/ptx.h DESTINATION include)
install(FILES LICENSE DESTINATION share/doc/ptx)

# find_package(ptx): the library needs no other package, so its targets are all
# there is to configure.
include(CMakePackageConfigHelpers)
write_basic_package_version_file(ptxConfigVersion.cmake COMPATIBILITY SameMajorVersion)
install(EXPORT ptx NAMESPACE ptx:: FILE ptxConfig.cmake DESTINATION lib/cmake/ptx)
install(FILES ${CMAKE_BINARY_DIR}/ptxConfigVersion.cmake DESTINATION lib/cmake/ptx)

configure_file(cmake/ptx.pc.in ptx.pc @ONLY)
install(FILES ${CMAKE_BINARY_DIR}/ptx.pc DESTINATION lib/pkgconfig)
