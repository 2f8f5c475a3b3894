// The operators of the family placement as C++ functions.
// Why text that a tool writes: an operator is written once, on its page.
// Written by tools/cpp_functions.py from the operator pages.
// clang-format off
#pragma once

#include "proa/eager/functions/arguments.h"

namespace proa {

// x with the slices of value added along axis at the positions of index, in ascending order of
// value.
// Args:
//   x: the tensor; number
//   index: positions; integer
//   value: what is put there; number
//   axis: the axis along which it works, negative from the end; None where allowed: all; an integer
// Returns:
//   a tensor of the operands' promoted dtype
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'expected shape [2, 3]', 'a vector'
//   IndexError for an axis or index out of range
//   ValueError for a missing argument or one out of its range
Tensor index_add(const Tensor& x, const Tensor& index, int64_t axis, const Tensor& value);

// x with one number in the slices along axis at the positions of index.
// Args:
//   x: the tensor; any dtype
//   index: positions; integer
//   value: what is put there; any dtype, a plain number too
//   axis: the axis along which it works, negative from the end; None where allowed: all; an integer
// Returns:
//   a tensor of the dtype that the text gives
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: '0-d tensor', 'a vector'
//   IndexError for an axis or index out of range
//   ValueError for a missing argument or one out of its range
Tensor index_fill(const Tensor& x, const Tensor& index, int64_t axis, const TensorOrNumber& value);

// x with the slices at the positions of index along the first axis replaced by updates; without
// overwrite they are set to 0 and updates are added, so that those of one position add up.
// Args:
//   x: the tensor; number
//   index: positions; integer
//   updates: what is written or added there; number
//   overwrite: whether an update replaces the row or all of a row's updates are added; True or
//     False; default True
// Returns:
//   a tensor of the operands' promoted dtype
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'at least 1 dim', 'a vector'
Tensor scatter(const Tensor& x, const Tensor& index, const Tensor& updates, bool overwrite = true);

// Zeros of a shape with updates added at the positions of index (see gather_nd).
// Args:
//   index: positions; integer
//   updates: what is written or added there; number
//   shape: the extents of the result; -1, where allowed, takes what is left; integers
// Returns:
//   a tensor of the dtype that the text gives
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'at most 2', 'expected shape [3, 2]'
//   ValueError for a missing argument or one out of its range
Tensor scatter_nd(const Tensor& index, const Tensor& updates, const Ints& shape);

// Each slice of x along axis (each element of the flat x without axis) repeated as often as repeats
// says: one number, or one for each; a negative number counts as 0.
// Args:
//   x: the tensor; any dtype
//   repeats: how often, for all elements or for each along axis; integer, a plain number too
//   axis: the axis along which it works, negative from the end; None where allowed: all; an
//     integer; default None
// Returns:
//   a tensor of the dtype that the text gives
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'one number for each of 3', 'one number or one for each'
//   IndexError for an axis or index out of range
//   ValueError for a missing argument or one out of its range
Tensor repeat_interleave(const Tensor& x, const TensorOrNumber& repeats,
                         std::optional<int64_t> axis = {});

// Row i of the result is row i of the tensor that index[i] says.
// Args:
//   inputs: tensors of one shape to choose rows from; any dtype
//   index: positions; integer
// Returns:
//   a tensor of the operands' promoted dtype
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'does not fit', 'one number for each of 3'
//   ValueError for a missing argument or one out of its range: 'at least one'
Tensor multiplex(const Tensors& inputs, const Tensor& index);

}  // namespace proa
