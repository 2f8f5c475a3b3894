// Linear algebra by the reference LAPACK, a matrix at a time. LAPACK's matrices lie column by
// column, ours row by row; batches run in threads.

#include <algorithm>
#include <cmath>
#include <complex>
#include <limits>
#include <numeric>
#include <string_view>
#include <vector>

#include "proa/base/error.h"
#include "proa/base/singular.h"
#include "proa/base/thread_pool.h"
#include "proa/kernels/reference/lapack.h"
#include "proa/kernels/reference/operand.h"

namespace proa::kernels {

namespace {

using lapack::Real;
using PROA_ISA::Operand;
using program::KernelArgs;
using program::TensorRef;

// Sizes of work space, which grow as the square of a side, have to fit LAPACK's integers.
constexpr int64_t kMostSide = 30000;

int to_int(const KernelArgs& args, const char* argument, int64_t extent) {
  if (extent > std::numeric_limits<int>::max()) {
    throw UserError(ErrorKind::not_supported, "", argument,
                    str("expected matrices with fewer than 2^31 rows and columns, got ", extent));
  }
  return static_cast<int>(extent);
}

// A batch of matrices, read one at a time.
template <class T>
class Matrices {
 public:
  Matrices(const KernelArgs& args, size_t operand, const char* argument)
      : args_(args), argument_(argument), x_(args.in[operand]) {
    const TensorRef& x = args.in[operand];
    rows_ = to_int(args, argument, x.dims[x.rank - 2]);
    columns_ = to_int(args, argument, x.dims[x.rank - 1]);
    for (int i = 0; i + 2 < x.rank; ++i) count_ *= x.dims[i];
  }
  int rows() const { return rows_; }
  int columns() const { return columns_; }
  int inner() const { return std::min(rows_, columns_); }
  int64_t count() const { return count_; }
  int64_t size() const { return int64_t{rows_} * columns_; }

  // Row by row, where it lies or in `buffer`.
  const T* rows_of(int64_t matrix, std::vector<T>& buffer) const {
    if (size() == 0) return nullptr;
    buffer.resize(static_cast<size_t>(size()));
    return static_cast<const T*>(x_.take(matrix * size(), size(), buffer.data()));
  }
  // Column by column.
  void columns_of(int64_t matrix, std::vector<T>& to, std::vector<T>& buffer) const {
    const T* from = rows_of(matrix, buffer);
    to.resize(static_cast<size_t>(size()));
    for (int64_t i = 0; i < rows_; ++i) {
      for (int64_t j = 0; j < columns_; ++j)
        to[static_cast<size_t>(j * rows_ + i)] = from[i * columns_ + j];
    }
  }

  void limit_sides() const {
    if (std::max(rows_, columns_) <= kMostSide) return;
    throw UserError(ErrorKind::not_supported, "", argument_,
                    str("expected matrices of at most ", kMostSide, " rows and columns, got ",
                        rows_, " by ", columns_));
  }
  // An iteration that meets NaN or infinity has no end or no meaning.
  void require_finite(const std::vector<T>& x, int64_t matrix) const {
    for (const T& e : x) {
      if (std::isfinite(std::real(e)) && std::isfinite(std::imag(e))) continue;
      fail(matrix, "expected finite elements, got NaN or infinity");
    }
  }
  // The operator that the user called adds its name.
  template <class Kind = UserError>
  [[noreturn]] void fail(int64_t matrix, std::string_view message) const {
    std::string text(message);
    if (count_ > 1) text += str(" in matrix ", matrix, " of ", count_);
    if constexpr (std::is_same_v<Kind, UserError>) {
      throw UserError(ErrorKind::value, "", argument_, text);
    } else {
      throw Kind("", argument_, text);
    }
  }

  // Calls body(matrix) for all, in threads; `cost` is in multiplications.
  template <class Body>
  void for_each(double cost, Body body) const {
    if (count_ == 0) return;
    auto grain = static_cast<int64_t>(std::clamp(100000 / (cost + 1), 1.0, 1e9));
    parallel_for(count_, grain, [&](int64_t begin, int64_t end) { body(begin, end); });
  }
  double cubed() const { return double(rows_) * double(columns_) * double(inner()); }

