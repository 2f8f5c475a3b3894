#include <algorithm>
#include <numeric>

#include "proa/ir/symbol/poly.h"

// floordiv and mod. All identities are over the integers with rounding towards minus infinity, so
// they hold for negative values too; those that need a positive divisor say so.
namespace proa::ir {
namespace {

constexpr int kMaxSteps = 1000;
// Where strides are declared, the rules of one quotient may undo each other; they stop after these.
constexpr int kMaxRewritings = 8;

bool is_floordiv(Dim dim) {
  return dim.kind() == DimKind::floordiv && dim.operands()[1].is_const();
}
bool is_mod(Dim dim) { return dim.kind() == DimKind::mod && dim.operands()[1].is_const(); }

bool scales(const Poly& poly, int64_t scale) {  // does poly * scale stay far inside int64?
  auto fits = [&](int64_t value) {
    int64_t result;
    return !__builtin_mul_overflow(value, scale, &result) && result < kInfinity / 2 &&
           result > kMinusInfinity / 2;
  };
  return fits(poly.offset) &&
         std::all_of(poly.terms.begin(), poly.terms.end(),
                     [&](const DimTerm& term) { return fits(term.coefficient); });
}

Poly atom(Dim dim) {
  Poly poly;
  poly.terms.push_back({1, dim});
  return poly;
}
Poly atom(DimKind kind, Dim dividend, Dim divisor) {
  Dim operands[] = {dividend, divisor};
  return atom(DimNode::intern(kind, operands));
}

// The remainder of one term modulo `divisor`, if declared strides tell it.
std::optional<int64_t> known_remainder(const DimTerm& term, int64_t divisor) {
  Stride known = mod(Stride{0, term.coefficient} * term.factor.stride(), divisor);
  if (known.modulus != 0) return std::nullopt;
  return known.residue;
}

// The term with less of one of its quotients, whose remainder r is declared:
// c*floor(x/c)*m = (x - r)*m.
std::optional<Poly> exact_quotient(const DimTerm& term) {
  std::span<const Dim> factors = monomial_factors(term.factor);
  for (size_t i = 0; i < factors.size(); ++i) {
    if (!is_floordiv(factors[i])) continue;
    Dim x = factors[i].operands()[0];
    int64_t c = factors[i].operands()[1].constant();
    Stride known = mod(x.stride(), c);
    if (known.modulus != 0) continue;
    // k*floor(x/c) with k = n*c + rest, -c/2 < rest <= c/2: one form for every k.
    int64_t n = floor_quotient(term.coefficient, c), rest = floor_remainder(term.coefficient, c);
    if (rest > c / 2) {
      ++n;
      rest -= c;
    }
    if (n == 0) continue;
    Poly exact = scaled(to_poly(x), n);
    exact.offset = checked_sub(exact.offset, checked_mul(n, known.residue));
    SmallVector<Dim, 8> others(factors);
    others.erase(i);
    if (!others.empty()) exact = product(exact, atom(monomial(others)));
    add_term(exact, {rest, term.factor});
    return exact;
  }
  return std::nullopt;
}

// The term without one of its remainders: x mod c = x - c*floor(x/c).
std::optional<Poly> expanded_mod(const DimTerm& term) {
  std::span<const Dim> factors = monomial_factors(term.factor);
  for (size_t i = 0; i < factors.size(); ++i) {
    if (!is_mod(factors[i])) continue;
    Poly x = to_poly(factors[i].operands()[0]);
    int64_t c = factors[i].operands()[1].constant();
    accumulate(x, floordiv_poly(x, c), -c);
    SmallVector<Dim, 8> rest(factors);
    rest.erase(i);
    Poly expanded = rest.empty() ? x : product(x, atom(monomial(rest)));
    return scaled(expanded, term.coefficient);
  }
  return std::nullopt;
}

std::optional<Poly> divided(const Poly& poly, int64_t divisor) {  // exactly, offset included
  if (poly.offset % divisor != 0) return std::nullopt;
  Poly result;
  result.offset = poly.offset / divisor;
  for (DimTerm term : poly.terms) {
    if (term.coefficient % divisor != 0) return std::nullopt;
    term.coefficient /= divisor;
    result.terms.push_back(term);
  }
  return result;
}

}  // namespace

Poly floordiv_poly(Poly dividend, int64_t divisor, int rewritings) {
  if (divisor == 1) return dividend;
  dividend = without_mod(std::move(dividend));
  Poly quotient, rest;
  // Multiples of the divisor come out: floor((c*q + r)/c) = q + floor(r/c). Coefficients are split
  // towards 0, so that 3*s floordiv 4 stays what it is.
  quotient.offset = floor_quotient(dividend.offset, divisor);
  rest.offset = floor_remainder(dividend.offset, divisor);
  for (const DimTerm& term : dividend.terms) {
    int64_t whole = term.coefficient / divisor, part = term.coefficient % divisor;
    if (whole != 0) quotient.terms.push_back({whole, term.factor});
    if (part != 0) rest.terms.push_back({part, term.factor});
  }
  // So do terms whose remainder is declared: k*m = c*floor(k*m/c) + rho.
  for (size_t i = 0; i < rest.terms.size();) {
    DimTerm term = rest.terms[i];
    std::optional<int64_t> known = known_remainder(term, divisor);
    if (!known || rest.terms.size() == 1) {
      if (known) {
        quotient.offset =
            checked_add(quotient.offset, floor_quotient(checked_add(*known, rest.offset), divisor));
        rest.offset = 0;
      }
      ++i;
      continue;
    }
    rest.terms.erase(i);
    Poly single;
    single.terms.push_back(term);
    accumulate(quotient, floordiv_poly(single, divisor));
    rest.offset = checked_add(rest.offset, *known);
    quotient.offset = checked_add(quotient.offset, floor_quotient(rest.offset, divisor));
    rest.offset = floor_remainder(rest.offset, divisor);
  }
  // floor((g*r + k)/(g*c)) = floor((r + floor(k/g))/c), g > 0.
  if (int64_t common = std::gcd(content(rest), divisor); common > 1) {
    for (DimTerm& term : rest.terms) term.coefficient /= common;
    rest.offset /= common;
    divisor /= common;
  }
  Interval range =
      floordiv(intersect(bounds(rest), bounds(with_mod(rest))), Interval{divisor, divisor});
  if (range.single()) {
    quotient.offset = checked_add(quotient.offset, range.lo);
    return quotient;
  }
  if (divisor == 1) {
    accumulate(quotient, rest);
    return quotient;
  }
  // floor(-r/c) = -floor((r + c - 1)/c), c > 0: the leading coefficient is made positive.
  bool more = rewritings < kMaxRewritings;
  if (more && rest.terms[0].coefficient < 0) {
    rest = scaled(rest, -1);
    rest.offset = checked_add(rest.offset, divisor - 1);
    accumulate(quotient, floordiv_poly(rest, divisor, rewritings + 1), -1);
    return quotient;
  }
  // floor((floor(x/b) + t)/c) = floor((x + b*t)/(b*c)), c > 0.
  size_t inner = rest.terms.size(), inners = 0;
  for (size_t i = 0; i < rest.terms.size(); ++i) {
    if (rest.terms[i].coefficient == 1 && rest.terms[i].factor.kind() == DimKind::floordiv) {
      inner = i;
      ++inners;
    }
  }
  if (more && inners == 1) {
    Dim factor = rest.terms[inner].factor;
    Dim x = factor.operands()[0], b = factor.operands()[1];
    int64_t whole = 0;
    // With other terms beside it not where x's remainder is declared: exact_quotient() would bring
    // floor(x/b) back into b*t, and so for ever.
    bool ends =
        rest.terms.size() == 1 || !b.is_const() || mod(x.stride(), b.constant()).modulus != 0;
    if (is_floordiv(factor) && ends && scales(rest, b.constant()) &&
        !__builtin_mul_overflow(b.constant(), divisor, &whole)) {
      rest.terms.erase(inner);
      Poly flat = to_poly(x);
      accumulate(flat, rest, b.constant());
      accumulate(quotient, floordiv_poly(flat, whole, rewritings + 1));
      return quotient;
    }
    if (!is_floordiv(factor) && rest.terms.size() == 1 && rest.offset == 0) {
      accumulate(quotient, to_poly(floordiv(x, b * Dim(divisor))));
      return quotient;
    }
  }
  if (Poly settled = without_mod(rest); !more || settled == rest) {
    accumulate(quotient, atom(DimKind::floordiv, to_dim(rest), divisor));
  } else {  // an exact quotient came up: once more
    accumulate(quotient, floordiv_poly(settled, divisor, rewritings + 1));
  }
  return quotient;
}

namespace {

// Replaces terms until `instead` has nothing for any of them.
template <class Instead>
Poly rewritten(Poly poly, Instead instead) {
  for (size_t i = 0; i < poly.terms.size();) {
    DimTerm term = poly.terms[i];
    std::optional<Poly> replacement = instead(term);
    if (!replacement) {
      ++i;
      continue;
    }
    add_term(poly, {checked_sub(0, term.coefficient), term.factor});
    accumulate(poly, *replacement);
    i = 0;
  }
  return poly;
}

}  // namespace

Poly without_mod(Poly poly) {
  return rewritten(std::move(poly), [](const DimTerm& term) {
    std::optional<Poly> expanded = expanded_mod(term);
    return expanded ? expanded : exact_quotient(term);
  });
}

namespace {

// One quotient floor(x/c) of a term, and what it is multiplied by.
struct Quotient {
  DimTerm term;
  Dim factor, cofactor;

