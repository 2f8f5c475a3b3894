// The operators of the family normalization as C++ functions.
// Why text that a tool writes: an operator is written once, on its page.
// Written by tools/cpp_functions.py from the operator pages.
// clang-format off
#pragma once

#include <array>

#include "proa/eager/functions/arguments.h"

namespace proa {

// Each position normalised over its last axes, then weight and bias (Ba et al. 2016). float16 and
// bfloat16 compute in float32.
// Args:
//   x: the tensor; floating point
//   weight: factors at the end, an element for each channel or feature; floating point; may be left
//     out
//   bias: what is added at the end, an element for each channel or feature; floating point; may be
//     left out
//   normalized_shape: the extents of the last axes, over which it is normalised; integers
//   epsilon: what keeps a divisor away from 0; a number, at least 0; default 1e-05
// Returns:
//   a tensor of the dtype that the text gives
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'the last sizes', 'the last 1 to 1'
//   ValueError for a missing argument or one out of its range: 'at least 0'
Tensor layer_norm(const Tensor& x, const Ints& normalized_shape, OptionalTensor weight = {},
                  OptionalTensor bias = {}, double epsilon = 1e-05);

// x / sqrt(mean(x^2) + epsilon) over the last axis, then weight and bias (Zhang and Sennrich 2019).
// Args:
//   x: the tensor; floating point
//   weight: factors at the end, an element for each channel or feature; floating point; may be left
//     out
//   bias: what is added at the end, an element for each channel or feature; floating point; may be
//     left out
//   epsilon: what keeps a divisor away from 0; a number, at least 0; default 1e-06
// Returns:
//   a tensor of the dtype that the text gives
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'expected shape [4]', 'at least 1 dim'
//   ValueError for a missing argument or one out of its range: 'at least 0'
Tensor rms_norm(const Tensor& x, OptionalTensor weight = {}, OptionalTensor bias = {},
                double epsilon = 1e-06);

// Each channel normalised over batch and space (Ioffe and Szegedy 2015): by the batch's statistics
// in training, else by the running ones. Gives y and the running statistics: momentum * running +
// (1 - momentum) * batch with the biased variance, in training.
// Args:
//   x: the tensor; floating point
//   running_mean: the mean kept from training, an element for each channel; floating point; may be
//     left out
//   running_var: the variance kept from training, an element for each channel; floating point; may
//     be left out
//   weight: factors at the end, an element for each channel or feature; floating point; may be left
//     out
//   bias: what is added at the end, an element for each channel or feature; floating point; may be
//     left out
//   training: whether the batch's own statistics are used, and the running ones moved; True or
//     False; default False
//   momentum: the share of the old running value that is kept; a number, 0 to 1; default 0.9
//   epsilon: what keeps a divisor away from 0; a number, at least 0; default 1e-05
//   data_format: where the channels are: 'NCHW' second, 'NHWC' last (1 and 3 dims likewise); a
//     string, one of 'NC', 'NCL', 'NCHW', 'NCDHW', 'NLC', 'NHWC', 'NDHWC'; default 'NCHW'
// Returns:
//   y, running_mean, running_var: tensors of the dtype that the text gives
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'expected shape [3]', 'batch and channels'
//   ValueError for a missing argument or one out of its range: 'expected running statistics',
//     'together'
std::array<Tensor, 3> batch_norm(const Tensor& x, OptionalTensor running_mean = {},
                                 OptionalTensor running_var = {}, OptionalTensor weight = {},
                                 OptionalTensor bias = {}, bool training = false,
                                 double momentum = 0.9, double epsilon = 1e-05,
                                 std::string_view data_format = "NCHW");

// The channels in groups, each normalised over its channels and space (Wu and He 2018).
// Args:
//   x: the tensor; floating point
//   weight: factors at the end, an element for each channel or feature; floating point; may be left
//     out
//   bias: what is added at the end, an element for each channel or feature; floating point; may be
//     left out
//   num_groups: into how many groups channels are cut; an integer, at least 1
//   epsilon: what keeps a divisor away from 0; a number, at least 0; default 1e-05
//   data_format: where the channels are: 'NCHW' second, 'NHWC' last (1 and 3 dims likewise); a
//     string, one of 'NC', 'NCL', 'NCHW', 'NCDHW', 'NLC', 'NHWC', 'NDHWC'; default 'NCHW'
// Returns:
//   a tensor of the dtype that the text gives
// Errors:
//   ShapeError where shapes do not fit: 'do not divide', 'batch and channels'
//   ValueError for a missing argument or one out of its range: 'at least 1'
Tensor group_norm(const Tensor& x, int64_t num_groups, double epsilon = 1e-05,
                  OptionalTensor weight = {}, OptionalTensor bias = {},
                  std::string_view data_format = "NCHW");

// Each channel of each sample normalised over its space (Ulyanov et al. 2016).
// Args:
//   x: the tensor; floating point
//   running_mean: the mean kept from training, an element for each channel; floating point; may be
//     left out
//   running_var: the variance kept from training, an element for each channel; floating point; may
//     be left out
//   weight: factors at the end, an element for each channel or feature; floating point; may be left
//     out
//   bias: what is added at the end, an element for each channel or feature; floating point; may be
//     left out
//   use_input_stats: whether the input's own statistics are used; True or False; default True
//   momentum: the share of the old running value that is kept; a number, 0 to 1; default 0.9
//   eps: what keeps a divisor or a logarithm away from 0; a number, at least 0; default 1e-05
//   data_format: where the channels are: 'NCHW' second, 'NHWC' last (1 and 3 dims likewise); a
//     string, one of 'NC', 'NCL', 'NCHW', 'NCDHW', 'NLC', 'NHWC', 'NDHWC'; default 'NCHW'
// Returns:
//   a tensor of the dtype that the text gives
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'and space', 'expected shape [3]'
//   ValueError for a missing argument or one out of its range: 'expected running statistics', 'at
//     least 0'
Tensor instance_norm(const Tensor& x, OptionalTensor running_mean = {},
                     OptionalTensor running_var = {}, OptionalTensor weight = {},
                     OptionalTensor bias = {}, bool use_input_stats = true, double momentum = 0.9,
                     double eps = 1e-05, std::string_view data_format = "NCHW");

// x / max(p-norm of x along axis, epsilon).
// Args:
//   x: the tensor; floating point
//   p: the exponent of the norm; a number; default 2.0
//   axis: the axis along which it works, negative from the end; None where allowed: all; an
//     integer; default 1
//   epsilon: what keeps a divisor away from 0; a number, at least 0; default 1e-12
// Returns:
//   a tensor of the operands' promoted dtype
// Errors:
//   TypeError for another dtype or kind of argument
//   IndexError for an axis or index out of range
//   ValueError for a missing argument or one out of its range: 'at least 0'
Tensor normalize(const Tensor& x, double p = 2.0, int64_t axis = 1, double epsilon = 1e-12);

// x / (k + alpha * mean of squares over `size` neighbouring channels)^beta (Krizhevsky et al.
// 2012).
// Args:
//   x: the tensor; floating point
//   size: how many neighbouring channels; an integer, at least 1
//   alpha: factor of the sum of squares; a number; default 1e-04
//   beta: the exponent; a number; default 0.75
//   k: what is added to the sum; a number; default 1.0
//   data_format: where the channels are: 'NCHW' second, 'NHWC' last (1 and 3 dims likewise); a
//     string, one of 'NC', 'NCL', 'NCHW', 'NCDHW', 'NLC', 'NHWC', 'NDHWC'; default 'NCHW'
// Returns:
//   a tensor of the operands' promoted dtype
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'and space'
//   ValueError for a missing argument or one out of its range: 'at least 1'
Tensor local_response_norm(const Tensor& x, int64_t size, double alpha = 0.0001,
                           double beta = 0.75, double k = 1.0,
                           std::string_view data_format = "NCHW");

}  // namespace proa
