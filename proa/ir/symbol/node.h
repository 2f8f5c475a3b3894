// Checked arithmetic of coefficients and constants, for the files that build dims.
// Why: a dim that wraps becomes a small buffer and a wild write; here every step notices.
#pragma once

#include <string_view>

#include "proa/base/error.h"
#include "proa/base/str.h"
#include "proa/ir/symbol/dim.h"

namespace proa::ir {

[[noreturn]] inline void fail_overflow(std::string_view what) {
  throw UserError(ErrorKind::value, "dim", "", str("64-bit overflow in the ", what, " of dims"));
}
inline int64_t checked_add(int64_t a, int64_t b) {
  int64_t result;
  if (__builtin_add_overflow(a, b, &result)) fail_overflow("sum");
  return result;
}
inline int64_t checked_sub(int64_t a, int64_t b) {
  int64_t result;
  if (__builtin_sub_overflow(a, b, &result)) fail_overflow("difference");
  return result;
}
inline int64_t checked_mul(int64_t a, int64_t b) {
  int64_t result;
  if (__builtin_mul_overflow(a, b, &result)) fail_overflow("product");
  return result;
}
inline int64_t checked_floordiv(int64_t a, int64_t b) {
  if (b == 0) throw UserError(ErrorKind::value, "dim", "divisor", "division of a dim by 0");
  if (b == -1) return checked_sub(0, a);
  return floor_quotient(a, b);
}
inline int64_t checked_mod(int64_t a, int64_t b) {
  if (b == 0) throw UserError(ErrorKind::value, "dim", "divisor", "a dim modulo 0");
  return floor_remainder(a, b);
}

}  // namespace proa::ir
