// Written by tools/cpp_functions.py from the operator pages.
// clang-format off
#include "proa/eager/functions/special.h"

#include "proa/eager/functions/door.h"

namespace proa {

Tensor i0(const TensorOrNumber& x) {
  static const eager::Door door("tensor.i0");
  eager::Request request(door);
  request.operand(x);
  return request.one();
}

Tensor i0e(const TensorOrNumber& x) {
  static const eager::Door door("tensor.i0e");
  eager::Request request(door);
  request.operand(x);
  return request.one();
}

Tensor i1(const TensorOrNumber& x) {
  static const eager::Door door("tensor.i1");
  eager::Request request(door);
  request.operand(x);
  return request.one();
}

Tensor i1e(const TensorOrNumber& x) {
  static const eager::Door door("tensor.i1e");
  eager::Request request(door);
  request.operand(x);
  return request.one();
}

Tensor gammainc(const TensorOrNumber& x, const TensorOrNumber& y) {
  static const eager::Door door("tensor.gammainc");
  eager::Request request(door);
  request.operand(x);
  request.operand(y);
  return request.one();
}

Tensor gammaincc(const TensorOrNumber& x, const TensorOrNumber& y) {
  static const eager::Door door("tensor.gammaincc");
  eager::Request request(door);
  request.operand(x);
  request.operand(y);
  return request.one();
}

Tensor multigammaln(const Tensor& x, int64_t p) {
  static const eager::Door door("tensor.multigammaln");
  eager::Request request(door);
  request.operand(x);
  request.integer(0, p);
  return request.one();
}

Tensor nextafter(const TensorOrNumber& x, const TensorOrNumber& y) {
  static const eager::Door door("tensor.nextafter");
  eager::Request request(door);
  request.operand(x);
  request.operand(y);
  return request.one();
}

std::array<Tensor, 2> frexp(const Tensor& x) {
  static const eager::Door door("tensor.frexp");
  eager::Request request(door);
  request.operand(x);
  return request.several<2>();
}

Tensor signbit(const TensorOrNumber& x) {
  static const eager::Door door("tensor.signbit");
  eager::Request request(door);
  request.operand(x);
  return request.one();
}

Tensor isposinf(const TensorOrNumber& x) {
  static const eager::Door door("tensor.isposinf");
  eager::Request request(door);
  request.operand(x);
  return request.one();
}

Tensor isneginf(const TensorOrNumber& x) {
  static const eager::Door door("tensor.isneginf");
  eager::Request request(door);
  request.operand(x);
  return request.one();
}

Tensor isreal(const TensorOrNumber& x) {
  static const eager::Door door("tensor.isreal");
  eager::Request request(door);
  request.operand(x);
  return request.one();
}

Tensor positive(const TensorOrNumber& x) {
  static const eager::Door door("tensor.positive");
  eager::Request request(door);
  request.operand(x);
  return request.one();
}

Tensor gcd(const TensorOrNumber& x, const TensorOrNumber& y) {
  static const eager::Door door("tensor.gcd");
  eager::Request request(door);
  request.operand(x);
  request.operand(y);
  return request.one();
}

Tensor lcm(const TensorOrNumber& x, const TensorOrNumber& y) {
  static const eager::Door door("tensor.lcm");
  eager::Request request(door);
  request.operand(x);
  request.operand(y);
  return request.one();
}

}  // namespace proa
