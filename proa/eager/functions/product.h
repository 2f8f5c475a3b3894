// The operators of the family product as C++ functions.
// Why text that a tool writes: an operator is written once, on its page.
// Written by tools/cpp_functions.py from the operator pages.
// clang-format off
#pragma once

#include "proa/eager/functions/arguments.h"

namespace proa {

// The matrix product, as NumPy's matmul: vectors count as rows on the left and columns on the
// right, leading axes are broadcast. transpose_x and transpose_y swap the last two axes of an
// operand first.
// Args:
//   x: the tensor; number
//   y: the other operand; number
//   transpose_x: whether the last two axes of x change places; True or False; default False
//   transpose_y: whether the last two axes of y change places; True or False; default False
// Returns:
//   a tensor of the operands' promoted dtype
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'inner sizes 4 and 3 differ', 'inner sizes'
Tensor matmul(const Tensor& x, const Tensor& y, bool transpose_x = false,
              bool transpose_y = false);

// The product of two matrices.
// Args:
//   x: the tensor; number
//   mat2: the right matrix; number
// Returns:
//   a tensor of the operands' promoted dtype
// Errors:
//   ShapeError where shapes do not fit: 'inner sizes', 'expected a'
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor mm(const Tensor& x, const Tensor& mat2);

// The products of two stacks of matrices.
// Args:
//   x: the tensor; number
//   y: the other operand; number
// Returns:
//   a tensor of the operands' promoted dtype
// Errors:
//   ShapeError where shapes do not fit: 'inner sizes', 'expected a'
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor bmm(const Tensor& x, const Tensor& y);

// The product of a matrix and a vector.
// Args:
//   x: the tensor; number
//   vec: the vector; number
// Returns:
//   a tensor of the operands' promoted dtype
// Errors:
//   ShapeError where shapes do not fit: 'inner sizes', 'expected a'
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor mv(const Tensor& x, const Tensor& vec);

// The sum of the products of two vectors, or of each pair in two stacks of vectors.
// Args:
//   x: the tensor; number
//   y: the other operand; number
// Returns:
//   a tensor of the operands' promoted dtype
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'expected shape [4]', 'a vector'
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor dot(const Tensor& x, const Tensor& y);

// All products of an element of x and one of y, both flattened: [x.size, y.size].
// Args:
//   x: the tensor; number
//   y: the other operand; number
// Returns:
//   a tensor of the operands' promoted dtype
// Errors:
//   TypeError for another dtype or kind of argument
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor outer(const Tensor& x, const Tensor& y);

// Sums of products over the last axes of x and y, as NumPy's inner.
// Args:
//   x: the tensor; number
//   y: the other operand; number
// Returns:
//   a tensor of the operands' promoted dtype
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'inner sizes'
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor inner(const Tensor& x, const Tensor& y);

// The cross product of vectors of 3 elements along axis (the first axis of size 3 without axis).
// Args:
//   x: the tensor; number
//   y: the other operand; number
//   axis: the axis along which it works, negative from the end; None where allowed: all; an
//     integer; default None
// Returns:
//   a tensor of the shapes broadcast together, of the operands' promoted dtype
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'an axis of size 3', 'expected shape [2, 3]'
//   IndexError for an axis or index out of range
//   ValueError for a missing argument or one out of its range
Tensor cross(const Tensor& x, const Tensor& y, std::optional<int64_t> axis = {});

// beta * input + alpha * (x @ y), with input broadcast to the product.
// Args:
//   input: what is added to the product, broadcast to its shape; number
//   x: the left matrix; number
//   y: the right matrix; number
//   beta: factor of input; a number; default 1.0
//   alpha: factor of the product x y; a number; default 1.0
// Returns:
//   a tensor of the operands' promoted dtype
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'inner sizes', 'cannot be broadcast'
Tensor addmm(const Tensor& input, const Tensor& x, const Tensor& y, double beta = 1.0,
             double alpha = 1.0);

// x @ weight + bias over the last axis. The weight is [in_features, out_features] (Paddle's
// layout).
// Args:
//   x: the tensor; number
//   weight: [features in, features out]; number
//   bias: what is added at the end, an element for each channel or feature; number; may be left out
// Returns:
//   a tensor of the operands' promoted dtype
// Errors:
//   ShapeError where shapes do not fit: 'expected 4 features', 'a matrix'
//   ValueError for a missing argument or one out of its range
Tensor linear(const Tensor& x, const Tensor& weight, OptionalTensor bias = {});

}  // namespace proa
