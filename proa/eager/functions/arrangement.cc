// Written by tools/cpp_functions.py from the operator pages.
// clang-format off
#include "proa/eager/functions/arrangement.h"

#include "proa/eager/functions/door.h"

namespace proa {

Tensor rot90(const Tensor& x, int64_t k, const Ints& axes) {
  static const eager::Door door("tensor.rot90");
  eager::Request request(door);
  request.operand(x);
  request.integer(0, k);
  request.ints(1, axes);
  return request.one();
}

Tensor unfold(const Tensor& x, int64_t axis, int64_t size, int64_t step) {
  static const eager::Door door("tensor.unfold");
  eager::Request request(door);
  request.operand(x);
  request.integer(0, axis);
  request.integer(1, size);
  request.integer(2, step);
  return request.one();
}

std::vector<Tensor> tensor_split(const Tensor& x, const Ints& num_or_indices, int64_t axis) {
  static const eager::Door door("tensor.tensor_split");
  eager::Request request(door);
  request.operand(x);
  request.ints(0, num_or_indices);
  request.integer(1, axis);
  return request.all();
}

std::vector<Tensor> hsplit(const Tensor& x, const Ints& num_or_indices) {
  static const eager::Door door("tensor.hsplit");
  eager::Request request(door);
  request.operand(x);
  request.ints(0, num_or_indices);
  return request.all();
}

std::vector<Tensor> vsplit(const Tensor& x, const Ints& num_or_indices) {
  static const eager::Door door("tensor.vsplit");
  eager::Request request(door);
  request.operand(x);
  request.ints(0, num_or_indices);
  return request.all();
}

std::vector<Tensor> dsplit(const Tensor& x, const Ints& num_or_indices) {
  static const eager::Door door("tensor.dsplit");
  eager::Request request(door);
  request.operand(x);
  request.ints(0, num_or_indices);
  return request.all();
}

Tensor atleast_1d(const Tensor& x) {
  static const eager::Door door("tensor.atleast_1d");
  eager::Request request(door);
  request.operand(x);
  return request.one();
}

Tensor atleast_2d(const Tensor& x) {
  static const eager::Door door("tensor.atleast_2d");
  eager::Request request(door);
  request.operand(x);
  return request.one();
}

Tensor atleast_3d(const Tensor& x) {
  static const eager::Door door("tensor.atleast_3d");
  eager::Request request(door);
  request.operand(x);
  return request.one();
}

Tensor hstack(const Tensors& x) {
  static const eager::Door door("tensor.hstack");
  eager::Request request(door);
  request.operand(x);
  return request.one();
}

Tensor vstack(const Tensors& x) {
  static const eager::Door door("tensor.vstack");
  eager::Request request(door);
  request.operand(x);
  return request.one();
}

Tensor dstack(const Tensors& x) {
  static const eager::Door door("tensor.dstack");
  eager::Request request(door);
  request.operand(x);
  return request.one();
}

Tensor column_stack(const Tensors& x) {
  static const eager::Door door("tensor.column_stack");
  eager::Request request(door);
  request.operand(x);
  return request.one();
}

std::vector<Tensor> broadcast_tensors(const Tensors& input) {
  static const eager::Door door("tensor.broadcast_tensors");
  eager::Request request(door);
  request.operand(input);
  return request.all();
}

Tensor block_diag(const Tensors& inputs) {
  static const eager::Door door("tensor.block_diag");
  eager::Request request(door);
  request.operand(inputs);
  return request.one();
}

Tensor cartesian_prod(const Tensors& x) {
  static const eager::Door door("tensor.cartesian_prod");
  eager::Request request(door);
  request.operand(x);
  return request.one();
}

Tensor combinations(const Tensor& x, int64_t r, bool with_replacement) {
  static const eager::Door door("tensor.combinations");
  eager::Request request(door);
  request.operand(x);
  request.integer(0, r);
  request.boolean(1, with_replacement);
  return request.one();
}

Tensor vander(const Tensor& x, std::optional<int64_t> n, bool increasing) {
  static const eager::Door door("tensor.vander");
  eager::Request request(door);
  request.operand(x);
  request.integer(0, n);
  request.boolean(1, increasing);
  return request.one();
}

Tensor unflatten(const Tensor& x, int64_t axis, const Ints& shape) {
  static const eager::Door door("tensor.unflatten");
  eager::Request request(door);
  request.operand(x);
  request.integer(0, axis);
  request.ints(1, shape);
  return request.one();
}

Tensor matrix_transpose(const Tensor& x) {
  static const eager::Door door("tensor.matrix_transpose");
  eager::Request request(door);
  request.operand(x);
  return request.one();
}

}  // namespace proa
