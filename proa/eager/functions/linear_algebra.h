// The operators of the family linear_algebra as C++ functions.
// Why text that a tool writes: an operator is written once, on its page.
// Written by tools/cpp_functions.py from the operator pages.
// clang-format off
#pragma once

#include <array>

#include "proa/eager/functions/arguments.h"

namespace proa {

// The triangle L with L L^H = x of a Hermitian positive-definite x (upper: U with U^H U = x). Only
// that triangle of x is read. An x that is not positive definite is a ValueError at run time.
// Args:
//   x: the tensor; complex, float32 or float64
//   upper: whether the upper triangle is meant; True or False; default False
// Returns:
//   a tensor of the operands' promoted dtype
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'matrix', 'square'
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor cholesky(const Tensor& x, bool upper = false);

// The inverse of square matrices, by LU with row exchanges. A singular one gives infinities or NaN.
// Args:
//   x: the tensor; complex, float32 or float64
// Returns:
//   a tensor of the operands' promoted dtype
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'matrix', 'square'
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor inv(const Tensor& x);

// The determinant of square matrices, by LU with row exchanges. The gradient is that of a regular
// matrix.
// Args:
//   x: the tensor; complex, float32 or float64
// Returns:
//   a tensor of the operands' promoted dtype
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'matrix', 'square'
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor det(const Tensor& x);

// Sign and logarithm of the modulus of the determinant, stacked: [2, ...]. A singular matrix gives
// 0 and -inf.
// Args:
//   x: the tensor; float32 or float64
// Returns:
//   a tensor of the operands' promoted dtype
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'square'
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor slogdet(const Tensor& x);

// z with x z = y (left) or z x = y, by LU with row exchanges; y is a vector or matrices, leading
// axes are broadcast.
// Args:
//   x: the tensor; complex, float32 or float64
//   y: the other operand; complex, float32 or float64
//   left: whether x stands on the left of the unknown; True or False; default True
// Returns:
//   a tensor of the operands' promoted dtype
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'square', 'to go with'
//   ValueError for a missing argument or one out of its range
Tensor solve(const Tensor& x, const Tensor& y, bool left = true);

// z with op(x) z = y for a triangle x, op being the transpose if asked for; the other triangle is
// not read, nor the diagonal if unitriangular.
// Args:
//   x: the tensor; complex, float32 or float64
//   y: the other operand; complex, float32 or float64
//   upper: whether the upper triangle is meant; True or False; default True
//   transpose: whether the transposed matrix stands in the equation; True or False; default False
//   unitriangular: whether the diagonal counts as 1; True or False; default False
// Returns:
//   a tensor of the operands' promoted dtype
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'square', 'to go with'
//   ValueError for a missing argument or one out of its range
Tensor triangular_solve(const Tensor& x, const Tensor& y, bool upper = true,
                        bool transpose = false, bool unitriangular = false);

// x = Q R with orthonormal columns of Q and an upper triangle R: reduced to min(m, n) columns,
// complete, or R alone (mode r).
// Args:
//   x: the tensor; complex, float32 or float64
//   mode: 'reduced': the thin factors; 'complete': a square q; 'r': r alone; a string, one of
//     'reduced', 'complete', 'r'; default 'reduced'
// Returns:
//   q, r (as many as are asked for): tensors of the operands' promoted dtype
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'matrix'
//   ValueError for a missing argument or one out of its range: 'expected one of'
//   KeyError for an argument that it does not have
Results qr(const Tensor& x, std::string_view mode = "reduced");

// x = U diag(s) Vh with orthonormal columns of U and rows of Vh, and s >= 0 descending.
// Args:
//   x: the tensor; complex, float32 or float64
//   full_matrices: whether the factors are square; True or False; default False
// Returns:
//   u, s, vh: tensors of the dtype that the text gives
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'matrix'
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
std::array<Tensor, 3> svd(const Tensor& x, bool full_matrices = false);

// The singular values of matrices, descending.
// Args:
//   x: the tensor; complex, float32 or float64
// Returns:
//   a tensor of the dtype that the text gives
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'matrix'
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor svdvals(const Tensor& x);

// Eigenvalues, ascending, and orthonormal eigenvectors of Hermitian matrices, of which one triangle
// is read.
// Args:
//   x: the tensor; complex, float32 or float64
//   UPLO: which triangle is read: 'L' the lower, 'U' the upper; a string, one of 'L', 'U'; default
//     'L'
// Returns:
//   w, v: tensors of the dtype that the text gives
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'matrix', 'square'
//   ValueError for a missing argument or one out of its range: 'expected one of'
//   KeyError for an argument that it does not have
std::array<Tensor, 2> eigh(const Tensor& x, std::string_view UPLO = "L");

// The eigenvalues of Hermitian matrices, ascending; one triangle is read.
// Args:
//   x: the tensor; complex, float32 or float64
//   UPLO: which triangle is read: 'L' the lower, 'U' the upper; a string, one of 'L', 'U'; default
//     'L'
// Returns:
//   a tensor of the dtype that the text gives
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'matrix', 'square'
//   ValueError for a missing argument or one out of its range: 'expected one of'
//   KeyError for an argument that it does not have
Tensor eigvalsh(const Tensor& x, std::string_view UPLO = "L");

// Eigenvalues and eigenvectors of norm 1 of square matrices, complex.
// Args:
//   x: the tensor; complex, float32 or float64
// Returns:
//   w, v: tensors of the dtype that the text gives
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'matrix', 'square'
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
std::array<Tensor, 2> eig(const Tensor& x);

// The eigenvalues of square matrices, complex.
// Args:
//   x: the tensor; complex, float32 or float64
// Returns:
//   a tensor of the dtype that the text gives
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'matrix', 'square'
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor eigvals(const Tensor& x);

// The Moore-Penrose inverse of matrices: singular values not above rcond times the greatest count
// as 0.
// Args:
//   x: the tensor; complex, float32 or float64
//   rcond: singular values below this share of the largest count as 0; a number; default 1e-15
//   hermitian: whether x is known to be Hermitian; True or False; default False
// Returns:
//   a tensor of the operands' promoted dtype
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'matrix', 'square'
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor pinv(const Tensor& x, double rcond = 1e-15, bool hermitian = false);

// The n-th power of square matrices, by repeated squaring; of the inverse for a negative n, the
// identity for 0.
// Args:
//   x: the tensor; complex, float32 or float64
//   n: the exponent; a negative one is of the inverse; an integer
// Returns:
//   a tensor of the operands' promoted dtype
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'matrix', 'square'
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor matrix_power(const Tensor& x, int64_t n);

}  // namespace proa
