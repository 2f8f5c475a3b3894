// The operators of the family draws as C++ functions.
// Why text that a tool writes: an operator is written once, on its page.
// Written by tools/cpp_functions.py from the operator pages.
// clang-format off
#pragma once

#include "proa/eager/functions/arguments.h"

namespace proa {

// Counts of the Poisson distribution of rate x, elementwise, in x's dtype; NaN for a negative rate.
// Args:
//   x: the tensor; floating point
// Returns:
//   a tensor of x's shape, of the dtype that the text gives
// Errors:
//   TypeError for another dtype or kind of argument
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor poisson(const Tensor& x);

// Numbers of the gamma distribution of shape x and scale 1, elementwise; NaN for a negative shape.
// Args:
//   x: the tensor; floating point
// Returns:
//   a tensor of x's shape, of the dtype that the text gives
// Errors:
//   TypeError for another dtype or kind of argument
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor standard_gamma(const Tensor& x);

// How many of count trials succeed, each with probability prob, elementwise, int64.
// Args:
//   count: the number of trials; real
//   prob: the probability of success; floating point
// Returns:
//   a tensor of the shapes broadcast together, of the dtype that the text gives
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'cannot be broadcast'
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor binomial(const Tensor& count, const Tensor& prob);

// Categories drawn by the weights of a vector, or of each row of a matrix, which need not add up to
// 1; without replacement each at most once. int64.
// Args:
//   x: the tensor; floating point
//   num_samples: how many are drawn; an integer, at least 1; default 1
//   replacement: whether one can be drawn again; True or False; default False
// Returns:
//   a tensor of the dtype that the text gives
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'at most the 4', 'a vector or a matrix'
//   ValueError for a missing argument or one out of its range: 'at least 1'
//   KeyError for an argument that it does not have
Tensor multinomial(const Tensor& x, int64_t num_samples = 1, bool replacement = false);

// Uniform integers in [low, high), or in [0, low) without high, in the shape and the dtype of x, if
// no other is given.
// Args:
//   x: the tensor; real or bool
//   low: the smallest value; 0 where high is left out; an integer; default 0
//   high: the end, itself left out; where None, low is the end and 0 the start; an integer; default
//     None
//   dtype: the dtype of the result, or in which it is computed; None leaves the usual one; a dtype;
//     default None
// Returns:
//   a tensor of x's shape, of the dtype asked for, else of the one that the text gives
// Errors:
//   TypeError for another dtype or kind of argument
//   ValueError for a missing argument or one out of its range: 'more than low'
//   KeyError for an argument that it does not have
Tensor randint_like(const Tensor& x, int64_t low = 0, std::optional<int64_t> high = {},
                    std::optional<DType> dtype = {});

// exp of numbers of a normal distribution of that mean and standard deviation.
// Args:
//   mean: the mean of the distribution; a number; default 1.0
//   std: the standard deviation of the distribution; a number; default 2.0
//   shape: the extents of the result; -1, where allowed, takes what is left; integers
//   dtype: the dtype of the result, or in which it is computed; None leaves the usual one; a dtype;
//     default None
// Returns:
//   a tensor of the dtype asked for, else of the one that the text gives
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'at least 0'
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor log_normal(double mean = 1.0, double std = 2.0, const Ints& shape = {},
                  std::optional<DType> dtype = {});

}  // namespace proa
