// Matrices in rules: the last two axes of an expression, all others being batch axes.
// Why: derivatives of factorisations should read like the papers they come from.
#pragma once

#include "proa/ops/expr.h"

namespace proa::ops {

Expr transposed(Expr x);
Expr adjoint(Expr x);                                 // conjugated and transposed
Expr tril(Expr x, int64_t k = 0);                     // zeros where column > row + k
Expr triu(Expr x, int64_t k = 0);                     // zeros where column < row + k
Expr diagonal(Expr x);                                // [..., n, n] -> [..., n]
Expr diagonal_matrix(Expr d);                         // [..., n] -> [..., n, n]
Expr is_diagonal(Builder& b, Dim rows, Dim columns);  // bool [rows, columns]
Expr scale_rows(Expr x, Expr d);     // diag(d) x; a real d of a complex x is widened
Expr scale_columns(Expr x, Expr d);  // x diag(d)
Expr rows_up_to(Expr x, Dim count);  // the first rows
Expr columns_up_to(Expr x, Dim count);

struct Triangle {
  bool left = true, upper = false, unit = false;
  std::string_view transpose = "none";  // none, transpose, adjoint
};
Expr triangular_solve(Expr a, Expr b, Triangle how);
// x with a x = b, for a square a without structure, by LU with row exchanges. A singular a stops
// the run if `regular`, else gives infinities and NaNs.
Expr solve(Expr a, Expr b, bool regular = false);
// Rows of x in another order: row i is row permutation[i] of x, with int64 [..., n].
Expr permute_rows(Expr x, Expr permutation);
Expr unpermute_rows(Expr x, Expr permutation);

}  // namespace proa::ops
