// Written by tools/cpp_functions.py from the operator pages.
// clang-format off
#include "proa/eager/functions/linear_algebra.h"

#include "proa/eager/functions/door.h"

namespace proa {

Tensor cholesky(const Tensor& x, bool upper) {
  static const eager::Door door("tensor.cholesky");
  eager::Request request(door);
  request.operand(x);
  request.boolean(0, upper);
  return request.one();
}

Tensor inv(const Tensor& x) {
  static const eager::Door door("tensor.inv");
  eager::Request request(door);
  request.operand(x);
  return request.one();
}

Tensor det(const Tensor& x) {
  static const eager::Door door("tensor.det");
  eager::Request request(door);
  request.operand(x);
  return request.one();
}

Tensor slogdet(const Tensor& x) {
  static const eager::Door door("tensor.slogdet");
  eager::Request request(door);
  request.operand(x);
  return request.one();
}

Tensor solve(const Tensor& x, const Tensor& y, bool left) {
  static const eager::Door door("tensor.solve");
  eager::Request request(door);
  request.operand(x);
  request.operand(y);
  request.boolean(0, left);
  return request.one();
}

Tensor triangular_solve(const Tensor& x, const Tensor& y, bool upper, bool transpose,
                        bool unitriangular) {
  static const eager::Door door("tensor.triangular_solve");
  eager::Request request(door);
  request.operand(x);
  request.operand(y);
  request.boolean(0, upper);
  request.boolean(1, transpose);
  request.boolean(2, unitriangular);
  return request.one();
}

Results qr(const Tensor& x, std::string_view mode) {
  static const eager::Door door("tensor.qr");
  eager::Request request(door);
  request.operand(x);
  request.text(0, mode);
  return Results(request.all());
}

std::array<Tensor, 3> svd(const Tensor& x, bool full_matrices) {
  static const eager::Door door("tensor.svd");
  eager::Request request(door);
  request.operand(x);
  request.boolean(0, full_matrices);
  return request.several<3>();
}

Tensor svdvals(const Tensor& x) {
  static const eager::Door door("tensor.svdvals");
  eager::Request request(door);
  request.operand(x);
  return request.one();
}

std::array<Tensor, 2> eigh(const Tensor& x, std::string_view UPLO) {
  static const eager::Door door("tensor.eigh");
  eager::Request request(door);
  request.operand(x);
  request.text(0, UPLO);
  return request.several<2>();
}

Tensor eigvalsh(const Tensor& x, std::string_view UPLO) {
  static const eager::Door door("tensor.eigvalsh");
  eager::Request request(door);
  request.operand(x);
  request.text(0, UPLO);
  return request.one();
}

std::array<Tensor, 2> eig(const Tensor& x) {
  static const eager::Door door("tensor.eig");
  eager::Request request(door);
  request.operand(x);
  return request.several<2>();
}

Tensor eigvals(const Tensor& x) {
  static const eager::Door door("tensor.eigvals");
  eager::Request request(door);
  request.operand(x);
  return request.one();
}

Tensor pinv(const Tensor& x, double rcond, bool hermitian) {
  static const eager::Door door("tensor.pinv");
  eager::Request request(door);
  request.operand(x);
  request.real(0, rcond);
  request.boolean(1, hermitian);
  return request.one();
}

Tensor matrix_power(const Tensor& x, int64_t n) {
  static const eager::Door door("tensor.matrix_power");
  eager::Request request(door);
  request.operand(x);
  request.integer(0, n);
  return request.one();
}

}  // namespace proa
