# The extension module proa._proa, from python/bindings/**/*.cc.
# It is laid beside the Python sources, so that PYTHONPATH=python works in the tree; a sanitised
# build keeps its module under its own build folder, and a wheel build under scikit-build's.

if(NOT PROA_PYTHON)
  return()
endif()

file(GLOB_RECURSE binding_sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/python/bindings/*.cc")
if(NOT binding_sources)
  return()
endif()

if(NOT Python_EXECUTABLE AND EXISTS "${PROJECT_SOURCE_DIR}/.venv/bin/python")
  set(Python_EXECUTABLE "${PROJECT_SOURCE_DIR}/.venv/bin/python")
endif()
# Development.Module alone: an extension module resolves Python's symbols in the process that
# loads it and must not bring a second libpython.
find_package(Python 3.11 COMPONENTS Interpreter Development.Module)
if(Python_FOUND)
  execute_process(COMMAND "${Python_EXECUTABLE}" -m nanobind --cmake_dir
    OUTPUT_STRIP_TRAILING_WHITESPACE OUTPUT_VARIABLE nanobind_ROOT ERROR_QUIET)
  find_package(nanobind CONFIG QUIET)
endif()
if(NOT nanobind_FOUND)
  message(WARNING "The Python module is left out: no Python with nanobind. Run scripts/setup first.")
  return()
endif()

nanobind_add_module(_proa NB_STATIC NOMINSIZE NOSTRIP ${binding_sources})
target_include_directories(_proa PRIVATE "${PROJECT_SOURCE_DIR}/python")
# Method tables hold functions of several signatures under one pointer type; CPython says so by flags.
target_compile_options(_proa PRIVATE -Wno-cast-function-type)
proa_link(_proa ALL)
if(TARGET proa_clang)
  add_dependencies(_proa proa_clang)  # whoever builds the module wants its compiler beside it
endif()
# Everything but the entry stays inside, so that no other copy of a library in the process can take
# its place.
target_link_options(_proa PRIVATE
  "-Wl,--version-script=${PROJECT_SOURCE_DIR}/cmake/python_exports.map")
set_target_properties(_proa PROPERTIES LINK_DEPENDS
  "${PROJECT_SOURCE_DIR}/cmake/python_exports.map")
if(SKBUILD)
  install(TARGETS _proa LIBRARY DESTINATION proa COMPONENT python)
elseif(PROA_SANITIZE)
  set_target_properties(_proa PROPERTIES LIBRARY_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/python/proa")
else()
  set_target_properties(_proa PROPERTIES LIBRARY_OUTPUT_DIRECTORY
    "${PROJECT_SOURCE_DIR}/python/proa")
endif()
