#include "proa/base/dtype.h"

#include <array>

namespace proa {

namespace {

struct Row {
  uint8_t size;
  std::string_view name, short_name;
};

constexpr std::array<Row, kDTypeCount> kRows = {{
    {1, "bool", "bool"},
    {1, "uint8", "u8"},
    {1, "int8", "i8"},
    {2, "int16", "i16"},
    {4, "int32", "i32"},
    {8, "int64", "i64"},
    {2, "float16", "f16"},
    {2, "bfloat16", "bf16"},
    {4, "float32", "f32"},
    {8, "float64", "f64"},
    {8, "complex64", "c64"},
    {16, "complex128", "c128"},
    {1, "float8_e4m3fn", "f8e4m3"},
    {1, "float8_e5m2", "f8e5m2"},
}};

const Row& row(DType t) { return kRows[static_cast<size_t>(t)]; }

}  // namespace

size_t size_of(DType t) { return row(t).size; }
std::string_view to_string(DType t) { return row(t).name; }
std::string_view short_name(DType t) { return row(t).short_name; }

std::optional<DType> parse_dtype(std::string_view name) {
  for (int i = 0; i < kDTypeCount; ++i) {
    auto t = static_cast<DType>(i);
    if (name == row(t).name || name == row(t).short_name) return t;
  }
  if (name == "half" || name == "fp16") return DType::f16;
  if (name == "float" || name == "fp32") return DType::f32;
  if (name == "double" || name == "fp64") return DType::f64;
  if (name == "int") return DType::i32;
  if (name == "long") return DType::i64;
  if (name == "short") return DType::i16;
  if (name == "bf16") return DType::bf16;
  return std::nullopt;
}

DType real_of(DType t) {
  if (t == DType::c64) return DType::f32;
  if (t == DType::c128) return DType::f64;
  return t;
}

DType complex_of(DType t) {
  if (is_complex(t)) return t;
  return t == DType::f64 ? DType::c128 : DType::c64;
}

DType accumulator_of(DType t) {
  return t == DType::f16 || t == DType::bf16 || contains(kFloat8Set, t) ? DType::f32 : t;
}

DType promote(DType a, DType b) {
  if (a == b) return a;
  if (a == DType::boolean) return b;
  if (b == DType::boolean) return a;
  if (is_complex(a) || is_complex(b)) {
    bool wide = a == DType::f64 || b == DType::f64 || a == DType::c128 || b == DType::c128;
    return wide ? DType::c128 : DType::c64;
  }
  if (is_float(a) != is_float(b)) return is_float(a) ? a : b;
  if (is_float(a)) {
    if (contains(kFloat8Set, a) && contains(kFloat8Set, b)) return DType::f32;
    if (contains(kFloat8Set, a)) return b;
    if (contains(kFloat8Set, b)) return a;
    if (size_of(a) == size_of(b)) return DType::f32;  // f16 with bf16
    return size_of(a) > size_of(b) ? a : b;
  }
  // Integers: u8 with a signed type takes the signed type that holds both.
  if (a == DType::u8 || b == DType::u8) {
    DType other = a == DType::u8 ? b : a;
    return other == DType::i8 ? DType::i16 : other;
  }
  return size_of(a) > size_of(b) ? a : b;
}

DType promote(DType tensor, NumberKind number, DType default_float) {
  switch (number) {
    case NumberKind::boolean: return tensor;
    case NumberKind::integer: return tensor == DType::boolean ? DType::i64 : tensor;
    case NumberKind::real: return is_inexact(tensor) ? tensor : default_float;
    case NumberKind::complex:
      return is_complex(tensor) ? tensor : complex_of(is_float(tensor) ? tensor : default_float);
  }
  return tensor;
}

}  // namespace proa
