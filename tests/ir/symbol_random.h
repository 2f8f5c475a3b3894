// Random symbols, expression trees and assignments for the tests of symbolic dims.
// Why: the trees are evaluated by the few lines below, which know nothing of canonical forms.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "proa/base/error.h"
#include "proa/base/str.h"
#include "proa/ir/symbol/dim.h"

namespace proa::ir {

class Random {  // SplitMix64
 public:
  explicit Random(uint64_t seed) : state_(seed) {}
  uint64_t next() {
    uint64_t z = (state_ += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }
  uint64_t below(uint64_t n) { return next() % n; }
  int64_t between(int64_t lo, int64_t hi) {
    return lo + static_cast<int64_t>(below(static_cast<uint64_t>(hi - lo + 1)));
  }
  template <class T>
  const T& pick(const std::vector<T>& values) {
    return values[below(values.size())];
  }

 private:
  uint64_t state_;
};

inline uint64_t rotating_seed() {
  return static_cast<uint64_t>(std::chrono::system_clock::now().time_since_epoch().count()) %
         1000000;
}

inline std::vector<uint64_t> rotating_seeds(size_t count) {
  std::vector<uint64_t> seeds;
  for (size_t i = 0; i < count; ++i) seeds.push_back(rotating_seed() + i);
  return seeds;
}

using Values = std::vector<int64_t>;

// A few symbols, some with declarations, and assignments that respect these.
struct World {
  World(Random& random, SymbolArena& arena, bool strides = true) {
    for (int i = 0; i < 3; ++i) {
      SymbolInfo info;
      if (random.below(3) == 0) info.lo = random.between(-10, 10);
      if (random.below(4) == 0) info.hi = std::max<int64_t>(info.lo, 0) + random.between(12, 40);
      if (strides && random.below(4) == 0) {
        info.divisor = random.between(1, 8);
        info.residue = random.between(0, info.divisor - 1);
      }
      symbols.push_back(arena.symbol(str("s", i), info));
    }
  }
  Values sample(Random& random) const {
    Values values;
    for (Dim symbol : symbols) {
      const SymbolInfo& info = symbol.info();
      int64_t steps = info.hi == kInfinity ? 40 : (info.hi - info.lo) / info.divisor;
      values.push_back(info.lo + info.divisor * random.between(0, std::min<int64_t>(steps, 40)));
    }
    return values;
  }
  std::string text(const Values& values) const {
    std::string text;
    for (size_t i = 0; i < values.size(); ++i) text += str(symbols[i].name(), "=", values[i], " ");
    return text;
  }
  std::vector<Dim> symbols;
};

struct Tree {
  char op = 'c';  // c constant, s symbol, + - * / % M(ax) m(in)
  int64_t leaf = 0;
  std::vector<Tree> parts;

  std::optional<int64_t> value(const Values& values) const {
    if (op == 'c') return leaf;
    if (op == 's') return values[static_cast<size_t>(leaf)];
    std::optional<int64_t> left = parts[0].value(values), right = parts[1].value(values);
    if (!left || !right) return std::nullopt;
    __int128 a = *left, b = *right, result = 0;
    switch (op) {
      case '+': result = a + b; break;
      case '-': result = a - b; break;
      case '*': result = a * b; break;
      case 'M': result = a > b ? a : b; break;
      case 'm': result = a < b ? a : b; break;
      default:
        if (b == 0) return std::nullopt;
        result = a / b;
        if (result * b != a && (a < 0) != (b < 0)) --result;
        if (op == '%') result = a - b * result;
    }
    if (result > (int64_t{1} << 50) || result < -(int64_t{1} << 50)) return std::nullopt;
    return static_cast<int64_t>(result);
  }
  // Nothing where the construction itself refuses (a constant divisor of 0).
  std::optional<Dim> dim(const World& world) const {
    try {
      return build(world);
    } catch (const UserError&) { return std::nullopt; }
  }
  std::string text(const World& world) const {
    if (op == 'c') return str(leaf);
    if (op == 's') return std::string(world.symbols[static_cast<size_t>(leaf)].name());
    return str("(", parts[0].text(world), " ", op, " ", parts[1].text(world), ")");
  }

 private:
  Dim build(const World& world) const {
    if (op == 'c') return leaf;
    if (op == 's') return world.symbols[static_cast<size_t>(leaf)];
    Dim a = parts[0].build(world), b = parts[1].build(world);
    switch (op) {
      case '+': return a + b;
      case '-': return a - b;
      case '*': return a * b;
      case 'M': return max(a, b);
      case 'm': return min(a, b);
      case '%': return mod(a, b);
      default: return floordiv(a, b);
    }
  }
};

inline Tree random_tree(Random& random, const World& world, int depth) {
  Tree tree;
  if (depth == 0 || random.below(7) == 0) {
    bool constant = random.below(3) == 0;
    tree.op = constant ? 'c' : 's';
    tree.leaf = constant ? random.between(-12, 16)
                         : static_cast<int64_t>(random.below(world.symbols.size()));
    return tree;
  }
  tree.op = "++--**//%%/%Mm"[random.below(14)];
  tree.parts.push_back(random_tree(random, world, depth - 1));
  tree.parts.push_back(random_tree(random, world, depth - 1));
  if ((tree.op == '/' || tree.op == '%') && random.below(3) != 0) {  // constant divisors mostly
    tree.parts[1] = Tree();
    tree.parts[1].leaf = random.below(6) == 0 ? random.between(-6, 12) : random.between(1, 12);
  }
  return tree;
}

inline std::optional<int64_t> value_of(Dim dim, const World& world, const Values& values) {
  try {
    return evaluate(dim, [&](Dim symbol) {
      for (size_t i = 0; i < values.size(); ++i) {
        if (world.symbols[i] == symbol) return values[i];
      }
      throw InternalError("a symbol of no world");
    });
  } catch (const UserError&) { return std::nullopt; }
}

}  // namespace proa::ir
