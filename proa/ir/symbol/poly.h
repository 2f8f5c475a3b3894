// Poly: a dim seen as offset + sum of coefficient * monomial, before it is interned.
// Why: all algebra is done on polys; only a finished result becomes a node of the arena.
#pragma once

#include "proa/ir/symbol/node.h"

namespace proa::ir {

// Terms sorted by compare_monomials; no coefficient is 0; a factor is an atom (anything but a
// constant, product or sum) or a product of atoms.
struct Poly {
  int64_t offset = 0;
  SmallVector<DimTerm, 6> terms;

  bool is_const() const { return terms.empty(); }
  bool operator==(const Poly&) const = default;
};

// Graded lexicographic, largest first: it respects multiplication, so long division ends.
std::strong_ordering compare_monomials(Dim a, Dim b);
std::strong_ordering compare_terms(const Poly& a, const Poly& b);  // offsets left out

Poly to_poly(Dim dim);
Dim to_dim(const Poly& poly);  // applies the rules that tie mod to floordiv, then interns
void accumulate(Poly& poly, const Poly& other, int64_t scale = 1);  // poly += scale * other
void add_term(Poly& poly, DimTerm term);
Poly scaled(const Poly& poly, int64_t scale);
Poly product(const Poly& a, const Poly& b);
int64_t coefficient(const Poly& poly, Dim monomial);
int64_t content(
    const Poly& poly);  // greatest common divisor of the terms' coefficients, 0 for none

// A monomial is a factor of a term, or the constant 1, which has no factors.
Dim monomial_product(Dim a, Dim b);
std::optional<Dim> monomial_quotient(Dim a, Dim b);  // a / b where b's factors are all in a
inline std::span<const Dim> monomial_factors(const Dim& monomial) {  // into `monomial`
  DimKind kind = monomial.kind();
  if (kind == DimKind::product) return monomial.operands();
  return {&monomial, kind == DimKind::constant ? size_t{0} : size_t{1}};
}
Dim monomial(std::span<const Dim> sorted_factors);

Interval bounds(int64_t offset, std::span<const DimTerm> terms);
Stride stride(int64_t offset, std::span<const DimTerm> terms);
inline Interval bounds(const Poly& poly) { return bounds(poly.offset, poly.terms); }
inline Stride stride(const Poly& poly) { return stride(poly.offset, poly.terms); }

// poly <= scale * dim: each floor(x/c) of the dim gave way to (x - c + 1)/c or x/c. Nothing where
// there is no quotient.
struct Line {
  Poly poly;
  int64_t scale;
};
std::optional<Line> line_below(const Poly& poly);

// division.cc
Poly floordiv_poly(Poly dividend, int64_t divisor, int rewritings = 0);  // divisor > 0
// Every mod by a constant replaced by dividend - divisor * floordiv.
Poly without_mod(Poly poly);
// The inverse where it makes the sum smaller; unique, since it starts from the form without mod.
Poly with_mod(Poly poly);

}  // namespace proa::ir
