#include "proa/ir/symbol/facts.h"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "proa/ir/symbol/need.h"
#include "proa/ir/symbol/query_cache.h"
#include "proa/ir/symbol/reason.h"

namespace proa::ir {

std::string to_string(const Guard& guard) {
  std::string a = to_string(guard.a), b = to_string(guard.b);
  if (guard.kind == Guard::Kind::divisible) return str(b, " divides ", a);
  return str(a, guard.kind == Guard::Kind::eq ? " == " : " >= ", b);
}

namespace {

struct HashGuard {  // of the condition, not of the words
  size_t operator()(const Guard& guard) const {
    return guard.a.hash() * 3 + guard.b.hash() * 5 + static_cast<size_t>(guard.kind);
  }
};
struct SameCondition {
  bool operator()(const Guard& x, const Guard& y) const {
    return x.kind == y.kind && x.a == y.a && x.b == y.b;
  }
};

Guard condition(Guard::Kind kind, Dim a, Dim b) { return {kind, a, b, {}}; }

}  // namespace

// Between the user's symbols and those of the Reasoner: every dim of the user has a first inner
// form, which is then rewritten; every inner symbol is (dim - residue) / modulus of a dim of the
// user.
struct Facts::State {
  struct Outer {
    Dim dim;
    int64_t modulus = 1, residue = 0;
  };

  SymbolArena* arena = nullptr;
  Reasoner reasoner;
  std::unordered_map<Dim, Dim> inner_of;
  std::unordered_map<Dim, Outer> outer_of;
  std::unordered_map<Dim, Dim> outer_memo;
  std::unordered_map<Dim, int64_t> likely;
  bool asks = false;
  std::vector<Guard> guards, stated;
  std::unordered_set<Guard, HashGuard, SameCondition> guarded;
  QueryCache cache;

