# proa_floor(NAME DEPENDENCIES...): the object library proa_NAME of proa/NAME/**/*.cc.
# proa_link(TARGET FLOORS...): links the objects of these floors, or of all floors for ALL.
# Why objects and not archives: a linker drops archive members that nobody names, and with them
# whatever registers itself at start-up.

set(PROA_FLOORS "" CACHE INTERNAL "floors that have sources")
set(proa_kernel_isas "" CACHE INTERNAL "instruction sets of the reference kernels")

# Floors that wrap a library hand it on to whoever links their objects.
set(proa_vendor_kernels proa_lapack proa_fft)

# What gains from registers of 64 bytes is compiled for x86-64-v4 as well.
set(proa_wide_kernels "/(attention|conv|conv_tiles)\\.cc$")

# With SLP vectors GCC 12 loses the rounding of (double)(float)x where two of them stand side by
# side, as real and imaginary parts do (and is 2.6 times slower at complex division). Kernels
# that compute formulas do without; those that add and move, up to 1.5 times faster with it, hold
# no such cast.
set(proa_formula_kernels "/(binary|cast|exponential|special|trigonometric|unary)\\.cc$")

# reference kernels are compiled once for each instruction set, in a namespace of that name.
function(proa_kernel_variants sources)
  set(isas baseline)
  if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
    list(APPEND isas v3 v4)
  endif()
  foreach(isa IN LISTS isas)
    set(of_isa ${sources})
    if(isa STREQUAL "v4")
      list(FILTER of_isa INCLUDE REGEX "${proa_wide_kernels}")
    endif()
    add_library(proa_kernels_${isa} OBJECT ${of_isa})
    list(FILTER of_isa INCLUDE REGEX "${proa_formula_kernels}")
    set_property(SOURCE ${of_isa} PROPERTY COMPILE_OPTIONS -fno-tree-slp-vectorize)
    target_link_libraries(proa_kernels_${isa} PUBLIC proa_options)
    target_compile_definitions(proa_kernels_${isa} PRIVATE PROA_ISA=${isa} PROA_ISA_${isa}=1)
    # Values never depend on traps; saying so lets loops with selects vectorise.
    target_compile_options(proa_kernels_${isa} PRIVATE ${proa_optimize_kernels} -fno-trapping-math
      $<$<STREQUAL:${isa},v3>:-march=x86-64-v3>
      "$<$<STREQUAL:${isa},v4>:-march=x86-64-v4;-mprefer-vector-width=512>")
  endforeach()
  set(proa_kernel_isas "${isas}" CACHE INTERNAL "instruction sets of the reference kernels")
endfunction()

function(proa_floor name)
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/proa/${name}/*.cc")
  list(FILTER sources EXCLUDE REGEX "/compiler/jit/clang/")  # a plug-in of its own: ProaClang.cmake
  if(name STREQUAL "kernels")
    set(variants ${sources})
    list(FILTER variants INCLUDE REGEX "/kernels/reference/")
    list(FILTER variants EXCLUDE REGEX "_once\\.cc$")
    if(variants)
      proa_kernel_variants("${variants}")
      list(REMOVE_ITEM sources ${variants})
    endif()
  endif()
  if(NOT sources)
    return()  # such a floor has headers only, or nothing yet
  endif()
  add_library(proa_${name} OBJECT ${sources})
  if(PROA_SANITIZE AND name STREQUAL "ops")
    target_compile_options(proa_${name} PRIVATE -O0)  # pages run while tracing only; a third of the build
  endif()
  target_link_libraries(proa_${name} PUBLIC proa_options)
  foreach(library IN LISTS proa_vendor_${name})
    if(TARGET ${library})
      target_link_libraries(proa_${name} PUBLIC ${library})
    endif()
  endforeach()
  set(proa_arrows_${name} ${ARGN} CACHE INTERNAL "floors that ${name} may use")
  set(PROA_FLOORS ${PROA_FLOORS} ${name} CACHE INTERNAL "floors that have sources")
endfunction()

function(proa_link target)
  set(wanted ${ARGN})
  if(wanted STREQUAL "ALL")
    set(wanted ${PROA_FLOORS})
  endif()
  foreach(floor IN LISTS wanted)
    list(APPEND wanted ${proa_arrows_${floor}})
  endforeach()
  list(REMOVE_DUPLICATES wanted)
  foreach(floor IN LISTS PROA_FLOORS)
    if(floor IN_LIST wanted)
      target_link_libraries(${target} PRIVATE proa_${floor})
    endif()
  endforeach()
  # Last on the line, the newer processor's behind: of an inline function that several objects define the
  # linker keeps the first, so code for a newer processor is never reached from older code.
  if("kernels" IN_LIST wanted)
    foreach(isa IN LISTS proa_kernel_isas)
      target_link_libraries(${target} PRIVATE proa_kernels_${isa})
    endforeach()
  endif()
  target_link_libraries(${target} PRIVATE proa_options)
endfunction()
