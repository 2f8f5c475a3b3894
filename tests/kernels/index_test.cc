// gather and scatter against one element at a time.

#include <gtest/gtest.h>

#include <algorithm>
#include <complex>

#include "tests/kernels/values.h"

namespace proa::kernels::test {
namespace {

enum Mode { clamp, drop, wrap };
enum Kind { set, add, mul, min, max };
constexpr DType kReals[] = {DType::u8,  DType::i8,   DType::i16, DType::i32, DType::i64,
                            DType::f16, DType::bf16, DType::f32, DType::f64};

Tensor indices(Dims dims, unsigned seed, int64_t low, int64_t high) {
  Tensor t(DType::i64, std::move(dims));
  std::mt19937 random(seed);
  for (int64_t i = 0; i < t.elements(); ++i) {
    write(t, i,
          static_cast<double>(low +
                              static_cast<int64_t>(random() % static_cast<unsigned>(high - low))));
  }
  return t;
}

Dims unflatten(int64_t i, const Dims& dims) {
  Dims at(dims.size());
  for (size_t k = dims.size(); k-- > 0; i /= dims[k]) at[k] = i % dims[k];
  return at;
}
int64_t flatten(const Dims& at, const Dims& dims) {
  int64_t i = 0;
  for (size_t k = 0; k < dims.size(); ++k) i = i * dims[k] + at[k];
  return i;
}

struct Case {
  Dims x, index;
  std::vector<int64_t> axes;
  int64_t batch = 0;
  Dims result() const {
    Dims dims(x.begin(), x.begin() + batch);
    dims.insert(dims.end(), index.begin() + batch, index.end() - 1);
    for (int64_t i = batch; i < static_cast<int64_t>(x.size()); ++i) {
      if (std::ranges::find(axes, i) == axes.end()) dims.push_back(x[static_cast<size_t>(i)]);
    }
    return dims;
  }
};

// Which element of x belongs to element `i` of the gathered shape; -1 for none.
int64_t place_of(const Case& c, const Tensor& index, Mode mode, int64_t i) {
  Dims at = unflatten(i, c.result()), x_at(c.x.size(), -1), index_at;
  size_t places = c.index.size() - 1, next = places;
  index_at.assign(at.begin(), at.begin() + static_cast<int64_t>(places));
  for (int64_t b = 0; b < c.batch; ++b) x_at[static_cast<size_t>(b)] = at[static_cast<size_t>(b)];
  index_at.push_back(0);
  for (size_t k = 0; k < c.axes.size(); ++k) {
    index_at.back() = static_cast<int64_t>(k);
    auto value = static_cast<int64_t>(read(index, flatten(index_at, c.index)));
    auto axis = static_cast<size_t>(c.axes[k]);
    int64_t extent = c.x[axis];
    if (extent == 0) return -1;
    if (value < 0 || value >= extent) {
      if (mode == drop) return -1;
      value = mode == clamp ? std::clamp<int64_t>(value, 0, extent - 1)
                            : ((value % extent) + extent) % extent;
    }
    x_at[axis] = value;
  }
  for (auto& a : x_at) {
    if (a == -1) a = at[next++];
  }
  return flatten(x_at, c.x);
}

const Case kCases[] = {
    {{5}, {7, 1}, {0}, 0},
    {{5}, {1}, {0}, 0},
    {{4, 3}, {6, 2, 1}, {0}, 0},
    {{4, 3}, {2, 9, 1}, {1}, 0},
    {{4, 3}, {11, 2}, {1, 0}, 0},
    {{2, 3, 4}, {2, 5, 1}, {2}, 1},
    {{3, 6, 4}, {3, 1}, {1}, 1},
    {{2, 3, 4, 2}, {2, 3, 5, 2}, {3, 2}, 2},
    {{2, 3, 2, 5}, {4, 1}, {2}, 0},
    {{3, 4, 5}, {2, 0}, {}, 0},
    {{0, 3}, {2, 1}, {0}, 0},
    {{4, 0}, {3, 1}, {0}, 0},
    {{3, 2}, {0, 1}, {0}, 0},
    {{0, 4}, {0, 3, 1}, {1}, 1},
    {{20, 9}, {20, 3, 1}, {1}, 1},
    {{300, 130}, {90, 1}, {0}, 0},
    {{3, 17000}, {4, 1}, {0}, 0},
    {{40, 7, 70}, {60, 1}, {1}, 0},
    {{2, 3, 1100}, {2, 5, 1}, {1}, 1},
};

TEST(Index, GatherOfEveryDType) {
  for (const Case& c : kCases) {
    Tensor index = indices(c.index, 1, -6, 9);
    for (int type = 0; type < kDTypeCount; ++type) {
      auto dtype = static_cast<DType>(type);
      Tensor x(dtype, c.x);
      if (x.elements() > 2000 && dtype != DType::f32) continue;
      std::mt19937 random(2);
      for (char& b : x.bytes)
        b = static_cast<char>(dtype == DType::boolean ? random() & 1 : random());
      size_t size = size_of(dtype);
      for (Mode mode : {clamp, drop, wrap}) {
        Tensor y =
            check1("prim.gather", {x, index}, {c.axes, {c.batch}, {mode}}, dtype, c.result());
        std::vector<char> zero(size, 0);
        for (int64_t i = 0; i < y.elements(); ++i) {
          int64_t from = place_of(c, index, mode, i);
          const char* expected =
              from < 0 ? zero.data() : x.bytes.data() + from * static_cast<int64_t>(size);
          ASSERT_EQ(std::memcmp(y.bytes.data() + i * static_cast<int64_t>(size), expected, size), 0)
              << to_string(dtype) << " element " << i << " mode " << mode;
        }
      }
    }
  }
}

// As the page says: in ascending order, in f32 for f16 and bf16, rounded once.
template <class T>
T combined(Kind kind, T a, T b) {
  switch (kind) {
    case set: return b;
    case add: return a + b;
    case mul: return a * b;
    case min: return a != a || b != b ? a + b : std::min(a, b);
    default: return a != a || b != b ? a + b : std::max(a, b);
  }
}

template <class T>
std::vector<double> scattered(const Case& c, Kind kind, Mode mode, const Tensor& x,
                              const Tensor& index, const Tensor& updates) {
  std::vector<T> y(static_cast<size_t>(x.elements()));
  for (int64_t i = 0; i < x.elements(); ++i) y[static_cast<size_t>(i)] = static_cast<T>(read(x, i));
  for (int64_t i = 0; i < updates.elements(); ++i) {
    int64_t to = place_of(c, index, mode, i);
    if (to < 0) continue;
    T& place = y[static_cast<size_t>(to)];
    place = combined<T>(kind, place, static_cast<T>(read(updates, i)));
  }
  return {y.begin(), y.end()};
}

TEST(Index, ScatterOfEveryKindAndDType) {
  for (const Case& c : kCases) {
    Tensor index = indices(c.index, 3, -4, 7);
    for (DType dtype : kReals) {
      Tensor x = uniform(dtype, c.x, 4, 0, 9), updates = uniform(dtype, c.result(), 5, 0, 3);
      if (x.elements() > 2000 && dtype != DType::f32 && dtype != DType::bf16) continue;
      for (Kind kind : {set, add, mul, min, max}) {
        for (Mode mode : {clamp, drop, wrap}) {
          Tensor y = check1("prim.scatter", {x, index, updates},
                            {{kind}, c.axes, {c.batch}, {mode}}, dtype, c.x);
          bool wide = is_int(dtype) || dtype == DType::f64;
          auto expected = is_int(dtype) ? scattered<int64_t>(c, kind, mode, x, index, updates)
                          : wide        ? scattered<double>(c, kind, mode, x, index, updates)
                                        : scattered<float>(c, kind, mode, x, index, updates);
          for (int64_t i = 0; i < y.elements(); ++i) {
            double e = expected[static_cast<size_t>(i)];
            Tensor one(dtype, {1});
            if (is_int(dtype)) {
              auto wraps = static_cast<int64_t>(e);
              std::memcpy(one.bytes.data(), &wraps, one.bytes.size());
            } else {
              write(one, 0, e);
            }
            ASSERT_EQ(read(y, i), read(one, 0))
                << to_string(dtype) << " kind " << kind << " mode " << mode << " element " << i;
          }
        }
      }
    }
  }
}

TEST(Index, ScatterOfComplexNumbers) {
  using C = std::complex<double>;
  Tensor x = uniform(DType::c128, {4}, 6, -1, 1), updates = uniform(DType::c128, {9}, 7, -1, 1);
  Tensor index = indices({9, 1}, 8, 0, 4);
  for (Kind kind : {set, add, mul}) {
    auto y =
        check1("prim.scatter", {x, index, updates}, {{kind}, {0}, {0}, {drop}}, DType::c128, {4})
            .values<C>();
    auto expected = x.values<C>();
    auto u = updates.values<C>();
    for (size_t i = 0; i < 9; ++i) {
      C& place = expected[static_cast<size_t>(read(index, static_cast<int64_t>(i)))];
      place = kind == set ? u[i] : kind == add ? place + u[i] : place * u[i];
    }
    for (size_t i = 0; i < 4; ++i) EXPECT_LT(std::abs(y[i] - expected[i]), 1e-15);
  }
}

TEST(Index, ScatterIntoItsOperand) {
  Tensor x = uniform(DType::f32, {50, 3}, 9, 0, 1),
         updates = uniform(DType::f32, {20, 3}, 10, 0, 1);
  Tensor index = indices({20, 1}, 11, 0, 50);
  Words attrs = {{add}, {0}, {0}, {drop}};
  Tensor expected = check1("prim.scatter", {x, index, updates}, attrs, DType::f32, x.dims);
  program::KernelTable table;
  register_cpu(table);
  program::TensorRef in[] = {x.ref(), index.ref(), updates.ref()}, out[] = {x.ref()};
  int64_t words[] = {add, 0, 0, drop};
  int32_t offsets[] = {0, 1, 2, 3, 4};
  table.find("prim.scatter")({in, out, {words, offsets}, "prim.scatter"});
  EXPECT_TRUE(same_bits(x, expected));
}

TEST(Index, ExtremaPassNaNOn) {
  double nan = std::numeric_limits<double>::quiet_NaN();
  for (DType dtype : {DType::f16, DType::bf16, DType::f32, DType::f64}) {
    Tensor x(dtype, {3}), updates(dtype, {4}),
        index(DType::i64, {4, 1}, std::vector<int64_t>{0, 0, 1, 2});
    double values[] = {nan, 1, nan, 5};
    for (int64_t i = 0; i < 3; ++i) write(x, i, i == 2 ? nan : 2);
    for (int64_t i = 0; i < 4; ++i) write(updates, i, values[i]);
    for (Kind kind : {min, max}) {
      Tensor y =
          check1("prim.scatter", {x, index, updates}, {{kind}, {0}, {0}, {drop}}, dtype, {3});
      for (int64_t i = 0; i < 3; ++i) EXPECT_TRUE(std::isnan(read(y, i)));
    }
  }
}

}  // namespace
}  // namespace proa::kernels::test
