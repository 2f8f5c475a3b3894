// The operators of the family mixing as C++ functions.
// Why text that a tool writes: an operator is written once, on its page.
// Written by tools/cpp_functions.py from the operator pages.
// clang-format off
#pragma once

#include "proa/eager/functions/arguments.h"

namespace proa {

// x + weight * (y - x), exactly x at weight 0 and y at 1; all three are broadcast together.
// Args:
//   x: the tensor; floating point or complex
//   y: the other operand; floating point or complex
//   weight: how far from x to y: 0 gives x, 1 gives y; floating point or complex, a plain number
//     too
// Returns:
//   a tensor of the operands' promoted dtype
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'cannot be broadcast'
//   ValueError for a missing argument or one out of its range
Tensor lerp(const Tensor& x, const Tensor& y, const TensorOrNumber& weight);

// The n-th derivative of digamma; n = 0 is digamma. Integers become the default float.
// Args:
//   x: the tensor; real
//   n: which derivative of digamma; an integer, at least 0
// Returns:
//   a tensor of x's shape, of the operands' promoted dtype, the default float for integers and bool
// Errors:
//   TypeError for another dtype or kind of argument
//   ValueError for a missing argument or one out of its range: 'at least 0'
//   KeyError for an argument that it does not have
Tensor polygamma(const Tensor& x, int64_t n);

// 0 where x is negative, y where it is 0, 1 where it is positive; NaN stays.
// Args:
//   x: the tensor; real, a plain number too
//   y: the other operand; real, a plain number too
// Returns:
//   a tensor of the shapes broadcast together, of the operands' promoted dtype
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'cannot be broadcast', 'size 4 does not match 5'
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor heaviside(const TensorOrNumber& x, const TensorOrNumber& y);

}  // namespace proa
