#include "proa/ops/algebra.h"

#include "proa/base/error.h"

namespace proa::ops {

namespace {

// column - row - k compared with 0, as bool [rows, columns].
Expr against_diagonal(Builder& b, Dim rows, Dim columns, std::string_view kind, int64_t k) {
  Dim dims[] = {rows, columns};
  Expr row = iota(b, DType::i64, dims, 0), column = iota(b, DType::i64, dims, 1);
  return compare(kind, column, row + static_cast<double>(k));
}

Expr where_kept(Expr kept, Expr x) { return select(kept, x, constant(*x.builder, x.dtype(), 0.0)); }

Expr row_index(Expr x, Expr permutation) {
  return broadcast_to(unsqueeze(permutation, -1), x.dims());
}

}  // namespace

Expr transposed(Expr x) { return swap_axes(x, -1, -2); }
Expr adjoint(Expr x) { return conj(transposed(x)); }

Expr tril(Expr x, int64_t k) {
  return where_kept(against_diagonal(*x.builder, x.dim(-2), x.dim(-1), "le", k), x);
}
Expr triu(Expr x, int64_t k) {
  return where_kept(against_diagonal(*x.builder, x.dim(-2), x.dim(-1), "ge", k), x);
}

Expr is_diagonal(Builder& b, Dim rows, Dim columns) {
  return against_diagonal(b, rows, columns, "eq", 0);
}

Expr diagonal(Expr x) {
  return sum(where_kept(is_diagonal(*x.builder, x.dim(-2), x.dim(-1)), x), -1);
}

Expr diagonal_matrix(Expr d) {
  return where_kept(is_diagonal(*d.builder, d.dim(-1), d.dim(-1)), unsqueeze(d, -1));
}

Expr scale_rows(Expr x, Expr d) { return x * unsqueeze(cast(d, x.dtype()), -1); }
Expr scale_columns(Expr x, Expr d) { return x * unsqueeze(cast(d, x.dtype()), -2); }
Expr rows_up_to(Expr x, Dim count) { return slice_axis(x, -2, 0, count); }
Expr columns_up_to(Expr x, Dim count) { return slice_axis(x, -1, 0, count); }

Expr triangular_solve(Expr a, Expr b, Triangle how) {
  return call1(
      "prim.triangular_solve", {a, b},
      {{"left", how.left}, {"upper", how.upper}, {"transpose", how.transpose}, {"unit", how.unit}});
}

Expr solve(Expr a, Expr b, bool regular) {
  std::vector<Expr> factors = call(*a.builder, "prim.lu", {&a, 1}, {{"regular", regular}});
  Expr x = permute_rows(b, factors[2]);
  x = triangular_solve(factors[0], x, {.unit = true});
  return triangular_solve(factors[0], x, {.upper = true});
}

Expr permute_rows(Expr x, Expr permutation) { return take_along(x, row_index(x, permutation), -2); }

Expr unpermute_rows(Expr x, Expr permutation) {
  return add_along(zeros_like(x), row_index(x, permutation), x, -2);
}

}  // namespace proa::ops
