// Written by tools/cpp_functions.py from the operator pages.
// clang-format off
#include "proa/eager/functions/indexing.h"

#include "proa/eager/functions/door.h"

namespace proa {

Tensor index(const Tensor& x, const Tensors& indices, const Ints& axes) {
  static const eager::Door door("tensor.index");
  eager::Request request(door);
  request.operand(x);
  request.operand(indices);
  request.ints(0, axes);
  return request.one();
}

Tensor index_put(const Tensor& x, const TensorOrNumber& value, const Tensors& indices,
                 const Ints& axes, bool accumulate) {
  static const eager::Door door("tensor.index_put");
  eager::Request request(door);
  request.operand(x);
  request.operand(value);
  request.operand(indices);
  request.ints(0, axes);
  request.boolean(1, accumulate);
  return request.one();
}

Tensor gather(const Tensor& x, const Tensor& index, int64_t axis) {
  static const eager::Door door("tensor.gather");
  eager::Request request(door);
  request.operand(x);
  request.operand(index);
  request.integer(0, axis);
  return request.one();
}

Tensor index_select(const Tensor& x, const Tensor& index, int64_t axis) {
  static const eager::Door door("tensor.index_select");
  eager::Request request(door);
  request.operand(x);
  request.operand(index);
  request.integer(0, axis);
  return request.one();
}

Tensor gather_nd(const Tensor& x, const Tensor& index) {
  static const eager::Door door("tensor.gather_nd");
  eager::Request request(door);
  request.operand(x);
  request.operand(index);
  return request.one();
}

Tensor scatter_nd_add(const Tensor& x, const Tensor& index, const Tensor& updates) {
  static const eager::Door door("tensor.scatter_nd_add");
  eager::Request request(door);
  request.operand(x);
  request.operand(index);
  request.operand(updates);
  return request.one();
}

Tensor take_along_axis(const Tensor& arr, const Tensor& indices, int64_t axis, bool broadcast) {
  static const eager::Door door("tensor.take_along_axis");
  eager::Request request(door);
  request.operand(arr);
  request.operand(indices);
  request.integer(0, axis);
  request.boolean(1, broadcast);
  return request.one();
}

Tensor put_along_axis(const Tensor& arr, const Tensor& indices, const TensorOrNumber& values,
                      int64_t axis, std::string_view reduce, bool include_self, bool broadcast) {
  static const eager::Door door("tensor.put_along_axis");
  eager::Request request(door);
  request.operand(arr);
  request.operand(indices);
  request.operand(values);
  request.integer(0, axis);
  request.text(1, reduce);
  request.boolean(2, include_self);
  request.boolean(3, broadcast);
  return request.one();
}

Tensor embedding(const Tensor& x, const Tensor& weight, std::optional<int64_t> padding_idx,
                 bool sparse) {
  static const eager::Door door("tensor.embedding");
  eager::Request request(door);
  request.operand(x);
  request.operand(weight);
  request.integer(0, padding_idx);
  request.boolean(1, sparse);
  return request.one();
}

}  // namespace proa
