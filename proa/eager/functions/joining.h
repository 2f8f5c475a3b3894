// The operators of the family joining as C++ functions.
// Why text that a tool writes: an operator is written once, on its page.
// Written by tools/cpp_functions.py from the operator pages.
// clang-format off
#pragma once

#include "proa/eager/functions/arguments.h"

namespace proa {

// Tensors one after the other along an axis; the other sizes must be equal.
// Args:
//   x: the tensor; any dtype
//   axis: the axis along which it works, negative from the end; None where allowed: all; an
//     integer; default 0
// Returns:
//   a tensor of the operands' promoted dtype
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'does not fit'
//   IndexError for an axis or index out of range
//   ValueError for a missing argument or one out of its range: 'at least one'
Tensor concat(const Tensors& x, int64_t axis = 0);

// Tensors of one shape along a new axis.
// Args:
//   x: the tensor; any dtype
//   axis: the axis along which it works, negative from the end; None where allowed: all; an
//     integer; default 0
// Returns:
//   a tensor of the operands' promoted dtype
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'does not fit'
//   IndexError for an axis or index out of range
//   ValueError for a missing argument or one out of its range: 'at least one'
Tensor stack(const Tensors& x, int64_t axis = 0);

// Pieces along an axis: a number of equal pieces, or a list of sizes of which one may be -1 (what
// is left). Views.
// Args:
//   x: the tensor; any dtype
//   num_or_sections: into how many equal pieces, or the size of each (one may be -1); integers
//   axis: the axis along which it works, negative from the end; None where allowed: all; an
//     integer; default 0
// Returns:
//   a list of tensors, each of the operands' promoted dtype
// Errors:
//   ShapeError where shapes do not fit: 'does not divide', 'add to 4'
//   IndexError for an axis or index out of range
//   ValueError for a missing argument or one out of its range: 'a positive number', 'at most one
//     size'
std::vector<Tensor> split(const Tensor& x, const Ints& num_or_sections, int64_t axis = 0);

// At most `chunks` pieces of ceil(size / chunks) along an axis. Views.
// Args:
//   x: the tensor; any dtype
//   chunks: how many pieces, the last of which may be smaller; an integer, at least 1
//   axis: the axis along which it works, negative from the end; None where allowed: all; an
//     integer; default 0
// Returns:
//   a list of tensors, each of the operands' promoted dtype
// Errors:
//   TypeError for another dtype or kind of argument
//   IndexError for an axis or index out of range
//   ValueError for a missing argument or one out of its range: 'at least 1'
std::vector<Tensor> chunk(const Tensor& x, int64_t chunks, int64_t axis = 0);

// The slices along an axis, without it. Views.
// Args:
//   x: the tensor; any dtype
//   axis: the axis along which it works, negative from the end; None where allowed: all; an
//     integer; default 0
// Returns:
//   a list of tensors, each of the operands' promoted dtype
// Errors:
//   TypeError for another dtype or kind of argument
//   IndexError for an axis or index out of range
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
std::vector<Tensor> unbind(const Tensor& x, int64_t axis = 0);

// x repeated along each axis, as NumPy's tile.
// Args:
//   x: the tensor; any dtype
//   repeat_times: how often along each axis; integers
// Returns:
//   a tensor of the operands' promoted dtype
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'at least 0'
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor tile(const Tensor& x, const Ints& repeat_times);

// The sum of tensors of one shape, added in order.
// Args:
//   x: the tensor; number
// Returns:
//   a tensor of the operands' promoted dtype
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'does not fit'
//   ValueError for a missing argument or one out of its range: 'at least one'
//   KeyError for an argument that it does not have
Tensor add_n(const Tensors& x);

// Elements moved along axes, those that fall off coming in at the other end; without axis, over the
// flat tensor.
// Args:
//   x: the tensor; any dtype
//   shifts: how far, along each of axis or over all elements; an integer or several
//   axis: the axis along which it works, negative from the end; None where allowed: all; an integer
//     or several; default None
// Returns:
//   a tensor of the operands' promoted dtype
// Errors:
//   TypeError for another dtype or kind of argument
//   IndexError for an axis or index out of range
//   ValueError for a missing argument or one out of its range: 'one shift for each', 'the flat
//     tensor'
Tensor roll(const Tensor& x, const Ints& shifts, const Ints& axis = {});

}  // namespace proa
