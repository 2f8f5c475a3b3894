// The operators of the family selection as C++ functions.
// Why text that a tool writes: an operator is written once, on its page.
// Written by tools/cpp_functions.py from the operator pages.
// clang-format off
#pragma once

#include "proa/eager/functions/arguments.h"

namespace proa {

// x where the condition is true, y elsewhere; all three are broadcast together. The gradient goes
// to the side that was taken.
// Args:
//   condition: where the first of the two is taken; bool
//   x: the tensor; any dtype, a plain number too
//   y: the other operand; any dtype, a plain number too
// Returns:
//   a tensor of the operands' promoted dtype
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'cannot be broadcast'
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor where(const Tensor& condition, const TensorOrNumber& x, const TensorOrNumber& y);

// value where the mask is true, x elsewhere; x and mask are broadcast together, value is one number
// and takes x's dtype.
// Args:
//   x: the tensor; any dtype
//   mask: where; bool
//   value: what is put there; any dtype, a plain number too
// Returns:
//   a tensor of the dtype that the text gives
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'cannot be broadcast', '0-d tensor'
//   ValueError for a missing argument or one out of its range
Tensor masked_fill(const Tensor& x, const Tensor& mask, const TensorOrNumber& value);

// The elements of x where the mask is true, in row-major order, as a vector; x and mask are
// broadcast together.
// Args:
//   x: the tensor; any dtype
//   mask: where; bool
// Returns:
//   a tensor of the dtype that the text gives
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'cannot be broadcast'
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor masked_select(const Tensor& x, const Tensor& mask);

// The positions of the elements that are not zero, in row-major order: int64 [n, rank], or with
// as_tuple one vector for each axis (one for a 0-d x).
// Args:
//   x: the tensor; any dtype
//   as_tuple: whether each axis' indices come as a tensor of their own; True or False; default
//     False
// Returns:
//   positions (as many as are asked for): tensors of the dtype that the text gives
// Errors:
//   TypeError for another dtype or kind of argument
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Results nonzero(const Tensor& x, bool as_tuple = false);

// x with margins. pad lists (before, after) for each spatial axis, the last one first, where it has
// one pair for each of them (data_format says which they are); else, in mode constant, for the axes
// from the first on (from the last back if not pad_from_left_axis). constant: filled with value, a
// negative margin cuts; reflect: mirrored at the border, which is not repeated; replicate: the
// border repeated; circular: from the other end.
// Args:
//   x: the tensor; any dtype
//   pad: before and after, for each axis that is padded; an integer or several
//   mode: what stands there: value, the mirrored, the nearest or the opposite elements; a string,
//     one of 'constant', 'reflect', 'replicate', 'circular'; default 'constant'
//   value: what stands there in mode 'constant'; a number; default 0.0
//   data_format: where the channels are: 'NCHW' second, 'NHWC' last (1 and 3 dims likewise); a
//     string, one of 'NCL', 'NLC', 'NCHW', 'NHWC', 'NCDHW', 'NDHWC'; default None
//   pad_from_left_axis: whether pairs for all axes begin with the first axis or the last; True or
//     False; default True
// Returns:
//   a tensor of the operands' promoted dtype
// Errors:
//   ShapeError where shapes do not fit: 'needs at least 5', 'needs at least 1'
//   ValueError for a missing argument or one out of its range: 'pairs', 'expected one of'
Tensor pad(const Tensor& x, const Ints& pad, std::string_view mode = "constant",
           double value = 0.0, std::optional<std::string_view> data_format = {},
           bool pad_from_left_axis = true);

}  // namespace proa
