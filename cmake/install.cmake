# `make install`: headers, one static library, the command, and the CMake package reckon::reckon.
#
# libreckon.a is every room behind the facade reckon/reckon.h, and llama.cpp: a user links one archive, in no particular
# order, and Debian's shared libraries, which the package's configuration finds.
if(RECKON_SANITIZE OR NOT TARGET reckon_session OR NOT RECKON_LLAMA_PREFIX)
  return()
endif()
include(CMakePackageConfigHelpers)

set(rooms base model policy verify strategy engine models session)
file(GLOB llama_archives ${RECKON_LLAMA_PREFIX}/lib/*.a)
set(bundle ${CMAKE_BINARY_DIR}/libreckon.a)
set(script "create ${bundle}\n")
foreach(room ${rooms})
  string(APPEND script "addlib $<TARGET_FILE:reckon_${room}>\n")
  list(APPEND room_targets reckon_${room})
endforeach()
foreach(archive ${llama_archives})
  string(APPEND script "addlib ${archive}\n")
endforeach()
file(GENERATE OUTPUT ${CMAKE_BINARY_DIR}/libreckon.mri CONTENT "${script}save\nend\n")
add_custom_command(OUTPUT ${bundle} COMMAND ${CMAKE_AR} -M < ${CMAKE_BINARY_DIR}/libreckon.mri
                   DEPENDS ${room_targets} ${llama_archives} ${CMAKE_BINARY_DIR}/libreckon.mri VERBATIM)
add_custom_target(reckon_bundle DEPENDS ${bundle})

# GPU backends need their vendor's libraries at the final link.
set(RECKON_GPU_PACKAGES "")
set(RECKON_GPU_LIBRARIES "")
if(TARGET reckon_gpu)
  get_target_property(RECKON_GPU_PACKAGES reckon_gpu RECKON_PACKAGES)
  get_target_property(RECKON_GPU_LIBRARIES reckon_gpu INTERFACE_LINK_LIBRARIES)
endif()
set(package ${CMAKE_INSTALL_LIBDIR}/cmake/reckon)
configure_package_config_file(cmake/reckonConfig.cmake.in ${CMAKE_BINARY_DIR}/reckonConfig.cmake
                              INSTALL_DESTINATION ${package} PATH_VARS CMAKE_INSTALL_INCLUDEDIR CMAKE_INSTALL_LIBDIR)
write_basic_package_version_file(${CMAKE_BINARY_DIR}/reckonConfigVersion.cmake COMPATIBILITY SameMinorVersion)

install(DIRECTORY include/reckon DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(FILES ${bundle} DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(FILES ${CMAKE_BINARY_DIR}/reckonConfig.cmake ${CMAKE_BINARY_DIR}/reckonConfigVersion.cmake DESTINATION ${package})
install(PROGRAMS $<TARGET_FILE:reckon> DESTINATION ${CMAKE_INSTALL_BINDIR})
install(FILES LICENSE NOTICE ${RECKON_LLAMA_PREFIX}/LICENSE.llama.cpp DESTINATION ${CMAKE_INSTALL_DOCDIR})
