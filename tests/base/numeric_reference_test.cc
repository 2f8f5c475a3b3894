// The f64 functions: sampled against the C library in long double, and against the mpmath values of
// numeric_reference.txt (tools/numeric/reference.py) where no C library has the function.
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <limits>
#include <map>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "proa/base/numeric/numeric.h"

namespace proa {
namespace {

double ulp_distance(double got, long double want) {
  constexpr double kWrong = 1e9;
  if (std::isnan(want) || std::isnan(got)) return std::isnan(want) && std::isnan(got) ? 0 : kWrong;
  const double rounded = static_cast<double>(want);
  if (rounded == got)
    return rounded != 0 || std::signbit(rounded) == std::signbit(got) ? 0 : kWrong;
  if (std::isinf(rounded) || std::isinf(got)) return std::isinf(want) ? kWrong : 1;
  const int exponent = std::max(std::ilogb(want), -1022);
  return static_cast<double>(std::fabs(got - want) / std::ldexp(1.0L, exponent - 52));
}

struct Unary {
  const char* name;
  double (*ours)(double);
  long double (*oracle)(long double);
  double low, high;
};

#define PROA_CASE(name, low, high)                                                                \
  Unary {                                                                                         \
    #name, [](double x) { return numeric::name(x); }, [](long double x) { return std::name(x); }, \
        low, high                                                                                 \
  }

class NumericF64 : public testing::TestWithParam<Unary> {};

TEST_P(NumericF64, Sample) {
  const Unary& c = GetParam();
  std::mt19937_64 random(1);
  double worst = 0, at = 0;
  const auto check = [&](double x) {
    if (!(x >= c.low && x <= c.high)) return;
    const double e = ulp_distance(c.ours(x), c.oracle(x));
    if (e > worst) worst = e, at = x;
  };
  const double near_low = std::max(c.low, -50.0), near_high = std::min(c.high, 50.0);
  for (int i = 0; i < 30000; ++i) {
    const double u = static_cast<double>(random() >> 11) * 0x1p-53;
    check(near_low + (near_high - near_low) * u);
    check(std::bit_cast<double>(random()));
    check(std::ldexp(i % 2 != 0 ? 1 + u : -1 - u, static_cast<int>(random() % 40) - 30));
  }
  const double infinity = std::numeric_limits<double>::infinity();
  for (double x : {0.0, 0x1p-1074, 0x1p-1022, 1e-300, 0.5, 1.0, 2.0, 40.0, 709.78, 710.0, 745.1,
                   746.0, 1e300, std::numeric_limits<double>::max(), infinity}) {
    check(x);
    check(-x);
  }
  check(c.low);
  check(c.high);
  EXPECT_LE(worst, 2) << c.name << " at " << at;
  EXPECT_TRUE(std::isnan(c.ours(std::numeric_limits<double>::quiet_NaN())));
}

constexpr double kAll = std::numeric_limits<double>::infinity();

INSTANTIATE_TEST_SUITE_P(
    All, NumericF64,
    testing::Values(
        PROA_CASE(exp, -kAll, kAll), PROA_CASE(expm1, -kAll, kAll), PROA_CASE(log, -kAll, kAll),
        PROA_CASE(log1p, -kAll, kAll), PROA_CASE(sin, -kAll, kAll), PROA_CASE(cos, -kAll, kAll),
        PROA_CASE(tan, -kAll, kAll), PROA_CASE(sinh, -kAll, kAll), PROA_CASE(cosh, -kAll, kAll),
        PROA_CASE(tanh, -kAll, kAll), PROA_CASE(asin, -kAll, kAll), PROA_CASE(acos, -kAll, kAll),
        PROA_CASE(atan, -kAll, kAll), PROA_CASE(asinh, -kAll, kAll), PROA_CASE(acosh, -kAll, kAll),
        PROA_CASE(atanh, -kAll, kAll), PROA_CASE(erf, -kAll, kAll), PROA_CASE(erfc, -kAll, kAll),
        PROA_CASE(lgamma, 0, kAll), PROA_CASE(floor, -kAll, kAll), PROA_CASE(ceil, -kAll, kAll),
        PROA_CASE(trunc, -kAll, kAll), PROA_CASE(sqrt, 0, kAll),
        Unary{"round", [](double x) { return numeric::round(x); },
              [](long double x) { return std::nearbyint(x); }, -kAll, kAll}),
    [](const auto& info) { return std::string(info.param.name); });

#undef PROA_CASE

TEST(NumericF64, FunctionsOfTwoNumbers) {
  std::mt19937_64 random(2);
  double worst_pow = 0, worst_atan2 = 0;
  for (int i = 0; i < 50000; ++i) {
    const double x = std::bit_cast<double>(random()), y = std::bit_cast<double>(random());
    const double u = static_cast<double>(random() >> 11) * 0x1p-53;
    worst_atan2 = std::max(worst_atan2, ulp_distance(numeric::atan2(x, y),
                                                     std::atan2(static_cast<long double>(x), y)));
    const double base = i % 2 != 0 ? 10 * u : std::fabs(x), exponent = 600 * u - 300;
    worst_pow =
        std::max(worst_pow, ulp_distance(numeric::pow(base, exponent),
                                         std::pow(static_cast<long double>(base), exponent)));
    if (std::isfinite(x) && std::isfinite(y)) {
      ASSERT_EQ(numeric::fmod(x, y), std::fmod(x, y)) << x << " " << y;
      const float a = static_cast<float>(u),
                  b = std::ldexp(static_cast<float>(x == 0 ? 1 : u + 1), i % 250 - 125);
      ASSERT_EQ(numeric::fmod(a, b), std::fmod(a, b)) << a << " " << b;
    }
  }
  EXPECT_LE(worst_pow, 1);
  EXPECT_LE(worst_atan2, 1);
}

TEST(NumericF64, ReferenceValues) {
  // Beside the zeros below 0 a small result is the difference of large ones: there the bound is on
  // the error in units of eps (1 + |value|).
  std::map<std::string, double> worst;
  std::ifstream file(PROA_SOURCE_DIR "/tests/base/numeric_reference.txt");
  std::string text;
  int rows = 0;
  while (std::getline(file, text)) {
    std::istringstream in(text);
    std::string name, word;
    in >> name;
    std::vector<double> numbers;
    while (in >> word) numbers.push_back(std::strtod(word.c_str(), nullptr));
    ASSERT_GE(numbers.size(), 3u) << text;
    const long double want = static_cast<long double>(numbers[numbers.size() - 2]) + numbers.back();
    const double a = numbers[0], b = numbers[1];
    const double got = name == "erfinv"              ? numeric::erfinv(a)
                       : name.starts_with("digamma") ? numeric::digamma(a)
                       : name.starts_with("lgamma")  ? numeric::lgamma(a)
                                                     : numeric::polygamma(a, b);
    const double error =
        name.ends_with("negative")
            ? static_cast<double>(std::fabs(got - want) / (1 + std::fabs(want)) * 0x1p52L)
            : ulp_distance(got, want);
    worst[name] = std::max(worst[name], error);
    ++rows;
  }
  EXPECT_GT(rows, 1000);
  for (const auto& [name, error] : worst)
    EXPECT_LE(error, name.starts_with("polygamma") ? 4 : 2) << name;
}

TEST(NumericF64, Poles) {
  const double inf = std::numeric_limits<double>::infinity();
  EXPECT_EQ(numeric::digamma(0.0), -inf);
  EXPECT_EQ(numeric::digamma(-0.0), inf);
  EXPECT_TRUE(std::isnan(numeric::digamma(-3.0)));
  EXPECT_EQ(numeric::polygamma(1.0, 0.0), inf);
  EXPECT_EQ(numeric::polygamma(1.0, -2.0), inf);
  EXPECT_TRUE(std::isnan(numeric::polygamma(1.5, 2.0)));
  EXPECT_TRUE(std::isnan(numeric::polygamma(-1.0, 2.0)));
  EXPECT_EQ(numeric::lgamma(-4.0), inf);
  EXPECT_EQ(numeric::erfinv(1.0), inf);
  EXPECT_EQ(numeric::erfinv(-1.0), -inf);
  EXPECT_TRUE(std::isnan(numeric::erfinv(1.0001)));
}

}  // namespace
}  // namespace proa
