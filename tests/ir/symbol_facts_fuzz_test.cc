// Random facts against brute force: every simplification has the dim's value, and every proof
// holds, on all assignments that satisfy the facts.
#include <gtest/gtest.h>

#include <cstdio>

#include "proa/ir/symbol/facts.h"
#include "tests/ir/symbol_random.h"

namespace proa::ir {
namespace {

// One fact, known both to Facts and, as trees, to the brute force.
struct Statement {
  Guard::Kind kind;
  Tree a, b;

  bool holds(const Values& values) const {
    std::optional<int64_t> x = a.value(values), y = b.value(values);
    if (!x || !y) return false;
    if (kind == Guard::Kind::eq) return *x == *y;
    if (kind == Guard::Kind::ge) return *x >= *y;
    return *y != 0 && *x % *y == 0;
  }
};

Tree leaf(char op, int64_t value) {
  Tree tree;
  tree.op = op;
  tree.leaf = value;
  return tree;
}

class FactsFuzz : public testing::TestWithParam<uint64_t> {
 protected:
  FactsFuzz() : random(GetParam()) { std::printf("seed %llu\n", (unsigned long long)GetParam()); }

  Statement statement(const World& world) {
    Statement s;
    int64_t symbol = static_cast<int64_t>(random.below(world.symbols.size()));
    switch (random.below(6)) {
      case 0: s = {Guard::Kind::ge, leaf('s', symbol), leaf('c', random.between(0, 6))}; break;
      case 1: s = {Guard::Kind::ge, leaf('c', random.between(6, 20)), leaf('s', symbol)}; break;
      case 2:
        s = {Guard::Kind::divisible, random_tree(random, world, 1),
             leaf('c', random.between(1, 6))};
        break;
      case 3:
        s = {Guard::Kind::eq, random_tree(random, world, 2), random_tree(random, world, 1)};
        break;
      default: s = {Guard::Kind::ge, random_tree(random, world, 2), random_tree(random, world, 1)};
    }
    return s;
  }

  // All assignments from a small box, within the declarations.
  static std::vector<Values> box(const World& world, int64_t most) {
    std::vector<Values> all = {{}};
    for (Dim symbol : world.symbols) {
      const SymbolInfo& info = symbol.info();
      std::vector<Values> next;
      for (int64_t v = info.lo; v <= std::min(info.hi, most); ++v) {
        if (floor_remainder(v - info.residue, info.divisor) != 0) continue;
        for (const Values& values : all) {
          next.push_back(values);
          next.back().push_back(v);
        }
      }
      all = std::move(next);
    }
    return all;
  }

