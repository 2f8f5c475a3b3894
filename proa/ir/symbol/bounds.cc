#include <algorithm>
#include <numeric>

#include "proa/ir/symbol/poly.h"

// Interval and stride of a sum.
namespace proa::ir {
namespace {

bool is_floordiv(Dim dim) {
  return dim.kind() == DimKind::floordiv && dim.operands()[1].is_const();
}

// The sum times `scale` with every floor(x/c) replaced by the line below it, (x - c + 1)/c, or
// above it, x/c. What x shares with the rest of the sum then cancels: s - 8*floor(s/8) is in 0..7.
std::optional<Poly> line(int64_t offset, std::span<const DimTerm> terms, int64_t scale,
                         bool above) {
  try {
    Poly result;
    result.offset = checked_mul(offset, scale);
    for (const DimTerm& term : terms) {
      if (!is_floordiv(term.factor)) {
        add_term(result, {checked_mul(term.coefficient, scale), term.factor});
        continue;
      }
      int64_t c = term.factor.operands()[1].constant();
      int64_t k = checked_mul(term.coefficient, scale / c);
      accumulate(result, to_poly(term.factor.operands()[0]), k);
      if ((k > 0) != above) { result.offset = checked_sub(result.offset, checked_mul(k, c - 1)); }
    }
    return result;
  } catch (const UserError&) {  // leaves int64: the plain interval has to do
    return std::nullopt;
  }
}

// Common multiple of the divisors; 1 if there is no quotient.
int64_t line_scale(std::span<const DimTerm> terms) {
  int64_t scale = 1;
  for (const DimTerm& term : terms) {
    if (!is_floordiv(term.factor)) continue;
    int64_t c = term.factor.operands()[1].constant();
    if (__builtin_mul_overflow(c / std::gcd(c, scale), scale, &scale)) return 1;
  }
  return scale;
}

}  // namespace

std::optional<Line> line_below(const Poly& poly) {
  int64_t scale = line_scale(poly.terms);
  if (scale == 1) return std::nullopt;
  std::optional<Poly> below = line(poly.offset, poly.terms, scale, false);
  if (!below) return std::nullopt;
  return Line{std::move(*below), scale};
}

Interval bounds(int64_t offset, std::span<const DimTerm> terms) {
  Interval total = {offset, offset};
  for (const DimTerm& term : terms) {
    total = total + Interval{term.coefficient, term.coefficient} * term.factor.bounds();
  }
  int64_t scale = terms.size() > 1 ? line_scale(terms) : 1;
  if (scale == 1) return total;  // a quotient alone has exact bounds
  if (std::optional<Poly> below = line(offset, terms, scale, false)) {
    int64_t least = bounds(*below).lo;
    if (least != kMinusInfinity) total.lo = std::max(total.lo, ceil_quotient(least, scale));
  }
  if (std::optional<Poly> above = line(offset, terms, scale, true)) {
    int64_t most = bounds(*above).hi;
    if (most != kInfinity) total.hi = std::min(total.hi, floor_quotient(most, scale));
  }
  return total;
}

Stride stride(int64_t offset, std::span<const DimTerm> terms) {
  Stride total = {0, offset};
  for (const DimTerm& term : terms) {
    total = total + Stride{0, term.coefficient} * term.factor.stride();
  }
  return total;
}

}  // namespace proa::ir
