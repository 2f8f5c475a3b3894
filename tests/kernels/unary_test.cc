// Unary kernels against the C library in a wider type, and exhaustively for the narrow dtypes.

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <complex>

#include "tests/kernels/values.h"

namespace proa::kernels::test {
namespace {

constexpr DType kFloats[] = {DType::f16, DType::bf16, DType::f32, DType::f64};

struct Function {
  const char* name;
  long double (*exact)(long double);
  double low, high;
};
const Function kFunctions[] = {
    {"prim.exp", std::exp, -20, 20},       {"prim.expm1", std::expm1, -20, 20},
    {"prim.log", std::log, 0, 100},        {"prim.log1p", std::log1p, -1, 100},
    {"prim.sin", std::sin, -100, 100},     {"prim.cos", std::cos, -100, 100},
    {"prim.tan", std::tan, -1.5, 1.5},     {"prim.tanh", std::tanh, -10, 10},
    {"prim.sinh", std::sinh, -10, 10},     {"prim.cosh", std::cosh, -10, 10},
    {"prim.asin", std::asin, -1, 1},       {"prim.acos", std::acos, -1, 1},
    {"prim.atan", std::atan, -50, 50},     {"prim.asinh", std::asinh, -50, 50},
    {"prim.acosh", std::acosh, 1, 50},     {"prim.atanh", std::atanh, -1, 1},
    {"prim.erf", std::erf, -5, 5},         {"prim.erfc", std::erfc, -5, 9},
    {"prim.lgamma", std::lgamma, 0.1, 50},
};

TEST(Unary, FunctionsAgainstTheLibrary) {
  for (const Function& f : kFunctions) {
    for (DType dtype : kFloats) {
      Tensor x = uniform(dtype, {13, 101}, 1, f.low, f.high);
      Tensor y = check1(f.name, {x}, {}, dtype, x.dims);
      for (int64_t i = 0; i < x.elements(); ++i) {
        auto exact = static_cast<double>(f.exact(read(x, i)));
        // f16 and bf16 are rounded right.
        double unit = dtype == DType::f64 ? 0x1p-51 : dtype == DType::f32 ? 0x1.1p-23 : 0;
        double expected = rounded(dtype, exact), y_i = read(y, i);
        ASSERT_TRUE(y_i == expected || std::fabs(y_i - expected) <= unit * std::fabs(exact))
            << f.name << " " << to_string(dtype) << " of " << read(x, i) << ": " << y_i
            << ", expected " << exact;
      }
    }
  }
}

TEST(Unary, ExactOnes) {
  struct Case {
    const char* name;
    double (*function)(double);
  };
  Case cases[] = {{"prim.neg", [](double x) { return -x; }},
                  {"prim.abs", [](double x) { return std::fabs(x); }},
                  {"prim.sign", [](double x) { return x > 0   ? 1
                                                      : x < 0 ? -1
                                                              : x; }},
                  {"prim.floor", std::floor},
                  {"prim.ceil", std::ceil},
                  {"prim.round", std::nearbyint},
                  {"prim.sqrt", std::sqrt}};
  for (Case c : cases) {
    for (DType dtype : kFloats) {
      int64_t n = size_of(dtype) == 2 ? 65536 : 4000;
      Tensor x = sample(dtype, {n}, 2);
      for (int64_t i = 0; i < n && size_of(dtype) == 2; ++i) {  // every value
        auto bits = static_cast<uint16_t>(i);
        std::memcpy(x.bytes.data() + 2 * i, &bits, 2);
      }
      for (int64_t i = 20; i < 60 && n == 4000; ++i) write(x, i, static_cast<double>(i) / 2 - 20);
      Tensor expected(dtype, {n});
      for (int64_t i = 0; i < n; ++i) {
        double wide = c.function(read(x, i));
        write(expected, i,
              dtype == DType::f64 ? wide : static_cast<double>(static_cast<float>(wide)));
      }
      EXPECT_TRUE(same_bits(check1(c.name, {x}, {}, dtype, {n}), expected))
          << c.name << to_string(dtype);
    }
  }
}

TEST(Unary, RsqrtIsTwoRoundings) {
  Tensor x = sample(DType::f32, {3000}, 3);
  Tensor y = check1("prim.rsqrt", {x}, {}, DType::f32, {3000});
  for (int64_t i = 0; i < 3000; ++i) {
    float expected = 1.0f / std::sqrt(static_cast<float>(read(x, i)));
    EXPECT_TRUE(read(y, i) == expected || (std::isnan(read(y, i)) && std::isnan(expected)));
  }
}

TEST(Unary, Predicates) {
  for (DType dtype : kFloats) {
    Tensor x = sample(dtype, {5, 10}, 4);
    Tensor finite = check1("prim.is_finite", {x}, {}, DType::boolean, x.dims);
    Tensor nan = check1("prim.is_nan", {x}, {}, DType::boolean, x.dims);
    for (int64_t i = 0; i < 50; ++i) {
      EXPECT_EQ(read(finite, i), std::isfinite(read(x, i)));
      EXPECT_EQ(read(nan, i), std::isnan(read(x, i)));
    }
  }
  Tensor z(DType::c64, {3}, std::vector<float>{1, 2, INFINITY, NAN, NAN, 0});
  EXPECT_EQ(check1("prim.is_finite", {z}, {}, DType::boolean, {3}).bytes,
            (std::vector<char>{1, 0, 0}));
  EXPECT_EQ(check1("prim.is_nan", {z}, {}, DType::boolean, {3}).bytes,
            (std::vector<char>{0, 1, 1}));
}

template <class T>
void check_integers(DType dtype) {
  Tensor x = sample(dtype, {3000}, 5);
  auto a = x.values<T>();
  auto neg = check1("prim.neg", {x}, {}, dtype, x.dims).template values<T>();
  auto abs = check1("prim.abs", {x}, {}, dtype, x.dims).template values<T>();
  auto sign = check1("prim.sign", {x}, {}, dtype, x.dims).template values<T>();
  auto flip = check1("prim.not", {x}, {}, dtype, x.dims).template values<T>();
  auto count = check1("prim.popcount", {x}, {}, dtype, x.dims).template values<T>();
  for (size_t i = 0; i < a.size(); ++i) {
    auto negative = static_cast<T>(0 - static_cast<uint64_t>(a[i]));
    ASSERT_EQ(neg[i], negative);
    ASSERT_EQ(abs[i], a[i] < 0 ? negative : a[i]);
    ASSERT_EQ(sign[i], a[i] > 0 ? 1 : a[i] < 0 ? T(-1) : 0);
    ASSERT_EQ(flip[i], static_cast<T>(~static_cast<uint64_t>(a[i])));
    ASSERT_EQ(count[i], std::popcount(static_cast<std::make_unsigned_t<T>>(a[i])));
  }
}

TEST(Unary, Integers) {
  check_integers<uint8_t>(DType::u8);
  check_integers<int8_t>(DType::i8);
  check_integers<int16_t>(DType::i16);
  check_integers<int32_t>(DType::i32);
  check_integers<int64_t>(DType::i64);
  Tensor b = sample(DType::boolean, {100}, 6);
  Tensor flipped = check1("prim.not", {b}, {}, DType::boolean, {100});
  for (size_t i = 0; i < 100; ++i) EXPECT_EQ(flipped.bytes[i], 1 - b.bytes[i]);
}

TEST(Unary, Complex) {
  using Wide = std::complex<long double>;
  struct Case {
    const char* name;
    Wide (*function)(const Wide&);
  };
  Case cases[] = {
      {"prim.exp", std::exp},
      {"prim.log", std::log},
      {"prim.sqrt", std::sqrt},
      {"prim.sin", std::sin},
      {"prim.cos", std::cos},
      {"prim.tan", std::tan},
      {"prim.sinh", std::sinh},
      {"prim.cosh", std::cosh},
      {"prim.tanh", std::tanh},
      {"prim.asin", std::asin},
      {"prim.acos", std::acos},
      {"prim.atan", std::atan},
      {"prim.asinh", std::asinh},
      {"prim.acosh", std::acosh},
      {"prim.atanh", std::atanh},
      {"prim.rsqrt", [](const Wide& z) { return Wide(1) / std::sqrt(z); }},
      {"prim.expm1", [](const Wide& z) { return std::exp(z) - Wide(1); }},
      {"prim.log1p", [](const Wide& z) { return std::log(z + Wide(1)); }},
      {"prim.sign", [](const Wide& z) { return z / std::abs(z); }},
      {"prim.conj", [](const Wide& z) { return std::conj(z); }},
      {"prim.neg", [](const Wide& z) { return -z; }},
  };
  Tensor x = uniform(DType::c128, {500}, 7, -4, 4), x64 = uniform(DType::c64, {500}, 7, -4, 4);
  auto a = x.values<std::complex<double>>();
  auto a64 = x64.values<std::complex<float>>();
  for (const Case& c : cases) {
    auto y = check1(c.name, {x}, {}, DType::c128, {500}).values<std::complex<double>>();
    auto y64 = check1(c.name, {x64}, {}, DType::c64, {500}).values<std::complex<float>>();
    for (size_t i = 0; i < 500; ++i) {
      Wide exact = c.function(Wide(a[i])), exact64 = c.function(Wide(a64[i]));
      ASSERT_LT(std::abs(Wide(y[i]) - exact), 2e-15L * std::abs(exact)) << c.name << a[i];
      ASSERT_LT(std::abs(Wide(y64[i]) - exact64), 1e-7L * std::abs(exact64)) << c.name << a64[i];
    }
  }
  auto size = check1("prim.abs", {x}, {}, DType::f64, {500}).values<double>();
  for (size_t i = 0; i < 500; ++i) EXPECT_NEAR(size[i], std::abs(a[i]), 1e-15 * size[i]);
}

TEST(Unary, ComplexNearZeroKeepsItsDigits) {
  std::vector<double> parts = {1e-9, 2e-12, -3e-11, 1e-10, 1e-200, -1e-205, 0, 1e-8};
  Tensor x(DType::c128, {4}, parts);
  auto expm1 = check1("prim.expm1", {x}, {}, DType::c128, {4}).values<std::complex<double>>();
  auto log1p = check1("prim.log1p", {x}, {}, DType::c128, {4}).values<std::complex<double>>();
  for (size_t i = 0; i < 4; ++i) {  // two terms of the series
    std::complex<double> z(parts[2 * i], parts[2 * i + 1]), half = 0.5 * z * z;
    EXPECT_NEAR(expm1[i].real(), z.real() + half.real(), 1e-15 * std::abs(z.real()) + 1e-31);
    EXPECT_NEAR(log1p[i].real(), z.real() - half.real(), 1e-15 * std::abs(z.real()) + 1e-31);
    EXPECT_NEAR(expm1[i].imag(), z.imag() + half.imag(), 1e-15 * std::abs(z.imag()));
    EXPECT_NEAR(log1p[i].imag(), z.imag() - half.imag(), 1e-15 * std::abs(z.imag()));
  }
}

TEST(Unary, InversesAndDerivatives) {
  // erf(erfinv(x)) = x; polygamma by its recurrence and by differences of lgamma.
  Tensor x = uniform(DType::f64, {300}, 8, -0.99, 0.99);
  Tensor y = check1("prim.erfinv", {x}, {}, DType::f64, {300});
  for (int64_t i = 0; i < 300; ++i) EXPECT_NEAR(std::erf(read(y, i)), read(x, i), 4e-16);
  Tensor at = uniform(DType::f64, {100}, 9, 0.5, 20), above(DType::f64, {100});
  for (int64_t i = 0; i < 100; ++i) write(above, i, read(at, i) + 1);
  for (int64_t n : {0, 1, 2, 3}) {
    Tensor p = check1("prim.polygamma", {at}, {{n}}, DType::f64, {100});
    Tensor q = check1("prim.polygamma", {above}, {{n}}, DType::f64, {100});
    for (int64_t i = 0; i < 100; ++i) {  // DLMF 5.15.5
      double term = std::tgamma(n + 1.0) * std::pow(read(at, i), -n - 1.0) * (n % 2 ? -1 : 1);
      EXPECT_NEAR(read(q, i), read(p, i) + term, 1e-13 * (1 + std::fabs(read(p, i))));
    }
  }
  Tensor one(DType::f64, {1}, std::vector<double>{1});
  EXPECT_NEAR(read(check1("prim.polygamma", {one}, {{0}}, DType::f64, {1}), 0),
              -0.57721566490153286, 1e-15);
  EXPECT_NEAR(read(check1("prim.polygamma", {one}, {{1}}, DType::f64, {1}), 0), 1.6449340668482264,
              1e-15);
}

TEST(Unary, LargeInThreads) {
  Tensor x = sample(DType::f32, {300, 301}, 10, false);
  Tensor y = check1("prim.exp", {x}, {}, DType::f32, x.dims);
  for (int64_t i = 0; i < y.elements(); ++i) {
    double exact = std::exp(read(x, i));
    ASSERT_NEAR(read(y, i), exact, 0x1.1p-23 * exact);
  }
}

}  // namespace
}  // namespace proa::kernels::test
