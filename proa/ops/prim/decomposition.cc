// Eigenvalues and singular values.

#include "proa/ops/algebra.h"
#include "proa/ops/prim/linalg.h"

namespace proa::ops {

namespace {

using namespace prim;  // NOLINT: the words of the pages

DType value_dtype(DType t) { return real_of(t); }

std::vector<Dim> without_last(std::span<const Dim> dims) { return {dims.begin(), dims.end() - 1}; }

// eigh

void eigh_shape(Infer& op) {
  require_square(op, 0, "x");
  op.result(without_last(op.dims(0)), value_dtype(op.met()));
  op.result(op.dims(0), op.met());
}

// V (diag(gw) + (V^H gV) / (w[j] - w[i])) V^H, brought into the triangle that is read.
void eigh_backward(Vjp& v) {
  Expr w = v.result(0), vectors = v.result(1);
  Expr inner;
  if (v.has_cotangent(0)) inner = diagonal_matrix(cast(v.cotangent(0), vectors.dtype()));
  if (v.has_cotangent(1)) {
    Expr turned = matmul(adjoint(vectors), v.cotangent(1)) * cast(inverse_gaps(w), vectors.dtype());
    inner = inner ? inner + turned : turned;
  }
  if (!inner.value) return;
  Expr gradient = matmul(matmul(vectors, inner), adjoint(vectors));
  gradient = lower_with_half_diagonal(gradient + adjoint(gradient));
  v.set(0, v.boolean("upper") ? adjoint(gradient) : gradient);
}

void eigh_samples(SampleList& s) {
  for (DType t : {DType::f32, DType::f64, DType::c64, DType::c128}) {
    for (bool upper : {false, true}) {
      for (std::vector<int64_t> dims :
           {std::vector<int64_t>{0, 0}, {1, 1}, {3, 3}, {2, 3, 3}, {0, 2, 2}, {2, 1, 2, 2}}) {
        auto& sample = s.ok({T(t, dims, Fill::spd)}, {{"upper", upper}});
        if (is_complex(t)) {
          sample.gradient = false;
          sample.note = "the phase of a complex eigenvector is free";
        }
      }
    }
  }
  refuse_square(s, {});
}

// eig

void eig_shape(Infer& op) {
  require_square(op, 0, "x");
  op.result(without_last(op.dims(0)), complex_of(op.met()));
  op.result(op.dims(0), complex_of(op.met()));
}

// V^-H (diag(gw) + (V^H gV - V^H V diag(Re(v[j]^H gv[j]))) / conj(w[j] - w[i])) V^H; the second
// term is there because eigenvectors have norm 1 (Boeddeker et al. 2017, eq. 4.77 with that norm).
void eig_backward(Vjp& v) {
  Expr w = v.result(0), vectors = v.result(1), conjugate = adjoint(vectors);
  Expr inner;
  if (v.has_cotangent(0)) inner = diagonal_matrix(v.cotangent(0));
  if (v.has_cotangent(1)) {
    Expr turned = matmul(conjugate, v.cotangent(1));
    Expr stretch = real(diagonal(turned));
    turned = turned - scale_columns(matmul(conjugate, vectors), stretch);
    turned = turned * conj(inverse_gaps(w));
    inner = inner ? inner + turned : turned;
  }
  if (!inner.value) return;
  v.set(0, solve(conjugate, matmul(inner, conjugate)));
}

void eig_samples(SampleList& s) {
  for (DType t : {DType::f32, DType::f64, DType::c64, DType::c128}) {
    for (std::vector<int64_t> dims :
         {std::vector<int64_t>{0, 0}, {1, 1}, {3, 3}, {2, 4, 4}, {0, 2, 2}, {2, 1, 2, 2}}) {
      auto& sample = s.ok({T(t, dims)});
      sample.gradient = false;
      sample.note = "the phase of a complex eigenvector is free";
    }
  }
  refuse_square(s, {});
}

// svd

void svd_shape(Infer& op) {
  require_matrix(op, 0, "x");
  Dim rows = op.dim(0, -2), columns = op.dim(0, -1), inner = min(rows, columns);
  bool all = op.boolean("full");
  std::vector<Dim> u(op.dims(0).begin(), op.dims(0).end()), vh = u, values = without_last(u);
  u.back() = all ? rows : inner;
  vh[vh.size() - 2] = all ? columns : inner;
  values.back() = inner;
  op.result(u, op.met());
  op.result(values, value_dtype(op.met()));
  op.result(vh, op.met());
}

// With F = 1 / (s[j]^2 - s[i]^2), skew(A) = A - A^H (Townsend 2016; Wan and Zhang 2019 for
// complex): U ((skew(U^H gU) F) S + S (skew(V^H gV) F) + diag(gs)) V^H, and for what of gU and gV
// lies outside the spaces of U and V: (I - U U^H) gU S^-1 V^H + U S^-1 gV^H (I - V V^H).
void svd_backward(Vjp& v) {
  Dim rows = v.in(0).dim(-2), columns = v.in(0).dim(-1), count = v.result(1).dim(-1);
  Expr s = v.result(1), u = columns_up_to(v.result(0), count), vh = rows_up_to(v.result(2), count);
  DType dtype = u.dtype();
  Expr gu = v.has_cotangent(0) ? columns_up_to(v.cotangent(0), count) : Expr{};
  Expr gvh = v.has_cotangent(2) ? rows_up_to(v.cotangent(2), count) : Expr{};
  if (!gu.value && !gvh.value && !v.has_cotangent(1)) return;
  // In a square matrix nothing lies outside. Which sizes there are must be known, here already for
  // the gradient of this gradient: noise of those terms would tell a program for all sizes from one
  // for this size.
  bool tall = is_tall(v, rows, columns), wide = is_tall(v, columns, rows);
  auto skew = [](Expr a) { return a - adjoint(a); };
  auto add = [](Expr sum, Expr term) { return sum ? sum + term : term; };

  Expr inner;
  if (v.has_cotangent(1)) inner = diagonal_matrix(cast(v.cotangent(1), dtype));
  Expr zero = compare("eq", s, 0.0);
  Expr inverse = only_where(!zero, 1 / select(zero, full_like(s, 1), s));
  Expr gaps = gu || gvh ? cast(inverse_gaps(s * s), dtype) : Expr{};
  if (gu) {
    Expr turned = skew(matmul(adjoint(u), gu));
    inner = add(inner, scale_columns(turned * gaps, s));
    // The common phase of u and v is free; what g says of it comes in once, here.
    if (is_complex(dtype))
      inner = inner + diagonal_matrix(diagonal(turned) * cast(inverse * 0.5, dtype));
  }
  if (gvh) inner = add(inner, scale_rows(skew(matmul(vh, adjoint(gvh))) * gaps, s));
  Expr gradient = matmul(matmul(u, inner ? inner : zeros_like(matmul(adjoint(u), u))), vh);
  if (gu && !wide) {
    Expr scaled = scale_columns(gu, inverse);
    gradient = gradient + matmul(scaled - matmul(u, matmul(adjoint(u), scaled)), vh);
  }
  if (gvh && !tall) {
    Expr scaled = scale_rows(gvh, inverse);
    gradient = gradient + matmul(u, scaled - matmul(matmul(scaled, adjoint(vh)), vh));
  }
  v.set(0, gradient);
}

void svd_samples(SampleList& s) {
  for (DType t : {DType::f32, DType::f64, DType::c64, DType::c128}) {
    for (bool all : {false, true}) {
      for (std::vector<int64_t> dims : {std::vector<int64_t>{1, 1},
                                        {3, 3},
                                        {4, 2},
                                        {2, 4},
                                        {2, 3, 2},
                                        {2, 1, 2, 3},
                                        {0, 2, 2},
                                        {0, 3},
                                        {3, 0}}) {
        auto& sample = s.ok({T(t, dims)}, {{"full", all}});
        if (is_complex(t)) {
          sample.gradient = false;
          sample.note = "the common phase of complex singular vectors is free";
        } else if (all) {
          sample.gradient = false;
          sample.note = "the vectors beyond min(m, n) are free";
        }
      }
    }
  }
  refuse_matrix(s, {});
}

}  // namespace

std::vector<Page> decomposition_pages() {
  return {
      {.name = "eigh",
       .doc = "Eigenvalues, ascending, and orthonormal eigenvectors of a Hermitian x, of which "
              "only one triangle is read: x V = V diag(w). The sign (complex: the phase) of each "
              "vector is as LAPACK gives it and has no derivative. Where two eigenvalues are equal "
              "the vectors have none, and 0 is taken for that pair. The gradient stands in the "
              "triangle that is read.\n"
              "Args:\n  x: float32, float64 or complex [..., n, n].\n  upper: which triangle is "
              "read.\n"
              "Returns:\n  w real [..., n]; v [..., n, n], vectors in columns.\n"
              "Errors:\n  ShapeError where x is not square, ValueError at run time where the "
              "iteration fails (NaN, infinity).\n"
              "Source:\n  LAPACK xSYEVD, xHEEVD; gradient: Giles 2008, An extended collection of "
              "matrix derivative results, 3.1.",
       .operands = {{.name = "x", .dtypes = kMatrixSet}},
       .attrs = {{.name = "upper", .form = AttrForm::boolean, .value = false}},
       .results = 2,
       .result_names = {"w", "v"},
       .dtypes = by_shape_rule(Meet::same),
       .shape = eigh_shape,
       .vjp = {.backward = eigh_backward},
       .decompose = primitive(),
       .sharding = "... n m -> ... n, ... n m; n: whole; m: whole",
       .cost = cubic<9>,
       .samples = eigh_samples},
      {.name = "eig",
       .doc = "Eigenvalues and eigenvectors of a square x: x V = V diag(w). Vectors have norm 1 "
              "and a real greatest component; the order is LAPACK's. Gradient: for distinct "
              "eigenvalues and results that do not depend on the phase of the vectors; 0 is taken "
              "for pairs of equal eigenvalues.\n"
              "Args:\n  x: float32, float64 or complex [..., n, n].\n"
              "Returns:\n  w complex [..., n]; v complex [..., n, n], vectors in columns.\n"
              "Errors:\n  ShapeError where x is not square, ValueError at run time where the "
              "iteration fails (NaN, infinity).\n"
              "Source:\n  LAPACK xGEEV; gradient: Boeddeker et al. 2017, On the computation of "
              "complex-valued gradients, 4.7.",
       .operands = {{.name = "x", .dtypes = kMatrixSet}},
       .results = 2,
       .result_names = {"w", "v"},
       .dtypes = by_shape_rule(Meet::same),
       .shape = eig_shape,
       .vjp = {.backward = eig_backward},
       .decompose = primitive(),
       .sharding = "... n m -> ... n, ... n m; n: whole; m: whole",
       .cost = cubic<25>,
       .samples = eig_samples},
      {.name = "svd",
       .doc = "x = U diag(s) Vh with orthonormal columns of U and rows of Vh, and s >= 0 "
              "descending. If `full`, U and Vh are square. Gradient: for distinct singular values; "
              "0 is taken for pairs of equal ones and for the inverse of 0. The vectors beyond the "
              "first min(m, n) of a full U or Vh are no function of x, and their cotangents are "
              "ignored; of complex vectors the common phase is free.\n"
              "Args:\n  x: float32, float64 or complex [..., m, n].\n  full: whether U is [m, m] "
              "and Vh [n, n].\n"
              "Returns:\n  U [..., m, k], s real [..., k], Vh [..., k, n] with k = min(m, n).\n"
              "Errors:\n  ShapeError where x is no matrix, ValueError at run time where the "
              "iteration fails (NaN, infinity).\n"
              "Source:\n  LAPACK xGESDD; gradient: Townsend 2016, Differentiating the singular "
              "value decomposition; Wan and Zhang 2019 (complex).",
       .operands = {{.name = "x", .dtypes = kMatrixSet}},
       .attrs = {{.name = "full", .form = AttrForm::boolean, .value = false}},
       .results = 3,
       .result_names = {"u", "s", "vh"},
       .dtypes = by_shape_rule(Meet::same),
       .shape = svd_shape,
       .vjp = {.backward = svd_backward},
       .decompose = primitive(),
       .sharding = "... m n -> ... m k, ... k, ... k n; m: whole; n: whole; k: whole",
       .cost = cubic<20>,
       .samples = svd_samples},
  };
}

}  // namespace proa::ops
