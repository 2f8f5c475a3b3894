// The operators of the family optimizer as C++ functions.
// Why text that a tool writes: an operator is written once, on its page.
// Written by tools/cpp_functions.py from the operator pages.
// clang-format off
#pragma once

#include <array>

#include "proa/eager/functions/arguments.h"

namespace proa {

// A step of gradient descent: param - lr * (grad + weight_decay * param).
// Args:
//   param: the parameter; floating point
//   grad: its gradient, of param's shape; floating point
//   lr: the rate of learning, 0-d or one element; float32 or float64
//   weight_decay: the share of the parameter that is taken away, times the rate; a number; default
//     0.0
// Returns:
//   a tensor of the dtype that the text gives
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'grad', '0-d'
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor sgd_step(const Tensor& param, const Tensor& grad, const Tensor& lr,
                double weight_decay = 0.0);

// A step of gradient descent with a velocity: v = momentum * velocity + grad + weight_decay *
// param, then param - lr * v; use_nesterov looks ahead by one more step.
// Args:
//   param: the parameter; floating point
//   grad: its gradient, of param's shape; floating point
//   velocity: the running sum of gradients; floating point
//   lr: the rate of learning, 0-d or one element; float32 or float64
//   momentum: the share of the old running value that is kept; a number; default 0.9
//   use_nesterov: whether the step looks ahead along the velocity; True or False; default False
//   weight_decay: the share of the parameter that is taken away, times the rate; a number; default
//     0.0
// Returns:
//   param, velocity: tensors of the dtype that the text gives
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'grad', '0-d'
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
// Source: Sutskever et al. 2013, On the importance of initialization and momentum.
std::array<Tensor, 2> momentum_step(const Tensor& param, const Tensor& grad,
                                    const Tensor& velocity, const Tensor& lr, double momentum = 0.9,
                                    bool use_nesterov = false, double weight_decay = 0.0);

// A step of Adam; weight_decay is added to the gradient (L2). Moments and powers come back for the
// next step.
// Args:
//   param: the parameter; floating point
//   grad: its gradient, of param's shape; floating point
//   moment1: the running mean of the gradient; floating point
//   moment2: the running mean of its square; floating point
//   beta1_pow: beta1 to the number of this step, 0-d or one element; float32 or float64
//   beta2_pow: beta2 to the number of this step, 0-d or one element; float32 or float64
//   lr: the rate of learning, 0-d or one element; float32 or float64
//   beta1: decay of the first moment; a number, 0 to 1; default 0.9
//   beta2: decay of the second moment; a number, 0 to 1; default 0.999
//   epsilon: what keeps a divisor away from 0; a number, 0 to 1; default 1e-08
//   weight_decay: the share of the parameter that is taken away, times the rate; a number; default
//     0.0
// Returns:
//   param, moment1, moment2, beta1_pow, beta2_pow: tensors of the dtype that the text gives
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'grad', '0-d'
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
// Source: Kingma & Ba 2015, Adam.
std::array<Tensor, 5> adam_step(const Tensor& param, const Tensor& grad, const Tensor& moment1,
                                const Tensor& moment2, const Tensor& beta1_pow,
                                const Tensor& beta2_pow, const Tensor& lr, double beta1 = 0.9,
                                double beta2 = 0.999, double epsilon = 1e-08,
                                double weight_decay = 0.0);

// A step of Adam with decoupled weight decay: param is multiplied by 1 - lr * lr_ratio *
// weight_decay first. Moments and powers come back for the next step.
// Args:
//   param: the parameter; floating point
//   grad: its gradient, of param's shape; floating point
//   moment1: the running mean of the gradient; floating point
//   moment2: the running mean of its square; floating point
//   beta1_pow: beta1 to the number of this step, 0-d or one element; float32 or float64
//   beta2_pow: beta2 to the number of this step, 0-d or one element; float32 or float64
//   lr: the rate of learning, 0-d or one element; float32 or float64
//   beta1: decay of the first moment; a number, 0 to 1; default 0.9
//   beta2: decay of the second moment; a number, 0 to 1; default 0.999
//   epsilon: what keeps a divisor away from 0; a number, 0 to 1; default 1e-08
//   weight_decay: the share of the parameter that is taken away, times the rate; a number; default
//     0.01
//   lr_ratio: factor of the rate for this parameter; a number; default 1.0
// Returns:
//   param, moment1, moment2, beta1_pow, beta2_pow: tensors of the dtype that the text gives
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'grad', '0-d'
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
// Source: Loshchilov & Hutter 2019, Decoupled weight decay regularization, algorithm 2.
std::array<Tensor, 5> adamw_step(const Tensor& param, const Tensor& grad, const Tensor& moment1,
                                 const Tensor& moment2, const Tensor& beta1_pow,
                                 const Tensor& beta2_pow, const Tensor& lr, double beta1 = 0.9,
                                 double beta2 = 0.999, double epsilon = 1e-08,
                                 double weight_decay = 0.01, double lr_ratio = 1.0);

// A step of LAMB: Adam's direction, as long as the parameter's norm says. Where one of the two
// norms is 0 their ratio is taken as 1.
// Args:
//   param: the parameter; floating point
//   grad: its gradient, of param's shape; floating point
//   moment1: the running mean of the gradient; floating point
//   moment2: the running mean of its square; floating point
//   beta1_pow: beta1 to the number of this step, 0-d or one element; float32 or float64
//   beta2_pow: beta2 to the number of this step, 0-d or one element; float32 or float64
//   lr: the rate of learning, 0-d or one element; float32 or float64
//   beta1: decay of the first moment; a number, 0 to 1; default 0.9
//   beta2: decay of the second moment; a number, 0 to 1; default 0.999
//   epsilon: what keeps a divisor away from 0; a number, 0 to 1; default 1e-06
//   weight_decay: the share of the parameter that is taken away, times the rate; a number; default
//     0.01
// Returns:
//   param, moment1, moment2, beta1_pow, beta2_pow: tensors of the dtype that the text gives
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'grad', '0-d'
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
// Source: You et al. 2020, Large batch optimization for deep learning, algorithm 2.
std::array<Tensor, 5> lamb_step(const Tensor& param, const Tensor& grad, const Tensor& moment1,
                                const Tensor& moment2, const Tensor& beta1_pow,
                                const Tensor& beta2_pow, const Tensor& lr, double beta1 = 0.9,
                                double beta2 = 0.999, double epsilon = 1e-06,
                                double weight_decay = 0.01);

}  // namespace proa
