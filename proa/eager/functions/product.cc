// Written by tools/cpp_functions.py from the operator pages.
// clang-format off
#include "proa/eager/functions/product.h"

#include "proa/eager/functions/door.h"

namespace proa {

Tensor matmul(const Tensor& x, const Tensor& y, bool transpose_x, bool transpose_y) {
  static const eager::Door door("tensor.matmul");
  eager::Request request(door);
  request.operand(x);
  request.operand(y);
  request.boolean(0, transpose_x);
  request.boolean(1, transpose_y);
  return request.one();
}

Tensor mm(const Tensor& x, const Tensor& mat2) {
  static const eager::Door door("tensor.mm");
  eager::Request request(door);
  request.operand(x);
  request.operand(mat2);
  return request.one();
}

Tensor bmm(const Tensor& x, const Tensor& y) {
  static const eager::Door door("tensor.bmm");
  eager::Request request(door);
  request.operand(x);
  request.operand(y);
  return request.one();
}

Tensor mv(const Tensor& x, const Tensor& vec) {
  static const eager::Door door("tensor.mv");
  eager::Request request(door);
  request.operand(x);
  request.operand(vec);
  return request.one();
}

Tensor dot(const Tensor& x, const Tensor& y) {
  static const eager::Door door("tensor.dot");
  eager::Request request(door);
  request.operand(x);
  request.operand(y);
  return request.one();
}

Tensor outer(const Tensor& x, const Tensor& y) {
  static const eager::Door door("tensor.outer");
  eager::Request request(door);
  request.operand(x);
  request.operand(y);
  return request.one();
}

Tensor inner(const Tensor& x, const Tensor& y) {
  static const eager::Door door("tensor.inner");
  eager::Request request(door);
  request.operand(x);
  request.operand(y);
  return request.one();
}

Tensor cross(const Tensor& x, const Tensor& y, std::optional<int64_t> axis) {
  static const eager::Door door("tensor.cross");
  eager::Request request(door);
  request.operand(x);
  request.operand(y);
  request.integer(0, axis);
  return request.one();
}

Tensor addmm(const Tensor& input, const Tensor& x, const Tensor& y, double beta, double alpha) {
  static const eager::Door door("tensor.addmm");
  eager::Request request(door);
  request.operand(input);
  request.operand(x);
  request.operand(y);
  request.real(0, beta);
  request.real(1, alpha);
  return request.one();
}

Tensor linear(const Tensor& x, const Tensor& weight, OptionalTensor bias) {
  static const eager::Door door("tensor.linear");
  eager::Request request(door);
  request.operand(x);
  request.operand(weight);
  request.operand(bias);
  return request.one();
}

}  // namespace proa
