// Written by tools/cpp_functions.py from the operator pages.
// clang-format off
#include "proa/eager/functions/region.h"

#include "proa/eager/functions/door.h"

namespace proa {

Tensor slice(const Tensor& input, const Ints& axes, const Ints& starts, const Ints& ends) {
  static const eager::Door door("tensor.slice");
  eager::Request request(door);
  request.operand(input);
  request.ints(0, axes);
  request.ints(1, starts);
  request.ints(2, ends);
  return request.one();
}

Tensor strided_slice(const Tensor& x, const Ints& axes, const Ints& starts, const Ints& ends,
                     const Ints& strides) {
  static const eager::Door door("tensor.strided_slice");
  eager::Request request(door);
  request.operand(x);
  request.ints(0, axes);
  request.ints(1, starts);
  request.ints(2, ends);
  request.ints(3, strides);
  return request.one();
}

Tensor slice_scatter(const Tensor& x, const Tensor& value, const Ints& axes, const Ints& starts,
                     const Ints& ends, const Ints& strides) {
  static const eager::Door door("tensor.slice_scatter");
  eager::Request request(door);
  request.operand(x);
  request.operand(value);
  request.ints(0, axes);
  request.ints(1, starts);
  request.ints(2, ends);
  request.ints(3, strides);
  return request.one();
}

Tensor select_scatter(const Tensor& x, const Tensor& values, int64_t axis, int64_t index) {
  static const eager::Door door("tensor.select_scatter");
  eager::Request request(door);
  request.operand(x);
  request.operand(values);
  request.integer(0, axis);
  request.integer(1, index);
  return request.one();
}

Tensor diagonal_scatter(const Tensor& x, const Tensor& y, int64_t offset, int64_t axis1,
                        int64_t axis2) {
  static const eager::Door door("tensor.diagonal_scatter");
  eager::Request request(door);
  request.operand(x);
  request.operand(y);
  request.integer(0, offset);
  request.integer(1, axis1);
  request.integer(2, axis2);
  return request.one();
}

Tensor fill_diagonal_tensor(const Tensor& x, const Tensor& y, int64_t offset, int64_t dim1,
                            int64_t dim2) {
  static const eager::Door door("tensor.fill_diagonal_tensor");
  eager::Request request(door);
  request.operand(x);
  request.operand(y);
  request.integer(0, offset);
  request.integer(1, dim1);
  request.integer(2, dim2);
  return request.one();
}

Tensor fill_diagonal(const Tensor& x, const TensorOrNumber& value, int64_t offset, bool wrap) {
  static const eager::Door door("tensor.fill_diagonal");
  eager::Request request(door);
  request.operand(x);
  request.operand(value);
  request.integer(0, offset);
  request.boolean(1, wrap);
  return request.one();
}

Tensor masked_scatter(const Tensor& x, const Tensor& mask, const Tensor& value) {
  static const eager::Door door("tensor.masked_scatter");
  eager::Request request(door);
  request.operand(x);
  request.operand(mask);
  request.operand(value);
  return request.one();
}

Tensor crop(const Tensor& x, const Ints& shape, const Ints& offsets) {
  static const eager::Door door("tensor.crop");
  eager::Request request(door);
  request.operand(x);
  request.ints(0, shape);
  request.ints(1, offsets);
  return request.one();
}

Tensor take(const Tensor& x, const Tensor& index, std::string_view mode) {
  static const eager::Door door("tensor.take");
  eager::Request request(door);
  request.operand(x);
  request.operand(index);
  request.text(0, mode);
  return request.one();
}

Tensor index_sample(const Tensor& x, const Tensor& index) {
  static const eager::Door door("tensor.index_sample");
  eager::Request request(door);
  request.operand(x);
  request.operand(index);
  return request.one();
}

Tensor shard_index(const Tensor& input, int64_t index_num, int64_t nshards, int64_t shard_id,
                   int64_t ignore_value) {
  static const eager::Door door("tensor.shard_index");
  eager::Request request(door);
  request.operand(input);
  request.integer(0, index_num);
  request.integer(1, nshards);
  request.integer(2, shard_id);
  request.integer(3, ignore_value);
  return request.one();
}

Tensor reduce_as(const Tensor& x, const Tensor& target) {
  static const eager::Door door("tensor.reduce_as");
  eager::Request request(door);
  request.operand(x);
  request.operand(target);
  return request.one();
}

Tensor view_dtype(const Tensor& x, DType dtype) {
  static const eager::Door door("tensor.view_dtype");
  eager::Request request(door);
  request.operand(x);
  request.dtype(0, dtype);
  return request.one();
}

}  // namespace proa
