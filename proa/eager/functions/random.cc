// Written by tools/cpp_functions.py from the operator pages.
// clang-format off
#include "proa/eager/functions/random.h"

#include "proa/eager/functions/door.h"

namespace proa {

Tensor rand(const Ints& shape, std::optional<DType> dtype) {
  static const eager::Door door("tensor.rand");
  eager::Request request(door);
  request.random_key();
  request.ints(0, shape);
  request.dtype(1, dtype);
  return request.one();
}

Tensor uniform(const Ints& shape, std::optional<DType> dtype, double min, double max) {
  static const eager::Door door("tensor.uniform");
  eager::Request request(door);
  request.random_key();
  request.ints(0, shape);
  request.dtype(1, dtype);
  request.real(2, min);
  request.real(3, max);
  return request.one();
}

Tensor randn(const Ints& shape, std::optional<DType> dtype) {
  static const eager::Door door("tensor.randn");
  eager::Request request(door);
  request.random_key();
  request.ints(0, shape);
  request.dtype(1, dtype);
  return request.one();
}

Tensor standard_normal(const Ints& shape, std::optional<DType> dtype) {
  static const eager::Door door("tensor.standard_normal");
  eager::Request request(door);
  request.random_key();
  request.ints(0, shape);
  request.dtype(1, dtype);
  return request.one();
}

Tensor gaussian(const Ints& shape, double mean, double std, std::optional<DType> dtype) {
  static const eager::Door door("tensor.gaussian");
  eager::Request request(door);
  request.random_key();
  request.ints(0, shape);
  request.real(1, mean);
  request.real(2, std);
  request.dtype(3, dtype);
  return request.one();
}

Tensor normal(double mean, double std, const Ints& shape, std::optional<DType> dtype) {
  static const eager::Door door("tensor.normal");
  eager::Request request(door);
  request.random_key();
  request.real(0, mean);
  request.real(1, std);
  request.ints(2, shape);
  request.dtype(3, dtype);
  return request.one();
}

Tensor randint(int64_t low, std::optional<int64_t> high, const Ints& shape,
               std::optional<DType> dtype) {
  static const eager::Door door("tensor.randint");
  eager::Request request(door);
  request.random_key();
  request.integer(0, low);
  request.integer(1, high);
  request.ints(2, shape);
  request.dtype(3, dtype);
  return request.one();
}

Tensor randperm(int64_t n, std::optional<DType> dtype) {
  static const eager::Door door("tensor.randperm");
  eager::Request request(door);
  request.random_key();
  request.integer(0, n);
  request.dtype(1, dtype);
  return request.one();
}

Tensor bernoulli(const Tensor& x) {
  static const eager::Door door("tensor.bernoulli");
  eager::Request request(door);
  request.operand(x);
  request.random_key();
  return request.one();
}

Tensor dropout(const Tensor& x, double p, const Ints& axis, bool training, std::string_view mode) {
  static const eager::Door door("tensor.dropout");
  eager::Request request(door);
  request.operand(x);
  request.random_key();
  request.real(0, p);
  request.ints(1, axis);
  request.boolean(2, training);
  request.text(3, mode);
  return request.one();
}

}  // namespace proa
