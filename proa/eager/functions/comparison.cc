// Written by tools/cpp_functions.py from the operator pages.
// clang-format off
#include "proa/eager/functions/comparison.h"

#include "proa/eager/functions/door.h"

namespace proa {

Tensor equal(const TensorOrNumber& x, const TensorOrNumber& y) {
  static const eager::Door door("tensor.equal");
  eager::Request request(door);
  request.operand(x);
  request.operand(y);
  return request.one();
}

Tensor not_equal(const TensorOrNumber& x, const TensorOrNumber& y) {
  static const eager::Door door("tensor.not_equal");
  eager::Request request(door);
  request.operand(x);
  request.operand(y);
  return request.one();
}

Tensor less_than(const TensorOrNumber& x, const TensorOrNumber& y) {
  static const eager::Door door("tensor.less_than");
  eager::Request request(door);
  request.operand(x);
  request.operand(y);
  return request.one();
}

Tensor less_equal(const TensorOrNumber& x, const TensorOrNumber& y) {
  static const eager::Door door("tensor.less_equal");
  eager::Request request(door);
  request.operand(x);
  request.operand(y);
  return request.one();
}

Tensor greater_than(const TensorOrNumber& x, const TensorOrNumber& y) {
  static const eager::Door door("tensor.greater_than");
  eager::Request request(door);
  request.operand(x);
  request.operand(y);
  return request.one();
}

Tensor greater_equal(const TensorOrNumber& x, const TensorOrNumber& y) {
  static const eager::Door door("tensor.greater_equal");
  eager::Request request(door);
  request.operand(x);
  request.operand(y);
  return request.one();
}

Tensor logical_and(const TensorOrNumber& x, const TensorOrNumber& y) {
  static const eager::Door door("tensor.logical_and");
  eager::Request request(door);
  request.operand(x);
  request.operand(y);
  return request.one();
}

Tensor logical_or(const TensorOrNumber& x, const TensorOrNumber& y) {
  static const eager::Door door("tensor.logical_or");
  eager::Request request(door);
  request.operand(x);
  request.operand(y);
  return request.one();
}

Tensor logical_xor(const TensorOrNumber& x, const TensorOrNumber& y) {
  static const eager::Door door("tensor.logical_xor");
  eager::Request request(door);
  request.operand(x);
  request.operand(y);
  return request.one();
}

Tensor isclose(const TensorOrNumber& x, const TensorOrNumber& y, double rtol, double atol,
               bool equal_nan) {
  static const eager::Door door("tensor.isclose");
  eager::Request request(door);
  request.operand(x);
  request.operand(y);
  request.real(0, rtol);
  request.real(1, atol);
  request.boolean(2, equal_nan);
  return request.one();
}

Tensor allclose(const TensorOrNumber& x, const TensorOrNumber& y, double rtol, double atol,
                bool equal_nan) {
  static const eager::Door door("tensor.allclose");
  eager::Request request(door);
  request.operand(x);
  request.operand(y);
  request.real(0, rtol);
  request.real(1, atol);
  request.boolean(2, equal_nan);
  return request.one();
}

Tensor bitwise_and(const TensorOrNumber& x, const TensorOrNumber& y) {
  static const eager::Door door("tensor.bitwise_and");
  eager::Request request(door);
  request.operand(x);
  request.operand(y);
  return request.one();
}

Tensor bitwise_or(const TensorOrNumber& x, const TensorOrNumber& y) {
  static const eager::Door door("tensor.bitwise_or");
  eager::Request request(door);
  request.operand(x);
  request.operand(y);
  return request.one();
}

Tensor bitwise_xor(const TensorOrNumber& x, const TensorOrNumber& y) {
  static const eager::Door door("tensor.bitwise_xor");
  eager::Request request(door);
  request.operand(x);
  request.operand(y);
  return request.one();
}

Tensor bitwise_left_shift(const TensorOrNumber& x, const TensorOrNumber& y) {
  static const eager::Door door("tensor.bitwise_left_shift");
  eager::Request request(door);
  request.operand(x);
  request.operand(y);
  return request.one();
}

Tensor bitwise_right_shift(const TensorOrNumber& x, const TensorOrNumber& y) {
  static const eager::Door door("tensor.bitwise_right_shift");
  eager::Request request(door);
  request.operand(x);
  request.operand(y);
  return request.one();
}

Tensor logical_not(const TensorOrNumber& x) {
  static const eager::Door door("tensor.logical_not");
  eager::Request request(door);
  request.operand(x);
  return request.one();
}

Tensor bitwise_not(const TensorOrNumber& x) {
  static const eager::Door door("tensor.bitwise_not");
  eager::Request request(door);
  request.operand(x);
  return request.one();
}

}  // namespace proa
