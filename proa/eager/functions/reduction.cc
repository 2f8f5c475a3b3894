// Written by tools/cpp_functions.py from the operator pages.
// clang-format off
#include "proa/eager/functions/reduction.h"

#include "proa/eager/functions/door.h"

namespace proa {

Tensor sum(const Tensor& x, const Ints& axis, std::optional<DType> dtype, bool keepdim) {
  static const eager::Door door("tensor.sum");
  eager::Request request(door);
  request.operand(x);
  request.ints(0, axis);
  request.boolean(1, keepdim);
  request.dtype(2, dtype);
  return request.one();
}

Tensor prod(const Tensor& x, const Ints& axis, bool keepdim, std::optional<DType> dtype) {
  static const eager::Door door("tensor.prod");
  eager::Request request(door);
  request.operand(x);
  request.ints(0, axis);
  request.boolean(1, keepdim);
  request.dtype(2, dtype);
  return request.one();
}

Tensor mean(const Tensor& x, const Ints& axis, bool keepdim) {
  static const eager::Door door("tensor.mean");
  eager::Request request(door);
  request.operand(x);
  request.ints(0, axis);
  request.boolean(1, keepdim);
  return request.one();
}

Tensor max(const Tensor& x, const Ints& axis, bool keepdim) {
  static const eager::Door door("tensor.max");
  eager::Request request(door);
  request.operand(x);
  request.ints(0, axis);
  request.boolean(1, keepdim);
  return request.one();
}

Tensor min(const Tensor& x, const Ints& axis, bool keepdim) {
  static const eager::Door door("tensor.min");
  eager::Request request(door);
  request.operand(x);
  request.ints(0, axis);
  request.boolean(1, keepdim);
  return request.one();
}

Tensor amax(const Tensor& x, const Ints& axis, bool keepdim) {
  static const eager::Door door("tensor.amax");
  eager::Request request(door);
  request.operand(x);
  request.ints(0, axis);
  request.boolean(1, keepdim);
  return request.one();
}

Tensor amin(const Tensor& x, const Ints& axis, bool keepdim) {
  static const eager::Door door("tensor.amin");
  eager::Request request(door);
  request.operand(x);
  request.ints(0, axis);
  request.boolean(1, keepdim);
  return request.one();
}

Tensor all(const Tensor& x, const Ints& axis, bool keepdim) {
  static const eager::Door door("tensor.all");
  eager::Request request(door);
  request.operand(x);
  request.ints(0, axis);
  request.boolean(1, keepdim);
  return request.one();
}

Tensor any(const Tensor& x, const Ints& axis, bool keepdim) {
  static const eager::Door door("tensor.any");
  eager::Request request(door);
  request.operand(x);
  request.ints(0, axis);
  request.boolean(1, keepdim);
  return request.one();
}

Tensor count_nonzero(const Tensor& x, const Ints& axis, bool keepdim) {
  static const eager::Door door("tensor.count_nonzero");
  eager::Request request(door);
  request.operand(x);
  request.ints(0, axis);
  request.boolean(1, keepdim);
  return request.one();
}

Tensor logsumexp(const Tensor& x, const Ints& axis, bool keepdim) {
  static const eager::Door door("tensor.logsumexp");
  eager::Request request(door);
  request.operand(x);
  request.ints(0, axis);
  request.boolean(1, keepdim);
  return request.one();
}

Tensor nansum(const Tensor& x, const Ints& axis, std::optional<DType> dtype, bool keepdim) {
  static const eager::Door door("tensor.nansum");
  eager::Request request(door);
  request.operand(x);
  request.ints(0, axis);
  request.boolean(1, keepdim);
  request.dtype(2, dtype);
  return request.one();
}

Tensor nanmean(const Tensor& x, const Ints& axis, bool keepdim) {
  static const eager::Door door("tensor.nanmean");
  eager::Request request(door);
  request.operand(x);
  request.ints(0, axis);
  request.boolean(1, keepdim);
  return request.one();
}

Tensor var(const Tensor& x, const Ints& axis, bool unbiased, bool keepdim, int64_t correction) {
  static const eager::Door door("tensor.var");
  eager::Request request(door);
  request.operand(x);
  request.ints(0, axis);
  request.boolean(1, keepdim);
  request.boolean(2, unbiased);
  request.integer(3, correction);
  return request.one();
}

Tensor std(const Tensor& x, const Ints& axis, bool unbiased, bool keepdim, int64_t correction) {
  static const eager::Door door("tensor.std");
  eager::Request request(door);
  request.operand(x);
  request.ints(0, axis);
  request.boolean(1, keepdim);
  request.boolean(2, unbiased);
  request.integer(3, correction);
  return request.one();
}

Tensor p_norm(const Tensor& x, double p, const Ints& axis, bool keepdim) {
  static const eager::Door door("tensor.p_norm");
  eager::Request request(door);
  request.operand(x);
  request.ints(0, axis);
  request.boolean(1, keepdim);
  request.real(2, p);
  return request.one();
}

Tensor argmax(const Tensor& x, std::optional<int64_t> axis, bool keepdim,
              std::optional<DType> dtype) {
  static const eager::Door door("tensor.argmax");
  eager::Request request(door);
  request.operand(x);
  request.integer(0, axis);
  request.boolean(1, keepdim);
  request.dtype(2, dtype);
  return request.one();
}

Tensor argmin(const Tensor& x, std::optional<int64_t> axis, bool keepdim,
              std::optional<DType> dtype) {
  static const eager::Door door("tensor.argmin");
  eager::Request request(door);
  request.operand(x);
  request.integer(0, axis);
  request.boolean(1, keepdim);
  request.dtype(2, dtype);
  return request.one();
}

}  // namespace proa
