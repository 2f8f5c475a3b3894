#include <algorithm>

#include "proa/ir/symbol/poly.h"

// max and min.
namespace proa::ir {
namespace {

// Beyond this many alternatives, only equal ones and constants are merged.
constexpr size_t kMaxAlternatives = 32;

// The alternatives of max(x, y) + k, each with k, if `dim` is one; the offset is kept outside.
SmallVector<Dim, 6> alternatives(Dim dim, DimKind kind) {
  SmallVector<Dim, 6> result;
  Poly poly = to_poly(dim);
  if (poly.terms.size() != 1 || poly.terms[0].coefficient != 1 ||
      poly.terms[0].factor.kind() != kind) {
    return result;
  }
  for (Dim operand : poly.terms[0].factor.operands()) result.push_back(operand + Dim(poly.offset));
  return result;
}

// a >= b from the declarations alone; false means "not seen".
bool dominates(Dim a, Dim b) {
  if (a == b) return true;
  auto holds = [](Dim extremum, DimKind kind, Dim other) {
    SmallVector<Dim, 6> dims = alternatives(extremum, kind);
    return std::find(dims.begin(), dims.end(), other) != dims.end();
  };
  if (holds(a, DimKind::max, b) || holds(b, DimKind::min, a)) return true;
  if (a.bounds().lo >= b.bounds().hi && b.bounds().hi != kInfinity) return true;
  Poly difference = to_poly(a);
  try {
    accumulate(difference, to_poly(b), -1);
  } catch (const UserError&) {  // it leaves int64: not seen
    return false;
  }
  return bounds(difference).lo >= 0;
}

std::strong_ordering order(Dim a, Dim b) {
  Poly p = to_poly(a), q = to_poly(b);
  if (auto terms = compare_terms(p, q); terms != 0) return terms;
  return p.offset <=> q.offset;
}

Dim extremum(DimKind kind, std::span<const Dim> dims) {
  PROA_CHECK(!dims.empty(), "an extremum of nothing");
  bool is_max = kind == DimKind::max;
  SmallVector<Dim, 6> parts;
  std::optional<int64_t> constant;
  auto take = [&](Dim dim) {
    if (auto value = dim.as_const()) {
      constant = !constant ? *value
                 : is_max  ? std::max(*constant, *value)
                           : std::min(*constant, *value);
    } else if (std::find(parts.begin(), parts.end(), dim) == parts.end()) {
      parts.push_back(dim);
    }
  };
  for (Dim dim : dims) {
    SmallVector<Dim, 6> inner = alternatives(dim, kind);
    for (Dim operand : inner) take(operand);
    if (inner.empty()) take(dim);
  }
  if (constant) parts.push_back(Dim(*constant));
  if (parts.size() <= kMaxAlternatives) {
    for (size_t i = 0; i < parts.size();) {
      bool useless = false;
      for (size_t j = 0; j < parts.size() && !useless; ++j) {
        if (i == j) continue;
        useless = is_max ? dominates(parts[j], parts[i]) : dominates(parts[i], parts[j]);
      }
      if (useless) {
        parts.erase(i);
      } else {
        ++i;
      }
    }
  }
  if (parts.size() == 1) return parts[0];
  std::sort(parts.begin(), parts.end(), [](Dim a, Dim b) { return order(a, b) < 0; });
  // The first alternative gets offset 0: max(a + 1, b + 3) = max(a, b + 2) + 1.
  int64_t shift = to_poly(parts[0]).offset;
  auto shiftable = [&](Dim dim) {
    int64_t moved;
    return !__builtin_sub_overflow(to_poly(dim).offset, shift, &moved);
  };
  if (shift == 0 || !std::all_of(parts.begin(), parts.end(), shiftable)) {
    return DimNode::intern(kind, parts);
  }
  for (Dim& part : parts) {
    Poly moved = to_poly(part);
    moved.offset -= shift;
    part = to_dim(moved);
  }
  return DimNode::intern(kind, parts) + Dim(shift);
}

}  // namespace

Dim max(std::span<const Dim> dims) { return extremum(DimKind::max, dims); }
Dim min(std::span<const Dim> dims) { return extremum(DimKind::min, dims); }
Dim max(Dim a, Dim b) {
  Dim both[] = {a, b};
  return extremum(DimKind::max, both);
}
Dim min(Dim a, Dim b) {
  Dim both[] = {a, b};
  return extremum(DimKind::min, both);
}

}  // namespace proa::ir
