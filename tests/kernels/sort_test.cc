// The kernels of order against the C++ library's stable sort and against counting.

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "tests/kernels/values.h"

namespace proa::kernels::test {
namespace {

constexpr DType kOrdered[] = {DType::boolean, DType::u8,  DType::i8,   DType::i16, DType::i32,
                              DType::i64,     DType::f16, DType::bf16, DType::f32, DType::f64};

// Few different values, so that there are equals; floats with NaN, infinities and both zeros.
Tensor coarse(DType dtype, Dims dims, unsigned seed) {
  Tensor t(dtype, std::move(dims));
  std::mt19937 random(seed);
  const double special[] = {0.0, -0.0, INFINITY, -INFINITY, NAN, 1.5, -1.5};
  for (int64_t i = 0; i < t.elements(); ++i) {
    if (dtype == DType::boolean) write(t, i, random() & 1);
    else if (is_float(dtype))
      write(
          t, i,
          random() % 3 == 0 ? special[random() % 7] : static_cast<double>(random() % 600) / 4 - 70);
    else if (dtype == DType::u8) write(t, i, random() % 100);
    else write(t, i, static_cast<double>(random() % 200) - 100);
  }
  return t;
}

bool before(double a, double b) { return std::isnan(b) ? !std::isnan(a) : a < b; }

std::vector<size_t> order_of(const std::vector<std::vector<double>>& keys, bool descending) {
  std::vector<size_t> order(keys[0].size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    for (const auto& key : keys) {
      double x = key[descending ? b : a], y = key[descending ? a : b];
      if (before(x, y)) return true;
      if (before(y, x)) return false;
    }
    return false;
  });
  return order;
}

// Element r of line l along `axis`.
int64_t element(const Dims& dims, size_t axis, int64_t line, int64_t r) {
  int64_t inner = 1;
  for (size_t i = axis + 1; i < dims.size(); ++i) inner *= dims[i];
  return (line / inner * dims[axis] + r) * inner + line % inner;
}

void check_sort(const std::vector<Tensor>& xs, int64_t axis, size_t keys, bool descending) {
  std::vector<DType> dtypes;
  std::vector<Dims> shapes;
  for (const Tensor& x : xs) {
    dtypes.push_back(x.dtype);
    shapes.push_back(x.dims);
  }
  auto ys =
      check("prim.sort", xs, {{axis}, {static_cast<int64_t>(keys)}, {descending}}, dtypes, shapes);
  const Dims& dims = xs[0].dims;
  if (xs[0].elements() == 0) return;
  auto at = static_cast<size_t>(axis < 0 ? axis + static_cast<int64_t>(dims.size()) : axis);
  for (int64_t line = 0; line < xs[0].elements() / dims[at]; ++line) {
    std::vector<std::vector<double>> values(keys,
                                            std::vector<double>(static_cast<size_t>(dims[at])));
    for (size_t k = 0; k < keys; ++k) {
      for (int64_t r = 0; r < dims[at]; ++r) {
        values[k][static_cast<size_t>(r)] = read(xs[k], element(dims, at, line, r));
      }
    }
    auto order = order_of(values, descending);
    for (size_t k = 0; k < xs.size(); ++k) {
      size_t size = size_of(xs[k].dtype);
      for (int64_t r = 0; r < dims[at]; ++r) {
        auto to = static_cast<size_t>(element(dims, at, line, r));
        auto from = static_cast<size_t>(
            element(dims, at, line, static_cast<int64_t>(order[static_cast<size_t>(r)])));
        ASSERT_EQ(std::memcmp(&ys[k].bytes[to * size], &xs[k].bytes[from * size], size), 0)
            << to_string(xs[k].dtype) << " tensor " << k << " line " << line << " place " << r;
      }
    }
  }
}

Tensor numbered(Dims dims) {
  Tensor t(DType::i64, std::move(dims));
  for (int64_t i = 0; i < t.elements(); ++i) write(t, i, static_cast<double>(i));
  return t;
}

TEST(Sort, StableInBothDirections) {
  for (DType dtype : kOrdered) {
    for (bool descending : {false, true}) {
      for (const Dims& dims : {Dims{0}, Dims{1}, Dims{700}, Dims{40}}) {
        check_sort({coarse(dtype, dims, 1), numbered(dims)}, 0, 1, descending);
      }
      check_sort({coarse(dtype, {3, 50, 4}, 2), numbered({3, 50, 4})}, 1, 1, descending);
      check_sort({coarse(dtype, {5, 33}, 3)}, -1, 1, descending);
      check_sort({coarse(dtype, {600, 3}, 4)}, 0, 1, descending);
      check_sort({coarse(dtype, {4, 0}, 5)}, 0, 1, descending);
    }
  }
}

TEST(Sort, SeveralKeysAndAnyCompanion) {
  for (int64_t n : {60, 2000}) {
    for (bool descending : {false, true}) {
      Tensor companion = uniform(DType::c128, {n}, 6, -1, 1);
      check_sort({coarse(DType::i16, {n}, 7), coarse(DType::f32, {n}, 8), companion, numbered({n})},
                 0, 2, descending);
      check_sort({coarse(DType::boolean, {n}, 9), coarse(DType::f64, {n}, 10), numbered({n})}, 0, 3,
                 descending);
    }
  }
}

TEST(Sort, TheWholeRangeOfIntegers) {
  for (DType dtype : {DType::i64, DType::i32, DType::i8, DType::u8}) {
    Tensor x = sample(dtype, {5000}, 11);
    Tensor y = check1("prim.sort", {x}, {{0}, {1}, {0}}, dtype, x.dims);
    auto compare = [&]<class T>(T) {
      auto expected = x.values<T>();
      std::sort(expected.begin(), expected.end());
      EXPECT_EQ(y.values<T>(), expected) << to_string(dtype);
    };
    if (dtype == DType::i64) compare(int64_t{});
    if (dtype == DType::i32) compare(int32_t{});
    if (dtype == DType::i8) compare(int8_t{});
    if (dtype == DType::u8) compare(uint8_t{});
  }
}

TEST(Sort, TopK) {
  for (DType dtype : kOrdered) {
    if (dtype == DType::boolean) continue;
    for (const Dims& dims :
         {Dims{1}, Dims{30}, Dims{7, 90}, Dims{2, 3, 800}, Dims{3, 0}, Dims{0, 4}}) {
      Tensor x = coarse(dtype, dims, 12);
      int64_t length = dims.back();
      for (int64_t k : {int64_t{0}, std::min<int64_t>(length, 1), length / 3, length}) {
        for (bool largest : {false, true}) {
          Dims shape = dims;
          shape.back() = k;
          auto y = check("prim.top_k", {x}, {{k}, {largest}}, {dtype, DType::i64}, {shape, shape});
          for (int64_t row = 0; k > 0 && row < x.elements() / length; ++row) {
            std::vector<double> values;
            for (int64_t i = 0; i < length; ++i) values.push_back(read(x, row * length + i));
            auto order = order_of({values}, largest);
            for (int64_t i = 0; i < k; ++i) {
              auto from = static_cast<int64_t>(order[static_cast<size_t>(i)]);
              ASSERT_EQ(read(y[1], row * k + i), static_cast<double>(from)) << to_string(dtype);
              ASSERT_EQ(
                  std::memcmp(
                      y[0].bytes.data() + (row * k + i) * static_cast<int64_t>(size_of(dtype)),
                      x.bytes.data() + (row * length + from) * static_cast<int64_t>(size_of(dtype)),
                      size_of(dtype)),
                  0);
            }
          }
        }
      }
    }
  }
}

TEST(Sort, SearchSorted) {
  for (DType dtype : kOrdered) {
    if (dtype == DType::boolean) continue;
    for (auto [n, m] : {std::pair<int64_t, int64_t>{50, 30}, {1, 5}, {0, 4}, {6, 0}, {300, 3000}}) {
      Tensor x = coarse(dtype, {3, n}, 13), values = coarse(dtype, {3, m}, 14);
      Tensor sorted = check1("prim.sort", {x}, {{1}, {1}, {0}}, dtype, x.dims);
      for (bool right : {false, true}) {
        Tensor y = check1("prim.search_sorted", {sorted, values}, {{right}}, DType::i64, {3, m});
        for (int64_t i = 0; i < 3 * m; ++i) {
          double v = read(values, i);
          int64_t count = 0;
          for (int64_t k = 0; k < n; ++k) {
            double e = read(x, i / m * n + k);
            count += right ? !before(v, e) : before(e, v);
          }
          ASSERT_EQ(read(y, i), static_cast<double>(count)) << to_string(dtype) << " " << v;
        }
      }
    }
  }
}

TEST(Sort, SearchOfRowsOutOfOrderStaysInside) {
  Tensor x = coarse(DType::f32, {4, 37}, 15), values = coarse(DType::f32, {4, 100}, 16);
  Tensor y = check1("prim.search_sorted", {x, values}, {{0}}, DType::i64, values.dims);
  for (int64_t i = 0; i < y.elements(); ++i) {
    EXPECT_GE(read(y, i), 0);
    EXPECT_LE(read(y, i), 37);
  }
}

TEST(Sort, Compact) {
  for (int64_t n : {0, 1, 7, 1000, 200000}) {
    for (int share : {0, 1, 3, 10}) {
      Tensor mask(DType::boolean, {n});
      std::mt19937 random(17);
      for (char& b : mask.bytes)
        b = static_cast<char>(random() % 10 < static_cast<unsigned>(share));
      auto y = check("prim.compact", {mask}, {}, {DType::i64, DType::i64}, {{n}, {}});
      std::vector<int64_t> expected;
      for (int64_t i = 0; i < n; ++i) {
        if (mask.bytes[static_cast<size_t>(i)]) expected.push_back(i);
      }
      EXPECT_EQ(read(y[1], 0), static_cast<double>(expected.size()));
      expected.resize(static_cast<size_t>(n), n);
      EXPECT_EQ(y[0].values<int64_t>(), expected);
    }
  }
}

}  // namespace
}  // namespace proa::kernels::test
