// Loops of a function of the numeric texts: f32, f64, f16 through its own f32, and complex.
// Why a macro: the functions are overloads of a name, which a template cannot take.
#pragma once

#include "proa/base/numeric/complex.h"
#include "proa/kernels/reference/elementwise.h"
#include "proa/kernels/reference/formulas.h"

namespace proa::kernels::PROA_ISA {

inline constexpr int64_t kPolynomialGrain =
    8192;                                    // elements worth a thread: a few nanoseconds each
inline constexpr int64_t kWideGrain = 2048;  // computed in f64, or in pairs of them

template <class F, class ToF16>
constexpr LoopSet float_loops() {
  LoopSet loops = LoopSet()
                      .with(bit(DType::f32), loop1<float, float, F>)
                      .with(bit(DType::f64), loop1<double, double, F>);
  loops.to_f16 = loop1<float, float, ToF16>;
  return loops;
}

template <class F, class ToF16>
constexpr LoopSet inexact_loops() {
  return float_loops<F, ToF16>()
      .with(bit(DType::c64), loop1<C64, C64, F>)
      .with(bit(DType::c128), loop1<C128, C128, F>);
}

}  // namespace proa::kernels::PROA_ISA

// Name: the functor of numeric::function; NameToF16: of function_to_f16.
#define PROA_REAL_FUNCTOR(Name, function)                                     \
  struct Name {                                                               \
    template <class T>                                                        \
    T operator()(T x) const {                                                 \
      return numeric::function(x);                                            \
    }                                                                         \
  };                                                                          \
  struct Name##ToF16 {                                                        \
    float operator()(float x) const { return numeric::function##_to_f16(x); } \
  };

#define PROA_INEXACT_FUNCTOR(Name, function)                                  \
  struct Name {                                                               \
    template <std::floating_point T>                                          \
    T operator()(T x) const {                                                 \
      return numeric::function(x);                                            \
    }                                                                         \
    template <class T>                                                        \
    Complex<T> operator()(Complex<T> z) const {                               \
      return of(numeric::function(of(z)));                                    \
    }                                                                         \
  };                                                                          \
  struct Name##ToF16 {                                                        \
    float operator()(float x) const { return numeric::function##_to_f16(x); } \
  };
