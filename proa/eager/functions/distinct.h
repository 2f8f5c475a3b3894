// The operators of the family distinct as C++ functions.
// Why text that a tool writes: an operator is written once, on its page.
// Written by tools/cpp_functions.py from the operator pages.
// clang-format off
#pragma once

#include "proa/eager/functions/arguments.h"

namespace proa {

// The distinct elements of x, ascending, as a vector (with axis: the distinct slices, ordered by
// their first element, then the second); on demand the position where each stands first, for each
// element of the flat x (or slice) its place among them, and how often each occurs. NaNs are one
// value, but with axis distinct.
// Args:
//   x: the tensor; real or bool
//   return_index: whether to give where each value occurs first; True or False; default False
//   return_inverse: whether to give each element's place among the values; True or False; default
//     False
//   return_counts: whether to give how often each value occurs; True or False; default False
//   axis: the axis along which it works, negative from the end; None where allowed: all; an
//     integer; default None
//   dtype: the dtype of the result, or in which it is computed; None leaves the usual one; a dtype;
//     default 'int64'
// Returns:
//   out, index, inverse, counts (as many as are asked for): tensors of the dtype asked for, else of
//     the one that the text gives
// Errors:
//   TypeError for another dtype or kind of argument
//   IndexError for an axis or index out of range
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
// Unless given: dtype int64.
Results unique(const Tensor& x, bool return_index = false, bool return_inverse = false,
               bool return_counts = false, std::optional<int64_t> axis = {},
               std::optional<DType> dtype = {});

// x as a vector (with axis: its slices) without the elements that equal the one before; on demand
// for each element its place in the result, and how long each run is.
// Args:
//   x: the tensor; real or bool
//   return_inverse: whether to give each element's place among the values; True or False; default
//     False
//   return_counts: whether to give how often each value occurs; True or False; default False
//   axis: the axis along which it works, negative from the end; None where allowed: all; an
//     integer; default None
//   dtype: the dtype of the result, or in which it is computed; None leaves the usual one; a dtype;
//     default 'int64'
// Returns:
//   out, inverse, counts (as many as are asked for): tensors of the dtype asked for, else of the
//     one that the text gives
// Errors:
//   TypeError for another dtype or kind of argument
//   IndexError for an axis or index out of range
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
// Unless given: dtype int64.
Results unique_consecutive(const Tensor& x, bool return_inverse = false,
                           bool return_counts = false, std::optional<int64_t> axis = {},
                           std::optional<DType> dtype = {});

// True where an element of x is among those of test_x (with invert: where it is not). NaN is
// nowhere.
// Args:
//   x: the tensor; real or bool
//   test_x: what is looked for among; real or bool, a plain number too
//   assume_unique: taken for Paddle's sake; it changes nothing; True or False; default False
//   invert: whether the answer is turned round; True or False; default False
// Returns:
//   a tensor of dtype bool
// Errors:
//   TypeError for another dtype or kind of argument
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor isin(const Tensor& x, const TensorOrNumber& test_x, bool assume_unique = false,
            bool invert = false);

// True if x and y have one shape and equal elements: a 0-d bool tensor. NaN equals nothing.
// Args:
//   x: the tensor; any dtype
//   y: the other operand; any dtype, a plain number too
// Returns:
//   a tensor of dtype bool
// Errors:
//   TypeError for another dtype or kind of argument
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor equal_all(const Tensor& x, const TensorOrNumber& y);

}  // namespace proa
