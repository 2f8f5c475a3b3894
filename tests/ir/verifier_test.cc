// The verifier: each way in which a module can be broken is named, with the operation and its
// place.

#include "proa/ir/verifier.h"

#include <gtest/gtest.h>

#include "module_random.h"
#include "proa/ir/builder.h"
#include "proa/ir/dialect.h"
#include "proa/ir/parser.h"
#include "proa/ir/printer.h"
#include "proa/ir/symbol/facts.h"
#include "test_dialect.h"

namespace proa::ir {
namespace {

struct VerifierTest : testing::Test {
  Context context;
  VerifierTest() { context.add_dialect(test_dialect(context)); }

  Module parse(std::string_view text) {
    return parse_module(text, context, {.file = "m.pir", .verify = false});
  }

  static std::string refused(const Module& module) {
    try {
      verify(module);
    } catch (const UserError& error) { return error.what(); }
    return "accepted";
  }

  void expect_refused(const Module& module, std::string_view says) {
    std::string got = refused(module);
    EXPECT_NE(got.find(says), std::string::npos) << got;
  }

  Operation* op(const Module& module, std::string_view name) {
    Operation* found = nullptr;
    module.op()->walk([&](Operation* o) {
      if (found == nullptr && o->is(name)) found = o;
    });
    return found;
  }
};

TEST_F(VerifierTest, ErrorsShowTheOperationAndItsPlace) {
  Module module = parse("func @f(%x: f32[2]) {\n  %0 = test.neg(%x) : f32[3]\n  return %0\n}");
  EXPECT_EQ(refused(module),
            "[test.neg] result 0 should be f32[2], got f32[3]\n  at m.pir:2:3: %0 = test.neg(%x) : "
            "f32[3]");
}

TEST_F(VerifierTest, RandomModulesAreWellFormed) {
  for (uint64_t seed = 1000; seed < 1050; ++seed) {
    RandomModules make{context, Random(seed)};
    Module module = make.module(20);
    EXPECT_EQ(refused(module), "accepted");
    EXPECT_EQ(refused(module.clone()), "accepted");
  }
}

TEST_F(VerifierTest, OrderOfUses) {
  Module module = parse("func @f(%x: f32[2]) { %0 = test.neg(%x) %1 = test.neg(%0) return %1 }");
  Operation* first = module.main().body().front();
  Operation* second = first->next();
  second->move_before(first);
  expect_refused(module, "[test.neg] operand 0 is used before it is defined");
  second->set_operand(0, second->result());
  expect_refused(module, "operand 0 is used before it is defined");
}

// Numbers are kept while operations move: asked in between, as often as not.
TEST_F(VerifierTest, OrderAfterMoves) {
  std::string text = "func @f(%x: f32[2]) {\n";
  for (int i = 0; i < 40; ++i) text += "  %" + std::to_string(i) + " = test.neg(%x)\n";
  Module module = parse(text + "  return %x\n}");
  Random random(7);
  std::vector<Operation*> ops;
  for (Operation* o = module.main().body().front(); o != nullptr; o = o->next()) ops.push_back(o);
  Operation* last = ops.back();
  for (int i = 0; i < 3000; ++i) {
    // Mostly into one gap, which becomes too narrow.
    Operation* moved = ops[random.below(ops.size() - 1)];
    Operation* to = i % 3 == 0 ? ops[random.below(ops.size())] : last;
    moved->move_before(to);
    if (i % 4 == 0) continue;
    Operation *a = ops[random.below(ops.size())], *b = ops[random.below(ops.size())];
    bool before = false;
    for (Operation* o = a->next(); o != nullptr && a != b; o = o->next()) before |= o == b;
    ASSERT_EQ(a->is_before(b), before) << i;
  }
}

TEST_F(VerifierTest, ValuesOfOtherRegions) {
  Module module = parse(R"(func @f(%x: f32[2]) {
    test.region() ({ %0 = test.neg(%x) test.yield() }, { %1 = test.neg(%x) test.yield() })
    return
  } func @g(%y: f32[2]) { %2 = test.neg(%y) return })");
  Operation* region = module.main().body().front();
  Operation* inner = region->region(0).block().front();
  Operation* sibling = region->region(1).block().front();
  sibling->set_operand(0, inner->result());
  expect_refused(module, "operand 0 is defined in a region that is not around its user");
  sibling->set_operand(0, module.find("g").arguments()[0]);
  expect_refused(module, "operand 0 is defined outside builtin.func, which is isolated");
  sibling->set_operand(0, module.main().arguments()[0]);
  EXPECT_EQ(refused(module), "accepted");
}

TEST_F(VerifierTest, MissingAndForeignOperands) {
  Module module = parse("func @f(%x: f32[2]) { %0 = test.neg(%x) return %0 }");
  Module other = parse("func @f(%x: f32[2]) { %0 = test.neg(%x) return %0 }");
  Operation* neg = op(module, "test.neg");
  neg->set_operand(0, Value());
  expect_refused(module, "operand 0 is missing");
  neg->set_operand(0, op(other, "test.neg")->result());
  expect_refused(module, "operand 0 is a value from outside the module");
  expect_refused(other, "a value is used by an operation outside the module");
  neg->set_operand(0, module.main().arguments()[0]);
  EXPECT_EQ(refused(module), "accepted");
}

TEST_F(VerifierTest, BrokenUseChain) {
  Module module =
      parse("func @f(%x: f32[2]) { %0 = test.neg(%x) %1 = test.neg(%x) return %0, %1 }");
  ValueImpl* x = module.main().arguments()[0].impl();
  Use* second = x->first_use->next;
  x->first_use->next = nullptr;
  expect_refused(module, "operands but the values know of");
  x->first_use->next = second;
  EXPECT_EQ(refused(module), "accepted");
}

TEST_F(VerifierTest, SegmentsFitThePage) {
  Module module = parse("func @f(%x: f32[2]) { %0 = test.norm(%x, _, %x) return %0 }");
  Operation* norm = op(module, "test.norm");
  auto segments = [&](std::vector<int64_t> counts) {
    norm->set_attr("segments", Attribute::ints(context, counts));
    return refused(module);
  };
  EXPECT_NE(segments({1, 1}).find("'segments' should be 3 integers"), std::string::npos);
  EXPECT_NE(segments({2, 0, 0}).find("operand 'x' cannot have 2 values"), std::string::npos);
  EXPECT_NE(segments({0, 1, 1}).find("operand 'x' may not be absent"), std::string::npos);
  EXPECT_NE(segments({1, 0, 0}).find("'segments' say 1 operands, there are 2"), std::string::npos);
  EXPECT_NE(segments({1, -1, 2}).find("cannot have -1 values"), std::string::npos);
  EXPECT_EQ(segments({1, 1, 0}), "accepted");
}

TEST_F(VerifierTest, TypesByPageUpToWhatTheFactsKnow) {
  Module module = parse("func @f(%x: f32[s0]) { %0 = test.neg(%x) : f32[s1] return %0 }");
  expect_refused(module, "result 0 should be f32[s0], got f32[s1]");
  module.facts().assert_equal(parse_dim("s0", context.symbols()),
                              parse_dim("s1", context.symbols()));
  EXPECT_EQ(refused(module), "accepted");
  EXPECT_TRUE(module.facts().guards().empty());
}

TEST_F(VerifierTest, ChecksOfThePageName) {
  Module module =
      parse("func @f(%x: f32[2], %y: i32[2]) { %0 = test.add(%x, %y) : f32[2] return %0 }");
  expect_refused(module, "[test.add] y: expected float32 as of x, got int32");
  module = parse("func @f(%x: f32[2]) { %0 = test.neg(%x) {axis = 1} : f32[2] return %0 }");
  expect_refused(module, "[test.neg] axis: there is no such argument");
  module = parse("func @f(%x: token) { %0 = test.neg(%x) : f32[2] return %0 }");
  expect_refused(module, "expected tensors, got token");
}

TEST_F(VerifierTest, BlocksAndTerminators) {
  Module module = parse("func @f() { test.sink() return }");
  op(module, "builtin.return")->erase();
  expect_refused(module, "a block does not end in a terminator");
  module = parse("func @f() { test.sink() return }");
  op(module, "builtin.return")->move_before(op(module, "test.sink"));
  expect_refused(module, "a terminator stands before the end of its block");
  module = parse("func @f() { return }");
  module.main().op()->region(0).add_block();
  expect_refused(module, "a function has one region of one block");
}

TEST_F(VerifierTest, ConstantsHaveTheirBytes) {
  Module module = parse("func @f() { test.sink() return }");
  int32_t data[2] = {1, 2};
  op(module, "test.sink")
      ->set_attr("value", Attribute::tensor(context, {DType::i32, {3}, nullptr, data, 8}));
  expect_refused(module, "a tensor constant has 8 bytes, its type asks for 12");
}

}  // namespace
}  // namespace proa::ir
