// Modules with nested control flow, from the pages' samples and at random: every pass leaves every
// bit, sizes known or not, and the null device goes through all of them.

#include <gtest/gtest.h>

#include <random>

#include "control_cases.h"
#include "proa/compiler/emit/emit.h"
#include "proa/eager/call.h"
#include "proa/eager/evaluate.h"
#include "proa/ir/parser.h"
#include "proa/ir/pass.h"
#include "proa/ir/printer.h"
#include "proa/ir/verifier.h"
#include "proa/ops/control.h"
#include "proa/runtime/executor.h"
#include "proa/runtime/null/null_allocator.h"
#include "proa/tier/prebuilt.h"
#include "proa/transform/decompose.h"

namespace proa {
namespace {

using eager::Tensor;
using ir::Builder;
using ir::Dim;
using ir::Expr;
using runtime::Array;

// Steps at random over one i64 and some f32[n, 3]: sums, branches and loops in each other.
class Random {
 public:
  explicit Random(unsigned seed) : rng_(seed) {}

  std::vector<Expr> steps(Builder& b, std::span<const Expr> arguments, int depth) {
    using namespace ops;  // NOLINT: the words of rules
    std::vector<Expr> pool(arguments.begin() + 1, arguments.end());
    Expr number = arguments[0];
    size_t wanted = pool.size();
    auto any = [&] { return pool[below(pool.size())]; };
    for (size_t k = 0, count = 3 + below(3); k < count; ++k) {
      switch (below(depth > 0 ? 10 : 6)) {
        case 0: pool.push_back(tanh(any())); break;
        case 1: pool.push_back(any() + any()); break;
        case 2: pool.push_back(any() * any()); break;
        case 3: pool.push_back(any() - 0.0); break;
        case 4: pool.push_back(select(compare("lt", any(), any()), any(), any())); break;
        case 5: {  // twice the same, and one that nobody reads
          Expr x = any();
          pool.push_back(sin(x) + sin(x));
          exp(x);
          break;
        }
        case 6:
        case 7: branch(b, number, pool, depth); break;
        case 8: loop(b, number, pool, depth); break;
        default: scan(b, number, pool, depth); break;
      }
    }
    return {pool.end() - static_cast<ptrdiff_t>(wanted), pool.end()};
  }

 private:
  size_t below(size_t n) { return std::uniform_int_distribution<size_t>(0, n - 1)(rng_); }

  std::vector<Expr> with(Expr number, const std::vector<Expr>& pool) {
    std::vector<Expr> list = {number};
    for (int k = 0; k < 2; ++k) list.push_back(pool[below(pool.size())]);
    return list;
  }

  void branch(Builder& b, Expr number, std::vector<Expr>& pool, int depth) {
    Expr condition = below(3) == 0 ? ops::constant(b, DType::boolean, below(2) == 0 ? 0.0 : 1.0)
                                   : ops::compare("lt", number, static_cast<double>(below(4)));
    auto rule = [&](Builder& inner, std::span<const Expr> x) { return steps(inner, x, depth - 1); };
    std::vector<Expr> results = ops::if_(condition, with(number, pool), rule, rule);
    pool.push_back(results[below(results.size())]);  // the other is for nobody
  }

  void loop(Builder& b, Expr number, std::vector<Expr>& pool, int depth) {
    using ops::operator+;
    auto limit = static_cast<double>(below(4));
    std::vector<Expr> carries = with(number, pool), constants = {pool[below(pool.size())]};
    std::vector<Expr> results = ops::while_loop(
        b, carries, constants,
        [&](Builder&, std::span<const Expr> x) {
          return std::vector<Expr>{ops::compare("lt", x[0], limit)};
        },
        [&](Builder& inner, std::span<const Expr> x) {
          std::vector<Expr> next = {x[0] + 1};
          std::vector<Expr> floats = steps(inner, x, depth - 1);
          next.insert(next.end(), floats.begin(), floats.begin() + 2);
          return next;
        });
    pool.push_back(results[1 + below(2)]);
  }

