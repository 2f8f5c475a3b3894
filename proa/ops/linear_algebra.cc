// Matrices factored, inverted and solved with; the last two axes of a tensor, the others being
// batches.

#include <algorithm>
#include <cmath>

#include "proa/ops/algebra.h"
#include "proa/ops/composite.h"
#include "proa/ops/prim/linalg.h"

namespace proa::ops {

namespace {

constexpr DTypeSet kRealMatrixSet = static_cast<DTypeSet>(bit(DType::f32) | bit(DType::f64));

std::vector<Dim> batch_of(std::span<const Dim> dims) { return {dims.begin(), dims.end() - 2}; }

Expr identity_like(Expr x) {
  return diagonal_matrix(
      full(*x.builder, x.dims().first(static_cast<size_t>(x.rank() - 1)), x.dtype(), 1));
}

void square_shape(Infer& op) {
  require_square(op, 0, "x");
  op.result(op.dims(0));
}

void cholesky_rule(Decompose& d) {
  d.out(call1("prim.cholesky", {d.in(0)}, {{"upper", d.boolean("upper")}}));
}

// inv, det, slogdet

void inv_rule(Decompose& d) { d.out(solve(d.in(0), identity_like(d.in(0)), true)); }

void inv_backward(Vjp& v) {
  Expr back = adjoint(v.result());
  v.set(0, -matmul(matmul(back, v.cotangent()), back));
}

void det_shape(Infer& op) {
  require_square(op, 0, "x");
  op.result(batch_of(op.dims(0)));
}

// The diagonal of U, and the sign of the rows' exchanges.
struct Factors {
  Expr diagonal, sign;
};

Factors factors_of(Expr x) {
  std::vector<Expr> lu = call(*x.builder, "prim.lu", {&x, 1});
  Expr pivots = lu[1];
  Expr moved =
      compare("ne", pivots, iota(*x.builder, DType::i64, pivots.dims(), pivots.rank() - 1));
  Expr odd = binary("rem", sum(cast(moved, DType::i64), -1), constant(*x.builder, DType::i64, 2.0));
  return {diagonal(lu[0]), cast(1.0 - odd * 2.0, x.dtype())};
}

void det_rule(Decompose& d) {
  Factors f = factors_of(d.in(0));
  int last[] = {f.diagonal.rank() - 1};
  d.out(reduce("prod", f.diagonal, last) * f.sign);
}

Expr over_matrices(Expr g) { return unsqueeze(unsqueeze(g, -1), -1); }

// g conj(det) x^-H, which is what a regular x gives.
void det_backward(Vjp& v) {
  Expr x = v.in(0);
  Expr g = v.cotangent() * conj(v.result());
  v.set(0, solve(adjoint(x), identity_like(x) * over_matrices(g)));
}

void slogdet_shape(Infer& op) {
  require_square(op, 0, "x");
  std::vector<Dim> dims = batch_of(op.dims(0));
  dims.insert(dims.begin(), Dim(2));
  op.result(dims);
}

void slogdet_rule(Decompose& d) {
  Factors f = factors_of(d.in(0));
  int last[] = {f.diagonal.rank() - 1};
  Expr parts[] = {unsqueeze(reduce("prod", sign(f.diagonal), last) * f.sign, 0),
                  unsqueeze(sum(log(abs(f.diagonal)), last), 0)};
  d.out(concat(parts, 0));
}

void slogdet_backward(Vjp& v) {
  Expr x = v.in(0), g = squeeze(slice_axis(v.cotangent(), 0, 1, 2), 0);
  v.set(0, solve(adjoint(x), identity_like(x) * over_matrices(g)));
}

// solve, triangular_solve

void solve_shape(Infer& op) {
  require_square(op, 0, "x");
  bool vector = op.rank(1) == 1, left = op.page().name != "solve" || op.boolean("left");
  if (op.rank(1) == 0)
    op.fail(ErrorKind::shape, "y", "expected a vector or matrices, got a 0-d tensor");
  auto message = [&] {
    return str("expected ",
               vector ? "[n]"
               : left ? "[..., n, k]"
                      : "[..., k, n]",
               " to go with x of shape ", to_string(op.dims(0)), ", got ", to_string(op.dims(1)));
  };
  expect_eq(op, op.dim(1, vector || !left ? -1 : -2), op.dim(0, -1), "y", message);
  std::vector<Dim> batch = batch_of(op.dims(0));
  if (vector) {
    batch.push_back(op.dim(1, 0));
    return op.result(batch);
  }
  batch = op.broadcast(batch, batch_of(op.dims(1)), "y");
  batch.insert(batch.end(), {op.dim(1, -2), op.dim(1, -1)});
  op.result(batch);
}

// x and y with one batch, y as matrices.
void bring_together(Expr& x, Expr& y) {
  if (y.rank() == 1) y = unsqueeze(y, 1);
  std::vector<Dim> batch =
      broadcast_dims(*x.builder, x.dims().first(static_cast<size_t>(x.rank() - 2)),
                     y.dims().first(static_cast<size_t>(y.rank() - 2)));
  for (Expr* e : {&x, &y}) {
    std::vector<Dim> dims = batch;
    dims.insert(dims.end(), {e->dim(-2), e->dim(-1)});
    *e = broadcast_to(*e, dims);
  }
}

void solve_rule(Decompose& d) {
  Expr x = d.in(0), y = d.in(1);
  bool turned = !d.boolean("left") && y.rank() > 1;
  if (!d.boolean("left")) x = transposed(x);
  if (turned) y = transposed(y);
  bring_together(x, y);
  Expr z = solve(x, y, true);
  d.out(reshape(turned ? transposed(z) : z, d.result_type().dims()));
}

void triangular_solve_rule(Decompose& d) {
  Expr x = d.in(0), y = d.in(1);
  bring_together(x, y);
  Expr z = triangular_solve(x, y,
                            {.upper = d.boolean("upper"),
                             .unit = d.boolean("unitriangular"),
                             .transpose = d.boolean("transpose") ? "transpose" : "none"});
  d.out(reshape(z, d.result_type().dims()));
}

// qr, svd

void qr_shape(Infer& op) {
  require_matrix(op, 0, "x");
  Dim rows = op.dim(0, -2), columns = op.dim(0, -1);
  std::string_view mode = op.text("mode");
  std::vector<Dim> q(op.dims(0).begin(), op.dims(0).end()), r = q;
  q.back() = r[r.size() - 2] = mode == "complete" ? rows : min(rows, columns);
  if (mode != "r") op.result(q);
  op.result(r);
}

void qr_rule(Decompose& d) {
  Expr x = d.in(0);
  std::vector<Expr> parts =
      call(d.builder(), "prim.qr", {&x, 1}, {{"full", d.text("mode") == "complete"}});
  if (d.text("mode") != "r") d.out(parts[0]);
  d.out(parts[1]);
}

void svd_shape(Infer& op) {
  require_matrix(op, 0, "x");
  Dim rows = op.dim(0, -2), columns = op.dim(0, -1), inner = min(rows, columns);
  bool all = op.boolean("full_matrices");
  std::vector<Dim> u(op.dims(0).begin(), op.dims(0).end()), vh = u, s(u.begin(), u.end() - 1);
  u.back() = all ? rows : inner;
  vh[vh.size() - 2] = all ? columns : inner;
  s.back() = inner;
  op.result(u, op.met());
  op.result(s, real_of(op.met()));
  op.result(vh, op.met());
}

std::vector<Expr> svd_of(Expr x, bool all) {
  return call(*x.builder, "prim.svd", {&x, 1}, {{"full", all}});
}

void svd_rule(Decompose& d) {
  for (Expr e : svd_of(d.in(0), d.boolean("full_matrices"))) d.out(e);
}

void svdvals_shape(Infer& op) {
  require_matrix(op, 0, "x");
  std::vector<Dim> dims(op.dims(0).begin(), op.dims(0).end() - 1);
  dims.back() = min(op.dim(0, -2), op.dim(0, -1));
  op.result(dims, real_of(op.met()));
}

void svdvals_rule(Decompose& d) { d.out(svd_of(d.in(0), false)[1]); }

// Eigenvalues.

template <bool kSymmetric, bool kVectors>
void eigen_shape(Infer& op) {
  require_square(op, 0, "x");
  std::vector<Dim> values(op.dims(0).begin(), op.dims(0).end() - 1);
  op.result(values, kSymmetric ? real_of(op.met()) : complex_of(op.met()));
  if (kVectors) op.result(op.dims(0), kSymmetric ? op.met() : complex_of(op.met()));
}

template <bool kSymmetric, bool kVectors>
void eigen_rule(Decompose& d) {
  Expr x = d.in(0);
  Attrs attrs;
  if (kSymmetric) attrs.emplace_back("upper", d.text("UPLO") == "U");
  std::vector<Expr> parts =
      call(d.builder(), kSymmetric ? "prim.eigh" : "prim.eig", {&x, 1}, attrs);
  d.out(parts[0]);
  if (kVectors) d.out(parts[1]);
}

// pinv, matrix_power

void pinv_shape(Infer& op) {
  require_matrix(op, 0, "x");
  if (op.boolean("hermitian")) require_square(op, 0, "x");
  std::vector<Dim> dims(op.dims(0).begin(), op.dims(0).end());
  std::swap(dims[dims.size() - 1], dims[dims.size() - 2]);
  op.result(dims);
}

// V diag(1 / s) U^H, with 0 for what is not above rcond times the greatest singular value.
void pinv_rule(Decompose& d) {
  std::vector<Expr> parts = svd_of(d.in(0), false);
  Expr s = parts[1], kept = compare("gt", s, max(s, -1, true) * d.real("rcond"));
  Expr inverse = only_where(kept, 1.0 / select(kept, s, full_like(s, 1)));
  d.out(matmul(scale_columns(adjoint(parts[2]), inverse), adjoint(parts[0])));
}

void matrix_power_rule(Decompose& d) {
  Expr x = d.in(0), y;
  int64_t n = d.integer("n");
  if (n < 0) x = solve(x, identity_like(x), true);
  for (uint64_t left = n < 0 ? 0 - static_cast<uint64_t>(n) : static_cast<uint64_t>(n); left != 0;
       left >>= 1) {
    if ((left & 1) != 0) y = y ? matmul(y, x) : x;
    if (left > 1) x = matmul(x, x);
  }
  d.out(y ? y : identity_like(d.in(0)));
}

void power_cost(Cost& c) {
  c.flops(Cost::elements(c.operand(0)) * c.operand(0).dims().back() * Dim(20));
}

// Samples.

template <Fill kFill, bool kGradient>
void square_legal(SampleList& s) {
  using Dims64 = std::vector<int64_t>;
  for (DType t : {DType::f32, DType::f64, DType::c128}) {
    for (const Dims64& dims : {Dims64{1, 1}, {3, 3}, {2, 3, 3}, {2, 1, 2, 2}})
      s.ok({T(t, dims, kFill)}).gradient = kGradient && !is_complex(t);
  }
}

void refuse_keywords(SampleList& s) {
  s.wrong({T(DType::f32, {2, 2})}, {{"axis", 0}}, ErrorKind::key, "no such argument");
  s.wrong({absent()}, {}, ErrorKind::value, "required");
  s.wrong({absent()}, {{"x", "I"}}, ErrorKind::type, "expected a Tensor or a number, got str");
}

template <Fill kFill, bool kGradient>
void square_samples(SampleList& s) {
  square_legal<kFill, kGradient>(s);
  refuse_square(s, {});
  refuse_keywords(s);
}

void slogdet_samples(SampleList& s) {
  for (DType t : {DType::f32, DType::f64}) {
    s.ok({T(t, {3, 3})});
    s.ok({T(t, {2, 3, 3}, Fill::spd)});
    s.ok({T(t, {1, 1})});
  }
  s.wrong({T(DType::f32, {3})}, {}, ErrorKind::shape, "square");
  s.wrong({T(DType::f32, {2, 3})}, {}, ErrorKind::shape, "square");
  s.wrong({T(DType::c64, {2, 2})}, {}, ErrorKind::type, "dtype");
  s.wrong({T(DType::i32, {2, 2})}, {}, ErrorKind::type, "dtype");
  refuse_keywords(s);
}

void cholesky_samples(SampleList& s) {
  square_samples<Fill::spd, true>(s);
  s.ok({T(DType::f64, {3, 3}, Fill::spd)}, {{"upper", true}});
  s.wrong({T(DType::f32, {2, 2}, Fill::spd)}, {{"upper", 1}}, ErrorKind::type, "True or False");
}

void solve_samples(SampleList& s) {
  for (DType t : {DType::f32, DType::f64, DType::c128}) {
    s.ok({T(t, {3, 3}, Fill::spd), T(t, {3})});
    s.ok({T(t, {3, 3}, Fill::spd), T(t, {3, 2})});
    s.ok({T(t, {2, 3, 3}, Fill::spd), T(t, {3, 2})});
    s.ok({T(t, {2, 3, 3}, Fill::spd), T(t, {4, 1, 3, 2})});
  }
  Arg a = T(DType::f32, {3, 3}, Fill::spd);
  s.wrong({T(DType::f32, {3}), T(DType::f32, {3})}, {}, ErrorKind::shape, "square");
  s.wrong({T(DType::f32, {2, 3}), T(DType::f32, {3})}, {}, ErrorKind::shape, "square");
  s.wrong({a, T(DType::f32, {4})}, {}, ErrorKind::shape, "to go with");
  s.wrong({a, T(DType::f32, {2, 3})}, {}, ErrorKind::shape, "to go with");
  s.wrong({a, T(DType::f32, {})}, {}, ErrorKind::shape, "0-d");
  s.wrong({T(DType::f32, {2, 3, 3}), T(DType::f32, {4, 3, 2})}, {}, ErrorKind::shape,
          "cannot be broadcast");
  s.wrong({a, absent()}, {}, ErrorKind::value, "required");
  s.wrong({T(DType::i32, {3, 3}), T(DType::i32, {3})}, {}, ErrorKind::type, "dtype");
}

void either_side_samples(SampleList& s) {
  solve_samples(s);
  s.ok({T(DType::f64, {3, 3}, Fill::spd), T(DType::f64, {2, 3})}, {{"left", false}});
  s.wrong({T(DType::f32, {3, 3}), T(DType::f32, {3, 2})}, {{"left", false}}, ErrorKind::shape,
          "[..., k, n]");
}

void triangular_samples(SampleList& s) {
  solve_samples(s);
  for (bool transpose : {false, true}) {
    s.ok({T(DType::f64, {3, 3}, Fill::spd), T(DType::f64, {3, 2})},
         {{"upper", false}, {"transpose", transpose}});
    s.ok({T(DType::f64, {3, 3}, Fill::spd), T(DType::f64, {3, 2})},
         {{"unitriangular", true}, {"transpose", transpose}});
  }
  s.wrong({T(DType::f32, {3, 3}), T(DType::f32, {3, 2})}, {{"transpose", "adjoint"}},
          ErrorKind::type, "True or False");
}

void matrix_legal(SampleList& s, const ir::SampleAttrs& attrs, bool gradient) {
  using Dims64 = std::vector<int64_t>;
  for (DType t : {DType::f32, DType::f64, DType::c128}) {
    for (const Dims64& dims : {Dims64{3, 3}, {4, 2}, {2, 4}, {2, 3, 2}})
      s.ok({T(t, dims)}, attrs).gradient = gradient && !is_complex(t);
  }
}

void qr_samples(SampleList& s) {
  for (const char* mode : {"reduced", "complete", "r"})
    matrix_legal(s, {{"mode", mode}}, std::string_view(mode) != "complete");
  refuse_matrix(s, {});
  s.wrong({T(DType::f32, {2, 2})}, {{"mode", "full"}}, ErrorKind::value, "expected one of");
  refuse_keywords(s);
}

void svd_samples(SampleList& s) {
  matrix_legal(s, {}, true);
  matrix_legal(s, {{"full_matrices", true}}, false);
  refuse_matrix(s, {});
  s.wrong({T(DType::f32, {2, 2})}, {{"full_matrices", 1}}, ErrorKind::type, "True or False");
  refuse_keywords(s);
}

void svdvals_samples(SampleList& s) {
  matrix_legal(s, {}, true);
  refuse_matrix(s, {});
  refuse_keywords(s);
}

void eigh_samples(SampleList& s) {
  square_samples<Fill::spd, true>(s);
  s.ok({T(DType::f64, {3, 3}, Fill::spd)}, {{"UPLO", "U"}});
  s.wrong({T(DType::f32, {2, 2}, Fill::spd)}, {{"UPLO", "upper"}}, ErrorKind::value,
          "expected one of");
}

void pinv_samples(SampleList& s) {
  matrix_legal(s, {}, true);
  s.ok({V(DType::f64, {2, 2}, {1, 1, 1, 1})}, {{"rcond", 1e-6}}).gradient = false;
  s.ok({T(DType::f64, {3, 3}, Fill::spd)}, {{"hermitian", true}});
  refuse_matrix(s, {});
  s.wrong({T(DType::f32, {2, 3})}, {{"hermitian", true}}, ErrorKind::shape, "square");
  s.wrong({T(DType::f32, {2, 2})}, {{"rcond", "x"}}, ErrorKind::type, "a number");
  refuse_keywords(s);
}

void matrix_power_samples(SampleList& s) {
  for (int64_t n : {0, 1, 2, 5, -1, -3}) s.ok({T(DType::f64, {2, 3, 3}, Fill::spd)}, {{"n", n}});
  s.ok({T(DType::c64, {2, 2})}, {{"n", 3}});
  refuse_square(s, {{"n", 2}});
  s.wrong({T(DType::f32, {2, 2})}, {}, ErrorKind::value, "required");
  s.wrong({T(DType::f32, {2, 2})}, {{"n", 0.5}}, ErrorKind::type, "an integer");
}

struct Matrix {
  std::string_view name;
  std::vector<std::string_view> aliases = {};
  uint32_t faces = ir::kLinalg;
  std::string_view doc;
  DTypeSet dtypes = kMatrixSet;
  std::vector<ir::AttrSpec> attrs = {};
  std::vector<std::string_view> results = {};
  bool typed = false;  // the shape rule gives dtypes
  void (*shape)(Infer&) = square_shape;
  VjpRule vjp = {.decomposed = true};
  DecomposeRule rule;
  std::string_view sharding;
  void (*samples)(SampleList&);
};

ir::Page matrix(Matrix m) {
  int results = m.results.empty() ? 1 : m.name == "qr" ? -1 : static_cast<int>(m.results.size());
  return {.name = m.name,
          .aliases = std::move(m.aliases),
          .faces = m.faces,
          .doc = m.doc,
          .operands = {{.name = "x", .aliases = {"input", "self", "A"}, .dtypes = m.dtypes}},
          .attrs = std::move(m.attrs),
          .results = results,
          .result_names = std::move(m.results),
          .dtypes = m.typed ? by_shape_rule(Meet::promote) : promote(),
          .shape = m.shape,
          .vjp = m.vjp,
          .decompose = m.rule,
          .sharding = m.sharding,
          .cost = power_cost,
          .samples = m.samples};
}

}  // namespace

std::vector<ir::Page> linear_algebra_pages() {
  constexpr std::string_view kSquare = "... n m -> ... n m; n: whole; m: whole",
                             kValue = "... n m -> ...; n: whole; m: whole",
                             kValues = "... n m -> ... k; n: whole; m: whole; k: whole";
  constexpr uint32_t kBoth = ir::kLinalg | kOperator;
  auto flag = [](std::string_view name, bool value) {
    return ir::AttrSpec{.name = name, .form = AttrForm::boolean, .value = value};
  };
  ir::AttrSpec triangle{
      .name = "UPLO", .form = AttrForm::string, .value = "L", .choices = {"L", "U"}};
  OperandSpec x = {.name = "x", .aliases = {"A", "input"}, .dtypes = kMatrixSet},
              y = {.name = "y", .aliases = {"B", "other", "b"}, .dtypes = kMatrixSet};
  constexpr std::string_view kSolve = "... n m, ... m k -> ... n k; n: whole; m: whole";
  return {
      matrix({.name = "cholesky",
              .faces = kBoth,
              .doc = "The triangle L with L L^H = x of a Hermitian positive-definite x (upper: U "
                     "with U^H U = x). Only that triangle of x is read. An x that is "
                     "not positive definite is a ValueError at run time.",
              .attrs = {flag("upper", false)},
              .rule = cholesky_rule,
              .sharding = kSquare,
              .samples = cholesky_samples}),
      matrix({.name = "inv",
              .aliases = {"inverse"},
              .faces = kBoth,
              .doc = "The inverse of square matrices, by LU with row exchanges. A singular one "
                     "gives infinities or NaN.",
              .vjp = {.backward = inv_backward},
              .rule = inv_rule,
              .sharding = kSquare,
              .samples = square_samples<Fill::spd, true>}),
      matrix({.name = "det",
              .faces = kBoth,
              .doc = "The determinant of square matrices, by LU with row exchanges. The gradient "
                     "is that of a regular matrix.",
              .shape = det_shape,
              .vjp = {.backward = det_backward},
              .rule = det_rule,
              .sharding = kValue,
              .samples = square_samples<Fill::spd, true>}),
      matrix({.name = "slogdet",
              .faces = kBoth,
              .doc = "Sign and logarithm of the modulus of the determinant, stacked: [2, ...]. A "
                     "singular matrix gives 0 and -inf.",
              .dtypes = kRealMatrixSet,
              .shape = slogdet_shape,
              .vjp = {.backward = slogdet_backward},
              .rule = slogdet_rule,
              .sharding = "... n m -> p ...; n: whole; m: whole; p: whole",
              .samples = slogdet_samples}),
      {.name = "solve",
       .faces = kBoth,
       .doc = "z with x z = y (left) or z x = y, by LU with row exchanges; y is a vector or "
              "matrices, leading axes are broadcast.",
       .operands = {x, y},
       .attrs = {flag("left", true)},
       .shape = solve_shape,
       .vjp = by_decomposition(),
       .decompose = solve_rule,
       .sharding = kSolve,
       .cost = power_cost,
       .samples = either_side_samples},
      {.name = "triangular_solve",
       .faces = kBoth,
       .doc = "z with op(x) z = y for a triangle x, op being the transpose if asked for; the other "
              "triangle is not read, nor the diagonal if unitriangular.",
       .operands = {x, y},
       .attrs = {flag("upper", true), flag("transpose", false), flag("unitriangular", false)},
       .shape = solve_shape,
       .vjp = by_decomposition(),
       .decompose = triangular_solve_rule,
       .sharding = kSolve,
       .cost = power_cost,
       .samples = triangular_samples},
      matrix({.name = "qr",
              .faces = kBoth,
              .doc = "x = Q R with orthonormal columns of Q and an upper triangle R: reduced to "
                     "min(m, n) columns, complete, or R alone (mode r).",
              .attrs = {{.name = "mode",
                         .form = AttrForm::string,
                         .value = "reduced",
                         .choices = {"reduced", "complete", "r"}}},
              .results = {"q", "r"},
              .shape = qr_shape,
              .rule = qr_rule,
              .sharding = "... m n -> ... m k, ... k n; m: whole; n: whole; k: whole",
              .samples = qr_samples}),
      matrix({.name = "svd",
              .doc = "x = U diag(s) Vh with orthonormal columns of U and rows of Vh, and s >= 0 "
                     "descending.",
              .attrs = {flag("full_matrices", false)},
              .results = {"u", "s", "vh"},
              .typed = true,
              .shape = svd_shape,
              .rule = svd_rule,
              .sharding = "... m n -> ... m k, ... k, ... k n; m: whole; n: whole; k: whole",
              .samples = svd_samples}),
      matrix({.name = "svdvals",
              .doc = "The singular values of matrices, descending.",
              .typed = true,
              .shape = svdvals_shape,
              .rule = svdvals_rule,
              .sharding = kValues,
              .samples = svdvals_samples}),
      matrix({.name = "eigh",
              .doc = "Eigenvalues, ascending, and orthonormal eigenvectors of Hermitian matrices, "
                     "of which one triangle is read.",
              .attrs = {triangle},
              .results = {"w", "v"},
              .typed = true,
              .shape = eigen_shape<true, true>,
              .rule = eigen_rule<true, true>,
              .sharding = "... n m -> ... n, ... n m; n: whole; m: whole",
              .samples = eigh_samples}),
      matrix({.name = "eigvalsh",
              .doc = "The eigenvalues of Hermitian matrices, ascending; one triangle is read.",
              .attrs = {triangle},
              .typed = true,
              .shape = eigen_shape<true, false>,
              .rule = eigen_rule<true, false>,
              .sharding = kValues,
              .samples = eigh_samples}),
      matrix({.name = "eig",
              .doc = "Eigenvalues and eigenvectors of norm 1 of square matrices, complex.",
              .results = {"w", "v"},
              .typed = true,
              .shape = eigen_shape<false, true>,
              .rule = eigen_rule<false, true>,
              .sharding = "... n m -> ... n, ... n m; n: whole; m: whole",
              .samples = square_samples<Fill::normal, false>}),
      matrix({.name = "eigvals",
              .faces = ir::kLinalg | ir::kMethod,
              .doc = "The eigenvalues of square matrices, complex.",
              .typed = true,
              .shape = eigen_shape<false, false>,
              .rule = eigen_rule<false, false>,
              .sharding = kValues,
              .samples = square_samples<Fill::normal, false>}),
      matrix({.name = "pinv",
              .doc = "The Moore-Penrose inverse of matrices: singular values not above rcond times "
                     "the greatest count as 0.",
              .attrs = {{.name = "rcond", .form = AttrForm::real, .value = 1e-15},
                        flag("hermitian", false)},
              .shape = pinv_shape,
              .rule = pinv_rule,
              .sharding = "... m n -> ... n m; m: whole; n: whole",
              .samples = pinv_samples}),
      matrix({.name = "matrix_power",
              .faces = kBoth,
              .doc = "The n-th power of square matrices, by repeated squaring; of the inverse for "
                     "a negative n, the identity for 0.",
              .attrs = {{.name = "n", .form = AttrForm::integer}},
              .rule = matrix_power_rule,
              .sharding = kSquare,
              .samples = matrix_power_samples}),
  };
}

}  // namespace proa::ops
