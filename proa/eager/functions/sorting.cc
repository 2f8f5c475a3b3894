// Written by tools/cpp_functions.py from the operator pages.
// clang-format off
#include "proa/eager/functions/sorting.h"

#include "proa/eager/functions/door.h"

namespace proa {

Tensor sort(const Tensor& x, int64_t axis, bool descending, bool stable) {
  static const eager::Door door("tensor.sort");
  eager::Request request(door);
  request.operand(x);
  request.integer(0, axis);
  request.boolean(1, descending);
  request.boolean(2, stable);
  return request.one();
}

Tensor argsort(const Tensor& x, int64_t axis, bool descending, bool stable) {
  static const eager::Door door("tensor.argsort");
  eager::Request request(door);
  request.operand(x);
  request.integer(0, axis);
  request.boolean(1, descending);
  request.boolean(2, stable);
  return request.one();
}

std::array<Tensor, 2> topk(const Tensor& x, int64_t k, int64_t axis, bool largest, bool sorted) {
  static const eager::Door door("tensor.topk");
  eager::Request request(door);
  request.operand(x);
  request.integer(0, k);
  request.integer(1, axis);
  request.boolean(2, largest);
  request.boolean(3, sorted);
  return request.several<2>();
}

std::array<Tensor, 2> kthvalue(const Tensor& x, int64_t k, int64_t axis, bool keepdim) {
  static const eager::Door door("tensor.kthvalue");
  eager::Request request(door);
  request.operand(x);
  request.integer(0, k);
  request.integer(1, axis);
  request.boolean(2, keepdim);
  return request.several<2>();
}

Results median(const Tensor& x, std::optional<int64_t> axis, bool keepdim, std::string_view mode) {
  static const eager::Door door("tensor.median");
  eager::Request request(door);
  request.operand(x);
  request.integer(0, axis);
  request.boolean(1, keepdim);
  request.text(2, mode);
  return Results(request.all());
}

Results nanmedian(const Tensor& x, std::optional<int64_t> axis, bool keepdim,
                  std::string_view mode) {
  static const eager::Door door("tensor.nanmedian");
  eager::Request request(door);
  request.operand(x);
  request.integer(0, axis);
  request.boolean(1, keepdim);
  request.text(2, mode);
  return Results(request.all());
}

Tensor searchsorted(const Tensor& sorted_sequence, const TensorOrNumber& values, bool out_int32,
                    bool right) {
  static const eager::Door door("tensor.searchsorted");
  eager::Request request(door);
  request.operand(sorted_sequence);
  request.operand(values);
  request.boolean(0, out_int32);
  request.boolean(1, right);
  return request.one();
}

Tensor bucketize(const TensorOrNumber& x, const Tensor& sorted_sequence, bool out_int32,
                 bool right) {
  static const eager::Door door("tensor.bucketize");
  eager::Request request(door);
  request.operand(x);
  request.operand(sorted_sequence);
  request.boolean(0, out_int32);
  request.boolean(1, right);
  return request.one();
}

}  // namespace proa
