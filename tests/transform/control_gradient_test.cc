// Gradients through control flow and calls, to the third order: against central differences of the
// order below on the pages' samples, against derivatives on paper, and against the same loop
// unrolled by the tape, bit for bit.

#include <gtest/gtest.h>

#include <cmath>

#include "control_cases.h"
#include "proa/eager/call.h"
#include "proa/eager/function.h"
#include "proa/eager/node.h"
#include "proa/ir/parser.h"
#include "proa/ir/printer.h"
#include "proa/ir/verifier.h"
#include "proa/transform/autodiff.h"

namespace proa {
namespace {

using eager::call1;
using eager::Tensor;

Tensor weighed_sum(const Tensor& y, int salt) {
  std::vector<double> weights(static_cast<size_t>(y.elements()));
  for (size_t i = 0; i < weights.size(); ++i)
    weights[i] = 1 + 0.5 * std::sin(static_cast<double>(2 + 5 * i) + 11.0 * salt);
  std::vector<int64_t> dims(y.dims().begin(), y.dims().end());
  Tensor w = eager::from_data(dims, DType::f64, weights.data());
  return call1("tensor.sum", {call1("tensor.multiply", {y, w})});
}

Tensor total_of(const std::vector<Tensor>& list, int salt) {
  Tensor total;
  for (const Tensor& t : list) {
    if (!t || t.dtype() != DType::f64) continue;
    Tensor one = weighed_sum(t, salt++);
    total = total ? call1("tensor.add", {total, one}) : one;
  }
  return total;
}

// The value whose gradient is taken at order k: results weighed and summed, then their gradient
// weighed and summed, and so on.
struct Ladder {
  eager::Function& function;

  Tensor value(const std::vector<Tensor>& inputs, int order) const {
    if (order == 0) {
      std::vector<Tensor> results(function.result_count());
      eager::call(function, inputs, {}, results);
      return total_of(results, 1);
    }
    return total_of(gradient(inputs, order - 1), 1 + 10 * order);
  }

