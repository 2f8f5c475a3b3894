// Element types, and the promotion table.
// Why here: every floor from the IR to the kernels speaks of them.
#pragma once

#include <complex>
#include <cstdint>
#include <optional>
#include <string_view>

namespace proa {

enum class DType : uint8_t {
  boolean,
  u8,
  i8,
  i16,
  i32,
  i64,
  f16,
  bf16,
  f32,
  f64,
  c64,
  c128,
  f8e4m3,
  f8e5m2,
};
inline constexpr int kDTypeCount = 14;

// A set of dtypes as bits, for legality tables.
using DTypeSet = uint16_t;
constexpr DTypeSet bit(DType t) { return static_cast<DTypeSet>(1u << static_cast<int>(t)); }
constexpr bool contains(DTypeSet set, DType t) { return (set & bit(t)) != 0; }

inline constexpr DTypeSet kBoolSet = bit(DType::boolean);
inline constexpr DTypeSet kIntSet =
    bit(DType::u8) | bit(DType::i8) | bit(DType::i16) | bit(DType::i32) | bit(DType::i64);
inline constexpr DTypeSet kFloatSet =
    bit(DType::f16) | bit(DType::bf16) | bit(DType::f32) | bit(DType::f64);
inline constexpr DTypeSet kComplexSet = bit(DType::c64) | bit(DType::c128);
inline constexpr DTypeSet kFloat8Set = bit(DType::f8e4m3) | bit(DType::f8e5m2);
inline constexpr DTypeSet kInexactSet = kFloatSet | kComplexSet;
inline constexpr DTypeSet kRealSet = kIntSet | kFloatSet;
inline constexpr DTypeSet kNumberSet = kRealSet | kComplexSet;
inline constexpr DTypeSet kAnySet = kNumberSet | kBoolSet;

constexpr bool is_int(DType t) { return contains(kIntSet, t); }
constexpr bool is_float(DType t) { return contains(kFloatSet | kFloat8Set, t); }
constexpr bool is_complex(DType t) { return contains(kComplexSet, t); }
constexpr bool is_inexact(DType t) { return is_float(t) || is_complex(t); }

size_t size_of(DType t);               // bytes of an element
std::string_view to_string(DType t);   // the name of users: "float32", "bool", "complex64"
std::string_view short_name(DType t);  // the name in IR text: "f32", "bool", "c64"
std::optional<DType> parse_dtype(std::string_view name);  // accepts both, and aliases like "half"

DType real_of(DType t);         // c64 -> f32; others unchanged
DType complex_of(DType t);      // f32 -> c64, f64 -> c128, complex unchanged
DType accumulator_of(DType t);  // f16/bf16 -> f32; others unchanged

// PyTorch's table, extended: the dtype in which `a` and `b` meet.
DType promote(DType a, DType b);
// A Python number beside a tensor changes the kind of dtype, never its width: int8 + 1 -> int8,
// int8 + 1.5 -> the default float, f16 + 1j -> complex.
enum class NumberKind : uint8_t { boolean, integer, real, complex };
DType promote(DType tensor, NumberKind number, DType default_float);

}  // namespace proa
