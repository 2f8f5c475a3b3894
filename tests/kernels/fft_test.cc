// fft against the definition of the transform, summed in long double.

#include <gtest/gtest.h>

#include <complex>
#include <numbers>

#include "tests/kernels/values.h"

namespace proa::kernels::test {
namespace {

enum Kind { forward, inverse, r2c, c2r };
using Wide = std::complex<long double>;

std::vector<Wide> wide_of(const Tensor& t) {
  std::vector<Wide> x;
  if (t.dtype == DType::c64) {
    for (auto e : t.values<std::complex<float>>()) x.emplace_back(e);
  } else if (t.dtype == DType::c128) {
    for (auto e : t.values<std::complex<double>>()) x.emplace_back(e);
  } else {
    for (int64_t i = 0; i < t.elements(); ++i) x.emplace_back(read(t, i));
  }
  return x;
}

std::vector<Wide> by_definition(const std::vector<Wide>& x, const Dims& dims, size_t axis,
                                int sign) {
  int64_t n = dims[axis], inner = 1;
  for (size_t i = axis + 1; i < dims.size(); ++i) inner *= dims[i];
  std::vector<Wide> y(x.size()), turn;
  for (int64_t i = 0; i < n; ++i) {
    turn.push_back(std::polar(1.0L, sign * 2 * std::numbers::pi_v<long double> * i / n));
  }
  for (size_t i = 0; i < x.size(); ++i) {
    auto at = static_cast<int64_t>(i);
    int64_t k = at / inner % n, first = at - k * inner;
    for (int64_t j = 0; j < n; ++j) {
      y[i] += x[static_cast<size_t>(first + j * inner)] * turn[static_cast<size_t>(j * k % n)];
    }
  }
  return y;
}

// Relative to the root of the mean square, as the error of a transform is bounded.
void expect_close(const Tensor& y, const std::vector<Wide>& expected, int64_t points) {
  auto got = wide_of(y);
  long double error = 0, scale = 1e-300L;
  for (size_t i = 0; i < got.size(); ++i) {
    error += std::norm(got[i] - expected[i]);
    scale += std::norm(expected[i]);
  }
  long double unit = real_of(y.dtype) == DType::f32 ? 6e-8L : 1.2e-16L;
  EXPECT_LT(std::sqrt(error / scale), unit * (3 + 2 * std::log2(static_cast<long double>(points))))
      << points;
}

void check_fft(Kind kind, DType dtype, const Dims& dims, const std::vector<int64_t>& axes,
               int64_t length = 0) {
  Tensor x = uniform(dtype, dims, 1, -1, 1);
  auto axis = [&](int64_t a) {
    return static_cast<size_t>(a < 0 ? a + static_cast<int64_t>(dims.size()) : a);
  };
  size_t last = axis(axes.back());
  Dims full = dims, shape = dims;
  auto expected = wide_of(x);
  int64_t inner = 1, points = 1;
  for (size_t i = last + 1; i < dims.size(); ++i) inner *= dims[i];
  if (kind == r2c) shape[last] = dims[last] / 2 + 1;
  if (kind == c2r) {
    full[last] = shape[last] = length;
    // Other axes first, then the half spectrum is completed along the last one.
    for (size_t i = 0; i + 1 < axes.size(); ++i)
      expected = by_definition(expected, dims, axis(axes[i]), 1);
    std::vector<Wide> whole;
    int64_t half = dims[last];
    for (int64_t o = 0; o < x.elements() / (half * inner); ++o) {
      for (int64_t k = 0; k < length; ++k) {
        for (int64_t i = 0; i < inner; ++i) {
          int64_t at = k < half ? k : length - k;
          Wide e = expected[static_cast<size_t>((o * half + at) * inner + i)];
          if (k == 0 || 2 * k == length) e = e.real();
          whole.push_back(k < half ? e : std::conj(e));
        }
      }
    }
    expected = by_definition(whole, full, last, 1);
    for (Wide& e : expected) e = e.real();
  } else {
    for (int64_t a : axes)
      expected = by_definition(expected, dims, axis(a), kind == inverse ? 1 : -1);
  }
  if (kind == r2c) {
    std::vector<Wide> half;
    for (size_t i = 0; i < expected.size(); ++i) {
      if (static_cast<int64_t>(i) / inner % dims[last] < shape[last]) half.push_back(expected[i]);
    }
    expected = half;
  }
  for (int64_t a : axes) points *= full[axis(a)];
  DType result = kind == r2c ? complex_of(dtype) : kind == c2r ? real_of(dtype) : dtype;
  Words words = {{kind}, axes, {}};
  if (kind == c2r) words[2] = {length};
  Tensor y = check1("prim.fft", {x}, words, result, shape);
  expect_close(y, expected, points);
}

TEST(FftKernel, Complex) {
  for (Kind kind : {forward, inverse}) {
    for (DType dtype : {DType::c64, DType::c128}) {
      for (int64_t n : {1, 2, 7, 16, 60, 97, 243, 509}) check_fft(kind, dtype, {n}, {0});
      check_fft(kind, dtype, {5, 12}, {1});
      check_fft(kind, dtype, {12, 5}, {0});
      check_fft(kind, dtype, {6, 10}, {0, -1});
      check_fft(kind, dtype, {4, 3, 5, 2}, {3, 0, 1});
      check_fft(kind, dtype, {700, 120}, {1});
      check_fft(kind, dtype, {3, 0, 4}, {2});
    }
  }
}

TEST(FftKernel, RealAndHalfSpectrum) {
  for (DType dtype : {DType::f32, DType::f64}) {
    for (int64_t n : {1, 2, 7, 16, 97}) {
      check_fft(r2c, dtype, {n}, {0});
      check_fft(c2r, complex_of(dtype), {n / 2 + 1}, {0}, n);
      check_fft(c2r, complex_of(dtype), {3, n / 2 + 1, 2}, {0, 1}, n);
      check_fft(r2c, dtype, {4, n, 3}, {2, 0, 1});
    }
    check_fft(r2c, dtype, {6, 10}, {0, 1});
    check_fft(r2c, dtype, {120, 700}, {0});
    check_fft(c2r, complex_of(dtype), {61, 600}, {0}, 120);
    check_fft(c2r, complex_of(dtype), {4, 3, 6}, {0, 1, 2}, 11);
    check_fft(r2c, dtype, {0, 6}, {1});
  }
}

TEST(FftKernel, ThereAndBackIsNTimes) {
  Tensor x = uniform(DType::c128, {30, 14}, 2, -1, 1);
  Tensor y = check1("prim.fft", {x}, {{forward}, {0, 1}, {}}, DType::c128, x.dims);
  Tensor z = check1("prim.fft", {y}, {{inverse}, {0, 1}, {}}, DType::c128, x.dims);
  auto a = wide_of(x), b = wide_of(z);
  for (size_t i = 0; i < a.size(); ++i) EXPECT_LT(std::abs(b[i] / 420.0L - a[i]), 1e-15L);
}

TEST(FftKernel, BroadcastInput) {
  Tensor row = uniform(DType::f64, {1, 24}, 3, -1, 1);
  Tensor y = check1("prim.fft", {broadcast(row, {5, 24})}, {{r2c}, {1}, {}}, DType::c128, {5, 13});
  Tensor one = check1("prim.fft", {row}, {{r2c}, {1}, {}}, DType::c128, {1, 13});
  for (size_t i = 0; i < 5; ++i) {
    EXPECT_EQ(
        std::memcmp(y.bytes.data() + i * one.bytes.size(), one.bytes.data(), one.bytes.size()), 0);
  }
}

}  // namespace
}  // namespace proa::kernels::test
