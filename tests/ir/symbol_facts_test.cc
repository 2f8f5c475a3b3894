// Facts about dims: what has to be proved, simplified and guarded, by hand-worked cases.
#include <gtest/gtest.h>

#include "proa/base/error.h"
#include "proa/ir/symbol/facts.h"

namespace proa::ir {
namespace {

class FactsTest : public testing::Test {
 protected:
  Dim parse(std::string_view text) { return parse_dim(text, arena); }
  std::string simple(std::string_view text) { return to_string(facts.simplify(parse(text))); }
  Truth eq(std::string_view a, std::string_view b) { return facts.prove_eq(parse(a), parse(b)); }
  Truth ge(std::string_view a, std::string_view b) { return facts.prove_ge(parse(a), parse(b)); }
  Truth gt(std::string_view a, std::string_view b) { return facts.prove_gt(parse(a), parse(b)); }
  Truth divides(std::string_view b, std::string_view a) {
    return facts.prove_divisible(parse(a), parse(b));
  }
  void at_least(std::string_view a, std::string_view b) { facts.assert_ge(parse(a), parse(b)); }
  void equal(std::string_view a, std::string_view b) { facts.assert_equal(parse(a), parse(b)); }

  SymbolArena arena;
  Dim s0 = arena.symbol("s0"), s1 = arena.symbol("s1"), s2 = arena.symbol("s2");
  Facts facts{arena};
};

constexpr Truth yes = Truth::yes, no = Truth::no, unknown = Truth::unknown;

TEST_F(FactsTest, DimsAreNotNegativeWithoutBeingTold) {
  EXPECT_EQ(ge("s0", "0"), yes);
  EXPECT_EQ(ge("s0", "1"), unknown);
  EXPECT_EQ(gt("s0 + 1", "0"), yes);
  EXPECT_EQ(ge("-1", "s0"), no);
  EXPECT_EQ(gt("0", "s0*s1"), no);
  EXPECT_EQ(eq("s0", "-1"), no);
  EXPECT_EQ(eq("s0", "s1"), unknown);
  EXPECT_EQ(eq("2*s0", "2*s1 + 1"), no);
  EXPECT_EQ(facts.bounds(parse("s0 + 3")), (Interval{3, kInfinity}));
}

TEST_F(FactsTest, Ranges) {
  facts.set_range(s0, 1, 64);
  EXPECT_EQ(simple("max(s0, 1)"), "s0");
  EXPECT_EQ(simple("min(s0, 100)"), "s0");
  EXPECT_EQ(simple("s0 floordiv 65"), "0");
  EXPECT_EQ(simple("s0 mod 65"), "s0");
  EXPECT_EQ(ge("s0*s1", "s1"), yes);
  EXPECT_EQ(ge("64*s1", "s0*s1"), yes);
  EXPECT_EQ(gt("s0", "64"), no);
  facts.set_range(s0, 2, 80);  // both hold
  EXPECT_EQ(facts.bounds(s0), (Interval{2, 64}));
  EXPECT_THROW(facts.set_range(s0, 65, 70), UserError);
  EXPECT_EQ(facts.bounds(s0), (Interval{2, 64})) << "a refused statement leaves nothing behind";
  facts.set_range(s0, 7, 7);
  EXPECT_EQ(simple("s0*s1 + s0"), "7*s1 + 7");
}

TEST_F(FactsTest, Strides) {
  facts.set_divisible(s0, 8);
  EXPECT_EQ(simple("s0 mod 8"), "0");
  EXPECT_EQ(simple("s0 mod 4"), "0");
  EXPECT_EQ(simple("(s0 + 3) mod 8"), "3");
  EXPECT_EQ(simple("8*(s0 floordiv 8)"), "s0");
  EXPECT_EQ(simple("s0"), "s0");
  EXPECT_EQ(simple("s0 floordiv 8"), "s0 floordiv 8");
  EXPECT_EQ(simple("(s0 + 7) floordiv 8"), "s0 floordiv 8");
  EXPECT_EQ(simple("s0*s1 floordiv 16 * 16"), simple("16*((s0*s1) floordiv 16)"));
  EXPECT_EQ(divides("8", "s0"), yes);
  EXPECT_EQ(divides("16", "2*s0*s1"), yes);
  EXPECT_EQ(divides("16", "s0"), unknown);
  EXPECT_EQ(divides("8", "s0 + 1"), no);
  EXPECT_EQ(facts.stride(s0), (Stride{8, 0}));
  facts.set_divisible(s0, 12, 0);
  EXPECT_EQ(facts.stride(s0), (Stride{24, 0}));
  facts.set_divisible(s1, 6, 5);
  EXPECT_EQ(simple("s1 mod 3"), "2");
  EXPECT_EQ(facts.bounds(s1).lo, 5);
  EXPECT_THROW(facts.set_divisible(s1, 2, 0), UserError);
}

TEST_F(FactsTest, Equalities) {
  equal("s0", "s1");
  EXPECT_EQ(simple("s1 + s0"), "2*s0");
  EXPECT_EQ(eq("s0*s2", "s1*s2"), yes);
  equal("s2", "2*s0 + 1");
  EXPECT_EQ(simple("s2 - s1"), "s0 + 1");
  EXPECT_EQ(gt("s2", "s1"), yes);
  equal("s1", "4");
  EXPECT_EQ(simple("s2"), "9");
  EXPECT_EQ(eq("s2", "8"), no);
  EXPECT_THROW(equal("s2", "s0"), UserError);
  EXPECT_EQ(simple("s2"), "9");
}

TEST_F(FactsTest, EqualitiesThatNeedSolving) {
  equal("3*s0", "2*s1");
  EXPECT_EQ(divides("2", "s0"), yes);
  EXPECT_EQ(divides("3", "s1"), yes);
  EXPECT_EQ(eq("s0*2 + s0", "s1 + s1"), yes);
  EXPECT_EQ(eq("s0 + s1", "5*(s0 floordiv 2)"), yes);
  EXPECT_THROW(equal("2*s2", "2*s0 + 4*s1 + 1"), UserError);
  equal("4*s2", "12");
  EXPECT_EQ(simple("s2"), "3");
}

TEST_F(FactsTest, EqualProducts) {  // what a reshape says
  equal("s0*s1", "s2*64");
  EXPECT_EQ(eq("s0*s1*s2", "64*s2*s2"), yes);
  EXPECT_EQ(divides("64", "s0*s1"), yes);
  EXPECT_EQ(eq("(s0*s1) floordiv 64", "s2"), yes);
  facts.set_range(s0, 8, 8);
  EXPECT_EQ(simple("s1"), "8*s2");
}

TEST_F(FactsTest, Inequalities) {
  at_least("s0", "s1");
  EXPECT_EQ(simple("max(s0, s1)"), "s0");
  EXPECT_EQ(simple("min(s0, s1) + 1"), "s1 + 1");
  EXPECT_EQ(ge("s0 + 3", "s1"), yes);
  EXPECT_EQ(ge("s0*s2", "s1*s2"), yes);
  EXPECT_EQ(gt("s1", "s0"), no);
  EXPECT_EQ(ge("s1", "s0"), unknown);
  at_least("s1", "s2 + 8");
  EXPECT_EQ(ge("s0", "s2 + 9"), unknown);
  EXPECT_EQ(ge("s0", "s2 + 8"), yes);
  EXPECT_EQ(ge("s0", "8"), yes);
  EXPECT_EQ(simple("s2 floordiv s0"), "0");
  EXPECT_EQ(simple("s2 mod s0"), "s2");
  EXPECT_THROW(at_least("s2", "s0"), UserError);
  at_least("s1", "s0");
  EXPECT_EQ(simple("s1"), "s0") << "each is at least the other";
}

TEST_F(FactsTest, InequalitiesOfQuotientsAndExtrema) {
  equal("s0 floordiv 6", "1");
  EXPECT_EQ(facts.bounds(s0), (Interval{6, 11}));
  at_least("s2", "max(s0, s1)");
  EXPECT_EQ(ge("s2", "s1"), yes);
  EXPECT_EQ(ge("s2", "6"), yes);
  at_least("s1 floordiv 4", "s0 - 2");
  EXPECT_EQ(ge("s1", "16"), yes);
  EXPECT_EQ(ge("s1", "4*s0 - 8"), yes);
  at_least("8", "s1 floordiv 3");
  EXPECT_EQ(facts.bounds(s1), (Interval{16, 26}));
  equal("max(s0, 8)", "8");
  EXPECT_EQ(facts.bounds(s0), (Interval{6, 8}));
}

TEST_F(FactsTest, WhatOtherSystemsDoNotDecide) {
  facts.set_range(s1, 1, kInfinity);
  EXPECT_EQ(ge("s1", "s1 mod 3"), yes);
  EXPECT_EQ(ge("s1", "s0 mod s1"), yes);
  at_least("s0", "s1 + 8");
  EXPECT_EQ(ge("s0", "9"), yes);
  EXPECT_EQ(ge("s0", "s1*(s0 floordiv s1)"), yes);
  EXPECT_EQ(gt("s1*(s0 floordiv s1) + s1", "s0"), yes);
  EXPECT_EQ(eq("s1*(s0 floordiv s1) + s0 mod s1", "s0"), yes);
  EXPECT_EQ(ge("8*((s0 + 7) floordiv 8)", "s0"), yes);
  EXPECT_EQ(gt("s0 + 8", "8*((s0 + 7) floordiv 8)"), yes);
  EXPECT_EQ(eq("(s0 + 1) floordiv 2 + s0 floordiv 2", "s0"), yes);
  EXPECT_EQ(eq("(7*s0) floordiv 8 + (s0 + 7) floordiv 8", "s0"), yes);
  EXPECT_EQ(eq("max(s0, s2) + min(s0, s2)", "s0 + s2"), yes);
  EXPECT_EQ(ge("max(s0, s2)", "min(s0, s2)"), yes);
  EXPECT_EQ(ge("(s0 - 3) floordiv 2 + 1", "1"), yes);
}

TEST_F(FactsTest, LinesOfASymbolicQuotientAreTight) {
  facts.set_range(s1, 50, kInfinity);  // where small assignments do not refute by chance
  EXPECT_EQ(ge("s1*(s0 floordiv s1) + s1 - 1", "s0"), yes);
  EXPECT_EQ(ge("s1*(s0 floordiv s1) + s1 - 2", "s0"), unknown);
  EXPECT_EQ(ge("s0", "s1*(s0 floordiv s1)"), yes);
  EXPECT_EQ(ge("s0 - 1", "s1*(s0 floordiv s1)"), unknown);
}

TEST_F(FactsTest, Guards) {
  EXPECT_TRUE(facts.require_eq(s0, s1, "[add] x, y"));
  EXPECT_TRUE(facts.require_eq(s1, s0, "[add] again"));
  EXPECT_TRUE(facts.require_ge(s0, 0, "proved"));
  EXPECT_TRUE(facts.require_divisible(s0, 4, "[reshape] x"));
  EXPECT_TRUE(facts.require_divisible(2 * s1, 8, "follows"));
  EXPECT_TRUE(facts.require_ge(s2, s0 + 1, "[slice] end"));
  EXPECT_FALSE(facts.require_ge(s1, s2, "cannot be"));
  EXPECT_FALSE(facts.require_eq(s0, s1 + 1, "cannot be"));
  EXPECT_FALSE(facts.require_eq(Dim(2), 3, "cannot be"));
  ASSERT_EQ(facts.guards().size(), 3u);
  EXPECT_EQ(to_string(facts.guards()[0]), "s0 == s1");
  EXPECT_EQ(facts.guards()[0].message, "[add] x, y");
  EXPECT_EQ(to_string(facts.guards()[1]), "4 divides s0");
  EXPECT_EQ(to_string(facts.guards()[2]), "s2 >= s0 + 1");
  EXPECT_EQ(simple("s1 mod 4"), "0");
}

TEST_F(FactsTest, AGuardThatContradictsOnlyOnASecondLookLeavesNothing) {
  Facts before = facts;
  at_least("s0 + s1", "s2");
  at_least("s2", "s0 + s1");
  size_t guards = facts.guards().size();
  bool possible = facts.require_eq(2 * s0 + 2 * s1 + 1, 2 * s2, "parity");
  EXPECT_FALSE(possible);
  EXPECT_EQ(facts.guards().size(), guards);
  EXPECT_EQ(eq("s0 + s1", "s2"), yes);
  EXPECT_EQ(before.prove_eq(s0 + s1, s2), unknown);
}

TEST_F(FactsTest, CopiesAreApart) {
  facts.set_range(s0, 1, 8);
  Facts copy = facts;
  copy.assert_equal(s0, s1);
  EXPECT_EQ(copy.prove_eq(s0, s1), yes);
  EXPECT_EQ(facts.prove_eq(s0, s1), unknown);
  facts.set_range(s0, 4, 8);
  EXPECT_EQ(copy.bounds(s0), (Interval{1, 8}));
  facts = copy;
  EXPECT_EQ(facts.prove_eq(s0, s1), yes);
  Facts moved = std::move(copy);
  EXPECT_EQ(moved.bounds(s1), (Interval{1, 8}));
}

TEST_F(FactsTest, LikelyValuesAndAssumptions) {
  EXPECT_EQ(facts.likely(s0 * 2), std::nullopt);
  facts.set_likely(s0, 32);
  EXPECT_EQ(facts.likely(floordiv(s0 + 1, 2)), 16);
  facts.set_range(s1, 1, 64);
  facts.set_divisible(s1, 8, 4);
  Dim n = arena.symbol("n", {.lo = 2, .hi = 9, .divisor = 7, .residue = 2});
  std::vector<std::string> text;
  Dim symbols[] = {n};
  for (const Guard& guard : facts.assumptions(symbols)) text.push_back(to_string(guard));
  EXPECT_EQ(text, (std::vector<std::string>{"n >= 2", "9 >= n", "7 divides n - 2", "s1 >= 1",
                                            "64 >= s1", "8 divides s1 - 4"}));
}

TEST_F(FactsTest, DeclarationsAreFacts) {
  Dim block = arena.symbol("block", {.lo = 16, .hi = 128, .divisor = 16});
  EXPECT_EQ(facts.simplify(mod(block, 16)), Dim(0));
  EXPECT_EQ(facts.simplify(floordiv(block, 16) * 16), block);
  EXPECT_EQ(facts.prove_gt(block, 0), yes);
  EXPECT_EQ(facts.bounds(block), (Interval{16, 128}));
  facts.set_range(block, 100, 120);
  EXPECT_EQ(facts.simplify(block), Dim(112));
}

TEST_F(FactsTest, NumbersAtTheEndOfInt64) {
  facts.set_range(s0, kInfinity - 1, kInfinity);
  EXPECT_NE(facts.prove_ge(s0 * s0, 0), no);
  EXPECT_EQ(ge("s0", "5"), yes);
  facts.assert_ge(s1, kInfinity);
  EXPECT_NE(facts.prove_eq(s1 - 1, s0 + 1), yes);
  EXPECT_TRUE(facts.require_ge(s2, s0 * 4611686018427387904, "large"));
}

}  // namespace
}  // namespace proa::ir
