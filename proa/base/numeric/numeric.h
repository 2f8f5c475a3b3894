// The scalar mathematics of Proa for C++: one function a name, for float and double.
// Why: kernels take exp and its kin from here, never from a libm, so that every kernel gives one
// answer. The texts (*.inc) are a C subset that rendered C and CUDA share.
#pragma once

#include "proa/base/numeric/isa.h"

namespace proa::numeric {
inline namespace PROA_ISA {

// The texts, in the order in which a rendered kernel needs them.
// clang-format off
#include "proa/base/numeric/polynomials.inc"
#include "proa/base/numeric/round.inc"
#include "proa/base/numeric/exp.inc"
#include "proa/base/numeric/log.inc"
#include "proa/base/numeric/pow.inc"
#include "proa/base/numeric/trig.inc"
#include "proa/base/numeric/hyperbolic.inc"
#include "proa/base/numeric/inverse_trig.inc"
#include "proa/base/numeric/erf.inc"
#include "proa/base/numeric/gamma.inc"
// clang-format on

#define PROA_NUMERIC_UNARY(name)                           \
  PN_FN float name(float x) { return pn_##name##_f32(x); } \
  PN_FN double name(double x) { return pn_##name##_f64(x); }
#define PROA_NUMERIC_BINARY(name)                                      \
  PN_FN float name(float a, float b) { return pn_##name##_f32(a, b); } \
  PN_FN double name(double a, double b) { return pn_##name##_f64(a, b); }

PROA_NUMERIC_UNARY(sign)
PROA_NUMERIC_UNARY(floor)
PROA_NUMERIC_UNARY(ceil)
PROA_NUMERIC_UNARY(round)
PROA_NUMERIC_UNARY(trunc)
PROA_NUMERIC_UNARY(rsqrt)
PROA_NUMERIC_UNARY(exp)
PROA_NUMERIC_UNARY(expm1)
PROA_NUMERIC_UNARY(log)
PROA_NUMERIC_UNARY(log1p)
PROA_NUMERIC_UNARY(sin)
PROA_NUMERIC_UNARY(cos)
PROA_NUMERIC_UNARY(tan)
PROA_NUMERIC_UNARY(sinh)
PROA_NUMERIC_UNARY(cosh)
PROA_NUMERIC_UNARY(tanh)
PROA_NUMERIC_UNARY(asin)
PROA_NUMERIC_UNARY(acos)
PROA_NUMERIC_UNARY(atan)
PROA_NUMERIC_UNARY(asinh)
PROA_NUMERIC_UNARY(acosh)
PROA_NUMERIC_UNARY(atanh)
PROA_NUMERIC_UNARY(erf)
PROA_NUMERIC_UNARY(erfc)
PROA_NUMERIC_UNARY(erfinv)
PROA_NUMERIC_UNARY(lgamma)
PROA_NUMERIC_UNARY(digamma)
PROA_NUMERIC_BINARY(pow)
PROA_NUMERIC_BINARY(atan2)
PROA_NUMERIC_BINARY(fmod)  // the sign of the dividend
PROA_NUMERIC_BINARY(rem)   // the sign of the divisor
PROA_NUMERIC_BINARY(polygamma)

#undef PROA_NUMERIC_BINARY

// For loops: where all_small(x, count), sin_small and cos_small give the bits of sin and cos in a
// fraction of the time.
PN_FN bool all_small(const float* x, pn_i64 count) { return pn_all_small_f32(x, count) != 0; }
PN_FN bool all_small(const double* x, pn_i64 count) { return pn_all_small_f64(x, count) != 0; }
PROA_NUMERIC_UNARY(sin_small)
PROA_NUMERIC_UNARY(cos_small)
#undef PROA_NUMERIC_UNARY

// An f32 whose one rounding to f16 is the correctly rounded function: where the f32 result, itself
// rounded, could fall on a tie. For bf16 the f32 function serves.
#define PROA_NUMERIC_TO_F16(name) \
  PN_FN float name##_to_f16(float x) { return pn_##name##_to_f16(x); }
PROA_NUMERIC_TO_F16(exp)
PROA_NUMERIC_TO_F16(expm1)
PROA_NUMERIC_TO_F16(log)
PROA_NUMERIC_TO_F16(log1p)
PROA_NUMERIC_TO_F16(sin)
PROA_NUMERIC_TO_F16(cos)
PROA_NUMERIC_TO_F16(tan)
PROA_NUMERIC_TO_F16(sinh)
PROA_NUMERIC_TO_F16(cosh)
PROA_NUMERIC_TO_F16(tanh)
PROA_NUMERIC_TO_F16(asin)
PROA_NUMERIC_TO_F16(acos)
PROA_NUMERIC_TO_F16(atan)
PROA_NUMERIC_TO_F16(asinh)
PROA_NUMERIC_TO_F16(acosh)
PROA_NUMERIC_TO_F16(atanh)
PROA_NUMERIC_TO_F16(erf)
PROA_NUMERIC_TO_F16(erfc)
PROA_NUMERIC_TO_F16(erfinv)
PROA_NUMERIC_TO_F16(lgamma)
PROA_NUMERIC_TO_F16(digamma)
#undef PROA_NUMERIC_TO_F16
PN_FN float pow_to_f16(float a, float b) { return pn_pow_to_f16(a, b); }
PN_FN float atan2_to_f16(float a, float b) { return pn_atan2_to_f16(a, b); }
inline float polygamma_to_f16(float n, float x) { return pn_polygamma_to_f16(n, x); }

inline float sqrt(float x) { return pn_sqrt_f32(x); }
inline double sqrt(double x) { return pn_sqrt_f64(x); }
inline float abs(float x) { return pn_abs_f32(x); }
inline double abs(double x) { return pn_abs_f64(x); }
inline float copysign(float x, float s) { return pn_copysign_f32(x, s); }
inline double copysign(double x, double s) { return pn_copysign_f64(x, s); }
inline float fma(float a, float b, float c) { return pn_fmaf(a, b, c); }
inline double fma(double a, double b, double c) { return pn_fma(a, b, c); }

}  // namespace PROA_ISA
}  // namespace proa::numeric
