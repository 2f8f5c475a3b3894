// The operators of the family activation as C++ functions.
// Why text that a tool writes: an operator is written once, on its page.
// Written by tools/cpp_functions.py from the operator pages.
// clang-format off
#pragma once

#include "proa/eager/functions/arguments.h"

namespace proa {

// max(x, 0).
// Args:
//   x: the tensor; floating point, a plain number too
// Returns:
//   a tensor of x's shape, of the operands' promoted dtype
// Errors:
//   TypeError for another dtype or kind of argument
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor relu(const TensorOrNumber& x);

// min(max(x, 0), 6).
// Args:
//   x: the tensor; floating point, a plain number too
// Returns:
//   a tensor of x's shape, of the operands' promoted dtype
// Errors:
//   TypeError for another dtype or kind of argument
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor relu6(const TensorOrNumber& x);

// 1 / (1 + exp(-x)).
// Args:
//   x: the tensor; any dtype
// Returns:
//   a tensor of x's shape, of the operands' promoted dtype, the default float for integers and bool
// Errors:
//   TypeError for another dtype or kind of argument
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor sigmoid(const Tensor& x);

// x * sigmoid(x), also called swish (Elfwing et al. 2018).
// Args:
//   x: the tensor; floating point, a plain number too
// Returns:
//   a tensor of x's shape, of the operands' promoted dtype
// Errors:
//   TypeError for another dtype or kind of argument
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor silu(const TensorOrNumber& x);

// x * sigmoid(x).
// Args:
//   x: the tensor; floating point, a plain number too
// Returns:
//   a tensor of x's shape, of the operands' promoted dtype
// Errors:
//   TypeError for another dtype or kind of argument
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor swish(const TensorOrNumber& x);

// x * P(X <= x) for a standard normal X (Hendrycks and Gimpel 2016); approximate=True uses their
// tanh formula.
// Args:
//   x: the tensor; floating point, a plain number too
//   approximate: whether the tanh approximation is used; True or False; default False
// Returns:
//   a tensor of x's shape, of the operands' promoted dtype
// Errors:
//   TypeError for another dtype or kind of argument
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor gelu(const TensorOrNumber& x, bool approximate = false);

// x where it is positive, negative_slope * x elsewhere.
// Args:
//   x: the tensor; floating point, a plain number too
//   negative_slope: the slope below 0; a number; default 0.01
// Returns:
//   a tensor of x's shape, of the operands' promoted dtype
// Errors:
//   TypeError for another dtype or kind of argument
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor leaky_relu(const TensorOrNumber& x, double negative_slope = 0.01);

// x where it is positive, alpha * (exp(x) - 1) elsewhere (Clevert et al. 2016).
// Args:
//   x: the tensor; floating point, a plain number too
//   alpha: the scale of the part below 0; a number; default 1.0
// Returns:
//   a tensor of x's shape, of the operands' promoted dtype
// Errors:
//   TypeError for another dtype or kind of argument
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor elu(const TensorOrNumber& x, double alpha = 1.0);

// max(x, 0) + min(0, alpha * (exp(x / alpha) - 1)) (Barron 2017).
// Args:
//   x: the tensor; floating point, a plain number too
//   alpha: the scale of the part below 0; a number; default 1.0
// Returns:
//   a tensor of x's shape, of the operands' promoted dtype
// Errors:
//   TypeError for another dtype or kind of argument
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor celu(const TensorOrNumber& x, double alpha = 1.0);

// scale * elu(x, alpha) with the constants of Klambauer et al. 2017.
// Args:
//   x: the tensor; floating point, a plain number too
//   scale: the factor; a number; default 1.0507009873554805
//   alpha: factor of the exponential part; a number; default 1.6732632423543772
// Returns:
//   a tensor of x's shape, of the operands' promoted dtype
// Errors:
//   TypeError for another dtype or kind of argument
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor selu(const TensorOrNumber& x, double scale = 1.0507009873554805,
            double alpha = 1.6732632423543772);

// log(1 + exp(beta * x)) / beta; x itself where beta * x is above threshold.
// Args:
//   x: the tensor; floating point, a plain number too
//   beta: the steepness; a number; default 1.0
//   threshold: where beta x is above it the result is x; a number; default 20.0
// Returns:
//   a tensor of x's shape, of the operands' promoted dtype
// Errors:
//   TypeError for another dtype or kind of argument
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor softplus(const TensorOrNumber& x, double beta = 1.0, double threshold = 20.0);

// x / (1 + |x|).
// Args:
//   x: the tensor; floating point, a plain number too
// Returns:
//   a tensor of x's shape, of the operands' promoted dtype
// Errors:
//   TypeError for another dtype or kind of argument
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor softsign(const TensorOrNumber& x);

// x * tanh(softplus(x)) (Misra 2019).
// Args:
//   x: the tensor; floating point, a plain number too
// Returns:
//   a tensor of x's shape, of the operands' promoted dtype
// Errors:
//   TypeError for another dtype or kind of argument
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor mish(const TensorOrNumber& x);

// log(sigmoid(x)).
// Args:
//   x: the tensor; floating point, a plain number too
// Returns:
//   a tensor of x's shape, of the operands' promoted dtype
// Errors:
//   TypeError for another dtype or kind of argument
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor log_sigmoid(const TensorOrNumber& x);

// x held between min and max.
// Args:
//   x: the tensor; floating point, a plain number too
//   min: the lower end; a number; default -1.0
//   max: the upper end; a number; default 1.0
// Returns:
//   a tensor of x's shape, of the operands' promoted dtype
// Errors:
//   TypeError for another dtype or kind of argument
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor hardtanh(const TensorOrNumber& x, double min = -1.0, double max = 1.0);

// slope * x + offset, held between 0 and 1.
// Args:
//   x: the tensor; floating point, a plain number too
//   slope: the steepness; a number; default 0.16666666666666666
//   offset: the value at 0; a number; default 0.5
// Returns:
//   a tensor of x's shape, of the operands' promoted dtype
// Errors:
//   TypeError for another dtype or kind of argument
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor hardsigmoid(const TensorOrNumber& x, double slope = 0.16666666666666666,
                   double offset = 0.5);

// x * min(max(x + 3, 0), 6) / 6 (Howard et al. 2019).
// Args:
//   x: the tensor; floating point, a plain number too
// Returns:
//   a tensor of x's shape, of the operands' promoted dtype
// Errors:
//   TypeError for another dtype or kind of argument
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor hardswish(const TensorOrNumber& x);

// x where |x| is above threshold, 0 elsewhere.
// Args:
//   x: the tensor; floating point, a plain number too
//   threshold: where the two parts of the function meet; a number; default 0.5
// Returns:
//   a tensor of x's shape, of the operands' promoted dtype
// Errors:
//   TypeError for another dtype or kind of argument
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor hardshrink(const TensorOrNumber& x, double threshold = 0.5);

// x moved towards 0 by threshold; 0 where |x| is at most that.
// Args:
//   x: the tensor; floating point, a plain number too
//   threshold: where the two parts of the function meet; a number; default 0.5
// Returns:
//   a tensor of x's shape, of the operands' promoted dtype
// Errors:
//   TypeError for another dtype or kind of argument
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor softshrink(const TensorOrNumber& x, double threshold = 0.5);

// x - tanh(x).
// Args:
//   x: the tensor; floating point, a plain number too
// Returns:
//   a tensor of x's shape, of the operands' promoted dtype
// Errors:
//   TypeError for another dtype or kind of argument
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor tanhshrink(const TensorOrNumber& x);

// x where it is above threshold, value elsewhere.
// Args:
//   x: the tensor; floating point, a plain number too
//   threshold: where the two parts of the function meet; a number; default 1.0
//   value: what stands at and below the threshold; a number; default 0.0
// Returns:
//   a tensor of x's shape, of the operands' promoted dtype
// Errors:
//   TypeError for another dtype or kind of argument
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor thresholded_relu(const TensorOrNumber& x, double threshold = 1.0, double value = 0.0);

// scale_b * tanh(scale_a * x).
// Args:
//   x: the tensor; floating point, a plain number too
//   scale_a: factor of x; a number; default 0.67
//   scale_b: factor of the result; a number; default 1.7159
// Returns:
//   a tensor of x's shape, of the operands' promoted dtype
// Errors:
//   TypeError for another dtype or kind of argument
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor stanh(const TensorOrNumber& x, double scale_a = 0.67, double scale_b = 1.7159);

// exp(x) / sum(exp(x)) along axis, without overflow. With dtype the computation is in that dtype.
// Args:
//   x: the tensor; floating point, a plain number too
//   axis: the axis along which it works, negative from the end; None where allowed: all; an
//     integer; default -1
//   dtype: the dtype of the result, or in which it is computed; None leaves the usual one; a dtype;
//     default None
// Returns:
//   a tensor of the dtype asked for, else of the one that the text gives
// Errors:
//   TypeError for another dtype or kind of argument
//   IndexError for an axis or index out of range
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor softmax(const TensorOrNumber& x, int64_t axis = -1, std::optional<DType> dtype = {});

// log(softmax(x)) along axis, without overflow. With dtype the computation is in that dtype.
// Args:
//   x: the tensor; floating point, a plain number too
//   axis: the axis along which it works, negative from the end; None where allowed: all; an
//     integer; default -1
//   dtype: the dtype of the result, or in which it is computed; None leaves the usual one; a dtype;
//     default None
// Returns:
//   a tensor of the dtype asked for, else of the one that the text gives
// Errors:
//   TypeError for another dtype or kind of argument
//   IndexError for an axis or index out of range
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor log_softmax(const TensorOrNumber& x, int64_t axis = -1, std::optional<DType> dtype = {});

// The first half along axis times the sigmoid of the second (Dauphin et al. 2017).
// Args:
//   x: the tensor; floating point, a plain number too
//   axis: the axis along which it works, negative from the end; None where allowed: all; an
//     integer; default -1
// Returns:
//   a tensor of the operands' promoted dtype
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'an even size'
//   IndexError for an axis or index out of range
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor glu(const TensorOrNumber& x, int64_t axis = -1);

// The largest of each group of `groups` channels along axis (Goodfellow et al. 2013).
// Args:
//   x: the tensor; floating point, a plain number too
//   groups: into how many groups channels are cut; each sees its own inputs only; an integer, at
//     least 1
//   axis: the axis along which it works, negative from the end; None where allowed: all; an
//     integer; default 1
// Returns:
//   a tensor of the operands' promoted dtype
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'does not divide'
//   IndexError for an axis or index out of range
//   ValueError for a missing argument or one out of its range: 'at least 1'
Tensor maxout(const TensorOrNumber& x, int64_t groups, int64_t axis = 1);

// silu(x) * y; without y the last axis of x is cut in two halves (Shazeer 2020).
// Args:
//   x: the tensor; floating point
//   y: the other operand; floating point; may be left out
// Returns:
//   a tensor of the shapes broadcast together, of the operands' promoted dtype
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'an even size', 'expected shape [3, 4]'
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor swiglu(const Tensor& x, OptionalTensor y = {});

// x where it is positive, weight * x elsewhere, with one slope or one for each channel (He et al.
// 2015).
// Args:
//   x: the tensor; floating point
//   weight: the slope below 0, one or an element for each channel; floating point
//   data_format: where the channels are: 'NCHW' second, 'NHWC' last (1 and 3 dims likewise); a
//     string, one of 'NC', 'NCL', 'NCHW', 'NCDHW', 'NLC', 'NHWC', 'NDHWC'; default 'NCHW'
// Returns:
//   a tensor of the operands' promoted dtype
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'one slope for each of 3', 'expected one slope'
//   ValueError for a missing argument or one out of its range: 'expected one of'
//   KeyError for an argument that it does not have
Tensor prelu(const Tensor& x, const Tensor& weight, std::string_view data_format = "NCHW");

}  // namespace proa
