// The operators of the family arrangement as C++ functions.
// Why text that a tool writes: an operator is written once, on its page.
// Written by tools/cpp_functions.py from the operator pages.
// clang-format off
#pragma once

#include "proa/eager/functions/arguments.h"

namespace proa {

// x turned k times by a quarter, from the first of two axes to the second.
// Args:
//   x: the tensor; any dtype
//   k: how many quarters of a turn; an integer; default 1
//   axes: the axes, in order; all where None; an integer or several; default [0, 1]
// Returns:
//   a tensor of the operands' promoted dtype
// Errors:
//   TypeError for another dtype or kind of argument
//   IndexError for an axis or index out of range
//   ValueError for a missing argument or one out of its range: 'different axes', 'two axes'
//   KeyError for an argument that it does not have
Tensor rot90(const Tensor& x, int64_t k = 1, const Ints& axes = {0, 1});

// Windows of `size` elements along axis, one every `step`: the axis counts windows, and a new last
// axis the elements of each.
// Args:
//   x: the tensor; any dtype
//   axis: the axis along which it works, negative from the end; None where allowed: all; an integer
//   size: elements of a window; an integer, at least 0
//   step: distance of neighbouring windows; an integer, at least 1
// Returns:
//   a tensor of the operands' promoted dtype
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'at most the 2 elements'
//   IndexError for an axis or index out of range
//   ValueError for a missing argument or one out of its range: 'at least 0', 'at least 1'
//   KeyError for an argument that it does not have
Tensor unfold(const Tensor& x, int64_t axis, int64_t size, int64_t step);

// Pieces along axis: a number of them, the first ones longer by one where the extent does not
// divide, or the positions to cut at, as slices of Python. Views.
// Args:
//   x: the tensor; any dtype
//   num_or_indices: into how many pieces, or the positions to cut at; integers
//   axis: the axis along which it works, negative from the end; None where allowed: all; an
//     integer; default 0
// Returns:
//   a list of tensors, each of the operands' promoted dtype
// Errors:
//   TypeError for another dtype or kind of argument
//   IndexError for an axis or index out of range
//   ValueError for a missing argument or one out of its range: 'a positive number'
//   KeyError for an argument that it does not have
std::vector<Tensor> tensor_split(const Tensor& x, const Ints& num_or_indices, int64_t axis = 0);

// Pieces along axis 1 (of a vector: axis 0): a number of equal ones, or the positions to cut at.
// Views.
// Args:
//   x: the tensor; any dtype
//   num_or_indices: into how many pieces, or the positions to cut at; integers
// Returns:
//   a list of tensors, each of the operands' promoted dtype
// Errors:
//   ShapeError where shapes do not fit: 'at least', 'does not divide'
//   ValueError for a missing argument or one out of its range: 'a positive number'
//   KeyError for an argument that it does not have
std::vector<Tensor> hsplit(const Tensor& x, const Ints& num_or_indices);

// Pieces along axis 0 of at least 2 dims: a number of equal ones, or the positions to cut at.
// Views.
// Args:
//   x: the tensor; any dtype
//   num_or_indices: into how many pieces, or the positions to cut at; integers
// Returns:
//   a list of tensors, each of the operands' promoted dtype
// Errors:
//   ShapeError where shapes do not fit: 'at least', 'does not divide'
//   ValueError for a missing argument or one out of its range: 'a positive number'
//   KeyError for an argument that it does not have
std::vector<Tensor> vsplit(const Tensor& x, const Ints& num_or_indices);

// Pieces along axis 2 of at least 3 dims: a number of equal ones, or the positions to cut at.
// Views.
// Args:
//   x: the tensor; any dtype
//   num_or_indices: into how many pieces, or the positions to cut at; integers
// Returns:
//   a list of tensors, each of the operands' promoted dtype
// Errors:
//   ShapeError where shapes do not fit: 'at least', 'does not divide'
//   ValueError for a missing argument or one out of its range: 'a positive number'
//   KeyError for an argument that it does not have
std::vector<Tensor> dsplit(const Tensor& x, const Ints& num_or_indices);

// x, and a 0-d x as a vector of one element.
// Args:
//   x: the tensor; any dtype
// Returns:
//   a tensor of x's shape, of the operands' promoted dtype
// Errors:
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor atleast_1d(const Tensor& x);

// x with axes of size 1 in front until it has two.
// Args:
//   x: the tensor; any dtype
// Returns:
//   a tensor of x's shape, of the operands' promoted dtype
// Errors:
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor atleast_2d(const Tensor& x);

// x with three axes at least: a vector [n] becomes [1, n, 1], a matrix [m, n, 1].
// Args:
//   x: the tensor; any dtype
// Returns:
//   a tensor of x's shape, of the operands' promoted dtype
// Errors:
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor atleast_3d(const Tensor& x);

// Tensors one after the other along axis 1, vectors along axis 0.
// Args:
//   x: the tensor; any dtype
// Returns:
//   a tensor of the operands' promoted dtype
// Errors:
//   ShapeError where shapes do not fit: 'does not fit'
//   ValueError for a missing argument or one out of its range: 'at least one'
//   KeyError for an argument that it does not have
Tensor hstack(const Tensors& x);

// Tensors one below the other; a vector is one row.
// Args:
//   x: the tensor; any dtype
// Returns:
//   a tensor of the operands' promoted dtype
// Errors:
//   ShapeError where shapes do not fit: 'does not fit'
//   ValueError for a missing argument or one out of its range: 'at least one'
//   KeyError for an argument that it does not have
Tensor vstack(const Tensors& x);

// Tensors one behind the other along axis 2, each with three axes at least.
// Args:
//   x: the tensor; any dtype
// Returns:
//   a tensor of the operands' promoted dtype
// Errors:
//   ShapeError where shapes do not fit: 'does not fit'
//   ValueError for a missing argument or one out of its range: 'at least one'
//   KeyError for an argument that it does not have
Tensor dstack(const Tensors& x);

// Tensors one after the other along axis 1; a vector is one column.
// Args:
//   x: the tensor; any dtype
// Returns:
//   a tensor of the operands' promoted dtype
// Errors:
//   ShapeError where shapes do not fit: 'does not fit'
//   ValueError for a missing argument or one out of its range: 'at least one'
//   KeyError for an argument that it does not have
Tensor column_stack(const Tensors& x);

// Each tensor broadcast to the shape of all together.
// Args:
//   input: what is measured or laid out: predictions, probabilities, scores; any dtype
// Returns:
//   a list of tensors, each of the dtype that the text gives
// Errors:
//   ShapeError where shapes do not fit: 'cannot be broadcast'
//   ValueError for a missing argument or one out of its range: 'at least one'
//   KeyError for an argument that it does not have
std::vector<Tensor> broadcast_tensors(const Tensors& input);

// A matrix with the given ones along its diagonal and zeros elsewhere; a vector is one row.
// Args:
//   inputs: tensors of one shape to choose rows from; any dtype
// Returns:
//   a tensor of the operands' promoted dtype
// Errors:
//   ShapeError where shapes do not fit: 'at most 2 dims', 'tensor 1'
//   ValueError for a missing argument or one out of its range: 'at least one'
//   KeyError for an argument that it does not have
Tensor block_diag(const Tensors& inputs);

// All ways of taking one element of each vector, one a row, the last vector changing fastest; of
// one vector the vector itself.
// Args:
//   x: the tensor; any dtype
// Returns:
//   a tensor of the operands' promoted dtype
// Errors:
//   ShapeError where shapes do not fit: 'expected vectors', 'tensor 1'
//   ValueError for a missing argument or one out of its range: 'at least one'
//   KeyError for an argument that it does not have
Tensor cartesian_prod(const Tensors& x);

// All ways of choosing r elements of a vector, one a row, in the order of their positions;
// with_replacement lets an element be chosen again.
// Args:
//   x: the tensor; any dtype
//   r: how many are chosen; an integer, at least 0; default 2
//   with_replacement: whether an element can be chosen again; True or False; default False
// Returns:
//   a tensor of the operands' promoted dtype
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'a vector'
//   ValueError for a missing argument or one out of its range: 'at least 0', 'at most 1e+08
//     elements'
//   KeyError for an argument that it does not have
Tensor combinations(const Tensor& x, int64_t r = 2, bool with_replacement = false);

// The matrix of the powers of each element, the highest first unless increasing: n of them, or as
// many as there are elements. The powers are products one by one.
// Args:
//   x: the tensor; number
//   n: how often, which, or how many; an integer, at least 0; default None
//   increasing: whether the powers rise from left to right; True or False; default False
// Returns:
//   a tensor of the operands' promoted dtype
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'a vector'
//   ValueError for a missing argument or one out of its range: 'at least 0'
//   KeyError for an argument that it does not have
Tensor vander(const Tensor& x, std::optional<int64_t> n = {}, bool increasing = false);

// One axis parted into several, of sizes of which one may be -1.
// Args:
//   x: the tensor; any dtype
//   axis: the axis along which it works, negative from the end; None where allowed: all; an integer
//   shape: the extents of the result; -1, where allowed, takes what is left; integers
// Returns:
//   a tensor of the operands' promoted dtype
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'cannot become', 'no size of 0'
//   IndexError for an axis or index out of range
//   ValueError for a missing argument or one out of its range: 'at most one'
//   KeyError for an argument that it does not have
Tensor unflatten(const Tensor& x, int64_t axis, const Ints& shape);

// The last two axes exchanged, as a view.
// Args:
//   x: the tensor; any dtype
// Returns:
//   a tensor of the operands' promoted dtype
// Errors:
//   ShapeError where shapes do not fit: 'at least 2 dims'
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor matrix_transpose(const Tensor& x);

}  // namespace proa
