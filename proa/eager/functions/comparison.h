// The operators of the family comparison as C++ functions.
// Why text that a tool writes: an operator is written once, on its page.
// Written by tools/cpp_functions.py from the operator pages.
// clang-format off
#pragma once

#include "proa/eager/functions/arguments.h"

namespace proa {

// x == y, elementwise. NaN equals nothing.
// Args:
//   x: the tensor; any dtype, a plain number too
//   y: the other operand; any dtype, a plain number too
// Returns:
//   a tensor of the shapes broadcast together, of dtype bool
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'cannot be broadcast', 'size 4 does not match 5'
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor equal(const TensorOrNumber& x, const TensorOrNumber& y);

// x != y, elementwise. NaN differs from everything.
// Args:
//   x: the tensor; any dtype, a plain number too
//   y: the other operand; any dtype, a plain number too
// Returns:
//   a tensor of the shapes broadcast together, of dtype bool
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'cannot be broadcast', 'size 4 does not match 5'
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor not_equal(const TensorOrNumber& x, const TensorOrNumber& y);

// x < y, elementwise.
// Args:
//   x: the tensor; real or bool, a plain number too
//   y: the other operand; real or bool, a plain number too
// Returns:
//   a tensor of the shapes broadcast together, of dtype bool
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'cannot be broadcast', 'size 4 does not match 5'
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor less_than(const TensorOrNumber& x, const TensorOrNumber& y);

// x <= y, elementwise.
// Args:
//   x: the tensor; real or bool, a plain number too
//   y: the other operand; real or bool, a plain number too
// Returns:
//   a tensor of the shapes broadcast together, of dtype bool
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'cannot be broadcast', 'size 4 does not match 5'
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor less_equal(const TensorOrNumber& x, const TensorOrNumber& y);

// x > y, elementwise.
// Args:
//   x: the tensor; real or bool, a plain number too
//   y: the other operand; real or bool, a plain number too
// Returns:
//   a tensor of the shapes broadcast together, of dtype bool
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'cannot be broadcast', 'size 4 does not match 5'
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor greater_than(const TensorOrNumber& x, const TensorOrNumber& y);

// x >= y, elementwise.
// Args:
//   x: the tensor; real or bool, a plain number too
//   y: the other operand; real or bool, a plain number too
// Returns:
//   a tensor of the shapes broadcast together, of dtype bool
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'cannot be broadcast', 'size 4 does not match 5'
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor greater_equal(const TensorOrNumber& x, const TensorOrNumber& y);

// x and y, elementwise; a number is true where it is not zero.
// Args:
//   x: the tensor; any dtype, a plain number too
//   y: the other operand; any dtype, a plain number too
// Returns:
//   a tensor of the shapes broadcast together, of dtype bool
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'cannot be broadcast', 'size 4 does not match 5'
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor logical_and(const TensorOrNumber& x, const TensorOrNumber& y);

// x or y, elementwise; a number is true where it is not zero.
// Args:
//   x: the tensor; any dtype, a plain number too
//   y: the other operand; any dtype, a plain number too
// Returns:
//   a tensor of the shapes broadcast together, of dtype bool
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'cannot be broadcast', 'size 4 does not match 5'
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor logical_or(const TensorOrNumber& x, const TensorOrNumber& y);

// Exactly one of x and y, elementwise; a number is true where it is not zero.
// Args:
//   x: the tensor; any dtype, a plain number too
//   y: the other operand; any dtype, a plain number too
// Returns:
//   a tensor of the shapes broadcast together, of dtype bool
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'cannot be broadcast', 'size 4 does not match 5'
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor logical_xor(const TensorOrNumber& x, const TensorOrNumber& y);

// |x - y| <= atol + rtol * |y|, elementwise; equal infinities are close, and NaNs where equal_nan
// says so.
// Args:
//   x: the tensor; any dtype, a plain number too
//   y: the other operand; any dtype, a plain number too
//   rtol: the tolerance relative to |y|; a number, at least 0; default 1e-05
//   atol: the absolute tolerance; a number, at least 0; default 1e-08
//   equal_nan: whether NaN equals NaN; True or False; default False
// Returns:
//   a tensor of the shapes broadcast together, of dtype bool
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'size 2 does not match 3', 'cannot be broadcast'
//   ValueError for a missing argument or one out of its range: 'at least 0'
Tensor isclose(const TensorOrNumber& x, const TensorOrNumber& y, double rtol = 1e-05,
               double atol = 1e-08, bool equal_nan = false);

// True if isclose holds for every element: a 0-d bool tensor.
// Args:
//   x: the tensor; any dtype, a plain number too
//   y: the other operand; any dtype, a plain number too
//   rtol: the tolerance relative to |y|; a number, at least 0; default 1e-05
//   atol: the absolute tolerance; a number, at least 0; default 1e-08
//   equal_nan: whether NaN equals NaN; True or False; default False
// Returns:
//   a tensor of the shapes broadcast together, of dtype bool
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'size 2 does not match 3', 'cannot be broadcast'
//   ValueError for a missing argument or one out of its range: 'at least 0'
Tensor allclose(const TensorOrNumber& x, const TensorOrNumber& y, double rtol = 1e-05,
                double atol = 1e-08, bool equal_nan = false);

// x & y, elementwise.
// Args:
//   x: the tensor; integer or bool, a plain number too
//   y: the other operand; integer or bool, a plain number too
// Returns:
//   a tensor of the shapes broadcast together, of the operands' promoted dtype
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'cannot be broadcast', 'size 4 does not match 5'
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor bitwise_and(const TensorOrNumber& x, const TensorOrNumber& y);

// x | y, elementwise.
// Args:
//   x: the tensor; integer or bool, a plain number too
//   y: the other operand; integer or bool, a plain number too
// Returns:
//   a tensor of the shapes broadcast together, of the operands' promoted dtype
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'cannot be broadcast', 'size 4 does not match 5'
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor bitwise_or(const TensorOrNumber& x, const TensorOrNumber& y);

// x ^ y, elementwise.
// Args:
//   x: the tensor; integer or bool, a plain number too
//   y: the other operand; integer or bool, a plain number too
// Returns:
//   a tensor of the shapes broadcast together, of the operands' promoted dtype
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'cannot be broadcast', 'size 4 does not match 5'
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor bitwise_xor(const TensorOrNumber& x, const TensorOrNumber& y);

// x << y, elementwise. A shift by the width or more gives 0.
// Args:
//   x: the tensor; integer, a plain number too
//   y: the other operand; integer, a plain number too
// Returns:
//   a tensor of the shapes broadcast together, of the operands' promoted dtype
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'cannot be broadcast', 'size 4 does not match 5'
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor bitwise_left_shift(const TensorOrNumber& x, const TensorOrNumber& y);

// x >> y, elementwise, keeping the sign. A shift by the width or more gives 0 or -1.
// Args:
//   x: the tensor; integer, a plain number too
//   y: the other operand; integer, a plain number too
// Returns:
//   a tensor of the shapes broadcast together, of the operands' promoted dtype
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'cannot be broadcast', 'size 4 does not match 5'
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor bitwise_right_shift(const TensorOrNumber& x, const TensorOrNumber& y);

// not x, elementwise; a number is true where it is not zero.
// Args:
//   x: the tensor; any dtype, a plain number too
// Returns:
//   a tensor of x's shape, of dtype bool
// Errors:
//   TypeError for another dtype or kind of argument
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor logical_not(const TensorOrNumber& x);

// ~x, bit by bit; of bool: not.
// Args:
//   x: the tensor; integer or bool, a plain number too
// Returns:
//   a tensor of x's shape, of the operands' promoted dtype
// Errors:
//   TypeError for another dtype or kind of argument
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor bitwise_not(const TensorOrNumber& x);

}  // namespace proa
