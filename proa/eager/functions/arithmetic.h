// The operators of the family arithmetic as C++ functions.
// Why text that a tool writes: an operator is written once, on its page.
// Written by tools/cpp_functions.py from the operator pages.
// clang-format off
#pragma once

#include "proa/eager/functions/arguments.h"

namespace proa {

// x + y, elementwise. bool: or. Integers wrap.
// Args:
//   x: the tensor; any dtype, a plain number too
//   y: the other operand; any dtype, a plain number too
// Returns:
//   a tensor of the shapes broadcast together, of the operands' promoted dtype
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'cannot be broadcast', 'size 4 does not match 5'
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor add(const TensorOrNumber& x, const TensorOrNumber& y);

// x - y, elementwise. Integers wrap.
// Args:
//   x: the tensor; number, a plain number too
//   y: the other operand; number, a plain number too
// Returns:
//   a tensor of the shapes broadcast together, of the operands' promoted dtype
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'cannot be broadcast', 'size 4 does not match 5'
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor subtract(const TensorOrNumber& x, const TensorOrNumber& y);

// x * y, elementwise. bool: and. Integers wrap.
// Args:
//   x: the tensor; any dtype, a plain number too
//   y: the other operand; any dtype, a plain number too
// Returns:
//   a tensor of the shapes broadcast together, of the operands' promoted dtype
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'cannot be broadcast', 'size 4 does not match 5'
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor multiply(const TensorOrNumber& x, const TensorOrNumber& y);

// x / y, elementwise. Integers and bool become the default float first. Division by zero gives an
// infinity or NaN, as in IEEE 754.
// Args:
//   x: the tensor; any dtype, a plain number too
//   y: the other operand; any dtype, a plain number too
// Returns:
//   a tensor of the shapes broadcast together, of the operands' promoted dtype, the default float
//     for integers and bool
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'cannot be broadcast', 'size 4 does not match 5'
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor divide(const TensorOrNumber& x, const TensorOrNumber& y);

// The largest integer not above x / y, elementwise, as Python's //. Integers: division by zero
// gives 0.
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
Tensor floor_divide(const TensorOrNumber& x, const TensorOrNumber& y);

// x - y * floor(x / y), elementwise, with the sign of y, as Python's %. Integers: the remainder by
// zero is 0; floats: NaN.
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
Tensor remainder(const TensorOrNumber& x, const TensorOrNumber& y);

// x to the power of y, elementwise. 0 ** 0 is 1. Integers wrap; a negative power of an integer is
// 0, but for bases 1 and -1.
// Args:
//   x: the tensor; any dtype, a plain number too
//   y: the other operand; any dtype, a plain number too
// Returns:
//   a tensor of the shapes broadcast together, of the operands' promoted dtype
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'cannot be broadcast', 'size 4 does not match 5'
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor pow(const TensorOrNumber& x, const TensorOrNumber& y);

// The larger of x and y, elementwise. NaN wins. Where both are equal, each takes half of the
// gradient.
// Args:
//   x: the tensor; real or bool, a plain number too
//   y: the other operand; real or bool, a plain number too
// Returns:
//   a tensor of the shapes broadcast together, of the operands' promoted dtype
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'cannot be broadcast', 'size 4 does not match 5'
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor maximum(const TensorOrNumber& x, const TensorOrNumber& y);

// The smaller of x and y, elementwise. NaN wins. Where both are equal, each takes half of the
// gradient.
// Args:
//   x: the tensor; real or bool, a plain number too
//   y: the other operand; real or bool, a plain number too
// Returns:
//   a tensor of the shapes broadcast together, of the operands' promoted dtype
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'cannot be broadcast', 'size 4 does not match 5'
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor minimum(const TensorOrNumber& x, const TensorOrNumber& y);

// The larger of x and y, elementwise. A number wins against NaN.
// Args:
//   x: the tensor; real or bool, a plain number too
//   y: the other operand; real or bool, a plain number too
// Returns:
//   a tensor of the shapes broadcast together, of the operands' promoted dtype
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'cannot be broadcast', 'size 4 does not match 5'
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor fmax(const TensorOrNumber& x, const TensorOrNumber& y);

// The smaller of x and y, elementwise. A number wins against NaN.
// Args:
//   x: the tensor; real or bool, a plain number too
//   y: the other operand; real or bool, a plain number too
// Returns:
//   a tensor of the shapes broadcast together, of the operands' promoted dtype
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'cannot be broadcast', 'size 4 does not match 5'
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor fmin(const TensorOrNumber& x, const TensorOrNumber& y);

// The angle of the point (y, x), elementwise: arctan of x / y in the right quadrant, in radians.
// Note the order: the first argument is the ordinate.
// Args:
//   x: the tensor; real or bool, a plain number too
//   y: the other operand; real or bool, a plain number too
// Returns:
//   a tensor of the shapes broadcast together, of the operands' promoted dtype, the default float
//     for integers and bool
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'cannot be broadcast', 'size 4 does not match 5'
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor atan2(const TensorOrNumber& x, const TensorOrNumber& y);

// log(exp(x) + exp(y)), elementwise, without overflow.
// Args:
//   x: the tensor; real, a plain number too
//   y: the other operand; real, a plain number too
// Returns:
//   a tensor of the shapes broadcast together, of the operands' promoted dtype, the default float
//     for integers and bool
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'cannot be broadcast', 'size 4 does not match 5'
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor logaddexp(const TensorOrNumber& x, const TensorOrNumber& y);

// sqrt(x * x + y * y), elementwise, without overflow.
// Args:
//   x: the tensor; real, a plain number too
//   y: the other operand; real, a plain number too
// Returns:
//   a tensor of the shapes broadcast together, of the operands' promoted dtype, the default float
//     for integers and bool
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'cannot be broadcast', 'size 4 does not match 5'
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor hypot(const TensorOrNumber& x, const TensorOrNumber& y);

// The magnitude of x with the sign of y, elementwise; -0.0 counts as negative.
// Args:
//   x: the tensor; real, a plain number too
//   y: the other operand; real, a plain number too
// Returns:
//   a tensor of the shapes broadcast together, of the operands' promoted dtype, the default float
//     for integers and bool
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'cannot be broadcast', 'size 4 does not match 5'
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor copysign(const TensorOrNumber& x, const TensorOrNumber& y);

// x * 2 ** y, elementwise.
// Args:
//   x: the tensor; real, a plain number too
//   y: the other operand; real, a plain number too
// Returns:
//   a tensor of the shapes broadcast together, of the operands' promoted dtype, the default float
//     for integers and bool
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'cannot be broadcast', 'size 4 does not match 5'
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor ldexp(const TensorOrNumber& x, const TensorOrNumber& y);

}  // namespace proa
