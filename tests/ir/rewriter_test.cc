// Patterns and the greedy driver: what is rewritten, in which order, and when it stops.

#include "proa/ir/rewriter.h"

#include <gtest/gtest.h>

#include "proa/base/error.h"
#include "proa/ir/dialect.h"
#include "proa/ir/fingerprint.h"
#include "proa/ir/parser.h"
#include "proa/ir/printer.h"
#include "proa/ir/verifier.h"
#include "test_dialect.h"

namespace proa::ir {
namespace {

struct RewriterTest : testing::Test {
  Context context;
  PassContext pass;
  RewriterTest() { context.add_dialect(test_dialect(context)); }
  Module parse(std::string_view text) { return parse_module(text, context, {.file = "m.pir"}); }
};

// neg(neg(x)) -> x
bool cancel(Operation& op, Rewriter& rewriter) {
  Operation* inner = op.operand(0).definer();
  if (inner == nullptr || !inner->is("test.neg")) return false;
  rewriter.replace(op, inner->operand(0));
  return true;
}

// add(x, x) -> neg(neg(x)): wrong arithmetic, right types
bool expand_add(Operation& op, Rewriter& rewriter) {
  Value x = op.operand(0);
  Value once = rewriter.create("test.neg", std::span(&x, 1))->result();
  rewriter.replace(op, rewriter.create("test.neg", std::span(&once, 1))->result());
  return true;
}

TEST_F(RewriterTest, RunsToTheEnd) {
  Module module = parse(R"(func @f(%x: f32[2]) {
    %0 = test.add(%x, %x)
    %1 = test.neg(%0)
    %2 = test.neg(%1)
    %3 = test.add(%2, %2)
    return %3
  })");
  PatternSet patterns;
  patterns.add({"cancel", "test.neg", 1, cancel})
      .add({"expand", "test.add", 1, expand_add, {"test.neg"}});
  GreedyResult result = rewrite_greedily(module, patterns, pass);
  EXPECT_TRUE(result.changed);
  EXPECT_TRUE(result.converged);
  verify(module);
  EXPECT_EQ(print(module), "module {\n  func @f(%x: f32[2]) {\n    return %x\n  }\n}\n");
  EXPECT_FALSE(rewrite_greedily(module, patterns, pass).changed);
}

TEST_F(RewriterTest, DeadOperationsGo) {
  Module module = parse(R"(func @f(%x: f32[2]) {
    %0 = test.neg(%x)
    %1 = test.neg(%0)
    %2 = test.region(%1) ({ ^(%a: f32[2]): %3 = test.neg(%a) test.yield(%3) }) : f32[2]
    %4 = test.region(%1) ({ test.sink() test.yield() }) : f32[2]
    test.sink()
    test.source()
    return
  })");
  GreedyResult result = rewrite_greedily(module, {}, pass);
  EXPECT_EQ(result.dead, 1);  // the second region has an effect and keeps what it uses
  verify(module);
  EXPECT_EQ(print(module), R"(module {
  func @f(%x: f32[2]) {
    %0 = test.neg(%x) : f32[2]
    %1 = test.neg(%0) : f32[2]
    %2 = test.region(%1) ({
      test.sink()
      test.yield()
    }) : f32[2]
    test.sink()
    test.source()
    return
  }
}
)");
  EXPECT_EQ(rewrite_greedily(module, {}, pass, {.remove_dead = false}).dead, 0);
}

TEST_F(RewriterTest, ChainsOfDeadOperationsGoInOneRun) {
  std::string text = "func @f(%x: f32[2]) {\n%v0 = test.neg(%x)\n";
  for (int i = 1; i < 500; ++i) text += str("%v", i, " = test.neg(%v", i - 1, ")\n");
  Module module = parse(text + "return }");
  EXPECT_EQ(rewrite_greedily(module, {}, pass).dead, 500);
}

TEST_F(RewriterTest, BenefitThenOrderOfAddition) {
  std::string order;
  auto note = [&](char c) {
    return [&order, c](Operation&, Rewriter&) {
      order += c;
      return false;
    };
  };
  PatternSet patterns;
  patterns.add({"a", "test.sink", 1, note('a')}).add({"b", "", 5, note('b')});
  patterns.add({"c", "test.sink", 5, note('c')})
      .add({"d", "test.neg", 9, note('d')})
      .add({"e", "", 1, note('e')});
  Module module = parse("func @f() { test.sink() return }");
  rewrite_greedily(module, patterns, pass);
  EXPECT_EQ(order,
            "be"
            "bcae"
            "be");  // the function, the sink, the return
}

