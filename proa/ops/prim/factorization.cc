// Factorisations into triangles, and the solution of triangular systems.

#include "proa/ops/algebra.h"
#include "proa/ops/prim/linalg.h"

namespace proa::ops {

namespace {

using namespace prim;  // NOLINT: the words of the pages

// cholesky

// Iain Murray 2016, Differentiation of the Cholesky decomposition, eq. 10. Only one triangle of x
// is read, so that one gets all of the gradient.
void cholesky_backward(Vjp& v) {
  bool upper = v.boolean("upper");
  Expr l = v.result(), g = v.cotangent();
  if (upper) {
    l = adjoint(l);
    g = adjoint(g);
  }
  Expr s = lower_with_half_diagonal(matmul(adjoint(l), tril(g)));
  s = triangular_solve(l, s + adjoint(s), {.transpose = "adjoint"});
  s = lower_with_half_diagonal(triangular_solve(l, s, {.left = false}));
  v.set(0, upper ? adjoint(s) : s);
}

void cholesky_samples(SampleList& s) {
  for (DType t : {DType::f32, DType::f64, DType::c64, DType::c128}) {
    for (bool upper : {false, true}) {
      for (std::vector<int64_t> dims :
           {std::vector<int64_t>{0, 0}, {1, 1}, {4, 4}, {2, 3, 3}, {0, 2, 2}, {2, 1, 3, 3}}) {
        s.ok({T(t, dims, Fill::spd)}, {{"upper", upper}});
      }
    }
  }
  refuse_square(s, {});
}

// triangular_solve

Triangle triangle_of(const ir::AttrView& op) {
  return {op.boolean("left"), op.boolean("upper"), op.boolean("unit"), op.text("transpose")};
}

void triangular_solve_shape(Infer& op) {
  require_square(op, 0, "a");
  int rank = op.rank(0);
  bool left = op.boolean("left");
  auto message = [&] {
    return str("expected [", left ? "..., n, k" : "..., k, n", "] to go with a of shape ",
               to_string(op.dims(0)), ", got ", to_string(op.dims(1)));
  };
  if (op.rank(1) != rank) op.fail(ErrorKind::shape, "b", message());
  for (int i = 0; i + 2 < rank; ++i) expect_eq(op, op.dim(1, i), op.dim(0, i), "b", message);
  expect_eq(op, op.dim(1, left ? -2 : -1), op.dim(0, -1), "b", message);
  op.result(op.dims(1));
}

void triangular_solve_backward(Vjp& v) {
  Expr a = v.in(0), x = v.result(), g = v.cotangent();
  Triangle how = triangle_of(v), back = how;
  back.transpose = how.transpose == "none" ? "adjoint" : "none";
  Expr gb = triangular_solve(how.transpose == "transpose" ? conj(a) : a, g, back);
  v.set(1, gb);
  if (!v.needs(0)) return;
  Expr ga = -(how.left ? matmul(gb, adjoint(x)) : matmul(adjoint(x), gb));
  if (how.transpose == "transpose") ga = transposed(ga);
  if (how.transpose == "adjoint") ga = adjoint(ga);
  int64_t unit = how.unit ? 1 : 0;  // a unit diagonal is not read
  v.set(0, how.upper ? triu(ga, unit) : tril(ga, -unit));
}

void triangular_solve_samples(SampleList& s) {
  auto attrs = [](bool left, bool upper, const char* transpose, bool unit) {
    return ir::SampleAttrs{
        {"left", left}, {"upper", upper}, {"transpose", transpose}, {"unit", unit}};
  };
  for (DType t : {DType::f32, DType::f64, DType::c64, DType::c128}) {
    for (bool left : {true, false}) {
      for (bool upper : {false, true}) {
        for (const char* transpose : {"none", "transpose", "adjoint"}) {
          s.ok({T(t, {3, 3}, Fill::spd),
                T(t, left ? std::vector<int64_t>{3, 2} : std::vector<int64_t>{2, 3})},
               attrs(left, upper, transpose, false));
          s.ok({T(t, {2, 3, 3}, Fill::spd), T(t, {2, 3, 3})}, attrs(left, upper, transpose, true));
        }
      }
    }
    s.ok({T(t, {0, 0}), T(t, {0, 2})}, attrs(true, false, "none", false));
    s.ok({T(t, {3, 3}, Fill::spd), T(t, {3, 0})}, attrs(true, false, "none", false));
    s.ok({T(t, {2, 1, 2, 2}, Fill::spd), T(t, {2, 1, 2, 1})}, attrs(true, true, "none", false));
  }
  Arg a = T(DType::f32, {3, 3}, Fill::spd);
  s.wrong({T(DType::f32, {3}), T(DType::f32, {3})}, attrs(true, false, "none", false),
          ErrorKind::shape, "square");
  s.wrong({T(DType::f32, {3, 2}), T(DType::f32, {3, 2})}, attrs(true, false, "none", false),
          ErrorKind::shape, "square");
  s.wrong({a, T(DType::f32, {2, 3})}, attrs(true, false, "none", false), ErrorKind::shape,
          "..., n, k");
  s.wrong({a, T(DType::f32, {3, 2})}, attrs(false, false, "none", false), ErrorKind::shape,
          "..., k, n");
  s.wrong({a, T(DType::f32, {3})}, attrs(true, false, "none", false), ErrorKind::shape,
          "..., n, k");
  s.wrong({a, T(DType::f32, {2, 3, 2})}, attrs(true, false, "none", false), ErrorKind::shape,
          "..., n, k");
  s.wrong({a, T(DType::f64, {3, 2})}, attrs(true, false, "none", false), ErrorKind::type,
          "as of a");
  s.wrong({a, T(DType::f32, {3, 2})}, attrs(true, false, "conjugate", false), ErrorKind::value,
          "expected one of");
  s.wrong({T(DType::i32, {3, 3}), T(DType::i32, {3, 2})}, attrs(true, false, "none", false),
          ErrorKind::type, "dtype");
}

// lu

void lu_shape(Infer& op) {
  require_matrix(op, 0, "x");
  std::vector<Dim> dims(op.dims(0).begin(), op.dims(0).end());
  op.result(dims);
  dims.pop_back();
  std::vector<Dim> pivots = dims;
  pivots.back() = min(op.dim(0, -2), op.dim(0, -1));
  op.result(pivots, DType::i64);
  op.result(dims, DType::i64);
}

// Of x = L U with square factors packed in lu: L^-H (tril(L^H gL, -1) + triu(gU U^H)) U^-H.
Expr square_lu_gradient(Expr lu, Expr gl, Expr gu) {
  Expr identity = diagonal_matrix(full(*lu.builder, lu.dims().last(1), lu.dtype(), 1));
  Expr l = tril(lu, -1) + identity, u = triu(lu);
  Expr inner = tril(matmul(adjoint(l), gl), -1) + triu(matmul(gu, adjoint(u)));
  inner = triangular_solve(lu, inner, {.unit = true, .transpose = "adjoint"});
  return triangular_solve(lu, inner, {.left = false, .upper = true, .transpose = "adjoint"});
}

void lu_backward(Vjp& v) {
  if (!v.has_cotangent(0)) return;
  Expr lu = v.result(0), permutation = v.result(2), g = v.cotangent(0);
  Dim rows = lu.dim(-2), columns = lu.dim(-1);
  Expr gradient;
  if (rows == columns) {
    gradient = square_lu_gradient(lu, tril(g, -1), triu(g));
  } else if (is_tall(v, rows, columns)) {
    // x = [x1; x2], L = [L1; L2], x2 = L2 U.
    Expr head = rows_up_to(lu, columns), g_head = rows_up_to(g, columns);
    Expr l2 = slice_axis(lu, -2, columns, rows), gl2 = slice_axis(g, -2, columns, rows);
    Expr gx2 = triangular_solve(head, gl2, {.left = false, .upper = true, .transpose = "adjoint"});
    Expr gu = triu(g_head) - triu(matmul(adjoint(l2), gx2));
    Expr parts[] = {square_lu_gradient(head, tril(g_head, -1), gu), gx2};
    gradient = concat(parts, lu.rank() - 2);
  } else {
    // x = [x1, x2], U = [U1, U2], x2 = L U2.
    Expr head = columns_up_to(lu, rows), g_head = columns_up_to(g, rows);
    Expr u2 = slice_axis(lu, -1, rows, columns), gu2 = slice_axis(g, -1, rows, columns);
    Expr gx2 = triangular_solve(head, gu2, {.unit = true, .transpose = "adjoint"});
    Expr gl = tril(g_head, -1) - tril(matmul(gx2, adjoint(u2)), -1);
    Expr parts[] = {square_lu_gradient(head, gl, triu(g_head)), gx2};
    gradient = concat(parts, lu.rank() - 1);
  }
  v.set(0, unpermute_rows(gradient, permutation));
}

void matrix_samples(SampleList& s, const ir::SampleAttrs& attrs) {
  for (DType t : {DType::f32, DType::f64, DType::c64, DType::c128}) {
    for (std::vector<int64_t> dims : {std::vector<int64_t>{1, 1},
                                      {3, 3},
                                      {4, 2},
                                      {2, 4},
                                      {2, 3, 3},
                                      {2, 1, 3, 2},
                                      {0, 2, 2},
                                      {0, 0},
                                      {3, 0},
                                      {0, 3}}) {
      s.ok({T(t, dims)}, attrs);
    }
  }
  refuse_matrix(s, attrs);
}

// qr

void qr_shape(Infer& op) {
  require_matrix(op, 0, "x");
  Dim rows = op.dim(0, -2), columns = op.dim(0, -1);
  Dim inner = op.boolean("full") ? rows : min(rows, columns);
  std::vector<Dim> q(op.dims(0).begin(), op.dims(0).end()), r = q;
  q.back() = inner;
  r[r.size() - 2] = inner;
  op.result(q);
  op.result(r);
}

// Of x = Q R with R square and a real diagonal: (gQ + Q S) R^-H, where S is Hermitian with the
// upper triangle of gR R^H - Q^H gQ (Walter, Lehmann and Lamour 2012; Roberts and Roberts 2020).
Expr square_r_gradient(Expr q, Expr r, Expr gq, Expr gr) {
  Expr inner = triu(matmul(gr, adjoint(r)) - matmul(adjoint(q), gq));
  inner = triu(inner, 1) + adjoint(inner);
  Expr on_diagonal = is_diagonal(*q.builder, r.dim(-2), r.dim(-1));
  if (is_complex(inner.dtype()))
    inner = select(on_diagonal, cast(real(inner), inner.dtype()), inner);
  return triangular_solve(r, gq + matmul(q, inner),
                          {.left = false, .upper = true, .transpose = "adjoint"});
}

void qr_backward(Vjp& v) {
  Expr x = v.in(0), q = v.result(0), r = v.result(1);
  Dim rows = x.dim(-2), columns = x.dim(-1);
  Expr gq = v.has_cotangent(0) ? v.cotangent(0) : zeros_like(q);
  Expr gr = v.has_cotangent(1) ? v.cotangent(1) : zeros_like(r);
  if (rows == columns || is_tall(v, rows, columns)) {
    if (v.boolean("full") && rows != columns) {
      if (v.has_cotangent(0)) {
        v.fail(ErrorKind::not_supported, "full",
               "the columns of a full Q beyond those of x are no function of x, so Q has no "
               "derivative; use full = False");
      }
      q = columns_up_to(q, columns);
      gq = columns_up_to(gq, columns);
      r = rows_up_to(r, columns);
      gr = rows_up_to(gr, columns);
    }
    v.set(0, square_r_gradient(q, r, gq, gr));
    return;
  }
  // x = [x1, x2], R = [R1, R2], R2 = Q^H x2.
  Expr x2 = slice_axis(x, -1, rows, columns), gr2 = slice_axis(gr, -1, rows, columns);
  gq = gq + matmul(x2, adjoint(gr2));
  Expr parts[] = {square_r_gradient(q, columns_up_to(r, rows), gq, columns_up_to(gr, rows)),
                  matmul(q, gr2)};
  v.set(0, concat(parts, x.rank() - 1));
}

void qr_samples(SampleList& s) {
  matrix_samples(s, {{"full", false}});
  for (std::vector<int64_t> dims : {std::vector<int64_t>{4, 2}, {2, 4}, {2, 3, 2}}) {
    s.ok({T(DType::f64, dims)}, {{"full", true}}).gradient = false;
  }
}

}  // namespace

std::vector<Page> factorization_pages() {
  return {
      {.name = "cholesky",
       .doc = "The triangle L with a positive diagonal and L L^H = x of a Hermitian "
              "positive-definite x, or U = L^H with U^H U = x if `upper`. Only that triangle of x "
              "is read, the other one is taken for its conjugate, and the imaginary part of the "
              "diagonal is ignored. The gradient stands in the triangle that is read.\n"
              "Args:\n  x: float32, float64 or complex [..., n, n].\n  upper: which triangle is "
              "read and given.\n"
              "Returns:\n  the same dtype and shape, the other triangle 0.\n"
              "Errors:\n  ShapeError where x is not square, ValueError at run time where x is not "
              "positive definite.\n"
              "Source:\n  Golub and Van Loan, Matrix Computations, 4.2; gradient: Murray 2016.",
       .operands = {{.name = "x", .dtypes = kMatrixSet}},
       .attrs = {{.name = "upper", .form = AttrForm::boolean, .value = false}},
       .dtypes = same(),
       .shape =
           [](Infer& op) {
             require_square(op, 0, "x");
             op.result(op.dims(0));
           },
       .vjp = {.backward = cholesky_backward},
       .decompose = primitive(),
       .sharding = "... n m -> ... n m; n: whole; m: whole",
       .alias = {{0, 0}},
       .cost = cubic<1>,
       .samples = cholesky_samples},
      {.name = "triangular_solve",
       .doc = "x with op(a) x = b, or x op(a) = b if not `left`, where a is one triangle, the "
              "other one is not read, and op is the identity, the transpose or the adjoint. A zero "
              "on the diagonal gives infinities or NaN. Gradients: of b the adjoint system; of a "
              "in the triangle that is read.\n"
              "Args:\n  a: float32, float64 or complex [..., n, n].\n  b: of the same dtype and "
              "batch, [..., n, k], or [..., k, n] if not left.\n  left: on which side a stands.\n  "
              "upper: which triangle of a is read.\n  transpose: none, transpose or adjoint.\n  "
              "unit: the diagonal is taken as 1 and not read.\n"
              "Returns:\n  the dtype and shape of b.\n"
              "Errors:\n  ShapeError where a is not square or b does not go with it, TypeError for "
              "differing dtypes.\n"
              "Source:\n  BLAS xTRSM.",
       .operands = {{.name = "a", .dtypes = kMatrixSet}, {.name = "b", .dtypes = kMatrixSet}},
       .attrs = {{.name = "left", .form = AttrForm::boolean, .value = true},
                 {.name = "upper", .form = AttrForm::boolean, .value = false},
                 {.name = "transpose",
                  .form = AttrForm::string,
                  .value = "none",
                  .choices = {"none", "transpose", "adjoint"}},
                 {.name = "unit", .form = AttrForm::boolean, .value = false}},
       .dtypes = same(),
       .shape = triangular_solve_shape,
       .vjp = {.backward = triangular_solve_backward},
       .decompose = primitive(),
       .sharding = "... n m, ... i j -> ... i j; n: whole; m: whole; i: whole; j: whole",
       .alias = {{0, 1}},
       .cost = [](Cost& c) { c.flops(Cost::elements(c.operand(1)) * c.operand(0).dims().back()); },
       .samples = triangular_solve_samples},
      {.name = "lu",
       .doc = "L U = x with its rows exchanged, by Gaussian elimination that takes the greatest "
              "pivot of each column (of equals the first). L has a unit diagonal, which is not "
              "stored; both factors share one matrix. A singular x gives a zero on U's diagonal, "
              "or stops the run if `regular`. Gradient: by the triangles' own cotangents, for any "
              "shape; it needs "
              "to be known which of the two extents is greater.\n"
              "Args:\n  x: float32, float64 or complex [..., m, n].\n  regular: whether a zero "
              "pivot is an error.\n"
              "Returns:\n  the packed factors; pivots int64 [..., min(m, n)]: row i was exchanged "
              "with row pivots[i], in turn; permutation int64 [..., m]: row i of L U is row "
              "permutation[i] of x.\n"
              "Errors:\n  ShapeError where x is no matrix; LinAlgError at run time for a zero "
              "pivot if `regular`.\n"
              "Source:\n  LAPACK xGETRF; Golub and Van Loan, Matrix Computations, 3.4.",
       .operands = {{.name = "x", .dtypes = kMatrixSet}},
       .attrs = {{.name = "regular", .form = AttrForm::boolean, .value = false}},
       .results = 3,
       .result_names = {"lu", "pivots", "permutation"},
       .dtypes = same(),
       .shape = lu_shape,
       .vjp = {.backward = lu_backward},
       .decompose = primitive(),
       .sharding = "... m n -> ... m n, ... k, ... m; m: whole; n: whole; k: whole",
       .cost = cubic<1>,
       .samples = [](SampleList& s) { matrix_samples(s, {}); }},
      {.name = "qr",
       .doc = "x = Q R with orthonormal columns of Q and an upper triangle R, by Householder "
              "reflections; the diagonal of R is real, of either sign. If `full`, Q is square. "
              "Gradient: for any shape where the leading min(m, n) columns of x are independent; a "
              "full Q of a tall x has none. It needs to be known which of the two extents is "
              "greater.\n"
              "Args:\n  x: float32, float64 or complex [..., m, n].\n  full: whether Q is [m, m] "
              "instead of [m, min(m, n)].\n"
              "Returns:\n  Q [..., m, k] and R [..., k, n] with k = min(m, n), or m if full.\n"
              "Errors:\n  ShapeError where x is no matrix; NotImplementedError for the gradient of "
              "a full Q of a tall x.\n"
              "Source:\n  LAPACK xGEQRF; gradient: Roberts and Roberts 2020, QR and LQ "
              "decomposition matrix backpropagation.",
       .operands = {{.name = "x", .dtypes = kMatrixSet}},
       .attrs = {{.name = "full", .form = AttrForm::boolean, .value = false}},
       .results = 2,
       .result_names = {"q", "r"},
       .dtypes = same(),
       .shape = qr_shape,
       .vjp = {.backward = qr_backward},
       .decompose = primitive(),
       .sharding = "... m n -> ... m k, ... k n; m: whole; n: whole; k: whole",
       .cost = cubic<2>,
       .samples = qr_samples},
  };
}

}  // namespace proa::ops
