#include "proa/ir/symbol/reason.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "proa/ir/symbol/search.h"

namespace proa::ir {
namespace {

constexpr int kMaxSteps = 64;      // of rewriting one sum
constexpr int kMaxRounds = 4;      // of bringing inequalities up to date
constexpr size_t kMaxFacts = 256;  // inequalities kept; more only cost proofs

bool occurs(Dim part, Dim whole) {
  if (part == whole) return true;
  for (Dim operand : whole.operands()) {
    if (occurs(part, operand)) return true;
  }
  for (const DimTerm& term : whole.terms()) {
    if (occurs(part, term.factor)) return true;
  }
  return false;
}

bool occurs_elsewhere(Dim part, const Poly& poly, size_t term) {
  for (size_t i = 0; i < poly.terms.size(); ++i) {
    if (i != term && occurs(part, poly.terms[i].factor)) return true;
  }
  return false;
}

// x with a*x = 1 modulo m; a and m are coprime, m > 1.
int64_t inverse(int64_t a, int64_t m) {
  __int128 r = m, s = floor_remainder(a, m), u = 0, v = 1;
  while (s != 0) {
    __int128 q = r / s;
    r = std::exchange(s, r - q * s);
    u = std::exchange(v, u - q * v);
  }
  return static_cast<int64_t>(u < 0 ? u + m : u);
}

int64_t multiply_modulo(int64_t a, int64_t b, int64_t m) {
  __int128 r = static_cast<__int128>(a) * b % m;
  return static_cast<int64_t>(r < 0 ? r + m : r);
}

}  // namespace

Dim Reasoner::make_symbol(std::string_view name, Interval range) {
  if (range.single()) return range.lo;
  SymbolInfo info;
  info.lo = range.lo;
  info.hi = range.hi;
  return DimNode::nameless(*arena_, name, info);
}

void Reasoner::changed() {
  ++epoch_;
  resolved_.clear();
  bounds_.clear();
}

void Reasoner::solve(Dim symbol, Dim value) {
  solved_.emplace(symbol, value);
  changed();
}

void Reasoner::tighten(Dim symbol, Interval range) {
  Interval both = intersect(symbol.bounds(), range);
  if (both.empty()) throw Contradiction();
  if (both == symbol.bounds()) return;
  Dim tight = make_symbol(symbol.name(), both);
  if (!tight.is_const()) replacements_.push_back({symbol, tight});
  solve(symbol, tight);
}

// symbol = modulus * k + residue
bool Reasoner::split(Dim symbol, int64_t modulus, int64_t residue) {
  if (modulus == 1) return false;
  Interval range = symbol.bounds(), k;
  if (range.lo != kMinusInfinity) { k.lo = ceil_quotient(checked_sub(range.lo, residue), modulus); }
  if (range.hi != kInfinity) k.hi = floor_quotient(checked_sub(range.hi, residue), modulus);
  if (k.empty()) throw Contradiction();
  Dim inner = make_symbol(symbol.name(), k);
  if (!inner.is_const()) replacements_.push_back({symbol, inner, modulus, residue});
  solve(symbol, Dim(modulus) * inner + Dim(residue));
  return true;
}

// +-s + rest = 0 where s is not in the rest. The greatest such s goes, so that the first names
// stay.
bool Reasoner::solve_for_symbol(const Poly& zero) {
  for (size_t i = zero.terms.size(); i-- > 0;) {
    auto [k, symbol] = zero.terms[i];
    if (!symbol.is_symbol() || (k != 1 && k != -1) || occurs_elsewhere(symbol, zero, i)) continue;
    Poly value = zero;
    value.terms.erase(i);
    Dim solution = to_dim(scaled(value, -k));
    Interval range = symbol.bounds();
    solve(symbol, solution);
    if (range.lo != kMinusInfinity) assert_nonnegative(resolve(solution) - Dim(range.lo));
    if (range.hi != kInfinity) assert_nonnegative(Dim(range.hi) - resolve(solution));
    return true;
  }
  return false;
}

// a*x + b*y + c = 0 fixes y modulo |a|; after the split it can be solved for x.
bool Reasoner::solve_congruence(const Poly& zero) {
  if (zero.terms.empty() || zero.terms.size() > 2) return false;
  for (const DimTerm& term : zero.terms) {
    if (!term.factor.is_symbol() || term.coefficient == kMinusInfinity) return false;
  }
  if (zero.terms.size() == 1) {  // its coefficient is 1: the content was divided out
    return false;
  }
  int64_t a = std::abs(zero.terms[0].coefficient);
  auto [b, y] = zero.terms[1];
  if (std::gcd(a, b) != 1) throw Contradiction();
  if (zero.offset == kMinusInfinity) return false;
  return split(y, a, multiply_modulo(-zero.offset, inverse(b, a), a));
}

bool Reasoner::make_rule(const Poly& zero) {
  DimTerm lead = zero.terms[0];
  if (lead.coefficient == kMinusInfinity) return false;
  Poly rest = zero;
  rest.terms.erase(0);
  for (Dim factor : monomial_factors(lead.factor)) {
    for (const DimTerm& term : rest.terms) {
      for (Dim other : monomial_factors(term.factor)) {
        if (factor != other && occurs(factor, other)) return false;  // it would not end
      }
    }
  }
  rest = scaled(rest, lead.coefficient > 0 ? -1 : 1);
  lead.coefficient = std::abs(lead.coefficient);
  rules_.push_back({lead, std::move(rest)});
  return true;
}

void Reasoner::assert_zero(Dim dim) {
  equations_.push_back(dim);
  settle_equations();
}

// Equations are solved anew after each solution: it may have made others solvable.
void Reasoner::settle_equations() {
  for (bool again = true; again && --budget_ >= 0;) {
    again = false;
    rules_.clear();
    changed();
    std::vector<Dim> old = std::exchange(equations_, {});
    for (size_t i = 0; i < old.size() && !again; ++i) {
      Dim dim = resolve(old[i]);
      if (!dim.bounds().contains(0)) throw Contradiction();
      Poly zero = to_poly(dim);
      if (zero.is_const()) continue;
      if (int64_t common = content(zero); common > 1) {
        if (zero.offset % common != 0) throw Contradiction();
        zero.offset /= common;
        for (DimTerm& term : zero.terms) term.coefficient /= common;
      }
      Stride known = ir::stride(zero);
      if (!compatible(known, Stride{0, 0})) throw Contradiction();
      again = solve_for_symbol(zero);
      if (!again && solve_congruence(zero)) {
        again = true;
        equations_.push_back(dim);
      }
      if (!again) {
        equations_.push_back(to_dim(zero));
        make_rule(zero);
        changed();
        if (met_.insert(equations_.back()).second) {
          for (const Poly& side : {zero, scaled(zero, -1)}) {
            if (!split_alternatives(side)) assert_lines(side);
          }
        }
      } else {
        equations_.insert(equations_.end(), old.begin() + static_cast<ptrdiff_t>(i) + 1, old.end());
      }
    }
  }
}

// rest - max(x, y) >= 0 is rest - x >= 0 and rest - y >= 0; so with rest + min(x, y).
bool Reasoner::split_alternatives(const Poly& nonnegative) {
  for (size_t i = 0; i < nonnegative.terms.size(); ++i) {
    auto [k, factor] = nonnegative.terms[i];
    if (factor.kind() != (k < 0 ? DimKind::max : DimKind::min)) continue;
    for (Dim operand : factor.operands()) {
      Poly one = nonnegative;
      one.terms.erase(i);
      accumulate(one, to_poly(operand), k);
      assert_nonnegative(to_dim(one));
    }
    return true;
  }
  return false;
}

// With each quotient replaced by the line above it, in a sum >= 0.
void Reasoner::assert_lines(const Poly& nonnegative) {
  if (std::optional<Line> line = line_below(scaled(nonnegative, -1))) {
    assert_nonnegative(to_dim(scaled(line->poly, -1)));
  }
}

void Reasoner::assert_nonnegative(Dim unresolved) {
  if (--budget_ < 0) return;
  Dim dim = resolve(unresolved);
  Interval range = dim.bounds();
  if (range.hi < 0) throw Contradiction();
  if (range.lo >= 0) return;
  if (range.hi == 0) {
    if (!met_.contains(dim)) assert_zero(dim);
    return;
  }
  Poly poly = to_poly(dim);
  if (int64_t common = content(poly); common > 1) {
    poly.offset = floor_quotient(poly.offset, common);
    for (DimTerm& term : poly.terms) term.coefficient /= common;
    dim = to_dim(poly);
  }
  if (std::find(nonnegative_.begin(), nonnegative_.end(), dim) != nonnegative_.end()) return;
  if (split_alternatives(poly)) return;
  // k*s + rest >= 0 bounds s.
  bool single = poly.terms.size() == 1 && poly.terms[0].factor.is_symbol();
  if (!single && nonnegative_.size() < kMaxFacts) {
    nonnegative_.push_back(dim);
    changed();
  }
  for (size_t i = 0; i < poly.terms.size(); ++i) {
    auto [k, symbol] = poly.terms[i];
    if (!symbol.is_symbol() || k == kMinusInfinity || solved_.contains(symbol)) continue;
    Poly rest = poly;
    rest.terms.erase(i);
    int64_t most = ir::bounds(rest).hi;
    if (most == kInfinity || most == kMinusInfinity) continue;
    Interval range_of_symbol;
    if (k > 0) {
      range_of_symbol.lo = -floor_quotient(most, k);
    } else {
      range_of_symbol.hi = floor_quotient(most, -k);
    }
    tighten(symbol, range_of_symbol);
  }
  assert_lines(poly);
  if (std::find(nonnegative_.begin(), nonnegative_.end(), -dim) != nonnegative_.end() &&
      !met_.contains(dim)) {
    assert_zero(dim);
  }
}

// Ranges may creep for ever (s >= t and t >= s + 1 push each other up), so the rounds are bounded.
void Reasoner::settle() {
  for (int round = 0; round < kMaxRounds && settled_ != solved_.size(); ++round) {
    settled_ = solved_.size();
    for (Dim dim : std::exchange(nonnegative_, {})) {
      if (budget_ > 0) {
        assert_nonnegative(dim);
      } else {
        nonnegative_.push_back(dim);
      }
    }
    if (!equations_.empty()) settle_equations();
  }
  settled_ = solved_.size();
}

Dim Reasoner::resolve(Dim dim) {
  if (dim.is_const()) return dim;
  auto known = resolved_.find(dim);
  if (known != resolved_.end()) return known->second;
  Dim result = rebuild(dim);
  resolved_.emplace(dim, result);
  return result;
}

Dim Reasoner::rebuild(Dim dim) {
  if (dim.is_symbol()) {
    auto solution = solved_.find(dim);
    return solution == solved_.end() ? reduced(dim) : resolve(solution->second);
  }
  if (dim.kind() == DimKind::sum) {
    Poly total;
    total.offset = dim.offset();
    for (const DimTerm& term : dim.terms()) {
      accumulate(total, to_poly(resolve(term.factor)), term.coefficient);
    }
    return reduced(to_dim(total));
  }
  SmallVector<Dim, 6> parts;
  for (Dim operand : dim.operands()) parts.push_back(resolve(operand));
  switch (dim.kind()) {
    case DimKind::floordiv: return reduced(pruned(floordiv(parts[0], parts[1])));
    case DimKind::mod: return reduced(pruned(mod(parts[0], parts[1])));
    case DimKind::max: return reduced(pruned(max(std::span<const Dim>(parts))));
    case DimKind::min: return reduced(pruned(min(std::span<const Dim>(parts))));
    default: return reduced(product(std::span<const Dim>(parts)));
  }
}

// Rewritten by the equations that could not be solved for a symbol.
Dim Reasoner::reduced(Dim dim) {
  if (rules_.empty()) return dim;
  Poly poly = to_poly(dim);
  bool any = false;
  for (size_t i = 0, steps = 0; i < poly.terms.size() && steps < kMaxSteps;) {
    DimTerm term = poly.terms[i];
    bool hit = false;
    for (const Rule& rule : rules_) {
      std::optional<Dim> factor = monomial_quotient(term.factor, rule.lead.factor);
      if (!factor || term.coefficient % rule.lead.coefficient != 0) continue;
      add_term(poly, {checked_sub(0, term.coefficient), term.factor});
      accumulate(poly, product(rule.rest, to_poly(*factor)),
                 term.coefficient / rule.lead.coefficient);
      hit = any = true;
      ++steps;
      break;
    }
    i = hit ? 0 : i + 1;
  }
  return any ? to_dim(poly) : dim;
}

// What the inequalities decide: alternatives of max and min that never win, divisions of x by d
// where 0 <= x < d. Without inequalities the canonical form has seen all of it.
Dim Reasoner::pruned(Dim dim) {
  if (nonnegative_.empty()) return dim;
  DimKind kind = dim.kind();
  if (kind == DimKind::max || kind == DimKind::min) {
    SmallVector<Dim, 6> parts(dim.operands());
    for (size_t i = 0; i < parts.size();) {
      bool useless = false;
      for (size_t j = 0; j < parts.size() && !useless; ++j) {
        if (i == j) continue;
        useless = at_least(kind == DimKind::max ? parts[j] - parts[i] : parts[i] - parts[j], 0);
      }
      if (useless) {
        parts.erase(i);
      } else {
        ++i;
      }
    }
    if (parts.size() == dim.operands().size()) return dim;
    std::span<const Dim> rest = parts;
    return kind == DimKind::max ? max(rest) : min(rest);
  }
  if (kind == DimKind::floordiv || kind == DimKind::mod) {
    Dim x = dim.operands()[0], d = dim.operands()[1];
    if (at_least(x, 0) && at_least(d - x, 1)) return kind == DimKind::mod ? x : Dim(0);
  }
  return dim;
}

Dim Reasoner::shifted(Dim atom) {
  auto known = shifted_.find(atom);
  if (known != shifted_.end()) return known->second;
  Interval range = atom.bounds();
  Interval from_zero = {0, range.hi == kInfinity ? kInfinity : checked_sub(range.hi, range.lo)};
  Dim symbol = make_symbol(atom.is_symbol() ? atom.name() : "t", from_zero);
  shifted_.emplace(atom, symbol);
  return symbol;
}

int64_t Reasoner::witnessed(Dim dim) {
  if (witnesses_epoch_ != epoch_) {
    witnesses_.reset(nonnegative_, equations_);
    witnesses_epoch_ = epoch_;
  }
  return witnesses_.least(dim);
}

bool Reasoner::at_least(Dim dim, int64_t least) {
  Interval range = dim.bounds();
  if (range.lo >= least) return true;
  if (range.hi < least || witnessed(dim) < least) return false;
  return Search(*this).lower(to_poly(dim), least) >= least;
}

Interval Reasoner::bounds(Dim dim) {
  Interval range = dim.bounds();
  if (dim.is_const() || range.single()) return range;
  auto known = bounds_.find(dim);
  if (known != bounds_.end()) return known->second;
  range.lo = std::max(range.lo, Search(*this).lower(to_poly(dim), witnessed(dim)));
  Dim negated = -dim;
  int64_t least = Search(*this).lower(to_poly(negated), witnessed(negated));
  if (least != kMinusInfinity) range.hi = std::min(range.hi, -least);
  bounds_.emplace(dim, range);
  return range;
}

}  // namespace proa::ir
