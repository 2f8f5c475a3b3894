// The operators as C++ functions: each form of argument and of result, against values worked out by
// hand or by NumPy; and what they refuse.

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "proa/base/error.h"
#include "proa/eager/call.h"
#include "proa/eager/functions/all.h"
#include "proa/eager/node.h"

namespace proa::test {
namespace {

Tensor floats(std::vector<int64_t> dims, std::vector<float> values) {
  return eager::from_data(dims, DType::f32, values.data());
}
Tensor integers(std::vector<int64_t> dims, std::vector<int64_t> values) {
  return eager::from_data(dims, DType::i64, values.data());
}

void expect(const Tensor& got, std::vector<int64_t> dims, std::vector<double> values,
            double tolerance = 0) {
  ASSERT_EQ(std::vector<int64_t>(got.dims().begin(), got.dims().end()), dims);
  for (size_t i = 0; i < values.size(); ++i) {
    EXPECT_NEAR(got.item(static_cast<int64_t>(i)), values[i], tolerance) << "element " << i;
  }
}

template <class Call>
void refused(ErrorKind kind, std::string_view op, std::string_view argument, const Call& call) {
  try {
    call();
    ADD_FAILURE() << op << " took a wrong " << argument;
  } catch (const UserError& error) {
    EXPECT_EQ(error.kind(), kind) << error.what();
    EXPECT_EQ(error.op(), op) << error.what();
    EXPECT_EQ(error.argument(), argument) << error.what();
  }
}

TEST(Functions, NumbersTakeTheDtypeBeside) {
  Tensor whole = integers({2}, {1, 2}), real = floats({2}, {1, 2});
  EXPECT_EQ(add(whole, 2).dtype(), DType::i64);
  expect(add(whole, 2), {2}, {3, 4});
  EXPECT_EQ(add(whole, 2.5).dtype(), DType::f32);
  expect(add(whole, 2.5), {2}, {3.5, 4.5});
  EXPECT_EQ(add(real, 2.5).dtype(), DType::f32);
  expect(subtract(1, real), {2}, {0, -1});
  EXPECT_EQ(multiply(real, Number::complex(0, 1)).dtype(), DType::c64);
  EXPECT_EQ(add(whole, true).dtype(), DType::i64);
  expect(add(whole, true), {2}, {2, 3});
}

TEST(Functions, DefaultsAreThePages) {
  // scipy.special.softmax([1, 2, 3])
  expect(softmax(floats({1, 3}, {1, 2, 3})), {1, 3}, {0.09003057, 0.24472847, 0.66524096}, 1e-7);
  expect(softmax(floats({1, 3}, {1, 2, 3}), 0), {1, 3}, {1, 1, 1});
  EXPECT_EQ(softmax(floats({2}, {1, 2}), -1, DType::f64).dtype(), DType::f64);
  EXPECT_EQ(argmax(floats({3}, {1, 3, 2})).dtype(), DType::i64);
  EXPECT_EQ(argmax(floats({3}, {1, 3, 2}), 0, false, DType::i32).dtype(), DType::i32);
  expect(leaky_relu(floats({2}, {-1, 2})), {2}, {-0.01, 2}, 1e-8);
}

TEST(Functions, OneOrSeveralIntegers) {
  Tensor x = floats({2, 3}, {1, 2, 3, 4, 5, 6});
  expect(sum(x), {}, {21});
  expect(sum(x, 0), {3}, {5, 7, 9});
  expect(sum(x, {0, 1}), {}, {21});
  std::vector<int64_t> none;
  expect(mean(x, std::vector<int64_t>{1}, true), {2, 1}, {2, 5});
  expect(reshape(x, {3, -1}), {3, 2}, {1, 2, 3, 4, 5, 6});
  expect(transpose(x, {1, 0}), {3, 2}, {1, 4, 2, 5, 3, 6});
  expect(full({}, 1.5), {}, {1.5});
  expect(full(none, 1.5), {}, {1.5});
  expect(zeros({2, 1}), {2, 1}, {0, 0});
  expect(tile(floats({1}, {7}), 3), {3}, {7, 7, 7});
}

TEST(Functions, SplitKnowsANumberFromAList) {
  Tensor x = floats({3}, {1, 2, 3});
  std::vector<Tensor> parts = split(x, 3);
  ASSERT_EQ(parts.size(), 3u);
  expect(parts[2], {1}, {3});
  parts = split(x, {1, 2});
  ASSERT_EQ(parts.size(), 2u);
  expect(parts[1], {2}, {2, 3});
  ASSERT_EQ(split(x, {3}).size(), 1u);
}

TEST(Functions, SeveralTensors) {
  Tensor a = floats({1, 2}, {1, 2}), b = floats({1, 2}, {3, 4});
  expect(concat({a, b}), {2, 2}, {1, 2, 3, 4});
  expect(concat({a, b}, 1), {1, 4}, {1, 2, 3, 4});
  std::vector<Tensor> both = {a, b};
  expect(stack(both, 1), {1, 2, 2}, {1, 2, 3, 4});
  expect(einsum("ij,kj->ik", {a, b}), {1, 1}, {11});
}

TEST(Functions, OptionalOperands) {
  Tensor x = floats({1, 2}, {1, 2}), weight = floats({2, 2}, {1, 0, 0, 1});
  expect(linear(x, weight), {1, 2}, {1, 2});
  expect(linear(x, weight, floats({2}, {10, 20})), {1, 2}, {11, 22});
  expect(linear(x, weight, Tensor()), {1, 2}, {1, 2});
  expect(clip(x, {}, 1.5), {1, 2}, {1, 1.5});
  expect(clip(x, 1.5), {1, 2}, {1.5, 2});
  expect(layer_norm(x, 2), {1, 2}, {-1, 1}, 1e-4);
  expect(arange(3), {3}, {0, 1, 2});
  expect(arange(1, 7, 2), {3}, {1, 3, 5});
  expect(where(greater_than(x, 1.5), x, 0), {1, 2}, {0, 2});
}

TEST(Functions, SeveralResults) {
  auto [values, indices] = topk(floats({4}, {1, 4, 2, 3}), 2);
  expect(values, {2}, {4, 3});
  expect(indices, {2}, {1, 3});
  Results factors = qr(floats({2, 2}, {3, 1, 4, 2}));
  expect(matmul(factors[0], factors[1]), {2, 2}, {3, 1, 4, 2}, 1e-5);
  // One step of SGD with momentum: v = 0.9 v + g, p - lr v.
  auto [param, velocity] = momentum_step(floats({1}, {1}), floats({1}, {2}), floats({1}, {10}),
                                         eager::scalar(DType::f64, 0.5));
  expect(velocity, {1}, {11}, 1e-6);
  expect(param, {1}, {-4.5}, 1e-6);
}

TEST(Functions, AsManyResultsAsAreAskedFor) {
  Tensor image = floats({1, 1, 2, 2}, {1, 4, 3, 2});
  Tensor alone = max_pool2d(image, 2);
  expect(alone, {1, 1, 1, 1}, {4});
  Results both = max_pool2d(image, 2, {}, 0, true);
  ASSERT_EQ(both.size(), 2u);
  expect(both[1], {1, 1, 1, 1}, {1});
  EXPECT_THROW((void)Tensor(both), UserError);
}

TEST(Functions, PaddingIsIntegersOrAWord) {
  Tensor image = ones({1, 1, 3, 3}), kernel = ones({1, 1, 3, 3});
  std::vector<double> counts = {4, 6, 4, 6, 9, 6, 4, 6, 4};
  expect(conv2d(image, kernel), {1, 1, 1, 1}, {9});
  expect(conv2d(image, kernel, {}, 1, 1), {1, 1, 3, 3}, counts);
  expect(conv2d(image, kernel, {}, 1, {1, 1}), {1, 1, 3, 3}, counts);
  expect(conv2d(image, kernel, {}, 1, "same"), {1, 1, 3, 3}, counts);
}

TEST(Functions, WordsAndNumbersAsAttributes) {
  Tensor x = floats({2}, {1, 2}), y = floats({2}, {2, 4});
  expect(mse_loss(x, y), {}, {2.5});
  expect(mse_loss(x, y, "sum"), {}, {5});
  EXPECT_EQ(full({1}, 3).dtype(), DType::f32);
  EXPECT_EQ(full({1}, 3, DType::i64).dtype(), DType::i64);
  expect(full({1}, true, DType::boolean), {1}, {1});
  expect(full_like(x, 3), {2}, {3, 3});
}

TEST(Functions, RandomNumbersComeFromTheGenerator) {
  eager::seed(7);
  Tensor first = uniform({4}, DType::f32, 2, 3), second = uniform({4}, DType::f32, 2, 3);
  eager::seed(7);
  Tensor again = uniform({4}, DType::f32, 2, 3);
  bool same = true;
  for (int64_t i = 0; i < 4; ++i) {
    EXPECT_EQ(first.item(i), again.item(i));
    EXPECT_GE(first.item(i), 2);
    EXPECT_LT(first.item(i), 3);
    same &= first.item(i) == second.item(i);
  }
  EXPECT_FALSE(same);
  expect(dropout(first, 0.5, {}, false), {4}, {first.item(0), first.item(1)});
}

TEST(Functions, CallsAreRecorded) {
  Tensor x = floats({3}, {1, 2, 3});
  x.set_requires_grad(true);
  Tensor outputs[] = {sum(multiply(exp(x), x))}, inputs[] = {x};
  std::vector<Tensor> gradient = eager::grad(outputs, inputs, {}, {});
  std::vector<double> expected;
  for (double v : {1.0, 2.0, 3.0}) expected.push_back((v + 1) * std::exp(v));
  expect(gradient[0], {3}, expected, 1e-4);
}

// The example of README.md. NumPy: the slope of the mean of (tanh x - sin x)^2 is
// (tanh x - sin x) (1 / cosh^2 x - cos x) / 2 for four elements.
TEST(Functions, ExampleOfTheReadme) {
  Tensor x = reshape(linspace(-3.0, 3.0, 4), {4, 1});
  x.set_requires_grad(true);
  Tensor loss = mse_loss(linear(tanh(x), ones({1, 1})), sin(x));
  Tensor outputs[] = {loss}, inputs[] = {x};
  Tensor slope = eager::grad(outputs, inputs, {}, {})[0];
  auto [steepest, place] = topk(abs(flatten(slope)), 2);
  double v = 3, sech = 1 / std::cosh(v);
  double expected = std::abs((std::tanh(v) - std::sin(v)) * (sech * sech - std::cos(v)) / 2);
  expect(steepest, {2}, {expected, expected}, 1e-5);
  EXPECT_EQ(place.item(0) + place.item(1), 3);
}

TEST(Functions, ErrorsNameOperatorAndArgument) {
  Tensor x = floats({2, 3}, {1, 2, 3, 4, 5, 6});
  refused(ErrorKind::index, "softmax", "axis", [&] { softmax(x, 5); });
  refused(ErrorKind::value, "linear", "weight", [&] { linear(x, Tensor()); });
  refused(ErrorKind::value, "concat", "x", [&] { concat({x, Tensor()}); });
  refused(ErrorKind::value, "mse_loss", "reduction", [&] { mse_loss(x, x, "all"); });
  refused(ErrorKind::shape, "add", "y", [&] { add(x, floats({2}, {1, 2})); });
  refused(ErrorKind::type, "bitwise_and", "x", [&] { bitwise_and(x, x); });
  refused(ErrorKind::value, "chunk", "chunks", [&] { chunk(x, 0); });
}

}  // namespace
}  // namespace proa::test
