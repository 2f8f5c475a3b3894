// Written by tools/cpp_functions.py from the operator pages.
// clang-format off
#include "proa/eager/functions/reshaping.h"

#include "proa/eager/functions/door.h"

namespace proa {

Tensor reshape(const Tensor& x, const Ints& shape) {
  static const eager::Door door("tensor.reshape");
  eager::Request request(door);
  request.operand(x);
  request.ints(0, shape);
  return request.one();
}

Tensor transpose(const Tensor& x, const Ints& perm) {
  static const eager::Door door("tensor.transpose");
  eager::Request request(door);
  request.operand(x);
  request.ints(0, perm);
  return request.one();
}

Tensor swapaxes(const Tensor& x, int64_t axis0, int64_t axis1) {
  static const eager::Door door("tensor.swapaxes");
  eager::Request request(door);
  request.operand(x);
  request.integer(0, axis0);
  request.integer(1, axis1);
  return request.one();
}

Tensor moveaxis(const Tensor& x, const Ints& source, const Ints& destination) {
  static const eager::Door door("tensor.moveaxis");
  eager::Request request(door);
  request.operand(x);
  request.ints(0, source);
  request.ints(1, destination);
  return request.one();
}

Tensor t(const Tensor& x) {
  static const eager::Door door("tensor.t");
  eager::Request request(door);
  request.operand(x);
  return request.one();
}

Tensor squeeze(const Tensor& x, const Ints& axis) {
  static const eager::Door door("tensor.squeeze");
  eager::Request request(door);
  request.operand(x);
  request.ints(0, axis);
  return request.one();
}

Tensor unsqueeze(const Tensor& x, const Ints& axis) {
  static const eager::Door door("tensor.unsqueeze");
  eager::Request request(door);
  request.operand(x);
  request.ints(0, axis);
  return request.one();
}

Tensor flatten(const Tensor& x, int64_t start_axis, int64_t stop_axis) {
  static const eager::Door door("tensor.flatten");
  eager::Request request(door);
  request.operand(x);
  request.integer(0, start_axis);
  request.integer(1, stop_axis);
  return request.one();
}

Tensor expand(const Tensor& x, const Ints& shape) {
  static const eager::Door door("tensor.expand");
  eager::Request request(door);
  request.operand(x);
  request.ints(0, shape);
  return request.one();
}

Tensor expand_as(const Tensor& x, const Tensor& y) {
  static const eager::Door door("tensor.expand_as");
  eager::Request request(door);
  request.operand(x);
  request.operand(y);
  return request.one();
}

Tensor flip(const Tensor& x, const Ints& axis) {
  static const eager::Door door("tensor.flip");
  eager::Request request(door);
  request.operand(x);
  request.ints(0, axis);
  return request.one();
}

Tensor as_strided(const Tensor& x, const Ints& shape, const Ints& stride, int64_t offset) {
  static const eager::Door door("tensor.as_strided");
  eager::Request request(door);
  request.operand(x);
  request.ints(0, shape);
  request.ints(1, stride);
  request.integer(2, offset);
  return request.one();
}

Tensor as_strided_scatter(const Tensor& x, const Tensor& src, const Ints& shape,
                          const Ints& stride, int64_t offset) {
  static const eager::Door door("tensor.as_strided_scatter");
  eager::Request request(door);
  request.operand(x);
  request.operand(src);
  request.ints(0, shape);
  request.ints(1, stride);
  request.integer(2, offset);
  return request.one();
}

}  // namespace proa
