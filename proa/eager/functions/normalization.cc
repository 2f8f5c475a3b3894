// Written by tools/cpp_functions.py from the operator pages.
// clang-format off
#include "proa/eager/functions/normalization.h"

#include "proa/eager/functions/door.h"

namespace proa {

Tensor layer_norm(const Tensor& x, const Ints& normalized_shape, OptionalTensor weight,
                  OptionalTensor bias, double epsilon) {
  static const eager::Door door("tensor.layer_norm");
  eager::Request request(door);
  request.operand(x);
  request.operand(weight);
  request.operand(bias);
  request.ints(0, normalized_shape);
  request.real(1, epsilon);
  return request.one();
}

Tensor rms_norm(const Tensor& x, OptionalTensor weight, OptionalTensor bias, double epsilon) {
  static const eager::Door door("tensor.rms_norm");
  eager::Request request(door);
  request.operand(x);
  request.operand(weight);
  request.operand(bias);
  request.real(0, epsilon);
  return request.one();
}

std::array<Tensor, 3> batch_norm(const Tensor& x, OptionalTensor running_mean,
                                 OptionalTensor running_var, OptionalTensor weight,
                                 OptionalTensor bias, bool training, double momentum,
                                 double epsilon, std::string_view data_format) {
  static const eager::Door door("tensor.batch_norm");
  eager::Request request(door);
  request.operand(x);
  request.operand(running_mean);
  request.operand(running_var);
  request.operand(weight);
  request.operand(bias);
  request.boolean(0, training);
  request.real(1, momentum);
  request.real(2, epsilon);
  request.text(3, data_format);
  return request.several<3>();
}

Tensor group_norm(const Tensor& x, int64_t num_groups, double epsilon, OptionalTensor weight,
                  OptionalTensor bias, std::string_view data_format) {
  static const eager::Door door("tensor.group_norm");
  eager::Request request(door);
  request.operand(x);
  request.operand(weight);
  request.operand(bias);
  request.integer(0, num_groups);
  request.real(1, epsilon);
  request.text(2, data_format);
  return request.one();
}

Tensor instance_norm(const Tensor& x, OptionalTensor running_mean, OptionalTensor running_var,
                     OptionalTensor weight, OptionalTensor bias, bool use_input_stats,
                     double momentum, double eps, std::string_view data_format) {
  static const eager::Door door("tensor.instance_norm");
  eager::Request request(door);
  request.operand(x);
  request.operand(running_mean);
  request.operand(running_var);
  request.operand(weight);
  request.operand(bias);
  request.boolean(0, use_input_stats);
  request.real(1, momentum);
  request.real(2, eps);
  request.text(3, data_format);
  return request.one();
}

Tensor normalize(const Tensor& x, double p, int64_t axis, double epsilon) {
  static const eager::Door door("tensor.normalize");
  eager::Request request(door);
  request.operand(x);
  request.real(0, p);
  request.integer(1, axis);
  request.real(2, epsilon);
  return request.one();
}

Tensor local_response_norm(const Tensor& x, int64_t size, double alpha, double beta, double k,
                           std::string_view data_format) {
  static const eager::Door door("tensor.local_response_norm");
  eager::Request request(door);
  request.operand(x);
  request.integer(0, size);
  request.real(1, alpha);
  request.real(2, beta);
  request.real(3, k);
  request.text(4, data_format);
  return request.one();
}

}  // namespace proa
