// The flat program of dims against direct evaluation, and its refusals.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>

#include "proa/ir/symbol/compile_dims.h"
#include "tests/ir/symbol_random.h"

namespace proa::ir {
namespace {

class ProgramFuzz : public testing::TestWithParam<uint64_t> {
 protected:
  ProgramFuzz() : random(GetParam()) { std::printf("seed %llu\n", (unsigned long long)GetParam()); }
  Random random;
};

TEST_P(ProgramFuzz, ComputesWhatEvaluateDoes) {
  int64_t errors = 0, values_seen = 0;
  for (int round = 0; round < 600; ++round) {
    SymbolArena arena;
    World world(random, arena);
    std::vector<Dim> dims;
    while (dims.size() < 6) {
      if (auto dim = random_tree(random, world, 4).dim(world)) dims.push_back(*dim);
    }
    CompiledDims compiled = compile_dims(dims, world.symbols);
    compiled.program.verify();
    for (int i = 0; i < 10; ++i) {
      Values values = world.sample(random);
      if (random.below(8) == 0) values[0] = int64_t{1} << random.between(40, 62);
      std::vector<std::optional<int64_t>> expected;
      for (Dim dim : dims) expected.push_back(value_of(dim, world, values));
      bool all =
          std::all_of(expected.begin(), expected.end(), [](auto& v) { return v.has_value(); });
      std::vector<int64_t> out(dims.size());
      try {
        ASSERT_EQ(compiled.program.eval(values.data(), out.data()), -1);
        ASSERT_TRUE(all);
        for (size_t k = 0; k < dims.size(); ++k)
          ASSERT_EQ(out[k], *expected[k]) << to_string(dims[k]);
        ++values_seen;
      } catch (const UserError& e) {
        ASSERT_FALSE(all) << e.what();
        ++errors;
      }
    }
  }
  EXPECT_GT(values_seen, 1000);
  EXPECT_GT(errors, 10);
}

TEST_P(ProgramFuzz, GuardsFailWhereTheyDoNotHold) {
  for (int round = 0; round < 300; ++round) {
    SymbolArena arena;
    World world(random, arena);
    std::vector<Guard> guards;
    while (guards.size() < 3) {
      auto a = random_tree(random, world, 2).dim(world),
           b = random_tree(random, world, 1).dim(world);
      if (a && b) guards.push_back({static_cast<Guard::Kind>(random.below(3)), *a, *b, "guard"});
    }
    CompiledDims compiled = compile_dims({}, world.symbols, guards);
    for (int i = 0; i < 20; ++i) {
      Values values = world.sample(random);
      std::optional<int> expected = -1;
      for (size_t g = 0; g < guards.size() && expected == -1; ++g) {
        auto a = value_of(guards[g].a, world, values), b = value_of(guards[g].b, world, values);
        if (!a || !b) {
          expected = std::nullopt;  // an error
          break;
        }
        bool holds = guards[g].kind == Guard::Kind::eq   ? *a == *b
                     : guards[g].kind == Guard::Kind::ge ? *a >= *b
                                                         : *b != 0 && *a % *b == 0;
        if (!holds) expected = static_cast<int>(g);
      }
      std::optional<int> got;
      try {
        got = compiled.program.eval(values.data(), nullptr);
      } catch (const UserError&) {}
      ASSERT_EQ(got, expected) << world.text(values);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, ProgramFuzz, testing::Values(1u, 2u, rotating_seed()));
INSTANTIATE_TEST_SUITE_P(NightlySeeds, ProgramFuzz, testing::ValuesIn(rotating_seeds(60)));

class ProgramTest : public testing::Test {
 protected:
  SymbolArena arena;
  Dim s0 = arena.symbol("s0"), s1 = arena.symbol("s1"), s2 = arena.symbol("s2");
};

TEST_F(ProgramTest, SymbolsAreSolvedFromLinearInputs) {
  Dim inputs[] = {s0, 2 * s1 + s0, 4, s0 * s1, s2 + floordiv(s1, 2), s0};
  Dim outputs[] = {s1, s2, s0 + s1 + s2};
  CompiledDims compiled = compile_dims(outputs, inputs);
  int64_t out[3];
  int64_t good[] = {3, 13, 4, 15, 9, 3};
  ASSERT_EQ(compiled.program.eval(good, out), -1);
  EXPECT_EQ(out[0], 5);
  EXPECT_EQ(out[1], 7);
  EXPECT_EQ(out[2], 15);
  auto failing = [&](int at, int64_t value) {
    int64_t bad[6];
    std::copy(good, good + 6, bad);
    bad[at] = value;
    int failed = compiled.program.eval(bad, out);
    return failed < 0 ? std::string() : compiled.checks[static_cast<size_t>(failed)].message;
  };
  EXPECT_EQ(failing(1, 14), "size 1 of the inputs is not s0 + 2*s1");
  EXPECT_EQ(failing(2, 5), "size 2 of the inputs is not 4");
  EXPECT_EQ(failing(3, 16), "size 3 of the inputs is not s0*s1");
  EXPECT_EQ(failing(5, 4), "size 5 of the inputs is not s0");
}

TEST_F(ProgramTest, SharedPartsAreComputedOnce) {
  Dim part = floordiv(s0 * s1, 7);
  Dim outputs[] = {part, part + 1, part * part, max(part, s1)};
  Dim inputs[] = {s0, s1};
  CompiledDims compiled = compile_dims(outputs, inputs);
  EXPECT_EQ(compiled.program.code.size(), 5u);
}

TEST_F(ProgramTest, Refusals) {
  Dim inputs[] = {s0, s0 * s1};
  Dim outputs[] = {s1};
  EXPECT_THROW(compile_dims(outputs, inputs), UserError);
  DimProgram program;
  program.inputs = 1;
  program.outputs = {1};
  EXPECT_THROW(program.verify(), UserError);
  program.constants = {5};
  program.verify();
  program.code.push_back({DimOp::add, 0, 2, 0});
  EXPECT_THROW(program.verify(), UserError);
  program.code[0] = {DimOp::multiply_add, 0, 1, 9};
  EXPECT_THROW(program.verify(), UserError);
  program.code[0] = {static_cast<DimOp>(200), 0, 1, 0};
  EXPECT_THROW(program.verify(), UserError);
  program.code[0] = {DimOp::add, 0, 1, 0};
  program.outputs = {2};
  program.verify();
  int64_t in = 37, out = 0;
  EXPECT_EQ(program.eval(&in, &out), -1);
  EXPECT_EQ(out, 42);
}

}  // namespace
}  // namespace proa::ir
