# Executables: tools/proa_x.cc or tools/proa-x/*.cc -> proa-x; examples/cpp/x.cc -> example-x;
# benchmarks/x.cc -> bench-x, built on demand only.
# Tools export their symbols, so that a dialect in a shared library can be loaded into them.
# An example that needs more brings its own examples/x/CMakeLists.txt.

if(NOT PROA_TOOLS)
  return()
endif()

# Tools of whoever deploys hold the predictor alone.
set(predictor_tools proa-predict proa-info)

file(GLOB tool_files CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/tools/proa_*.cc")
foreach(file IN LISTS tool_files)
  get_filename_component(name "${file}" NAME_WE)
  string(REPLACE "_" "-" name "${name}")
  add_executable(${name} "${file}")
  if(name IN_LIST predictor_tools)
    proa_link(${name} inference)
    if(NOT SKBUILD)
      install(TARGETS ${name} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT inference)
    endif()
    continue()
  endif()
  set_target_properties(${name} PROPERTIES ENABLE_EXPORTS ON)
  proa_link(${name} ALL)
endforeach()

file(GLOB tool_sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/tools/proa-*/*.cc")
foreach(file IN LISTS tool_sources)
  get_filename_component(folder "${file}" DIRECTORY)
  get_filename_component(name "${folder}" NAME)
  if(NOT TARGET ${name})
    add_executable(${name})
    set_target_properties(${name} PROPERTIES ENABLE_EXPORTS ON)
    proa_link(${name} ALL)
  endif()
  target_sources(${name} PRIVATE "${file}")
endforeach()

file(GLOB example_files CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/examples/cpp/*.cc")
foreach(file IN LISTS example_files)
  get_filename_component(name "${file}" NAME_WE)
  add_executable(example-${name} "${file}")
  proa_link(example-${name} ALL)
endforeach()

file(GLOB benchmark_files CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/benchmarks/*.cc")
foreach(file IN LISTS benchmark_files)
  get_filename_component(name "${file}" NAME_WE)
  string(REPLACE "_" "-" name "${name}")
  add_executable(bench-${name} EXCLUDE_FROM_ALL "${file}")
  proa_link(bench-${name} ALL)
endforeach()

file(GLOB example_lists CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/examples/*/CMakeLists.txt")
foreach(file IN LISTS example_lists)
  get_filename_component(folder "${file}" DIRECTORY)
  add_subdirectory("${folder}")
endforeach()
