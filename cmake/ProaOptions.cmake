# Compiler flags shared by every target, in one interface library.
# Why one place: the rounding of results depends on them (-ffp-contract=off), so no target may differ.

option(PROA_TESTS "Build the tests" ON)
option(PROA_TOOLS "Build tools/ and examples/" ON)
option(PROA_PYTHON "Build the Python extension module" ON)
option(PROA_WERROR "Treat warnings as errors" OFF)
set(PROA_SANITIZE "" CACHE STRING "Sanitiser: empty, address (with undefined) or thread")
set_property(CACHE PROA_SANITIZE PROPERTY STRINGS "" address thread)

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "Build type" FORCE)
endif()

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
# Asserts of the standard library stay on in releases, so NDEBUG is not set either.
# Sanitised builds take -O1: the checks make the optimiser several times slower, not the faults rarer.
set(proa_optimize "-O2")
set(proa_optimize_kernels "-O3")
if(PROA_SANITIZE)
  set(proa_optimize "-O1")
  set(proa_optimize_kernels "-O1")
endif()
set(CMAKE_CXX_FLAGS_RELEASE "${proa_optimize}")
set(CMAKE_C_FLAGS_RELEASE "${proa_optimize}")

if(NOT DEFINED CMAKE_CXX_COMPILER_LAUNCHER)
  find_program(PROA_CCACHE ccache)
  if(PROA_CCACHE)
    set(CMAKE_C_COMPILER_LAUNCHER "${PROA_CCACHE}")
    set(CMAKE_CXX_COMPILER_LAUNCHER "${PROA_CCACHE}")
  endif()
endif()

find_package(Threads REQUIRED)

add_library(proa_options INTERFACE)
target_include_directories(proa_options INTERFACE "${PROJECT_SOURCE_DIR}")
target_compile_options(proa_options INTERFACE
  -ffp-contract=off   # a fused multiply-add is written as fma() where it is meant
  -fno-math-errno     # sqrt is one instruction; no result changes
  # Symbols are hidden by the linker (python/bindings: a version script), not by the compiler: a
  # dialect that is loaded into proa-opt as a shared library finds there what it needs.
  -fno-semantic-interposition
  # Whole objects are linked (see ProaFloors.cmake); what a binary never reaches is left out again.
  -ffunction-sections -fdata-sections
  -Wall -Wextra
  $<$<BOOL:${PROA_WERROR}>:-Werror>)
target_link_options(proa_options INTERFACE -Wl,--gc-sections)
target_link_libraries(proa_options INTERFACE Threads::Threads ${CMAKE_DL_LIBS})

if(PROA_SANITIZE STREQUAL "address")
  set(proa_sanitize_flags -fsanitize=address,undefined -fno-sanitize-recover=undefined)
elseif(PROA_SANITIZE STREQUAL "thread")
  set(proa_sanitize_flags -fsanitize=thread)
elseif(NOT PROA_SANITIZE STREQUAL "")
  message(FATAL_ERROR "PROA_SANITIZE is '${PROA_SANITIZE}'; expected address, thread or nothing")
endif()

if(PROA_SANITIZE)
  target_compile_options(proa_options INTERFACE ${proa_sanitize_flags} -g1 -fno-omit-frame-pointer)
  target_link_options(proa_options INTERFACE ${proa_sanitize_flags})
else()
  target_compile_options(proa_options INTERFACE -fstack-protector-strong)
  # _FORTIFY_SOURCE needs an optimising build.
  target_compile_definitions(proa_options INTERFACE $<$<CONFIG:Release>:_FORTIFY_SOURCE=2>)
  target_link_options(proa_options INTERFACE -Wl,-z,relro,-z,now)
endif()
target_compile_definitions(proa_options INTERFACE _GLIBCXX_ASSERTIONS)
