// The operators of the family elementary as C++ functions.
// Why text that a tool writes: an operator is written once, on its page.
// Written by tools/cpp_functions.py from the operator pages.
// clang-format off
#pragma once

#include "proa/eager/functions/arguments.h"

namespace proa {

// e to the power of x.
// Args:
//   x: the tensor; any dtype, a plain number too
// Returns:
//   a tensor of x's shape, of the operands' promoted dtype, the default float for integers and bool
// Errors:
//   TypeError for another dtype or kind of argument
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor exp(const TensorOrNumber& x);

// exp(x) - 1, accurate near 0.
// Args:
//   x: the tensor; any dtype, a plain number too
// Returns:
//   a tensor of x's shape, of the operands' promoted dtype, the default float for integers and bool
// Errors:
//   TypeError for another dtype or kind of argument
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor expm1(const TensorOrNumber& x);

// The natural logarithm.
// Args:
//   x: the tensor; any dtype, a plain number too
// Returns:
//   a tensor of x's shape, of the operands' promoted dtype, the default float for integers and bool
// Errors:
//   TypeError for another dtype or kind of argument
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor log(const TensorOrNumber& x);

// log(1 + x), accurate near 0.
// Args:
//   x: the tensor; any dtype, a plain number too
// Returns:
//   a tensor of x's shape, of the operands' promoted dtype, the default float for integers and bool
// Errors:
//   TypeError for another dtype or kind of argument
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor log1p(const TensorOrNumber& x);

// The logarithm to base 2.
// Args:
//   x: the tensor; any dtype, a plain number too
// Returns:
//   a tensor of x's shape, of the operands' promoted dtype, the default float for integers and bool
// Errors:
//   TypeError for another dtype or kind of argument
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor log2(const TensorOrNumber& x);

// The logarithm to base 10.
// Args:
//   x: the tensor; any dtype, a plain number too
// Returns:
//   a tensor of x's shape, of the operands' promoted dtype, the default float for integers and bool
// Errors:
//   TypeError for another dtype or kind of argument
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor log10(const TensorOrNumber& x);

// The square root; NaN for negative reals.
// Args:
//   x: the tensor; any dtype, a plain number too
// Returns:
//   a tensor of x's shape, of the operands' promoted dtype, the default float for integers and bool
// Errors:
//   TypeError for another dtype or kind of argument
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor sqrt(const TensorOrNumber& x);

// 1 / sqrt(x).
// Args:
//   x: the tensor; any dtype, a plain number too
// Returns:
//   a tensor of x's shape, of the operands' promoted dtype, the default float for integers and bool
// Errors:
//   TypeError for another dtype or kind of argument
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor rsqrt(const TensorOrNumber& x);

// 1 / x.
// Args:
//   x: the tensor; any dtype, a plain number too
// Returns:
//   a tensor of x's shape, of the operands' promoted dtype, the default float for integers and bool
// Errors:
//   TypeError for another dtype or kind of argument
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor reciprocal(const TensorOrNumber& x);

// The sine of x in radians.
// Args:
//   x: the tensor; any dtype, a plain number too
// Returns:
//   a tensor of x's shape, of the operands' promoted dtype, the default float for integers and bool
// Errors:
//   TypeError for another dtype or kind of argument
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor sin(const TensorOrNumber& x);

// The cosine of x in radians.
// Args:
//   x: the tensor; any dtype, a plain number too
// Returns:
//   a tensor of x's shape, of the operands' promoted dtype, the default float for integers and bool
// Errors:
//   TypeError for another dtype or kind of argument
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor cos(const TensorOrNumber& x);

// The tangent of x in radians.
// Args:
//   x: the tensor; any dtype, a plain number too
// Returns:
//   a tensor of x's shape, of the operands' promoted dtype, the default float for integers and bool
// Errors:
//   TypeError for another dtype or kind of argument
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor tan(const TensorOrNumber& x);

// The inverse sine, in radians.
// Args:
//   x: the tensor; any dtype, a plain number too
// Returns:
//   a tensor of x's shape, of the operands' promoted dtype, the default float for integers and bool
// Errors:
//   TypeError for another dtype or kind of argument
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor asin(const TensorOrNumber& x);

// The inverse cosine, in radians.
// Args:
//   x: the tensor; any dtype, a plain number too
// Returns:
//   a tensor of x's shape, of the operands' promoted dtype, the default float for integers and bool
// Errors:
//   TypeError for another dtype or kind of argument
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor acos(const TensorOrNumber& x);

// The inverse tangent, in radians.
// Args:
//   x: the tensor; any dtype, a plain number too
// Returns:
//   a tensor of x's shape, of the operands' promoted dtype, the default float for integers and bool
// Errors:
//   TypeError for another dtype or kind of argument
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor atan(const TensorOrNumber& x);

// The hyperbolic sine.
// Args:
//   x: the tensor; any dtype, a plain number too
// Returns:
//   a tensor of x's shape, of the operands' promoted dtype, the default float for integers and bool
// Errors:
//   TypeError for another dtype or kind of argument
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor sinh(const TensorOrNumber& x);

// The hyperbolic cosine.
// Args:
//   x: the tensor; any dtype, a plain number too
// Returns:
//   a tensor of x's shape, of the operands' promoted dtype, the default float for integers and bool
// Errors:
//   TypeError for another dtype or kind of argument
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor cosh(const TensorOrNumber& x);

// The hyperbolic tangent.
// Args:
//   x: the tensor; any dtype, a plain number too
// Returns:
//   a tensor of x's shape, of the operands' promoted dtype, the default float for integers and bool
// Errors:
//   TypeError for another dtype or kind of argument
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor tanh(const TensorOrNumber& x);

// The inverse hyperbolic sine.
// Args:
//   x: the tensor; any dtype, a plain number too
// Returns:
//   a tensor of x's shape, of the operands' promoted dtype, the default float for integers and bool
// Errors:
//   TypeError for another dtype or kind of argument
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor asinh(const TensorOrNumber& x);

// The inverse hyperbolic cosine.
// Args:
//   x: the tensor; any dtype, a plain number too
// Returns:
//   a tensor of x's shape, of the operands' promoted dtype, the default float for integers and bool
// Errors:
//   TypeError for another dtype or kind of argument
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor acosh(const TensorOrNumber& x);

// The inverse hyperbolic tangent.
// Args:
//   x: the tensor; any dtype, a plain number too
// Returns:
//   a tensor of x's shape, of the operands' promoted dtype, the default float for integers and bool
// Errors:
//   TypeError for another dtype or kind of argument
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor atanh(const TensorOrNumber& x);

// The error function.
// Args:
//   x: the tensor; real or bool, a plain number too
// Returns:
//   a tensor of x's shape, of the operands' promoted dtype, the default float for integers and bool
// Errors:
//   TypeError for another dtype or kind of argument
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor erf(const TensorOrNumber& x);

// 1 - erf(x), accurate where erf is near 1.
// Args:
//   x: the tensor; real or bool, a plain number too
// Returns:
//   a tensor of x's shape, of the operands' promoted dtype, the default float for integers and bool
// Errors:
//   TypeError for another dtype or kind of argument
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor erfc(const TensorOrNumber& x);

// The inverse of the error function on (-1, 1).
// Args:
//   x: the tensor; real or bool, a plain number too
// Returns:
//   a tensor of x's shape, of the operands' promoted dtype, the default float for integers and bool
// Errors:
//   TypeError for another dtype or kind of argument
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor erfinv(const TensorOrNumber& x);

// The logarithm of |gamma(x)|.
// Args:
//   x: the tensor; real or bool, a plain number too
// Returns:
//   a tensor of x's shape, of the operands' promoted dtype, the default float for integers and bool
// Errors:
//   TypeError for another dtype or kind of argument
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor lgamma(const TensorOrNumber& x);

// The derivative of lgamma.
// Args:
//   x: the tensor; real or bool, a plain number too
// Returns:
//   a tensor of x's shape, of the operands' promoted dtype, the default float for integers and bool
// Errors:
//   TypeError for another dtype or kind of argument
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor digamma(const TensorOrNumber& x);

// Radians to degrees.
// Args:
//   x: the tensor; real or bool, a plain number too
// Returns:
//   a tensor of x's shape, of the operands' promoted dtype, the default float for integers and bool
// Errors:
//   TypeError for another dtype or kind of argument
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor rad2deg(const TensorOrNumber& x);

// Degrees to radians.
// Args:
//   x: the tensor; real or bool, a plain number too
// Returns:
//   a tensor of x's shape, of the operands' promoted dtype, the default float for integers and bool
// Errors:
//   TypeError for another dtype or kind of argument
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor deg2rad(const TensorOrNumber& x);

// sin(pi x) / (pi x), and 1 at 0.
// Args:
//   x: the tensor; real or bool, a plain number too
// Returns:
//   a tensor of x's shape, of the operands' promoted dtype, the default float for integers and bool
// Errors:
//   TypeError for another dtype or kind of argument
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor sinc(const TensorOrNumber& x);

// The largest integer not above x.
// Args:
//   x: the tensor; real, a plain number too
// Returns:
//   a tensor of x's shape, of the operands' promoted dtype
// Errors:
//   TypeError for another dtype or kind of argument
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor floor(const TensorOrNumber& x);

// The smallest integer not below x.
// Args:
//   x: the tensor; real, a plain number too
// Returns:
//   a tensor of x's shape, of the operands' promoted dtype
// Errors:
//   TypeError for another dtype or kind of argument
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor ceil(const TensorOrNumber& x);

// The nearest integer; halves go to the even one.
// Args:
//   x: the tensor; real, a plain number too
// Returns:
//   a tensor of x's shape, of the operands' promoted dtype
// Errors:
//   TypeError for another dtype or kind of argument
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor round(const TensorOrNumber& x);

// The integer part: x without its fraction.
// Args:
//   x: the tensor; real, a plain number too
// Returns:
//   a tensor of x's shape, of the operands' promoted dtype
// Errors:
//   TypeError for another dtype or kind of argument
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor trunc(const TensorOrNumber& x);

// The fraction: x - trunc(x), with the sign of x.
// Args:
//   x: the tensor; real, a plain number too
// Returns:
//   a tensor of x's shape, of the operands' promoted dtype
// Errors:
//   TypeError for another dtype or kind of argument
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor frac(const TensorOrNumber& x);

// x * x.
// Args:
//   x: the tensor; number, a plain number too
// Returns:
//   a tensor of x's shape, of the operands' promoted dtype
// Errors:
//   TypeError for another dtype or kind of argument
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor square(const TensorOrNumber& x);

// -x.
// Args:
//   x: the tensor; number, a plain number too
// Returns:
//   a tensor of x's shape, of the operands' promoted dtype
// Errors:
//   TypeError for another dtype or kind of argument
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor neg(const TensorOrNumber& x);

// The absolute value; of complex numbers the modulus, without overflow.
// Args:
//   x: the tensor; number, a plain number too
// Returns:
//   a tensor of x's shape, of the operands' promoted dtype, its real part for complex ones
// Errors:
//   TypeError for another dtype or kind of argument
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor abs(const TensorOrNumber& x);

// -1, 0 or 1; of complex numbers x / |x|, and 0 at 0.
// Args:
//   x: the tensor; number, a plain number too
// Returns:
//   a tensor of x's shape, of the operands' promoted dtype
// Errors:
//   TypeError for another dtype or kind of argument
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor sign(const TensorOrNumber& x);

// True where x is neither infinite nor NaN.
// Args:
//   x: the tensor; any dtype, a plain number too
// Returns:
//   a tensor of x's shape, of dtype bool
// Errors:
//   TypeError for another dtype or kind of argument
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor isfinite(const TensorOrNumber& x);

// True where x is NaN.
// Args:
//   x: the tensor; any dtype, a plain number too
// Returns:
//   a tensor of x's shape, of dtype bool
// Errors:
//   TypeError for another dtype or kind of argument
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor isnan(const TensorOrNumber& x);

// True where x is infinite.
// Args:
//   x: the tensor; any dtype, a plain number too
// Returns:
//   a tensor of x's shape, of dtype bool
// Errors:
//   TypeError for another dtype or kind of argument
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor isinf(const TensorOrNumber& x);

// The complex conjugate; real tensors are returned as they are.
// Args:
//   x: the tensor; number, a plain number too
// Returns:
//   a tensor of x's shape, of the operands' promoted dtype
// Errors:
//   TypeError for another dtype or kind of argument
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor conj(const TensorOrNumber& x);

// The real part.
// Args:
//   x: the tensor; number, a plain number too
// Returns:
//   a tensor of x's shape, of the operands' promoted dtype, its real part for complex ones
// Errors:
//   TypeError for another dtype or kind of argument
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor real(const TensorOrNumber& x);

// The imaginary part; zeros of a real tensor.
// Args:
//   x: the tensor; number, a plain number too
// Returns:
//   a tensor of x's shape, of the operands' promoted dtype, its real part for complex ones
// Errors:
//   TypeError for another dtype or kind of argument
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor imag(const TensorOrNumber& x);

// The argument in radians: atan2(imag, real); of reals 0 or pi.
// Args:
//   x: the tensor; number, a plain number too
// Returns:
//   a tensor of x's shape, of the operands' promoted dtype, the default float for integers and
//     bool, its real part for complex ones
// Errors:
//   TypeError for another dtype or kind of argument
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor angle(const TensorOrNumber& x);

// A copy, on the tape.
// Args:
//   x: the tensor; any dtype, float8_e4m3fn or float8_e5m2, a plain number too
// Returns:
//   a tensor of x's shape, of the operands' promoted dtype
// Errors:
//   TypeError for another dtype or kind of argument
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor clone(const TensorOrNumber& x);

// The same values, through which no gradient flows.
// Args:
//   x: the tensor; any dtype, float8_e4m3fn or float8_e5m2, a plain number too
// Returns:
//   a tensor of x's shape, of the operands' promoted dtype
// Errors:
//   TypeError for another dtype or kind of argument
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor stop_gradient(const TensorOrNumber& x);

// The values in another dtype. Floats to integers saturate and NaN becomes 0; integers wrap;
// complex to real keeps the real part.
// Args:
//   x: the tensor; any dtype, float8_e4m3fn or float8_e5m2, a plain number too
//   dtype: the dtype of the result, or in which it is computed; None leaves the usual one; a dtype
// Returns:
//   a tensor of x's shape, of the dtype asked for, else of the one that the text gives
// Errors:
//   TypeError for another dtype or kind of argument
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor cast(const TensorOrNumber& x, DType dtype);

// log(x / (1 - x)), with x held in [eps, 1 - eps] where eps is given.
// Args:
//   x: the tensor; real or bool, a plain number too
//   eps: what keeps a divisor or a logarithm away from 0; a number, 0 to 0.5; default None
// Returns:
//   a tensor of x's shape, of the operands' promoted dtype, the default float for integers and bool
// Errors:
//   TypeError for another dtype or kind of argument
//   ValueError for a missing argument or one out of its range: '[0, 0.5]'
//   KeyError for an argument that it does not have
Tensor logit(const TensorOrNumber& x, std::optional<double> eps = {});

// NaN becomes `nan`, infinities become `posinf` and `neginf` (by default the largest finite
// values).
// Args:
//   x: the tensor; any dtype, a plain number too
//   nan: what stands for NaN; a number; default 0.0
//   posinf: what stands for +inf; the dtype's highest where None; a number; default None
//   neginf: what stands for -inf; the dtype's lowest where None; a number; default None
// Returns:
//   a tensor of x's shape, of the operands' promoted dtype
// Errors:
//   TypeError for another dtype or kind of argument
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor nan_to_num(const TensorOrNumber& x, double nan = 0.0, std::optional<double> posinf = {},
                  std::optional<double> neginf = {});

// x * scale + bias, or (x + bias) * scale where bias_after_scale is False; then act, if it is
// given.
// Args:
//   x: the tensor; number
//   scale: the factor; any dtype, a plain number too
//   bias: what is added at the end, an element for each channel or feature; a number; default 0.0
//   bias_after_scale: whether bias is added after the multiplication or before it; True or False;
//     default True
//   act: the activation applied at the end; a string, one of 'relu', 'sigmoid', 'tanh'; default
//     None
// Returns:
//   a tensor of the shapes broadcast together, of the operands' promoted dtype
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'cannot be broadcast'
//   ValueError for a missing argument or one out of its range: 'expected one of'
//   KeyError for an argument that it does not have
Tensor scale(const Tensor& x, const TensorOrNumber& scale, double bias = 0.0,
             bool bias_after_scale = true, std::optional<std::string_view> act = {});

// x held between min and max (numbers or tensors; either may be left out). NaN stays NaN. The
// gradient passes where min <= x <= max.
// Args:
//   x: the tensor; real
//   min: the lower end; real, a plain number too; may be left out
//   max: the upper end; real, a plain number too; may be left out
// Returns:
//   a tensor of the operands' promoted dtype
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'cannot be broadcast'
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor clip(const Tensor& x, const TensorOrNumber& min = {}, const TensorOrNumber& max = {});

}  // namespace proa
