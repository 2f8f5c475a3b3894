// The operators of the family factors as C++ functions.
// Why text that a tool writes: an operator is written once, on its page.
// Written by tools/cpp_functions.py from the operator pages.
// clang-format off
#pragma once

#include <array>

#include "proa/eager/functions/arguments.h"

namespace proa {

// The first columns of the product of reflectors I - tau[i] v v^H, v being 1 at row i, x[:, i]
// below and 0 above.
// Args:
//   x: the tensor; complex, float32 or float64
//   tau: factor of each reflector; complex, float32 or float64
// Returns:
//   a tensor of the operands' promoted dtype
// Errors:
//   ShapeError where shapes do not fit: 'at most the columns', 'as many rows'
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor householder_product(const Tensor& x, const Tensor& tau);

// Q y (left) or y Q, with Q the product of the reflectors of x and tau (see householder_product),
// or its adjoint with transpose.
// Args:
//   x: the tensor; complex, float32 or float64
//   tau: factor of each reflector; complex, float32 or float64
//   y: the other operand; complex, float32 or float64
//   left: whether Q stands on the left of y; True or False; default True
//   transpose: whether the adjoint of Q is applied; True or False; default False
// Returns:
//   a tensor of the operands' promoted dtype
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: '4 rows', '4 columns'
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor ormqr(const Tensor& x, const Tensor& tau, const Tensor& y, bool left = true,
             bool transpose = false);

// z with L L^H z = x for a lower triangle y = L (upper: U^H U z = x). Only that triangle of y is
// read.
// Args:
//   x: the tensor; complex, float32 or float64
//   y: the triangular factor; complex, float32 or float64
//   upper: whether the upper triangle is meant; True or False; default False
// Returns:
//   a tensor of the operands' promoted dtype
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'square', '3 rows'
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor cholesky_solve(const Tensor& x, const Tensor& y, bool upper = false);

// The inverse of L L^H for a lower triangle x = L (upper: of U^H U).
// Args:
//   x: the tensor; complex, float32 or float64
//   upper: whether the upper triangle is meant; True or False; default False
// Returns:
//   a tensor of the operands' promoted dtype
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'square'
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor cholesky_inverse(const Tensor& x, bool upper = false);

// L and U of x with exchanged rows in one matrix (without the ones of L's diagonal), the rows that
// were exchanged, counted from 1, int32, and with get_infos the number of the first pivot that is
// 0, or 0.
// Args:
//   x: the tensor; complex, float32 or float64
//   pivot: whether rows are exchanged; without is not supported; True or False; default True
//   get_infos: whether to give the first pivot that is 0; True or False; default False
// Returns:
//   lu, pivots, infos (as many as are asked for): tensors of the dtype that the text gives
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'a matrix'
//   ValueError for a missing argument or one out of its range
//   NotImplementedError where the message says why: 'row exchanges'
//   KeyError for an argument that it does not have
Results lu(const Tensor& x, bool pivot = true, bool get_infos = false);

// P, L and U with P L U = x from what lu gives.
// Args:
//   x: the tensor; complex, float32 or float64
//   y: the rows that were exchanged, counted from 1; int32 or int64
//   unpack_ludata: taken for Paddle's sake; L and U are always given; True or False; default True
//   unpack_pivots: taken for Paddle's sake; P is always given; True or False; default True
// Returns:
//   p, l, u: tensors of the operands' promoted dtype
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: '3 pivots', 'a matrix'
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
std::array<Tensor, 3> lu_unpack(const Tensor& x, const Tensor& y, bool unpack_ludata = true,
                                bool unpack_pivots = true);

// The z of least norm that minimises |x z - y|, by singular values, of which those not above rcond
// times the greatest count as 0 (without rcond max(m, n) epsilons), whatever the driver; the sums
// of squares that remain (empty unless there are more rows than columns), the rank, and the
// singular values.
// Args:
//   x: the tensor; complex, float32 or float64
//   y: the other operand; complex, float32 or float64
//   rcond: singular values below this share of the largest count as 0; a number; default None
//   driver: taken for Paddle's sake; it changes nothing; a string, one of 'gels', 'gelsy', 'gelsd',
//     'gelss'; default None
// Returns:
//   solution, residuals, rank, singular_values: tensors of the dtype that the text gives
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: '5 rows', 'a matrix'
//   ValueError for a missing argument or one out of its range: 'expected one of'
//   KeyError for an argument that it does not have
std::array<Tensor, 4> lstsq(const Tensor& x, const Tensor& y, std::optional<double> rcond = {},
                            std::optional<std::string_view> driver = {});

}  // namespace proa
