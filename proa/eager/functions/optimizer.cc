// Written by tools/cpp_functions.py from the operator pages.
// clang-format off
#include "proa/eager/functions/optimizer.h"

#include "proa/eager/functions/door.h"

namespace proa {

Tensor sgd_step(const Tensor& param, const Tensor& grad, const Tensor& lr, double weight_decay) {
  static const eager::Door door("tensor.sgd_step");
  eager::Request request(door);
  request.operand(param);
  request.operand(grad);
  request.operand(lr);
  request.real(0, weight_decay);
  return request.one();
}

std::array<Tensor, 2> momentum_step(const Tensor& param, const Tensor& grad,
                                    const Tensor& velocity, const Tensor& lr, double momentum,
                                    bool use_nesterov, double weight_decay) {
  static const eager::Door door("tensor.momentum_step");
  eager::Request request(door);
  request.operand(param);
  request.operand(grad);
  request.operand(velocity);
  request.operand(lr);
  request.real(0, momentum);
  request.boolean(1, use_nesterov);
  request.real(2, weight_decay);
  return request.several<2>();
}

std::array<Tensor, 5> adam_step(const Tensor& param, const Tensor& grad, const Tensor& moment1,
                                const Tensor& moment2, const Tensor& beta1_pow,
                                const Tensor& beta2_pow, const Tensor& lr, double beta1,
                                double beta2, double epsilon, double weight_decay) {
  static const eager::Door door("tensor.adam_step");
  eager::Request request(door);
  request.operand(param);
  request.operand(grad);
  request.operand(moment1);
  request.operand(moment2);
  request.operand(beta1_pow);
  request.operand(beta2_pow);
  request.operand(lr);
  request.real(0, beta1);
  request.real(1, beta2);
  request.real(2, epsilon);
  request.real(3, weight_decay);
  return request.several<5>();
}

std::array<Tensor, 5> adamw_step(const Tensor& param, const Tensor& grad, const Tensor& moment1,
                                 const Tensor& moment2, const Tensor& beta1_pow,
                                 const Tensor& beta2_pow, const Tensor& lr, double beta1,
                                 double beta2, double epsilon, double weight_decay,
                                 double lr_ratio) {
  static const eager::Door door("tensor.adamw_step");
  eager::Request request(door);
  request.operand(param);
  request.operand(grad);
  request.operand(moment1);
  request.operand(moment2);
  request.operand(beta1_pow);
  request.operand(beta2_pow);
  request.operand(lr);
  request.real(0, beta1);
  request.real(1, beta2);
  request.real(2, epsilon);
  request.real(3, weight_decay);
  request.real(4, lr_ratio);
  return request.several<5>();
}

std::array<Tensor, 5> lamb_step(const Tensor& param, const Tensor& grad, const Tensor& moment1,
                                const Tensor& moment2, const Tensor& beta1_pow,
                                const Tensor& beta2_pow, const Tensor& lr, double beta1,
                                double beta2, double epsilon, double weight_decay) {
  static const eager::Door door("tensor.lamb_step");
  eager::Request request(door);
  request.operand(param);
  request.operand(grad);
  request.operand(moment1);
  request.operand(moment2);
  request.operand(beta1_pow);
  request.operand(beta2_pow);
  request.operand(lr);
  request.real(0, beta1);
  request.real(1, beta2);
  request.real(2, epsilon);
  request.real(3, weight_decay);
  return request.several<5>();
}

}  // namespace proa
