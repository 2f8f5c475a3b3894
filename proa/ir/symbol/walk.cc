#include <algorithm>
#include <unordered_map>

#include "proa/ir/symbol/poly.h"

// What reads a dim: its parts, substitution, evaluation.
namespace proa::ir {

std::string_view to_string(DimKind kind) {
  static constexpr std::string_view kNames[] = {"constant", "symbol", "floordiv", "mod",
                                                "max",      "min",    "product",  "sum"};
  return kNames[static_cast<size_t>(kind)];
}

int64_t Dim::constant() const {
  std::optional<int64_t> value = as_const();
  PROA_CHECK(value.has_value(), "expected a constant dim, got ", to_string(*this));
  return *value;
}

std::string_view Dim::name() const {
  PROA_CHECK(is_symbol(), "expected a symbol, got ", to_string(*this));
  return node()->name;
}
const SymbolInfo& Dim::info() const {
  PROA_CHECK(is_symbol(), "expected a symbol, got ", to_string(*this));
  return *node()->info;
}

namespace {

class Substitution {
 public:
  explicit Substitution(const DimMap& map) : map_(map) {}

  Dim apply(Dim dim) {
    if (dim.is_const()) return dim;
    auto known = done_.find(dim);
    if (known != done_.end()) return known->second;
    Dim result = rebuild(dim);
    done_.emplace(dim, result);
    return result;
  }

 private:
  Dim rebuild(Dim dim) {
    SmallVector<Dim, 6> parts;
    for (Dim operand : dim.operands()) parts.push_back(apply(operand));
    switch (dim.kind()) {
      case DimKind::constant: return dim;
      case DimKind::symbol: return map_(dim);
      case DimKind::floordiv: return floordiv(parts[0], parts[1]);
      case DimKind::mod: return mod(parts[0], parts[1]);
      case DimKind::max: return max(std::span<const Dim>(parts));
      case DimKind::min: return min(std::span<const Dim>(parts));
      case DimKind::product: return product(parts);
      case DimKind::sum: break;
    }
    Poly total;
    total.offset = dim.offset();
    for (const DimTerm& term : dim.terms()) {
      accumulate(total, to_poly(apply(term.factor)), term.coefficient);
    }
    return to_dim(total);
  }

  const DimMap& map_;
  std::unordered_map<Dim, Dim> done_;
};

class Evaluation {
 public:
  explicit Evaluation(const std::function<int64_t(Dim)>& lookup) : lookup_(lookup) {}

  int64_t apply(Dim dim) {
    if (auto value = dim.as_const()) return *value;
    auto known = done_.find(dim);
    if (known != done_.end()) return known->second;
    int64_t result = compute(dim);
    done_.emplace(dim, result);
    return result;
  }

 private:
  int64_t compute(Dim dim) {
    if (dim.is_symbol()) return lookup_(dim);
    if (dim.kind() == DimKind::sum) {
      int64_t total = dim.offset();
      for (const DimTerm& term : dim.terms()) {
        total = checked_add(total, checked_mul(term.coefficient, apply(term.factor)));
      }
      return total;
    }
    std::span<const Dim> operands = dim.operands();
    int64_t value = apply(operands[0]);
    for (Dim operand : operands.subspan(1)) {
      int64_t next = apply(operand);
      switch (dim.kind()) {
        case DimKind::floordiv: value = checked_floordiv(value, next); break;
        case DimKind::mod: value = checked_mod(value, next); break;
        case DimKind::max: value = std::max(value, next); break;
        case DimKind::min: value = std::min(value, next); break;
        default: value = checked_mul(value, next); break;
      }
    }
    return value;
  }

  const std::function<int64_t(Dim)>& lookup_;
  std::unordered_map<Dim, int64_t> done_;
};

class Collection {
 public:
  explicit Collection(SmallVector<Dim, 6>& out) : out_(out) {}
  void apply(Dim dim) {
    if (dim.is_const() || !seen_.emplace(dim, true).second) return;
    if (dim.is_symbol() && std::find(out_.begin(), out_.end(), dim) == out_.end())
      out_.push_back(dim);
    for (Dim operand : dim.operands()) apply(operand);
    for (const DimTerm& term : dim.terms()) apply(term.factor);
  }

 private:
  SmallVector<Dim, 6>& out_;
  std::unordered_map<Dim, bool> seen_;
};

}  // namespace

Dim substitute(Dim dim, const DimMap& map) { return Substitution(map).apply(dim); }
void collect_symbols(Dim dim, SmallVector<Dim, 6>& out) { Collection(out).apply(dim); }
int64_t evaluate(Dim dim, const std::function<int64_t(Dim)>& lookup) {
  return Evaluation(lookup).apply(dim);
}

}  // namespace proa::ir