  std::vector<Tensor> gradient(const std::vector<Tensor>& inputs, int order) const {
    Tensor total = value(inputs, order), seed;
    std::vector<Tensor> wanted;
    for (const Tensor& t : inputs) {
      if (t.dtype() == DType::f64) wanted.push_back(t);
    }
    if (!total.requires_grad()) return std::vector<Tensor>(wanted.size());
    return eager::grad({&total, 1}, wanted, {&seed, 1},
                       {.create_graph = true, .allow_unused = true});
  }
};

std::vector<Tensor> leaves(std::vector<Tensor> inputs) {
  for (Tensor& t : inputs) {
    if (t.dtype() == DType::f64) t.set_requires_grad(true);
  }
  return inputs;
}

TEST(ControlGradient, MeetsCentralDifferencesToTheThirdOrder) {
  constexpr double kStep = 1e-5, kTolerance = 3e-7;
  size_t checked = 0;
  for (const test::TextCase& c : test::text_cases()) {
    if (!c.sample.gradient) continue;
    SCOPED_TRACE(c.sample.text);
    ir::Module module = ir::parse_module(c.sample.text, eager::context());
    unsigned truths = 0;
    for (ir::Type type : module.main().argument_types()) truths += type.dtype() == DType::boolean;
    auto function_held =
        std::make_shared<eager::Function>("sample", module.clone(), std::vector<ir::Dim>());
    eager::Function& function = *function_held;
    Ladder ladder{function};
    for (unsigned bits = 0; bits < 1u << truths; ++bits) {
      std::vector<Tensor> inputs = test::inputs_for(module, bits);
      for (int order : {0, 1, 2}) {
        std::vector<Tensor> g = ladder.gradient(leaves(inputs), order);
        size_t at = 0;
        for (Tensor& input : inputs) {
          if (input.dtype() != DType::f64) continue;
          Tensor found = g[at++];
          for (int64_t k = 0; k < std::min<int64_t>(input.elements(), 4); ++k) {
            auto* element = reinterpret_cast<double*>(input.array().data) + k;
            double kept = *element;
            *element = kept + kStep;
            double above = ladder.value(leaves(inputs), order).item();
            *element = kept - kStep;
            double below = ladder.value(leaves(inputs), order).item();
            *element = kept;
            double expected = (above - below) / (2 * kStep);
            double got = found ? found.item(k) : 0;
            EXPECT_NEAR(got, expected, kTolerance * std::max(1.0, std::abs(expected)))
                << "order " << order + 1 << ", bits " << bits << ", input " << at - 1
                << ", element " << k;
            ++checked;
          }
        }
      }
    }
  }
  EXPECT_GT(checked, 150u);
}

// The same along one direction at once, for modules at random with everything in each other.
TEST(ControlGradient, OfRandomModulesMeetsDifferencesToTheThirdOrder) {
  constexpr double kStep = 1e-5, kTolerance = 1e-6;
  size_t moved = 0;
  for (unsigned seed = 0; seed < 40; ++seed) {
    SCOPED_TRACE(seed);
    bool symbolic = seed % 2 == 1;
    auto function_held = std::make_shared<eager::Function>(
        "random", test::random_module(seed, symbolic, DType::f64), std::vector<ir::Dim>());
    eager::Function& function = *function_held;
    Ladder ladder{function};
    std::vector<Tensor> at = test::random_inputs(seed, symbolic ? 3 : 2, DType::f64);
    std::vector<Tensor> direction = test::random_inputs(seed + 1000, symbolic ? 3 : 2, DType::f64);
    auto along = [&](double step) {
      std::vector<Tensor> inputs = {at[0]};
      for (size_t i = 1; i < at.size(); ++i) {
        Tensor by = call1("tensor.multiply", {direction[i], step});
        inputs.push_back(call1("tensor.add", {at[i], by}));
      }
      return leaves(std::move(inputs));
    };
    for (int order = 0; order < (seed < 12 ? 3 : 2); ++order) {
      std::vector<Tensor> g = ladder.gradient(along(0), order);
      double got = 0;
      for (size_t i = 0; i < g.size(); ++i) {
        if (!g[i]) continue;
        got += call1("tensor.sum", {call1("tensor.multiply", {g[i], direction[i + 1]})}).item();
      }
      double expected =
          (ladder.value(along(kStep), order).item() - ladder.value(along(-kStep), order).item()) /
          (2 * kStep);
      EXPECT_NEAR(got, expected, kTolerance * std::max(1.0, std::abs(expected)))
          << "order " << order + 1;
      moved += std::abs(expected) > 1e-3;
    }
  }
  EXPECT_GT(moved, 50u);
}

// x^(2^k) by squaring as often as the counter says: the derivatives are on paper.
constexpr std::string_view kSquares = R"(
func @main(%n: i64[], %x: f64[]) {
  %0 = prim.constant() {value = dense<i64[] 0>}
  %1, %2 = prim.while([%0, %x], [%n]) ({
    ^(%i: i64[], %a: f64[], %k: i64[]):
    %3 = prim.compare(%i, %k) {kind = "lt"}
    return %3
  }, {
    ^(%i: i64[], %a: f64[], %k: i64[]):
    %4 = prim.constant() {value = dense<i64[] 1>}
    %5 = prim.add(%i, %4)
    %6 = prim.mul(%a, %a)
    return %5, %6
  })
  return %2
})";

TEST(ControlGradient, RepeatedSquaresHaveTheDerivativesOfAPower) {
  auto squares_held = std::make_shared<eager::Function>(
      "squares", ir::parse_module(kSquares, eager::context()), std::vector<ir::Dim>());
  eager::Function& squares = *squares_held;
  for (int64_t n : {0, 1, 2, 3, 4}) {
    double x = 1.1, p = std::pow(2.0, static_cast<double>(n));
    std::vector<Tensor> inputs = {eager::from_data({}, DType::i64, &n),
                                  eager::from_data({}, DType::f64, &x)};
    inputs[1].set_requires_grad(true);
    std::vector<Tensor> results(1);
    eager::call(squares, inputs, {}, results);
    Tensor y = results[0], seed;
    double expected = std::pow(x, p);
    EXPECT_NEAR(y.item(), expected, 1e-13 * expected);
    double factor = p;
    for (int order = 1; order <= 3; ++order) {
      std::vector<Tensor> g = eager::grad({&y, 1}, {&inputs[1], 1}, {&seed, 1},
                                          {.create_graph = true, .allow_unused = true});
      expected = factor * std::pow(x, p - order);
      factor *= p - order;
      ASSERT_TRUE(g[0] || expected == 0);
      if (!g[0]) break;
      EXPECT_NEAR(g[0].item(), expected, 1e-12 * std::max(1.0, std::abs(expected)))
          << "n = " << n << ", order " << order;
      y = g[0];
      if (!y.requires_grad()) break;
    }
  }
}

// A branch that reads x twice, one that does not read it at all.
constexpr std::string_view kBranch = R"(
func @main(%p: bool[], %x: f64[], %y: f64[]) {
  %0 = prim.if(%p, %x, %y) ({
    ^(%a: f64[], %b: f64[]):
    %1 = prim.mul(%a, %a)
    %2 = prim.mul(%1, %b)
    return %2
  }, {
    ^(%a: f64[], %b: f64[]):
    %3 = prim.mul(%b, %b)
    %4 = prim.mul(%3, %b)
    return %4
  })
  return %0
})";

