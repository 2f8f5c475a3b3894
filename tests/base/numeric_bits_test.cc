// Narrow floats by brute force (the nearest of all codes), casts and integers at their edges,
// Philox's published answers, and the floating-point environment.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <vector>

#include "proa/base/numeric/half.h"
#include "proa/base/numeric/integer.h"
#include "proa/base/numeric/mxcsr.h"
#include "proa/base/numeric/philox.h"

namespace proa {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

// The value of a code from the definition of the format: sign, exponent with bias, fraction.
double decode(uint32_t code, int exponent_bits, int fraction_bits, bool finite_only) {
  const int bias = (1 << (exponent_bits - 1)) - 1;
  const uint32_t fraction = code & ((1u << fraction_bits) - 1);
  const uint32_t exponent = (code >> fraction_bits) & ((1u << exponent_bits) - 1);
  const double sign = (code >> (exponent_bits + fraction_bits)) != 0 ? -1 : 1;
  if (exponent == (1u << exponent_bits) - 1) {
    if (finite_only ? fraction == (1u << fraction_bits) - 1 : fraction != 0) return kNan;
    if (!finite_only) return sign * kInf;
  }
  if (exponent == 0) return sign * std::ldexp(fraction, 1 - bias - fraction_bits);
  return sign * std::ldexp((1u << fraction_bits) + fraction,
                           static_cast<int>(exponent) - bias - fraction_bits);
}

template <class T>
struct Format;
template <>
struct Format<Float16> {
  static constexpr int exponent = 5, fraction = 10;
  static constexpr bool finite_only = false;
};
template <>
struct Format<BFloat16> {
  static constexpr int exponent = 8, fraction = 7;
  static constexpr bool finite_only = false;
};
template <>
struct Format<Float8E4M3> {
  static constexpr int exponent = 4, fraction = 3;
  static constexpr bool finite_only = true;
};
template <>
struct Format<Float8E5M2> {
  static constexpr int exponent = 5, fraction = 2;
  static constexpr bool finite_only = false;
};

template <class T>
class NarrowFloats : public testing::Test {};
using Narrow = testing::Types<Float16, BFloat16, Float8E4M3, Float8E5M2>;
TYPED_TEST_SUITE(NarrowFloats, Narrow);

TYPED_TEST(NarrowFloats, EveryCodeDecodesAndComesBack) {
  using F = Format<TypeParam>;
  for (uint32_t code = 0; code < 1u << (8 * sizeof(TypeParam)); ++code) {
    const TypeParam x{static_cast<decltype(TypeParam::bits)>(code)};
    const double want = decode(code, F::exponent, F::fraction, F::finite_only);
    const float got = numeric::to_f32(x);
    if (std::isnan(want)) {
      ASSERT_TRUE(std::isnan(got)) << code;
      ASSERT_TRUE(std::isnan(numeric::to_f32(numeric::narrow<TypeParam>(got))));
      continue;
    }
    ASSERT_EQ(std::bit_cast<uint32_t>(got), std::bit_cast<uint32_t>(static_cast<float>(want)))
        << code;
    ASSERT_EQ(numeric::narrow<TypeParam>(got).bits, code);
    ASSERT_EQ(numeric::narrow<TypeParam>(want).bits, code);
  }
}

// Around every midpoint of two neighbouring codes: the tie, and the next numbers on both sides.
TYPED_TEST(NarrowFloats, TiesGoToEvenAndTheirNeighboursToTheNearest) {
  using F = Format<TypeParam>;
  using Bits = decltype(TypeParam::bits);
  const uint32_t last = F::finite_only ? (1u << (F::exponent + F::fraction)) - 2
                                       : ((1u << F::exponent) - 1) << F::fraction;
  for (uint32_t code = 0; code < last; ++code) {
    const double lower = decode(code, F::exponent, F::fraction, F::finite_only);
    double upper = decode(code + 1, F::exponent, F::fraction, F::finite_only);
    if (std::isinf(upper)) {
      upper = 2 * lower - decode(code - 1, F::exponent, F::fraction, F::finite_only);
    }
    const double middle = (lower + upper) / 2;
    const Bits even = static_cast<Bits>(code % 2 == 0 ? code : code + 1);
    for (double sign : {1.0, -1.0}) {
      const Bits flag = static_cast<Bits>(sign < 0 ? 1u << (8 * sizeof(Bits) - 1) : 0);
      auto expect = [&](auto x, Bits want) {
        ASSERT_EQ(numeric::narrow<TypeParam>(static_cast<decltype(x)>(sign) * x).bits,
                  static_cast<Bits>(want | flag))
            << code;
      };
      expect(middle, even);
      expect(std::nextafter(middle, 0.0), static_cast<Bits>(code));
      expect(std::nextafter(middle, kInf), static_cast<Bits>(code + 1));
      const float middle_f32 = static_cast<float>(middle);
      if (middle_f32 == middle) {
        expect(middle_f32, even);
        expect(std::nextafter(middle_f32, 0.0f), static_cast<Bits>(code));
        expect(std::nextafter(middle_f32, std::numeric_limits<float>::infinity()),
               static_cast<Bits>(code + 1));
      }
    }
  }
}

TEST(NarrowFloat, RoundsOnceFromDouble) {
  // 1 + 2^-11 + 2^-40 lies above the tie of f16; through f32 it would become the tie and go down.
  EXPECT_EQ(numeric::narrow<Float16>(1 + 0x1p-11 + 0x1p-40).bits, 0x3c01);
  EXPECT_EQ(numeric::narrow<BFloat16>(1 + 0x1p-8 + 0x1p-40).bits, 0x3f81);
  EXPECT_EQ((numeric::cast<BFloat16>(int64_t{(1ll << 60) + (1ll << 52) + 1}).bits), 0x5d81);
}

TEST(NarrowFloat, OverflowOfTheFormatWithoutInfinityIsNan) {
  EXPECT_EQ(numeric::narrow<Float8E4M3>(464.0f).bits, 0x7e);
  EXPECT_EQ(numeric::narrow<Float8E4M3>(464.1f).bits, 0x7f);
  EXPECT_EQ(numeric::narrow<Float8E4M3>(-kInf).bits, 0xff);
}

TEST(Cast, FloatToIntegerSaturates) {
  using numeric::cast;
  EXPECT_EQ(cast<int32_t>(kNan), 0);
  EXPECT_EQ(cast<int64_t>(static_cast<float>(kNan)), 0);
  EXPECT_EQ(cast<int32_t>(1e30f), INT32_MAX);
  EXPECT_EQ(cast<int32_t>(-1e30f), INT32_MIN);
  EXPECT_EQ(cast<int32_t>(0x1.fffffep30f), 2147483520);
  EXPECT_EQ(cast<int32_t>(2147483647.5), INT32_MAX);
  EXPECT_EQ(cast<int32_t>(-2147483648.5), INT32_MIN);
  EXPECT_EQ(cast<int64_t>(0x1p63), INT64_MAX);
  EXPECT_EQ(cast<int64_t>(-0x1p64), INT64_MIN);
  EXPECT_EQ(cast<int64_t>(0x1.fffffep62f), 0x7fffff8000000000);
  EXPECT_EQ(cast<uint8_t>(-3.0f), 0);
  EXPECT_EQ(cast<uint8_t>(255.9), 255);
  EXPECT_EQ(cast<int8_t>(-128.9), -128);
  EXPECT_EQ(cast<int8_t>(kInf), 127);
  EXPECT_EQ(cast<int16_t>(-1.9f), -1);
  EXPECT_EQ(cast<int8_t>(int32_t{300}), 44);
  EXPECT_EQ(cast<uint8_t>(int64_t{-1}), 255);
  EXPECT_TRUE(cast<bool>(kNan));
  EXPECT_FALSE(cast<bool>(-0.0));
  EXPECT_TRUE(cast<bool>(Float16{1}));
  EXPECT_EQ(cast<float>(INT64_MAX), 0x1p63f);
}

// Against 64-bit arithmetic, where no case of 8 bits is out of range.
TEST(Integer, AllPairsOfEightBits) {
  for (int a = -128; a < 128; ++a) {
    for (int b = -128; b < 128; ++b) {
      const auto x = static_cast<int8_t>(a), y = static_cast<int8_t>(b);
      const double floor_q = b == 0 ? 0 : std::floor(static_cast<double>(a) / b);
      const double trunc_q = b == 0 ? 0 : std::trunc(static_cast<double>(a) / b);
      ASSERT_EQ(numeric::div_floor(x, y), static_cast<int8_t>(floor_q)) << a << " " << b;
      ASSERT_EQ(numeric::div_trunc(x, y), static_cast<int8_t>(trunc_q)) << a << " " << b;
      ASSERT_EQ(numeric::rem_floor(x, y), static_cast<int8_t>(b == 0 ? 0 : a - floor_q * b));
      ASSERT_EQ(numeric::rem_trunc(x, y), static_cast<int8_t>(b == 0 ? 0 : a - trunc_q * b));
      const bool out = b < 0 || b >= 8;
      ASSERT_EQ(numeric::shl(x, y), out ? 0 : static_cast<int8_t>(a * (1 << b)));
      ASSERT_EQ(numeric::shr(x, y), static_cast<int8_t>(std::floor(a / std::exp2(out ? 8 : b))));
    }
  }
}

TEST(Integer, EdgesOfTheWideTypes) {
  EXPECT_EQ(numeric::div_floor(INT64_MIN, int64_t{-1}), INT64_MIN);
  EXPECT_EQ(numeric::rem_floor(INT64_MIN, int64_t{-1}), 0);
  EXPECT_EQ(numeric::div_trunc(INT32_MIN, -1), INT32_MIN);
  EXPECT_EQ(numeric::div_floor(int64_t{-7}, int64_t{2}), -4);
  EXPECT_EQ(numeric::rem_floor(int64_t{7}, int64_t{-3}), -2);
  EXPECT_EQ(numeric::shl(1, 32), 0);
  EXPECT_EQ(numeric::shl(int64_t{1}, int64_t{63}), INT64_MIN);
  EXPECT_EQ(numeric::shr(int64_t{-5}, int64_t{200}), -1);
  EXPECT_EQ(numeric::integer_pow(3, 5), 243);
  EXPECT_EQ(numeric::integer_pow(int64_t{2}, int64_t{64}), 0);
  EXPECT_EQ(numeric::integer_pow(int8_t{-2}, int8_t{7}), -128);
  EXPECT_EQ(numeric::integer_pow(-1, -3), -1);
  EXPECT_EQ(numeric::integer_pow(2, -1), 0);
}

// The vectors published with the paper's library (Random123, kat_vectors, philox4x32 10).
TEST(Philox, KnownAnswers) {
  struct Vector {
    std::array<uint32_t, 4> counter;
    std::array<uint32_t, 2> key;
    std::array<uint32_t, 4> answer;
  };
  const Vector vectors[] = {
      {{0, 0, 0, 0}, {0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
      {{~0u, ~0u, ~0u, ~0u}, {~0u, ~0u}, {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
      {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
       {0xa4093822, 0x299f31d0},
       {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
  };
  for (const Vector& v : vectors) {
    numeric::pn_philox_block c;
    std::copy(v.counter.begin(), v.counter.end(), c.word);
    c = numeric::pn_philox(c, v.key[0], v.key[1]);
    EXPECT_TRUE(std::equal(v.answer.begin(), v.answer.end(), c.word));
  }
}

TEST(Philox, ElementsOfACallAreTheWordsOfItsBlocks) {
  const uint64_t seed = 0x299f31d0a4093822, call = 0x0370734413198a2e;
  const uint64_t block = 0x85a308d3243f6a88;
  const numeric::pn_philox_block third = numeric::pn_rng_block(seed, call, block);
  EXPECT_EQ(third.word[0], 0xd16cfe09u);  // the third vector again
  EXPECT_EQ(third.word[3], 0x24126ea1u);
  const numeric::pn_philox_block b = numeric::pn_rng_block(seed, call, 5);
  EXPECT_EQ(numeric::pn_rng_u64(seed, call, 10), b.word[0] | uint64_t{b.word[1]} << 32);
  EXPECT_EQ(numeric::pn_rng_u64(seed, call, 11), b.word[2] | uint64_t{b.word[3]} << 32);
  for (uint64_t i = 0; i < 4; ++i) EXPECT_EQ(numeric::pn_rng_u32(seed, call, 20 + i), b.word[i]);
}

TEST(Philox, UniformNumbersFillTheUnitInterval) {
  EXPECT_EQ(numeric::pn_uniform_f32(0), 0.0f);
  EXPECT_EQ(numeric::pn_uniform_f32(~0u), 1 - 0x1p-24f);
  EXPECT_EQ(numeric::pn_uniform_f64(~0ull), 1 - 0x1p-53);
  double sum = 0, square = 0;
  const int n = 100000;
  for (int i = 0; i < n; ++i) {
    const double u = numeric::pn_uniform_f32(numeric::pn_rng_u32(42, 7, static_cast<uint64_t>(i)));
    sum += u;
    square += u * u;
  }
  EXPECT_NEAR(sum / n, 0.5, 5 * std::sqrt(1.0 / 12 / n));
  EXPECT_NEAR(square / n, 1.0 / 3, 5 * std::sqrt(4.0 / 45 / n));
}

#if defined(__SSE__)
TEST(FloatEnvironment, KeepsSubnormalsAndGivesTheCallersWordBack) {
  const uint32_t before = __builtin_ia32_stmxcsr();
  __builtin_ia32_ldmxcsr(before | 0x8040 | 0x6000);  // FTZ, DAZ, round toward zero
  const uint32_t dirty = __builtin_ia32_stmxcsr();
  volatile float tiny = 0x1p-149f, one = 1, step = 0x1.8p-24f;
  float inside, rounded;
  {
    numeric::FloatEnvironment environment;
    inside = tiny * one;
    rounded = one + step;
  }
  const float outside = tiny * one;
  const uint32_t after = __builtin_ia32_stmxcsr();
  __builtin_ia32_ldmxcsr(before);
  EXPECT_EQ(inside, 0x1p-149f);
  EXPECT_EQ(rounded, 1 + 0x1p-23f);
  EXPECT_EQ(outside, 0.0f);
  EXPECT_EQ(after & 0xffc0, dirty & 0xffc0);
}
#endif

}  // namespace
}  // namespace proa
