// Written by tools/cpp_functions.py from the operator pages.
// clang-format off
#include "proa/eager/functions/diagonals.h"

#include "proa/eager/functions/door.h"

namespace proa {

Tensor diagonal(const Tensor& x, int64_t offset, int64_t axis1, int64_t axis2) {
  static const eager::Door door("tensor.diagonal");
  eager::Request request(door);
  request.operand(x);
  request.integer(0, offset);
  request.integer(1, axis1);
  request.integer(2, axis2);
  return request.one();
}

Tensor trace(const Tensor& x, int64_t offset, int64_t axis1, int64_t axis2) {
  static const eager::Door door("tensor.trace");
  eager::Request request(door);
  request.operand(x);
  request.integer(0, offset);
  request.integer(1, axis1);
  request.integer(2, axis2);
  return request.one();
}

Tensor diag(const Tensor& x, int64_t offset, double padding_value) {
  static const eager::Door door("tensor.diag");
  eager::Request request(door);
  request.operand(x);
  request.integer(0, offset);
  request.real(1, padding_value);
  return request.one();
}

Tensor diagflat(const Tensor& x, int64_t offset) {
  static const eager::Door door("tensor.diagflat");
  eager::Request request(door);
  request.operand(x);
  request.integer(0, offset);
  return request.one();
}

Tensor diag_embed(const Tensor& input, int64_t offset, int64_t dim1, int64_t dim2) {
  static const eager::Door door("tensor.diag_embed");
  eager::Request request(door);
  request.operand(input);
  request.integer(0, offset);
  request.integer(1, dim1);
  request.integer(2, dim2);
  return request.one();
}

std::vector<Tensor> meshgrid(const Tensors& x, std::string_view indexing) {
  static const eager::Door door("tensor.meshgrid");
  eager::Request request(door);
  request.operand(x);
  request.text(0, indexing);
  return request.all();
}

Tensor tril_indices(int64_t row, std::optional<int64_t> col, int64_t offset,
                    std::optional<DType> dtype) {
  static const eager::Door door("tensor.tril_indices");
  eager::Request request(door);
  request.integer(0, row);
  request.integer(1, col);
  request.integer(2, offset);
  request.dtype(3, dtype);
  return request.one();
}

Tensor triu_indices(int64_t row, std::optional<int64_t> col, int64_t offset,
                    std::optional<DType> dtype) {
  static const eager::Door door("tensor.triu_indices");
  eager::Request request(door);
  request.integer(0, row);
  request.integer(1, col);
  request.integer(2, offset);
  request.dtype(3, dtype);
  return request.one();
}

}  // namespace proa
