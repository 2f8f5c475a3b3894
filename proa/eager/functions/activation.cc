// Written by tools/cpp_functions.py from the operator pages.
// clang-format off
#include "proa/eager/functions/activation.h"

#include "proa/eager/functions/door.h"

namespace proa {

Tensor relu(const TensorOrNumber& x) {
  static const eager::Door door("tensor.relu");
  eager::Request request(door);
  request.operand(x);
  return request.one();
}

Tensor relu6(const TensorOrNumber& x) {
  static const eager::Door door("tensor.relu6");
  eager::Request request(door);
  request.operand(x);
  return request.one();
}

Tensor sigmoid(const Tensor& x) {
  static const eager::Door door("tensor.sigmoid");
  eager::Request request(door);
  request.operand(x);
  return request.one();
}

Tensor silu(const TensorOrNumber& x) {
  static const eager::Door door("tensor.silu");
  eager::Request request(door);
  request.operand(x);
  return request.one();
}

Tensor swish(const TensorOrNumber& x) {
  static const eager::Door door("tensor.swish");
  eager::Request request(door);
  request.operand(x);
  return request.one();
}

Tensor gelu(const TensorOrNumber& x, bool approximate) {
  static const eager::Door door("tensor.gelu");
  eager::Request request(door);
  request.operand(x);
  request.boolean(0, approximate);
  return request.one();
}

Tensor leaky_relu(const TensorOrNumber& x, double negative_slope) {
  static const eager::Door door("tensor.leaky_relu");
  eager::Request request(door);
  request.operand(x);
  request.real(0, negative_slope);
  return request.one();
}

Tensor elu(const TensorOrNumber& x, double alpha) {
  static const eager::Door door("tensor.elu");
  eager::Request request(door);
  request.operand(x);
  request.real(0, alpha);
  return request.one();
}

Tensor celu(const TensorOrNumber& x, double alpha) {
  static const eager::Door door("tensor.celu");
  eager::Request request(door);
  request.operand(x);
  request.real(0, alpha);
  return request.one();
}

Tensor selu(const TensorOrNumber& x, double scale, double alpha) {
  static const eager::Door door("tensor.selu");
  eager::Request request(door);
  request.operand(x);
  request.real(0, scale);
  request.real(1, alpha);
  return request.one();
}

Tensor softplus(const TensorOrNumber& x, double beta, double threshold) {
  static const eager::Door door("tensor.softplus");
  eager::Request request(door);
  request.operand(x);
  request.real(0, beta);
  request.real(1, threshold);
  return request.one();
}

Tensor softsign(const TensorOrNumber& x) {
  static const eager::Door door("tensor.softsign");
  eager::Request request(door);
  request.operand(x);
  return request.one();
}

Tensor mish(const TensorOrNumber& x) {
  static const eager::Door door("tensor.mish");
  eager::Request request(door);
  request.operand(x);
  return request.one();
}

Tensor log_sigmoid(const TensorOrNumber& x) {
  static const eager::Door door("tensor.log_sigmoid");
  eager::Request request(door);
  request.operand(x);
  return request.one();
}

Tensor hardtanh(const TensorOrNumber& x, double min, double max) {
  static const eager::Door door("tensor.hardtanh");
  eager::Request request(door);
  request.operand(x);
  request.real(0, min);
  request.real(1, max);
  return request.one();
}

Tensor hardsigmoid(const TensorOrNumber& x, double slope, double offset) {
  static const eager::Door door("tensor.hardsigmoid");
  eager::Request request(door);
  request.operand(x);
  request.real(0, slope);
  request.real(1, offset);
  return request.one();
}

Tensor hardswish(const TensorOrNumber& x) {
  static const eager::Door door("tensor.hardswish");
  eager::Request request(door);
  request.operand(x);
  return request.one();
}

Tensor hardshrink(const TensorOrNumber& x, double threshold) {
  static const eager::Door door("tensor.hardshrink");
  eager::Request request(door);
  request.operand(x);
  request.real(0, threshold);
  return request.one();
}

Tensor softshrink(const TensorOrNumber& x, double threshold) {
  static const eager::Door door("tensor.softshrink");
  eager::Request request(door);
  request.operand(x);
  request.real(0, threshold);
  return request.one();
}

Tensor tanhshrink(const TensorOrNumber& x) {
  static const eager::Door door("tensor.tanhshrink");
  eager::Request request(door);
  request.operand(x);
  return request.one();
}

Tensor thresholded_relu(const TensorOrNumber& x, double threshold, double value) {
  static const eager::Door door("tensor.thresholded_relu");
  eager::Request request(door);
  request.operand(x);
  request.real(0, threshold);
  request.real(1, value);
  return request.one();
}

Tensor stanh(const TensorOrNumber& x, double scale_a, double scale_b) {
  static const eager::Door door("tensor.stanh");
  eager::Request request(door);
  request.operand(x);
  request.real(0, scale_a);
  request.real(1, scale_b);
  return request.one();
}

Tensor softmax(const TensorOrNumber& x, int64_t axis, std::optional<DType> dtype) {
  static const eager::Door door("tensor.softmax");
  eager::Request request(door);
  request.operand(x);
  request.integer(0, axis);
  request.dtype(1, dtype);
  return request.one();
}

Tensor log_softmax(const TensorOrNumber& x, int64_t axis, std::optional<DType> dtype) {
  static const eager::Door door("tensor.log_softmax");
  eager::Request request(door);
  request.operand(x);
  request.integer(0, axis);
  request.dtype(1, dtype);
  return request.one();
}

Tensor glu(const TensorOrNumber& x, int64_t axis) {
  static const eager::Door door("tensor.glu");
  eager::Request request(door);
  request.operand(x);
  request.integer(0, axis);
  return request.one();
}

Tensor maxout(const TensorOrNumber& x, int64_t groups, int64_t axis) {
  static const eager::Door door("tensor.maxout");
  eager::Request request(door);
  request.operand(x);
  request.integer(0, groups);
  request.integer(1, axis);
  return request.one();
}

Tensor swiglu(const Tensor& x, OptionalTensor y) {
  static const eager::Door door("tensor.swiglu");
  eager::Request request(door);
  request.operand(x);
  request.operand(y);
  return request.one();
}

Tensor prelu(const Tensor& x, const Tensor& weight, std::string_view data_format) {
  static const eager::Door door("tensor.prelu");
  eager::Request request(door);
  request.operand(x);
  request.operand(weight);
  request.text(0, data_format);
  return request.one();
}

}  // namespace proa
