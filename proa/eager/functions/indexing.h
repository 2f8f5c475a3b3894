// The operators of the family indexing as C++ functions.
// Why text that a tool writes: an operator is written once, on its page.
// Written by tools/cpp_functions.py from the operator pages.
// clang-format off
#pragma once

#include "proa/eager/functions/arguments.h"

namespace proa {

// x indexed by integer tensors on the named axes, as NumPy's advanced indexing: they are broadcast
// together; the result's index axes stand where the named axes stood if those are neighbours, else
// first. Positions must be in range; negative ones count from the end.
// Args:
//   x: the tensor; any dtype
//   indices: positions along the axis or axes, negative from the end; integer
//   axes: the axes, in order; all where None; an integer or several
// Returns:
//   a tensor of the dtype that the text gives
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'cannot be broadcast'
//   IndexError for an axis or index out of range
//   ValueError for a missing argument or one out of its range: 'at least one', 'named twice'
Tensor index(const Tensor& x, const Tensors& indices, const Ints& axes);

// x with value written (or added) where `index` would read.
// Args:
//   x: the tensor; any dtype
//   value: what is put there; any dtype, a plain number too
//   indices: positions along the axis or axes, negative from the end; integer
//   axes: the axis that each of indices counts along; an integer or several
//   accumulate: whether values are added to what stands there instead of replacing it; True or
//     False; default False
// Returns:
//   a tensor of the dtype that the text gives
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'does not match', 'does not fit'
//   IndexError for an axis or index out of range
//   ValueError for a missing argument or one out of its range: 'at least one'
Tensor index_put(const Tensor& x, const TensorOrNumber& value, const Tensors& indices,
                 const Ints& axes, bool accumulate = false);

// The slices of x at the positions of index, along axis.
// Args:
//   x: the tensor; any dtype
//   index: 1-d: positions along axis; integer
//   axis: the axis along which it works, negative from the end; None where allowed: all; an
//     integer; default 0
// Returns:
//   a tensor of the dtype that the text gives
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'a vector'
//   IndexError for an axis or index out of range
//   ValueError for a missing argument or one out of its range
Tensor gather(const Tensor& x, const Tensor& index, int64_t axis = 0);

// The slices of x at the positions of index, along axis.
// Args:
//   x: the tensor; any dtype
//   index: positions; integer
//   axis: the axis along which it works, negative from the end; None where allowed: all; an
//     integer; default 0
// Returns:
//   a tensor of the dtype that the text gives
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'a vector'
//   IndexError for an axis or index out of range
//   ValueError for a missing argument or one out of its range
Tensor index_select(const Tensor& x, const Tensor& index, int64_t axis = 0);

// The last axis of index holds positions on the first axes of x; each picks an element or a slice.
// Args:
//   x: the tensor; any dtype
//   index: the last axis holds positions along x's first axes; integer
// Returns:
//   a tensor of the dtype that the text gives
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'at most 2', 'at least 1 dim'
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor gather_nd(const Tensor& x, const Tensor& index);

// x with updates added at the positions of index (see gather_nd), in ascending order of updates.
// Args:
//   x: the tensor; number
//   index: positions; integer
//   updates: what is written or added there; number
// Returns:
//   a tensor of the operands' promoted dtype
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'at most 2', 'expected shape [5, 3]'
//   ValueError for a missing argument or one out of its range
Tensor scatter_nd_add(const Tensor& x, const Tensor& index, const Tensor& updates);

// x at the positions of indices along axis; other axes of size 1 are broadcast.
// Args:
//   arr: the tensor; any dtype
//   indices: positions along the axis or axes, negative from the end; integer
//   axis: the axis along which it works, negative from the end; None where allowed: all; an integer
//   broadcast: whether indices are broadcast to the other axes of arr first; True or False; default
//     True
// Returns:
//   a tensor of the dtype that the text gives
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'expected 2 dims', 'does not match'
//   IndexError for an axis or index out of range
//   ValueError for a missing argument or one out of its range
Tensor take_along_axis(const Tensor& arr, const Tensor& indices, int64_t axis,
                       bool broadcast = true);

// arr with values written at the positions of indices along axis, or combined with what is there.
// Args:
//   arr: the tensor; any dtype
//   indices: positions along the axis or axes, negative from the end; integer
//   values: what is put there, broadcast to indices' shape; any dtype, a plain number too
//   axis: the axis along which it works, negative from the end; None where allowed: all; an integer
//   reduce: how values meet what stands there; a string, one of 'assign', 'add', 'sum', 'mul',
//     'multiply', 'mean', 'amax', 'amin'; default 'assign'
//   include_self: whether what stands there takes part in the reduction; True or False; default
//     True
//   broadcast: whether indices are broadcast to the other axes of arr first; True or False; default
//     True
// Returns:
//   a tensor of the dtype that the text gives
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'expected 2 dims', 'cannot be broadcast'
//   IndexError for an axis or index out of range
//   ValueError for a missing argument or one out of its range: 'expected one of'
Tensor put_along_axis(const Tensor& arr, const Tensor& indices, const TensorOrNumber& values,
                      int64_t axis, std::string_view reduce = "assign", bool include_self = true,
                      bool broadcast = true);

// The rows of weight at the positions of x. Rows at padding_idx read as zeros and get no gradient.
// Args:
//   x: the tensor; integer
//   weight: the table, a row for each index; floating point or complex
//   padding_idx: a row that takes no gradient; an integer; default None
//   sparse: taken for Paddle's sake; gradients are dense; True or False; default False
// Returns:
//   a tensor of the dtype that the text gives
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'a matrix'
//   IndexError for an axis or index out of range
//   ValueError for a missing argument or one out of its range
Tensor embedding(const Tensor& x, const Tensor& weight, std::optional<int64_t> padding_idx = {},
                 bool sparse = false);

}  // namespace proa
