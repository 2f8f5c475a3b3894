// Written by tools/cpp_functions.py from the operator pages.
// clang-format off
#include "proa/eager/functions/complex.h"

#include "proa/eager/functions/door.h"

namespace proa {

Tensor as_real(const Tensor& x) {
  static const eager::Door door("tensor.as_real");
  eager::Request request(door);
  request.operand(x);
  return request.one();
}

Tensor as_complex(const Tensor& x) {
  static const eager::Door door("tensor.as_complex");
  eager::Request request(door);
  request.operand(x);
  return request.one();
}

Tensor complex(const Tensor& real, const Tensor& imag) {
  static const eager::Door door("tensor.complex");
  eager::Request request(door);
  request.operand(real);
  request.operand(imag);
  return request.one();
}

Tensor polar(const Tensor& abs, const Tensor& angle) {
  static const eager::Door door("tensor.polar");
  eager::Request request(door);
  request.operand(abs);
  request.operand(angle);
  return request.one();
}

}  // namespace proa
