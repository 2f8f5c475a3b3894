# Libraries from outside that floors link: proa_lapack and proa_fft.
# docs/design/dependencies.md says why these.

# The reference LAPACK and BLAS, by the path of their own archives: /usr/lib/*/liblapack.a is an
# alternative that an installed OpenBLAS takes over.
find_library(PROA_LAPACK_ARCHIVE liblapack.a NO_DEFAULT_PATH
  PATHS /usr/lib/${CMAKE_LIBRARY_ARCHITECTURE}/lapack)
find_library(PROA_BLAS_ARCHIVE libblas.a NO_DEFAULT_PATH
  PATHS /usr/lib/${CMAKE_LIBRARY_ARCHITECTURE}/blas)
if(NOT PROA_LAPACK_ARCHIVE OR NOT PROA_BLAS_ARCHIVE)
  message(FATAL_ERROR "The static reference LAPACK is missing (Debian packages liblapack-dev and "
    "libblas-dev). Run scripts/setup first.")
endif()
# An object library: its xerbla_ must be there before the archive's own is looked for.
add_library(proa_lapack_runtime OBJECT
  "${PROJECT_SOURCE_DIR}/third_party/lapack/fortran_runtime.cc")
target_link_libraries(proa_lapack_runtime PRIVATE proa_options)
target_compile_options(proa_lapack_runtime PRIVATE -fvisibility=hidden)
add_library(proa_lapack INTERFACE)
target_sources(proa_lapack INTERFACE $<TARGET_OBJECTS:proa_lapack_runtime>)
target_link_libraries(proa_lapack INTERFACE "${PROA_LAPACK_ARCHIVE}" "${PROA_BLAS_ARCHIVE}"
  -Wl,--exclude-libs,liblapack.a:libblas.a)

add_library(proa_fft INTERFACE)
target_include_directories(proa_fft SYSTEM INTERFACE
  "${PROJECT_SOURCE_DIR}/third_party/pocketfft")
# Threads are ours to give; a plan cache would be a lock and memory that nobody frees.
target_compile_definitions(proa_fft INTERFACE POCKETFFT_NO_MULTITHREADING)
