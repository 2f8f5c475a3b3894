// reduce and arg_reduce against loops that follow the written order element by element.

#include <gtest/gtest.h>

#include <cmath>
#include <complex>
#include <numeric>

#include "tests/kernels/values.h"

namespace proa::kernels::test {
namespace {

enum Kind { kSum, kProd, kMax, kMin, kAnd, kOr, kXor };

// docs: blocks of 4096, lanes i mod 16 from the neutral element, folded 8, 4, 2, 1, adjacent pairs.
template <class T, class Op>
T in_order(const std::vector<T>& x, T neutral, Op op) {
  std::vector<T> totals;
  for (size_t begin = 0; begin < x.size() || begin == 0; begin += 4096) {
    std::vector<T> lane(16, neutral);
    for (size_t i = begin; i < x.size() && i < begin + 4096; ++i) {
      lane[i % 16] = op(lane[i % 16], x[i]);
    }
    for (size_t half = 8; half > 0; half /= 2) {
      for (size_t l = 0; l < half; ++l) lane[l] = op(lane[l], lane[l + half]);
    }
    totals.push_back(lane[0]);
  }
  while (totals.size() > 1) {
    std::vector<T> next;
    for (size_t i = 0; i < totals.size(); i += 2) {
      next.push_back(i + 1 < totals.size() ? op(totals[i], totals[i + 1]) : totals[i]);
    }
    totals = next;
  }
  return totals[0];
}

// The elements of each result, in order, as indices into dense x.
std::vector<std::vector<int64_t>> members(const Dims& dims, const Dims& axes, Dims& out) {
  Dims strides(dims.size());
  int64_t step = 1;
  for (size_t i = dims.size(); i-- > 0;) {
    strides[i] = step;
    step *= dims[i];
  }
  Dims order_dims, order_strides;
  out.clear();
  for (size_t i = 0; i < dims.size(); ++i) {
    if (std::find(axes.begin(), axes.end(), static_cast<int64_t>(i)) != axes.end()) continue;
    out.push_back(dims[i]);
    order_dims.push_back(dims[i]);
    order_strides.push_back(strides[i]);
  }
  int64_t length = 1, results = 1;
  for (int64_t d : out) results *= d;
  for (int64_t axis : axes) {
    order_dims.push_back(dims[static_cast<size_t>(axis)]);
    order_strides.push_back(strides[static_cast<size_t>(axis)]);
    length *= order_dims.back();
  }
  std::vector<std::vector<int64_t>> lists(static_cast<size_t>(results));
  for (int64_t r = 0; r < results * length; ++r) {
    int64_t rest = r, index = 0;
    for (size_t i = order_dims.size(); i-- > 0;) {
      index += rest % order_dims[i] * order_strides[i];
      rest /= order_dims[i];
    }
    lists[static_cast<size_t>(r / length)].push_back(index);
  }
  return lists;
}

template <class T>
Tensor expected_of(const Tensor& x, Kind kind, const std::vector<std::vector<int64_t>>& lists,
                   const Dims& out) {
  Tensor result(x.dtype, out);
  for (size_t r = 0; r < lists.size(); ++r) {
    std::vector<T> values;
    for (int64_t i : lists[r]) values.push_back(static_cast<T>(read(x, i)));
    T answer;
    switch (kind) {
      case kSum: answer = in_order<T>(values, 0, [](T a, T b) { return a + b; }); break;
      case kProd: answer = in_order<T>(values, 1, [](T a, T b) { return a * b; }); break;
      default: {
        answer = values[0];
        for (T v : values) {
          if (std::isnan(v) || std::isnan(answer)) answer = NAN;
          else if (kind == kMax && (v > answer || (v == answer && !std::signbit(v)))) answer = v;
          else if (kind == kMin && (v < answer || (v == answer && std::signbit(v)))) answer = v;
        }
      }
    }
    write(result, static_cast<int64_t>(r), static_cast<double>(answer));
  }
  return result;
}

struct Case {
  Dims dims, axes;
};
const Case kCases[] = {
    {{}, {}},
    {{0}, {0}},
    {{2, 0, 3}, {1}},
    {{0, 4}, {1}},
    {{1}, {0}},
    {{7}, {0}},
    {{100}, {0}},
    {{4096}, {0}},
    {{12289}, {0}},
    {{90001}, {0}},
    {{3, 9000}, {1}},
    {{3, 9000}, {0}},
    {{9000, 3}, {0}},
    {{9000, 3}, {1}},
    {{5000, 130}, {0}},
    {{40, 700}, {0}},
    {{4, 300, 5}, {1}},
    {{6, 5, 4}, {0, 1}},
    {{6, 5, 4}, {2, 0}},
    {{6, 5, 4}, {1, 2, 0}},
    {{6, 5, 4}, {0, 2}},
    {{2, 3, 4, 5, 6}, {3, 1}},
    {{8, 70, 150}, {0, 1}},
    {{3, 5}, {}},
    {{2, 17, 1030}, {1}},
    {{20000, 2}, {0}},
    {{1, 6000, 1}, {1}},
};

TEST(Reduce, FloatsInTheWrittenOrder) {
  unsigned seed = 0;
  for (const Case& c : kCases) {
    Dims out;
    auto lists = members(c.dims, c.axes, out);
    bool nothing = !lists.empty() && lists[0].empty();
    for (DType dtype : {DType::f32, DType::f64, DType::f16, DType::bf16}) {
      for (Kind kind : {kSum, kProd, kMax, kMin}) {
        if (nothing && kind >= kMax) continue;
        ++seed;
        Tensor x = kind == kProd ? uniform(dtype, c.dims, seed, 0.9, 1.1)
                                 : sample(dtype, c.dims, seed, kind >= kMax && seed % 2 == 0);
        Tensor y = check1("prim.reduce", {x}, {{kind}, c.axes}, dtype, out);
        Tensor expected = dtype == DType::f64 ? expected_of<double>(x, kind, lists, out)
                                              : expected_of<float>(x, kind, lists, out);
        ASSERT_TRUE(same_bits(y, expected))
            << "kind " << kind << " of " << to_string(dtype) << " over "
            << ::testing::PrintToString(c.axes) << " of " << ::testing::PrintToString(c.dims);
      }
    }
  }
}

TEST(Reduce, ComplexAsTwoReals) {
  unsigned seed = 100;
  for (const Case& c : kCases) {
    Dims out;
    auto lists = members(c.dims, c.axes, out);
    Tensor x = sample(DType::c64, c.dims, ++seed);
    auto values = x.values<std::complex<float>>();
    auto sums =
        check1("prim.reduce", {x}, {{kSum}, c.axes}, DType::c64, out).values<std::complex<float>>();
    for (size_t r = 0; r < lists.size(); ++r) {
      std::vector<float> re, im;
      for (int64_t i : lists[r]) {
        re.push_back(values[static_cast<size_t>(i)].real());
        im.push_back(values[static_cast<size_t>(i)].imag());
      }
      auto add = [](float a, float b) { return a + b; };
      ASSERT_EQ(sums[r].real(), in_order<float>(re, 0, add));
      ASSERT_EQ(sums[r].imag(), in_order<float>(im, 0, add));
    }
    Tensor wide = uniform(DType::c128, c.dims, ++seed, 0.5, 0.9);
    auto factors = wide.values<std::complex<double>>();
    auto products = check1("prim.reduce", {wide}, {{kProd}, c.axes}, DType::c128, out)
                        .values<std::complex<double>>();
    for (size_t r = 0; r < lists.size(); ++r) {
      std::vector<std::complex<double>> list;
      for (int64_t i : lists[r]) list.push_back(factors[static_cast<size_t>(i)]);
      auto multiply = [](std::complex<double> a, std::complex<double> b) {
        return std::complex<double>(a.real() * b.real() - a.imag() * b.imag(),
                                    a.real() * b.imag() + a.imag() * b.real());
      };
      ASSERT_EQ(products[r], in_order<std::complex<double>>(list, 1, multiply));
    }
  }
}

template <class T>
void check_integers(DType dtype) {
  unsigned seed = 200;
  for (const Case& c : kCases) {
    Dims out;
    auto lists = members(c.dims, c.axes, out);
    bool nothing = !lists.empty() && lists[0].empty();
    Tensor x = sample(dtype, c.dims, ++seed);
    auto values = x.values<T>();
    for (Kind kind : {kSum, kProd, kMax, kMin, kAnd, kOr, kXor}) {
      if (nothing && (kind == kMax || kind == kMin)) continue;
      auto y = check1("prim.reduce", {x}, {{kind}, c.axes}, dtype, out).template values<T>();
      for (size_t r = 0; r < lists.size(); ++r) {
        uint64_t all = kind == kProd ? 1 : kind == kAnd ? ~uint64_t{0} : 0;
        T most = nothing ? T{} : values[static_cast<size_t>(lists[r][0])];
        for (int64_t i : lists[r]) {
          T v = values[static_cast<size_t>(i)];
          auto u = static_cast<uint64_t>(v);
          all = kind == kSum    ? all + u
                : kind == kProd ? all * u
                : kind == kAnd  ? all & u
                : kind == kOr   ? all | u
                                : all ^ u;
          most = kind == kMax ? std::max(most, v) : std::min(most, v);
        }
        ASSERT_EQ(y[r], kind == kMax || kind == kMin ? most : static_cast<T>(all))
            << "kind " << kind;
      }
    }
  }
}

TEST(Reduce, Integers) {
  check_integers<uint8_t>(DType::u8);
  check_integers<int8_t>(DType::i8);
  check_integers<int16_t>(DType::i16);
  check_integers<int32_t>(DType::i32);
  check_integers<int64_t>(DType::i64);
}

TEST(Reduce, Booleans) {
  Tensor x(DType::boolean, {3, 5});
  x.bytes = {1, 1, 1, 1, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0};
  EXPECT_EQ(check1("prim.reduce", {x}, {{kAnd}, {1}}, DType::boolean, {3}).bytes,
            (std::vector<char>{1, 0, 0}));
  EXPECT_EQ(check1("prim.reduce", {x}, {{kOr}, {1}}, DType::boolean, {3}).bytes,
            (std::vector<char>{1, 1, 0}));
  EXPECT_EQ(check1("prim.reduce", {x}, {{kXor}, {1}}, DType::boolean, {3}).bytes,
            (std::vector<char>{1, 1, 0}));
  Tensor none(DType::boolean, {2, 0});
  EXPECT_EQ(check1("prim.reduce", {none}, {{kAnd}, {1}}, DType::boolean, {2}).bytes,
            (std::vector<char>{1, 1}));
  EXPECT_EQ(check1("prim.reduce", {none}, {{kOr}, {1}}, DType::boolean, {2}).bytes,
            (std::vector<char>{0, 0}));
}

TEST(Reduce, RowsAloneAndInABatchAreEqual) {
  Tensor x = sample(DType::f32, {33, 5000}, 9, false);
  Tensor all = check1("prim.reduce", {x}, {{kSum}, {1}}, DType::f32, {33});
  for (int64_t r = 0; r < 33; ++r) {
    Tensor row(DType::f32, {5000});
    std::memcpy(row.bytes.data(), x.bytes.data() + r * 20000, 20000);
    Tensor one = call(Isa::v3, "prim.reduce", {row}, {{kSum}, {0}}, {DType::f32}, {{}})[0];
    ASSERT_EQ(read(one, 0), read(all, r));
  }
}

TEST(ArgReduce, FirstOfEqualsAndFirstNan) {
  unsigned seed = 300;
  for (DType dtype : {DType::boolean, DType::u8, DType::i8, DType::i16, DType::i32, DType::f16,
                      DType::bf16, DType::f32, DType::f64}) {
    for (Case c :
         {Case{{1}, {0}}, Case{{50}, {0}}, Case{{5000}, {0}}, Case{{6, 40, 7}, {1}},
          Case{{6, 40, 200}, {1}}, Case{{700, 9}, {1}}, Case{{9, 700}, {0}}, Case{{0, 3}, {1}}}) {
      for (int64_t kind : {0, 1}) {
        ++seed;
        Tensor x = sample(dtype, c.dims, seed, seed % 2 == 0);
        for (int64_t i = 0; i + 20 < x.elements() && dtype != DType::boolean; i += 3) {
          write(x, i + 12, static_cast<double>(i % 5));  // many equals
        }
        Dims out;
        auto lists = members(c.dims, c.axes, out);
        Tensor y = check1("prim.arg_reduce", {x}, {{kind}, c.axes}, DType::i64, out);
        for (size_t r = 0; r < lists.size(); ++r) {
          size_t best = 0;
          for (size_t i = 1; i < lists[r].size(); ++i) {
            double now = read(x, lists[r][i]), held = read(x, lists[r][best]);
            if (std::isnan(held)) break;
            if (std::isnan(now) || (kind == 0 ? now > held : now < held)) best = i;
          }
          ASSERT_EQ(read(y, static_cast<int64_t>(r)), static_cast<double>(best))
              << to_string(dtype);
        }
      }
    }
  }
}

}  // namespace
}  // namespace proa::kernels::test