TEST(ControlGradient, ABranchThatDoesNotReadAnInputGivesItZeros) {
  auto branch_held = std::make_shared<eager::Function>(
      "branch", ir::parse_module(kBranch, eager::context()), std::vector<ir::Dim>());
  eager::Function& branch = *branch_held;
  double x = 3, y = 5;
  for (uint8_t p : {1, 0}) {
    std::vector<Tensor> inputs = {eager::from_data({}, DType::boolean, &p),
                                  eager::from_data({}, DType::f64, &x),
                                  eager::from_data({}, DType::f64, &y)};
    inputs[1].set_requires_grad(true);
    inputs[2].set_requires_grad(true);
    std::vector<Tensor> results(1);
    eager::call(branch, inputs, {}, results);
    Tensor seed;
    auto g = eager::grad({&results[0], 1}, std::span(inputs).subspan(1), {&seed, 1},
                         {.create_graph = true});
    EXPECT_EQ(g[0].item(), p != 0 ? 2 * x * y : 0);
    EXPECT_EQ(g[1].item(), p != 0 ? x * x : 3 * y * y);
    auto second =
        eager::grad({&g[1], 1}, std::span(inputs).subspan(1), {&seed, 1}, {.create_graph = true});
    EXPECT_EQ(second[0].item(), p != 0 ? 2 * x : 0);
    EXPECT_EQ(second[1].item(), p != 0 ? 0 : 6 * y);
    auto third = eager::grad({&second[1], 1}, {&inputs[2], 1}, {&seed, 1}, {.allow_unused = true});
    EXPECT_EQ(third[0] ? third[0].item() : 0, p != 0 ? 0 : 6);
  }
}

// The gradient of a recurrence against that of its steps on the tape: the same sums in the same
// order, so the same bits.
constexpr std::string_view kRecurrence = R"(
func @main(%h: f32[8], %x: f32[7, 8], %w: f32[8]) {
  %0, %1 = prim.scan_loop([%h], [%x], [%w]) {length = 7} ({
    ^(%i: i64[], %a: f32[8], %b: f32[8], %c: f32[8]):
    %2 = prim.mul(%a, %c)
    %3 = prim.add(%2, %b)
    %4 = prim.tanh(%3)
    return %4, %4
  })
  return %1
})";

TEST(ControlGradient, ALoopHasTheBitsOfItsStepsOnTheTape) {
  auto floats = [](std::vector<int64_t> dims, int salt) {
    int64_t count = 1;
    for (int64_t n : dims) count *= n;
    std::vector<float> values(static_cast<size_t>(count));
    for (size_t i = 0; i < values.size(); ++i)
      values[i] = static_cast<float>(std::sin(1.7 * static_cast<double>(i) + salt));
    Tensor t = eager::from_data(dims, DType::f32, values.data());
    t.set_requires_grad(true);
    return t;
  };
  auto gradient = [](const Tensor& y, std::span<const Tensor> x) {
    Tensor total = call1("tensor.sum", {call1("tensor.multiply", {y, y})}), seed;
    return eager::grad({&total, 1}, x, {&seed, 1}, {});
  };
  std::vector<Tensor> x = {floats({8}, 1), floats({7, 8}, 2), floats({8}, 3)};
  auto loop_held = std::make_shared<eager::Function>(
      "recurrence", ir::parse_module(kRecurrence, eager::context()), std::vector<ir::Dim>());
  eager::Function& loop = *loop_held;
  std::vector<Tensor> y(1);
  eager::call(loop, x, {}, y);
  std::vector<Tensor> by_loop = gradient(y[0], x);

  std::vector<eager::Operand> rows;
  Tensor h = x[0];
  for (int64_t i = 0; i < 7; ++i) {
    Tensor row = call1("prim.slice", {x[1]},
                       {{"starts", std::vector<int64_t>{i, 0}},
                        {"limits", std::vector<int64_t>{i + 1, 8}},
                        {"strides", std::vector<int64_t>{1, 1}}});
    row = call1("tensor.reshape", {row}, {{"shape", std::vector<int64_t>{8}}});
    h = call1("tensor.tanh", {call1("tensor.add", {call1("tensor.multiply", {h, x[2]}), row})});
    rows.emplace_back(h);
  }
  const int64_t count = 7;
  const ir::OpInfo& stack = eager::context().op("tensor.stack");
  std::vector<Tensor> by_tape = gradient(eager::call(stack, rows, {}, {&count, 1})[0], x);
  EXPECT_TRUE(test::same_bits(by_loop[0].array(), by_tape[0].array()));
  EXPECT_TRUE(test::same_bits(by_loop[1].array(), by_tape[1].array()));
  EXPECT_TRUE(test::same_bits(by_loop[2].array(), by_tape[2].array()));
}

