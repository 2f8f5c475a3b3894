// Canonical form, text form and errors of symbolic dims, by hand-worked cases.
#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "proa/base/error.h"
#include "proa/ir/symbol/dim.h"

namespace proa::ir {
namespace {

class SymbolTest : public testing::Test {
 protected:
  Dim parse(std::string_view text) { return parse_dim(text, arena); }
  std::string canonical(std::string_view text) { return to_string(parse(text)); }
  std::string error(std::string_view text) {
    try {
      parse(text);
    } catch (const UserError& e) {
      EXPECT_EQ(e.kind(), ErrorKind::value);
      return e.what();
    }
    return "none";
  }
  SymbolArena arena;
  Dim s0 = arena.symbol("s0"), s1 = arena.symbol("s1"), s2 = arena.symbol("s2");
};

TEST_F(SymbolTest, ConstantsOfEverySizeAreWords) {
  for (int64_t value : {int64_t{0}, int64_t{1}, int64_t{-1}, (int64_t{1} << 62) - 1,
                        int64_t{1} << 62, -(int64_t{1} << 62), kInfinity, kMinusInfinity}) {
    Dim dim = value;
    EXPECT_TRUE(dim.is_const());
    EXPECT_EQ(dim.constant(), value);
    EXPECT_EQ(dim, Dim(value));
    EXPECT_EQ(dim.hash(), Dim(value).hash());
    EXPECT_EQ(parse(to_string(dim)), dim);
  }
  EXPECT_EQ(Dim(), Dim(0));
  EXPECT_THROW(s0.constant(), InternalError);
  EXPECT_EQ(s0.as_const(), std::nullopt);
}

TEST_F(SymbolTest, EqualExpressionsAreOneWord) {
  EXPECT_EQ(s0 + s1, s1 + s0);
  EXPECT_EQ((s0 + s1) * (s0 - s1), s0 * s0 - s1 * s1);
  EXPECT_EQ((s0 + 1) * 2 - 2, s0 + s0);
  EXPECT_EQ(s0 - s0, Dim(0));
  EXPECT_EQ(-(-s0), s0);
  EXPECT_EQ(s0 * 0, Dim(0));
  EXPECT_NE(s0 + 1, s0 - 1);
}

TEST_F(SymbolTest, CanonicalText) {
  EXPECT_EQ(canonical("3 + s0 + s0"), "2*s0 + 3");
  EXPECT_EQ(canonical("s10 + s2 - s1"), "-s1 + s2 + s10");
  EXPECT_EQ(canonical("(s0 + 1) floordiv 2"), "(s0 + 1) floordiv 2");
  EXPECT_EQ(canonical("(s0 - 3) floordiv 2 + 1"), "(s0 + 1) floordiv 2 - 1");
  EXPECT_EQ(canonical("(8*s0 + s1) floordiv 8"), "s0 + s1 floordiv 8");
  EXPECT_EQ(canonical("s0 floordiv 2 floordiv 3"), "s0 floordiv 6");
  EXPECT_EQ(canonical("(s0 floordiv 2 + s1) floordiv 3"), "(s0 + 2*s1) floordiv 6");
  EXPECT_EQ(canonical("(6*s0 + 5) floordiv 4"), "s0 + s0 floordiv 2 + 1");
  EXPECT_EQ(canonical("(6*s0 + 5) floordiv 10"), "(3*s0 + 2) floordiv 5");
  EXPECT_EQ(canonical("-s0 floordiv 8"), "-((s0 + 7) floordiv 8)");
  EXPECT_EQ(canonical("s0 ceildiv 8"), "(s0 + 7) floordiv 8");
  EXPECT_EQ(canonical("-(-s0 floordiv 8)"), "(s0 + 7) floordiv 8");
  EXPECT_EQ(canonical("(3*s0) floordiv 4"), "(3*s0) floordiv 4");
  EXPECT_EQ(canonical("s0 mod 8"), "s0 mod 8");
  EXPECT_EQ(canonical("(9*s0 + 17) mod 8"), "(s0 + 1) mod 8");
  EXPECT_EQ(canonical("(s0 mod 8) mod 4"), "s0 mod 4");
  EXPECT_EQ(canonical("(s0 mod 8) floordiv 8"), "0");
  EXPECT_EQ(canonical("(s0 mod 8) floordiv 4"), "(s0 floordiv 4) mod 2");
  EXPECT_EQ(canonical("(6*s0) mod 4"), "2*(s0 mod 2)");
  EXPECT_EQ(canonical("s0 - s0 mod 8"), "8*(s0 floordiv 8)");
  EXPECT_EQ(canonical("s0 + (-s0) mod 8"), "8*((s0 + 7) floordiv 8)");
  EXPECT_EQ(canonical("8*(s0 floordiv 8) + s0 mod 8"), "s0");
  EXPECT_EQ(canonical("(s0 floordiv 2) mod 4"), "(s0 floordiv 2) mod 4");
  EXPECT_EQ(canonical("2*((s0 floordiv 2) mod 4) + s0 mod 2"), "s0 mod 8");
  EXPECT_EQ(canonical("max(s0, 0)"), "s0");
  EXPECT_EQ(canonical("max(s0, 1, s1, max(s2, 3))"), "max(s0, s1, s2, 3)");
  EXPECT_EQ(canonical("max(s0 + 3, s0 + 1)"), "s0 + 3");
  EXPECT_EQ(canonical("max(s0 - 1, 0)"), "max(s0, 1) - 1");
  EXPECT_EQ(canonical("max(s0 + 1, s1 + 3)"), "max(s0, s1 + 2) + 1");
  EXPECT_EQ(canonical("max(min(s0, s1), s1)"), "s1");
  EXPECT_EQ(canonical("min(s0, -1)"), "-1");
}

TEST_F(SymbolTest, ProductsAndSymbolicDivisors) {
  EXPECT_EQ(floordiv(s0 * s1, s1), s0);
  EXPECT_EQ(floordiv((s0 + 1) * (s1 + 2), s0 + 1), s1 + 2);
  EXPECT_EQ(floordiv(s0 * s1 + s1, s0 + 1), s1);
  EXPECT_EQ(floordiv(6 * s0 * s1, 2 * s0), 3 * s1);
  EXPECT_EQ(floordiv(3 * s0, 2 * s0), Dim(1));
  EXPECT_EQ(floordiv(s0, s0), Dim(1));
  EXPECT_EQ(floordiv(s0 * s1 + 5, s1), s0 + floordiv(5, s1));
  EXPECT_EQ(mod(s0 * s1 + s2, s1), mod(s2, s1));
  EXPECT_EQ(mod(mod(s0, s1), s1), mod(s0, s1));
  EXPECT_EQ(mod(s0 * s1, s1), Dim(0));
  EXPECT_EQ(floordiv(floordiv(s0, s1), s2), floordiv(s0, s1 * s2));
}

TEST_F(SymbolTest, DeclarationsSimplify) {
  Dim block = arena.symbol("block", {.lo = 16, .hi = 128, .divisor = 16});
  EXPECT_EQ(mod(block, 8), Dim(0));
  EXPECT_EQ(mod(block + 3, 8), Dim(3));
  EXPECT_EQ(8 * floordiv(block, 8), block);
  EXPECT_EQ(max(block, 16), block);
  EXPECT_EQ(min(block, 128), block);
  EXPECT_EQ(floordiv(block + s0, 8), floordiv(block, 8) + floordiv(s0, 8));
  EXPECT_EQ(block.bounds(), (Interval{16, 128}));
  EXPECT_EQ((2 * block + 1).stride(), (Stride{32, 1}));
  EXPECT_EQ(arena.symbol("tight", {.lo = 1, .hi = 30, .divisor = 8, .residue = 3}).bounds(),
            (Interval{3, 27}));
}

TEST_F(SymbolTest, Symbols) {
  EXPECT_EQ(arena.symbol("s0"), s0);
  EXPECT_EQ(arena.find("absent"), std::nullopt);
  EXPECT_EQ(arena.find("s1"), s1);
  EXPECT_EQ(arena.fresh("s").name(), "s3");
  EXPECT_EQ(arena.fresh("batch").name(), "batch0");
  EXPECT_THROW(arena.symbol("s0", {.lo = 1}), UserError);
  EXPECT_THROW(arena.symbol("e", {.lo = 3, .hi = 2}), UserError);
  EXPECT_THROW(arena.symbol("e", {.lo = 1, .hi = 7, .divisor = 8}), UserError);
  EXPECT_THROW(arena.symbol("e", {.divisor = 0}), UserError);
  for (std::string_view name : {"", "7a", "a-b", "mod", "max", "a b"}) {
    EXPECT_THROW(arena.symbol(name), UserError) << name;
  }
  SmallVector<Dim, 6> symbols;
  collect_symbols(max(s1 * 2, floordiv(s0, s2)) + s1, symbols);
  EXPECT_EQ(symbols.size(), 3u);
}

TEST_F(SymbolTest, Errors) {
  EXPECT_EQ(error("s0 +"), "[dim] text: column 5: expected a number, a symbol or '(', got the end");
  EXPECT_EQ(error("(s0"), "[dim] text: column 4: expected ')', got the end");
  EXPECT_EQ(error("s0 s1"), "[dim] text: column 4: expected the end of the expression, got 's1'");
  EXPECT_EQ(error("max s0"), "[dim] text: column 5: expected '(', got 's0'");
  EXPECT_NE(error("s0 floordiv 0").find("division of a dim by 0"), std::string::npos);
  EXPECT_NE(error("s0 mod 0").find("modulo 0"), std::string::npos);
  EXPECT_NE(error("99999999999999999999").find("64 bits"), std::string::npos);
  EXPECT_NE(error("9223372036854775807*s0 + s0").find("overflow"), std::string::npos);
  EXPECT_NE(error("9223372036854775807 + 1").find("overflow"), std::string::npos);
  EXPECT_NE(error("-9223372036854775808 floordiv -1").find("overflow"), std::string::npos);
  EXPECT_NE(error(std::string(100000, '(')).find("nested too deep"), std::string::npos);
  Dim deep = s0;
  EXPECT_THROW(
      {
        for (int i = 0; i < 2000; ++i) deep = max(floordiv(deep * deep + s1, 3), s2);
      },
      UserError);
}

TEST_F(SymbolTest, Substitution) {
  Dim dim = max(floordiv(s0 + s1, 4), s2) * s0;
  Dim result = substitute(dim, [&](Dim s) { return s == s0 ? Dim(8) : s == s1 ? s2 * 4 : s; });
  EXPECT_EQ(result, 8 * s2 + 16);
  EXPECT_EQ(substitute(s0 - s1, [&](Dim s) { return s == s0 ? s1 : s0; }), s1 - s0);  // at once
}

TEST_F(SymbolTest, ThreadsMakeTheSameNodes) {
  std::vector<Dim> results(4);
  std::vector<std::thread> threads;
  for (Dim& result : results) {
    threads.emplace_back([&] {
      Dim total = 0;
      for (int i = 0; i < 2000; ++i) {
        total = max(s0 * (i % 50) + floordiv(s1 + i % 31, 7), mod(s2 + i % 17, 5)) + total - total;
      }
      result = total + floordiv(s0 + s1, 3) + arena.symbol("late");
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (Dim result : results) EXPECT_EQ(result, results[0]);
}

}  // namespace
}  // namespace proa::ir
