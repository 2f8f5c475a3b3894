// Binary and ternary kernels against plain C++ on single elements.

#include <gtest/gtest.h>

#include <cmath>
#include <complex>
#include <functional>

#include "tests/kernels/values.h"

namespace proa::kernels::test {
namespace {

constexpr DType kInts[] = {DType::u8, DType::i8, DType::i16, DType::i32, DType::i64};
constexpr DType kFloats[] = {DType::f16, DType::bf16, DType::f32, DType::f64};

using Int = __int128;

Int floor_div(Int a, Int b) {
  if (b == 0) return 0;
  Int q = a / b;
  return a % b != 0 && (a < 0) != (b < 0) ? q - 1 : q;
}

Int power(Int a, Int n, int bits) {
  if (n < 0) return a == 1 ? 1 : a == -1 ? (n % 2 != 0 ? -1 : 1) : 0;
  auto r = static_cast<unsigned __int128>(1), base = static_cast<unsigned __int128>(a);
  auto mask = bits == 64 ? static_cast<unsigned __int128>(~uint64_t{0})
                         : (static_cast<unsigned __int128>(1) << bits) - 1;
  for (; n > 0; n /= 2) {
    if (n % 2 != 0) r = r * base & mask;
    base = base * base & mask;
  }
  return static_cast<Int>(r);
}

Int integer_answer(const std::string& name, Int a, Int b, int bits, bool has_sign) {
  if (name == "add") return a + b;
  if (name == "sub") return a - b;
  if (name == "mul")
    return static_cast<Int>(static_cast<unsigned __int128>(a) * static_cast<unsigned __int128>(b));
  if (name == "div") return floor_div(a, b);
  if (name == "rem") return b == 0 ? 0 : a - b * floor_div(a, b);
  if (name == "pow") return power(a, b, bits);
  if (name == "max") return std::max(a, b);
  if (name == "min") return std::min(a, b);
  if (name == "and") return a & b;
  if (name == "or") return a | b;
  if (name == "xor") return a ^ b;
  if (name == "shl")
    return b < 0 || b >= bits ? 0 : static_cast<Int>(static_cast<unsigned __int128>(a) << b);
  if (name == "shr") return b < 0 || b >= bits ? (a < 0 ? -1 : 0) : a >> b;
  // shr, logical
  auto u = static_cast<unsigned __int128>(a);
  if (has_sign && bits < 128) u &= (static_cast<unsigned __int128>(1) << bits) - 1;
  return b < 0 || b >= bits ? 0 : static_cast<Int>(u >> b);
}

Int read_int(const Tensor& t, int64_t i) {
  int64_t value = 0;
  std::memcpy(&value, t.bytes.data() + static_cast<size_t>(i) * size_of(t.dtype), size_of(t.dtype));
  if (t.dtype == DType::u8) return static_cast<uint8_t>(value);
  int shift = 64 - 8 * static_cast<int>(size_of(t.dtype));
  return static_cast<int64_t>(static_cast<uint64_t>(value) << shift) >> shift;
}

void check_integers(const Tensor& x, const Tensor& y) {
  int bits = 8 * static_cast<int>(size_of(x.dtype));
  for (const char* name : {"add", "sub", "mul", "div", "rem", "pow", "max", "min", "and", "or",
                           "xor", "shl", "shr", "shr_logical"}) {
    bool logical = std::string(name) == "shr_logical";
    std::string kernel = std::string("prim.") + (logical ? "shr" : name);
    Tensor z = check1(kernel, {x, y}, {{logical}}, x.dtype, x.dims);
    for (int64_t i = 0; i < z.elements(); ++i) {
      Int expected = integer_answer(name, read_int(x, i), read_int(y, i), bits, true);
      Tensor wrapped(x.dtype, {1});
      auto low = static_cast<uint64_t>(expected);
      std::memcpy(wrapped.bytes.data(), &low, wrapped.bytes.size());
      ASSERT_EQ(static_cast<int64_t>(read_int(z, i)), static_cast<int64_t>(read_int(wrapped, 0)))
          << name << " " << to_string(x.dtype) << " of " << static_cast<int64_t>(read_int(x, i))
          << ", " << static_cast<int64_t>(read_int(y, i));
    }
  }
}

TEST(Binary, AllPairsOfBytes) {
  for (DType dtype : {DType::i8, DType::u8}) {
    Tensor x(dtype, {256, 256}), y(dtype, {256, 256});
    for (size_t i = 0; i < 65536; ++i) {
      x.bytes[i] = static_cast<char>(i >> 8);
      y.bytes[i] = static_cast<char>(i);
    }
    check_integers(x, y);
  }
}

TEST(Binary, WiderIntegers) {
  for (DType dtype : {DType::i16, DType::i32, DType::i64}) {
    Tensor x = sample(dtype, {40, 60}, 1), y = sample(dtype, {40, 60}, 2);
    check_integers(x, y);
    Tensor small(dtype, {40, 60});
    for (int64_t i = 0; i < small.elements(); ++i) write(small, i, static_cast<double>(i % 75 - 5));
    check_integers(x, small);
  }
}

double float_answer(const std::string& name, DType dtype, double a, double b) {
  bool wide = dtype == DType::f64;
  auto f32 = [&](double v) { return wide ? v : static_cast<double>(static_cast<float>(v)); };
  if (name == "add") return f32(a + b);
  if (name == "sub") return f32(a - b);
  if (name == "mul") return f32(a * b);
  if (name == "div") return f32(a / b);
  if (name == "rem") {
    double r = std::fmod(a, b);
    if (r == 0) return std::copysign(0.0, b);
    return std::signbit(r) != std::signbit(b) ? f32(r + b) : r;
  }
  if (std::isnan(a) || std::isnan(b)) return NAN;
  if (name == "max") return a == b ? (std::signbit(a) ? b : a) : std::max(a, b);
  return a == b ? (std::signbit(a) ? a : b) : std::min(a, b);
}

TEST(Binary, FloatsBySingleOperations) {
  for (DType dtype : kFloats) {
    // All pairs of special values, then random ones.
    Tensor specials = sample(dtype, {11}, 3);
    Tensor x = sample(dtype, {30, 70}, 4), y = sample(dtype, {30, 70}, 5);
    for (int64_t i = 0; i < 121; ++i) {
      write(x, i, read(specials, i / 11));
      write(y, i, read(specials, i % 11));
    }
    for (const char* name : {"add", "sub", "mul", "div", "rem", "max", "min"}) {
      Tensor expected(dtype, x.dims);
      for (int64_t i = 0; i < x.elements(); ++i) {
        write(expected, i, float_answer(name, dtype, read(x, i), read(y, i)));
      }
      Tensor z = check1(std::string("prim.") + name, {x, y}, {}, dtype, x.dims);
      EXPECT_TRUE(same_bits(z, expected)) << name << " " << to_string(dtype);
    }
  }
}

TEST(Binary, FunctionsAgainstTheLibrary) {
  for (DType dtype : kFloats) {
    Tensor x = uniform(dtype, {2000}, 6, 0, 6), y = uniform(dtype, {2000}, 7, -5, 5);
    // One unit of the dtype: an f16 or bf16 is rounded right but where the double itself is near a
    // tie.
    double unit = dtype == DType::f64 ? 0x1p-51 : dtype == DType::f32 ? 0x1.8p-24 : 0;
    struct Case {
      const char* name;
      double (*function)(double, double);
    };
    for (Case c : {Case{"prim.pow", std::pow}, Case{"prim.atan2", std::atan2}}) {
      Tensor z = check1(c.name, {x, y}, {}, dtype, x.dims);
      for (int64_t i = 0; i < x.elements(); ++i) {
        double exact = c.function(read(x, i), read(y, i)), expected = rounded(dtype, exact);
        double z_i = read(z, i);
        ASSERT_TRUE(z_i == expected || std::fabs(z_i - expected) <= unit * std::fabs(exact))
            << c.name << " " << to_string(dtype) << ": " << z_i << ", expected " << exact;
      }
    }
  }
}

TEST(Binary, Fma) {
  for (DType dtype : kFloats) {
    Tensor x = sample(dtype, {999}, 8), y = sample(dtype, {999}, 9), z = sample(dtype, {999}, 10);
    Tensor expected(dtype, {999});
    for (int64_t i = 0; i < 999; ++i) {
      double a = read(x, i), b = read(y, i), c = read(z, i);
      write(expected, i,
            dtype == DType::f64
                ? std::fma(a, b, c)
                : std::fma(static_cast<float>(a), static_cast<float>(b), static_cast<float>(c)));
    }
    EXPECT_TRUE(same_bits(check1("prim.fma", {x, y, z}, {}, dtype, {999}), expected));
  }
}

TEST(Binary, Complex) {
  Tensor x = sample(DType::c128, {33, 7}, 11), y = sample(DType::c128, {33, 7}, 12);
  auto a = x.values<std::complex<double>>(), b = y.values<std::complex<double>>();
  auto sum = check1("prim.add", {x, y}, {}, DType::c128, x.dims).values<std::complex<double>>();
  auto difference =
      check1("prim.sub", {x, y}, {}, DType::c128, x.dims).values<std::complex<double>>();
  auto product = check1("prim.mul", {x, y}, {}, DType::c128, x.dims).values<std::complex<double>>();
  auto quotient =
      check1("prim.div", {x, y}, {}, DType::c128, x.dims).values<std::complex<double>>();
  auto powers = check1("prim.pow", {x, y}, {}, DType::c128, x.dims).values<std::complex<double>>();
  for (size_t i = 0; i < a.size(); ++i) {
    EXPECT_EQ(sum[i], a[i] + b[i]);
    EXPECT_EQ(difference[i], a[i] - b[i]);
    EXPECT_EQ(product[i].real(), a[i].real() * b[i].real() - a[i].imag() * b[i].imag());
    EXPECT_EQ(product[i].imag(), a[i].real() * b[i].imag() + a[i].imag() * b[i].real());
    std::complex<long double> wide_a(a[i]), wide_b(b[i]);
    std::complex<long double> q = wide_a / wide_b, p = std::pow(wide_a, wide_b);
    EXPECT_LT(std::abs(std::complex<long double>(quotient[i]) - q), 1e-15L * std::abs(q));
    EXPECT_LT(std::abs(std::complex<long double>(powers[i]) - p), 1e-13L * std::abs(p));
  }
  Tensor x64 = sample(DType::c64, {33, 7}, 11), y64 = sample(DType::c64, {33, 7}, 12);
  auto c = x64.values<std::complex<float>>(), d = y64.values<std::complex<float>>();
  auto q64 = check1("prim.div", {x64, y64}, {}, DType::c64, x.dims).values<std::complex<float>>();
  for (size_t i = 0; i < c.size(); ++i) {
    std::complex<double> q = std::complex<double>(c[i]) / std::complex<double>(d[i]);
    EXPECT_LT(std::abs(std::complex<double>(q64[i]) - q), 1e-7 * std::abs(q));
  }
}

TEST(Binary, Compare) {
  const char* kinds[] = {"eq", "ne", "lt", "le", "gt", "ge"};
  auto answer = [](int64_t kind, auto a, auto b) {
    switch (kind) {
      case 0: return a == b;
      case 1: return a != b;
      case 2: return a < b;
      case 3: return a <= b;
      case 4: return a > b;
      default: return a >= b;
    }
  };
  for (DType dtype : {DType::boolean, DType::u8, DType::i8, DType::i16, DType::i32, DType::i64,
                      DType::f16, DType::bf16, DType::f32, DType::f64}) {
    Tensor x = sample(dtype, {11, 13}, 13), y = sample(dtype, {11, 13}, 14);
    for (int64_t i = 0; i < 60; ++i) write(y, i, dtype == DType::i64 ? 0 : read(x, i % 12));
    if (dtype == DType::i64) std::memcpy(y.bytes.data(), x.bytes.data(), 400);
    for (int64_t kind = 0; kind < 6; ++kind) {
      Tensor z = check1("prim.compare", {x, y}, {{kind}}, DType::boolean, x.dims);
      for (int64_t i = 0; i < z.elements(); ++i) {
        bool expected = is_int(dtype) ? answer(kind, read_int(x, i), read_int(y, i))
                                      : answer(kind, read(x, i), read(y, i));
        ASSERT_EQ(read(z, i) != 0, expected) << kinds[kind] << " " << to_string(dtype) << " " << i;
      }
    }
  }
  Tensor x = sample(DType::c64, {50}, 15), y = sample(DType::c64, {50}, 16);
  std::memcpy(y.bytes.data(), x.bytes.data(), 200);
  std::memcpy(y.bytes.data() + 200, x.bytes.data() + 200, 4);  // only the real part is equal
  Tensor equal = check1("prim.compare", {x, y}, {{0}}, DType::boolean, {50});
  Tensor other = check1("prim.compare", {x, y}, {{1}}, DType::boolean, {50});
  for (int64_t i = 0; i < 50; ++i) {
    EXPECT_EQ(read(equal, i), i < 25);
    EXPECT_EQ(read(other, i), i >= 25);
  }
}

TEST(Binary, Select) {
  for (int i = 0; i < kDTypeCount; ++i) {
    auto dtype = static_cast<DType>(i);
    Tensor c = sample(DType::boolean, {9, 11}, 17), x(dtype, {9, 11}), y(dtype, {9, 11});
    std::mt19937 random(18);
    bool boolean = dtype == DType::boolean;
    for (char& b : x.bytes) b = static_cast<char>(boolean ? random() & 1 : random());
    for (char& b : y.bytes) b = static_cast<char>(boolean ? random() & 1 : random());
    Tensor z = check1("prim.select", {c, x, y}, {}, dtype, x.dims);
    size_t size = size_of(dtype);
    for (size_t k = 0; k < 99; ++k) {
      const Tensor& from = c.bytes[k] ? x : y;
      EXPECT_EQ(std::memcmp(&z.bytes[k * size], &from.bytes[k * size], size), 0);
    }
  }
}

TEST(Binary, BroadcastAndEmptyAndSingle) {
  Tensor x = sample(DType::f32, {37, 1200}, 19, false),
         row = sample(DType::f32, {1, 1200}, 20, false);
  Tensor column = sample(DType::f32, {37, 1}, 21, false),
         one = sample(DType::f32, {1, 1}, 22, false);
  for (const Tensor& y : {row, column, one}) {
    Tensor z = check1("prim.mul", {x, broadcast(y, x.dims)}, {}, DType::f32, x.dims);
    for (int64_t i = 0; i < 37; ++i) {
      for (int64_t k = 0; k < 1200; ++k) {
        double b = read(y, (y.dims[0] == 1 ? 0 : i) * y.dims[1] + (y.dims[1] == 1 ? 0 : k));
        ASSERT_EQ(read(z, i * 1200 + k), static_cast<float>(read(x, i * 1200 + k) * b));
      }
    }
  }
  EXPECT_EQ(
      read(check1("prim.add", {uniform(DType::f32, {}, 1, 1, 1), uniform(DType::f32, {}, 1, 2, 2)},
                  {}, DType::f32, {}),
           0),
      3);
  check1("prim.add", {Tensor(DType::f64, {3, 0, 2}), Tensor(DType::f64, {3, 0, 2})}, {}, DType::f64,
         {3, 0, 2});
}

TEST(Binary, LargeInThreads) {
  Tensor x = sample(DType::f32, {500, 401}, 23, false),
         y = sample(DType::f32, {500, 401}, 24, false);
  Tensor z = check1("prim.sub", {x, y}, {}, DType::f32, x.dims);
  for (int64_t i = 0; i < z.elements(); ++i) {
    ASSERT_EQ(read(z, i), static_cast<float>(read(x, i) - read(y, i)));
  }
}

}  // namespace
}  // namespace proa::kernels::test
