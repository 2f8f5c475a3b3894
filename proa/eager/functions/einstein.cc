// Written by tools/cpp_functions.py from the operator pages.
// clang-format off
#include "proa/eager/functions/einstein.h"

#include "proa/eager/functions/door.h"

namespace proa {

Tensor einsum(std::string_view equation, const Tensors& operands) {
  static const eager::Door door("tensor.einsum");
  eager::Request request(door);
  request.operand(operands);
  request.text(0, equation);
  return request.one();
}

Tensor tensordot(const Tensor& x, const Tensor& y, const Ints& axes, const Ints& axes_y) {
  static const eager::Door door("tensor.tensordot");
  eager::Request request(door);
  request.operand(x);
  request.operand(y);
  request.ints(0, axes);
  request.ints(1, axes_y);
  return request.one();
}

Tensor kron(const Tensor& x, const Tensor& y) {
  static const eager::Door door("tensor.kron");
  eager::Request request(door);
  request.operand(x);
  request.operand(y);
  return request.one();
}

}  // namespace proa
