#include "proa/ir/symbol/search.h"

#include <algorithm>
#include <numeric>

namespace proa::ir {
namespace {

constexpr int kMaxDepth = 5;

Poly without_term(const Poly& poly, size_t term) {
  Poly rest = poly;
  rest.terms.erase(term);
  return rest;
}

// Least value of one term.
int64_t least(const DimTerm& term) {
  return (Interval{term.coefficient, term.coefficient} * term.factor.bounds()).lo;
}

}  // namespace

int64_t Search::lower(const Poly& poly, int64_t enough, int depth) {
  int64_t best = bounds(poly).lo;
  budget_ -= 1 + static_cast<int>(poly.terms.size()) / 4;
  if (best >= enough || depth >= kMaxDepth || budget_ < 0 || poly.is_const()) return best;
  auto attempt = [&](int64_t found) {
    best = std::max(best, found);
    return best >= enough || budget_ < 0;
  };
  try {
    for (size_t i = 0; i < poly.terms.size(); ++i) {
      DimKind kind = poly.terms[i].factor.kind();
      if (kind == DimKind::max || kind == DimKind::min) {
        if (attempt(by_alternatives(poly, i, enough, depth))) return best;
      } else if (attempt(by_division(poly, i, enough, depth))) {
        return best;
      }
    }
    for (size_t i = 0; i < poly.terms.size(); ++i) {
      if (least(poly.terms[i]) >= 0) continue;
      for (size_t f = 0; f < reasoner_.nonnegative_.size(); ++f) {
        Poly fact = to_poly(reasoner_.nonnegative_[f]);
        if (attempt(by_inequality(poly, i, fact, enough, depth))) return best;
      }
      std::span<const Dim> factors = monomial_factors(poly.terms[i].factor);
      for (size_t f = 0; f < factors.size() && factors.size() > 1; ++f) {
        int64_t most = factors[f].bounds().hi;  // most - factor >= 0
        if (poly.terms[i].coefficient > 0 || most == kInfinity) continue;
        Poly fact = scaled(to_poly(factors[f]), -1);
        fact.offset = checked_add(fact.offset, most);
        if (attempt(by_inequality(poly, i, fact, enough, depth))) return best;
      }
    }
    if (std::optional<Line> line = line_below(poly)) {
      if (attempt(lower_divided(line->poly, line->scale, enough, depth))) return best;
    }
    attempt(by_shift(poly, enough, depth));
  } catch (const UserError&) {  // a replacement left int64: what was found so far stands
  }
  return best;
}

// k*max(x, y): at least k*x, and at least k*y, for k > 0; at least the smaller of -|k|*x and -|k|*y
// for k < 0. min is its mirror.
int64_t Search::by_alternatives(const Poly& poly, size_t term, int64_t enough, int depth) {
  auto [k, factor] = poly.terms[term];
  bool choose = (k > 0) == (factor.kind() == DimKind::max);
  int64_t found = choose ? kMinusInfinity : kInfinity;
  Poly rest = without_term(poly, term);
  for (Dim operand : factor.operands()) {
    Poly replaced = rest;
    accumulate(replaced, to_poly(operand), k);
    int64_t bound = lower(replaced, enough, depth + 1);
    found = choose ? std::max(found, bound) : std::min(found, bound);
    if (choose ? found >= enough : found == kMinusInfinity) break;
  }
  return found;
}

// For d > 0: x - d + 1 <= d*floor(x/d) <= x, and 0 <= x mod d <= d - 1; for x >= 0 also
// floor(x/d) <= x and x mod d <= x.
int64_t Search::by_division(const Poly& poly, size_t term, int64_t enough, int depth) {
  auto [k, monomial] = poly.terms[term];
  std::span<const Dim> factors = monomial_factors(monomial);
  int64_t found = kMinusInfinity;
  auto attempt = [&](const Poly& instead) {
    Poly replaced = without_term(poly, term);
    accumulate(replaced, instead, k);
    found = std::max(found, lower(replaced, enough, depth + 1));
    return found >= enough;
  };
  for (Dim factor : factors) {
    DimKind kind = factor.kind();
    if (kind != DimKind::floordiv && kind != DimKind::mod) continue;
    Dim x = factor.operands()[0], d = factor.operands()[1];
    if (d.bounds().lo < 0) continue;  // a divisor is not 0
    Dim cofactor = *monomial_quotient(monomial, factor);
    if (kind == DimKind::floordiv) {
      if (d.is_const()) continue;  // bounds() has drawn these lines already
      Poly divisor = to_poly(d);
      if (divisor.terms.size() == 1 && divisor.offset == 0 && divisor.terms[0].coefficient == 1) {
        std::optional<Dim> rest = monomial_quotient(cofactor, d);
        if (rest && rest->bounds().lo >= 0) {
          Poly line = to_poly(x);
          if (k > 0) {
            accumulate(line, divisor, -1);
            line.offset = checked_add(line.offset, 1);
          }
          if (attempt(product(line, to_poly(*rest)))) return found;
        }
      }
    }
    if (k > 0 || cofactor.bounds().lo < 0) continue;
    if (kind == DimKind::mod) {
      Poly most = to_poly(d);
      most.offset = checked_sub(most.offset, 1);
      if (attempt(product(most, to_poly(cofactor)))) return found;
    }
    if (x.bounds().lo >= 0 && attempt(product(to_poly(x), to_poly(cofactor)))) return found;
  }
  return found;
}

// A bound of poly/divisor, rounded up.
int64_t Search::lower_divided(const Poly& poly, int64_t divisor, int64_t enough, int depth) {
  int64_t wanted = 0;
  if (enough == kInfinity || __builtin_mul_overflow(enough, divisor, &wanted)) wanted = kInfinity;
  int64_t bound = lower(poly, wanted, depth + 1);
  return bound == kMinusInfinity ? bound : ceil_quotient(bound, divisor);
}

// With e >= 0 and a, b > 0: poly >= lower(b*poly - a*e)/b, where a and b cancel one term. e may be
// multiplied by what is not negative first.
int64_t Search::by_inequality(const Poly& poly, size_t term, const Poly& e, int64_t enough,
                              int depth) {
  auto [k, monomial] = poly.terms[term];
  for (const DimTerm& part : e.terms) {
    if ((part.coefficient > 0) != (k > 0)) continue;
    std::optional<Dim> cofactor = monomial_quotient(monomial, part.factor);
    if (!cofactor || cofactor->bounds().lo < 0) continue;
    if (k == kMinusInfinity || part.coefficient == kMinusInfinity) continue;
    int64_t common = std::gcd(k, part.coefficient);
    int64_t a = std::abs(k) / common, b = std::abs(part.coefficient) / common;
    Poly rest = scaled(poly, b);
    accumulate(rest, product(e, to_poly(*cofactor)), -a);
    return lower_divided(rest, b, enough, depth);
  }
  return kMinusInfinity;
}

// With x = lo + t, t >= 0 for every factor of a product, what a product shares with smaller terms
// cancels: x*y - y = (1 + t)*y - y = t*y for x >= 1.
int64_t Search::by_shift(const Poly& poly, int64_t enough, int depth) {
  auto movable = [](Dim atom) {
    return atom.bounds().lo != kMinusInfinity && atom.bounds().lo != 0;
  };
  bool worth = false;
  for (const DimTerm& term : poly.terms) {
    std::span<const Dim> factors = monomial_factors(term.factor);
    worth |= factors.size() > 1 && std::any_of(factors.begin(), factors.end(), movable);
  }
  if (!worth) return kMinusInfinity;
  Poly moved;
  moved.offset = poly.offset;
  for (const DimTerm& term : poly.terms) {
    Poly expanded;
    expanded.offset = term.coefficient;
    for (Dim atom : monomial_factors(term.factor)) {
      Poly factor = to_poly(movable(atom) ? reasoner_.shifted(atom) : atom);
      if (movable(atom)) factor.offset = checked_add(factor.offset, atom.bounds().lo);
      expanded = product(expanded, factor);
    }
    accumulate(moved, expanded);
  }
  return lower(moved, enough, depth + 1);
}

}  // namespace proa::ir
