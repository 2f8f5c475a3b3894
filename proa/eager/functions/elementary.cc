// Written by tools/cpp_functions.py from the operator pages.
// clang-format off
#include "proa/eager/functions/elementary.h"

#include "proa/eager/functions/door.h"

namespace proa {

Tensor exp(const TensorOrNumber& x) {
  static const eager::Door door("tensor.exp");
  eager::Request request(door);
  request.operand(x);
  return request.one();
}

Tensor expm1(const TensorOrNumber& x) {
  static const eager::Door door("tensor.expm1");
  eager::Request request(door);
  request.operand(x);
  return request.one();
}

Tensor log(const TensorOrNumber& x) {
  static const eager::Door door("tensor.log");
  eager::Request request(door);
  request.operand(x);
  return request.one();
}

Tensor log1p(const TensorOrNumber& x) {
  static const eager::Door door("tensor.log1p");
  eager::Request request(door);
  request.operand(x);
  return request.one();
}

Tensor log2(const TensorOrNumber& x) {
  static const eager::Door door("tensor.log2");
  eager::Request request(door);
  request.operand(x);
  return request.one();
}

Tensor log10(const TensorOrNumber& x) {
  static const eager::Door door("tensor.log10");
  eager::Request request(door);
  request.operand(x);
  return request.one();
}

Tensor sqrt(const TensorOrNumber& x) {
  static const eager::Door door("tensor.sqrt");
  eager::Request request(door);
  request.operand(x);
  return request.one();
}

Tensor rsqrt(const TensorOrNumber& x) {
  static const eager::Door door("tensor.rsqrt");
  eager::Request request(door);
  request.operand(x);
  return request.one();
}

Tensor reciprocal(const TensorOrNumber& x) {
  static const eager::Door door("tensor.reciprocal");
  eager::Request request(door);
  request.operand(x);
  return request.one();
}

Tensor sin(const TensorOrNumber& x) {
  static const eager::Door door("tensor.sin");
  eager::Request request(door);
  request.operand(x);
  return request.one();
}

Tensor cos(const TensorOrNumber& x) {
  static const eager::Door door("tensor.cos");
  eager::Request request(door);
  request.operand(x);
  return request.one();
}

Tensor tan(const TensorOrNumber& x) {
  static const eager::Door door("tensor.tan");
  eager::Request request(door);
  request.operand(x);
  return request.one();
}

Tensor asin(const TensorOrNumber& x) {
  static const eager::Door door("tensor.asin");
  eager::Request request(door);
  request.operand(x);
  return request.one();
}

Tensor acos(const TensorOrNumber& x) {
  static const eager::Door door("tensor.acos");
  eager::Request request(door);
  request.operand(x);
  return request.one();
}

Tensor atan(const TensorOrNumber& x) {
  static const eager::Door door("tensor.atan");
  eager::Request request(door);
  request.operand(x);
  return request.one();
}

Tensor sinh(const TensorOrNumber& x) {
  static const eager::Door door("tensor.sinh");
  eager::Request request(door);
  request.operand(x);
  return request.one();
}

Tensor cosh(const TensorOrNumber& x) {
  static const eager::Door door("tensor.cosh");
  eager::Request request(door);
  request.operand(x);
  return request.one();
}

Tensor tanh(const TensorOrNumber& x) {
  static const eager::Door door("tensor.tanh");
  eager::Request request(door);
  request.operand(x);
  return request.one();
}

Tensor asinh(const TensorOrNumber& x) {
  static const eager::Door door("tensor.asinh");
  eager::Request request(door);
  request.operand(x);
  return request.one();
}

Tensor acosh(const TensorOrNumber& x) {
  static const eager::Door door("tensor.acosh");
  eager::Request request(door);
  request.operand(x);
  return request.one();
}

Tensor atanh(const TensorOrNumber& x) {
  static const eager::Door door("tensor.atanh");
  eager::Request request(door);
  request.operand(x);
  return request.one();
}

Tensor erf(const TensorOrNumber& x) {
  static const eager::Door door("tensor.erf");
  eager::Request request(door);
  request.operand(x);
  return request.one();
}

Tensor erfc(const TensorOrNumber& x) {
  static const eager::Door door("tensor.erfc");
  eager::Request request(door);
  request.operand(x);
  return request.one();
}

Tensor erfinv(const TensorOrNumber& x) {
  static const eager::Door door("tensor.erfinv");
  eager::Request request(door);
  request.operand(x);
  return request.one();
}

Tensor lgamma(const TensorOrNumber& x) {
  static const eager::Door door("tensor.lgamma");
  eager::Request request(door);
  request.operand(x);
  return request.one();
}

Tensor digamma(const TensorOrNumber& x) {
  static const eager::Door door("tensor.digamma");
  eager::Request request(door);
  request.operand(x);
  return request.one();
}

Tensor rad2deg(const TensorOrNumber& x) {
  static const eager::Door door("tensor.rad2deg");
  eager::Request request(door);
  request.operand(x);
  return request.one();
}

Tensor deg2rad(const TensorOrNumber& x) {
  static const eager::Door door("tensor.deg2rad");
  eager::Request request(door);
  request.operand(x);
  return request.one();
}

Tensor sinc(const TensorOrNumber& x) {
  static const eager::Door door("tensor.sinc");
  eager::Request request(door);
  request.operand(x);
  return request.one();
}

Tensor floor(const TensorOrNumber& x) {
  static const eager::Door door("tensor.floor");
  eager::Request request(door);
  request.operand(x);
  return request.one();
}

Tensor ceil(const TensorOrNumber& x) {
  static const eager::Door door("tensor.ceil");
  eager::Request request(door);
  request.operand(x);
  return request.one();
}

Tensor round(const TensorOrNumber& x) {
  static const eager::Door door("tensor.round");
  eager::Request request(door);
  request.operand(x);
  return request.one();
}

Tensor trunc(const TensorOrNumber& x) {
  static const eager::Door door("tensor.trunc");
  eager::Request request(door);
  request.operand(x);
  return request.one();
}

Tensor frac(const TensorOrNumber& x) {
  static const eager::Door door("tensor.frac");
  eager::Request request(door);
  request.operand(x);
  return request.one();
}

Tensor square(const TensorOrNumber& x) {
  static const eager::Door door("tensor.square");
  eager::Request request(door);
  request.operand(x);
  return request.one();
}

Tensor neg(const TensorOrNumber& x) {
  static const eager::Door door("tensor.neg");
  eager::Request request(door);
  request.operand(x);
  return request.one();
}

Tensor abs(const TensorOrNumber& x) {
  static const eager::Door door("tensor.abs");
  eager::Request request(door);
  request.operand(x);
  return request.one();
}

Tensor sign(const TensorOrNumber& x) {
  static const eager::Door door("tensor.sign");
  eager::Request request(door);
  request.operand(x);
  return request.one();
}

Tensor isfinite(const TensorOrNumber& x) {
  static const eager::Door door("tensor.isfinite");
  eager::Request request(door);
  request.operand(x);
  return request.one();
}

Tensor isnan(const TensorOrNumber& x) {
  static const eager::Door door("tensor.isnan");
  eager::Request request(door);
  request.operand(x);
  return request.one();
}

Tensor isinf(const TensorOrNumber& x) {
  static const eager::Door door("tensor.isinf");
  eager::Request request(door);
  request.operand(x);
  return request.one();
}

Tensor conj(const TensorOrNumber& x) {
  static const eager::Door door("tensor.conj");
  eager::Request request(door);
  request.operand(x);
  return request.one();
}

Tensor real(const TensorOrNumber& x) {
  static const eager::Door door("tensor.real");
  eager::Request request(door);
  request.operand(x);
  return request.one();
}

Tensor imag(const TensorOrNumber& x) {
  static const eager::Door door("tensor.imag");
  eager::Request request(door);
  request.operand(x);
  return request.one();
}

Tensor angle(const TensorOrNumber& x) {
  static const eager::Door door("tensor.angle");
  eager::Request request(door);
  request.operand(x);
  return request.one();
}

Tensor clone(const TensorOrNumber& x) {
  static const eager::Door door("tensor.clone");
  eager::Request request(door);
  request.operand(x);
  return request.one();
}

Tensor stop_gradient(const TensorOrNumber& x) {
  static const eager::Door door("tensor.stop_gradient");
  eager::Request request(door);
  request.operand(x);
  return request.one();
}

Tensor cast(const TensorOrNumber& x, DType dtype) {
  static const eager::Door door("tensor.cast");
  eager::Request request(door);
  request.operand(x);
  request.dtype(0, dtype);
  return request.one();
}

Tensor logit(const TensorOrNumber& x, std::optional<double> eps) {
  static const eager::Door door("tensor.logit");
  eager::Request request(door);
  request.operand(x);
  request.real(0, eps);
  return request.one();
}

Tensor nan_to_num(const TensorOrNumber& x, double nan, std::optional<double> posinf,
                  std::optional<double> neginf) {
  static const eager::Door door("tensor.nan_to_num");
  eager::Request request(door);
  request.operand(x);
  request.real(0, nan);
  request.real(1, posinf);
  request.real(2, neginf);
  return request.one();
}

Tensor scale(const Tensor& x, const TensorOrNumber& scale, double bias, bool bias_after_scale,
             std::optional<std::string_view> act) {
  static const eager::Door door("tensor.scale");
  eager::Request request(door);
  request.operand(x);
  request.operand(scale);
  request.real(0, bias);
  request.boolean(1, bias_after_scale);
  request.text(2, act);
  return request.one();
}

Tensor clip(const Tensor& x, const TensorOrNumber& min, const TensorOrNumber& max) {
  static const eager::Door door("tensor.clip");
  eager::Request request(door);
  request.operand(x);
  request.operand(min);
  request.operand(max);
  return request.one();
}

}  // namespace proa
