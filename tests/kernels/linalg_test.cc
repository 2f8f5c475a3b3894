// Linear algebra by residuals: what a factorisation promises, multiplied out in double precision.

#include <gtest/gtest.h>

#include <algorithm>
#include <complex>

#include "proa/base/error.h"
#include "tests/kernels/values.h"

namespace proa::kernels::test {
namespace {

using C = std::complex<double>;
constexpr DType kMatrixTypes[] = {DType::f32, DType::f64, DType::c64, DType::c128};

struct Matrix {
  int64_t rows = 0, columns = 0;
  std::vector<C> e;
  Matrix(int64_t m, int64_t n) : rows(m), columns(n), e(static_cast<size_t>(m * n)) {}
  C& operator()(int64_t i, int64_t j) { return e[static_cast<size_t>(i * columns + j)]; }
  const C& operator()(int64_t i, int64_t j) const {
    return e[static_cast<size_t>(i * columns + j)];
  }
};

Matrix operator*(const Matrix& a, const Matrix& b) {
  Matrix c(a.rows, b.columns);
  for (int64_t i = 0; i < a.rows; ++i) {
    for (int64_t k = 0; k < a.columns; ++k) {
      for (int64_t j = 0; j < b.columns; ++j) c(i, j) += a(i, k) * b(k, j);
    }
  }
  return c;
}
Matrix transposed(const Matrix& a, bool conjugate) {
  Matrix t(a.columns, a.rows);
  for (int64_t i = 0; i < a.rows; ++i) {
    for (int64_t j = 0; j < a.columns; ++j) t(j, i) = conjugate ? std::conj(a(i, j)) : a(i, j);
  }
  return t;
}
Matrix identity(int64_t n) {
  Matrix a(n, n);
  for (int64_t i = 0; i < n; ++i) a(i, i) = 1;
  return a;
}
double distance(const Matrix& a, const Matrix& b) {
  EXPECT_EQ(a.rows, b.rows);
  EXPECT_EQ(a.columns, b.columns);
  double most = 0;
  for (size_t i = 0; i < a.e.size(); ++i) most = std::max(most, std::abs(a.e[i] - b.e[i]));
  return most;
}
double unit(DType t) { return real_of(t) == DType::f32 ? 1.2e-7 : 2.3e-16; }

C element(const Tensor& t, int64_t i) {
  if (t.dtype == DType::c64) return C(t.values<std::complex<float>>()[static_cast<size_t>(i)]);
  if (t.dtype == DType::c128) return t.values<C>()[static_cast<size_t>(i)];
  return read(t, i);
}
// Matrix `b` of a batch; a vector is one row.
Matrix matrix(const Tensor& t, int64_t b, int64_t rows, int64_t columns) {
  Matrix a(rows, columns);
  size_t size = size_of(t.dtype), n = a.e.size();
  Tensor part(t.dtype, {rows, columns});
  if (n > 0)
    std::memcpy(part.bytes.data(), t.bytes.data() + static_cast<size_t>(b) * n * size, n * size);
  if (t.dtype == DType::c64) {
    auto values = part.values<std::complex<float>>();
    std::copy(values.begin(), values.end(), a.e.begin());
  } else if (t.dtype == DType::c128) {
    a.e = part.values<C>();
  } else {
    for (size_t i = 0; i < n; ++i) a.e[i] = read(part, static_cast<int64_t>(i));
  }
  return a;
}

void store(Tensor& t, int64_t b, const Matrix& a) {
  auto base = static_cast<size_t>(b) * a.e.size();
  for (size_t i = 0; i < a.e.size(); ++i) {
    size_t at = base + i;
    if (t.dtype == DType::c64) {
      std::complex<float> e(a.e[i]);
      std::memcpy(t.bytes.data() + at * 8, &e, 8);
    } else if (t.dtype == DType::c128) {
      std::memcpy(t.bytes.data() + at * 16, &a.e[i], 16);
    } else {
      write(t, static_cast<int64_t>(at), a.e[i].real());
    }
  }
}

Tensor positive_definite(DType dtype, int64_t batch, int64_t n, unsigned seed) {
  Tensor t(dtype, {batch, n, n}), random = uniform(dtype, {batch, n, n}, seed, -1, 1);
  for (int64_t b = 0; b < batch; ++b) {
    Matrix r = matrix(random, b, n, n), a = r * transposed(r, true);
    for (int64_t i = 0; i < n; ++i) a(i, i) += 1;
    store(t, b, a);
  }
  return t;
}

const std::pair<int64_t, int64_t> kSides[] = {{1, 1}, {3, 3}, {4, 2},   {2, 4},   {0, 0},
                                              {3, 0}, {0, 3}, {40, 40}, {70, 33}, {33, 70}};

Matrix triangle(Matrix a, bool upper, bool unit_diagonal) {
  for (int64_t i = 0; i < a.rows; ++i) {
    for (int64_t j = 0; j < a.columns; ++j) {
      if (upper ? i > j : i < j) a(i, j) = 0;
      if (i == j && unit_diagonal) a(i, j) = 1;
    }
  }
  return a;
}

TEST(Linalg, Cholesky) {
  for (DType dtype : kMatrixTypes) {
    for (bool upper : {false, true}) {
      for (int64_t n : {0, 1, 2, 5, 90}) {
        Tensor x = positive_definite(dtype, 3, n, 1);
        Tensor y = check1("prim.cholesky", {x}, {{upper}}, dtype, x.dims);
        for (int64_t b = 0; b < 3; ++b) {
          Matrix l = matrix(y, b, n, n), h = transposed(l, true), a = matrix(x, b, n, n);
          EXPECT_LT(distance(upper ? h * l : l * h, a), unit(dtype) * 20 * double(n + 1))
              << to_string(dtype) << n;
          EXPECT_EQ(distance(l, triangle(l, upper, false)), 0);
          for (int64_t i = 0; i < n; ++i) EXPECT_GT(l(i, i).real(), 0);
        }
        // The other triangle is not read.
        Tensor other = x;
        for (int64_t b = 0; b < 3; ++b) {
          Matrix a = matrix(x, b, n, n);
          for (int64_t i = 0; i < n; ++i) {
            for (int64_t j = 0; j < n; ++j) {
              if (upper ? i > j : i < j) a(i, j) = NAN;
            }
          }
          store(other, b, a);
        }
        EXPECT_TRUE(same_bits(check1("prim.cholesky", {other}, {{upper}}, dtype, x.dims), y));
      }
    }
  }
}

template <class F>
void expect_error(F f, std::string_view part) {
  try {
    f();
    ADD_FAILURE() << "no error";
  } catch (const UserError& error) {
    EXPECT_EQ(error.kind(), ErrorKind::value);
    EXPECT_NE(std::string_view(error.what()).find(part), std::string_view::npos) << error.what();
  }
}

TEST(Linalg, CholeskyRefusesWhatIsNotPositiveDefinite) {
  Tensor x(DType::f64, {2, 2, 2}, std::vector<double>{1, 0, 0, 1, 1, 2, 2, 1});
  expect_error([&] { call(best_isa(), "prim.cholesky", {x}, {{0}}, {DType::f64}, {x.dims}); },
               "x: expected a positive definite matrix, got one whose leading minor of "
               "order 2 is not positive in matrix 1 of 2");
  write(x, 0, NAN);
  expect_error([&] { call(best_isa(), "prim.cholesky", {x}, {{0}}, {DType::f64}, {x.dims}); },
               "order 1");
}

TEST(Linalg, TriangularSolve) {
  for (DType dtype : kMatrixTypes) {
    for (int64_t n : {0, 1, 3, 20}) {
      for (int64_t k : {0, 1, 4}) {
        for (int bits = 0; bits < 8; ++bits) {
          bool left = bits & 1, upper = bits & 2, unit_diagonal = bits & 4;
          Tensor a = uniform(dtype, {2, n, n}, 2, -0.3, 0.3);
          for (int64_t b = 0; b < 2; ++b) {
            Matrix m = matrix(a, b, n, n);
            for (int64_t i = 0; i < n; ++i) m(i, i) += 2;
            store(a, b, m);
          }
          Dims dims = left ? Dims{2, n, k} : Dims{2, k, n};
          Tensor right = uniform(dtype, dims, 3, -1, 1);
          for (int64_t how : {0, 1, 2}) {
            Tensor x = check1("prim.triangular_solve", {a, right},
                              {{left}, {upper}, {how}, {unit_diagonal}}, dtype, dims);
            for (int64_t b = 0; b < 2; ++b) {
              Matrix op = triangle(matrix(a, b, n, n), upper, unit_diagonal);
              if (how > 0) op = transposed(op, how == 2);
              Matrix s = matrix(x, b, dims[1], dims[2]);
              EXPECT_LT(distance(left ? op * s : s * op, matrix(right, b, dims[1], dims[2])),
                        unit(dtype) * 40 * double(n + 1))
                  << to_string(dtype) << " " << n << " " << k << " " << bits << how;
            }
          }
        }
      }
    }
  }
  Tensor a(DType::f64, {1, 1}), right(DType::f64, {1, 1}, std::vector<double>{1});
  EXPECT_TRUE(std::isinf(read(
      check1("prim.triangular_solve", {a, right}, {{1}, {0}, {0}, {0}}, DType::f64, {1, 1}), 0)));
}

TEST(Linalg, Lu) {
  for (DType dtype : kMatrixTypes) {
    for (auto [m, n] : kSides) {
      int64_t inner = std::min(m, n);
      Tensor x = uniform(dtype, {2, m, n}, 4, -1, 1);
      auto y = check("prim.lu", {x}, {{0}}, {dtype, DType::i64, DType::i64},
                     {x.dims, {2, inner}, {2, m}});
      for (int64_t b = 0; b < 2; ++b) {
        Matrix packed = matrix(y[0], b, m, n), a = matrix(x, b, m, n), l(m, inner), u(inner, n),
               moved(m, n);
        for (int64_t i = 0; i < m; ++i) {
          for (int64_t j = 0; j < inner; ++j) l(i, j) = i == j ? 1 : i > j ? packed(i, j) : 0;
        }
        for (int64_t i = 0; i < inner; ++i) {
          for (int64_t j = i; j < n; ++j) u(i, j) = packed(i, j);
        }
        std::vector<int64_t> rows(static_cast<size_t>(m));
        for (int64_t i = 0; i < m; ++i) rows[static_cast<size_t>(i)] = i;
        for (int64_t i = 0; i < inner; ++i) {
          std::swap(rows[static_cast<size_t>(i)],
                    rows[static_cast<size_t>(read(y[1], b * inner + i))]);
        }
        for (int64_t i = 0; i < m; ++i) {
          auto from = static_cast<int64_t>(read(y[2], b * m + i));
          EXPECT_EQ(from, rows[static_cast<size_t>(i)]);
          for (int64_t j = 0; j < n; ++j) moved(i, j) = a(from, j);
        }
        EXPECT_LT(distance(l * u, moved), unit(dtype) * 10 * double(inner + 1))
            << to_string(dtype) << m << " " << n;
        for (const C& e : l.e) EXPECT_LT(std::abs(e), is_complex(dtype) ? 1.5 : 1.0001);
      }
    }
  }
  Tensor zero(DType::f64, {2, 2});
  auto y =
      check("prim.lu", {zero}, {{0}}, {DType::f64, DType::i64, DType::i64}, {{2, 2}, {2}, {2}});
  for (int64_t i = 0; i < 4; ++i) EXPECT_EQ(read(y[0], i), 0);
  expect_error(
      [&] {
        call(best_isa(), "prim.lu", {zero}, {{1}}, {DType::f64, DType::i64, DType::i64},
             {{2, 2}, {2}, {2}});
      },
      "singular");
}

TEST(Linalg, Qr) {
  for (DType dtype : kMatrixTypes) {
    for (auto [m, n] : kSides) {
      for (bool full : {false, true}) {
        int64_t width = full ? m : std::min(m, n);
        Tensor x = uniform(dtype, {2, m, n}, 5, -1, 1);
        auto y = check("prim.qr", {x}, {{full}}, {dtype, dtype}, {{2, m, width}, {2, width, n}});
        for (int64_t b = 0; b < 2; ++b) {
          Matrix q = matrix(y[0], b, m, width), r = matrix(y[1], b, width, n);
          double bound = unit(dtype) * 10 * double(m + n + 1);
          EXPECT_LT(distance(q * r, matrix(x, b, m, n)), bound)
              << to_string(dtype) << m << " " << n << full;
          EXPECT_LT(distance(transposed(q, true) * q, identity(width)), bound);
          EXPECT_EQ(distance(r, triangle(r, true, false)), 0);
          for (int64_t i = 0; i < std::min(width, n); ++i) EXPECT_EQ(r(i, i).imag(), 0);
        }
      }
    }
  }
}

TEST(Linalg, Eigh) {
  for (DType dtype : kMatrixTypes) {
    for (bool upper : {false, true}) {
      for (int64_t n : {0, 1, 2, 5, 60}) {
        Tensor x = uniform(dtype, {2, n, n}, 6, -1, 1);  // of which one triangle counts
        auto y = check("prim.eigh", {x}, {{upper}}, {real_of(dtype), dtype}, {{2, n}, x.dims});
        for (int64_t b = 0; b < 2; ++b) {
          Matrix a = matrix(x, b, n, n), v = matrix(y[1], b, n, n), scaled = v;
          for (int64_t i = 0; i < n; ++i) {
            for (int64_t j = 0; j < n; ++j) {
              if (i == j) a(i, j) = a(i, j).real();
              if (upper ? i > j : i < j) a(i, j) = std::conj(matrix(x, b, n, n)(j, i));
            }
          }
          for (int64_t j = 0; j < n; ++j) {
            double w = read(y[0], b * n + j);
            if (j > 0) { EXPECT_GE(w, read(y[0], b * n + j - 1)); }
            for (int64_t i = 0; i < n; ++i) scaled(i, j) *= w;
          }
          double bound = unit(dtype) * 20 * double(n + 1);
          EXPECT_LT(distance(a * v, scaled), bound) << to_string(dtype) << n << upper;
          EXPECT_LT(distance(transposed(v, true) * v, identity(n)), bound);
        }
      }
    }
  }
}

TEST(Linalg, Eig) {
  for (DType dtype : kMatrixTypes) {
    for (int64_t n : {0, 1, 2, 5, 40}) {
      Tensor x = uniform(dtype, {2, n, n}, 7, -1, 1);
      DType out = complex_of(dtype);
      auto y = check("prim.eig", {x}, {}, {out, out}, {{2, n}, x.dims});
      for (int64_t b = 0; b < 2; ++b) {
        Matrix a = matrix(x, b, n, n), v = matrix(y[1], b, n, n), w = matrix(y[0], b, 1, n),
               scaled = v;
        C trace = 0, sum = 0;
        for (int64_t j = 0; j < n; ++j) {
          double norm = 0;
          for (int64_t i = 0; i < n; ++i) {
            scaled(i, j) *= w(0, j);
            norm += std::norm(v(i, j));
          }
          EXPECT_NEAR(norm, 1, unit(dtype) * 20 * double(n));
          trace += a(j, j);
          sum += w(0, j);
        }
        double bound = unit(dtype) * 60 * double(n + 1);
        EXPECT_LT(distance(a * v, scaled), bound) << to_string(dtype) << n;
        EXPECT_LT(std::abs(trace - sum), bound);
      }
    }
  }
  Tensor turn(DType::f64, {2, 2}, std::vector<double>{0, -1, 1, 0});  // eigenvalues i and -i
  auto y = check("prim.eig", {turn}, {}, {DType::c128, DType::c128}, {{2}, {2, 2}});
  EXPECT_NEAR(std::abs(element(y[0], 0) - C(0, 1)), 0, 1e-15);
  EXPECT_NEAR(std::abs(element(y[0], 1) - C(0, -1)), 0, 1e-15);
}

TEST(Linalg, Svd) {
  for (DType dtype : kMatrixTypes) {
    for (auto [m, n] : kSides) {
      for (bool full : {false, true}) {
        int64_t inner = std::min(m, n), left = full ? m : inner, right = full ? n : inner;
        Tensor x = uniform(dtype, {2, m, n}, 8, -1, 1);
        auto y = check("prim.svd", {x}, {{full}}, {dtype, real_of(dtype), dtype},
                       {{2, m, left}, {2, inner}, {2, right, n}});
        for (int64_t b = 0; b < 2; ++b) {
          Matrix u = matrix(y[0], b, m, left), vh = matrix(y[2], b, right, n), s(left, right);
          for (int64_t i = 0; i < inner; ++i) {
            s(i, i) = read(y[1], b * inner + i);
            EXPECT_GE(s(i, i).real(), 0);
            if (i > 0) { EXPECT_LE(s(i, i).real(), s(i - 1, i - 1).real()); }
          }
          double bound = unit(dtype) * 10 * double(m + n + 1);
          EXPECT_LT(distance(u * s * vh, matrix(x, b, m, n)), bound)
              << to_string(dtype) << m << " " << n << full;
          EXPECT_LT(distance(transposed(u, true) * u, identity(left)), bound);
          EXPECT_LT(distance(vh * transposed(vh, true), identity(right)), bound);
        }
      }
    }
  }
}

TEST(Linalg, IterationsRefuseNaNAndInfinity) {
  for (double bad : {double(NAN), double(INFINITY)}) {
    Tensor x = uniform(DType::f64, {3, 4, 4}, 9, -1, 1);
    write(x, 16 + 5, bad);
    auto run = [&](const char* name, Words attrs, std::vector<DType> dtypes,
                   std::vector<Dims> dims) {
      expect_error([&] { call(best_isa(), name, {x}, attrs, dtypes, dims); }, "matrix 1 of 3");
    };
    run("prim.eigh", {{0}}, {DType::f64, DType::f64}, {{3, 4}, x.dims});
    run("prim.eig", {}, {DType::c128, DType::c128}, {{3, 4}, x.dims});
    run("prim.svd", {{0}}, {DType::f64, DType::f64, DType::f64}, {x.dims, {3, 4}, x.dims});
  }
  Tensor x = uniform(DType::f32, {2, 2}, 10, -1, 1);
  write(x, 1, NAN);  // above the triangle that is read
  check("prim.eigh", {x}, {{0}}, {DType::f32, DType::f32}, {{2}, {2, 2}});
}

}  // namespace
}  // namespace proa::kernels::test