  void scan(Builder& b, Expr number, std::vector<Expr>& pool, int depth) {
    std::vector<Expr> carries = with(number, pool), scanned = {pool[below(pool.size())]};
    carries.erase(carries.begin());
    std::vector<Expr> constants = {number};
    std::vector<Expr> results = ops::scan_loop(
        b, scanned[0].dim(0), carries, scanned, constants,
        [&](Builder& inner, std::span<const Expr> x) {
          using ops::operator+;
          std::vector<Expr> inside = {x[4] + x[0], x[1], x[2],
                                      ops::broadcast_to(x[3], x[1].dims())};
          std::vector<Expr> floats = steps(inner, inside, depth - 1);
          return std::vector<Expr>{floats[0], floats[1], ops::slice_axis(floats[2], 0, 0, 1)};
        },
        below(2) == 0);
    pool.push_back(results[below(2)]);
    if (below(2) == 0) {  // [n, 1, 3]: the stacked rows
      std::vector<Dim> dims(scanned[0].dims().begin(), scanned[0].dims().end());
      pool.push_back(ops::reshape(results[2], dims));
    }
  }

  std::mt19937 rng_;
};

ir::Module random_module(unsigned seed, bool symbolic) {
  ir::Context& context = eager::context();
  ir::Module module(context);
  Dim n = symbolic ? context.symbols().symbol("rows", {.lo = 1, .hi = 1 << 20}) : Dim(2);
  std::vector<Dim> dims = {n, 3};
  std::vector<ir::Type> types = {ir::Type::tensor(context, DType::i64, {})};
  for (int k = 0; k < 3; ++k) types.push_back(ir::Type::tensor(context, DType::f32, dims));
  ir::Func func = module.add_func("main", types);
  Builder b(module, func.body());
  std::vector<Expr> arguments;
  for (ir::Value v : func.arguments()) arguments.push_back({v, &b});
  std::vector<ir::Value> results;
  for (const Expr& e : Random(seed).steps(b, arguments, 3)) results.push_back(e.value);
  b.create_return(results);
  return module;
}

std::vector<Tensor> random_inputs(unsigned seed, int64_t rows) {
  std::mt19937 rng(seed);
  std::normal_distribution<float> normal;
  int64_t number = static_cast<int64_t>(seed % 3), dims[] = {rows, 3};
  std::vector<Tensor> inputs = {eager::from_data({}, DType::i64, &number)};
  for (int k = 0; k < 3; ++k) {
    std::vector<float> values(static_cast<size_t>(rows * 3));
    for (float& v : values) v = normal(rng);
    inputs.push_back(eager::from_data(dims, DType::f32, values.data()));
  }
  return inputs;
}

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
    ir::Module module = random_module(seed, seed % 2 == 1);
    ASSERT_NO_THROW(ir::verify(module));
    module.op()->walk(
        [&](ir::Operation* op) { structured += op->info().has(ir::Trait::structured); });
    std::string printed = ir::print(module);
    ASSERT_EQ(ir::print(ir::parse_module(printed, eager::context())), printed);
    gone += expect_every_pass_keeps_the_bits(module, random_inputs(seed, seed % 2 == 1 ? 3 : 2));
  }
  EXPECT_GT(structured, 200u);
  EXPECT_GT(gone, 1000u);
}

// The forward of a gradient gives the results of the function.
TEST(ControlPasses, AutodiffKeepsTheBitsOfTheForward) {
  for (unsigned seed = 100; seed < 130; ++seed) {
    SCOPED_TRACE(seed);
    ir::Module module = random_module(seed, seed % 2 == 1);
    std::vector<Tensor> inputs = random_inputs(seed, seed % 2 == 1 ? 4 : 2);
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

TEST(ControlPasses, NullDeviceGoesThroughEverythingAndHoldsNothing) {
  runtime::Allocator& null = runtime::null_allocator();
  for (const test::TextCase& c : test::text_cases()) {
    SCOPED_TRACE(c.sample.text);
    ir::Module module = ir::parse_module(c.sample.text, eager::context());
    transform::decompose(module);
    std::vector<Tensor> inputs = test::inputs_for(module, 1);
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
