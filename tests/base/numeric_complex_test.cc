// The complex functions against the C library's in long double, on random numbers and on the grid
// of special values of C99 annex G (where the standard leaves a sign open, any sign passes).
#include "proa/base/numeric/complex.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <complex>
#include <limits>
#include <random>
#include <string>

namespace proa {
namespace {

using C128 = std::complex<double>;
using Wide = std::complex<long double>;

struct Unary {
  const char* name;
  C128 (*ours)(C128);
  std::complex<float> (*ours_c64)(std::complex<float>);
  Wide (*oracle)(const Wide&);
  C128 (*oracle_c128)(const C128&);
};

#define PROA_CASE(name)                                                                        \
  Unary {                                                                                      \
    #name, [](C128 z) { return numeric::name(z); },                                            \
        [](std::complex<float> z) { return numeric::name(z); },                                \
        [](const Wide& z) { return std::name(z); }, [](const C128& z) { return std::name(z); } \
  }

class NumericComplex : public testing::TestWithParam<Unary> {};

// |got - want| in units of eps |want|, part by part where both are ordinary.
double error_of(C128 got, Wide want, double eps) {
  const Wide miss = Wide(got) - want;
  return static_cast<double>(std::abs(miss) / (std::abs(want) * eps));
}

TEST_P(NumericComplex, RandomNumbers) {
  std::mt19937_64 random(11);
  std::uniform_real_distribution<double> unit(-2, 2);
  std::uniform_int_distribution<int> exponent(-40, 5);
  double worst = 0, worst_c64 = 0;
  for (int i = 0; i < 20000; ++i) {
    C128 z(unit(random), unit(random));
    if (i % 2 != 0) {
      z = {std::ldexp(z.real(), exponent(random)), std::ldexp(z.imag(), exponent(random))};
    }
    worst = std::max(worst, error_of(GetParam().ours(z), GetParam().oracle(Wide(z)), 0x1p-53));
    const std::complex<float> narrow(z);
    worst_c64 = std::max(worst_c64, error_of(C128(GetParam().ours_c64(narrow)),
                                             GetParam().oracle(Wide(narrow)), 0x1p-24));
  }
  EXPECT_LT(worst, 5) << GetParam().name;
  EXPECT_LT(worst_c64, 1.001) << GetParam().name;
}

// Equal, NaN with NaN; the sign of an infinity or zero counts where the other part is no NaN.
bool agrees(double got, double want, bool sign_is_open) {
  if (std::isnan(want)) return std::isnan(got);
  if (sign_is_open) return std::fabs(got) == std::fabs(want);
  if (std::isinf(want) || want == 0) return got == want && std::signbit(got) == std::signbit(want);
  return std::fabs(got - want) <= 1e-14 * std::fabs(want);
}

TEST_P(NumericComplex, SpecialValues) {
  const double inf = std::numeric_limits<double>::infinity();
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const double values[] = {0.0,    -0.0,  0.5,    1.0, -1.0, 2.5, -2.5,
                           1e-300, 1e300, -1e300, inf, -inf, nan};
  for (double x : values) {
    for (double y : values) {
      const C128 got = GetParam().ours({x, y}), want = GetParam().oracle_c128({x, y});
      EXPECT_TRUE(agrees(got.real(), want.real(), std::isnan(want.imag())) &&
                  agrees(got.imag(), want.imag(), std::isnan(want.real())))
          << GetParam().name << C128(x, y) << " = " << got << ", expected " << want;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, NumericComplex,
                         testing::Values(PROA_CASE(exp), PROA_CASE(log), PROA_CASE(sqrt),
                                         PROA_CASE(sin), PROA_CASE(cos), PROA_CASE(tan),
                                         PROA_CASE(sinh), PROA_CASE(cosh), PROA_CASE(tanh),
                                         PROA_CASE(asin), PROA_CASE(acos), PROA_CASE(atan),
                                         PROA_CASE(asinh), PROA_CASE(acosh), PROA_CASE(atanh)),
                         [](const auto& info) { return std::string(info.param.name); });

#undef PROA_CASE

TEST(NumericComplexArithmetic, DivisionNeitherOverflowsNorUnderflowsOnTheWay) {
  std::mt19937_64 random(5);
  std::uniform_real_distribution<double> unit(-1, 1);
  std::uniform_int_distribution<int> exponent(-450, 450);
  for (int i = 0; i < 20000; ++i) {
    const auto number = [&] {
      const int e = exponent(random);
      return C128(std::ldexp(unit(random), e), std::ldexp(unit(random), e));
    };
    const C128 a = number(), b = number();
    const Wide want = Wide(a) / Wide(b);  // the exponents of long double have room
    EXPECT_LT(error_of(numeric::div(a, b), want, 0x1p-53), 4) << a << b;
  }
  const C128 huge(1e308, 1e308);
  EXPECT_EQ(numeric::div(huge, huge), C128(1, 0));
  EXPECT_EQ(numeric::div(C128(5e-324, 0), C128(5e-324, 0)), C128(1, 0));
  EXPECT_EQ(numeric::div(C128(1, 1), C128(0, 0)), C128(HUGE_VAL, HUGE_VAL));
  EXPECT_EQ(numeric::div(C128(1, 1), C128(HUGE_VAL, 0)), C128(0, 0));
}

TEST(NumericComplexArithmetic, AbsoluteValue) {
  EXPECT_EQ(numeric::abs(C128(3, -4)), 5);
  EXPECT_EQ(numeric::abs(C128(3e300, 4e300)), 5e300);
  EXPECT_EQ(numeric::abs(C128(3e-320, 4e-320)), std::hypot(3e-320, 4e-320));
  EXPECT_EQ(numeric::abs(C128(std::nan(""), HUGE_VAL)), HUGE_VAL);
  EXPECT_EQ(numeric::abs(std::complex<float>(3e37f, 4e37f)), 5e37f);
}

TEST(NumericComplexArithmetic, Power) {
  EXPECT_EQ(numeric::pow(C128(1, 1), C128(2, 0)), C128(0, 2));
  EXPECT_EQ(numeric::pow(C128(0, 1), C128(-2, 0)), C128(-1, 0));
  EXPECT_EQ(numeric::pow(C128(0, 0), C128(0, 0)), C128(1, 0));
  EXPECT_EQ(numeric::pow(C128(0, 0), C128(2.5, 1)), C128(0, 0));
  std::mt19937_64 random(3);
  std::uniform_real_distribution<double> unit(-3, 3);
  for (int i = 0; i < 5000; ++i) {
    const C128 a(unit(random), unit(random)), b(unit(random), unit(random));
    EXPECT_LT(error_of(numeric::pow(a, b), std::pow(Wide(a), Wide(b)), 0x1p-53), 20) << a << b;
  }
}

}  // namespace
}  // namespace proa
