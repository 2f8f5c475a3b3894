// The complex functions for C++, on std::complex as a pair of numbers.
// Why: the library's own complex functions differ between C libraries and in their special values.
#pragma once

#include <complex>

#include "proa/base/numeric/numeric.h"

namespace proa::numeric {
inline namespace PROA_ISA {

// clang-format off
#include "proa/base/numeric/complex.inc"
// clang-format on

inline pn_c64 pn_of(std::complex<float> z) { return {z.real(), z.imag()}; }
inline pn_c128 pn_of(std::complex<double> z) { return {z.real(), z.imag()}; }
inline std::complex<float> std_of(pn_c64 z) { return {z.re, z.im}; }
inline std::complex<double> std_of(pn_c128 z) { return {z.re, z.im}; }

#define PROA_COMPLEX_UNARY(name)                             \
  inline std::complex<float> name(std::complex<float> z) {   \
    return std_of(pn_##name##_c64(pn_of(z)));                \
  }                                                          \
  inline std::complex<double> name(std::complex<double> z) { \
    return std_of(pn_##name##_c128(pn_of(z)));               \
  }
#define PROA_COMPLEX_BINARY(name)                                                    \
  inline std::complex<float> name(std::complex<float> a, std::complex<float> b) {    \
    return std_of(pn_##name##_c64(pn_of(a), pn_of(b)));                              \
  }                                                                                  \
  inline std::complex<double> name(std::complex<double> a, std::complex<double> b) { \
    return std_of(pn_##name##_c128(pn_of(a), pn_of(b)));                             \
  }

PROA_COMPLEX_UNARY(exp)
PROA_COMPLEX_UNARY(log)
PROA_COMPLEX_UNARY(sqrt)
PROA_COMPLEX_UNARY(sin)
PROA_COMPLEX_UNARY(cos)
PROA_COMPLEX_UNARY(tan)
PROA_COMPLEX_UNARY(sinh)
PROA_COMPLEX_UNARY(cosh)
PROA_COMPLEX_UNARY(tanh)
PROA_COMPLEX_UNARY(asin)
PROA_COMPLEX_UNARY(acos)
PROA_COMPLEX_UNARY(atan)
PROA_COMPLEX_UNARY(asinh)
PROA_COMPLEX_UNARY(acosh)
PROA_COMPLEX_UNARY(atanh)
PROA_COMPLEX_BINARY(mul)
PROA_COMPLEX_BINARY(div)
PROA_COMPLEX_BINARY(pow)

#undef PROA_COMPLEX_UNARY
#undef PROA_COMPLEX_BINARY

inline float abs(std::complex<float> z) { return pn_hypot_f32(z.real(), z.imag()); }
inline double abs(std::complex<double> z) { return pn_hypot_f64(z.real(), z.imag()); }

}  // namespace PROA_ISA
}  // namespace proa::numeric
