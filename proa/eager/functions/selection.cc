// Written by tools/cpp_functions.py from the operator pages.
// clang-format off
#include "proa/eager/functions/selection.h"

#include "proa/eager/functions/door.h"

namespace proa {

Tensor where(const Tensor& condition, const TensorOrNumber& x, const TensorOrNumber& y) {
  static const eager::Door door("tensor.where");
  eager::Request request(door);
  request.operand(condition);
  request.operand(x);
  request.operand(y);
  return request.one();
}

Tensor masked_fill(const Tensor& x, const Tensor& mask, const TensorOrNumber& value) {
  static const eager::Door door("tensor.masked_fill");
  eager::Request request(door);
  request.operand(x);
  request.operand(mask);
  request.operand(value);
  return request.one();
}

Tensor masked_select(const Tensor& x, const Tensor& mask) {
  static const eager::Door door("tensor.masked_select");
  eager::Request request(door);
  request.operand(x);
  request.operand(mask);
  return request.one();
}

Results nonzero(const Tensor& x, bool as_tuple) {
  static const eager::Door door("tensor.nonzero");
  eager::Request request(door);
  request.operand(x);
  request.boolean(0, as_tuple);
  return Results(request.all());
}

Tensor pad(const Tensor& x, const Ints& pad, std::string_view mode, double value,
           std::optional<std::string_view> data_format, bool pad_from_left_axis) {
  static const eager::Door door("tensor.pad");
  eager::Request request(door);
  request.operand(x);
  request.ints(0, pad);
  request.text(1, mode);
  request.real(2, value);
  request.text(3, data_format);
  request.boolean(4, pad_from_left_axis);
  return request.one();
}

}  // namespace proa
