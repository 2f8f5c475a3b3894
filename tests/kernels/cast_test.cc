// Changes of dtype, and tensors made from attributes.

#include <gtest/gtest.h>

#include <cmath>
#include <complex>

#include "tests/kernels/values.h"

namespace proa::kernels::test {
namespace {

constexpr DType kReals[] = {DType::boolean, DType::u8,  DType::i8,   DType::i16, DType::i32,
                            DType::i64,     DType::f16, DType::bf16, DType::f32, DType::f64};

struct Limits {
  double low, high;
  int bits;
};
Limits limits_of(DType t) {
  if (t == DType::u8) return {0, 255, 8};
  int bits = 8 * static_cast<int>(size_of(t));
  return {-std::ldexp(1, bits - 1), std::ldexp(1, bits - 1) - 1, bits};
}

int64_t read_int(const Tensor& t, int64_t i) {
  int64_t value = 0;
  std::memcpy(&value, t.bytes.data() + static_cast<size_t>(i) * size_of(t.dtype), size_of(t.dtype));
  if (t.dtype == DType::u8 || t.dtype == DType::boolean) return static_cast<uint8_t>(value);
  int shift = 64 - 8 * static_cast<int>(size_of(t.dtype));
  return static_cast<int64_t>(static_cast<uint64_t>(value) << shift) >> shift;
}

void expect_element(const Tensor& x, const Tensor& y, int64_t i) {
  DType from = x.dtype, to = y.dtype;
  double v = read(x, i);
  if (to == DType::boolean) {
    ASSERT_EQ(read(y, i), is_float(from) ? v != 0 : read_int(x, i) != 0);
  } else if (is_int(to) && is_float(from)) {
    Limits l = limits_of(to);
    if (std::isnan(v)) {
      ASSERT_EQ(read_int(y, i), 0);
    } else if (v >= l.high) {
      ASSERT_EQ(read_int(y, i), to == DType::i64 ? INT64_MAX : static_cast<int64_t>(l.high));
    } else {
      ASSERT_EQ(read_int(y, i), static_cast<int64_t>(v <= l.low ? l.low : std::trunc(v)));
    }
  } else if (is_int(to)) {
    uint64_t mask =
        limits_of(to).bits == 64 ? ~uint64_t{0} : (uint64_t{1} << limits_of(to).bits) - 1;
    ASSERT_EQ(static_cast<uint64_t>(read_int(y, i)) & mask,
              static_cast<uint64_t>(read_int(x, i)) & mask);
  } else {
    Tensor expected(to, {1}), got(to, {1});
    if (from == DType::i64 && to == DType::f64) {
      v = static_cast<double>(read_int(x, i));
    } else if (from == DType::i64) {  // the long double is exact
      long double exact = read_int(x, i);
      if (to == DType::f32) {
        v = static_cast<float>(exact);
      } else if (to == DType::f16 && std::fabs(exact) >= 65520) {
        v = std::copysign(INFINITY, static_cast<double>(exact));
      } else {  // by hand: to 11 or 8 bits, ties to even
        int e = exact == 0 ? 0 : std::ilogb(exact);
        long double unit = std::ldexp(1.0L, e - (to == DType::f16 ? 10 : 7));
        v = static_cast<double>(std::nearbyint(exact / unit) * unit);
      }
    }
    write(expected, 0, v);
    std::memcpy(got.bytes.data(), y.bytes.data() + static_cast<size_t>(i) * size_of(to),
                size_of(to));
    ASSERT_TRUE(same_bits(got, expected))
        << to_string(from) << " -> " << to_string(to) << " of " << v;
  }
}

TEST(Cast, AllPairsOfRealDtypes) {
  for (DType from : kReals) {
    for (DType to : kReals) {
      Tensor x = sample(from, {7, 311}, 1);
      for (int64_t i = 100; i < 300; ++i) {  // large ones, and halves of small integers
        double v =
            i % 2 ? static_cast<double>(i - 200) / 4 : std::ldexp(1 + i % 7 / 8.0, (i - 100) / 3);
        if (is_float(from)) write(x, i, i % 3 ? v : -v);
      }
      Tensor y = check1("prim.cast", {x}, {{static_cast<int64_t>(to)}}, to, x.dims);
      for (int64_t i = 0; i < x.elements(); ++i) expect_element(x, y, i);
    }
  }
}

TEST(Cast, F64ToNarrowRoundsOnce) {
  // Just above and below ties of f16: through f32 they would become ties.
  std::vector<double> values = {1 + 0x1p-11 + 0x1p-40, 1 + 0x1p-11 - 0x1p-40,
                                1 + 3 * 0x1p-11 - 0x1p-40};
  Tensor x(DType::f64, {3}, values);
  Tensor y = check1("prim.cast", {x}, {{static_cast<int64_t>(DType::f16)}}, DType::f16, {3});
  EXPECT_EQ(read(y, 0), 1 + 0x1p-10);
  EXPECT_EQ(read(y, 1), 1);
  EXPECT_EQ(read(y, 2), 1 + 0x1p-10);
}

// The 256 values of e4m3 (OCP 8-bit floating point, 2023): bias 7, no infinities, NaN 0x7f.
double e4m3(int bits) {
  int e = bits >> 3 & 15, m = bits & 7;
  double a = e == 15 && m == 7 ? NAN : e ? std::ldexp(8 + m, e - 10) : std::ldexp(m, -9);
  return bits & 0x80 ? -a : a;
}
double e5m2(int bits) {
  int e = bits >> 2 & 31, m = bits & 3;
  double a = e == 31 ? (m ? NAN : INFINITY) : e ? std::ldexp(4 + m, e - 17) : std::ldexp(m, -16);
  return bits & 0x80 ? -a : a;
}

TEST(Cast, Float8) {
  struct Form {
    DType dtype;
    double (*value)(int);
  };
  for (Form form : {Form{DType::f8e4m3, e4m3}, Form{DType::f8e5m2, e5m2}}) {
    Tensor all(form.dtype, {256});
    for (size_t i = 0; i < 256; ++i) all.bytes[i] = static_cast<char>(i);
    for (DType to : {DType::f32, DType::f64, DType::f16}) {
      Tensor y = check1("prim.cast", {all}, {{static_cast<int64_t>(to)}}, to, {256});
      for (int i = 0; i < 256; ++i) {
        double v = form.value(i);
        ASSERT_TRUE(std::isnan(v) ? std::isnan(read(y, i)) : read(y, i) == v);
      }
    }
    // The nearest of all values, the one with an even code among two.
    Tensor x = uniform(DType::f64, {2000}, 2, -40, 40);
    for (int64_t i = 0; i < 200; ++i) write(x, i, std::ldexp(static_cast<double>(i) - 100, -12));
    Tensor y = check1("prim.cast", {x}, {{static_cast<int64_t>(form.dtype)}}, form.dtype, {2000});
    for (int64_t i = 0; i < 2000; ++i) {
      double v = read(x, i);
      int best = 0;
      for (int code = 0; code < 256; ++code) {
        double a = std::fabs(form.value(code) - v), b = std::fabs(form.value(best) - v);
        if (a < b || (a == b && code % 2 == 0 && best % 2 != 0)) best = code;
      }
      ASSERT_EQ(form.value(static_cast<uint8_t>(y.bytes[static_cast<size_t>(i)])), form.value(best))
          << v;
    }
  }
}

TEST(Cast, Complex) {
  Tensor x = sample(DType::c64, {4, 50}, 3);
  auto parts = x.values<std::complex<float>>();
  auto y = check1("prim.cast", {x}, {{0}}, DType::c128, x.dims).values<std::complex<double>>();
  auto re = check1("prim.cast", {x}, {{0}}, DType::i16, x.dims).values<int16_t>();
  Tensor part = check1("prim.real", {x}, {}, DType::f32, x.dims);
  Tensor other = check1("prim.imag", {x}, {}, DType::f32, x.dims);
  Tensor joined = check1("prim.complex", {part, other}, {}, DType::c64, x.dims);
  EXPECT_EQ(joined.bytes, x.bytes);
  for (size_t i = 0; i < parts.size(); ++i) {
    EXPECT_EQ(y[i], std::complex<double>(parts[i]));
    EXPECT_EQ(re[i], static_cast<int16_t>(parts[i].real()));
    EXPECT_EQ(read(part, static_cast<int64_t>(i)), parts[i].real());
    EXPECT_EQ(read(other, static_cast<int64_t>(i)), parts[i].imag());
  }
  Tensor ints = sample(DType::i32, {77}, 4), halves = sample(DType::f16, {77}, 5);
  auto a = check1("prim.cast", {ints}, {{0}}, DType::c128, {77}).values<std::complex<double>>();
  auto b = check1("prim.cast", {halves}, {{0}}, DType::c64, {77}).values<std::complex<float>>();
  for (size_t i = 0; i < 77; ++i) {
    EXPECT_EQ(a[i], std::complex<double>(read(ints, static_cast<int64_t>(i)), 0));
    double v = read(halves, static_cast<int64_t>(i));
    EXPECT_TRUE(b[i] == std::complex<float>(static_cast<float>(v), 0) || std::isnan(v));
  }
  Tensor zeros(DType::c64, {3}, std::vector<float>{0, -0.0f, 0, 1, NAN, 0});
  EXPECT_EQ(check1("prim.cast", {zeros}, {{0}}, DType::boolean, {3}).bytes,
            (std::vector<char>{0, 1, 1}));
}

TEST(Cast, Bitcast) {
  Tensor x = sample(DType::f64, {5, 20}, 6);
  EXPECT_EQ(check1("prim.bitcast", {x}, {{0}}, DType::i64, x.dims).bytes, x.bytes);
  Tensor h = sample(DType::bf16, {50}, 7);
  EXPECT_EQ(check1("prim.bitcast", {h}, {{0}}, DType::i16, {50}).bytes, h.bytes);
}

TEST(Create, Iota) {
  for (DType dtype : kReals) {
    if (dtype == DType::boolean) continue;
    for (int64_t axis : {0, 1, 2}) {
      Dims dims = {5, 300, 7};
      Tensor y = check1("prim.iota", {}, {{0}, {}, {axis}}, dtype, dims);
      for (int64_t i = 0; i < y.elements(); ++i) {
        int64_t index = axis == 0 ? i / 2100 : axis == 1 ? i / 7 % 300 : i % 7;
        double expected = dtype == DType::u8   ? static_cast<uint8_t>(index)
                          : dtype == DType::i8 ? static_cast<int8_t>(index)
                                               : rounded(dtype, static_cast<double>(index));
        ASSERT_EQ(read(y, i), expected) << to_string(dtype) << axis << " " << i;
      }
    }
  }
  Tensor large = check1("prim.iota", {}, {{0}, {}, {0}}, DType::f32, {100003});
  for (int64_t i = 0; i < 100003; ++i) ASSERT_EQ(read(large, i), static_cast<double>(i));
  check1("prim.iota", {}, {{0}, {}, {0}}, DType::f32, {0, 3});
}

// Known answers of Random123 1.14 (kat_vectors, philox4x32-10): the key of (0, 0), counter 0.
TEST(Create, RngBits) {
  Tensor key(DType::i64, {2}, std::vector<int64_t>{0, 0});
  auto bits = check1("prim.rng_bits", {key}, {{0}, {}}, DType::i32, {3, 3}).values<uint32_t>();
  EXPECT_EQ(bits[0], 0x6627e8d5u);
  EXPECT_EQ(bits[1], 0xe169c58du);
  EXPECT_EQ(bits[2], 0xbc57ac4cu);
  EXPECT_EQ(bits[3], 0x9b00dbd8u);
  // The words of i64 are those of i32, two by two.
  Tensor other(DType::i64, {2}, std::vector<int64_t>{-5, 77});
  auto narrow =
      check1("prim.rng_bits", {other}, {{0}, {}}, DType::i32, {100002}).values<uint32_t>();
  auto wide = check1("prim.rng_bits", {other}, {{0}, {}}, DType::i64, {50001}).values<uint64_t>();
  for (size_t i = 0; i < wide.size(); ++i) {
    ASSERT_EQ(wide[i], narrow[2 * i] | static_cast<uint64_t>(narrow[2 * i + 1]) << 32);
  }
  EXPECT_NE(narrow[0], bits[0]);
}

TEST(Create, Dim) {
  EXPECT_EQ(read(check1("prim.dim", {Tensor(DType::f32, {3, 0, 5})}, {{0}}, DType::i64, {}), 0), 3);
  EXPECT_EQ(read(check1("prim.dim", {Tensor(DType::f32, {3, 0, 5})}, {{2}}, DType::i64, {}), 0), 5);
}

}  // namespace
}  // namespace proa::kernels::test
