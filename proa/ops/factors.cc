// The factors of LU and QR as users see them, solutions by factors, and least squares.

#include <algorithm>

#include "proa/ir/need_extents.h"
#include "proa/ops/matrix_page.h"

namespace proa::ops {

namespace {

using L = std::vector<int64_t>;

// householder_product, ormqr: reflectors I - tau v v^H, v = 1 at its row and x's column below it.

void reflectors_checks(Infer& op) {
  require_matrix(op, 0, "x");
  auto message = [&] {
    return str("expected [..., k] with k at most the columns of shape ", to_string(op.dims(0)),
               ", got ", to_string(op.dims(1)));
  };
  if (op.rank(1) != op.rank(0) - 1) op.fail(ErrorKind::shape, "tau", message());
  for (int i = 0; i < op.rank(1) - 1; ++i)
    expect_eq(op, op.dim(1, i), op.dim(0, i), "tau", message);
  expect_ge(op, op.dim(0, -1), op.dim(1, -1), "tau", message);
  expect_ge(op, op.dim(0, -2), op.dim(0, -1), "x", [&] {
    return str("expected at least as many rows as columns, got shape ", to_string(op.dims(0)));
  });
}

// Applies reflector i (or its adjoint) to the rows of y.
Expr reflected(Expr x, Expr tau, Expr y, int64_t i, bool turned) {
  Expr column = slice_axis(x, -1, i, i + 1);
  Expr row = iota(*x.builder, DType::i64, column.dims(), column.rank() - 2);
  auto at = static_cast<double>(i);
  Expr v = select(compare("gt", row, at), column, cast(compare("eq", row, at), x.dtype()));
  Expr factor = unsqueeze(slice_axis(tau, -1, i, i + 1), -1);
  if (turned) factor = conj(factor);
  return y - v * factor * matmul(adjoint(v), y);
}

Expr reflected_by_all(Expr x, Expr tau, Expr y, bool turned) {
  int64_t k = static_dim(tau, -1);
  for (int64_t i = 0; i < k; ++i) y = reflected(x, tau, y, turned ? i : k - 1 - i, turned);
  return y;
}

void householder_rule(Decompose& d) {
  d.out(reflected_by_all(d.in(0), d.in(1), eye_like(d.in(0)), false));
}

void ormqr_shape(Infer& op) {
  require_matrix(op, 2, "y");
  bool left = op.boolean("left");
  expect_eq(op, op.dim(2, left ? -2 : -1), op.dim(0, -2), "y", [&] {
    return str("expected ", to_string(op.dim(0, -2)), left ? " rows" : " columns", ", got shape ",
               to_string(op.dims(2)));
  });
  auto batch = batch_of(op.dims(0));
  auto message = [&] {
    return str("expected the leading axes of ", to_string(op.dims(0)), ", got ",
               to_string(op.dims(2)));
  };
  if (op.rank(2) != op.rank(0)) op.fail(ErrorKind::shape, "y", message());
  for (size_t i = 0; i < batch.size(); ++i) expect_eq(op, op.dims(2)[i], batch[i], "y", message);
  op.result(op.dims(2));
}

void ormqr_rule(Decompose& d) {
  Expr x = d.in(0), tau = d.in(1), y = d.in(2);
  bool turned = d.boolean("transpose");
  if (d.boolean("left")) return d.out(reflected_by_all(x, tau, y, turned));
  d.out(adjoint(reflected_by_all(x, tau, adjoint(y), !turned)));
}

template <bool kApplied>
void reflectors_samples(SampleList& s) {
  auto args = [](Arg x, Arg tau, Arg y) {
    return kApplied ? Operands{x, tau, y} : Operands{x, tau};
  };
  for (DType t : {DType::f32, DType::f64, DType::c128}) {
    s.ok(args(T(t, {4, 3}), T(t, {3}), T(t, {4, 2})));
    s.ok(args(T(t, {2, 3, 3}), T(t, {2, 2}), T(t, {2, 3, 3})));
  }
  auto f = [](L dims) { return T(DType::f32, std::move(dims)); };
  if (kApplied) {
    for (bool transpose : {false, true})
      s.ok({T(DType::f64, {4, 3}), T(DType::f64, {3}), T(DType::f64, {2, 4})},
           {{"left", false}, {"transpose", transpose}});
    s.wrong({f({4, 3}), f({3}), f({3, 2})}, {}, ErrorKind::shape, "4 rows");
    s.wrong({f({4, 3}), f({3}), f({4, 2})}, {{"left", false}}, ErrorKind::shape, "4 columns");
    refuse_flag(s, {f({4, 3}), f({3}), f({4, 2})}, {}, "transpose");
  }
  s.wrong(args(f({4, 3}), f({4}), f({4, 2})), {}, ErrorKind::shape, "at most the columns");
  s.wrong(args(f({4, 3}), f({1, 3}), f({4, 2})), {}, ErrorKind::shape, "at most the columns");
  s.wrong(args(f({2, 3}), f({3}), f({2, 2})), {}, ErrorKind::shape, "as many rows");
  s.wrong(args(f({3}), f({}), f({3, 2})), {}, ErrorKind::shape, "a matrix");
  refuse_strangers(s, args(f({4, 3}), f({3}), f({4, 2})), {});
}

// cholesky_solve, cholesky_inverse

void square_shape(Infer& op) {
  require_square(op, 0, "x");
  op.result(op.dims(0));
}

void cholesky_solve_shape(Infer& op) {
  require_matrix(op, 0, "x");
  require_square(op, 1, "y");
  expect_eq(op, op.dim(0, -2), op.dim(1, -1), "x", [&] {
    return str("expected ", to_string(op.dim(1, -1)), " rows to go with the factor, got shape ",
               to_string(op.dims(0)));
  });
  std::vector<Dim> dims = op.broadcast(batch_of(op.dims(0)), batch_of(op.dims(1)), "y");
  dims.insert(dims.end(), {op.dim(0, -2), op.dim(0, -1)});
  op.result(dims);
}

// L L^H z = b, or U^H U z = b.
Expr by_factor(Expr factor, Expr b, bool upper) {
  Expr half =
      triangular_solve(factor, b, {.upper = upper, .transpose = upper ? "adjoint" : "none"});
  return triangular_solve(factor, half, {.upper = upper, .transpose = upper ? "none" : "adjoint"});
}

void cholesky_solve_rule(Decompose& d) {
  Expr b = d.in(0), factor = d.in(1);
  std::vector<Dim> batch = batch_of(d.result_type().dims());
  auto wide = [&](Expr e) {
    std::vector<Dim> dims = batch;
    dims.insert(dims.end(), {e.dim(-2), e.dim(-1)});
    return broadcast_to(e, dims);
  };
  d.out(by_factor(wide(factor), wide(b), d.boolean("upper")));
}

void cholesky_inverse_rule(Decompose& d) {
  d.out(by_factor(d.in(0), eye_like(d.in(0)), d.boolean("upper")));
}

template <bool kInverse>
void factor_samples(SampleList& s) {
  auto args = [](Arg b, Arg f) { return kInverse ? Operands{f} : Operands{b, f}; };
  for (DType t : {DType::f32, DType::f64, DType::c128}) {
    for (bool upper : {false, true})
      s.ok(args(T(t, {3, 2}), T(t, {3, 3}, Fill::spd)), {{"upper", upper}});
    s.ok(args(T(t, {2, 3, 2}), T(t, {2, 3, 3}, Fill::spd)));
  }
  auto f = [](L dims) { return T(DType::f32, std::move(dims)); };
  s.wrong(args(f({3, 2}), f({3, 2})), {}, ErrorKind::shape, "square");
  s.wrong(args(f({3, 2}), f({3})), {}, ErrorKind::shape, "square");
  s.wrong(args(T(DType::i32, {3, 2}), T(DType::i32, {3, 3})), {}, ErrorKind::type, "dtype");
  if (!kInverse) {
    s.wrong({f({2, 2}), f({3, 3})}, {}, ErrorKind::shape, "3 rows");
    s.wrong({f({2, 3, 2}), f({3, 3, 3})}, {}, ErrorKind::shape, "cannot be broadcast");
  }
  refuse_flag(s, args(f({3, 2}), f({3, 3})), {}, "upper");
  refuse_strangers(s, args(f({3, 2}), f({3, 3})), {});
}

// lu, lu_unpack: pivots count from 1, as in LAPACK.

void lu_shape(Infer& op) {
  require_matrix(op, 0, "x");
  if (!op.boolean("pivot"))
    op.fail(ErrorKind::not_supported, "pivot",
            "expected True, got False: there is no factorisation without row exchanges");
  std::vector<Dim> dims = batch_of(op.dims(0)), pivots = dims;
  pivots.push_back(min(op.dim(0, -2), op.dim(0, -1)));
  op.result(op.dims(0), op.met());
  op.result(pivots, DType::i32);
  if (op.boolean("get_infos")) op.result(dims, DType::i32);
}

void lu_rule(Decompose& d) {
  Expr x = d.in(0);
  std::vector<Expr> parts = call(d.builder(), "prim.lu", {&x, 1});
  d.out(parts[0]);
  d.out(cast(parts[1] + 1.0, DType::i32));
  if (!d.boolean("get_infos")) return;
  // The first pivot that is 0, counted from 1, or 0.
  Expr zero = cast(
      compare("eq",
              diagonal(rows_up_to(columns_up_to(parts[0], parts[1].dim(-1)), parts[1].dim(-1))),
              0.0),
      DType::i64);
  Expr first = call1("prim.arg_reduce", {zero}, {{"kind", "max"}, {"axis", zero.rank() - 1}});
  d.out(cast(select(compare("gt", extreme(zero, true), 0.0), first + 1.0, zeros_like(first)),
             DType::i32));
}

void lu_samples(SampleList& s) {
  for (DType t : {DType::f32, DType::f64, DType::c128}) {
    for (const L& dims : {L{3, 3}, L{4, 2}, L{2, 4}, L{2, 3, 3}}) {
      s.ok({T(t, dims)}).gradient = !is_complex(t);
      s.ok({T(t, dims)}, {{"get_infos", true}}).gradient = false;
    }
  }
  s.wrong({T(DType::f32, {3, 3})}, {{"pivot", false}}, ErrorKind::not_supported, "row exchanges");
  s.wrong({T(DType::f32, {3})}, {}, ErrorKind::shape, "a matrix");
  s.wrong({T(DType::i32, {3, 3})}, {}, ErrorKind::type, "dtype");
  refuse_flag(s, {T(DType::f32, {3, 3})}, {}, "get_infos");
  refuse_strangers(s, {T(DType::f32, {3, 3})}, {});
}

void lu_unpack_shape(Infer& op) {
  require_matrix(op, 0, "x");
  Dim rows = op.dim(0, -2), columns = op.dim(0, -1), inner = min(rows, columns);
  auto message = [&] {
    return str("expected the ", to_string(inner), " pivots of shape ", to_string(op.dims(0)),
               ", got shape ", to_string(op.dims(1)));
  };
  if (op.rank(1) != op.rank(0) - 1) op.fail(ErrorKind::shape, "y", message());
  expect_eq(op, op.dim(1, -1), inner, "y", message);
  std::vector<Dim> batch = batch_of(op.dims(0));
  auto give = [&](Dim m, Dim n) {
    std::vector<Dim> dims = batch;
    dims.insert(dims.end(), {m, n});
    op.result(dims);
  };
  give(rows, rows);
  give(rows, inner);
  give(inner, columns);
}

void lu_unpack_rule(Decompose& d) {
  Expr x = d.in(0), pivots = cast(d.in(1), DType::i64) - 1.0;
  Builder& b = d.builder();
  int64_t inner = static_dim(pivots, -1);
  std::vector<Dim> dims = batch_of(x.dims());
  dims.push_back(x.dim(-2));
  Expr row = iota(b, DType::i64, dims, static_cast<int>(dims.size()) - 1), order = row;
  for (int64_t i = 0; i < inner; ++i) {
    Expr other = slice_axis(pivots, -1, i, i + 1), here = slice_axis(order, -1, i, i + 1);
    Expr there = take_along(order, other, -1);
    order = select(compare("eq", row, static_cast<double>(i)), there,
                   select(compare("eq", row, other), here, order));
  }
  // Row i of the product is row order[i] of the original: P[order[i], i] = 1.
  dims.push_back(x.dim(-2));
  Expr at = iota(b, DType::i64, dims, static_cast<int>(dims.size()) - 2);
  d.out(cast(compare("eq", at, unsqueeze(order, -2)), x.dtype()));
  Expr lower = columns_up_to(x, Dim(inner));
  d.out(tril(lower, -1) + cast(is_diagonal(b, lower.dim(-2), lower.dim(-1)), x.dtype()));
  d.out(triu(rows_up_to(x, Dim(inner))));
}

void lu_unpack_samples(SampleList& s) {
  for (DType t : {DType::f32, DType::f64, DType::c128}) {
    s.ok({T(t, {3, 3}), V(DType::i32, {3}, {3, 2, 3})});
    s.ok({T(t, {3, 2}), V(DType::i32, {2}, {2, 3})});
    s.ok({T(t, {2, 2, 3}), I({2, 2}, 1, 3, DType::i32)});
  }
  Arg p = V(DType::i32, {3}, {1, 2, 3}), x = T(DType::f32, {3, 3});
  s.wrong({x, V(DType::i32, {2}, {1, 2})}, {}, ErrorKind::shape, "3 pivots");
  s.wrong({x, V(DType::i32, {1, 3}, {1, 2, 3})}, {}, ErrorKind::shape, "3 pivots");
  s.wrong({x, T(DType::f32, {3})}, {}, ErrorKind::type, "dtype");
  s.wrong({T(DType::f32, {3}), p}, {}, ErrorKind::shape, "a matrix");
  refuse_flag(s, {x, p}, {}, "unpack_ludata");
  refuse_strangers(s, {x, p}, {});
}

// lstsq: by singular values (Golub and Van Loan, section 5.5).

void lstsq_shape(Infer& op) {
  require_matrix(op, 0, "x");
  require_matrix(op, 1, "y");
  auto message = [&] {
    return str("expected ", to_string(op.dim(0, -2)), " rows to go with x of shape ",
               to_string(op.dims(0)), ", got ", to_string(op.dims(1)));
  };
  expect_eq(op, op.dim(1, -2), op.dim(0, -2), "y", message);
  std::vector<Dim> batch = batch_of(op.dims(0)), other = batch_of(op.dims(1));
  if (batch.size() != other.size()) op.fail(ErrorKind::shape, "y", message());
  for (size_t i = 0; i < batch.size(); ++i) expect_eq(op, other[i], batch[i], "y", message);
  Dim rows = op.dim(0, -2), columns = op.dim(0, -1);
  if (!rows.is_const() || !columns.is_const())
    throw ir::NeedExtents("lstsq: residuals exist where there are more rows than columns",
                          {rows, columns});
  bool tall = rows.constant() > columns.constant();
  std::vector<Dim> solution = batch, residuals = batch, values = batch;
  solution.insert(solution.end(), {columns, op.dim(1, -1)});
  residuals.push_back(op.dim(1, -1));
  values.push_back(min(rows, columns));
  op.result(solution, op.met());
  op.result(tall ? residuals : std::vector<Dim>{Dim(0)}, real_of(op.met()));
  op.result(batch, DType::i32);
  op.result(values, real_of(op.met()));
}

void lstsq_rule(Decompose& d) {
  Expr x = d.in(0), y = d.in(1);
  DType r = real_of(x.dtype());
  std::vector<Expr> parts = call(d.builder(), "prim.svd", {&x, 1}, {{"full", false}});
  Expr s = parts[1];
  Expr most = max(s, -1, true);
  Expr bound =
      most * (d.has("rcond")
                  ? full_like(most, d.real("rcond"))
                  : full_like(most, epsilon_of(r) * static_cast<double>(std::max(
                                                        static_dim(x, -1), static_dim(x, -2)))));
  Expr kept = compare("gt", s, bound);
  Expr inverse = only_where(kept, 1.0 / select(kept, s, full_like(s, 1)));
  Expr z = matmul(adjoint(parts[2]), scale_rows(matmul(adjoint(parts[0]), y), inverse));
  d.out(z);
  Expr gap = y - matmul(x, z);
  bool tall = static_dim(x, -2) > static_dim(x, -1);
  d.out(tall ? sum(real(gap * conj(gap)), -2) : full(d.builder(), std::vector<Dim>{Dim(0)}, r, 0));
  d.out(cast(sum(cast(kept, DType::i64), -1), DType::i32));
  d.out(s);
}

void lstsq_samples(SampleList& s) {
  for (DType t : {DType::f32, DType::f64, DType::c128}) {
    s.ok({T(t, {5, 3}), T(t, {5, 2})}).gradient = t == DType::f64;
    s.ok({T(t, {3, 3}, Fill::spd), T(t, {3, 1})}).gradient = t == DType::f64;
    s.ok({T(t, {2, 2, 4}), T(t, {2, 2, 3})}).gradient = false;
    s.ok({T(t, {2, 4, 3}), T(t, {2, 4, 2})}).gradient = t == DType::f64;
  }
  s.ok({V(DType::f64, {3, 2}, {1, 1, 1, 1, 1, 1}), T(DType::f64, {3, 1})}, {{"rcond", 1e-6}})
      .gradient = false;
  auto f = [](L dims) { return T(DType::f32, std::move(dims)); };
  s.wrong({f({5, 3}), f({4, 2})}, {}, ErrorKind::shape, "5 rows");
  s.wrong({f({5, 3}), f({2, 5, 2})}, {}, ErrorKind::shape, "5 rows");
  s.wrong({f({5, 3}), f({5})}, {}, ErrorKind::shape, "a matrix");
  s.wrong({f({5, 3}), f({5, 2})}, {{"driver", "qr"}}, ErrorKind::value, "expected one of");
  refuse_number(s, {f({5, 3}), f({5, 2})}, {}, "rcond");
  refuse_strangers(s, {f({5, 3}), f({5, 2})}, {});
}

}  // namespace

std::vector<ir::Page> factors_pages() {
  auto flag = [](std::string_view name, bool value) {
    return ir::AttrSpec{.name = name, .form = AttrForm::boolean, .value = value};
  };
  OperandSpec x{.name = "x", .aliases = {"A", "input"}, .dtypes = kMatrixSet};
  auto other = [](std::string_view name, std::vector<std::string_view> aliases = {}) {
    return OperandSpec{.name = name, .aliases = std::move(aliases), .dtypes = kMatrixSet};
  };
  constexpr ir::DTypeRule kTyped = by_shape_rule(Meet::promote);
  return {
      algebra({.name = "householder_product",
               .aliases = {"orgqr"},
               .faces = ir::kLinalg | kOperator,
               .doc = "The first columns of the product of reflectors I - tau[i] v v^H, v being 1 "
                      "at row i, x[:, i] below and 0 above.",
               .operands = {x, other("tau", {"input2"})},
               .shape = [](Infer& op) { op.result(op.dims(0)); },
               .checks = reflectors_checks,
               .rule = householder_rule,
               .samples = reflectors_samples<false>}),
      algebra({.name = "ormqr",
               .faces = ir::kLinalg | kOperator,
               .doc = "Q y (left) or y Q, with Q the product of the reflectors of x and tau (see "
                      "householder_product), or its adjoint with transpose.",
               .operands = {x, other("tau", {"input2"}), other("y", {"other", "input3"})},
               .attrs = {flag("left", true), flag("transpose", false)},
               .shape = ormqr_shape,
               .checks = reflectors_checks,
               .rule = ormqr_rule,
               .samples = reflectors_samples<true>}),
      algebra({.name = "cholesky_solve",
               .faces = ir::kLinalg | kOperator,
               .doc = "z with L L^H z = x for a lower triangle y = L (upper: U^H U z = x). Only "
                      "that triangle of y is read.",
               .operands = {x, other("y", {"L", "input2"})},
               .attrs = {flag("upper", false)},
               .shape = cholesky_solve_shape,
               .rule = cholesky_solve_rule,
               .samples = factor_samples<false>}),
      algebra({.name = "cholesky_inverse",
               .faces = ir::kLinalg | kOperator,
               .doc = "The inverse of L L^H for a lower triangle x = L (upper: of U^H U).",
               .operands = {x},
               .attrs = {flag("upper", false)},
               .shape = square_shape,
               .rule = cholesky_inverse_rule,
               .samples = factor_samples<true>}),
      algebra({.name = "lu",
               .faces = ir::kLinalg | kOperator,
               .doc = "L and U of x with exchanged rows in one matrix (without the ones of L's "
                      "diagonal), the rows that were exchanged, counted from 1, int32, and with "
                      "get_infos the number of the first pivot that is 0, or 0.",
               .operands = {x},
               .attrs = {flag("pivot", true), flag("get_infos", false)},
               .results = -1,
               .names = {"lu", "pivots", "infos"},
               .dtypes = kTyped,
               .shape = lu_shape,
               .rule = lu_rule,
               .samples = lu_samples}),
      algebra({.name = "lu_unpack",
               .faces = ir::kLinalg | kOperator,
               .doc = "P, L and U with P L U = x from what lu gives.",
               .operands = {{.name = "x", .aliases = {"LU_data"}, .dtypes = kMatrixSet},
                            {.name = "y",
                             .aliases = {"LU_pivots"},
                             .dtypes = bit(DType::i32) | bit(DType::i64),
                             .meets = false}},
               .attrs = {flag("unpack_ludata", true), flag("unpack_pivots", true)},
               .results = 3,
               .names = {"p", "l", "u"},
               .shape = lu_unpack_shape,
               .rule = lu_unpack_rule,
               .samples = lu_unpack_samples}),
      algebra({.name = "lstsq",
               .faces = ir::kLinalg | kOperator,
               .doc = "The z of least norm that minimises |x z - y|, by singular values, of which "
                      "those not above rcond times the greatest count as 0 (without rcond max(m, "
                      "n) epsilons), whatever the driver; the sums of squares that remain (empty "
                      "unless there are more rows than columns), the rank, and the singular "
                      "values.",
               .operands = {x, other("y", {"B", "b"})},
               .attrs = {{.name = "rcond", .form = AttrForm::real, .value = kNone},
                         {.name = "driver",
                          .form = AttrForm::string,
                          .value = kNone,
                          .choices = {"gels", "gelsy", "gelsd", "gelss"}}},
               .results = 4,
               .names = {"solution", "residuals", "rank", "singular_values"},
               .dtypes = kTyped,
               .shape = lstsq_shape,
               .rule = lstsq_rule,
               .samples = lstsq_samples}),
  };
}

}  // namespace proa::ops
