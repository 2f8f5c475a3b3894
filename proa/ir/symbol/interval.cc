#include "proa/ir/symbol/interval.h"

#include <algorithm>
#include <numeric>

#include "proa/base/str.h"

namespace proa::ir {
namespace {

// Ends in 128 bits, where a product of two finite ends fits and infinity is a value of its own.
using Wide = __int128;
constexpr Wide kBig = Wide{1} << 120;

bool infinite(Wide end) { return end == kBig || end == -kBig; }
Wide low(Interval x) { return x.lo == kMinusInfinity ? -kBig : Wide{x.lo}; }
Wide high(Interval x) { return x.hi == kInfinity ? kBig : Wide{x.hi}; }

int64_t clamp(Wide end) {
  if (end <= Wide{kMinusInfinity}) return kMinusInfinity;
  if (end >= Wide{kInfinity}) return kInfinity;
  return static_cast<int64_t>(end);
}
Interval interval(Wide lo, Wide hi) { return {clamp(lo), clamp(hi)}; }

Wide add_ends(Wide a, Wide b) {
  if (infinite(a)) return a;
  return infinite(b) ? b : a + b;
}
Wide mul_ends(Wide a, Wide b) {
  if (a == 0 || b == 0) return 0;
  if (infinite(a) || infinite(b)) return ((a < 0) != (b < 0)) ? -kBig : kBig;
  return a * b;
}
// Limits of a floored quotient at a corner. Infinity by infinity may be anything of its sign, and
// the two neighbouring corners already span that.
Wide div_ends(Wide a, Wide b) {
  if (infinite(b)) return (infinite(a) || a == 0 || (a < 0) == (b < 0)) ? 0 : -1;
  if (infinite(a)) return ((a < 0) != (b < 0)) ? -kBig : kBig;
  Wide q = a / b;
  return (a % b != 0 && ((a < 0) != (b < 0))) ? q - 1 : q;
}

Wide abs_wide(Wide a) { return a < 0 ? -a : a; }
Wide gcd_wide(Wide a, Wide b) {
  a = abs_wide(a);
  b = abs_wide(b);
  while (b != 0) {
    Wide r = a % b;
    a = b;
    b = r;
  }
  return a;
}
Wide floor_mod(Wide a, Wide m) {
  Wide r = a % m;
  return r < 0 ? r + m : r;
}

Stride stride(Wide modulus, Wide residue) {
  modulus = abs_wide(modulus);
  if (modulus == 0) {
    if (residue > kInfinity || residue < kMinusInfinity) return {};
    return {0, static_cast<int64_t>(residue)};
  }
  if (modulus > kInfinity) return {};
  return {static_cast<int64_t>(modulus), static_cast<int64_t>(floor_mod(residue, modulus))};
}

}  // namespace

Interval operator+(Interval a, Interval b) {
  return interval(add_ends(low(a), low(b)), add_ends(high(a), high(b)));
}

Interval operator*(Interval a, Interval b) {
  Wide p[] = {mul_ends(low(a), low(b)), mul_ends(low(a), high(b)), mul_ends(high(a), low(b)),
              mul_ends(high(a), high(b))};
  return interval(*std::min_element(p, p + 4), *std::max_element(p, p + 4));
}

Interval floordiv(Interval a, Interval b) {
  Wide lo = kBig, hi = -kBig;
  auto corners = [&](Wide first, Wide last) {
    if (first > last) return;
    for (Wide dividend : {low(a), high(a)}) {
      for (Wide divisor : {first, last}) {
        Wide q = div_ends(dividend, divisor);
        lo = std::min(lo, q);
        hi = std::max(hi, q);
      }
    }
  };
  corners(low(b), std::min(high(b), Wide{-1}));
  corners(std::max(low(b), Wide{1}), high(b));
  if (lo > hi) return {};
  return interval(lo, hi);
}

Interval mod(Interval a, Interval b) {
  Wide lo = kBig, hi = -kBig;
  if (high(b) >= 1) {  // 0 <= result < divisor
    Wide least = std::max(low(b), Wide{1}), most = high(b);
    bool same = low(a) >= 0 && high(a) < least;  // the dividend is the result
    lo = same ? low(a) : Wide{0};
    hi = infinite(most) ? most : most - 1;
    if (low(a) >= 0) hi = std::min(hi, high(a));
  }
  if (low(b) <= -1) {  // divisor < result <= 0
    Wide least = low(b), most = std::min(high(b), Wide{-1});
    bool same = high(a) <= 0 && low(a) > most;
    Wide lower = infinite(least) ? least : least + 1;
    if (high(a) <= 0) lower = std::max(lower, low(a));
    lo = std::min(lo, lower);
    hi = std::max(hi, same ? high(a) : Wide{0});
  }
  if (lo > hi) return {};
  return interval(lo, hi);
}

Interval max(Interval a, Interval b) { return {std::max(a.lo, b.lo), std::max(a.hi, b.hi)}; }
Interval min(Interval a, Interval b) { return {std::min(a.lo, b.lo), std::min(a.hi, b.hi)}; }
Interval intersect(Interval a, Interval b) { return {std::max(a.lo, b.lo), std::min(a.hi, b.hi)}; }

Stride make_stride(int64_t modulus, int64_t residue) { return stride(modulus, residue); }

Stride operator+(Stride a, Stride b) {
  return stride(std::gcd(a.modulus, b.modulus), Wide{a.residue} + b.residue);
}

Stride operator*(Stride a, Stride b) {
  // (k*m + r)(l*n + s) = kl*mn + k*ms + l*nr + rs
  Wide m = a.modulus, n = b.modulus, r = a.residue, s = b.residue;
  return stride(gcd_wide(m * n, gcd_wide(m * s, n * r)), r * s);
}

Stride floordiv(Stride a, int64_t divisor) {
  if (a.modulus % divisor != 0) return {};
  return stride(a.modulus / divisor, floor_quotient(a.residue, divisor));
}

Stride mod(Stride a, int64_t divisor) {
  int64_t common = std::gcd(a.modulus, divisor);
  if (common == divisor) return stride(0, floor_remainder(a.residue, divisor));
  return stride(common, a.residue);
}

Stride join(Stride a, Stride b) {
  return stride(gcd_wide(gcd_wide(a.modulus, b.modulus), Wide{a.residue} - b.residue), a.residue);
}

bool compatible(Stride a, Stride b) {
  Wide common = gcd_wide(a.modulus, b.modulus);
  Wide difference = Wide{a.residue} - b.residue;
  return common == 0 ? difference == 0 : difference % common == 0;
}

Stride meet(Stride a, Stride b) {
  if (a.modulus == 0) return a;
  if (b.modulus == 0) return b;
  if (a.modulus < b.modulus) std::swap(a, b);
  Wide common = gcd_wide(a.modulus, b.modulus);
  Wide least = Wide{a.modulus} / common * b.modulus;
  if (least > kInfinity || !compatible(a, b)) return a;
  // Solve k*a.modulus = b.residue - a.residue (mod b.modulus) by the inverse of a.modulus/common.
  Wide n = b.modulus / common, step = floor_mod(a.modulus / common, n), inverse = 0, next = 1;
  for (Wide r = n, s = step; s != 0;) {
    Wide q = r / s, t = r - q * s;
    r = s;
    s = t;
    t = inverse - q * next;
    inverse = next;
    next = t;
  }
  Wide k = floor_mod((Wide{b.residue} - a.residue) / common % n * inverse, n);
  return stride(least, a.residue + k * a.modulus);
}

std::string to_string(Interval interval) {
  std::string lo = interval.lo == kMinusInfinity ? "-inf" : str(interval.lo);
  std::string hi = interval.hi == kInfinity ? "inf" : str(interval.hi);
  return str("[", lo, ", ", hi, "]");
}

}  // namespace proa::ir
