# libproa_inference.so: the predictor behind its C functions, without compiler and without Python; and
# libproa_compiler.so, the plug-in that it opens only when a kernel for this machine is missing.
# cmake --install BUILD --component inference (and --component compiler) installs them, for
# find_package(proa_inference) and target_link_libraries(... proa::inference).

if(SKBUILD)
  return()  # a wheel has the module, which holds all of it
endif()
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

function(proa_hide target map)
  target_link_options(${target} PRIVATE "-Wl,--version-script=${PROJECT_SOURCE_DIR}/cmake/${map}"
    -Wl,--no-undefined)
  set_target_properties(${target} PROPERTIES LINK_DEPENDS "${PROJECT_SOURCE_DIR}/cmake/${map}")
endfunction()

add_library(proa_inference_library SHARED $<TARGET_OBJECTS:proa_inference>)
add_library(proa::inference ALIAS proa_inference_library)
proa_link(proa_inference_library runtime program kernels base)
proa_hide(proa_inference_library inference_exports.map)
target_include_directories(proa_inference_library INTERFACE
  $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
set_target_properties(proa_inference_library PROPERTIES
  OUTPUT_NAME proa_inference EXPORT_NAME inference LINKER_LANGUAGE CXX
  VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR}
  LIBRARY_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}")

add_library(proa_compiler_library MODULE $<TARGET_OBJECTS:proa_tier>)
proa_link(proa_compiler_library compiler program runtime kernels base)
proa_hide(proa_compiler_library compiler_exports.map)
set_target_properties(proa_compiler_library PROPERTIES OUTPUT_NAME proa_compiler
  LINKER_LANGUAGE CXX LIBRARY_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}")
if(TARGET proa_clang)
  add_dependencies(proa_compiler_library proa_clang)
  install(TARGETS proa_clang LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT compiler)
endif()

set(proa_package_folder "${CMAKE_INSTALL_LIBDIR}/cmake/proa_inference")
install(TARGETS proa_inference_library EXPORT proa_inference
  LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT inference)
install(FILES "${PROJECT_SOURCE_DIR}/proa/inference/c_api.h"
  "${PROJECT_SOURCE_DIR}/proa/inference/cpp_api.h"
  DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/proa/inference COMPONENT inference)
install(EXPORT proa_inference NAMESPACE proa:: FILE proa_inferenceTargets.cmake
  DESTINATION ${proa_package_folder} COMPONENT inference)
configure_package_config_file("${PROJECT_SOURCE_DIR}/cmake/proa_inferenceConfig.cmake.in"
  "${PROJECT_BINARY_DIR}/proa_inferenceConfig.cmake" INSTALL_DESTINATION ${proa_package_folder})
write_basic_package_version_file("${PROJECT_BINARY_DIR}/proa_inferenceConfigVersion.cmake"
  COMPATIBILITY SameMajorVersion)
install(FILES "${PROJECT_BINARY_DIR}/proa_inferenceConfig.cmake"
  "${PROJECT_BINARY_DIR}/proa_inferenceConfigVersion.cmake"
  DESTINATION ${proa_package_folder} COMPONENT inference)
install(TARGETS proa_compiler_library LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}
  COMPONENT compiler)
