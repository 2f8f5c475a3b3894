// Small formulas that several families share: minimum and maximum, wrapping integers, pairs of
// numbers as complex ones.
// Why together: each has one answer for NaN, signed zeros and overflow, wherever it is used.
#pragma once

#include <bit>
#include <complex>
#include <concepts>
#include <cstdint>
#include <type_traits>

#include "proa/base/dtype.h"
#include "proa/base/numeric/integer.h"

namespace proa::kernels::PROA_ISA {

template <class T>
struct Complex {
  T re, im;
};

using C64 = Complex<float>;
using C128 = Complex<double>;

template <class T>
inline std::complex<T> of(Complex<T> z) {
  return {z.re, z.im};
}
template <class T>
inline Complex<T> of(std::complex<T> z) {
  return {z.real(), z.imag()};
}

// Integer dtypes by width, for formulas to which the sign is nothing.
inline constexpr DTypeSet kOneByte = bit(DType::u8) | bit(DType::i8);
inline constexpr DTypeSet kTwoBytes = bit(DType::i16);
inline constexpr DTypeSet kFourBytes = bit(DType::i32);
inline constexpr DTypeSet kEightBytes = bit(DType::i64);

// In 32 or 64 bits without a sign, so that overflow wraps and narrow products do not become int.
template <std::integral T>
using Wide = std::conditional_t<sizeof(T) == 8, uint64_t, uint32_t>;

template <class T>
using BitsOf = std::conditional_t<sizeof(T) == 8, uint64_t, uint32_t>;

struct Add {
  template <std::integral T>
  T operator()(T a, T b) const {
    return static_cast<T>(static_cast<Wide<T>>(a) + static_cast<Wide<T>>(b));
  }
  template <std::floating_point T>
  T operator()(T a, T b) const {
    return a + b;
  }
  template <class T>
  Complex<T> operator()(Complex<T> a, Complex<T> b) const {
    return {a.re + b.re, a.im + b.im};
  }
};

inline float minus(float x) { return numeric::pn_minus_f32(x); }
inline double minus(double x) { return numeric::pn_minus_f64(x); }

struct Mul {
  template <std::integral T>
  T operator()(T a, T b) const {
    return static_cast<T>(static_cast<Wide<T>>(a) * static_cast<Wide<T>>(b));
  }
  template <std::floating_point T>
  T operator()(T a, T b) const {
    return a * b;
  }
  template <class T>
  Complex<T> operator()(Complex<T> a, Complex<T> b) const {
    // The minus by its bits: see pn_minus_f32.
    return {a.re * b.re + minus(a.im * b.im), a.re * b.im + a.im * b.re};
  }
};

// IEEE 754-2019 maximum and minimum: NaN wins, +0 is above -0.
struct Max {
  template <std::integral T>
  T operator()(T a, T b) const {
    return a > b ? a : b;
  }
  template <std::floating_point T>
  T operator()(T a, T b) const {
    using Bits = BitsOf<T>;
    T greater = a > b ? a : b;
    T same = std::bit_cast<T>(std::bit_cast<Bits>(a) & std::bit_cast<Bits>(b));
    greater = a == b ? same : greater;
    return a != a ? a : greater;
  }
};

struct Min {
  template <std::integral T>
  T operator()(T a, T b) const {
    return a < b ? a : b;
  }
  template <std::floating_point T>
  T operator()(T a, T b) const {
    using Bits = BitsOf<T>;
    T lesser = a < b ? a : b;
    T same = std::bit_cast<T>(std::bit_cast<Bits>(a) | std::bit_cast<Bits>(b));
    lesser = a == b ? same : lesser;
    return a != a ? a : lesser;
  }
};

struct And {
  template <std::integral T>
  T operator()(T a, T b) const {
    return static_cast<T>(a & b);
  }
};
struct Or {
  template <std::integral T>
  T operator()(T a, T b) const {
    return static_cast<T>(a | b);
  }
};
struct Xor {
  template <std::integral T>
  T operator()(T a, T b) const {
    return static_cast<T>(a ^ b);
  }
};

}  // namespace proa::kernels::PROA_ISA
