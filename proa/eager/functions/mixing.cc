// Written by tools/cpp_functions.py from the operator pages.
// clang-format off
#include "proa/eager/functions/mixing.h"

#include "proa/eager/functions/door.h"

namespace proa {

Tensor lerp(const Tensor& x, const Tensor& y, const TensorOrNumber& weight) {
  static const eager::Door door("tensor.lerp");
  eager::Request request(door);
  request.operand(x);
  request.operand(y);
  request.operand(weight);
  return request.one();
}

Tensor polygamma(const Tensor& x, int64_t n) {
  static const eager::Door door("tensor.polygamma");
  eager::Request request(door);
  request.operand(x);
  request.integer(0, n);
  return request.one();
}

Tensor heaviside(const TensorOrNumber& x, const TensorOrNumber& y) {
  static const eager::Door door("tensor.heaviside");
  eager::Request request(door);
  request.operand(x);
  request.operand(y);
  return request.one();
}

}  // namespace proa
