# cmake --install: header, both forms of the library, the program, and what lets other projects find them: clinear.pc and the
# CMake package. Two export sets, for only the static form asks its user for the libraries below it.
include(CMakePackageConfigHelpers)
set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/clinear)

install(FILES include/clinear.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(TARGETS clinear_shared EXPORT clinear-shared LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(TARGETS clinear_static EXPORT clinear-static ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
if(TARGET clinear)
    install(TARGETS clinear RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()

foreach(form shared static)
    install(EXPORT clinear-${form} NAMESPACE clinear:: DESTINATION ${package_dir})
endforeach()
configure_package_config_file(scripts/clinear-config.cmake.in ${PROJECT_BINARY_DIR}/clinear-config.cmake
                              INSTALL_DESTINATION ${package_dir} NO_SET_AND_CHECK_MACRO)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/clinear-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/clinear-config.cmake ${PROJECT_BINARY_DIR}/clinear-config-version.cmake
        DESTINATION ${package_dir})

# The prefix is found from the file's own place, so that `cmake --install --prefix` may choose it late.
file(RELATIVE_PATH pc_to_prefix ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig ${CMAKE_INSTALL_PREFIX})
configure_file(scripts/clinear.pc.in ${PROJECT_BINARY_DIR}/clinear.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/clinear.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