  Random random;
};

int64_t count_known = 0, count_unknown = 0;

void check(Truth truth, bool holds, const std::string& what) {
  if (truth == Truth::unknown) return;
  ASSERT_EQ(truth == Truth::yes, holds) << what;
}

TEST_P(FactsFuzz, ProofsAndSimplificationsHold) {
  for (int round = 0; round < 250; ++round) {
    SymbolArena arena;
    World world(random, arena);
    Facts facts(arena);
    std::vector<Values> models = box(world, 14);
    std::string told;
    for (int64_t n = random.between(0, 4); n > 0; --n) {
      Statement s = statement(world);
      std::optional<Dim> a = s.a.dim(world), b = s.b.dim(world);
      if (!a || !b || b->is_const(0)) continue;
      std::vector<Values> rest;
      for (const Values& values : models) {
        if (s.holds(values)) rest.push_back(values);
      }
      Guard guard = {s.kind, *a, *b, "fuzz"};
      if (s.kind == Guard::Kind::divisible && b->is_const()) {
        ASSERT_TRUE(facts.require_divisible(*a, *b, "fuzz") || rest.empty())
            << told << to_string(guard);
      } else if (random.below(2) == 0) {
        bool possible = s.kind == Guard::Kind::eq ? facts.require_eq(*a, *b, "fuzz")
                                                  : facts.require_ge(*a, *b, "fuzz");
        ASSERT_TRUE(possible || rest.empty())
            << told << to_string(guard) << " is possible at " << world.text(rest[0]);
        if (!possible) continue;
      } else {
        try {
          s.kind == Guard::Kind::eq ? facts.assert_equal(*a, *b) : facts.assert_ge(*a, *b);
        } catch (const UserError& e) {
          ASSERT_TRUE(rest.empty()) << told << e.what() << world.text(rest[0]);
          continue;
        }
      }
      models = std::move(rest);
      told += to_string(guard) + "; ";
    }
    if (models.empty()) continue;
    for (int query = 0; query < 20; ++query) {
      Tree x = random_tree(random, world, 3), y = random_tree(random, world, 2);
      std::optional<Dim> a = x.dim(world), b = y.dim(world);
      if (!a || !b || b->is_const(0)) continue;
      Dim simple = facts.simplify(*a);
      Interval bounds = facts.bounds(*a);
      Stride stride = facts.stride(*a);
      Truth eq = facts.prove_eq(*a, *b), ge = facts.prove_ge(*a, *b), gt = facts.prove_gt(*a, *b);
      Truth divisible = facts.prove_divisible(*a, *b);
      (ge == Truth::unknown ? count_unknown : count_known) += 1;
      for (int i = 0; i < 30; ++i) {
        const Values& values = random.pick(models);
        std::optional<int64_t> p = x.value(values), q = y.value(values);
        std::string where = str("given ", told, "at ", world.text(values), ": ", to_string(*a),
                                " and ", to_string(*b));
        if (p) {
          ASSERT_EQ(value_of(simple, world, values), p)
              << where << " simplified " << to_string(simple);
          ASSERT_TRUE(bounds.contains(*p)) << where << " in " << to_string(bounds);
          ASSERT_TRUE(stride.modulus == 0 ? *p == stride.residue
                                          : floor_remainder(*p, stride.modulus) == stride.residue)
              << where << " stride " << stride.modulus << " " << stride.residue;
        }
        if (!p || !q) continue;
        check(eq, *p == *q, where + " eq");
        check(ge, *p >= *q, where + " ge");
        check(gt, *p > *q, where + " gt");
        if (*q != 0) check(divisible, *p % *q == 0, where + " divisible");
        if (HasFatalFailure()) return;
      }
    }
  }
  std::printf("decided %lld of %lld\n", (long long)count_known,
              (long long)(count_known + count_unknown));
}

// Linear facts in two symbols: what is true of every model of a large box is mostly decided.
TEST_P(FactsFuzz, DifferencesOfSymbolsAreDecided) {
  for (int round = 0; round < 200; ++round) {
    SymbolArena arena;
    Dim x = arena.symbol("x"), y = arena.symbol("y"), z = arena.symbol("z");
    Facts facts(arena);
    int64_t xy = random.between(-5, 9), yz = random.between(-5, 9);
    facts.assert_ge(x, y + xy);
    facts.assert_ge(y, z + yz);
    EXPECT_EQ(facts.prove_ge(x, z + (xy + yz)), Truth::yes);
    EXPECT_EQ(facts.prove_gt(z + (xy + yz), x), Truth::no);
    EXPECT_EQ(facts.prove_ge(x, z + (xy + yz + 1)), Truth::unknown);
    int64_t k = random.between(1, 5);
    EXPECT_EQ(facts.prove_ge(x * k, z * k + k * (xy + yz)), Truth::yes);
    EXPECT_EQ(facts.prove_ge(floordiv(x, k), floordiv(z + (xy + yz), k)), Truth::yes);
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, FactsFuzz, testing::Values(1u, 2u, 3u, rotating_seed()));
INSTANTIATE_TEST_SUITE_P(NightlySeeds, FactsFuzz, testing::ValuesIn(rotating_seeds(60)));

}  // namespace
}  // namespace proa::ir
