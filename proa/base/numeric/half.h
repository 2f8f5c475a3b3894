// The narrow float types as C++ types, and their conversions.
// Why: storage types without arithmetic: an operation on f16 is one on f32 and one rounding,
// written out.
#pragma once

#include <concepts>
#include <cstdint>

#include "proa/base/numeric/isa.h"

namespace proa {

struct Float16 {
  uint16_t bits;
};
struct BFloat16 {
  uint16_t bits;
};
struct Float8E4M3 {
  uint8_t bits;
};
struct Float8E5M2 {
  uint8_t bits;
};

template <class T>
concept NarrowFloat = std::same_as<T, Float16> || std::same_as<T, BFloat16> ||
                      std::same_as<T, Float8E4M3> || std::same_as<T, Float8E5M2>;

namespace numeric {
inline namespace PROA_ISA {

// clang-format off
#include "proa/base/numeric/half.inc"
// clang-format on

inline float to_f32(Float16 x) { return pn_f32_of_f16(x.bits); }
inline float to_f32(BFloat16 x) { return pn_f32_of_bf16(x.bits); }
inline float to_f32(Float8E4M3 x) { return pn_f32_of_e4m3(x.bits); }
inline float to_f32(Float8E5M2 x) { return pn_f32_of_e5m2(x.bits); }
inline float to_f32(float x) { return x; }

// One rounding, whether from f32 or f64.
template <NarrowFloat T, std::floating_point F>
inline T narrow(F x) {
  if constexpr (std::same_as<F, float>) {
    if constexpr (std::same_as<T, Float16>) return {pn_f16_of_f32(x)};
    if constexpr (std::same_as<T, BFloat16>) return {pn_bf16_of_f32(x)};
    if constexpr (std::same_as<T, Float8E4M3>) return {pn_e4m3_of_f32(x)};
    if constexpr (std::same_as<T, Float8E5M2>) return {pn_e5m2_of_f32(x)};
  } else {
    if constexpr (std::same_as<T, Float16>) return {pn_f16_of_f64(x)};
    if constexpr (std::same_as<T, BFloat16>) return {pn_bf16_of_f64(x)};
    if constexpr (std::same_as<T, Float8E4M3>) return {pn_e4m3_of_f64(x)};
    if constexpr (std::same_as<T, Float8E5M2>) return {pn_e5m2_of_f64(x)};
  }
}

}  // namespace PROA_ISA
}  // namespace numeric
}  // namespace proa
