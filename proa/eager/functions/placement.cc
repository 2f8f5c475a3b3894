// Written by tools/cpp_functions.py from the operator pages.
// clang-format off
#include "proa/eager/functions/placement.h"

#include "proa/eager/functions/door.h"

namespace proa {

Tensor index_add(const Tensor& x, const Tensor& index, int64_t axis, const Tensor& value) {
  static const eager::Door door("tensor.index_add");
  eager::Request request(door);
  request.operand(x);
  request.operand(index);
  request.operand(value);
  request.integer(0, axis);
  return request.one();
}

Tensor index_fill(const Tensor& x, const Tensor& index, int64_t axis,
                  const TensorOrNumber& value) {
  static const eager::Door door("tensor.index_fill");
  eager::Request request(door);
  request.operand(x);
  request.operand(index);
  request.operand(value);
  request.integer(0, axis);
  return request.one();
}

Tensor scatter(const Tensor& x, const Tensor& index, const Tensor& updates, bool overwrite) {
  static const eager::Door door("tensor.scatter");
  eager::Request request(door);
  request.operand(x);
  request.operand(index);
  request.operand(updates);
  request.boolean(0, overwrite);
  return request.one();
}

Tensor scatter_nd(const Tensor& index, const Tensor& updates, const Ints& shape) {
  static const eager::Door door("tensor.scatter_nd");
  eager::Request request(door);
  request.operand(index);
  request.operand(updates);
  request.ints(0, shape);
  return request.one();
}

Tensor repeat_interleave(const Tensor& x, const TensorOrNumber& repeats,
                         std::optional<int64_t> axis) {
  static const eager::Door door("tensor.repeat_interleave");
  eager::Request request(door);
  request.operand(x);
  request.operand(repeats);
  request.integer(0, axis);
  return request.one();
}

Tensor multiplex(const Tensors& inputs, const Tensor& index) {
  static const eager::Door door("tensor.multiplex");
  eager::Request request(door);
  request.operand(inputs);
  request.operand(index);
  return request.one();
}

}  // namespace proa
