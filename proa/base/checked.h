// Size arithmetic that notices overflow.
// Why: extents come from users and files; a product that wraps becomes a small buffer and a wild
// write.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "proa/base/dtype.h"

namespace proa {

inline std::optional<int64_t> checked_add(int64_t a, int64_t b) {
  int64_t result;
  if (__builtin_add_overflow(a, b, &result)) return std::nullopt;
  return result;
}

inline std::optional<int64_t> checked_mul(int64_t a, int64_t b) {
  int64_t result;
  if (__builtin_mul_overflow(a, b, &result)) return std::nullopt;
  return result;
}

// Elements of a dense tensor; nothing for a negative extent or a product beyond int64. A zero
// extent does not excuse the others: strides are products too.
inline std::optional<int64_t> checked_elements(std::span<const int64_t> dims) {
  int64_t product = 1;
  bool zero = false;
  for (int64_t dim : dims) {
    if (dim < 0) return std::nullopt;
    zero |= dim == 0;
    if (dim != 0 && __builtin_mul_overflow(product, dim, &product)) return std::nullopt;
  }
  return zero ? 0 : product;
}

inline std::optional<int64_t> checked_bytes(std::span<const int64_t> dims, DType dtype) {
  auto elements = checked_elements(dims);
  return elements ? checked_mul(*elements, static_cast<int64_t>(size_of(dtype))) : std::nullopt;
}

}  // namespace proa
