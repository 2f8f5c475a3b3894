// The f32 functions on a strided sample of all inputs against the C library's double functions, and
// the special values of C99 annex F. The C library serves here as an oracle only; no kernel calls
// it.
#include "proa/base/numeric/numeric.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "proa/base/numeric/half.h"

namespace proa {
namespace {

constexpr float kInf = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

// |got - want| in units of the last place of an f32 at `want`; huge where the kinds differ.
double ulp_distance(float got, double want) {
  constexpr double kWrong = 1e9;
  if (std::isnan(want) || std::isnan(got)) return std::isnan(want) && std::isnan(got) ? 0 : kWrong;
  const float rounded = static_cast<float>(want);
  if (rounded == got)
    return rounded != 0 || std::signbit(rounded) == std::signbit(got) ? 0 : kWrong;
  if (std::isinf(rounded)) return kWrong;
  if (std::isinf(got)) got = std::copysign(std::numeric_limits<float>::max(), got);
  int exponent = 0;
  std::frexp(want, &exponent);
  return std::fabs(got - want) / std::ldexp(1.0, std::max(exponent, -125) - 24);
}

struct Unary {
  const char* name;
  float (*ours)(float);
  float (*to_f16)(float);  // rounds to the right f16
  double (*oracle)(double);
  double bound;
};

#define PROA_EXACT(name, oracle_name)                                                              \
  Unary{#name, [](float x) { return numeric::name(x); }, [](float x) { return numeric::name(x); }, \
        [](double x) { return std::oracle_name(x); }, 0.5}
#define PROA_CASE(name, bound)                                                                    \
  Unary {                                                                                         \
    #name, [](float x) { return numeric::name(x); },                                              \
        [](float x) { return numeric::name##_to_f16(x); }, [](double x) { return std::name(x); }, \
        bound                                                                                     \
  }

class NumericUnary : public testing::TestWithParam<Unary> {};

TEST_P(NumericUnary, StridedSample) {
  const Unary& c = GetParam();
  double worst = 0;
  float worst_at = 0;
  auto check = [&](float x) {
    const double e = ulp_distance(c.ours(x), c.oracle(x));
    if (e > worst) worst = e, worst_at = x;
  };
  for (uint64_t bits = 0; bits < uint64_t{1} << 32; bits += 8191) {
    check(std::bit_cast<float>(static_cast<uint32_t>(bits)));
  }
  for (float x : {0.0f, 0.5f, 1.0f, 2.0f, 3.0f, 0x1p-149f, 0x1p-126f, 0x1.fffffep+127f, kInf}) {
    check(x);
    check(-x);
  }
  check(kNan);
  EXPECT_LE(worst, c.bound) << c.name << " at " << worst_at;
}

template <class T>
int count_of_wrong(float (*ours)(float), double (*oracle)(double)) {
  int wrong = 0;
  for (uint32_t code = 0; code < 65536; ++code) {
    const float x = numeric::to_f32(T{static_cast<uint16_t>(code)});
    const T want = numeric::narrow<T>(oracle(x)), got = numeric::narrow<T>(ours(x));
    const bool both_nan = std::isnan(numeric::to_f32(want)) && std::isnan(numeric::to_f32(got));
    wrong += want.bits != got.bits && !both_nan;
  }
  return wrong;
}

TEST_P(NumericUnary, AllResultsInF16AndBf16AreCorrectlyRounded) {
  const Unary& c = GetParam();
  EXPECT_EQ(count_of_wrong<Float16>(c.to_f16, c.oracle), 0);
  EXPECT_EQ(count_of_wrong<BFloat16>(c.ours, c.oracle), 0);
}

INSTANTIATE_TEST_SUITE_P(
    F32, NumericUnary,
    testing::Values(PROA_CASE(exp, 0.75), PROA_CASE(log, 0.6), PROA_CASE(tanh, 0.75),
                    PROA_CASE(sin, 0.75), PROA_CASE(cos, 0.75), PROA_CASE(erf, 1.0),
                    PROA_CASE(expm1, 0.501), PROA_CASE(log1p, 0.501), PROA_CASE(tan, 0.501),
                    PROA_CASE(sinh, 0.501), PROA_CASE(cosh, 0.501), PROA_CASE(asin, 0.501),
                    PROA_CASE(acos, 0.501), PROA_CASE(atan, 0.501), PROA_CASE(asinh, 0.501),
                    PROA_CASE(acosh, 0.501), PROA_CASE(atanh, 0.501), PROA_CASE(erfc, 0.501),
                    PROA_CASE(lgamma, 0.501), PROA_EXACT(sqrt, sqrt), PROA_EXACT(floor, floor),
                    PROA_EXACT(ceil, ceil), PROA_EXACT(trunc, trunc), PROA_EXACT(round, nearbyint)),
    [](const auto& info) { return std::string(info.param.name); });

#undef PROA_EXACT
#undef PROA_CASE

const double kSpecial[] = {0.0,
                           0x1p-1074,
                           1e-10,
                           0.5,
                           0.9999999,
                           1.0,
                           2.0,
                           2.5,
                           3.0,
                           4.0,
                           1e20,
                           4503599627370497.0,
                           9007199254740993.0,
                           1e308,
                           std::numeric_limits<double>::infinity(),
                           std::numeric_limits<double>::quiet_NaN()};

void expect_close(double got, double want, const char* what, double a, double b) {
  if (std::isnan(want)) {
    EXPECT_TRUE(std::isnan(got)) << what << " " << a << " " << b << ": " << got;
  } else if (std::isinf(want) || want == 0) {
    EXPECT_EQ(got, want) << what << " " << a << " " << b;
    EXPECT_EQ(std::signbit(got), std::signbit(want)) << what << " " << a << " " << b;
  } else {
    EXPECT_NEAR(got / want, 1.0, 4e-16) << what << " " << a << " " << b;
  }
}

TEST(NumericBinary, SpecialValuesAsInC99) {
  for (double a : kSpecial) {
    for (double b : kSpecial) {
      for (int signs = 0; signs < 4; ++signs) {
        const double x = signs & 1 ? -a : a, y = signs & 2 ? -b : b;
        expect_close(numeric::pow(x, y), std::pow(x, y), "pow", x, y);
        expect_close(numeric::atan2(x, y), std::atan2(x, y), "atan2", x, y);
        expect_close(numeric::fmod(x, y), std::fmod(x, y), "fmod", x, y);
      }
    }
  }
}

TEST(NumericBinary, PowersAndAnglesInF16AreCorrectlyRounded) {
  std::mt19937 random(4);
  for (int i = 0; i < 400000; ++i) {
    const float x = numeric::to_f32(Float16{static_cast<uint16_t>(random())});
    const float y = numeric::to_f32(Float16{static_cast<uint16_t>(random())});
    const Float16 power = numeric::narrow<Float16>(std::pow(double{x}, double{y}));
    const Float16 angle = numeric::narrow<Float16>(std::atan2(double{x}, double{y}));
    const auto same = [](Float16 a, float b) {
      return a.bits == numeric::narrow<Float16>(b).bits ||
             (std::isnan(numeric::to_f32(a)) && std::isnan(b));
    };
    ASSERT_TRUE(same(power, numeric::pow_to_f16(x, y))) << x << " " << y;
    ASSERT_TRUE(same(angle, numeric::atan2_to_f16(x, y))) << x << " " << y;
  }
}

TEST(NumericTrig, SmallAnglesHaveTheBitsOfAll) {
  std::vector<float> x(4096);
  std::mt19937 random(6);
  for (float& v : x)
    v = std::ldexp(static_cast<float>(random()), -static_cast<int>(random() % 40) - 17);
  ASSERT_TRUE(numeric::all_small(x.data(), 4096));
  for (float v : x) {
    ASSERT_EQ(numeric::sin_small(-v), numeric::sin(-v));
    ASSERT_EQ(numeric::cos_small(v), numeric::cos(v));
    ASSERT_EQ(numeric::sin_small(v * 1.0000001), numeric::sin(v * 1.0000001));
    ASSERT_EQ(numeric::cos_small(v * -1.0000001), numeric::cos(v * -1.0000001));
  }
  for (float large : {32768.0f, -1e30f, kInf, kNan}) {
    x[4095] = large;
    EXPECT_FALSE(numeric::all_small(x.data(), 4096)) << large;
    const double wide = double{large} * 1024;
    EXPECT_FALSE(numeric::all_small(&wide, 1)) << large;
  }
}

TEST(NumericBinary, RemainderHasTheSignOfTheDivisor) {
  // Python: 7 % -3 == -2, -7 % 3 == 2, -1.0 % inf == inf, and a zero takes the divisor's sign.
  EXPECT_EQ(numeric::rem(7.0, -3.0), -2.0);
  EXPECT_EQ(numeric::rem(-7.0, 3.0), 2.0);
  EXPECT_EQ(numeric::rem(-1.0f, kInf), kInf);
  EXPECT_TRUE(std::signbit(numeric::rem(6.0f, -3.0f)));
  EXPECT_FALSE(std::signbit(numeric::rem(-6.0f, 3.0f)));
  EXPECT_TRUE(std::isnan(numeric::rem(1.0f, 0.0f)));
}

}  // namespace
}  // namespace proa