 private:
  const KernelArgs& args_;
  const char* argument_;
  Operand x_;
  int rows_ = 0, columns_ = 0;
  int64_t count_ = 1;
};

// The first `rows` rows and `columns` columns of a matrix with columns of `height`.
template <class T>
void store(const std::vector<T>& from, int64_t height, int64_t rows, int64_t columns, T* to) {
  for (int64_t i = 0; i < rows; ++i) {
    for (int64_t j = 0; j < columns; ++j)
      to[i * columns + j] = from[static_cast<size_t>(j * height + i)];
  }
}

template <class T>
void set_identity(T* to, int64_t n) {
  std::fill(to, to + n * n, T(0));
  for (int64_t i = 0; i < n; ++i) to[i * (n + 1)] = T(1);
}

// Read by columns, our rows are the transpose of x, its conjugate: of that, the other triangle is
// asked for, and what it returns read by rows is the triangle of x.
template <class T>
void cholesky(const KernelArgs& args) {
  Matrices<T> x(args, 0, "x");
  bool upper = args.attrs.boolean(0);
  int64_t n = x.rows();
  x.for_each(x.cubed() / 3, [&](int64_t begin, int64_t end) {
    std::vector<T> buffer;
    for (int64_t b = begin; b < end; ++b) {
      const T* from = x.rows_of(b, buffer);
      T* y = args.out[0].as<T>() + b * n * n;
      for (int64_t i = 0; i < n; ++i) {
        for (int64_t j = 0; j < n; ++j) {
          bool kept = upper ? j >= i : j <= i;
          T e = kept ? from[i * n + j] : T(0);
          y[i * n + j] = i == j ? T(std::real(e)) : e;
        }
      }
      if (n == 0) continue;
      int info = lapack::potrf(upper ? 'L' : 'U', x.rows(), y, x.rows());
      if (info > 0) {
        x.template fail<SingularMatrix>(
            b, str("expected a positive definite matrix, got one whose leading minor of order ",
                   info, " is not positive"));
      }
    }
  });
}

// Read by columns, our rows are transposes: op(a) x = b is x^T op(a)^T = b^T, with a^T at hand.
template <class T>
void triangular_solve(const KernelArgs& args) {
  enum { none, transpose, adjoint };
  Matrices<T> a(args, 0, "a"), b(args, 1, "b");
  bool left = args.attrs.boolean(0), upper = args.attrs.boolean(1), unit = args.attrs.boolean(3);
  int64_t how = args.attrs.integer(2), n = a.rows();
  char op = how == none ? 'N' : how == transpose ? 'T' : 'C';
  a.for_each(double(n) * double(b.size()), [&](int64_t begin, int64_t end) {
    std::vector<T> a_buffer, b_buffer;
    for (int64_t m = begin; m < end && b.size() > 0; ++m) {
      const T *triangle = a.rows_of(m, a_buffer), *right = b.rows_of(m, b_buffer);
      T* y = args.out[0].as<T>() + m * b.size();
      if (right != y) std::copy(right, right + b.size(), y);
      lapack::trsm(left ? 'R' : 'L', upper ? 'L' : 'U', op, unit ? 'U' : 'N', b.columns(), b.rows(),
                   triangle, a.rows(), y, b.columns());
    }
  });
}

template <class T>
void lu(const KernelArgs& args) {
  Matrices<T> x(args, 0, "x");
  bool regular = args.attrs.boolean(0);
  int64_t rows = x.rows(), inner = x.inner();
  x.for_each(x.cubed(), [&](int64_t begin, int64_t end) {
    std::vector<T> a, buffer;
    std::vector<int> exchanged(static_cast<size_t>(inner));
    for (int64_t b = begin; b < end; ++b) {
      auto* pivots = args.out[1].as<int64_t>() + b * inner;
      auto* permutation = args.out[2].as<int64_t>() + b * rows;
      std::iota(permutation, permutation + rows, int64_t{0});
      if (inner == 0) continue;
      x.columns_of(b, a, buffer);
      // A positive answer tells of a zero pivot, which stands in U.
      int info = lapack::getrf(x.rows(), x.columns(), a.data(), x.rows(), exchanged.data());
      if (info > 0 && regular) {
        x.template fail<SingularMatrix>(
            b, str("expected a regular matrix, got a singular one: pivot ", info - 1, " is 0"));
      }
      store(a, rows, rows, x.columns(), args.out[0].as<T>() + b * x.size());
      for (int64_t i = 0; i < inner; ++i) {
        pivots[i] = exchanged[static_cast<size_t>(i)] - 1;
        std::swap(permutation[i], permutation[pivots[i]]);
      }
    }
  });
}

template <class T>
void qr(const KernelArgs& args) {
  Matrices<T> x(args, 0, "x");
  x.limit_sides();
  bool full = args.attrs.boolean(0);
  int rows = x.rows(), columns = x.columns(), inner = x.inner(), width = full ? rows : inner;
  x.for_each(2 * x.cubed(), [&](int64_t begin, int64_t end) {
    std::vector<T> a, buffer, tau(static_cast<size_t>(inner)), work;
    for (int64_t b = begin; b < end; ++b) {
      T* q = args.out[0].as<T>() + b * rows * width;
      T* r = args.out[1].as<T>() + b * width * columns;
      if (inner == 0) {  // and r is empty
        set_identity(q, width);
        continue;
      }
      x.columns_of(b, a, buffer);
      a.resize(static_cast<size_t>(rows) * static_cast<size_t>(std::max(columns, width)));
      T size[2] = {};
      lapack::geqrf(rows, columns, a.data(), rows, tau.data(), &size[0], -1);
      lapack::gqr(rows, width, inner, a.data(), rows, tau.data(), &size[1], -1);
      int room = std::max(lapack::space(size[0]), lapack::space(size[1]));
      work.resize(static_cast<size_t>(room));
      lapack::geqrf(rows, columns, a.data(), rows, tau.data(), work.data(), room);
      for (int64_t i = 0; i < width; ++i) {
        for (int64_t j = 0; j < columns; ++j) {
          r[i * columns + j] = i <= j ? a[static_cast<size_t>(j * rows + i)] : T(0);
        }
      }
      lapack::gqr(rows, width, inner, a.data(), rows, tau.data(), work.data(), room);
      store(a, rows, rows, width, q);
    }
  });
}

template <class T>
void eigh(const KernelArgs& args) {
  Matrices<T> x(args, 0, "x");
  x.limit_sides();
  bool upper = args.attrs.boolean(0);
  int n = x.rows();
  x.for_each(9 * x.cubed(), [&](int64_t begin, int64_t end) {
    std::vector<T> a, buffer;
    for (int64_t b = begin; b < end && n > 0; ++b) {
      x.columns_of(b, a, buffer);
      for (int j = 0; j < n; ++j) {
        for (int i = 0; i < n; ++i) {
          T& e = a[static_cast<size_t>(j) * static_cast<size_t>(n) + static_cast<size_t>(i)];
          if (upper ? i > j : i < j) e = 0;
          if (i == j) e = std::real(e);
        }
      }
      x.require_finite(a, b);
      int info = lapack::eigh(upper ? 'U' : 'L', n, a.data(), args.out[0].as<Real<T>>() + b * n);
      if (info > 0) x.template fail<SingularMatrix>(b, "the eigenvalues did not converge");
      store(a, n, n, n, args.out[1].as<T>() + b * x.size());
    }
  });
}

template <class T>
void eig(const KernelArgs& args) {
  using C = std::complex<Real<T>>;
  Matrices<T> x(args, 0, "x");
  x.limit_sides();
  int n = x.rows();
  x.for_each(25 * x.cubed(), [&](int64_t begin, int64_t end) {
    std::vector<T> a, buffer;
    std::vector<C> vectors(static_cast<size_t>(x.size()));
    for (int64_t b = begin; b < end && n > 0; ++b) {
      x.columns_of(b, a, buffer);
      x.require_finite(a, b);
      int info = lapack::eig(n, a.data(), args.out[0].as<C>() + b * n, vectors.data());
      if (info > 0) x.template fail<SingularMatrix>(b, "the eigenvalues did not converge");
      store(vectors, n, n, n, args.out[1].as<C>() + b * x.size());
    }
  });
}

template <class T>
void svd(const KernelArgs& args) {
  Matrices<T> x(args, 0, "x");
  x.limit_sides();
  bool full = args.attrs.boolean(0);
  int rows = x.rows(), columns = x.columns(), inner = x.inner();
  int u_width = full ? rows : inner, vh_height = full ? columns : inner;
  x.for_each(20 * x.cubed(), [&](int64_t begin, int64_t end) {
    std::vector<T> a, buffer, u(static_cast<size_t>(rows) * static_cast<size_t>(u_width)),
        vh(static_cast<size_t>(vh_height) * static_cast<size_t>(columns));
    for (int64_t b = begin; b < end; ++b) {
      T* u_out = args.out[0].as<T>() + b * rows * u_width;
      T* vh_out = args.out[2].as<T>() + b * vh_height * columns;
      if (inner == 0) {
        set_identity(u_out, u_width);
        set_identity(vh_out, vh_height);
        continue;
      }
      x.columns_of(b, a, buffer);
      x.require_finite(a, b);
      int info = lapack::gesdd(full ? 'A' : 'S', rows, columns, a.data(),
                               args.out[1].as<Real<T>>() + b * inner, u.data(), rows, vh.data(),
                               vh_height);
      if (info > 0) x.template fail<SingularMatrix>(b, "the singular values did not converge");
      store(u, rows, rows, u_width, u_out);
      store(vh, vh_height, vh_height, columns, vh_out);
    }
  });
}

using Kernel = void (*)(const KernelArgs&);

template <Kernel f32, Kernel f64, Kernel c64, Kernel c128>
void by_dtype(const KernelArgs& args) {
  KernelArgs named = args;
  std::string_view op = args.op;
  if (op.starts_with("prim.")) named.op += 5;  // users know the operator by its own name
  switch (args.in[0].dtype) {
    case DType::f32: return f32(named);
    case DType::f64: return f64(named);
    case DType::c64: return c64(named);
    case DType::c128: return c128(named);
    default: PROA_CHECK(false, op, " of ", to_string(args.in[0].dtype));
  }
}

#define PROA_LINALG(name) \
  {"prim." #name,         \
   by_dtype<name<float>, name<double>, name<std::complex<float>>, name<std::complex<double>>>}

constexpr program::KernelEntry kKernels[] = {PROA_LINALG(cholesky), PROA_LINALG(triangular_solve),
                                             PROA_LINALG(lu),       PROA_LINALG(qr),
                                             PROA_LINALG(eigh),     PROA_LINALG(eig),
                                             PROA_LINALG(svd)};

#undef PROA_LINALG

}  // namespace

std::span<const program::KernelEntry> linalg_kernels() { return kKernels; }

}  // namespace proa::kernels
