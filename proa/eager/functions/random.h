// The operators of the family random as C++ functions.
// Why text that a tool writes: an operator is written once, on its page.
// Written by tools/cpp_functions.py from the operator pages.
// clang-format off
#pragma once

#include "proa/eager/functions/arguments.h"

namespace proa {

// Uniform numbers in [0, 1).
// Args:
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
Tensor rand(const Ints& shape, std::optional<DType> dtype = {});

// Uniform numbers in [min, max).
// Args:
//   shape: the extents of the result; -1, where allowed, takes what is left; integers
//   dtype: the dtype of the result, or in which it is computed; None leaves the usual one; a dtype;
//     default None
//   min: the lower end; a number; default -1.0
//   max: the upper end; a number; default 1.0
// Returns:
//   a tensor of the dtype asked for, else of the one that the text gives
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'at least 0'
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor uniform(const Ints& shape, std::optional<DType> dtype = {}, double min = -1.0,
               double max = 1.0);

// Numbers of the standard normal distribution (Box and Muller 1958).
// Args:
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
Tensor randn(const Ints& shape, std::optional<DType> dtype = {});

// Numbers of the standard normal distribution.
// Args:
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
Tensor standard_normal(const Ints& shape, std::optional<DType> dtype = {});

// Numbers of a normal distribution.
// Args:
//   shape: the extents of the result; -1, where allowed, takes what is left; integers
//   mean: the mean of the distribution; a number; default 0.0
//   std: the standard deviation of the distribution; a number; default 1.0
//   dtype: the dtype of the result, or in which it is computed; None leaves the usual one; a dtype;
//     default None
// Returns:
//   a tensor of the dtype asked for, else of the one that the text gives
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'at least 0'
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor gaussian(const Ints& shape, double mean = 0.0, double std = 1.0,
                std::optional<DType> dtype = {});

// Numbers of a normal distribution with the given mean and standard deviation.
// Args:
//   mean: the mean of the distribution; a number; default 0.0
//   std: the standard deviation of the distribution; a number; default 1.0
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
Tensor normal(double mean = 0.0, double std = 1.0, const Ints& shape = {},
              std::optional<DType> dtype = {});

// Uniform integers in [low, high), or in [0, low) without high.
// Args:
//   low: the smallest value; 0 where high is left out; an integer; default 0
//   high: the end, itself left out; where None, low is the end and 0 the start; an integer; default
//     None
//   shape: the extents of the result; -1, where allowed, takes what is left; integers
//   dtype: the dtype of the result, or in which it is computed; None leaves the usual one; a dtype;
//     default 'int64'
// Returns:
//   a tensor of the dtype asked for, else of the one that the text gives
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'at least 0'
//   ValueError for a missing argument or one out of its range: 'more than low', 'a dtype that holds
//     0..255'
//   KeyError for an argument that it does not have
// Unless given: dtype int64.
Tensor randint(int64_t low = 0, std::optional<int64_t> high = {}, const Ints& shape = {},
               std::optional<DType> dtype = {});

// The integers 0 .. n - 1 in random order.
// Args:
//   n: how many integers; an integer, at least 0
//   dtype: the dtype of the result, or in which it is computed; None leaves the usual one; a dtype;
//     default 'int64'
// Returns:
//   a tensor of the dtype asked for, else of the one that the text gives
// Errors:
//   TypeError for another dtype or kind of argument
//   ValueError for a missing argument or one out of its range: 'at least 0', 'at most 128'
//   KeyError for an argument that it does not have
// Unless given: dtype int64.
Tensor randperm(int64_t n, std::optional<DType> dtype = {});

// 1 with the probability that x holds, 0 otherwise. A number outside [0, 1] is refused.
// Args:
//   x: the tensor; floating point
// Returns:
//   a tensor of x's shape, of the dtype that the text gives
// Errors:
//   TypeError for another dtype or kind of argument
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor bernoulli(const Tensor& x);

// In training, elements set to zero with probability p and, in the mode upscale_in_train, the
// others divided by 1 - p (Srivastava et al. 2014). With axis, whole slices across the other axes
// go together.
// Args:
//   x: the tensor; floating point or complex
//   p: the probability of dropping an element; a number, 0 to 1; default 0.5
//   axis: axes that draw independently; along the others a draw is shared; an integer or several;
//     default None
//   training: whether anything is dropped; True or False; default True
//   mode: 'upscale_in_train': kept values grow by 1 / (1 - p) in training; 'downscale_in_infer':
//     they shrink by 1 - p outside it; a string, one of 'upscale_in_train', 'downscale_in_infer';
//     default 'upscale_in_train'
// Returns:
//   a tensor of x's shape, of the dtype that the text gives
// Errors:
//   TypeError for another dtype or kind of argument
//   IndexError for an axis or index out of range
//   ValueError for a missing argument or one out of its range: '[0, 1]', 'expected one of'
Tensor dropout(const Tensor& x, double p = 0.5, const Ints& axis = {}, bool training = true,
               std::string_view mode = "upscale_in_train");

}  // namespace proa
