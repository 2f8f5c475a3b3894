// DimNode: what the word of a non-inline Dim points to, and how nodes are interned.
// Why: only the files of this folder build nodes; everybody else sees canonical dims.
#pragma once

#include <span>
#include <string_view>

#include "proa/base/error.h"
#include "proa/base/str.h"
#include "proa/ir/symbol/dim.h"

namespace proa::ir {

struct DimNode {
  SymbolArena* arena = nullptr;  // null for boxed constants
  uint64_t hash = 0;
  DimKind kind = DimKind::constant;
  uint32_t depth = 0;
  int64_t offset = 0;  // a sum's offset, a constant's value, the serial of a nameless symbol
  std::span<const Dim> operands;
  std::span<const DimTerm> terms;
  std::string_view name;
  const SymbolInfo* info = nullptr;
  Interval bounds;
  Stride stride;

  static const DimNode* of(Dim dim) { return (dim.bits_ & 1) != 0 ? nullptr : dim.node(); }
  static Dim wrap(const DimNode* node) {
    Dim dim;
    dim.bits_ = reinterpret_cast<uint64_t>(node);
    return dim;
  }
  // The parts must be canonical already. The arena is that of the parts.
  static Dim intern(DimKind kind, std::span<const Dim> operands);
  static Dim intern_sum(int64_t offset, std::span<const DimTerm> terms);
  // A symbol that no name finds and that equals no other, of that name or not: facts.cc stands them
  // in an arena of its own for symbols of which more is known than their declaration says.
  static Dim nameless(SymbolArena& arena, std::string_view name, const SymbolInfo& info);
  static Dim intern(const DimNode& draft);
};

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
