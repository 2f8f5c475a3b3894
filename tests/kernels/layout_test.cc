// pad, concat and the dynamic slices against index arithmetic.

#include <gtest/gtest.h>

#include "tests/kernels/values.h"

namespace proa::kernels::test {
namespace {

Dims index_of(int64_t flat, const Dims& dims) {
  Dims index(dims.size());
  for (size_t i = dims.size(); i-- > 0;) {
    index[i] = flat % dims[i];
    flat /= dims[i];
  }
  return index;
}
int64_t flat_of(const Dims& index, const Dims& dims) {
  int64_t flat = 0;
  for (size_t i = 0; i < dims.size(); ++i) flat = flat * dims[i] + index[i];
  return flat;
}

constexpr DType kDtypes[] = {DType::u8, DType::f16, DType::f32, DType::f64, DType::c128};

const char* element(const Tensor& t, int64_t i) {
  return t.bytes.data() + i * static_cast<int64_t>(size_of(t.dtype));
}
void expect_element(const Tensor& a, int64_t i, const Tensor& b, int64_t k) {
  ASSERT_EQ(std::memcmp(element(a, i), element(b, k), size_of(a.dtype)), 0) << i << " " << k;
}

TEST(Layout, Pad) {
  struct Case {
    Dims x, low, high, interior;
  };
  Case cases[] = {{{}, {}, {}, {}},
                  {{4}, {1}, {2}, {0}},
                  {{5, 6}, {1, -2}, {-1, 3}, {0, 0}},
                  {{5, 6}, {-3, 2}, {1, -4}, {2, 1}},
                  {{3, 1, 4}, {0, 2, -1}, {0, 0, -1}, {0, 3, 2}},
                  {{0, 3}, {2, 0}, {1, 1}, {1, 0}},
                  {{4}, {-4}, {3}, {0}},
                  {{200, 300}, {1, 1}, {1, 1}, {0, 0}},
                  {{200, 300}, {0, 0}, {-7, -1}, {0, 0}}};
  for (const Case& c : cases) {
    for (DType dtype : kDtypes) {
      Dims out;
      for (size_t i = 0; i < c.x.size(); ++i) {
        out.push_back(c.x[i] + std::max<int64_t>(c.x[i] - 1, 0) * c.interior[i] + c.low[i] +
                      c.high[i]);
      }
      Tensor x = sample(dtype, c.x, 1), value = sample(dtype, {}, 2, false);
      Tensor y = check1("prim.pad", {x, value}, {c.low, c.high, c.interior}, dtype, out);
      for (int64_t i = 0; i < y.elements(); ++i) {
        Dims at = index_of(i, out);
        bool inside = true;
        for (size_t a = 0; a < at.size(); ++a) {
          int64_t place = at[a] - c.low[a], step = c.interior[a] + 1;
          inside = inside && place >= 0 && place % step == 0 && place / step < c.x[a];
          at[a] = place / step;
        }
        if (inside) {
          expect_element(y, i, x, flat_of(at, c.x));
        } else {
          expect_element(y, i, value, 0);
        }
      }
    }
  }
}

TEST(Layout, Concat) {
  for (DType dtype : kDtypes) {
    for (int64_t axis : {0, 1, 2}) {
      std::vector<Tensor> xs;
      Dims out = {3, 40, 50};
      out[static_cast<size_t>(axis)] = 0;
      for (int64_t n : {2, 0, 7, 1}) {
        Dims dims = out;
        dims[static_cast<size_t>(axis)] = n;
        xs.push_back(sample(dtype, dims, static_cast<unsigned>(n)));
      }
      out[static_cast<size_t>(axis)] = 10;
      Tensor y = check1("prim.concat", xs, {{axis}}, dtype, out);
      for (int64_t i = 0; i < y.elements(); ++i) {
        Dims at = index_of(i, out);
        int64_t& place = at[static_cast<size_t>(axis)];
        size_t k = 0;
        while (place >= xs[k].dims[static_cast<size_t>(axis)])
          place -= xs[k++].dims[static_cast<size_t>(axis)];
        expect_element(y, i, xs[k], flat_of(at, xs[k].dims));
      }
    }
  }
}

TEST(Layout, DynamicSlices) {
  struct Case {
    Dims x, starts, sizes, clamped;
  };
  Case cases[] = {{{5, 6}, {1, 2}, {3, 3}, {1, 2}},
                  {{5, 6}, {-4, 9}, {2, 4}, {0, 2}},
                  {{5, 6}, {INT64_MIN, INT64_MAX}, {5, 0}, {0, 6}},
                  {{150, 2, 130}, {3, 1, 60}, {140, 1, 70}, {3, 1, 60}},
                  {{7}, {2}, {5}, {2}}};
  for (const Case& c : cases) {
    for (DType dtype : kDtypes) {
      Tensor x = sample(dtype, c.x, 3),
             starts(DType::i64, {static_cast<int64_t>(c.x.size())}, c.starts);
      Tensor part = check1("prim.dynamic_slice", {x, starts}, {c.sizes}, dtype, c.sizes);
      Tensor update = sample(dtype, c.sizes, 4);
      Tensor whole = check1("prim.dynamic_update_slice", {x, update, starts}, {}, dtype, c.x);
      for (int64_t i = 0; i < part.elements(); ++i) {
        Dims at = index_of(i, c.sizes);
        for (size_t a = 0; a < at.size(); ++a) at[a] += c.clamped[a];
        expect_element(part, i, x, flat_of(at, c.x));
      }
      for (int64_t i = 0; i < whole.elements(); ++i) {
        Dims at = index_of(i, c.x);
        bool inside = true;
        for (size_t a = 0; a < at.size(); ++a) {
          at[a] -= c.clamped[a];
          inside = inside && at[a] >= 0 && at[a] < c.sizes[a];
        }
        if (inside) {
          expect_element(whole, i, update, flat_of(at, c.sizes));
        } else {
          expect_element(whole, i, x, i);
        }
      }
    }
  }
  Tensor one = sample(DType::f32, {}, 5, false), none(DType::i64, {0});
  EXPECT_EQ(check1("prim.dynamic_slice", {one, none}, {{}}, DType::f32, {}).bytes, one.bytes);
}

}  // namespace
}  // namespace proa::kernels::test
