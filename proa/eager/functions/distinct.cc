// Written by tools/cpp_functions.py from the operator pages.
// clang-format off
#include "proa/eager/functions/distinct.h"

#include "proa/eager/functions/door.h"

namespace proa {

Results unique(const Tensor& x, bool return_index, bool return_inverse, bool return_counts,
               std::optional<int64_t> axis, std::optional<DType> dtype) {
  static const eager::Door door("tensor.unique");
  eager::Request request(door);
  request.operand(x);
  request.boolean(0, return_index);
  request.boolean(1, return_inverse);
  request.boolean(2, return_counts);
  request.integer(3, axis);
  request.dtype(4, dtype);
  return Results(request.all());
}

Results unique_consecutive(const Tensor& x, bool return_inverse, bool return_counts,
                           std::optional<int64_t> axis, std::optional<DType> dtype) {
  static const eager::Door door("tensor.unique_consecutive");
  eager::Request request(door);
  request.operand(x);
  request.boolean(0, return_inverse);
  request.boolean(1, return_counts);
  request.integer(2, axis);
  request.dtype(3, dtype);
  return Results(request.all());
}

Tensor isin(const Tensor& x, const TensorOrNumber& test_x, bool assume_unique, bool invert) {
  static const eager::Door door("tensor.isin");
  eager::Request request(door);
  request.operand(x);
  request.operand(test_x);
  request.boolean(0, assume_unique);
  request.boolean(1, invert);
  return request.one();
}

Tensor equal_all(const Tensor& x, const TensorOrNumber& y) {
  static const eager::Door door("tensor.equal_all");
  eager::Request request(door);
  request.operand(x);
  request.operand(y);
  return request.one();
}

}  // namespace proa
