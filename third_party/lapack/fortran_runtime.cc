// The two functions that the reference LAPACK calls outside itself.
// Why: with them the Fortran run-time library is not needed, whose static form cannot go into a
// shared object; and a wrong argument raises our error instead of ending the process.
#include <algorithm>
#include <cstddef>
#include <cstring>
#include <string_view>

#include "proa/base/error.h"

extern "C" {

// a // b of Fortran, cut or padded with blanks to `size`.
void _gfortran_concat_string(size_t size, char* result, size_t a_size, const char* a,
                             size_t b_size, const char* b) {
  a_size = std::min(a_size, size);
  b_size = std::min(b_size, size - a_size);
  std::memcpy(result, a, a_size);
  std::memcpy(result + a_size, b, b_size);
  std::memset(result + a_size + b_size, ' ', size - a_size - b_size);
}

// Called by every routine that is given an illegal argument; the reference version stops the process.
void xerbla_(const char* routine, const int* argument, size_t routine_size) {
  std::string_view name(routine, routine_size);
  while (!name.empty() && name.back() == ' ') name.remove_suffix(1);
  throw proa::InternalError(
      proa::str("LAPACK routine ", name, " was given an illegal argument, number ", *argument));
}

}  // extern "C"
