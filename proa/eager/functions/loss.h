// The operators of the family loss as C++ functions.
// Why text that a tool writes: an operator is written once, on its page.
// Written by tools/cpp_functions.py from the operator pages.
// clang-format off
#pragma once

#include "proa/eager/functions/arguments.h"

namespace proa {

// (input - label)^2.
// Args:
//   input: what is measured or laid out: predictions, probabilities, scores; floating point
//   label: the targets; floating point
//   reduction: 'mean' or 'sum' of the elements' losses, or 'none': each of them; a string, one of
//     'mean', 'sum', 'none'; default 'mean'
// Returns:
//   a tensor of the operands' promoted dtype
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'cannot be broadcast'
//   ValueError for a missing argument or one out of its range: 'expected one of'
Tensor mse_loss(const Tensor& input, const Tensor& label, std::string_view reduction = "mean");

// |input - label|.
// Args:
//   input: what is measured or laid out: predictions, probabilities, scores; floating point
//   label: the targets; floating point
//   reduction: 'mean' or 'sum' of the elements' losses, or 'none': each of them; a string, one of
//     'mean', 'sum', 'none'; default 'mean'
// Returns:
//   a tensor of the operands' promoted dtype
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'cannot be broadcast'
//   ValueError for a missing argument or one out of its range: 'expected one of'
Tensor l1_loss(const Tensor& input, const Tensor& label, std::string_view reduction = "mean");

// Half the squared error within delta, delta * (error - delta / 2) beyond (Huber 1964).
// Args:
//   input: what is measured or laid out: predictions, probabilities, scores; floating point
//   label: the targets; floating point
//   reduction: 'mean' or 'sum' of the elements' losses, or 'none': each of them; a string, one of
//     'mean', 'sum', 'none'; default 'mean'
//   delta: where the quadratic part ends and the linear one begins; a number, at least 0; default
//     1.0
// Returns:
//   a tensor of the operands' promoted dtype
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'cannot be broadcast'
//   ValueError for a missing argument or one out of its range: 'expected one of'
Tensor huber_loss(const Tensor& input, const Tensor& label, std::string_view reduction = "mean",
                  double delta = 1.0);

// The Huber loss, divided by delta where is_huber is False (PyTorch's form).
// Args:
//   input: what is measured or laid out: predictions, probabilities, scores; floating point
//   label: the targets; floating point
//   reduction: 'mean' or 'sum' of the elements' losses, or 'none': each of them; a string, one of
//     'mean', 'sum', 'none'; default 'mean'
//   delta: where the quadratic part ends and the linear one begins; a number, at least 0; default
//     1.0
//   is_huber: whether the quadratic part is the Huber one, delta times the smooth L1 one; True or
//     False; default True
// Returns:
//   a tensor of the operands' promoted dtype
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'cannot be broadcast'
//   ValueError for a missing argument or one out of its range: 'expected one of'
Tensor smooth_l1_loss(const Tensor& input, const Tensor& label,
                      std::string_view reduction = "mean", double delta = 1.0,
                      bool is_huber = true);

// -(label * log(input) + (1 - label) * log(1 - input)) * weight, with logarithms held above -100.
// Args:
//   input: what is measured or laid out: predictions, probabilities, scores; floating point
//   label: the targets; floating point
//   weight: the weights; floating point; may be left out
//   reduction: 'mean' or 'sum' of the elements' losses, or 'none': each of them; a string, one of
//     'mean', 'sum', 'none'; default 'mean'
// Returns:
//   a tensor of the operands' promoted dtype
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'cannot be broadcast'
//   ValueError for a missing argument or one out of its range: 'expected one of'
Tensor binary_cross_entropy(const Tensor& input, const Tensor& label, OptionalTensor weight = {},
                            std::string_view reduction = "mean");

// binary_cross_entropy of sigmoid(logit), without overflow; pos_weight multiplies the positive
// term.
// Args:
//   input: what is measured or laid out: predictions, probabilities, scores; floating point
//   label: the targets; floating point
//   weight: the weights; floating point; may be left out
//   pos_weight: factor of the positive part, broadcast to label's shape; floating point; may be
//     left out
//   reduction: 'mean' or 'sum' of the elements' losses, or 'none': each of them; a string, one of
//     'mean', 'sum', 'none'; default 'mean'
// Returns:
//   a tensor of the operands' promoted dtype
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'cannot be broadcast'
//   ValueError for a missing argument or one out of its range: 'expected one of'
Tensor binary_cross_entropy_with_logits(const Tensor& input, const Tensor& label,
                                        OptionalTensor weight = {},
                                        std::string_view reduction = "mean",
                                        OptionalTensor pos_weight = {});

// The Kullback-Leibler divergence: label * (log(label) - input), where input is log-probabilities
// (and label too, with log_target).
// Args:
//   input: what is measured or laid out: predictions, probabilities, scores; floating point
//   label: the targets; floating point
//   reduction: 'mean' or 'sum' of the elements' losses, or 'none': each of them; a string, one of
//     'mean', 'sum', 'none', 'batchmean'; default 'mean'
//   log_target: whether label holds logarithms; True or False; default False
// Returns:
//   a tensor of the operands' promoted dtype
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'cannot be broadcast'
//   ValueError for a missing argument or one out of its range: 'expected one of'
Tensor kl_div(const Tensor& input, const Tensor& label, std::string_view reduction = "mean",
              bool log_target = false);

// -sum(target * log(softmax(input))) along axis. label holds class numbers (in the shape of input
// without the axis, or with size 1 there) or, with soft_label, probabilities in the shape of input.
// ignore_index marks labels that do not count; weight is by class; the mean is over the weights
// that count. use_softmax=False takes input as probabilities.
// Args:
//   input: what is measured or laid out: predictions, probabilities, scores; floating point
//   label: the targets; real
//   weight: factor of each class, an element for each; floating point; may be left out
//   ignore_index: a label that counts for nothing; an integer; default -100
//   reduction: 'mean' or 'sum' of the elements' losses, or 'none': each of them; a string, one of
//     'mean', 'sum', 'none'; default 'mean'
//   soft_label: whether label holds probabilities of the classes; True or False; default False
//   axis: the axis along which it works, negative from the end; None where allowed: all; an
//     integer; default -1
//   use_softmax: whether input holds scores, of which softmax is taken; True or False; default True
//   label_smoothing: the share of a label's weight that is spread over all classes; a number, 0 to
//     1; default 0.0
// Returns:
//   a tensor of the dtype that the text gives
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'expected shape [4]', 'expected shape [4, 1]'
//   IndexError for an axis or index out of range
//   ValueError for a missing argument or one out of its range: '[0, 1]'
Tensor cross_entropy(const Tensor& input, const Tensor& label, OptionalTensor weight = {},
                     int64_t ignore_index = -100, std::string_view reduction = "mean",
                     bool soft_label = false, int64_t axis = -1, bool use_softmax = true,
                     double label_smoothing = 0.0);

// -input[label] * weight[label], with log-probabilities along axis 1; labels of ignore_index do not
// count.
// Args:
//   input: what is measured or laid out: predictions, probabilities, scores; floating point
//   label: the targets; integer
//   weight: factor of each class, an element for each; floating point; may be left out
//   ignore_index: a label that counts for nothing; an integer; default -100
//   reduction: 'mean' or 'sum' of the elements' losses, or 'none': each of them; a string, one of
//     'mean', 'sum', 'none'; default 'mean'
// Returns:
//   a tensor of the dtype that the text gives
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'expected shape [4]', 'one weight for each'
//   ValueError for a missing argument or one out of its range: 'expected one of'
Tensor nll_loss(const Tensor& input, const Tensor& label, OptionalTensor weight = {},
                int64_t ignore_index = -100, std::string_view reduction = "mean");

// x1 . x2 / max(|x1| |x2|, eps) along axis.
// Args:
//   x1: one of the two; floating point
//   x2: the other; floating point
//   axis: the axis along which it works, negative from the end; None where allowed: all; an
//     integer; default 1
//   eps: what keeps a divisor or a logarithm away from 0; a number, at least 0; default 1e-08
// Returns:
//   a tensor of the operands' promoted dtype
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'cannot be broadcast', '0-d'
//   IndexError for an axis or index out of range
//   ValueError for a missing argument or one out of its range: 'at least 0'
Tensor cosine_similarity(const Tensor& x1, const Tensor& x2, int64_t axis = 1, double eps = 1e-08);

}  // namespace proa
