// The operators of the family fourier as C++ functions.
// Why text that a tool writes: an operator is written once, on its page.
// Written by tools/cpp_functions.py from the operator pages.
// clang-format off
#pragma once

#include "proa/eager/functions/arguments.h"

namespace proa {

// The discrete Fourier transform along axis, of n points (cut, or filled up with zeros). norm says
// where 1 / n goes: to the inverse, to both as its root, or to this one.
// Args:
//   x: the tensor; integer, complex, bool, float32 or float64
//   n: the length along axis; x is cut or filled with zeros; an integer; default None
//   axis: the axis along which it works, negative from the end; None where allowed: all; an
//     integer; default -1
//   norm: which direction is divided: 'backward' the inverse, 'forward' the forward one, 'ortho'
//     both by the root; a string, one of 'backward', 'ortho', 'forward'; default 'backward'
// Returns:
//   a tensor of the dtype that the text gives
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'at least 1 point'
//   IndexError for an axis or index out of range
//   ValueError for a missing argument or one out of its range: 'expected one of'
Tensor fft(const Tensor& x, std::optional<int64_t> n = {}, int64_t axis = -1,
           std::string_view norm = "backward");

// The inverse of fft along axis, of n points.
// Args:
//   x: the tensor; integer, complex, bool, float32 or float64
//   n: the length along axis; x is cut or filled with zeros; an integer; default None
//   axis: the axis along which it works, negative from the end; None where allowed: all; an
//     integer; default -1
//   norm: which direction is divided: 'backward' the inverse, 'forward' the forward one, 'ortho'
//     both by the root; a string, one of 'backward', 'ortho', 'forward'; default 'backward'
// Returns:
//   a tensor of the dtype that the text gives
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'at least 1 point'
//   IndexError for an axis or index out of range
//   ValueError for a missing argument or one out of its range: 'expected one of'
Tensor ifft(const Tensor& x, std::optional<int64_t> n = {}, int64_t axis = -1,
            std::string_view norm = "backward");

// The transform of real numbers along axis, of which the n / 2 + 1 frequencies that are not
// conjugates of others are given.
// Args:
//   x: the tensor; integer, bool, float32 or float64
//   n: the length along axis; x is cut or filled with zeros; an integer; default None
//   axis: the axis along which it works, negative from the end; None where allowed: all; an
//     integer; default -1
//   norm: which direction is divided: 'backward' the inverse, 'forward' the forward one, 'ortho'
//     both by the root; a string, one of 'backward', 'ortho', 'forward'; default 'backward'
// Returns:
//   a tensor of the dtype that the text gives
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'at least 1 point'
//   IndexError for an axis or index out of range
//   ValueError for a missing argument or one out of its range: 'expected one of'
Tensor rfft(const Tensor& x, std::optional<int64_t> n = {}, int64_t axis = -1,
            std::string_view norm = "backward");

// The inverse of rfft along axis: n real numbers (2 (m - 1) without n) from n / 2 + 1 frequencies.
// Args:
//   x: the tensor; integer, complex, bool, float32 or float64
//   n: the length of the result along axis; 2 (size - 1) where None; an integer; default None
//   axis: the axis along which it works, negative from the end; None where allowed: all; an
//     integer; default -1
//   norm: which direction is divided: 'backward' the inverse, 'forward' the forward one, 'ortho'
//     both by the root; a string, one of 'backward', 'ortho', 'forward'; default 'backward'
// Returns:
//   a tensor of the dtype that the text gives
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'at least 1 point'
//   IndexError for an axis or index out of range
//   ValueError for a missing argument or one out of its range: 'expected one of'
Tensor irfft(const Tensor& x, std::optional<int64_t> n = {}, int64_t axis = -1,
             std::string_view norm = "backward");

// The transform over two axes, of s points.
// Args:
//   x: the tensor; integer, complex, bool, float32 or float64
//   s: the lengths along axes; x is cut or filled with zeros; integers; default None
//   axes: the axes, in order; all where None; an integer or several; default [-2, -1]
//   norm: which direction is divided: 'backward' the inverse, 'forward' the forward one, 'ortho'
//     both by the root; a string, one of 'backward', 'ortho', 'forward'; default 'backward'
// Returns:
//   a tensor of the dtype that the text gives
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'at least 1 point'
//   IndexError for an axis or index out of range
//   ValueError for a missing argument or one out of its range: 'expected one of', 'twice'
Tensor fft2(const Tensor& x, const Ints& s = {}, const Ints& axes = {-2, -1},
            std::string_view norm = "backward");

// The inverse of fft2.
// Args:
//   x: the tensor; integer, complex, bool, float32 or float64
//   s: the lengths along axes; x is cut or filled with zeros; integers; default None
//   axes: the axes, in order; all where None; an integer or several; default [-2, -1]
//   norm: which direction is divided: 'backward' the inverse, 'forward' the forward one, 'ortho'
//     both by the root; a string, one of 'backward', 'ortho', 'forward'; default 'backward'
// Returns:
//   a tensor of the dtype that the text gives
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'at least 1 point'
//   IndexError for an axis or index out of range
//   ValueError for a missing argument or one out of its range: 'expected one of', 'twice'
Tensor ifft2(const Tensor& x, const Ints& s = {}, const Ints& axes = {-2, -1},
             std::string_view norm = "backward");

// The transform of real numbers over two axes; the last one is halved.
// Args:
//   x: the tensor; integer, bool, float32 or float64
//   s: the lengths along axes; x is cut or filled with zeros; integers; default None
//   axes: the axes, in order; all where None; an integer or several; default [-2, -1]
//   norm: which direction is divided: 'backward' the inverse, 'forward' the forward one, 'ortho'
//     both by the root; a string, one of 'backward', 'ortho', 'forward'; default 'backward'
// Returns:
//   a tensor of the dtype that the text gives
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'at least 1 point'
//   IndexError for an axis or index out of range
//   ValueError for a missing argument or one out of its range: 'expected one of', 'twice'
Tensor rfft2(const Tensor& x, const Ints& s = {}, const Ints& axes = {-2, -1},
             std::string_view norm = "backward");

// The inverse of rfft2.
// Args:
//   x: the tensor; integer, complex, bool, float32 or float64
//   s: the lengths along axes; x is cut or filled with zeros; integers; default None
//   axes: the axes, in order; all where None; an integer or several; default [-2, -1]
//   norm: which direction is divided: 'backward' the inverse, 'forward' the forward one, 'ortho'
//     both by the root; a string, one of 'backward', 'ortho', 'forward'; default 'backward'
// Returns:
//   a tensor of the dtype that the text gives
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'at least 1 point'
//   IndexError for an axis or index out of range
//   ValueError for a missing argument or one out of its range: 'expected one of', 'twice'
Tensor irfft2(const Tensor& x, const Ints& s = {}, const Ints& axes = {-2, -1},
              std::string_view norm = "backward");

// The transform over axes (all of them without axes, or the last ones that s has sizes for), of s
// points.
// Args:
//   x: the tensor; integer, complex, bool, float32 or float64
//   s: the lengths along axes; x is cut or filled with zeros; integers; default None
//   axes: the axes, in order; all where None; an integer or several; default None
//   norm: which direction is divided: 'backward' the inverse, 'forward' the forward one, 'ortho'
//     both by the root; a string, one of 'backward', 'ortho', 'forward'; default 'backward'
// Returns:
//   a tensor of the dtype that the text gives
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'at least 1 point'
//   IndexError for an axis or index out of range
//   ValueError for a missing argument or one out of its range: 'expected one of', 'twice'
Tensor fftn(const Tensor& x, const Ints& s = {}, const Ints& axes = {},
            std::string_view norm = "backward");

// The inverse of fftn.
// Args:
//   x: the tensor; integer, complex, bool, float32 or float64
//   s: the lengths along axes; x is cut or filled with zeros; integers; default None
//   axes: the axes, in order; all where None; an integer or several; default None
//   norm: which direction is divided: 'backward' the inverse, 'forward' the forward one, 'ortho'
//     both by the root; a string, one of 'backward', 'ortho', 'forward'; default 'backward'
// Returns:
//   a tensor of the dtype that the text gives
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'at least 1 point'
//   IndexError for an axis or index out of range
//   ValueError for a missing argument or one out of its range: 'expected one of', 'twice'
Tensor ifftn(const Tensor& x, const Ints& s = {}, const Ints& axes = {},
             std::string_view norm = "backward");

// The transform of real numbers over axes; the last one listed is halved.
// Args:
//   x: the tensor; integer, bool, float32 or float64
//   s: the lengths along axes; x is cut or filled with zeros; integers; default None
//   axes: the axes, in order; all where None; an integer or several; default None
//   norm: which direction is divided: 'backward' the inverse, 'forward' the forward one, 'ortho'
//     both by the root; a string, one of 'backward', 'ortho', 'forward'; default 'backward'
// Returns:
//   a tensor of the dtype that the text gives
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'at least 1 point'
//   IndexError for an axis or index out of range
//   ValueError for a missing argument or one out of its range: 'expected one of', 'twice'
Tensor rfftn(const Tensor& x, const Ints& s = {}, const Ints& axes = {},
             std::string_view norm = "backward");

// The inverse of rfftn.
// Args:
//   x: the tensor; integer, complex, bool, float32 or float64
//   s: the lengths along axes; x is cut or filled with zeros; integers; default None
//   axes: the axes, in order; all where None; an integer or several; default None
//   norm: which direction is divided: 'backward' the inverse, 'forward' the forward one, 'ortho'
//     both by the root; a string, one of 'backward', 'ortho', 'forward'; default 'backward'
// Returns:
//   a tensor of the dtype that the text gives
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'at least 1 point'
//   IndexError for an axis or index out of range
//   ValueError for a missing argument or one out of its range: 'expected one of', 'twice'
Tensor irfftn(const Tensor& x, const Ints& s = {}, const Ints& axes = {},
              std::string_view norm = "backward");

// The transform along axis of a signal that is its own conjugate mirrored, of which half is given:
// n real numbers (2 (m - 1) without n).
// Args:
//   x: the tensor; integer, complex, bool, float32 or float64
//   n: how often, which, or how many; an integer; default None
//   axis: the axis along which it works, negative from the end; None where allowed: all; an
//     integer; default -1
//   norm: which direction is divided: 'backward' the inverse, 'forward' the forward one, 'ortho'
//     both by the root; a string, one of 'backward', 'ortho', 'forward'; default 'backward'
// Returns:
//   a tensor of the dtype that the text gives
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'at least 1 point'
//   IndexError for an axis or index out of range
//   ValueError for a missing argument or one out of its range: 'expected one of'
Tensor hfft(const Tensor& x, std::optional<int64_t> n = {}, int64_t axis = -1,
            std::string_view norm = "backward");

// The inverse of hfft, of real numbers.
// Args:
//   x: the tensor; integer, bool, float32 or float64
//   n: how often, which, or how many; an integer; default None
//   axis: the axis along which it works, negative from the end; None where allowed: all; an
//     integer; default -1
//   norm: which direction is divided: 'backward' the inverse, 'forward' the forward one, 'ortho'
//     both by the root; a string, one of 'backward', 'ortho', 'forward'; default 'backward'
// Returns:
//   a tensor of the dtype that the text gives
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'at least 1 point'
//   IndexError for an axis or index out of range
//   ValueError for a missing argument or one out of its range: 'expected one of'
Tensor ihfft(const Tensor& x, std::optional<int64_t> n = {}, int64_t axis = -1,
             std::string_view norm = "backward");

// hfft over two axes, the last one from its half.
// Args:
//   x: the tensor; integer, complex, bool, float32 or float64
//   s: the lengths along axes; x is cut or filled with zeros; integers; default None
//   axes: the axes, in order; all where None; an integer or several; default [-2, -1]
//   norm: which direction is divided: 'backward' the inverse, 'forward' the forward one, 'ortho'
//     both by the root; a string, one of 'backward', 'ortho', 'forward'; default 'backward'
// Returns:
//   a tensor of the dtype that the text gives
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'at least 1 point'
//   IndexError for an axis or index out of range
//   ValueError for a missing argument or one out of its range: 'expected one of', 'twice'
Tensor hfft2(const Tensor& x, const Ints& s = {}, const Ints& axes = {-2, -1},
             std::string_view norm = "backward");

// The inverse of hfft2.
// Args:
//   x: the tensor; integer, bool, float32 or float64
//   s: the lengths along axes; x is cut or filled with zeros; integers; default None
//   axes: the axes, in order; all where None; an integer or several; default [-2, -1]
//   norm: which direction is divided: 'backward' the inverse, 'forward' the forward one, 'ortho'
//     both by the root; a string, one of 'backward', 'ortho', 'forward'; default 'backward'
// Returns:
//   a tensor of the dtype that the text gives
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'at least 1 point'
//   IndexError for an axis or index out of range
//   ValueError for a missing argument or one out of its range: 'expected one of', 'twice'
Tensor ihfft2(const Tensor& x, const Ints& s = {}, const Ints& axes = {-2, -1},
              std::string_view norm = "backward");

// hfft over axes; the last one listed is given by its half.
// Args:
//   x: the tensor; integer, complex, bool, float32 or float64
//   s: the lengths along axes; x is cut or filled with zeros; integers; default None
//   axes: the axes, in order; all where None; an integer or several; default None
//   norm: which direction is divided: 'backward' the inverse, 'forward' the forward one, 'ortho'
//     both by the root; a string, one of 'backward', 'ortho', 'forward'; default 'backward'
// Returns:
//   a tensor of the dtype that the text gives
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'at least 1 point'
//   IndexError for an axis or index out of range
//   ValueError for a missing argument or one out of its range: 'expected one of', 'twice'
Tensor hfftn(const Tensor& x, const Ints& s = {}, const Ints& axes = {},
             std::string_view norm = "backward");

// The inverse of hfftn.
// Args:
//   x: the tensor; integer, bool, float32 or float64
//   s: the lengths along axes; x is cut or filled with zeros; integers; default None
//   axes: the axes, in order; all where None; an integer or several; default None
//   norm: which direction is divided: 'backward' the inverse, 'forward' the forward one, 'ortho'
//     both by the root; a string, one of 'backward', 'ortho', 'forward'; default 'backward'
// Returns:
//   a tensor of the dtype that the text gives
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'at least 1 point'
//   IndexError for an axis or index out of range
//   ValueError for a missing argument or one out of its range: 'expected one of', 'twice'
Tensor ihfftn(const Tensor& x, const Ints& s = {}, const Ints& axes = {},
              std::string_view norm = "backward");

// x with the frequency 0 moved from the front to the middle of each axis.
// Args:
//   x: the tensor; any dtype
//   axes: the axes, in order; all where None; an integer or several; default None
// Returns:
//   a tensor of the operands' promoted dtype
// Errors:
//   TypeError for another dtype or kind of argument
//   IndexError for an axis or index out of range
//   ValueError for a missing argument or one out of its range: 'twice'
//   KeyError for an argument that it does not have
Tensor fftshift(const Tensor& x, const Ints& axes = {});

// The inverse of fftshift.
// Args:
//   x: the tensor; any dtype
//   axes: the axes, in order; all where None; an integer or several; default None
// Returns:
//   a tensor of the operands' promoted dtype
// Errors:
//   TypeError for another dtype or kind of argument
//   IndexError for an axis or index out of range
//   ValueError for a missing argument or one out of its range: 'twice'
//   KeyError for an argument that it does not have
Tensor ifftshift(const Tensor& x, const Ints& axes = {});

// The frequencies of the n elements of a transform of points d apart, in cycles a unit: 0, 1, ...
// and then the negative ones, over n d.
// Args:
//   n: how many points; an integer, at least 1
//   d: distance of neighbouring points; a number; default 1.0
//   dtype: the dtype of the result, or in which it is computed; None leaves the usual one; a dtype;
//     default None
// Returns:
//   a tensor of the dtype asked for, else of the one that the text gives
// Errors:
//   TypeError for another dtype or kind of argument
//   ValueError for a missing argument or one out of its range: 'at least 1', 'other than 0'
Tensor fftfreq(int64_t n, double d = 1.0, std::optional<DType> dtype = {});

// The frequencies of the n / 2 + 1 elements of rfft.
// Args:
//   n: how many points of the signal; an integer, at least 1
//   d: distance of neighbouring points; a number; default 1.0
//   dtype: the dtype of the result, or in which it is computed; None leaves the usual one; a dtype;
//     default None
// Returns:
//   a tensor of the dtype asked for, else of the one that the text gives
// Errors:
//   TypeError for another dtype or kind of argument
//   ValueError for a missing argument or one out of its range: 'at least 1', 'other than 0'
Tensor rfftfreq(int64_t n, double d = 1.0, std::optional<DType> dtype = {});

}  // namespace proa