TEST_F(RewriterTest, TheSameInputGivesTheSameSteps) {
  auto steps = [](int seed) {
    Context context;
    context.add_dialect(test_dialect(context));
    // Other allocations in between give other addresses.
    std::vector<std::unique_ptr<int[]>> noise;
    for (int i = 0; i < seed * 37; ++i)
      noise.push_back(std::make_unique<int[]>(static_cast<size_t>(i % 50)));
    struct Log : RewriteListener {
      std::string text;
      void created(Operation& op) override { text += str("+", print_line(op), "\n"); }
      void erased(Operation& op) override { text += str("-", print_line(op), "\n"); }
    } log;
    std::string text = "func @f(%x: f32[2]) {\n%v0 = test.neg(%x)\n";
    for (int i = 1; i < 60; ++i) {
      text += i % 3 == 0 ? str("%v", i, " = test.add(%v", i - 1, ", %v", i / 2, ")\n")
                         : str("%v", i, " = test.neg(%v", i - 1, ")\n");
    }
    Module module = parse_module(text + "return %v59, %v31 }", context);
    PatternSet patterns;
    patterns.add({"cancel", "test.neg", 1, cancel})
        .add({"expand", "test.add", 1, expand_add, {"test.neg"}});
    PassContext pass;
    rewrite_greedily(module, patterns, pass, {.listener = &log});
    verify(module);
    return log.text + print(module);
  };
  std::string first = steps(0);
  EXPECT_GT(first.size(), 1000u);
  for (int seed = 1; seed < 5; ++seed) EXPECT_EQ(steps(seed), first);
}

TEST_F(RewriterTest, BudgetIsReported) {
  Module module = parse("func @f(%x: f32[2]) { %0 = test.add(%x, %x) return %0 }");
  PatternSet patterns;
  patterns.add({"swap",
                "test.add",
                1,
                [](Operation& op, Rewriter& rewriter) {
                  Value operands[] = {op.operand(1), op.operand(0)};
                  rewriter.replace(op, rewriter.create("test.add", operands)->result());
                  return true;
                },
                {"test.add"}});
  GreedyResult result = rewrite_greedily(module, patterns, pass, {.budget = 50});
  EXPECT_FALSE(result.converged);
  EXPECT_EQ(result.rewrites, 50);
  ASSERT_EQ(pass.reports().size(), 1u);
  EXPECT_EQ(pass.reports()[0], "the budget of 50 rewrites is used up; most went to swap (50)");
  verify(module);
  pass.set_strict(true);
  EXPECT_THROW(rewrite_greedily(module, patterns, pass, {.budget = 50}), InternalError);
}

TEST_F(RewriterTest, PatternsKeepTheirWord) {
  Module module = parse("func @f(%x: f32[2]) { %0 = test.add(%x, %x) return %0 }");
  PatternSet undeclared;
  undeclared.add({"expand", "test.add", 1, expand_add});
  EXPECT_THROW(rewrite_greedily(module, undeclared, pass), InternalError);
  module = parse("func @f(%x: f32[2]) { %0 = test.add(%x, %x) return %0 }");
  PatternSet liar;
  liar.add({"liar", "test.add", 1, [](Operation& op, Rewriter& rewriter) {
              rewriter.update(op, [&] { op.set_operand(0, op.operand(1)); });
              return false;
            }});
  EXPECT_THROW(rewrite_greedily(module, liar, pass), InternalError);
}

TEST_F(RewriterTest, LocationsAreKeptAndFused) {
  Module module =
      parse("func @f(%x: f32[2]) {\n %0 = test.add(%x, %x)\n %1 = test.neg(%0)\n return %1 }");
  PatternSet patterns;
  patterns.add({"fuse",
                "test.neg",
                1,
                [](Operation& op, Rewriter& rewriter) {
                  Operation* add = op.operand(0).definer();
                  if (add == nullptr || !add->is("test.add")) return false;
                  Operation* parts[] = {add, &op};
                  rewriter.fuse_locations(parts);
                  Value operands[] = {add->operand(0), {}, add->operand(1)};
                  rewriter.replace(op, rewriter.create("test.norm", operands)->result());
                  return true;
                },
                {"test.norm"}});
  rewrite_greedily(module, patterns, pass);
  EXPECT_EQ(to_string(module.main().body().front()->location()), "m.pir:2:2 and m.pir:3:2");
}

}  // namespace
}  // namespace proa::ir
