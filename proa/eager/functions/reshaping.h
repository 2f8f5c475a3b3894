// The operators of the family reshaping as C++ functions.
// Why text that a tool writes: an operator is written once, on its page.
// Written by tools/cpp_functions.py from the operator pages.
// clang-format off
#pragma once

#include "proa/eager/functions/arguments.h"

namespace proa {

// The elements of x, in row-major order, in another shape. One size may be -1 (what is left); 0
// keeps the size at that place. A view where the strides allow.
// Args:
//   x: the tensor; any dtype, float8_e4m3fn or float8_e5m2
//   shape: the extents of the result; -1, where allowed, takes what is left; integers
// Returns:
//   a tensor of the operands' promoted dtype
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'cannot become', 'does not divide'
//   ValueError for a missing argument or one out of its range: 'at most one size', 'at least 0'
Tensor reshape(const Tensor& x, const Ints& shape);

// The axes in another order: axis i of the result is axis perm[i] of x. A view.
// Args:
//   x: the tensor; any dtype, float8_e4m3fn or float8_e5m2
//   perm: which axis of x each axis of the result is; an integer or several
// Returns:
//   a tensor of the operands' promoted dtype
// Errors:
//   TypeError for another dtype or kind of argument
//   IndexError for an axis or index out of range
//   ValueError for a missing argument or one out of its range: 'a permutation of 2 axes', 'named
//     twice'
Tensor transpose(const Tensor& x, const Ints& perm);

// Two axes exchanged. A view.
// Args:
//   x: the tensor; any dtype, float8_e4m3fn or float8_e5m2
//   axis0: one axis; an integer
//   axis1: the other axis; an integer
// Returns:
//   a tensor of the operands' promoted dtype
// Errors:
//   TypeError for another dtype or kind of argument
//   IndexError for an axis or index out of range
//   ValueError for a missing argument or one out of its range
Tensor swapaxes(const Tensor& x, int64_t axis0, int64_t axis1);

// Axes moved to other places; the rest keep their order. A view.
// Args:
//   x: the tensor; any dtype, float8_e4m3fn or float8_e5m2
//   source: the axes that move; an integer or several
//   destination: where these axes go; an integer or several
// Returns:
//   a tensor of the operands' promoted dtype
// Errors:
//   IndexError for an axis or index out of range
//   ValueError for a missing argument or one out of its range: 'as many axes', 'named twice'
Tensor moveaxis(const Tensor& x, const Ints& source, const Ints& destination);

// The transposed matrix; tensors of 0 and 1 dims as they are. A view.
// Args:
//   x: the tensor; any dtype, float8_e4m3fn or float8_e5m2
// Returns:
//   a tensor of the operands' promoted dtype
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'at most 2 dims', 'got 3'
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor t(const Tensor& x);

// Axes of size 1 taken away: all of them, or those named (a named axis of another size stays). A
// view.
// Args:
//   x: the tensor; any dtype, float8_e4m3fn or float8_e5m2
//   axis: the axis along which it works, negative from the end; None where allowed: all; an integer
//     or several; default None
// Returns:
//   a tensor of the operands' promoted dtype
// Errors:
//   TypeError for another dtype or kind of argument
//   IndexError for an axis or index out of range
//   ValueError for a missing argument or one out of its range: 'named twice'
Tensor squeeze(const Tensor& x, const Ints& axis = {});

// New axes of size 1 at the named places of the result. A view.
// Args:
//   x: the tensor; any dtype, float8_e4m3fn or float8_e5m2
//   axis: the axis along which it works, negative from the end; None where allowed: all; an integer
//     or several
// Returns:
//   a tensor of the operands' promoted dtype
// Errors:
//   TypeError for another dtype or kind of argument
//   IndexError for an axis or index out of range
//   ValueError for a missing argument or one out of its range: 'named twice'
Tensor unsqueeze(const Tensor& x, const Ints& axis);

// The axes from start_axis to stop_axis (both included) made one. A view where the strides allow.
// Args:
//   x: the tensor; any dtype, float8_e4m3fn or float8_e5m2
//   start_axis: the first of the axes; an integer; default 0
//   stop_axis: the last of the axes; an integer; default -1
// Returns:
//   a tensor of the operands' promoted dtype
// Errors:
//   TypeError for another dtype or kind of argument
//   IndexError for an axis or index out of range
//   ValueError for a missing argument or one out of its range: 'not before'
//   KeyError for an argument that it does not have
Tensor flatten(const Tensor& x, int64_t start_axis = 0, int64_t stop_axis = -1);

// Axes of size 1 repeated to the given shape, which may have new axes in front; -1 keeps a size. A
// view: nothing is copied.
// Args:
//   x: the tensor; any dtype, float8_e4m3fn or float8_e5m2
//   shape: the extents of the result; -1, where allowed, takes what is left; integers
// Returns:
//   a tensor of x's shape, of the operands' promoted dtype
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'cannot be expanded', 'at least 2 sizes'
//   ValueError for a missing argument or one out of its range: 'a new axis in front'
Tensor expand(const Tensor& x, const Ints& shape);

// x expanded to the shape of y. A view.
// Args:
//   x: the tensor; any dtype, float8_e4m3fn or float8_e5m2
//   y: the other operand; any dtype, float8_e4m3fn or float8_e5m2
// Returns:
//   a tensor of the shapes broadcast together, of the operands' promoted dtype
// Errors:
//   ShapeError where shapes do not fit: 'does not match', 'cannot be expanded'
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor expand_as(const Tensor& x, const Tensor& y);

// The elements in reverse order along the named axes. A view.
// Args:
//   x: the tensor; any dtype, float8_e4m3fn or float8_e5m2
//   axis: the axis along which it works, negative from the end; None where allowed: all; an integer
//     or several
// Returns:
//   a tensor of x's shape, of the operands' promoted dtype
// Errors:
//   TypeError for another dtype or kind of argument
//   IndexError for an axis or index out of range
//   ValueError for a missing argument or one out of its range: 'named twice'
Tensor flip(const Tensor& x, const Ints& axis);

// Element (i, j, ...) is number offset + i * stride[0] + j * stride[1] + ... of the elements of x
// in row-major order.
// Args:
//   x: the tensor; any dtype, float8_e4m3fn or float8_e5m2
//   shape: the extents of the result; -1, where allowed, takes what is left; an integer or several
//   stride: steps in x's memory along each axis, in elements; an integer or several
//   offset: where the first element lies in x's memory, in elements; an integer, at least 0;
//     default 0
// Returns:
//   a tensor of the operands' promoted dtype
// Errors:
//   ShapeError where shapes do not fit: 'outside'
//   ValueError for a missing argument or one out of its range: 'a first element', 'one for each
//     size'
Tensor as_strided(const Tensor& x, const Ints& shape, const Ints& stride, int64_t offset = 0);

// x with the elements that as_strided would show replaced by src.
// Args:
//   x: the tensor; any dtype
//   src: the new values of the view; any dtype
//   shape: the extents of the result; -1, where allowed, takes what is left; an integer or several
//   stride: steps in x's memory along each axis, in elements; an integer or several
//   offset: where the first element lies in x's memory, in elements; an integer, at least 0;
//     default 0
// Returns:
//   a tensor of the operands' promoted dtype
// Errors:
//   ShapeError where shapes do not fit: 'outside', 'expected shape [2]'
//   ValueError for a missing argument or one out of its range: 'a first element'
Tensor as_strided_scatter(const Tensor& x, const Tensor& src, const Ints& shape,
                          const Ints& stride, int64_t offset = 0);

}  // namespace proa
