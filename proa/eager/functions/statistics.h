// The operators of the family statistics as C++ functions.
// Why text that a tool writes: an operator is written once, on its page.
// Written by tools/cpp_functions.py from the operator pages.
// clang-format off
#pragma once

#include <array>

#include "proa/eager/functions/arguments.h"

namespace proa {

// The q-quantiles over axis (of all elements without it), q between 0 and 1: a number, or a vector
// whose axis then stands first. Between two elements they are interpolated linearly, or the one
// that interpolation names is taken. NaN where there is one, and for a q out of range. Integers
// become the default float.
// Args:
//   x: the tensor; real
//   q: which quantile, from 0 to 1; floating point, a plain number too
//   axis: the axis along which it works, negative from the end; None where allowed: all; an integer
//     or several; default None
//   keepdim: whether a reduced axis stays, with size 1; True or False; default False
//   interpolation: what is taken between two elements; a string, one of 'linear', 'higher',
//     'lower', 'midpoint', 'nearest'; default 'linear'
// Returns:
//   a tensor of the operands' promoted dtype, the default float for integers and bool
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'a number or a vector', 'no quantile of nothing'
//   IndexError for an axis or index out of range
//   ValueError for a missing argument or one out of its range: 'expected one of'
//   KeyError for an argument that it does not have
Tensor quantile(const Tensor& x, const TensorOrNumber& q, const Ints& axis = {},
                bool keepdim = false, std::string_view interpolation = "linear");

// The quantiles of what is not NaN; NaN where there is nothing else. Otherwise as quantile.
// Args:
//   x: the tensor; real
//   q: which quantile, from 0 to 1; floating point, a plain number too
//   axis: the axis along which it works, negative from the end; None where allowed: all; an integer
//     or several; default None
//   keepdim: whether a reduced axis stays, with size 1; True or False; default False
//   interpolation: what is taken between two elements; a string, one of 'linear', 'higher',
//     'lower', 'midpoint', 'nearest'; default 'linear'
// Returns:
//   a tensor of the operands' promoted dtype, the default float for integers and bool
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'a number or a vector', 'no quantile of nothing'
//   IndexError for an axis or index out of range
//   ValueError for a missing argument or one out of its range: 'expected one of'
//   KeyError for an argument that it does not have
Tensor nanquantile(const Tensor& x, const TensorOrNumber& q, const Ints& axis = {},
                   bool keepdim = false, std::string_view interpolation = "linear");

// The most frequent element along axis, of several the smallest, and the last position where it
// stands.
// Args:
//   x: the tensor; real or bool
//   axis: the axis along which it works, negative from the end; None where allowed: all; an
//     integer; default -1
//   keepdim: whether a reduced axis stays, with size 1; True or False; default False
// Returns:
//   values, indices: tensors of the dtype that the text gives
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'no elements'
//   IndexError for an axis or index out of range
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
std::array<Tensor, 2> mode(const Tensor& x, int64_t axis = -1, bool keepdim = false);

// How often each of 0, 1, ... occurs in a vector of integers that are not negative (or the sums of
// their weights): as many as the greatest needs, at least minlength.
// Args:
//   x: the tensor; integer
//   weights: what each element counts; number; may be left out
//   minlength: the least size of the result; an integer, at least 0; default 0
// Returns:
//   a tensor of the dtype that the text gives
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'numbers of at least 0', 'a vector'
//   ValueError for a missing argument or one out of its range: 'at least 0'
//   KeyError for an argument that it does not have
Tensor bincount(const Tensor& x, OptionalTensor weights = {}, int64_t minlength = 0);

// How many elements lie in each of `bins` equal bins from min to max (the range of the data where
// both are 0): int64, or the sums of their weight in its dtype, with density divided by total and
// width. The last bin contains its end; what is outside or NaN is not counted.
// Args:
//   input: what is measured or laid out: predictions, probabilities, scores; real
//   weight: the weights; floating point; may be left out
//   bins: how many bins; an integer, at least 1; default 100
//   min: the lower end; a number; default 0.0
//   max: the upper end; a number; default 0.0
//   density: whether counts are divided by their total and the bins' widths; True or False; default
//     False
// Returns:
//   a tensor of the dtype that the text gives
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'expected shape [5]'
//   ValueError for a missing argument or one out of its range: 'at least 1', 'at least min'
//   KeyError for an argument that it does not have
Tensor histogram(const Tensor& input, int64_t bins = 100, double min = 0.0, double max = 0.0,
                 OptionalTensor weight = {}, bool density = false);

// The borders of the bins of histogram: bins + 1 of them.
// Args:
//   input: what is measured or laid out: predictions, probabilities, scores; real
//   bins: how many bins; an integer, at least 1; default 100
//   min: the lower end; a number; default 0.0
//   max: the upper end; a number; default 0.0
// Returns:
//   a tensor of the dtype that the text gives
// Errors:
//   TypeError for another dtype or kind of argument
//   ValueError for a missing argument or one out of its range: 'at least 1', 'at least min'
//   KeyError for an argument that it does not have
Tensor histogram_bin_edges(const Tensor& input, int64_t bins = 100, double min = 0.0,
                           double max = 0.0);

// The covariance of variables, one a row (a column without rowvar): divided by n - 1, by n without
// ddof; fweights count points several times, aweights weigh them. 0-d for a vector.
// Args:
//   x: the tensor; complex, float32 or float64
//   fweights: how often each point counts; integer; may be left out
//   aweights: the weight of each point; floating point; may be left out
//   rowvar: whether a row is a variable or a column is; True or False; default True
//   ddof: whether the divisor is one less than the number of points; True or False; default True
// Returns:
//   a tensor of the operands' promoted dtype
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: '4 points', 'a vector or a matrix'
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor cov(const Tensor& x, bool rowvar = true, bool ddof = true, OptionalTensor fweights = {},
           OptionalTensor aweights = {});

// The coefficients of correlation of variables, one a row (a column without rowvar); real ones are
// kept within -1 and 1.
// Args:
//   x: the tensor; complex, float32 or float64
//   rowvar: whether a row is a variable or a column is; True or False; default True
// Returns:
//   a tensor of the operands' promoted dtype
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'a vector or a matrix'
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor corrcoef(const Tensor& x, bool rowvar = true);

// The p-norm distances of each point of x [..., n, d] from each of y [..., m, d]. They are computed
// from differences in every compute_mode.
// Args:
//   x: the tensor; floating point
//   y: the other operand; floating point
//   p: the order of the norm; inf takes the largest modulus; a number, at least 0; default 2.0
//   compute_mode: taken for Paddle's sake; it changes nothing; a string, one of
//     'use_mm_for_euclid_dist_if_necessary', 'use_mm_for_euclid_dist',
//     'donot_use_mm_for_euclid_dist'; default 'use_mm_for_euclid_dist_if_necessary'
// Returns:
//   a tensor of the operands' promoted dtype
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: '2 coordinates', 'cannot be broadcast'
//   ValueError for a missing argument or one out of its range: 'at least 0'
//   KeyError for an argument that it does not have
Tensor cdist(const Tensor& x, const Tensor& y, double p = 2.0,
             std::string_view compute_mode = "use_mm_for_euclid_dist_if_necessary");

// The p-norm distances of all pairs of rows of x, each pair once, in the order of the upper
// triangle.
// Args:
//   x: the tensor; floating point
//   p: the order of the norm; inf takes the largest modulus; a number, at least 0; default 2.0
// Returns:
//   a tensor of the operands' promoted dtype
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'points as rows'
//   ValueError for a missing argument or one out of its range: 'at least 0'
//   KeyError for an argument that it does not have
Tensor pdist(const Tensor& x, double p = 2.0);

// The p-norm of x - y over all elements, 0-d.
// Args:
//   x: the tensor; floating point or complex
//   y: the other operand; floating point or complex
//   p: the order of the norm; inf takes the largest modulus; a number; default 2.0
// Returns:
//   a tensor of the dtype that the text gives
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'cannot be broadcast'
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor dist(const Tensor& x, const Tensor& y, double p = 2.0);

// x with each slice along axis whose p-norm is above max_norm scaled down to it.
// Args:
//   x: the tensor; floating point
//   p: the order of the norm; inf takes the largest modulus; a number
//   axis: the axis along which it works, negative from the end; None where allowed: all; an integer
//   max_norm: the greatest norm that is left as it is; a number, at least 0
// Returns:
//   a tensor of the operands' promoted dtype
// Errors:
//   TypeError for another dtype or kind of argument
//   IndexError for an axis or index out of range
//   ValueError for a missing argument or one out of its range: 'a positive order', 'at least 0'
//   KeyError for an argument that it does not have
Tensor renorm(const Tensor& x, double p, int64_t axis, double max_norm);

}  // namespace proa
