// Written by tools/cpp_functions.py from the operator pages.
// clang-format off
#include "proa/eager/functions/cumulative.h"

#include "proa/eager/functions/door.h"

namespace proa {

Tensor cumsum(const Tensor& x, std::optional<int64_t> axis, std::optional<DType> dtype) {
  static const eager::Door door("tensor.cumsum");
  eager::Request request(door);
  request.operand(x);
  request.integer(0, axis);
  request.dtype(1, dtype);
  return request.one();
}

Tensor cumprod(const Tensor& x, std::optional<int64_t> dim, std::optional<DType> dtype) {
  static const eager::Door door("tensor.cumprod");
  eager::Request request(door);
  request.operand(x);
  request.integer(0, dim);
  request.dtype(1, dtype);
  return request.one();
}

std::array<Tensor, 2> cummax(const Tensor& x, std::optional<int64_t> axis,
                             std::optional<DType> dtype) {
  static const eager::Door door("tensor.cummax");
  eager::Request request(door);
  request.operand(x);
  request.integer(0, axis);
  request.dtype(1, dtype);
  return request.several<2>();
}

std::array<Tensor, 2> cummin(const Tensor& x, std::optional<int64_t> axis,
                             std::optional<DType> dtype) {
  static const eager::Door door("tensor.cummin");
  eager::Request request(door);
  request.operand(x);
  request.integer(0, axis);
  request.dtype(1, dtype);
  return request.several<2>();
}

Tensor logcumsumexp(const Tensor& x, std::optional<int64_t> axis, std::optional<DType> dtype) {
  static const eager::Door door("tensor.logcumsumexp");
  eager::Request request(door);
  request.operand(x);
  request.integer(0, axis);
  request.dtype(1, dtype);
  return request.one();
}

Tensor diff(const Tensor& x, int64_t n, int64_t axis, OptionalTensor prepend,
            OptionalTensor append) {
  static const eager::Door door("tensor.diff");
  eager::Request request(door);
  request.operand(x);
  request.operand(prepend);
  request.operand(append);
  request.integer(0, n);
  request.integer(1, axis);
  return request.one();
}

Tensor trapezoid(const Tensor& y, OptionalTensor x, std::optional<double> dx, int64_t axis) {
  static const eager::Door door("tensor.trapezoid");
  eager::Request request(door);
  request.operand(y);
  request.operand(x);
  request.real(0, dx);
  request.integer(1, axis);
  return request.one();
}

Tensor cumulative_trapezoid(const Tensor& y, OptionalTensor x, std::optional<double> dx,
                            int64_t axis) {
  static const eager::Door door("tensor.cumulative_trapezoid");
  eager::Request request(door);
  request.operand(y);
  request.operand(x);
  request.real(0, dx);
  request.integer(1, axis);
  return request.one();
}

}  // namespace proa
