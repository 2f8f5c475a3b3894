// The operators of the family einstein as C++ functions.
// Why text that a tool writes: an operator is written once, on its page.
// Written by tools/cpp_functions.py from the operator pages.
// clang-format off
#pragma once

#include "proa/eager/functions/arguments.h"

namespace proa {

// Sums of products over named axes: 'ij,jk->ik' is a matrix product. A letter twice in one operand
// names its diagonal; letters that the result lacks are summed; '...' stands for axes that are
// broadcast. Without '->' the result has the letters that stand once, in alphabetical order.
// Operands are contracted from left to right.
// Args:
//   operands: the tensors of the equation, in its order; number
//   equation: subscripts: 'ij,jk->ik'; a string
// Returns:
//   a tensor of the operands' promoted dtype
// Errors:
//   ShapeError where shapes do not fit: 'has 2 dims', 'was seen before'
//   ValueError for a missing argument or one out of its range: 'at least one', 'expected 1
//     operands'
Tensor einsum(std::string_view equation, const Tensors& operands);

// Sums of products over axes: over the last `axes` of x and the first of y, or over the listed axes
// of both (of x, those of y being axes_y).
// Args:
//   x: the tensor; number
//   y: the other operand; number
//   axes: how many axes are contracted, or which of x; integers; default 2
//   axes_y: the axes of y that are contracted, where they differ from x's; an integer or several;
//     default None
// Returns:
//   a tensor of the operands' promoted dtype
// Errors:
//   ShapeError where shapes do not fit: 'differ'
//   IndexError for an axis or index out of range
//   ValueError for a missing argument or one out of its range: 'expected 0..1', 'twice'
Tensor tensordot(const Tensor& x, const Tensor& y, const Ints& axes = 2, const Ints& axes_y = {});

// The Kronecker product: every element of x times the whole of y, axes multiplied in size; missing
// axes count as size 1.
// Args:
//   x: the tensor; number
//   y: the other operand; number
// Returns:
//   a tensor of the operands' promoted dtype
// Errors:
//   TypeError for another dtype or kind of argument
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor kron(const Tensor& x, const Tensor& y);

}  // namespace proa
