// The operators of the family sorting as C++ functions.
// Why text that a tool writes: an operator is written once, on its page.
// Written by tools/cpp_functions.py from the operator pages.
// clang-format off
#pragma once

#include <array>

#include "proa/eager/functions/arguments.h"

namespace proa {

// x in ascending (or descending) order along axis. Equal elements keep their order, stable or not;
// NaN counts as greatest.
// Args:
//   x: the tensor; real or bool
//   axis: the axis along which it works, negative from the end; None where allowed: all; an
//     integer; default -1
//   descending: whether the largest come first; True or False; default False
//   stable: whether equal elements keep their order (they always do); True or False; default False
// Returns:
//   a tensor of the operands' promoted dtype
// Errors:
//   TypeError for another dtype or kind of argument
//   IndexError for an axis or index out of range
//   ValueError for a missing argument or one out of its range
Tensor sort(const Tensor& x, int64_t axis = -1, bool descending = false, bool stable = false);

// The positions that sort x along axis, int64. Equal elements keep their order; NaN counts as
// greatest.
// Args:
//   x: the tensor; real or bool
//   axis: the axis along which it works, negative from the end; None where allowed: all; an
//     integer; default -1
//   descending: whether the largest come first; True or False; default False
//   stable: whether equal elements keep their order (they always do); True or False; default False
// Returns:
//   a tensor of dtype int64
// Errors:
//   TypeError for another dtype or kind of argument
//   IndexError for an axis or index out of range
//   ValueError for a missing argument or one out of its range
Tensor argsort(const Tensor& x, int64_t axis = -1, bool descending = false, bool stable = false);

// The k greatest (or least) elements along axis, in that order, and their positions; of equals the
// first ones.
// Args:
//   x: the tensor; real
//   k: how many, or which counted from 1; an integer
//   axis: the axis along which it works, negative from the end; None where allowed: all; an
//     integer; default -1
//   largest: whether the largest are wanted or the smallest; True or False; default True
//   sorted: whether the results are in order; True or False; default True
// Returns:
//   values, indices: tensors of the dtype that the text gives
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'at most the 3', 'at least 0'
//   IndexError for an axis or index out of range
//   ValueError for a missing argument or one out of its range
std::array<Tensor, 2> topk(const Tensor& x, int64_t k, int64_t axis = -1, bool largest = true,
                           bool sorted = true);

// The k-th smallest element along axis (k counts from 1) and its position.
// Args:
//   x: the tensor; real
//   k: how many, or which counted from 1; an integer
//   axis: the axis along which it works, negative from the end; None where allowed: all; an
//     integer; default -1
//   keepdim: whether a reduced axis stays, with size 1; True or False; default False
// Returns:
//   values, indices: tensors of the dtype that the text gives
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'at most the 3', 'at least 1'
//   IndexError for an axis or index out of range
//   ValueError for a missing argument or one out of its range
std::array<Tensor, 2> kthvalue(const Tensor& x, int64_t k, int64_t axis = -1,
                               bool keepdim = false);

// The median along axis (of all elements without axis); NaN where there is one. Of an even number,
// mode avg gives the mean of the middle two (integers: in the default float), mode min the lower
// one, with its position if there is an axis.
// Args:
//   x: the tensor; real
//   axis: the axis along which it works, negative from the end; None where allowed: all; an
//     integer; default None
//   keepdim: whether a reduced axis stays, with size 1; True or False; default False
//   mode: of an even number: 'avg' the mean of the middle two, 'min' the lower; a string, one of
//     'avg', 'min'; default 'avg'
// Returns:
//   values, indices (as many as are asked for): tensors of the dtype that the text gives
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'no median of nothing'
//   IndexError for an axis or index out of range
//   ValueError for a missing argument or one out of its range: 'expected one of'
Results median(const Tensor& x, std::optional<int64_t> axis = {}, bool keepdim = false,
               std::string_view mode = "avg");

// The median of what is not NaN; NaN where there is nothing else. Otherwise as median.
// Args:
//   x: the tensor; real
//   axis: the axis along which it works, negative from the end; None where allowed: all; an
//     integer; default None
//   keepdim: whether a reduced axis stays, with size 1; True or False; default False
//   mode: of an even number: 'avg' the mean of the middle two, 'min' the lower; a string, one of
//     'avg', 'min'; default 'avg'
// Returns:
//   values, indices (as many as are asked for): tensors of the dtype that the text gives
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'no median of nothing'
//   IndexError for an axis or index out of range
//   ValueError for a missing argument or one out of its range: 'expected one of'
Results nanmedian(const Tensor& x, std::optional<int64_t> axis = {}, bool keepdim = false,
                  std::string_view mode = "avg");

// Where each value would stand in ascending rows: the number of elements before it (right: or equal
// to it). One row serves values of any shape; several rows go with as many rows of values.
// Args:
//   sorted_sequence: ascending along the last axis; real
//   values: what is looked for; real, a plain number too
//   out_int32: whether positions come as int32 instead of int64; True or False; default False
//   right: whether a place behind equal elements is wanted; True or False; default False
// Returns:
//   a tensor of the dtype that the text gives
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: '0-d', 'leading axes'
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor searchsorted(const Tensor& sorted_sequence, const TensorOrNumber& values,
                    bool out_int32 = false, bool right = false);

// The bucket of each element of x among ascending borders: how many borders are below it (right: or
// equal to it).
// Args:
//   x: the tensor; real, a plain number too
//   sorted_sequence: ascending along the last axis; real
//   out_int32: whether positions come as int32 instead of int64; True or False; default False
//   right: whether a place behind equal elements is wanted; True or False; default False
// Returns:
//   a tensor of the dtype that the text gives
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'one axis'
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor bucketize(const TensorOrNumber& x, const Tensor& sorted_sequence, bool out_int32 = false,
                 bool right = false);

}  // namespace proa