  Dim x() const { return factor.operands()[0]; }
  int64_t c() const { return factor.operands()[1].constant(); }
};

// k*m*x - k*m*c*floor(x/c) = k*m*(x mod c), taken where it brings the leading term of m*x nearer
// to 0. `quotient` must be floor(dividend/c) already.
bool take_mod(Poly& poly, const Quotient& quotient, Dim dividend, int64_t c) {
  if (quotient.term.coefficient % c != 0 || quotient.term.coefficient == kMinusInfinity)
    return false;
  int64_t k = -(quotient.term.coefficient / c), change = 0, next = 0;
  Poly x = without_mod(to_poly(dividend));
  if (x.is_const()) return false;
  int64_t old = coefficient(poly, monomial_product(x.terms[0].factor, quotient.cofactor));
  if (old == 0 || old == kMinusInfinity ||
      __builtin_mul_overflow(k, x.terms[0].coefficient, &change) ||
      __builtin_sub_overflow(old, change, &next) || next == kMinusInfinity ||
      std::abs(next) >= std::abs(old) || floordiv_poly(x, c) != atom(quotient.factor)) {
    return false;
  }
  Poly cofactor = to_poly(quotient.cofactor), remainder;
  if (Stride known = mod(dividend.stride(), c); known.modulus == 0) {
    remainder.offset = known.residue;
  } else {
    Dim operands[] = {dividend, Dim(c)};
    remainder = atom(DimNode::intern(DimKind::mod, operands));
  }
  add_term(poly, {checked_sub(0, quotient.term.coefficient), quotient.term.factor});
  accumulate(remainder, x, -1);
  accumulate(poly, product(remainder, cofactor), k);
  return true;
}

bool take_mod(Poly& poly, const Quotient& quotient) {
  // floor((x + b*t)/(b*c)) may also be the quotient of floor(x/b) + t by c.
  for (size_t j = 0; j < poly.terms.size(); ++j) {
    std::optional<Dim> inner = monomial_quotient(poly.terms[j].factor, quotient.cofactor);
    if (!inner || !is_floordiv(*inner) || *inner == quotient.factor) continue;
    int64_t b = inner->operands()[1].constant();
    if (quotient.c() % b != 0 || quotient.c() == b) continue;
    Poly difference = to_poly(quotient.x());
    accumulate(difference, to_poly(inner->operands()[0]), -1);
    std::optional<Poly> t = divided(difference, b);
    if (!t) continue;
    add_term(*t, {1, *inner});
    if (take_mod(poly, quotient, to_dim(*t), quotient.c() / b)) return true;
  }
  return take_mod(poly, quotient, quotient.x(), quotient.c());
}

// The outermost quotients go first, whatever they are multiplied by: a remainder then has one form,
// alone or in a product.
bool take_any_mod(Poly& poly) {
  SmallVector<Dim, 8> factors;
  for (const DimTerm& term : poly.terms) {
    for (Dim factor : monomial_factors(term.factor)) {
      if (is_floordiv(factor) &&
          std::find(factors.begin(), factors.end(), factor) == factors.end()) {
        factors.push_back(factor);
      }
    }
  }
  std::sort(factors.begin(), factors.end(), [](Dim a, Dim b) {
    uint32_t p = DimNode::of(a)->depth, q = DimNode::of(b)->depth;
    return p != q ? p > q : compare(a, b) < 0;
  });
  for (Dim factor : factors) {
    for (size_t i = 0; i < poly.terms.size(); ++i) {
      DimTerm term = poly.terms[i];
      std::optional<Dim> cofactor = monomial_quotient(term.factor, factor);
      if (cofactor && take_mod(poly, {term, factor, *cofactor})) return true;
    }
  }
  return false;
}

}  // namespace

Poly with_mod(Poly poly) {
  for (int step = 0; step < kMaxSteps && take_any_mod(poly); ++step) {
    poly = rewritten(std::move(poly), exact_quotient);
  }
  return poly;
}

namespace {

// quotient and remainder by polynomial long division: dividend = quotient * divisor + rest.
struct Division {
  Poly quotient, rest;
};

Division long_division(const Poly& dividend, const Poly& divisor) {
  Division result;
  result.rest = dividend;
  DimTerm lead = divisor.terms[0];
  for (size_t i = 0, steps = 0; i < result.rest.terms.size() && steps < kMaxSteps;) {
    DimTerm term = result.rest.terms[i];
    std::optional<Dim> factor = monomial_quotient(term.factor, lead.factor);
    if (!factor || term.coefficient % lead.coefficient != 0) {
      ++i;
      continue;
    }
    Poly step;
    int64_t k = term.coefficient / lead.coefficient;
    if (factor->is_const()) {
      step.offset = k;
    } else {
      step.terms.push_back({k, *factor});
    }
    accumulate(result.quotient, step);
    accumulate(result.rest, product(step, divisor), -1);
    ++steps;
  }
  auto size = [](const Poly& poly) { return poly.terms.size() + (poly.offset != 0); };
  if (divisor.terms.size() > 1 || divisor.offset != 0) {
    if (size(result.rest) >= size(dividend)) return {Poly(), dividend};
  }
  return result;
}

// The factor that all terms of both share (the divisor is not 0, so neither is the factor).
DimTerm common_factor(const Poly& a, const Poly& b) {
  int64_t k = std::gcd(content(a), content(b));
  if (a.offset != kMinusInfinity) k = std::gcd(k, a.offset);
  if (b.offset != kMinusInfinity) k = std::gcd(k, b.offset);
  if (a.offset == kMinusInfinity || b.offset == kMinusInfinity) k = 1;
  if (a.offset != 0 || b.offset != 0) return {k, Dim(1)};
  SmallVector<Dim, 8> shared(monomial_factors(b.terms[0].factor));
  auto keep = [&](const Poly& poly) {
    for (const DimTerm& term : poly.terms) {
      SmallVector<Dim, 8> both;
      std::span<const Dim> factors = monomial_factors(term.factor);
      size_t i = 0;
      for (Dim factor : shared) {
        while (i < factors.size() && compare(factors[i], factor) < 0) ++i;
        if (i < factors.size() && factors[i] == factor) {
          both.push_back(factor);
          ++i;
        }
      }
      shared = both;
    }
  };
  keep(a);
  keep(b);
  return {k, monomial(shared)};
}

Poly without_factor(const Poly& poly, DimTerm factor) {
  Poly result;
  result.offset = poly.offset / factor.coefficient;
  for (const DimTerm& term : poly.terms) {
    Dim rest =
        factor.factor.is_const() ? term.factor : *monomial_quotient(term.factor, factor.factor);
    int64_t k = term.coefficient / factor.coefficient;
    if (rest.is_const()) {
      result.offset = checked_add(result.offset, k);
    } else {
      result.terms.push_back({k, rest});
    }
  }
  return result;
}

// Is it -b that shall be divided by? a/b = -a/-b, and one of the two is chosen whatever came.
bool flips(Dim b, Dim negated) {
  bool minus = to_poly(b).terms[0].coefficient < 0;
  bool also = to_poly(negated).terms[0].coefficient < 0;
  return minus != also ? minus : compare(negated, b) < 0;
}

}  // namespace

Dim floordiv(Dim a, Dim b) {
  if (auto c = b.as_const()) {
    if (auto value = a.as_const()) return checked_floordiv(*value, *c);
    if (*c == 0) checked_floordiv(0, 0);
    if (*c == 1) return a;
    if (*c < 0) return to_dim(floordiv_poly(scaled(to_poly(a), -1), checked_sub(0, *c)));
    return to_dim(floordiv_poly(to_poly(a), *c));
  }
  if (a.is_const(0)) return 0;
  if (a == b) return 1;
  if (Dim negated = -b; flips(b, negated)) {
    a = -a;
    b = negated;
  }
  Poly divisor = to_poly(b);
  auto [quotient, rest] = long_division(to_poly(a), divisor);
  Interval range = floordiv(bounds(rest), bounds(divisor));
  if (range.single()) {
    quotient.offset = checked_add(quotient.offset, range.lo);
    return to_dim(quotient);
  }
  if (DimTerm common = common_factor(rest, divisor);
      common.coefficient != 1 || !common.factor.is_const()) {
    rest = without_factor(rest, common);
    divisor = without_factor(divisor, common);
    accumulate(quotient, to_poly(floordiv(to_dim(rest), to_dim(divisor))));
    return to_dim(quotient);
  }
  Dim r = to_dim(rest), d = to_dim(divisor);
  if (r.kind() == DimKind::floordiv && d.bounds().lo >= 0) {
    // floor(floor(x/b)/d) = floor(x/(b*d)), d > 0
    accumulate(quotient, to_poly(floordiv(r.operands()[0], r.operands()[1] * d)));
  } else {
    accumulate(quotient, atom(DimKind::floordiv, r, d));
  }
  return to_dim(quotient);
}

Dim mod(Dim a, Dim b) {
  if (auto c = b.as_const()) {
    if (auto value = a.as_const()) return checked_mod(*value, *c);
    if (*c == 0) checked_mod(0, 0);
    if (*c == 1 || *c == -1) return 0;
    if (*c < 0) return -mod(-a, checked_sub(0, *c));  // a mod -c = -(-a mod c)
    if (Stride known = mod(a.stride(), *c); known.modulus == 0) return known.residue;
    Poly x = to_poly(a);
    Poly result = x;
    accumulate(result, floordiv_poly(x, *c), -*c);
    return to_dim(result);
  }
  if (a.is_const(0) || a == b) return 0;
  Dim negated = -b;
  bool flipped = flips(b, negated);
  if (flipped) {
    a = -a;
    b = negated;
  }
  Poly divisor = to_poly(b);
  Poly rest = long_division(to_poly(a), divisor).rest;
  Interval range = bounds(rest);
  Dim r = to_dim(rest), d = to_dim(divisor), result;
  if (rest == Poly() || (range.lo >= 0 && range.hi < d.bounds().lo)) {
    result = r;
  } else if (DimTerm common = common_factor(rest, divisor);
             common.coefficient != 1 || !common.factor.is_const()) {
    // m*r mod m*d = m*(r mod d), m != 0
    result = Dim(common.coefficient) * common.factor *
             mod(to_dim(without_factor(rest, common)), to_dim(without_factor(divisor, common)));
  } else if (r.kind() == DimKind::mod && r.operands()[1] == d) {
    result = r;
  } else {
    result = to_dim(atom(DimKind::mod, r, d));
  }
  return flipped ? -result : result;
}

Dim ceildiv(Dim a, Dim b) {
  if (auto c = b.as_const(); c && *c > 0) return floordiv(a + Dim(*c - 1), b);
  return -floordiv(-a, b);
}

}  // namespace proa::ir
