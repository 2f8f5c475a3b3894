// Written by tools/cpp_functions.py from the operator pages.
// clang-format off
#include "proa/eager/functions/creation.h"

#include "proa/eager/functions/door.h"

namespace proa {

Tensor zeros(const Ints& shape, std::optional<DType> dtype) {
  static const eager::Door door("tensor.zeros");
  eager::Request request(door);
  request.ints(0, shape);
  request.dtype(1, dtype);
  return request.one();
}

Tensor ones(const Ints& shape, std::optional<DType> dtype) {
  static const eager::Door door("tensor.ones");
  eager::Request request(door);
  request.ints(0, shape);
  request.dtype(1, dtype);
  return request.one();
}

Tensor empty(const Ints& shape, std::optional<DType> dtype) {
  static const eager::Door door("tensor.empty");
  eager::Request request(door);
  request.ints(0, shape);
  request.dtype(1, dtype);
  return request.one();
}

Tensor full(const Ints& shape, const Number& fill_value, std::optional<DType> dtype) {
  static const eager::Door door("tensor.full");
  eager::Request request(door);
  request.ints(0, shape);
  request.number(1, fill_value);
  request.dtype(2, dtype);
  return request.one();
}

Tensor zeros_like(const Tensor& x, std::optional<DType> dtype) {
  static const eager::Door door("tensor.zeros_like");
  eager::Request request(door);
  request.operand(x);
  request.dtype(0, dtype);
  return request.one();
}

Tensor ones_like(const Tensor& x, std::optional<DType> dtype) {
  static const eager::Door door("tensor.ones_like");
  eager::Request request(door);
  request.operand(x);
  request.dtype(0, dtype);
  return request.one();
}

Tensor empty_like(const Tensor& x, std::optional<DType> dtype) {
  static const eager::Door door("tensor.empty_like");
  eager::Request request(door);
  request.operand(x);
  request.dtype(0, dtype);
  return request.one();
}

Tensor full_like(const Tensor& x, const Number& fill_value, std::optional<DType> dtype) {
  static const eager::Door door("tensor.full_like");
  eager::Request request(door);
  request.operand(x);
  request.number(0, fill_value);
  request.dtype(1, dtype);
  return request.one();
}

Tensor arange(const Number& start, const Number& end, const Number& step,
              std::optional<DType> dtype) {
  static const eager::Door door("tensor.arange");
  eager::Request request(door);
  request.number(0, start);
  request.number(1, end);
  request.number(2, step);
  request.dtype(3, dtype);
  return request.one();
}

Tensor linspace(double start, double stop, int64_t num, std::optional<DType> dtype) {
  static const eager::Door door("tensor.linspace");
  eager::Request request(door);
  request.real(0, start);
  request.real(1, stop);
  request.integer(2, num);
  request.dtype(3, dtype);
  return request.one();
}

Tensor logspace(double start, double stop, int64_t num, double base, std::optional<DType> dtype) {
  static const eager::Door door("tensor.logspace");
  eager::Request request(door);
  request.real(0, start);
  request.real(1, stop);
  request.integer(2, num);
  request.real(3, base);
  request.dtype(4, dtype);
  return request.one();
}

Tensor eye(int64_t num_rows, std::optional<int64_t> num_columns, std::optional<DType> dtype) {
  static const eager::Door door("tensor.eye");
  eager::Request request(door);
  request.integer(0, num_rows);
  request.integer(1, num_columns);
  request.dtype(2, dtype);
  return request.one();
}

Tensor tril(const Tensor& x, int64_t diagonal) {
  static const eager::Door door("tensor.tril");
  eager::Request request(door);
  request.operand(x);
  request.integer(0, diagonal);
  return request.one();
}

Tensor triu(const Tensor& x, int64_t diagonal) {
  static const eager::Door door("tensor.triu");
  eager::Request request(door);
  request.operand(x);
  request.integer(0, diagonal);
  return request.one();
}

Tensor one_hot(const Tensor& x, int64_t num_classes) {
  static const eager::Door door("tensor.one_hot");
  eager::Request request(door);
  request.operand(x);
  request.integer(0, num_classes);
  return request.one();
}

}  // namespace proa
