// The operators of the family matrices as C++ functions.
// Why text that a tool writes: an operator is written once, on its page.
// Written by tools/cpp_functions.py from the operator pages.
// clang-format off
#pragma once

#include "proa/eager/functions/arguments.h"

namespace proa {

// The p-norm (2 without p) over axis: of vectors, or of all elements without axis. Over two axes
// the orders 1, -1, 2, -2, inf, -inf, 'fro' and 'nuc' are those of matrices (see matrix_norm).
// Args:
//   x: the tensor; floating point or complex
//   p: the order of the norm; inf takes the largest modulus; a number, one of 'fro', 'nuc'; default
//     None
//   axis: the axis along which it works, negative from the end; None where allowed: all; an integer
//     or several; default None
//   keepdim: whether a reduced axis stays, with size 1; True or False; default False
// Returns:
//   a tensor of the dtype that the text gives
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'no elements'
//   IndexError for an axis or index out of range
//   ValueError for a missing argument or one out of its range: 'named twice', 'expected one of'
//   KeyError for an argument that it does not have
Tensor norm(const Tensor& x, const Number& p = {}, const Ints& axis = {}, bool keepdim = false);

// (sum |x|^p)^(1/p) over axis (over all elements without axis); inf: the largest modulus, -inf: the
// smallest, 0: the count of non-zeros.
// Args:
//   x: the tensor; floating point or complex
//   p: the order of the norm; inf takes the largest modulus; a number; default 2.0
//   axis: the axis along which it works, negative from the end; None where allowed: all; an integer
//     or several; default None
//   keepdim: whether a reduced axis stays, with size 1; True or False; default False
// Returns:
//   a tensor of the dtype that the text gives
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'no elements'
//   IndexError for an axis or index out of range
//   ValueError for a missing argument or one out of its range: 'named twice'
//   KeyError for an argument that it does not have
Tensor vector_norm(const Tensor& x, const Number& p = 2.0, const Ints& axis = {},
                   bool keepdim = false);

// A norm of the matrices over two axes: 'fro', the root of the sum of squares; 'nuc', the sum of
// the singular values; 2 (-2), the greatest (least) of them; 1 (-1), the greatest (least) sum of
// moduli of a column; inf (-inf), of a row.
// Args:
//   x: the tensor; complex, float32 or float64
//   p: the order of the norm; inf takes the largest modulus; a number, one of 'fro', 'nuc'; default
//     'fro'
//   axis: the axis along which it works, negative from the end; None where allowed: all; an integer
//     or several; default [-2, -1]
//   keepdim: whether a reduced axis stays, with size 1; True or False; default False
// Returns:
//   a tensor of the dtype that the text gives
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'no elements'
//   IndexError for an axis or index out of range
//   ValueError for a missing argument or one out of its range: 'expected one of', 'expected 1, -1'
//   KeyError for an argument that it does not have
Tensor matrix_norm(const Tensor& x, const Number& p = "fro", const Ints& axis = {-2, -1},
                   bool keepdim = false);

// The condition number of matrices in the norm p: |x| |x^-1|, by singular values for 2 (as without
// p) and -2, which do not need square matrices.
// Args:
//   x: the tensor; complex, float32 or float64
//   p: the order of the norm; inf takes the largest modulus; a number, one of 'fro', 'nuc'; default
//     None
// Returns:
//   a tensor of the dtype that the text gives
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'square', 'a matrix'
//   ValueError for a missing argument or one out of its range: 'expected 1, -1', 'expected one of'
//   KeyError for an argument that it does not have
Tensor cond(const Tensor& x, const Number& p = {});

// How many singular values (hermitian: moduli of eigenvalues) are above a bound: tol, or the
// greater of atol and rtol times the greatest one, or without any of them max(m, n) epsilons of the
// greatest. int64.
// Args:
//   x: the tensor; complex, float32 or float64
//   tol: singular values not above it count as 0; floating point, a plain number too; may be left
//     out
//   atol: singular values not above it count as 0; floating point, a plain number too; may be left
//     out
//   rtol: singular values not above this share of the greatest count as 0; floating point, a plain
//     number too; may be left out
//   hermitian: whether x is known to be Hermitian; True or False; default False
// Returns:
//   a tensor of the dtype that the text gives
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'a matrix', 'square'
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor matrix_rank(const Tensor& x, const TensorOrNumber& tol = {}, bool hermitian = false,
                   const TensorOrNumber& atol = {}, const TensorOrNumber& rtol = {});

// The exponential of square matrices, by scaling and squaring (Higham 2005).
// Args:
//   x: the tensor; complex, float32 or float64
// Returns:
//   a tensor of the operands' promoted dtype
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'matrix', 'square'
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor matrix_exp(const Tensor& x);

// The product of several matrices, in the order that costs least; the first and the last may be
// vectors.
// Args:
//   x: the tensor; number
// Returns:
//   a tensor of the operands' promoted dtype
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: '3 rows of tensor 1', 'expected matrices'
//   ValueError for a missing argument or one out of its range: 'at least two'
//   KeyError for an argument that it does not have
Tensor multi_dot(const Tensors& x);

}  // namespace proa
