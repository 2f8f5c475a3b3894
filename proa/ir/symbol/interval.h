// What is known of one integer: an interval, and a stride with its residue (x = k*modulus +
// residue). Why: every proof about dims ends in one of these two small lattices; both are plain
// values.
#pragma once

#include <cstdint>
#include <limits>
#include <string>

namespace proa::ir {

constexpr int64_t kMinusInfinity = std::numeric_limits<int64_t>::min();
constexpr int64_t kInfinity = std::numeric_limits<int64_t>::max();

// Closed; an end equal to kMinusInfinity or kInfinity is open. Arithmetic saturates, so it is sound
// for every value that int64 can hold. lo > hi means that no value is possible.
struct Interval {
  int64_t lo = kMinusInfinity;
  int64_t hi = kInfinity;

  bool empty() const { return lo > hi; }
  bool single() const { return lo == hi && lo != kMinusInfinity && lo != kInfinity; }
  bool contains(int64_t value) const { return lo <= value && value <= hi; }
  bool operator==(const Interval&) const = default;
};

Interval operator+(Interval a, Interval b);
Interval operator*(Interval a, Interval b);
Interval floordiv(Interval a, Interval b);  // over the divisors other than 0
Interval mod(Interval a, Interval b);
Interval max(Interval a, Interval b);
Interval min(Interval a, Interval b);
Interval intersect(Interval a, Interval b);

// modulus 0: the value is `residue`; modulus 1: nothing is known; else 0 <= residue < modulus.
struct Stride {
  int64_t modulus = 1;
  int64_t residue = 0;

  bool operator==(const Stride&) const = default;
};

Stride make_stride(int64_t modulus, int64_t residue);  // normalises; any modulus
Stride operator+(Stride a, Stride b);
Stride operator*(Stride a, Stride b);
Stride floordiv(Stride a, int64_t divisor);  // divisor > 0
Stride mod(Stride a, int64_t divisor);       // divisor > 0
Stride join(Stride a, Stride b);             // either of the two
Stride meet(Stride a, Stride b);             // both; keeps the finer one where they do not combine
bool compatible(Stride a, Stride b);         // may one integer satisfy both?

std::string to_string(Interval interval);  // "[0, inf]"

// Integer arithmetic of Python: rounds towards minus infinity. The divisor is not 0, and
// (INT64_MIN, -1) is excluded by the callers.
constexpr int64_t floor_quotient(int64_t a, int64_t b) {
  int64_t q = a / b;
  return (a % b != 0 && ((a < 0) != (b < 0))) ? q - 1 : q;
}
constexpr int64_t ceil_quotient(int64_t a, int64_t b) {
  int64_t q = floor_quotient(a, b);
  return q * b == a ? q : q + 1;
}
constexpr int64_t floor_remainder(int64_t a, int64_t b) {
  if (b == -1) return 0;
  int64_t r = a % b;
  return (r != 0 && ((r < 0) != (b < 0))) ? r + b : r;
}

}  // namespace proa::ir
