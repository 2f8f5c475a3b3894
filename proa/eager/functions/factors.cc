// Written by tools/cpp_functions.py from the operator pages.
// clang-format off
#include "proa/eager/functions/factors.h"

#include "proa/eager/functions/door.h"

namespace proa {

Tensor householder_product(const Tensor& x, const Tensor& tau) {
  static const eager::Door door("tensor.householder_product");
  eager::Request request(door);
  request.operand(x);
  request.operand(tau);
  return request.one();
}

Tensor ormqr(const Tensor& x, const Tensor& tau, const Tensor& y, bool left, bool transpose) {
  static const eager::Door door("tensor.ormqr");
  eager::Request request(door);
  request.operand(x);
  request.operand(tau);
  request.operand(y);
  request.boolean(0, left);
  request.boolean(1, transpose);
  return request.one();
}

Tensor cholesky_solve(const Tensor& x, const Tensor& y, bool upper) {
  static const eager::Door door("tensor.cholesky_solve");
  eager::Request request(door);
  request.operand(x);
  request.operand(y);
  request.boolean(0, upper);
  return request.one();
}

Tensor cholesky_inverse(const Tensor& x, bool upper) {
  static const eager::Door door("tensor.cholesky_inverse");
  eager::Request request(door);
  request.operand(x);
  request.boolean(0, upper);
  return request.one();
}

Results lu(const Tensor& x, bool pivot, bool get_infos) {
  static const eager::Door door("tensor.lu");
  eager::Request request(door);
  request.operand(x);
  request.boolean(0, pivot);
  request.boolean(1, get_infos);
  return Results(request.all());
}

std::array<Tensor, 3> lu_unpack(const Tensor& x, const Tensor& y, bool unpack_ludata,
                                bool unpack_pivots) {
  static const eager::Door door("tensor.lu_unpack");
  eager::Request request(door);
  request.operand(x);
  request.operand(y);
  request.boolean(0, unpack_ludata);
  request.boolean(1, unpack_pivots);
  return request.several<3>();
}

std::array<Tensor, 4> lstsq(const Tensor& x, const Tensor& y, std::optional<double> rcond,
                            std::optional<std::string_view> driver) {
  static const eager::Door door("tensor.lstsq");
  eager::Request request(door);
  request.operand(x);
  request.operand(y);
  request.real(0, rcond);
  request.text(1, driver);
  return request.several<4>();
}

}  // namespace proa
