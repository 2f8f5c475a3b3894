// Modules with nested control flow, from the pages' samples and at random: every pass leaves every
// bit, sizes known or not, and the null device goes through all of them.

#include <gtest/gtest.h>

#include "control_cases.h"
#include "proa/compiler/emit/emit.h"
#include "proa/eager/call.h"
#include "proa/eager/evaluate.h"
#include "proa/ir/parser.h"
#include "proa/ir/pass.h"
#include "proa/ir/printer.h"
#include "proa/ir/verifier.h"
#include "proa/runtime/executor.h"
#include "proa/runtime/null/null_allocator.h"
#include "proa/tier/compiled.h"
#include "proa/tier/prebuilt.h"
#include "proa/transform/decompose.h"

namespace proa {
namespace {

using eager::Tensor;
using runtime::Array;

void run_pass(std::string_view name, ir::Module& module) {
  ir::PassContext context(ir::pass_named(name), {});
  context.set_evaluator(eager::evaluator());
  ir::pass_named(name).run(module, context);
}

size_t operations(const ir::Module& module) {
  size_t count = 0;
  module.op()->walk([&](ir::Operation*) { ++count; });
  return count;
}

constexpr std::string_view kPasses[] = {"decompose", "canonicalize", "cse",
                                        "dce",       "fold",         "optimize"};

// What @main gives as it is written against what it gives behind each pass, alone and all in turn.
size_t expect_every_pass_keeps_the_bits(const ir::Module& module,
                                        const std::vector<Tensor>& inputs) {
  std::vector<Array> expected = test::run(module, module.main(), inputs);
  ir::Module all = module.clone();
  auto check = [&](ir::Module& changed, std::string_view pass) {
    ir::verify(changed);
    std::vector<Array> got = test::run(changed, changed.main(), inputs);
    EXPECT_EQ(got.size(), expected.size());
    for (size_t i = 0; i < got.size(); ++i) {
      EXPECT_TRUE(test::same_bits(got[i], expected[i]))
          << pass << " changed result " << i << " of\n"
          << ir::print(module) << "to\n"
          << ir::print(changed);
    }
  };
  for (std::string_view pass : kPasses) {
    ir::Module alone = module.clone();
    run_pass(pass, alone);
    check(alone, pass);
    run_pass(pass, all);
    check(all, str(pass, " behind others"));
  }
  return operations(module) - operations(all);
}

TEST(ControlPasses, KeepTheBitsOfTheSamples) {
  for (const test::TextCase& c : test::text_cases()) {
    if (c.page == "custom_call" || c.page == "custom_vjp") continue;  // decomposed first: below
    SCOPED_TRACE(c.sample.text);
    ir::Module module = ir::parse_module(c.sample.text, eager::context());
    for (unsigned bits = 0; bits < 4; ++bits)
      expect_every_pass_keeps_the_bits(module, test::inputs_for(module, bits));
  }
}

TEST(ControlPasses, KeepTheBitsOfRandomModules) {
  size_t gone = 0, structured = 0;
  for (unsigned seed = 0; seed < 60; ++seed) {
    SCOPED_TRACE(seed);
    ir::Module module = test::random_module(seed, seed % 2 == 1, DType::f32);
    ASSERT_NO_THROW(ir::verify(module));
    module.op()->walk(
        [&](ir::Operation* op) { structured += op->info().has(ir::Trait::structured); });
    std::string printed = ir::print(module);
    ASSERT_EQ(ir::print(ir::parse_module(printed, eager::context())), printed);
    gone += expect_every_pass_keeps_the_bits(
        module, test::random_inputs(seed, seed % 2 == 1 ? 3 : 2, DType::f32));
  }
  EXPECT_GT(structured, 200u);
  EXPECT_GT(gone, 1000u);
}

// The forward of a gradient gives the results of the function.
TEST(ControlPasses, AutodiffKeepsTheBitsOfTheForward) {
  for (unsigned seed = 100; seed < 130; ++seed) {
    SCOPED_TRACE(seed);
    ir::Module module = test::random_module(seed, seed % 2 == 1, DType::f32);
    std::vector<Tensor> inputs = test::random_inputs(seed, seed % 2 == 1 ? 4 : 2, DType::f32);
    std::vector<Array> expected = test::run(module, module.main(), inputs);
    run_pass("autodiff", module);
    ir::verify(module);
    run_pass("decompose", module);
    run_pass("optimize", module);
    std::vector<Array> got = test::run(module, module.find("main.forward"), inputs);
    for (size_t i = 0; i < expected.size(); ++i)
      EXPECT_TRUE(test::same_bits(got[i], expected[i])) << "result " << i;
  }
}

void expect_null_gives_the_shapes(ir::Module module, const std::vector<Tensor>& inputs) {
  runtime::Allocator& null = runtime::null_allocator();
  transform::decompose(module);
  std::vector<Array> expected = test::run(module, module.main(), inputs), arrays;
  int64_t before = null.stats().in_use, made = null.stats().allocations;
  {
    runtime::Executable plan(compiler::emit(module, module.main(), {}), runtime::cpu_kernels(),
                             kNull);
    for (const Tensor& input : inputs) {
      Array array = input.array();
      array.buffer = null.allocate(array.elements() * static_cast<int64_t>(size_of(array.dtype)));
      array.data = static_cast<char*>(array.buffer->data());
      arrays.push_back(std::move(array));
    }
    std::vector<Array> got(expected.size());
    plan.run(arrays, {}, got);
    for (size_t i = 0; i < got.size(); ++i) {
      EXPECT_EQ(got[i].dtype, expected[i].dtype);
      EXPECT_TRUE(std::equal(got[i].dims.begin(), got[i].dims.end(), expected[i].dims.begin(),
                             expected[i].dims.end()));
    }
    arrays.clear();
  }
  EXPECT_EQ(null.stats().in_use, before);
  EXPECT_GT(null.stats().allocations, made);
}

TEST(ControlPasses, NullDeviceGoesThroughEverythingAndHoldsNothing) {
  for (const test::TextCase& c : test::text_cases()) {
    SCOPED_TRACE(c.sample.text);
    ir::Module module = ir::parse_module(c.sample.text, eager::context());
    expect_null_gives_the_shapes(module.clone(), test::inputs_for(module, 1));
  }
  for (unsigned seed = 0; seed < 20; ++seed) {
    SCOPED_TRACE(seed);
    bool symbolic = seed % 2 == 1;
    expect_null_gives_the_shapes(test::random_module(seed, symbolic, DType::f32),
                                 test::random_inputs(seed, symbolic ? 5 : 2, DType::f32));
  }
}

// Fused and compiled, regions give the bits of prebuilt kernels.
TEST(ControlPasses, CompiledRegionsHaveTheBitsOfPrebuiltOnes) {
  for (unsigned seed = 0; seed < 6; ++seed) {
    SCOPED_TRACE(seed);
    bool symbolic = seed % 2 == 1;
    ir::Module module = test::random_module(seed, symbolic, DType::f32);
    std::vector<Tensor> inputs = test::random_inputs(seed, symbolic ? 3 : 2, DType::f32);
    run_pass("optimize", module);
    std::vector<Array> expected = test::run(module, module.main(), inputs), arrays;
    for (const Tensor& input : inputs) arrays.push_back(input.array());
    std::vector<Array> got(expected.size());
    tier::compiled(module, module.main(), {})->run(arrays, {}, got);
    for (size_t i = 0; i < got.size(); ++i)
      EXPECT_TRUE(test::same_bits(got[i], expected[i])) << "result " << i;
  }
}

// A function that binds a size, called twice: the same size is one size, another is an error, and
// never the wrong one of both.
TEST(ControlPasses, ASizeIsBoundToOneValue) {
  ir::Module module = ir::parse_module(R"(
func @main(%n: i64[], %m: i64[]) {
  %0 = prim.call(%n) {callee = @f, results = !builtin.tuple<i64[]>}
  %1 = prim.call(%m) {callee = @f, results = !builtin.tuple<i64[]>}
  return %0, %1
}
func @f(%n: i64[]) {
  %0 = prim.as_dim(%n) {symbol = dim(bound), low = 1}
  %1 = prim.iota() {axis = 0, dtype = i64, shape = [bound]}
  %2 = prim.reduce(%1) {axes = [0], kind = "sum"}
  return %2
})",
                                       eager::context());
  auto number = [](int64_t n) { return eager::from_data({}, DType::i64, &n); };
  for (bool inlined : {false, true}) {
    if (inlined) run_pass("decompose", module);
    std::vector<Array> got =
        test::run(module, module.main(), std::vector<Tensor>{number(4), number(4)});
    EXPECT_EQ(*reinterpret_cast<int64_t*>(got[1].data), 6);
    try {
      test::run(module, module.main(), std::vector<Tensor>{number(4), number(5)});
      ADD_FAILURE() << "was run";
    } catch (const UserError& error) {
      EXPECT_NE(std::string_view(error.what()).find("bound is 4 and cannot be 5"),
                std::string_view::npos)
          << error.what();
    }
    EXPECT_THROW(test::run(module, module.main(), std::vector<Tensor>{number(0), number(0)}),
                 UserError);
  }
}

// An assertion in a branch holds where the branch runs.
TEST(ControlPasses, AssertionsInBranchesAreOfTheBranch) {
  ir::Module module = ir::parse_module(R"(
func @main(%p: bool[], %q: bool[]) {
  prim.if(%p, %q) ({
    ^(%a: bool[]):
    prim.shape_assert(%a) {message = "q must hold where p does"}
    return
  }, {
    ^(%a: bool[]):
    return
  })
  return
})",
                                       eager::context());
  for (bool optimised : {false, true}) {
    if (optimised) run_pass("optimize", module);
    for (unsigned bits = 0; bits < 4; ++bits) {
      try {
        test::run(module, module.main(), test::inputs_for(module, bits));
        EXPECT_NE(bits, 1u);
      } catch (const UserError& error) {
        EXPECT_EQ(bits, 1u);
        EXPECT_EQ(error.kind(), ErrorKind::shape);
        EXPECT_NE(std::string_view(error.what()).find("q must hold"), std::string_view::npos);
      }
    }
  }
}

// A foreign kernel runs as often as the text says, whatever the passes do.
TEST(ControlPasses, CustomCallsStay) {
  for (const test::TextCase& c : test::text_cases()) {
    if (c.page != "custom_call") continue;
    SCOPED_TRACE(c.sample.text);
    ir::Module module = ir::parse_module(c.sample.text, eager::context());
    std::vector<Tensor> inputs = test::inputs_for(module, 0);
    std::vector<Array> expected = test::run(module, module.main(), inputs);
    run_pass("optimize", module);
    std::vector<Array> got = test::run(module, module.main(), inputs);
    EXPECT_TRUE(test::same_bits(got[0], expected[0]));
    if (got.size() > 1) {
      EXPECT_EQ(*reinterpret_cast<int64_t*>(got[1].data),
                *reinterpret_cast<int64_t*>(expected[1].data) + 1);
    }
  }
  ir::Module module = ir::parse_module(R"(
func @main(%x: f64[2]) {
  %0 = prim.custom_call(%x) {results = !builtin.tuple<f64[2]>, target = "no.such"}
  return %0
})",
                                       eager::context());
  EXPECT_THROW(test::run(module, module.main(), test::inputs_for(module, 0)), UserError);
}

}  // namespace
}  // namespace proa
