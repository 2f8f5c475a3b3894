// Random dims against brute-force evaluation of the tree they were built from.
#include <gtest/gtest.h>

#include <cstdio>

#include "proa/base/error.h"
#include "proa/ir/symbol/dim.h"
#include "proa/ir/symbol/facts.h"
#include "tests/ir/symbol_random.h"

namespace proa::ir {
namespace {

class SymbolFuzz : public testing::TestWithParam<uint64_t> {
 protected:
  SymbolFuzz() : random(GetParam()) { std::printf("seed %llu\n", (unsigned long long)GetParam()); }
  Random random;
};

// The canonical form has the value of the tree wherever the tree has one.
TEST_P(SymbolFuzz, CanonicalFormKeepsTheValue) {
  for (int round = 0; round < 1500; ++round) {
    SymbolArena arena;
    World world(random, arena);
    Tree tree = random_tree(random, world, 4);
    std::optional<Dim> dim = tree.dim(world);
    if (!dim) continue;
    for (int i = 0; i < 25; ++i) {
      Values values = world.sample(random);
      std::optional<int64_t> expected = tree.value(values);
      if (!expected) continue;
      ASSERT_EQ(value_of(*dim, world, values), expected)
          << tree.text(world) << " became " << to_string(*dim) << " at " << world.text(values);
      ASSERT_TRUE(dim->bounds().contains(*expected)) << to_string(*dim) << to_string(dim->bounds());
      Stride stride = dim->stride();
      ASSERT_TRUE(stride.modulus == 0
                      ? *expected == stride.residue
                      : floor_remainder(*expected, stride.modulus) == stride.residue)
          << to_string(*dim) << " " << stride.modulus << " " << stride.residue;
    }
  }
}

TEST_P(SymbolFuzz, TextRoundTrips) {
  for (int round = 0; round < 2000; ++round) {
    SymbolArena arena;
    World world(random, arena);
    std::optional<Dim> dim = random_tree(random, world, 5).dim(world);
    if (!dim) continue;
    std::string text = to_string(*dim);
    ASSERT_EQ(parse_dim(text, arena), *dim)
        << text << " read as " << to_string(parse_dim(text, arena));
    ASSERT_EQ(substitute(*dim, [](Dim s) { return s; }), *dim) << text;
  }
}

// Equal polynomials are one word, however they were put together.
TEST_P(SymbolFuzz, PolynomialsAreUnique) {
  for (int round = 0; round < 500; ++round) {
    SymbolArena arena;
    World world(random, arena);
    std::vector<Dim> parts;
    for (int i = 0; i < 6; ++i) {
      Dim part = random.between(-5, 5);
      for (int64_t n = random.between(0, 3); n > 0; --n) part *= random.pick(world.symbols);
      parts.push_back(part);
    }
    std::vector<Dim> shuffled = parts;
    for (size_t i = shuffled.size(); i > 1; --i)
      std::swap(shuffled[i - 1], shuffled[random.below(i)]);
    auto left = [](const std::vector<Dim>& v) {
      Dim total = 0;
      for (Dim part : v) total += part;
      return total;
    };
    auto tree = [](auto& self, const std::vector<Dim>& v, size_t from, size_t to) -> Dim {
      if (to - from == 1) return v[from];
      size_t middle = (from + to) / 2;
      return self(self, v, from, middle) + self(self, v, middle, to);
    };
    Dim a = left(parts), b = tree(tree, shuffled, 0, shuffled.size());
    ASSERT_EQ(a, b);
    Dim factor = random.pick(world.symbols) + Dim(random.between(-3, 3));
    Dim distributed = 0;
    for (Dim part : shuffled) distributed += factor * part;
    ASSERT_EQ(a * factor, distributed);
    ASSERT_EQ(a * factor - b * factor, Dim(0));
  }
}

// The laws of quotient and remainder for constant divisors: the two sides are one word, but for a
// few where strides give them two forms, and these are proved equal, but for very few.
TEST_P(SymbolFuzz, LawsOfQuotientAndRemainder) {
  int64_t laws = 0, words = 0, proved = 0;
  for (int round = 0; round < 1200; ++round) {
    SymbolArena arena;
    World world(random, arena, /*strides=*/round % 2 == 0);
    Dim other = arena.symbol("other");
    Facts facts(arena);
    auto law = [&](Dim a, Dim b) {
      ++laws;
      words += a == b ? 1 : 0;
      Truth truth = facts.prove_eq(a, b);
      proved += truth == Truth::yes ? 1 : 0;
      EXPECT_NE(truth, Truth::no) << to_string(a) << " and " << to_string(b);
    };
    std::optional<Dim> a = random_tree(random, world, 3).dim(world);
    if (!a) continue;
    Dim c = random.between(1, 12) * (random.below(4) == 0 ? -1 : 1);
    law(c * floordiv(*a, c) + mod(*a, c), *a);
    law(mod(mod(*a, c), c), mod(*a, c));
    law(floordiv(*a * c, c), *a);
    law(mod(*a + c * other, c), mod(*a, c));
    law(floordiv(*a + c * other, c), floordiv(*a, c) + other);
  }
  EXPECT_GT(words * 100, laws * 98) << words << " of " << laws;
  EXPECT_GT(proved * 1000, laws * 998) << proved << " of " << laws;
}

INSTANTIATE_TEST_SUITE_P(Seeds, SymbolFuzz, testing::Values(1u, 2u, 3u, rotating_seed()));
INSTANTIATE_TEST_SUITE_P(NightlySeeds, SymbolFuzz, testing::ValuesIn(rotating_seeds(60)));

}  // namespace
}  // namespace proa::ir