  Dim first_inner(Dim dim);
  Dim inner(Dim dim) { return reasoner.resolve(first_inner(dim)); }
  Dim outer(Dim inner);
  Poly outer_term(const DimTerm& term);
  Dim difference(Dim a, Dim b);
  void apply(const Guard& fact);
  void add_quotient(Dim a, Dim b);
  void restart();
  void state(std::initializer_list<Guard> facts);
  Truth prove(const Guard& guard);
  Truth decide(const Guard& guard);
  bool require(Guard guard);
};

Dim Facts::State::first_inner(Dim dim) {
  if (dim.is_const()) return dim;
  auto known = inner_of.find(dim);
  if (known != inner_of.end()) return known->second;
  Dim result;
  if (dim.is_symbol()) {
    PROA_CHECK(dim.arena() == arena, "facts about a symbol of another context: ", dim.name());
    const SymbolInfo& info = dim.info();  // its ends are of its residue class
    int64_t d = info.divisor, r = info.residue;
    Interval range = {info.lo, info.hi};
    if (d > 1) {
      if (range.lo != kMinusInfinity) range.lo = floor_quotient(checked_sub(range.lo, r), d);
      if (range.hi != kInfinity) range.hi = floor_quotient(checked_sub(range.hi, r), d);
    }
    Dim symbol = reasoner.make_symbol(dim.name(), range);
    if (!symbol.is_const()) outer_of.emplace(symbol, Outer{dim, d, r});
    result = Dim(d) * symbol + Dim(r);
  } else {
    result = substitute(dim, [&](Dim symbol) { return first_inner(symbol); });
  }
  inner_of.emplace(dim, result);
  return result;
}

// k times a product of inner symbols: where k is a multiple of a modulus the division is not
// needed.
Poly Facts::State::outer_term(const DimTerm& term) {
  int64_t k = term.coefficient;
  Dim rest = 1;
  for (Dim factor : monomial_factors(term.factor)) {
    auto known = outer_of.find(factor);
    if (known == outer_of.end()) {
      rest *= outer(factor);
      continue;
    }
    auto [dim, modulus, residue] = known->second;
    if (k % modulus == 0) {
      k /= modulus;
      rest *= dim - Dim(residue);
    } else {
      rest *= floordiv(dim - Dim(residue), modulus);
    }
  }
  return scaled(to_poly(rest), k);
}

Dim Facts::State::outer(Dim dim) {
  if (dim.is_const()) return dim;
  auto known = outer_memo.find(dim);
  if (known != outer_memo.end()) return known->second;
  Dim result;
  Poly total;
  SmallVector<Dim, 6> parts;
  switch (dim.kind()) {
    case DimKind::symbol:
    case DimKind::product:
    case DimKind::sum: {
      Poly poly = to_poly(dim);
      total.offset = poly.offset;
      if (dim.is_symbol()) PROA_CHECK(outer_of.contains(dim), "a symbol of no dim");
      for (const DimTerm& term : poly.terms) accumulate(total, outer_term(term));
      result = to_dim(total);
      break;
    }
    default:
      for (Dim operand : dim.operands()) parts.push_back(outer(operand));
      if (dim.kind() == DimKind::floordiv) result = floordiv(parts[0], parts[1]);
      if (dim.kind() == DimKind::mod) result = mod(parts[0], parts[1]);
      if (dim.kind() == DimKind::max) result = max(std::span<const Dim>(parts));
      if (dim.kind() == DimKind::min) result = min(std::span<const Dim>(parts));
  }
  outer_memo.emplace(dim, result);
  return result;
}

// a - b, with x mod d written as x - d*floor(x/d) also for symbolic d where that makes it 0.
Dim Facts::State::difference(Dim a, Dim b) {
  if (a == b) return 0;
  Dim left = inner(a), right = inner(b);
  if (left == right) return 0;
  Poly poly = to_poly(left);
  accumulate(poly, to_poly(right), -1);
  Dim plain = reasoner.resolve(to_dim(poly));
  Poly expanded = to_poly(plain);
  bool any = false;
  for (size_t i = 0; i < expanded.terms.size();) {
    DimTerm term = expanded.terms[i];
    Dim found;
    for (Dim factor : monomial_factors(term.factor)) {
      if (factor.kind() == DimKind::mod && !factor.operands()[1].is_const()) found = factor;
    }
    if (found == Dim(0)) {
      ++i;
      continue;
    }
    Dim x = found.operands()[0], d = found.operands()[1];
    Dim quotient = x - d * floordiv(x, d);
    add_term(expanded, {checked_sub(0, term.coefficient), term.factor});
    accumulate(expanded, to_poly(quotient * *monomial_quotient(term.factor, found)),
               term.coefficient);
    any = true;
    i = 0;
  }
  return any && to_dim(expanded) == Dim(0) ? Dim(0) : plain;
}

// b divides a: a = b*q for a new q, which is floordiv(a, b) to the user.
void Facts::State::add_quotient(Dim a, Dim b) {
  Dim x = inner(a), d = inner(b);
  Dim q = reasoner.make_symbol("q", floordiv(x.bounds(), d.bounds()));
  if (!q.is_const()) {
    outer_of.emplace(q, b.is_const() ? Outer{a, b.constant(), 0} : Outer{floordiv(a, b), 1, 0});
  }
  reasoner.assert_zero(x - d * q);
}

void Facts::State::apply(const Guard& fact) {
  reasoner.begin_fact();
  switch (fact.kind) {
    case Guard::Kind::eq: reasoner.assert_zero(difference(fact.a, fact.b)); break;
    case Guard::Kind::ge: reasoner.assert_nonnegative(difference(fact.a, fact.b)); break;
    case Guard::Kind::divisible:
      add_quotient(fact.a, fact.b.is_const() && fact.b.constant() < 0 ? -fact.b : fact.b);
      break;
  }
  reasoner.settle();
  for (const Reasoner::Replacement& step : reasoner.take_replacements()) {
    auto old = outer_of.find(step.old);
    if (old == outer_of.end()) continue;
    auto [dim, modulus, residue] = old->second;
    outer_of.emplace(step.symbol, Outer{dim, checked_mul(modulus, step.scale),
                                        checked_add(residue, checked_mul(modulus, step.offset))});
  }
}

// Back to what was stated and guarded: after a fact that did not fit had been taken in half.
void Facts::State::restart() {
  uint64_t epoch = reasoner.epoch();
  reasoner = Reasoner(epoch + 1);
  inner_of.clear();
  outer_of.clear();
  outer_memo.clear();
  auto again = [&](const Guard& fact) {
    try {
      apply(fact);
    } catch (const UserError&) {  // an overflow, as the first time
    }
  };
  for (const Guard& fact : stated) again(fact);
  for (const Guard& fact : guards) again(fact);
}

void Facts::State::state(std::initializer_list<Guard> facts) {
  size_t before = stated.size();
  for (const Guard& fact : facts) {
    stated.push_back(fact);
    try {
      Truth known = prove(fact);
      if (known == Truth::no) throw Contradiction();
      if (known == Truth::unknown) apply(fact);
    } catch (const UserError& error) {
      stated.resize(before);
      restart();
      throw UserError(ErrorKind::value, "facts", to_string(fact), error.message());
    }
  }
}

Truth Facts::State::prove(const Guard& guard) {
  static constexpr QueryCache::Kind kKinds[] = {QueryCache::kEq, QueryCache::kGe,
                                                QueryCache::kDivisible};
  if (guard.kind != Guard::Kind::divisible && guard.a == guard.b) return Truth::yes;
  if (guarded.contains(guard)) return Truth::yes;  // it may be beyond the reasoner: s0*s1 >= 2
  QueryCache::Kind kind = kKinds[static_cast<size_t>(guard.kind)];
  if (const uint64_t* known = cache.find(kind, guard.a, guard.b, reasoner.epoch())) {
    return static_cast<Truth>(*known);
  }
  Truth truth = Truth::unknown;
  try {
    truth = decide(guard);
  } catch (const UserError&) {  // a difference that leaves int64
  }
  cache.store(kind, guard.a, guard.b, reasoner.epoch(), static_cast<uint64_t>(truth));
  return truth;
}

Truth Facts::State::decide(const Guard& guard) {
  if (guard.kind == Guard::Kind::divisible) {
    Dim rest = reasoner.resolve(mod(inner(guard.a), inner(guard.b)));
    if (auto value = rest.as_const()) return *value == 0 ? Truth::yes : Truth::no;
    Interval range = reasoner.bounds(rest);
    if (!range.contains(0)) return Truth::no;
    return range == Interval{0, 0} ? Truth::yes : Truth::unknown;
  }
  Dim d = difference(guard.a, guard.b);
  Dim negated = -d;
  if (guard.kind == Guard::Kind::ge) {
    if (reasoner.at_least(d, 0)) return Truth::yes;
    return reasoner.at_least(negated, 1) ? Truth::no : Truth::unknown;
  }
  if (d == Dim(0)) return Truth::yes;
  if (!compatible(d.stride(), Stride{0, 0})) return Truth::no;
  if (reasoner.at_least(d, 1) || reasoner.at_least(negated, 1)) return Truth::no;
  return reasoner.at_least(d, 0) && reasoner.at_least(negated, 0) ? Truth::yes : Truth::unknown;
}

bool Facts::State::require(Guard guard) {
  Truth truth = prove(guard);
  if (truth != Truth::unknown) return truth == Truth::yes;
  try {
    apply(guard);
  } catch (const Contradiction&) {
    restart();
    return false;
  } catch (const UserError&) {  // too large to reason about: guarded all the same
    restart();
  }
  guarded.insert(guard);
  guards.push_back(std::move(guard));
  return true;
}

Facts::Facts(SymbolArena& arena) : state_(std::make_unique<State>()) { state_->arena = &arena; }
Facts::Facts(const Facts& other) : state_(std::make_unique<State>(*other.state_)) {}
Facts::Facts(Facts&& other) noexcept = default;
Facts& Facts::operator=(const Facts& other) {
  if (this != &other) state_ = std::make_unique<State>(*other.state_);
  return *this;
}
Facts& Facts::operator=(Facts&& other) noexcept = default;
Facts::~Facts() = default;

void Facts::set_range(Dim symbol, int64_t lo, int64_t hi) {
  PROA_CHECK(symbol.is_symbol(), "a range is of a symbol, got ", to_string(symbol));
  if (lo > hi) {
    throw UserError(ErrorKind::value, "facts", symbol.name(),
                    str("an empty range: lo ", lo, " is above hi ", hi));
  }
  Guard least = condition(Guard::Kind::ge, symbol, lo),
        most = condition(Guard::Kind::ge, hi, symbol);
  if (lo != kMinusInfinity && hi != kInfinity) {
    state_->state({least, most});
  } else if (lo != kMinusInfinity) {
    state_->state({least});
  } else if (hi != kInfinity) {
    state_->state({most});
  }
}

void Facts::set_divisible(Dim symbol, int64_t divisor, int64_t residue) {
  PROA_CHECK(symbol.is_symbol(), "a stride is of a symbol, got ", to_string(symbol));
  if (divisor < 1) {
    throw UserError(ErrorKind::value, "facts", symbol.name(),
                    str("expected a divisor >= 1, got ", divisor));
  }
  Dim rest = symbol - Dim(floor_remainder(residue, divisor));
  state_->state({condition(Guard::Kind::divisible, rest, divisor)});
}

void Facts::set_likely(Dim symbol, int64_t value) {
  PROA_CHECK(symbol.is_symbol(), "a likely value is of a symbol, got ", to_string(symbol));
  state_->likely[symbol] = value;
}

void Facts::set_asks(bool on) { state_->asks = on; }
bool Facts::asks() const { return state_->asks; }

void Facts::assert_equal(Dim a, Dim b) {
  if (a != b) state_->state({condition(Guard::Kind::eq, a, b)});
}
void Facts::assert_ge(Dim a, Dim b) {
  if (a != b) state_->state({condition(Guard::Kind::ge, a, b)});
}

// A dim whose inner form leaves int64, or divides by what is known to be 0, is left as declared.
Interval Facts::bounds(Dim dim) {
  try {
    return state_->reasoner.bounds(state_->inner(dim));
  } catch (const UserError&) { return dim.bounds(); }
}

Stride Facts::stride(Dim dim) {
  try {
    Dim inner = state_->inner(dim);
    Interval range = state_->reasoner.bounds(inner);
    return range.single() ? Stride{0, range.lo} : inner.stride();
  } catch (const UserError&) { return dim.stride(); }
}

std::optional<int64_t> Facts::likely(Dim dim) {
  SmallVector<Dim, 6> symbols;
  Dim simple = simplify(dim);
  collect_symbols(simple, symbols);
  std::unordered_map<Dim, int64_t> values;
  for (Dim symbol : symbols) {
    auto known = state_->likely.find(symbol);
    Interval range = bounds(symbol);
    if (known != state_->likely.end()) {
      values.emplace(symbol, known->second);
    } else if (symbol.info().likely) {
      values.emplace(symbol, *symbol.info().likely);
    } else if (range.single()) {
      values.emplace(symbol, range.lo);
    } else {
      return std::nullopt;
    }
  }
  try {
    return evaluate(simple, [&](Dim symbol) { return values.at(symbol); });
  } catch (const UserError&) {  // no value there: a division by 0, or beyond int64
    return std::nullopt;
  }
}

Truth Facts::prove_eq(Dim a, Dim b) { return state_->prove(condition(Guard::Kind::eq, a, b)); }
Truth Facts::prove_ge(Dim a, Dim b) { return state_->prove(condition(Guard::Kind::ge, a, b)); }
Truth Facts::prove_gt(Dim a, Dim b) {  // a > b is not (b >= a)
  Truth truth = prove_ge(b, a);
  if (truth == Truth::unknown) return truth;
  return truth == Truth::yes ? Truth::no : Truth::yes;
}
Truth Facts::prove_divisible(Dim a, Dim b) {
  return state_->prove(condition(Guard::Kind::divisible, a, b));
}

Dim Facts::simplify(Dim dim) {
  if (dim.is_const()) return dim;
  QueryCache& cache = state_->cache;
  uint64_t epoch = state_->reasoner.epoch();
  if (const uint64_t* known = cache.find(QueryCache::kSimplify, dim, 0, epoch)) {
    return Dim::from_bits(*known);
  }
  Dim result = dim;
  try {
    result = state_->outer(state_->inner(dim));
  } catch (const UserError&) {}
  cache.store(QueryCache::kSimplify, dim, 0, epoch, result.bits());
  return result;
}

bool Facts::require(Guard guard) {
  if (asks() && state_->prove(guard) == Truth::unknown) {
    auto a = likely(guard.a), b = likely(guard.b);
    bool holds = true;
    if (a && b) {
      switch (guard.kind) {
        case Guard::Kind::eq: holds = *a == *b; break;
        case Guard::Kind::ge: holds = *a >= *b; break;
        case Guard::Kind::divisible: holds = *b != 0 && *a % *b == 0; break;
      }
    }
    if (!holds) throw NeedExtents{std::move(guard.message), {guard.a, guard.b}};
  }
  return state_->require(std::move(guard));
}

bool Facts::require_eq(Dim a, Dim b, std::string_view message) {
  return require({Guard::Kind::eq, a, b, std::string(message)});
}
bool Facts::require_ge(Dim a, Dim b, std::string_view message) {
  return require({Guard::Kind::ge, a, b, std::string(message)});
}
bool Facts::require_divisible(Dim a, Dim b, std::string_view message) {
  return require({Guard::Kind::divisible, a, b, std::string(message)});
}
const std::vector<Guard>& Facts::guards() const { return state_->guards; }

std::vector<Guard> Facts::assumptions(std::span<const Dim> symbols) const {
  std::vector<Guard> result;
  for (Dim symbol : symbols) {
    const SymbolInfo& info = symbol.info();
    auto add = [&](Guard::Kind kind, Dim a, Dim b) {
      result.push_back({kind, a, b, str("the declaration of ", symbol.name())});
    };
    if (info.lo > 0 || (info.lo < 0 && info.lo != kMinusInfinity)) {
      add(Guard::Kind::ge, symbol, info.lo);
    }
    if (info.hi != kInfinity) add(Guard::Kind::ge, info.hi, symbol);
    if (info.divisor > 1) add(Guard::Kind::divisible, symbol - Dim(info.residue), info.divisor);
  }
  result.insert(result.end(), state_->stated.begin(), state_->stated.end());
  return result;
}

}  // namespace proa::ir
