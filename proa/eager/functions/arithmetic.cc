// Written by tools/cpp_functions.py from the operator pages.
// clang-format off
#include "proa/eager/functions/arithmetic.h"

#include "proa/eager/functions/door.h"

namespace proa {

Tensor add(const TensorOrNumber& x, const TensorOrNumber& y) {
  static const eager::Door door("tensor.add");
  eager::Request request(door);
  request.operand(x);
  request.operand(y);
  return request.one();
}

Tensor subtract(const TensorOrNumber& x, const TensorOrNumber& y) {
  static const eager::Door door("tensor.subtract");
  eager::Request request(door);
  request.operand(x);
  request.operand(y);
  return request.one();
}

Tensor multiply(const TensorOrNumber& x, const TensorOrNumber& y) {
  static const eager::Door door("tensor.multiply");
  eager::Request request(door);
  request.operand(x);
  request.operand(y);
  return request.one();
}

Tensor divide(const TensorOrNumber& x, const TensorOrNumber& y) {
  static const eager::Door door("tensor.divide");
  eager::Request request(door);
  request.operand(x);
  request.operand(y);
  return request.one();
}

Tensor floor_divide(const TensorOrNumber& x, const TensorOrNumber& y) {
  static const eager::Door door("tensor.floor_divide");
  eager::Request request(door);
  request.operand(x);
  request.operand(y);
  return request.one();
}

Tensor remainder(const TensorOrNumber& x, const TensorOrNumber& y) {
  static const eager::Door door("tensor.remainder");
  eager::Request request(door);
  request.operand(x);
  request.operand(y);
  return request.one();
}

Tensor pow(const TensorOrNumber& x, const TensorOrNumber& y) {
  static const eager::Door door("tensor.pow");
  eager::Request request(door);
  request.operand(x);
  request.operand(y);
  return request.one();
}

Tensor maximum(const TensorOrNumber& x, const TensorOrNumber& y) {
  static const eager::Door door("tensor.maximum");
  eager::Request request(door);
  request.operand(x);
  request.operand(y);
  return request.one();
}

Tensor minimum(const TensorOrNumber& x, const TensorOrNumber& y) {
  static const eager::Door door("tensor.minimum");
  eager::Request request(door);
  request.operand(x);
  request.operand(y);
  return request.one();
}

Tensor fmax(const TensorOrNumber& x, const TensorOrNumber& y) {
  static const eager::Door door("tensor.fmax");
  eager::Request request(door);
  request.operand(x);
  request.operand(y);
  return request.one();
}

Tensor fmin(const TensorOrNumber& x, const TensorOrNumber& y) {
  static const eager::Door door("tensor.fmin");
  eager::Request request(door);
  request.operand(x);
  request.operand(y);
  return request.one();
}

Tensor atan2(const TensorOrNumber& x, const TensorOrNumber& y) {
  static const eager::Door door("tensor.atan2");
  eager::Request request(door);
  request.operand(x);
  request.operand(y);
  return request.one();
}

Tensor logaddexp(const TensorOrNumber& x, const TensorOrNumber& y) {
  static const eager::Door door("tensor.logaddexp");
  eager::Request request(door);
  request.operand(x);
  request.operand(y);
  return request.one();
}

Tensor hypot(const TensorOrNumber& x, const TensorOrNumber& y) {
  static const eager::Door door("tensor.hypot");
  eager::Request request(door);
  request.operand(x);
  request.operand(y);
  return request.one();
}

Tensor copysign(const TensorOrNumber& x, const TensorOrNumber& y) {
  static const eager::Door door("tensor.copysign");
  eager::Request request(door);
  request.operand(x);
  request.operand(y);
  return request.one();
}

Tensor ldexp(const TensorOrNumber& x, const TensorOrNumber& y) {
  static const eager::Door door("tensor.ldexp");
  eager::Request request(door);
  request.operand(x);
  request.operand(y);
  return request.one();
}

}  // namespace proa
