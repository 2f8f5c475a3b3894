// Written by tools/cpp_functions.py from the operator pages.
// clang-format off
#include "proa/eager/functions/joining.h"

#include "proa/eager/functions/door.h"

namespace proa {

Tensor concat(const Tensors& x, int64_t axis) {
  static const eager::Door door("tensor.concat");
  eager::Request request(door);
  request.operand(x);
  request.integer(0, axis);
  return request.one();
}

Tensor stack(const Tensors& x, int64_t axis) {
  static const eager::Door door("tensor.stack");
  eager::Request request(door);
  request.operand(x);
  request.integer(0, axis);
  return request.one();
}

std::vector<Tensor> split(const Tensor& x, const Ints& num_or_sections, int64_t axis) {
  static const eager::Door door("tensor.split");
  eager::Request request(door);
  request.operand(x);
  request.ints(0, num_or_sections);
  request.integer(1, axis);
  return request.all();
}

std::vector<Tensor> chunk(const Tensor& x, int64_t chunks, int64_t axis) {
  static const eager::Door door("tensor.chunk");
  eager::Request request(door);
  request.operand(x);
  request.integer(0, chunks);
  request.integer(1, axis);
  return request.all();
}

std::vector<Tensor> unbind(const Tensor& x, int64_t axis) {
  static const eager::Door door("tensor.unbind");
  eager::Request request(door);
  request.operand(x);
  request.integer(0, axis);
  return request.all();
}

Tensor tile(const Tensor& x, const Ints& repeat_times) {
  static const eager::Door door("tensor.tile");
  eager::Request request(door);
  request.operand(x);
  request.ints(0, repeat_times);
  return request.one();
}

Tensor add_n(const Tensors& x) {
  static const eager::Door door("tensor.add_n");
  eager::Request request(door);
  request.operand(x);
  return request.one();
}

Tensor roll(const Tensor& x, const Ints& shifts, const Ints& axis) {
  static const eager::Door door("tensor.roll");
  eager::Request request(door);
  request.operand(x);
  request.ints(0, shifts);
  request.ints(1, axis);
  return request.one();
}

}  // namespace proa
