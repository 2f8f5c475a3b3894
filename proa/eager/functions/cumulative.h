// The operators of the family cumulative as C++ functions.
// Why text that a tool writes: an operator is written once, on its page.
// Written by tools/cpp_functions.py from the operator pages.
// clang-format off
#pragma once

#include <array>

#include "proa/eager/functions/arguments.h"

namespace proa {

// The running sum along axis, of the flat tensor without axis. bool and integers add in int64.
// Args:
//   x: the tensor; any dtype
//   axis: the axis along which it works, negative from the end; None where allowed: all; an
//     integer; default None
//   dtype: the dtype of the result, or in which it is computed; None leaves the usual one; a dtype;
//     default None
// Returns:
//   a tensor of the dtype asked for, else of the one that the text gives
// Errors:
//   TypeError for another dtype or kind of argument
//   IndexError for an axis or index out of range
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor cumsum(const Tensor& x, std::optional<int64_t> axis = {}, std::optional<DType> dtype = {});

// The running product along dim, of the flat tensor without dim. bool and integers multiply in
// int64. Zeros have a gradient.
// Args:
//   x: the tensor; any dtype
//   dim: the axis along which it works, negative from the end; an integer; default None
//   dtype: the dtype of the result, or in which it is computed; None leaves the usual one; a dtype;
//     default None
// Returns:
//   a tensor of the dtype asked for, else of the one that the text gives
// Errors:
//   TypeError for another dtype or kind of argument
//   IndexError for an axis or index out of range
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor cumprod(const Tensor& x, std::optional<int64_t> dim = {}, std::optional<DType> dtype = {});

// The running maximum along axis (of the flat tensor without axis) and where it was met, the last
// of equals; NaN stays once met.
// Args:
//   x: the tensor; real or bool
//   axis: the axis along which it works, negative from the end; None where allowed: all; an
//     integer; default None
//   dtype: the dtype of the result, or in which it is computed; None leaves the usual one; a dtype;
//     default 'int64'
// Returns:
//   values, indices: tensors of the dtype asked for, else of the one that the text gives
// Errors:
//   TypeError for another dtype or kind of argument
//   IndexError for an axis or index out of range
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
// Unless given: dtype int64.
std::array<Tensor, 2> cummax(const Tensor& x, std::optional<int64_t> axis = {},
                             std::optional<DType> dtype = {});

// The running minimum along axis (of the flat tensor without axis) and where it was met, the last
// of equals; NaN stays once met.
// Args:
//   x: the tensor; real or bool
//   axis: the axis along which it works, negative from the end; None where allowed: all; an
//     integer; default None
//   dtype: the dtype of the result, or in which it is computed; None leaves the usual one; a dtype;
//     default 'int64'
// Returns:
//   values, indices: tensors of the dtype asked for, else of the one that the text gives
// Errors:
//   TypeError for another dtype or kind of argument
//   IndexError for an axis or index out of range
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
// Unless given: dtype int64.
std::array<Tensor, 2> cummin(const Tensor& x, std::optional<int64_t> axis = {},
                             std::optional<DType> dtype = {});

// log(cumsum(exp(x))) along axis (of the flat tensor without axis), without overflow.
// Args:
//   x: the tensor; real or bool
//   axis: the axis along which it works, negative from the end; None where allowed: all; an
//     integer; default None
//   dtype: the dtype of the result, or in which it is computed; None leaves the usual one; a dtype;
//     default None
// Returns:
//   a tensor of the dtype asked for, else of the one that the text gives
// Errors:
//   TypeError for another dtype or kind of argument
//   IndexError for an axis or index out of range
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor logcumsumexp(const Tensor& x, std::optional<int64_t> axis = {},
                    std::optional<DType> dtype = {});

// The n-th differences of neighbours along axis, with prepend before x and append after it. Of
// bool: whether neighbours differ.
// Args:
//   x: the tensor; any dtype
//   prepend: values put before x along axis before differences are taken; any dtype; may be left
//     out
//   append: values put behind x along axis before differences are taken; any dtype; may be left out
//   n: how many times differences are taken; an integer, at least 0; default 1
//   axis: the axis along which it works, negative from the end; None where allowed: all; an
//     integer; default -1
// Returns:
//   a tensor of the operands' promoted dtype
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'does not fit'
//   IndexError for an axis or index out of range
//   ValueError for a missing argument or one out of its range: 'at least 0'
Tensor diff(const Tensor& x, int64_t n = 1, int64_t axis = -1, OptionalTensor prepend = {},
            OptionalTensor append = {});

// The integral of y along axis by the trapezoidal rule, over the points x or at distance dx (1
// without either).
// Args:
//   y: the other operand; number
//   x: the tensor; number; may be left out
//   dx: distance of the samples, where x is left out; a number; default None
//   axis: the axis along which it works, negative from the end; None where allowed: all; an
//     integer; default -1
// Returns:
//   a tensor of the operands' promoted dtype, the default float for integers and bool
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'points'
//   IndexError for an axis or index out of range
//   ValueError for a missing argument or one out of its range: 'got both'
Tensor trapezoid(const Tensor& y, OptionalTensor x = {}, std::optional<double> dx = {},
                 int64_t axis = -1);

// The running integral of y along axis by the trapezoidal rule, over the points x or at distance dx
// (1 without either).
// Args:
//   y: the other operand; number
//   x: the tensor; number; may be left out
//   dx: distance of the samples, where x is left out; a number; default None
//   axis: the axis along which it works, negative from the end; None where allowed: all; an
//     integer; default -1
// Returns:
//   a tensor of the operands' promoted dtype, the default float for integers and bool
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'points'
//   IndexError for an axis or index out of range
//   ValueError for a missing argument or one out of its range: 'got both'
Tensor cumulative_trapezoid(const Tensor& y, OptionalTensor x = {}, std::optional<double> dx = {},
                            int64_t axis = -1);

}  // namespace proa
