#include "proa/ir/symbol/witness.h"

#include <algorithm>

namespace proa::ir {
namespace {

// Near the lower end, at it, and farther away, the same in every process.
int64_t choose(Dim symbol, size_t witness) {
  Interval range = symbol.bounds();
  uint64_t random = symbol.hash() * 0x9e3779b97f4a7c15u;
  uint64_t steps[] = {random % 3, 0, (random >> 8) % 20, (random >> 16) % 1000 + 1};
  int64_t value = 0, step = static_cast<int64_t>(steps[witness]);
  if (range.lo == kMinusInfinity) {
    value = std::min<int64_t>(range.hi, 0) - step;
  } else if (__builtin_add_overflow(range.lo, step, &value)) {
    value = range.lo;
  }
  return std::min(value, range.hi);
}

std::optional<int64_t> apply(DimKind kind, int64_t a, int64_t b) {
  int64_t result = 0;
  switch (kind) {
    case DimKind::floordiv:
    case DimKind::mod:
      if (b == 0 || b == -1) return std::nullopt;
      return kind == DimKind::mod ? floor_remainder(a, b) : floor_quotient(a, b);
    case DimKind::max: return std::max(a, b);
    case DimKind::min: return std::min(a, b);
    default:
      if (__builtin_mul_overflow(a, b, &result)) return std::nullopt;
      return result;
  }
}

}  // namespace

void Witnesses::reset(std::span<const Dim> nonnegative, std::span<const Dim> zero) {
  known_.clear();
  valid_.fill(true);
  auto keep = [&](std::span<const Dim> facts, auto holds) {
    for (Dim fact : facts) {
      Values at = values(fact);
      for (size_t w = 0; w < kCount; ++w) valid_[w] = valid_[w] && at[w] && holds(*at[w]);
    }
  };
  keep(nonnegative, [](int64_t value) { return value >= 0; });
  keep(zero, [](int64_t value) { return value == 0; });
}

int64_t Witnesses::least(Dim dim) {
  int64_t result = kInfinity;
  Values at = values(dim);
  for (size_t w = 0; w < kCount; ++w) {
    if (valid_[w] && at[w]) result = std::min(result, *at[w]);
  }
  return result;
}

Witnesses::Values Witnesses::values(Dim dim) {
  Values result;
  if (auto constant = dim.as_const()) {
    result.fill(*constant);
    return result;
  }
  auto known = known_.find(dim);
  if (known != known_.end()) return known->second;
  result = compute(dim);
  known_.emplace(dim, result);
  return result;
}

Witnesses::Values Witnesses::compute(Dim dim) {
  Values result;
  if (dim.is_symbol()) {
    for (size_t w = 0; w < kCount; ++w) result[w] = choose(dim, w);
    return result;
  }
  if (dim.kind() == DimKind::sum) {
    result.fill(dim.offset());
    for (const DimTerm& term : dim.terms()) {
      Values factor = values(term.factor);
      for (size_t w = 0; w < kCount; ++w) {
        int64_t product = 0, sum = 0;
        bool fits = result[w] && factor[w] &&
                    !__builtin_mul_overflow(term.coefficient, *factor[w], &product) &&
                    !__builtin_add_overflow(*result[w], product, &sum);
        result[w] = fits ? std::optional<int64_t>(sum) : std::nullopt;
      }
    }
    return result;
  }
  std::span<const Dim> operands = dim.operands();
  result = values(operands[0]);
  for (Dim operand : operands.subspan(1)) {
    Values next = values(operand);
    for (size_t w = 0; w < kCount; ++w) {
      bool both = result[w] && next[w];
      result[w] = both ? apply(dim.kind(), *result[w], *next[w]) : std::nullopt;
    }
  }
  return result;
}

}  // namespace proa::ir
