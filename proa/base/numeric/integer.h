// Casts between all real element types, and integer arithmetic without undefined cases.
// Why: C++ leaves these cases open and compilers fold them differently; a primitive has one answer.
#pragma once

#include <concepts>
#include <cstdint>
#include <type_traits>

#include "proa/base/numeric/half.h"

namespace proa::numeric {
inline namespace PROA_ISA {

// clang-format off
#include "proa/base/numeric/integer.inc"
// clang-format on

// Float to integer saturates (NaN gives 0), integers wrap, anything to bool asks "not zero", a
// float result is rounded once.
template <class To, class From>
inline To cast(From x) {
  if constexpr (std::same_as<To, From>) {
    return x;
  } else if constexpr (NarrowFloat<From>) {
    return cast<To>(to_f32(x));
  } else if constexpr (std::same_as<To, bool>) {
    return x != From{0};
  } else if constexpr (NarrowFloat<To>) {
    if constexpr (std::floating_point<From>) {
      return narrow<To>(x);
    } else if constexpr (sizeof(From) == 8) {
      return narrow<To>(pn_f64_of_i64_to_odd(x));
    } else {
      return narrow<To>(static_cast<double>(x));
    }
  } else if constexpr (std::floating_point<From> && std::integral<To>) {
    constexpr bool wide = std::same_as<From, double>;
    if constexpr (sizeof(To) == 8) {
      return pn_i64_of_f64(x);
    } else if constexpr (sizeof(To) == 4) {
      if constexpr (wide) return pn_i32_of_f64(x);
      if constexpr (!wide) return pn_i32_of_f32(x);
    } else {
      constexpr int bits = 8 * sizeof(To);
      constexpr From lo = std::is_signed_v<To> ? -(1 << (bits - 1)) : 0;
      constexpr From hi = std::is_signed_v<To> ? (1 << (bits - 1)) - 1 : (1 << bits) - 1;
      if constexpr (wide) return static_cast<To>(pn_clamp_i32_of_f64(x, lo, hi));
      if constexpr (!wide) return static_cast<To>(pn_clamp_i32_of_f32(x, lo, hi));
    }
  } else {
    return static_cast<To>(x);  // integer to integer wraps in C++20; to float rounds once
  }
}

#define PROA_INTEGER_BINARY(name)                   \
  template <std::integral T>                        \
  inline T name(T a, T b) {                         \
    if constexpr (sizeof(T) == 8) {                 \
      return static_cast<T>(pn_##name##_i64(a, b)); \
    } else {                                        \
      return static_cast<T>(pn_##name##_i32(a, b)); \
    }                                               \
  }
PROA_INTEGER_BINARY(div_trunc)
PROA_INTEGER_BINARY(div_floor)  // Python's //
PROA_INTEGER_BINARY(rem_trunc)  // C's %
PROA_INTEGER_BINARY(rem_floor)  // Python's %: the sign of the divisor
PROA_INTEGER_BINARY(shl)
PROA_INTEGER_BINARY(shr)
#undef PROA_INTEGER_BINARY

// a^n by squaring, wrapping; a negative n gives the exact result truncated: 1, -1 or 0.
template <std::integral T>
inline T integer_pow(T a, T n) {
  if constexpr (sizeof(T) == 8) {
    return static_cast<T>(pn_pow_i64(a, n));
  } else {
    return static_cast<T>(pn_pow_i32(a, n));
  }
}

}  // namespace PROA_ISA
}  // namespace proa::numeric
