// Written by tools/cpp_functions.py from the operator pages.
// clang-format off
#include "proa/eager/functions/matrices.h"

#include "proa/eager/functions/door.h"

namespace proa {

Tensor norm(const Tensor& x, const Number& p, const Ints& axis, bool keepdim) {
  static const eager::Door door("tensor.norm");
  eager::Request request(door);
  request.operand(x);
  request.number(0, p);
  request.ints(1, axis);
  request.boolean(2, keepdim);
  return request.one();
}

Tensor vector_norm(const Tensor& x, const Number& p, const Ints& axis, bool keepdim) {
  static const eager::Door door("tensor.vector_norm");
  eager::Request request(door);
  request.operand(x);
  request.number(0, p);
  request.ints(1, axis);
  request.boolean(2, keepdim);
  return request.one();
}

Tensor matrix_norm(const Tensor& x, const Number& p, const Ints& axis, bool keepdim) {
  static const eager::Door door("tensor.matrix_norm");
  eager::Request request(door);
  request.operand(x);
  request.number(0, p);
  request.ints(1, axis);
  request.boolean(2, keepdim);
  return request.one();
}

Tensor cond(const Tensor& x, const Number& p) {
  static const eager::Door door("tensor.cond");
  eager::Request request(door);
  request.operand(x);
  request.number(0, p);
  return request.one();
}

Tensor matrix_rank(const Tensor& x, const TensorOrNumber& tol, bool hermitian,
                   const TensorOrNumber& atol, const TensorOrNumber& rtol) {
  static const eager::Door door("tensor.matrix_rank");
  eager::Request request(door);
  request.operand(x);
  request.operand(tol);
  request.operand(atol);
  request.operand(rtol);
  request.boolean(0, hermitian);
  return request.one();
}

Tensor matrix_exp(const Tensor& x) {
  static const eager::Door door("tensor.matrix_exp");
  eager::Request request(door);
  request.operand(x);
  return request.one();
}

Tensor multi_dot(const Tensors& x) {
  static const eager::Door door("tensor.multi_dot");
  eager::Request request(door);
  request.operand(x);
  return request.one();
}

}  // namespace proa
