// Gradients through the executor: against central differences, against derivatives on paper up to
// the third order, and the order in which cotangents are added, which is part of the result.

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <functional>

#include "proa/eager/call.h"
#include "proa/eager/function.h"
#include "proa/eager/node.h"
#include "proa/ir/parser.h"

namespace proa {
namespace {

using eager::call1;
using eager::Tensor;

Tensor tensor(std::vector<int64_t> dims, const std::vector<double>& values) {
  return eager::from_data(dims, DType::f64, values.data());
}

// Spread over 0.3 .. 1.7, so that no function here is near an edge of where it is defined.
std::vector<double> some_values(size_t count, size_t salt) {
  std::vector<double> values(count);
  for (size_t i = 0; i < count; ++i) {
    values[i] = 1 + 0.7 * std::sin(static_cast<double>(1 + 7 * i + 13 * salt));
  }
  return values;
}

struct Case {
  const char* name;
  std::vector<std::vector<int64_t>> dims;
  Tensor (*run)(const std::vector<Tensor>&);
};

Tensor weighed_sum(const Tensor& y) {
  std::vector<double> weights = some_values(static_cast<size_t>(y.elements()), 5);
  Tensor w = tensor({y.dims().begin(), y.dims().end()}, weights);
  return call1("tensor.sum", {call1("tensor.multiply", {y, w})});
}

const Case kCases[] = {
    {"product",
     {{2, 3}, {2, 3}},
     [](const std::vector<Tensor>& x) { return call1("tensor.multiply", {x[0], x[1]}); }},
    {"broadcast quotient",
     {{2, 3}, {3}},
     [](const std::vector<Tensor>& x) { return call1("tensor.divide", {x[0], x[1]}); }},
    {"power",
     {{4}, {4}},
     [](const std::vector<Tensor>& x) { return call1("tensor.pow", {x[0], x[1]}); }},
    {"tanh", {{5}}, [](const std::vector<Tensor>& x) { return call1("tensor.tanh", {x[0]}); }},
    {"exp times sin",
     {{3}, {3}},
     [](const std::vector<Tensor>& x) {
       return call1("tensor.multiply", {call1("tensor.exp", {x[0]}), call1("tensor.sin", {x[1]})});
     }},
    {"matmul",
     {{2, 3}, {3, 4}},
     [](const std::vector<Tensor>& x) { return call1("tensor.matmul", {x[0], x[1]}); }},
    {"sum of an axis",
     {{2, 3, 2}},
     [](const std::vector<Tensor>& x) { return call1("tensor.sum", {x[0]}, {{"axis", 1}}); }},
    {"logsumexp",
     {{3, 4}},
     [](const std::vector<Tensor>& x) {
       return call1("tensor.logsumexp", {x[0]}, {{"axis", -1}});
     }},
    {"softmax",
     {{3, 4}},
     [](const std::vector<Tensor>& x) { return call1("tensor.softmax", {x[0]}); }},
    {"read three times",
     {{4}},
     [](const std::vector<Tensor>& x) {
       Tensor square = call1("tensor.multiply", {x[0], x[0]});
       return call1("tensor.add", {square, call1("tensor.log", {x[0]})});
     }},
};

TEST(Autodiff, MeetsCentralDifferences) {
  constexpr double kStep = 1e-5, kTolerance = 2e-8;  // rounding 1e-16 / step, curvature step^2
  for (const Case& c : kCases) {
    SCOPED_TRACE(c.name);
    std::vector<std::vector<double>> values;
    for (const auto& dims : c.dims) {
      size_t count = 1;
      for (int64_t n : dims) count *= static_cast<size_t>(n);
      values.push_back(some_values(count, values.size()));
    }
    auto inputs = [&] {
      std::vector<Tensor> made;
      for (size_t i = 0; i < values.size(); ++i) made.push_back(tensor(c.dims[i], values[i]));
      return made;
    };
    std::vector<Tensor> x = inputs();
    for (Tensor& t : x) t.set_requires_grad(true);
    Tensor loss = weighed_sum(c.run(x));
    Tensor seed;
    std::vector<Tensor> g = eager::grad({&loss, 1}, x, {&seed, 1}, {});
    for (size_t i = 0; i < values.size(); ++i) {
      for (size_t k = 0; k < values[i].size(); ++k) {
        double at = values[i][k];
        values[i][k] = at + kStep;
        double above = weighed_sum(c.run(inputs())).item();
        values[i][k] = at - kStep;
        double below = weighed_sum(c.run(inputs())).item();
        values[i][k] = at;
        double expected = (above - below) / (2 * kStep);
        EXPECT_NEAR(g[i].item(static_cast<int64_t>(k)), expected,
                    kTolerance * std::max(1.0, std::abs(expected)))
            << "operand " << i << ", element " << k;
      }
    }
  }
}

// d^k f / dx^k for k = 1, 2, 3, elementwise.
std::vector<Tensor> derivatives(const Tensor& x, const std::function<Tensor(const Tensor&)>& f) {
  std::vector<Tensor> found;
  Tensor y = f(x), seed;
  for (int order = 1; order <= 3; ++order) {
    Tensor total = call1("tensor.sum", {y});
    y = eager::grad({&total, 1}, {&x, 1}, {&seed, 1}, {.create_graph = true})[0];
    found.push_back(y);
  }
  return found;
}

TEST(Autodiff, ThirdDerivativeOfTanh) {
  std::vector<double> at = {-2.5, -1, -0.25, 0, 0.5, 1.5};
  Tensor x = tensor({6}, at);
  x.set_requires_grad(true);
  auto found = derivatives(x, [](const Tensor& t) { return call1("tensor.tanh", {t}); });
  for (size_t i = 0; i < at.size(); ++i) {
    auto k = static_cast<int64_t>(i);
    double t = std::tanh(at[i]), s = 1 - t * t;
    EXPECT_NEAR(found[0].item(k), s, 1e-14);
    EXPECT_NEAR(found[1].item(k), -2 * t * s, 1e-14);
    EXPECT_NEAR(found[2].item(k), -2 * s * (1 - 3 * t * t), 1e-14);
  }
}

TEST(Autodiff, ThirdDerivativeOfTheCube) {
  std::vector<double> at = {-2, -0.5, 1, 3};
  Tensor x = tensor({4}, at);
  x.set_requires_grad(true);
  auto by_products = derivatives(x, [](const Tensor& t) {
    return call1("tensor.multiply", {call1("tensor.multiply", {t, t}), t});
  });
  auto by_power = derivatives(x, [](const Tensor& t) { return call1("tensor.pow", {t, 3.0}); });
  for (const auto& found : {by_products, by_power}) {
    for (size_t i = 0; i < at.size(); ++i) {
      auto k = static_cast<int64_t>(i);
      EXPECT_NEAR(found[0].item(k), 3 * at[i] * at[i], 1e-12);
      EXPECT_NEAR(found[1].item(k), 6 * at[i], 1e-12);
      EXPECT_NEAR(found[2].item(k), 6, 1e-12);
    }
  }
}

Tensor floats(const std::vector<float>& values) {
  int64_t dims[1] = {static_cast<int64_t>(values.size())};
  return eager::from_data(dims, DType::f32, values.data());
}

Tensor through_tape(const std::vector<Tensor>& x) {
  Tensor a = call1("tensor.multiply", {x[0], x[1]});
  Tensor b = call1("tensor.multiply", {x[0], x[2]});
  Tensor c = call1("tensor.multiply", {x[0], x[3]});
  return call1("tensor.add", {call1("tensor.add", {a, b}), c});
}

constexpr std::string_view kWhole = R"(
func @main(%x: f32[4], %a: f32[4], %b: f32[4], %c: f32[4]) {
  %0 = prim.mul(%x, %a)
  %1 = prim.mul(%x, %b)
  %2 = prim.mul(%x, %c)
  %3 = prim.add(%0, %1)
  %4 = prim.add(%3, %2)
  return %4
}
)";

// Cotangents of x come from the last consumer first: (c + b) + a. In f32 every other order gives
// something else in one of the columns.
TEST(Autodiff, CotangentsAddFromTheLastConsumer) {
  std::vector<float> a = {1e8f, 1, -1e8f, 0.1f}, b = {-1e8f, -1e8f, 1, 0.2f},
                     c = {1, 1e8f, 1e8f, 0.3f};
  auto inputs = [&] {
    std::vector<Tensor> made = {floats({1, 2, 3, 4}), floats(a), floats(b), floats(c)};
    made[0].set_requires_grad(true);
    return made;
  };
  auto gradient = [](const std::vector<Tensor>& x, const Tensor& y) {
    Tensor total = call1("tensor.sum", {y}), seed;
    return eager::grad({&total, 1}, {&x[0], 1}, {&seed, 1}, {})[0];
  };
  std::vector<Tensor> x = inputs(), z = inputs();
  Tensor eager_gradient = gradient(x, through_tape(x));

  auto whole_held = std::make_shared<eager::Function>(
      "whole", ir::parse_module(kWhole, eager::context()), std::vector<ir::Dim>());
  eager::Function& whole = *whole_held;
  std::vector<Tensor> y(1);
  eager::call(whole, z, {}, y);
  Tensor graph_gradient = gradient(z, y[0]);
  for (size_t i = 0; i < a.size(); ++i) {
    auto k = static_cast<int64_t>(i);
    volatile float first = c[i] + b[i];  // a float, whatever the compiler keeps it in
    float expected = first + a[i];
    EXPECT_EQ(static_cast<float>(eager_gradient.item(k)), expected) << i;
    EXPECT_EQ(static_cast<float>(graph_gradient.item(k)), expected) << i;
  }
}

}  // namespace
}  // namespace proa