// What a custom_vjp says is what comes out, even where it is wrong on purpose; and it is itself
// differentiated.
constexpr std::string_view kOwn = R"(
func @main(%x: f64[]) {
  %0 = prim.custom_vjp(%x) {backward = @b, forward = @f, results = !builtin.tuple<f64[]>}
  return %0
}
func @f(%x: f64[]) {
  %0 = prim.exp(%x)
  return %0, %x
}
func @b(%x: f64[], %g: f64[]) {
  %0 = prim.sin(%x)
  %1 = prim.mul(%g, %0)
  return %1
})";

TEST(ControlGradient, ACustomVjpIsTakenAtItsWord) {
  auto own_held = std::make_shared<eager::Function>("own", ir::parse_module(kOwn, eager::context()),
                                                    std::vector<ir::Dim>());
  eager::Function& own = *own_held;
  double x = 0.7;
  Tensor t = eager::from_data({}, DType::f64, &x), seed;
  t.set_requires_grad(true);
  std::vector<Tensor> y(1);
  eager::call(own, {&t, 1}, {}, y);
  const double expected[] = {std::exp(x), std::sin(x), std::cos(x), -std::sin(x)};
  EXPECT_NEAR(y[0].item(), expected[0], 1e-15);
  for (int order = 1; order <= 3; ++order) {
    y = eager::grad({&y[0], 1}, {&t, 1}, {&seed, 1}, {.create_graph = true});
    EXPECT_NEAR(y[0].item(), expected[order], 1e-15) << order;
  }
}

TEST(ControlGradient, NothingIsKnownOfACustomCall) {
  ir::Module module = ir::parse_module(R"(
func @main(%x: f64[2]) {
  %0 = prim.custom_call(%x) {results = !builtin.tuple<f64[2]>, target = "a.kernel"}
  return %0
})",
                                       eager::context());
  const int zero = 0;
  try {
    transform::differentiate(module, module.main(), {&zero, 1}, {&zero, 1});
    FAIL() << "was differentiated";
  } catch (const UserError& error) {
    EXPECT_EQ(error.kind(), ErrorKind::not_supported);
    EXPECT_NE(std::string_view(error.what()).find("custom_vjp"), std::string_view::npos);
  }
}

// Forward and backward are modules like any other, at every order.
TEST(ControlGradient, IsVerified) {
  for (const test::TextCase& c : test::text_cases()) {
    if (!c.sample.gradient) continue;
    SCOPED_TRACE(c.sample.text);
    ir::Module module = ir::parse_module(c.sample.text, eager::context());
    ir::Func func = module.main();
    for (int order = 1; order <= 3; ++order) {
      std::vector<int> wanted, given;
      for (size_t i = 0; i < func.argument_types().size(); ++i) {
        if (is_inexact(func.argument_types()[i].dtype())) wanted.push_back(static_cast<int>(i));
      }
      for (size_t i = 0; i < func.results().size(); ++i) {
        if (is_inexact(func.results()[i].dtype())) given.push_back(static_cast<int>(i));
      }
      transform::Gradient gradient = transform::differentiate(module, func, wanted, given);
      ASSERT_NO_THROW(ir::verify(module)) << "order " << order;
      std::string printed = ir::print(module);
      EXPECT_EQ(ir::print(ir::parse_module(printed, eager::context())), printed);
      func = gradient.backward;
    }
  }
}

}  // namespace
}  // namespace proa
