#include "proa/ir/symbol/poly.h"

#include <algorithm>
#include <numeric>

namespace proa::ir {
namespace {

// A product of sums is expanded up to so many terms; above, the sums stay factors. It keeps hostile
// input from growing without bound, and only costs uniqueness there.
constexpr size_t kMaxTerms = 512;

struct Number {
  std::string_view head, digits;
};
Number split_number(std::string_view name) {
  size_t at = name.size();
  while (at > 0 && name[at - 1] >= '0' && name[at - 1] <= '9') --at;
  return {name.substr(0, at), name.substr(at)};
}

std::strong_ordering compare_names(std::string_view a, std::string_view b) {
  Number x = split_number(a), y = split_number(b);
  auto strip = [](std::string_view digits) {
    while (digits.size() > 1 && digits[0] == '0') digits.remove_prefix(1);
    return digits;
  };
  if (auto order = x.head <=> y.head; order != 0) return order;
  std::string_view p = strip(x.digits), q = strip(y.digits);
  if (auto order = p.size() <=> q.size(); order != 0) return order;
  if (auto order = p <=> q; order != 0) return order;
  return a <=> b;
}

}  // namespace

std::strong_ordering compare(Dim a, Dim b) {
  if (a == b) return std::strong_ordering::equal;
  DimKind kind = a.kind();
  if (auto order = kind <=> b.kind(); order != 0) return order;
  if (kind == DimKind::constant) return a.constant() <=> b.constant();
  if (kind == DimKind::symbol) {
    if (auto order = compare_names(a.name(), b.name()); order != 0) return order;
    return DimNode::of(a)->offset <=> DimNode::of(b)->offset;
  }
  std::span<const Dim> x = a.operands(), y = b.operands();
  for (size_t i = 0; i < x.size() && i < y.size(); ++i) {
    if (auto order = compare(x[i], y[i]); order != 0) return order;
  }
  if (auto order = x.size() <=> y.size(); order != 0) return order;
  std::span<const DimTerm> p = a.terms(), q = b.terms();
  for (size_t i = 0; i < p.size() && i < q.size(); ++i) {
    if (auto order = compare_monomials(p[i].factor, q[i].factor); order != 0) return order;
    if (auto order = p[i].coefficient <=> q[i].coefficient; order != 0) return order;
  }
  if (auto order = p.size() <=> q.size(); order != 0) return order;
  return a.offset() <=> b.offset();
}

Dim monomial(std::span<const Dim> factors) {
  if (factors.empty()) return Dim(1);
  return factors.size() == 1 ? factors[0] : DimNode::intern(DimKind::product, factors);
}

std::strong_ordering compare_monomials(Dim a, Dim b) {
  if (a == b) return std::strong_ordering::equal;
  std::span<const Dim> x = monomial_factors(a), y = monomial_factors(b);
  if (auto order = y.size() <=> x.size(); order != 0) return order;
  for (size_t i = 0; i < x.size(); ++i) {
    if (auto order = compare(x[i], y[i]); order != 0) return order;
  }
  return std::strong_ordering::equal;
}

std::strong_ordering compare_terms(const Poly& a, const Poly& b) {
  for (size_t i = 0; i < a.terms.size() && i < b.terms.size(); ++i) {
    auto order = compare_monomials(a.terms[i].factor, b.terms[i].factor);
    if (order != 0) return order;
    order = a.terms[i].coefficient <=> b.terms[i].coefficient;
    if (order != 0) return order;
  }
  return b.terms.size() <=> a.terms.size();  // constants last
}

Dim monomial_product(Dim a, Dim b) {
  std::span<const Dim> x = monomial_factors(a), y = monomial_factors(b);
  SmallVector<Dim, 8> factors(x.size() + y.size());
  std::merge(x.begin(), x.end(), y.begin(), y.end(), factors.begin(),
             [](Dim p, Dim q) { return compare(p, q) < 0; });
  return monomial(factors);
}

std::optional<Dim> monomial_quotient(Dim a, Dim b) {
  std::span<const Dim> x = monomial_factors(a), y = monomial_factors(b);
  SmallVector<Dim, 8> rest;
  size_t taken = 0;
  for (Dim factor : x) {
    if (taken < y.size() && y[taken] == factor) {
      ++taken;
    } else {
      rest.push_back(factor);
    }
  }
  if (taken != y.size()) return std::nullopt;
  return monomial(rest);
}

Poly to_poly(Dim dim) {
  Poly poly;
  if (auto value = dim.as_const()) {
    poly.offset = *value;
  } else if (dim.kind() == DimKind::sum) {
    poly.offset = dim.offset();
    poly.terms = SmallVector<DimTerm, 6>(dim.terms());
  } else {
    poly.terms.push_back({1, dim});
  }
  return poly;
}

Dim to_dim(const Poly& poly) {
  if (poly.terms.empty()) return Dim(poly.offset);
  auto divides = [](const DimTerm& term) {
    std::span<const Dim> factors = monomial_factors(term.factor);
    return std::any_of(factors.begin(), factors.end(), [](Dim factor) {
      return factor.kind() == DimKind::floordiv || factor.kind() == DimKind::mod;
    });
  };
  const Poly* final = &poly;
  Poly settled;
  if (std::any_of(poly.terms.begin(), poly.terms.end(), divides)) {
    settled = with_mod(without_mod(poly));
    final = &settled;
  }
  if (final->terms.empty()) return Dim(final->offset);
  if (final->terms.size() == 1 && final->offset == 0 && final->terms[0].coefficient == 1) {
    return final->terms[0].factor;
  }
  return DimNode::intern_sum(final->offset, final->terms);
}

void add_term(Poly& poly, DimTerm term) {
  if (term.coefficient == 0) return;
  size_t at = 0;
  std::strong_ordering order = std::strong_ordering::less;
  while (at < poly.terms.size() &&
         (order = compare_monomials(poly.terms[at].factor, term.factor)) < 0) {
    ++at;
  }
  if (at == poly.terms.size() || order != 0) {
    poly.terms.insert(at, term);
    return;
  }
  int64_t sum = checked_add(poly.terms[at].coefficient, term.coefficient);
  poly.terms[at].coefficient = sum;
  if (sum == 0) poly.terms.erase(at);
}

void accumulate(Poly& poly, const Poly& other, int64_t scale) {
  if (scale == 0) return;
  poly.offset = checked_add(poly.offset, checked_mul(other.offset, scale));
  if (other.terms.size() == 1) {
    DimTerm term = other.terms[0];
    add_term(poly, {checked_mul(term.coefficient, scale), term.factor});
    return;
  }
  SmallVector<DimTerm, 6> merged;
  size_t i = 0, j = 0;
  while (i < poly.terms.size() || j < other.terms.size()) {
    std::strong_ordering order =
        i == poly.terms.size()    ? std::strong_ordering::greater
        : j == other.terms.size() ? std::strong_ordering::less
                                  : compare_monomials(poly.terms[i].factor, other.terms[j].factor);
    if (order < 0) {
      merged.push_back(poly.terms[i++]);
      continue;
    }
    DimTerm term = other.terms[j++];
    term.coefficient = checked_mul(term.coefficient, scale);
    if (order == 0) term.coefficient = checked_add(term.coefficient, poly.terms[i++].coefficient);
    if (term.coefficient != 0) merged.push_back(term);
  }
  poly.terms = std::move(merged);
}

Poly scaled(const Poly& poly, int64_t scale) {
  Poly result;
  accumulate(result, poly, scale);
  return result;
}

Poly product(const Poly& a, const Poly& b) {
  if (a.is_const()) return scaled(b, a.offset);
  if (b.is_const()) return scaled(a, b.offset);
  Poly result;
  if ((a.terms.size() + 1) * (b.terms.size() + 1) > kMaxTerms) {
    Dim factors[] = {to_dim(a), to_dim(b)};
    result.terms.push_back({1, monomial_product(factors[0], factors[1])});
    return result;
  }
  result.offset = checked_mul(a.offset, b.offset);
  for (const DimTerm& x : a.terms) {
    Poly row;
    for (const DimTerm& y : b.terms) {  // the order respects products: each row is sorted
      row.terms.push_back(
          {checked_mul(x.coefficient, y.coefficient), monomial_product(x.factor, y.factor)});
    }
    accumulate(result, row);
    add_term(result, {checked_mul(x.coefficient, b.offset), x.factor});
  }
  for (const DimTerm& y : b.terms) {
    add_term(result, {checked_mul(y.coefficient, a.offset), y.factor});
  }
  return result;
}

int64_t coefficient(const Poly& poly, Dim monomial) {
  for (const DimTerm& term : poly.terms) {
    if (term.factor == monomial) return term.coefficient;
  }
  return 0;
}

int64_t content(const Poly& poly) {
  int64_t common = 0;
  for (const DimTerm& term : poly.terms) {
    if (term.coefficient == kMinusInfinity) return 1;  // its magnitude leaves int64
    common = std::gcd(common, term.coefficient);
  }
  return common;
}

Dim operator+(Dim a, Dim b) {
  if (a.is_const() && b.is_const()) return checked_add(a.constant(), b.constant());
  Poly sum = to_poly(a);
  accumulate(sum, to_poly(b));
  return to_dim(sum);
}

Dim operator-(Dim a, Dim b) {
  if (a == b) return 0;
  if (a.is_const() && b.is_const()) return checked_sub(a.constant(), b.constant());
  Poly sum = to_poly(a);
  accumulate(sum, to_poly(b), -1);
  return to_dim(sum);
}

Dim operator-(Dim a) { return Dim(0) - a; }

Dim operator*(Dim a, Dim b) {
  if (a.is_const() && b.is_const()) return checked_mul(a.constant(), b.constant());
  if (a.is_const(1)) return b;
  if (b.is_const(1)) return a;
  return to_dim(product(to_poly(a), to_poly(b)));
}

Dim product(std::span<const Dim> dims) {
  Dim result = 1;
  for (Dim dim : dims) result *= dim;
  return result;
}

}  // namespace proa::ir
