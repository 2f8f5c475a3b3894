// The operators of the family special as C++ functions.
// Why text that a tool writes: an operator is written once, on its page.
// Written by tools/cpp_functions.py from the operator pages.
// clang-format off
#pragma once

#include <array>

#include "proa/eager/functions/arguments.h"

namespace proa {

// The modified Bessel function of the first kind and order 0.
// Args:
//   x: the tensor; real, a plain number too
// Returns:
//   a tensor of x's shape, of the operands' promoted dtype, the default float for integers and bool
// Errors:
//   TypeError for another dtype or kind of argument
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor i0(const TensorOrNumber& x);

// exp(-|x|) i0(x), which does not overflow.
// Args:
//   x: the tensor; real, a plain number too
// Returns:
//   a tensor of x's shape, of the operands' promoted dtype, the default float for integers and bool
// Errors:
//   TypeError for another dtype or kind of argument
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor i0e(const TensorOrNumber& x);

// The modified Bessel function of the first kind and order 1.
// Args:
//   x: the tensor; real, a plain number too
// Returns:
//   a tensor of x's shape, of the operands' promoted dtype, the default float for integers and bool
// Errors:
//   TypeError for another dtype or kind of argument
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor i1(const TensorOrNumber& x);

// exp(-|x|) i1(x), which does not overflow.
// Args:
//   x: the tensor; real, a plain number too
// Returns:
//   a tensor of x's shape, of the operands' promoted dtype, the default float for integers and bool
// Errors:
//   TypeError for another dtype or kind of argument
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor i1e(const TensorOrNumber& x);

// The regularised lower incomplete gamma function P(x, y), x being the shape: the integral of
// t^(x-1) e^-t from 0 to y over gamma(x). NaN for negative arguments.
// Args:
//   x: the tensor; floating point, a plain number too
//   y: the other operand; floating point, a plain number too
// Returns:
//   a tensor of the shapes broadcast together, of the operands' promoted dtype
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'cannot be broadcast', 'size 4 does not match 5'
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor gammainc(const TensorOrNumber& x, const TensorOrNumber& y);

// 1 - gammainc(x, y), accurate where that is near 1.
// Args:
//   x: the tensor; floating point, a plain number too
//   y: the other operand; floating point, a plain number too
// Returns:
//   a tensor of the shapes broadcast together, of the operands' promoted dtype
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'cannot be broadcast', 'size 4 does not match 5'
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor gammaincc(const TensorOrNumber& x, const TensorOrNumber& y);

// The logarithm of the multivariate gamma function of dimension p, for x above (p - 1) / 2.
// Args:
//   x: the tensor; real
//   p: the dimension; an integer, at least 1
// Returns:
//   a tensor of x's shape, of the operands' promoted dtype, the default float for integers and bool
// Errors:
//   TypeError for another dtype or kind of argument
//   ValueError for a missing argument or one out of its range: 'at least 1'
//   KeyError for an argument that it does not have
Tensor multigammaln(const Tensor& x, int64_t p);

// The float next to x in the direction of y; y where both are equal, NaN where one is.
// Args:
//   x: the tensor; floating point, a plain number too
//   y: the other operand; floating point, a plain number too
// Returns:
//   a tensor of the shapes broadcast together, of the operands' promoted dtype
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'cannot be broadcast', 'size 4 does not match 5'
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor nextafter(const TensorOrNumber& x, const TensorOrNumber& y);

// A mantissa in [0.5, 1) with x's sign and a whole exponent with x = mantissa * 2 ** exponent, both
// in x's dtype; zero, infinities and NaN are their own mantissa, with exponent 0. Integers become
// the default float.
// Args:
//   x: the tensor; real
// Returns:
//   mantissa, exponent: tensors of the operands' promoted dtype, the default float for integers and
//     bool
// Errors:
//   TypeError for another dtype or kind of argument
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
std::array<Tensor, 2> frexp(const Tensor& x);

// True where x has a minus sign: -0.0 has one.
// Args:
//   x: the tensor; real, a plain number too
// Returns:
//   a tensor of x's shape, of dtype bool
// Errors:
//   TypeError for another dtype or kind of argument
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor signbit(const TensorOrNumber& x);

// True where x is plus infinity.
// Args:
//   x: the tensor; real, a plain number too
// Returns:
//   a tensor of x's shape, of dtype bool
// Errors:
//   TypeError for another dtype or kind of argument
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor isposinf(const TensorOrNumber& x);

// True where x is minus infinity.
// Args:
//   x: the tensor; real, a plain number too
// Returns:
//   a tensor of x's shape, of dtype bool
// Errors:
//   TypeError for another dtype or kind of argument
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor isneginf(const TensorOrNumber& x);

// True where the imaginary part is 0.
// Args:
//   x: the tensor; any dtype, a plain number too
// Returns:
//   a tensor of x's shape, of dtype bool
// Errors:
//   TypeError for another dtype or kind of argument
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor isreal(const TensorOrNumber& x);

// x itself.
// Args:
//   x: the tensor; number, a plain number too
// Returns:
//   a tensor of x's shape, of the operands' promoted dtype
// Errors:
//   TypeError for another dtype or kind of argument
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor positive(const TensorOrNumber& x);

// The greatest common divisor, elementwise, at least 0; of 0 and 0 it is 0.
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
Tensor gcd(const TensorOrNumber& x, const TensorOrNumber& y);

// The least common multiple, elementwise, at least 0; 0 where x or y is 0. Integers wrap.
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
Tensor lcm(const TensorOrNumber& x, const TensorOrNumber& y);

}  // namespace proa
