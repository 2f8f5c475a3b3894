// scan and reduce_window against loops written element by element.

#include <gtest/gtest.h>

#include <cmath>

#include "tests/kernels/values.h"

namespace proa::kernels::test {
namespace {

enum Kind { kSum, kProd, kMax, kMin, kLogSumExp, kLinear };

struct Case {
  Dims dims;
  int64_t axis;
};
const Case kCases[] = {{{1}, 0},       {{0}, 0},       {{600}, 0},       {{2000}, 0},
                       {{3, 1500}, 1}, {{1500, 3}, 0}, {{4, 530, 5}, 1}, {{2, 20, 300}, 1},
                       {{2, 0, 3}, 1}, {{0, 5}, 1},    {{5, 0}, 0},      {{40, 500}, 1}};

// The indices of the lines along the axis.
std::vector<std::vector<int64_t>> lines_of(const Case& c, bool reverse) {
  int64_t outer = 1, inner = 1, n = c.dims[static_cast<size_t>(c.axis)];
  for (int64_t i = 0; i < static_cast<int64_t>(c.dims.size()); ++i) {
    if (i < c.axis) outer *= c.dims[static_cast<size_t>(i)];
    if (i > c.axis) inner *= c.dims[static_cast<size_t>(i)];
  }
  std::vector<std::vector<int64_t>> lines;
  for (int64_t o = 0; o < outer; ++o) {
    for (int64_t i = 0; i < inner; ++i) {
      lines.emplace_back();
      for (int64_t k = 0; k < n; ++k) {
        lines.back().push_back((o * n + (reverse ? n - 1 - k : k)) * inner + i);
      }
    }
  }
  return lines;
}

template <class T>
T apply(Kind kind, T a, T b) {
  if (kind == kSum) return a + b;
  if (kind == kProd) return a * b;
  if (std::isnan(a) || std::isnan(b)) return NAN;
  if (a == b) return (kind == kMax) == std::signbit(a) ? b : a;
  return (kind == kMax) == (a > b) ? a : b;
}

template <class T>
void check_floats(DType dtype) {
  unsigned seed = 0;
  for (const Case& c : kCases) {
    for (bool reverse : {false, true}) {
      auto lines = lines_of(c, reverse);
      for (Kind kind : {kSum, kProd, kMax, kMin}) {
        Tensor x = kind == kProd ? uniform(dtype, c.dims, ++seed, 0.95, 1.05)
                                 : sample(dtype, c.dims, ++seed, kind >= kMax);
        Tensor expected(dtype, c.dims), positions(DType::i64, c.dims);
        for (const auto& line : lines) {
          T carry = 0, local = 0;
          int64_t place = 0;
          double best = 0;
          for (size_t k = 0; k < line.size(); ++k) {
            auto value = static_cast<T>(read(x, line[k]));
            if (k % 512 == 0 && k > 0) carry = k == 512 ? local : apply(kind, carry, local);
            local = k % 512 == 0 ? value : apply(kind, local, value);
            T now = k < 512 ? local : apply(kind, carry, local);
            write(expected, line[k], static_cast<double>(now));
            // Positions: the last of equals, signed zeros told apart, the last NaN.
            bool zero_below = value == 0 && best == 0 && std::signbit(value) == (kind == kMax) &&
                              std::signbit(best) != (kind == kMax) && k > 0;
            bool moves = k == 0 || std::isnan(value) ||
                         (!std::isnan(best) && !zero_below &&
                          (kind == kMax ? value >= best : value <= best));
            if (moves) {
              place = reverse ? static_cast<int64_t>(line.size() - 1 - k) : static_cast<int64_t>(k);
              best = static_cast<double>(value);
            }
            write(positions, line[k], static_cast<double>(place));
          }
        }
        Tensor y = check1("prim.scan", {x}, {{kind}, {c.axis}, {reverse}, {0}}, dtype, c.dims);
        ASSERT_TRUE(same_bits(y, expected))
            << kind << " " << to_string(dtype) << ::testing::PrintToString(c.dims) << reverse;
        if (kind < kMax) continue;
        auto both = check("prim.scan", {x}, {{kind}, {c.axis}, {reverse}, {1}}, {dtype, DType::i64},
                          {c.dims, c.dims});
        ASSERT_TRUE(same_bits(both[0], expected));
        ASSERT_TRUE(same_bits(both[1], positions)) << kind << " " << to_string(dtype);
      }
    }
  }
}

TEST(Scan, FloatsInTheWrittenOrder) {
  check_floats<float>(DType::f32);
  check_floats<double>(DType::f64);
  check_floats<float>(DType::f16);
  check_floats<float>(DType::bf16);
}

TEST(Scan, IntegersWrap) {
  unsigned seed = 50;
  for (const Case& c : kCases) {
    Tensor x = sample(DType::i8, c.dims, ++seed);
    auto values = x.values<int8_t>();
    for (Kind kind : {kSum, kProd, kMax, kMin}) {
      auto y = check1("prim.scan", {x}, {{kind}, {c.axis}, {0}, {0}}, DType::i8, c.dims)
                   .values<int8_t>();
      for (const auto& line : lines_of(c, false)) {
        int8_t now = 0;
        for (size_t k = 0; k < line.size(); ++k) {
          int8_t v = values[static_cast<size_t>(line[k])];
          if (k == 0) now = v;
          else if (kind == kSum) now = static_cast<int8_t>(now + v);
          else if (kind == kProd) now = static_cast<int8_t>(now * v);
          else now = kind == kMax ? std::max(now, v) : std::min(now, v);
          ASSERT_EQ(y[static_cast<size_t>(line[k])], now);
        }
      }
    }
  }
}

TEST(Scan, LongerLinesHaveTheSamePrefix) {
  Tensor x = sample(DType::f32, {3000}, 60, false);
  Tensor all = check1("prim.scan", {x}, {{kSum}, {0}, {0}, {0}}, DType::f32, {3000});
  Tensor part(DType::f32, {1300});
  std::memcpy(part.bytes.data(), x.bytes.data(), part.bytes.size());
  Tensor y = check1("prim.scan", {part}, {{kSum}, {0}, {0}, {0}}, DType::f32, {1300});
  EXPECT_EQ(std::memcmp(y.bytes.data(), all.bytes.data(), y.bytes.size()), 0);
}

TEST(Scan, LogSumExp) {
  for (DType dtype : {DType::f32, DType::f64}) {
    for (const Case& c : kCases) {
      Tensor x = uniform(dtype, c.dims, 61, -300, 300);
      if (x.elements() > 20) {
        write(x, 0, -INFINITY);
        write(x, 5, -1e4);
      }
      Tensor y = check1("prim.scan", {x}, {{kLogSumExp}, {c.axis}, {0}, {0}}, dtype, c.dims);
      for (const auto& line : lines_of(c, false)) {
        long double most = -INFINITY, sum = 0;
        for (int64_t i : line) {
          long double v = read(x, i), m = std::max(most, v);
          if (std::isfinite(m)) sum = sum * std::exp(most - m) + std::exp(v - m);
          most = m;
          long double expected = std::isfinite(m) ? m + std::log(sum) : m;
          if (std::isinf(expected)) {
            ASSERT_EQ(read(y, i), expected);
          } else {
            double unit = dtype == DType::f64 ? 1e-15 : 5e-7;
            ASSERT_NEAR(read(y, i), static_cast<double>(expected),
                        unit * (1 + std::fabs(static_cast<double>(expected))));
          }
        }
      }
    }
  }
  Tensor special(DType::f32, {4}, std::vector<float>{1, INFINITY, 3, NAN});
  Tensor y = check1("prim.scan", {special}, {{kLogSumExp}, {0}, {0}, {0}}, DType::f32, {4});
  EXPECT_EQ(read(y, 0), 1);
  EXPECT_EQ(read(y, 1), INFINITY);
  EXPECT_EQ(read(y, 2), INFINITY);
  EXPECT_TRUE(std::isnan(read(y, 3)));
}

TEST(Scan, LinearIsOneFmaAStep) {
  unsigned seed = 70;
  for (const Case& c : kCases) {
    for (bool reverse : {false, true}) {
      Tensor a = uniform(DType::f32, c.dims, ++seed, -1, 1),
             b = uniform(DType::f32, c.dims, ++seed, -3, 3);
      Tensor y =
          check1("prim.scan", {a, b}, {{kLinear}, {c.axis}, {reverse}, {0}}, DType::f32, c.dims);
      for (const auto& line : lines_of(c, reverse)) {
        float state = 0;
        for (int64_t i : line) {
          state = std::fma(static_cast<float>(read(a, i)), state, static_cast<float>(read(b, i)));
          ASSERT_EQ(read(y, i), state);
        }
      }
    }
  }
}

struct WindowCase {
  Dims x, size, stride, low, high, dilation;
};
const WindowCase kWindows[] = {
    {{}, {}, {}, {}, {}, {}},
    {{10}, {3}, {1}, {0}, {0}, {1}},
    {{10}, {3}, {2}, {1}, {2}, {2}},
    {{7, 9}, {2, 3}, {1, 2}, {1, 0}, {0, 2}, {1, 1}},
    {{2, 3, 20}, {1, 1, 4}, {1, 1, 3}, {0, 0, 2}, {0, 0, 2}, {1, 1, 1}},
    {{2, 3, 11, 13}, {1, 1, 3, 3}, {1, 1, 2, 2}, {0, 0, 1, 1}, {0, 0, 1, 1}, {1, 1, 1, 1}},
    {{2, 3, 11, 1300}, {1, 1, 2, 5}, {1, 1, 1, 1}, {0, 0, 0, 0}, {0, 0, 0, 0}, {1, 1, 2, 3}},
    {{1, 2, 5, 6, 7},
     {1, 1, 2, 2, 3},
     {1, 1, 2, 1, 2},
     {0, 0, 0, 1, 1},
     {0, 0, 1, 0, 1},
     {1, 1, 1, 2, 1}},
    {{2, 2, 3}, {1, 1, 1}, {1, 1, 1}, {0, 0, 2}, {0, 0, 2}, {1, 1, 1}},  // windows of padding alone
    {{2, 0, 5}, {1, 1, 2}, {1, 1, 1}, {0, 0, 0}, {0, 0, 0}, {1, 1, 1}},
};

TEST(ReduceWindow, ElementByElement) {
  unsigned seed = 80;
  for (const WindowCase& c : kWindows) {
    size_t rank = c.x.size();
    Dims out;
    int64_t taps = 1, results = 1, flat_size = 1;
    for (size_t i = 0; i < rank; ++i) {
      out.push_back(
          (c.x[i] + c.low[i] + c.high[i] - (c.size[i] - 1) * c.dilation[i] - 1) / c.stride[i] + 1);
      taps *= c.size[i];
      results *= out[i];
      if (rank <= 2 || i >= 2) flat_size *= c.x[i];
    }
    for (DType dtype : {DType::f32, DType::f64, DType::f16, DType::bf16, DType::i32, DType::u8}) {
      for (int64_t kind : {0, 1, 2}) {
        Tensor x = sample(dtype, c.x, ++seed, kind > 0);
        Tensor expected(dtype, out), places(DType::i64, out);
        for (int64_t r = 0; r < results; ++r) {
          bool wide = dtype == DType::f64 || dtype == DType::i32;
          double least = is_float(dtype) ? -INFINITY : dtype == DType::u8 ? 0 : -0x1p31;
          double most = is_float(dtype) ? INFINITY : dtype == DType::u8 ? 255 : 0x1p31 - 1;
          double total = kind == 0 ? 0 : kind == 1 ? least : most;
          int64_t place = -1;
          for (int64_t t = 0; t < taps; ++t) {
            int64_t rest_r = r, rest_t = t, index = 0, step = 1;
            bool inside = true;
            for (size_t i = rank; i-- > 0;) {
              int64_t at =
                  rest_r % out[i] * c.stride[i] + rest_t % c.size[i] * c.dilation[i] - c.low[i];
              inside = inside && at >= 0 && at < c.x[i];
              index += at * step;
              step *= c.x[i];
              rest_r /= out[i];
              rest_t /= c.size[i];
            }
            if (!inside) continue;
            double v = read(x, index);
            if (kind == 0) {
              total = wide ? total + v : static_cast<float>(total) + static_cast<float>(v);
              if (dtype == DType::i32) total = static_cast<int32_t>(static_cast<int64_t>(total));
              if (dtype == DType::u8) total = static_cast<uint8_t>(static_cast<int64_t>(total));
            } else if (place < 0 || std::isnan(v) || (kind == 1 ? v > total : v < total)) {
              if (std::isnan(total)) continue;
              total = v;
              place = index % flat_size;
            }
          }
          write(expected, r, total);
          write(places, r, static_cast<double>(place));
        }
        Words words = {{kind}, c.size, c.stride, c.low, c.high, c.dilation, {0}};
        Tensor y = check1("prim.reduce_window", {x}, words, dtype, out);
        ASSERT_TRUE(same_bits(y, expected)) << kind << " " << to_string(dtype);
        if (kind == 0) continue;
        words[6] = {1};
        auto both = check("prim.reduce_window", {x}, words, {dtype, DType::i64}, {out, out});
        ASSERT_TRUE(same_bits(both[0], expected)) << kind << " " << to_string(dtype);
        ASSERT_TRUE(same_bits(both[1], places)) << kind << " " << to_string(dtype);
      }
    }
  }
}

}  // namespace
}  // namespace proa::kernels::test
