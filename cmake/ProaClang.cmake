# proa_clang: the plug-in that compiles kernels with clang in process. It is opened at run time, so a
# build without clang's headers leaves it out and kernels are made by the system's C compiler.

find_path(PROA_CLANG_INCLUDE clang/CodeGen/CodeGenAction.h PATHS /usr/lib/llvm-19/include
  NO_DEFAULT_PATH)
find_library(PROA_CLANG_CPP clang-cpp PATHS /usr/lib/llvm-19/lib NO_DEFAULT_PATH)
find_library(PROA_LLVM LLVM-19 PATHS /usr/lib/llvm-19/lib NO_DEFAULT_PATH)
if(NOT PROA_CLANG_INCLUDE OR NOT PROA_CLANG_CPP OR NOT PROA_LLVM OR
   PROA_SANITIZE STREQUAL "thread")
  message(STATUS "proa_clang is left out: clang 19 is missing, or threads are being watched")
  return()
endif()

# It is not sanitised, for LLVM is not; the thread sanitiser would take LLVM's locks for races.
add_library(proa_clang MODULE "${PROJECT_SOURCE_DIR}/proa/compiler/jit/clang/plugin.cc")
set_target_properties(proa_clang PROPERTIES PREFIX "" CXX_VISIBILITY_PRESET hidden
  VISIBILITY_INLINES_HIDDEN ON)
target_include_directories(proa_clang PRIVATE "${PROJECT_SOURCE_DIR}")
target_include_directories(proa_clang SYSTEM PRIVATE "${PROA_CLANG_INCLUDE}")
target_compile_options(proa_clang PRIVATE -fno-rtti -O1 -w)
target_link_options(proa_clang PRIVATE -Wl,--no-undefined -Wl,-z,relro,-z,now)
target_link_libraries(proa_clang PRIVATE "${PROA_CLANG_CPP}" "${PROA_LLVM}")
if(SKBUILD)
  install(TARGETS proa_clang LIBRARY DESTINATION proa COMPONENT python)
else()
  # Beside the Python module; other binaries of the build find it through the link.
  set(proa_clang_folder "${PROJECT_SOURCE_DIR}/python/proa")
  if(PROA_SANITIZE)
    set(proa_clang_folder "${CMAKE_BINARY_DIR}/python/proa")
  endif()
  set_target_properties(proa_clang PROPERTIES LIBRARY_OUTPUT_DIRECTORY "${proa_clang_folder}")
  file(CREATE_LINK "${proa_clang_folder}/proa_clang.so"
    "${CMAKE_BINARY_DIR}/proa_clang.so" SYMBOLIC)
endif()
