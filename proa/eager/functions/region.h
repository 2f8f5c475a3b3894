// The operators of the family region as C++ functions.
// Why text that a tool writes: an operator is written once, on its page.
// Written by tools/cpp_functions.py from the operator pages.
// clang-format off
#pragma once

#include "proa/eager/functions/arguments.h"

namespace proa {

// x from starts to ends (not included) along axes, as Python's slices: negative positions count
// from the end, and what is beyond is cut.
// Args:
//   input: what is measured or laid out: predictions, probabilities, scores; any dtype
//   axes: the axes, in order; all where None; an integer or several
//   starts: where each axis begins; an integer or several
//   ends: where each axis ends, itself left out; an integer or several
// Returns:
//   a tensor of the operands' promoted dtype
// Errors:
//   TypeError for another dtype or kind of argument
//   IndexError for an axis or index out of range
//   ValueError for a missing argument or one out of its range: 'named twice', 'one for each of 1
//     axes'
//   KeyError for an argument that it does not have
Tensor slice(const Tensor& input, const Ints& axes, const Ints& starts, const Ints& ends);

// x from starts to ends (not included) along axes, every strides-th element; negative strides go
// backwards, as in Python.
// Args:
//   x: the tensor; any dtype
//   axes: the axes, in order; all where None; an integer or several
//   starts: where each axis begins; an integer or several
//   ends: where each axis ends, itself left out; an integer or several
//   strides: distance of neighbouring elements along each axis; an integer or several
// Returns:
//   a tensor of the operands' promoted dtype
// Errors:
//   TypeError for another dtype or kind of argument
//   IndexError for an axis or index out of range
//   ValueError for a missing argument or one out of its range: 'other than 0', 'one for each'
//   KeyError for an argument that it does not have
Tensor strided_slice(const Tensor& x, const Ints& axes, const Ints& starts, const Ints& ends,
                     const Ints& strides);

// x with value in place of what strided_slice would read; strides are at least 1.
// Args:
//   x: the tensor; any dtype
//   value: what is put there; any dtype
//   axes: the axes, in order; all where None; an integer or several
//   starts: where each axis begins; an integer or several
//   ends: where each axis ends, itself left out; an integer or several
//   strides: distance of neighbouring elements along each axis; an integer or several
// Returns:
//   a tensor of the dtype that the text gives
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'expected shape [3]'
//   IndexError for an axis or index out of range
//   ValueError for a missing argument or one out of its range: 'at least 1', 'one for each of 1
//     axes'
//   KeyError for an argument that it does not have
Tensor slice_scatter(const Tensor& x, const Tensor& value, const Ints& axes, const Ints& starts,
                     const Ints& ends, const Ints& strides);

// x with values in place of the slice at a position along axis.
// Args:
//   x: the tensor; any dtype
//   values: what is put there; any dtype
//   axis: the axis along which it works, negative from the end; None where allowed: all; an integer
//   index: positions; an integer
// Returns:
//   a tensor of the dtype that the text gives
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'expected shape [3]'
//   IndexError for an axis or index out of range
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor select_scatter(const Tensor& x, const Tensor& values, int64_t axis, int64_t index);

// x with y in place of a diagonal (see diagonal).
// Args:
//   x: the tensor; any dtype
//   y: the other operand; any dtype
//   offset: which diagonal: 0 the main one, above it positive; an integer; default 0
//   axis1: the first axis of the matrices; an integer; default 0
//   axis2: the second axis of the matrices; an integer; default 1
// Returns:
//   a tensor of the dtype that the text gives
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'expected shape [3]'
//   IndexError for an axis or index out of range
//   ValueError for a missing argument or one out of its range: 'different axes'
//   KeyError for an argument that it does not have
Tensor diagonal_scatter(const Tensor& x, const Tensor& y, int64_t offset = 0, int64_t axis1 = 0,
                        int64_t axis2 = 1);

// x with y in place of a diagonal (see diagonal).
// Args:
//   x: the tensor; any dtype
//   y: the other operand; any dtype
//   offset: which diagonal: 0 the main one, above it positive; an integer; default 0
//   dim1: the axis of the result that counts rows; an integer; default 0
//   dim2: the axis of the result that counts columns; an integer; default 1
// Returns:
//   a tensor of the dtype that the text gives
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'expected shape [3]'
//   IndexError for an axis or index out of range
//   ValueError for a missing argument or one out of its range: 'different axes'
//   KeyError for an argument that it does not have
Tensor fill_diagonal_tensor(const Tensor& x, const Tensor& y, int64_t offset = 0, int64_t dim1 = 0,
                            int64_t dim2 = 1);

// x with a number on its main diagonal, moved by offset; of more than 2 dims where all positions
// are equal. With wrap the diagonal of a tall matrix begins again after each block.
// Args:
//   x: the tensor; any dtype
//   value: what is put there; any dtype, a plain number too
//   offset: which diagonal: 0 the main one, above it positive; an integer; default 0
//   wrap: whether the diagonal of a tall matrix begins again; True or False; default False
// Returns:
//   a tensor of the dtype that the text gives
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'at least 2 dims', 'equal sizes'
//   ValueError for a missing argument or one out of its range: 'expected 0'
//   KeyError for an argument that it does not have
Tensor fill_diagonal(const Tensor& x, const TensorOrNumber& value, int64_t offset = 0,
                     bool wrap = false);

// x with the elements of value, in row-major order, where the mask is true; the mask is broadcast
// to x. A value with fewer elements than that is a ShapeError at run time.
// Args:
//   x: the tensor; any dtype
//   mask: where; bool
//   value: what is put there; any dtype
// Returns:
//   a tensor of the dtype that the text gives
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'an element for each place', 'expected shape'
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor masked_scatter(const Tensor& x, const Tensor& mask, const Tensor& value);

// The block of x of a shape (-1: to the end) that begins at offsets (the origin without).
// Args:
//   x: the tensor; any dtype
//   shape: the extents of the result; -1, where allowed, takes what is left; integers; default None
//   offsets: where the block begins along each axis; the origin where None; integers; default None
// Returns:
//   a tensor of the operands' promoted dtype
// Errors:
//   ShapeError where shapes do not fit: 'a part of shape'
//   ValueError for a missing argument or one out of its range: 'one entry for each'
//   KeyError for an argument that it does not have
Tensor crop(const Tensor& x, const Ints& shape = {}, const Ints& offsets = {});

// Elements of the flat x at positions: mode raise counts negative ones from the end, wrap takes the
// remainder, clip the nearest in range.
// Args:
//   x: the tensor; any dtype
//   index: positions; integer
//   mode: what becomes of positions out of range; a string, one of 'raise', 'wrap', 'clip'; default
//     'raise'
// Returns:
//   a tensor of the dtype that the text gives
// Errors:
//   TypeError for another dtype or kind of argument
//   ValueError for a missing argument or one out of its range: 'expected one of'
//   KeyError for an argument that it does not have
Tensor take(const Tensor& x, const Tensor& index, std::string_view mode = "raise");

// Row i of the result is row i of x at the positions of row i of index.
// Args:
//   x: the tensor; any dtype
//   index: positions; integer
// Returns:
//   a tensor of the dtype that the text gives
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: '3 rows', 'a matrix'
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor index_sample(const Tensor& x, const Tensor& index);

// Positions among index_num as positions within shard shard_id of nshards equal ones; ignore_value
// for those of other shards.
// Args:
//   input: what is measured or laid out: predictions, probabilities, scores; int32 or int64
//   index_num: how many positions there are in all; an integer, at least 1
//   nshards: how many shards; an integer, at least 1
//   shard_id: which of the shards; an integer, at least 0
//   ignore_value: what stands for positions of other shards; an integer; default -1
// Returns:
//   a tensor of input's shape, of the operands' promoted dtype
// Errors:
//   TypeError for another dtype or kind of argument
//   ValueError for a missing argument or one out of its range: 'expected 0..1', 'at least 0'
//   KeyError for an argument that it does not have
Tensor shard_index(const Tensor& input, int64_t index_num, int64_t nshards, int64_t shard_id,
                   int64_t ignore_value = -1);

// x summed over the axes along which target would be broadcast to it.
// Args:
//   x: the tensor; number
//   target: whose shape is wanted; any dtype
// Returns:
//   a tensor of the dtype that the text gives
// Errors:
//   ShapeError where shapes do not fit: 'can be summed to', 'at most 1 dims'
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor reduce_as(const Tensor& x, const Tensor& target);

// The bits of each element read as another dtype of the same size.
// Args:
//   x: the tensor; number
//   dtype: the dtype of the result, or in which it is computed; None leaves the usual one; a dtype
// Returns:
//   a tensor of x's shape, of the dtype asked for, else of the one that the text gives
// Errors:
//   TypeError for another dtype or kind of argument
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor view_dtype(const Tensor& x, DType dtype);

}  // namespace proa
