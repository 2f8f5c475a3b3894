// Written by tools/cpp_functions.py from the operator pages.
// clang-format off
#include "proa/eager/functions/fourier.h"

#include "proa/eager/functions/door.h"

namespace proa {

Tensor fft(const Tensor& x, std::optional<int64_t> n, int64_t axis, std::string_view norm) {
  static const eager::Door door("tensor.fft");
  eager::Request request(door);
  request.operand(x);
  request.integer(0, n);
  request.integer(1, axis);
  request.text(2, norm);
  return request.one();
}

Tensor ifft(const Tensor& x, std::optional<int64_t> n, int64_t axis, std::string_view norm) {
  static const eager::Door door("tensor.ifft");
  eager::Request request(door);
  request.operand(x);
  request.integer(0, n);
  request.integer(1, axis);
  request.text(2, norm);
  return request.one();
}

Tensor rfft(const Tensor& x, std::optional<int64_t> n, int64_t axis, std::string_view norm) {
  static const eager::Door door("tensor.rfft");
  eager::Request request(door);
  request.operand(x);
  request.integer(0, n);
  request.integer(1, axis);
  request.text(2, norm);
  return request.one();
}

Tensor irfft(const Tensor& x, std::optional<int64_t> n, int64_t axis, std::string_view norm) {
  static const eager::Door door("tensor.irfft");
  eager::Request request(door);
  request.operand(x);
  request.integer(0, n);
  request.integer(1, axis);
  request.text(2, norm);
  return request.one();
}

Tensor fft2(const Tensor& x, const Ints& s, const Ints& axes, std::string_view norm) {
  static const eager::Door door("tensor.fft2");
  eager::Request request(door);
  request.operand(x);
  request.ints(0, s);
  request.ints(1, axes);
  request.text(2, norm);
  return request.one();
}

Tensor ifft2(const Tensor& x, const Ints& s, const Ints& axes, std::string_view norm) {
  static const eager::Door door("tensor.ifft2");
  eager::Request request(door);
  request.operand(x);
  request.ints(0, s);
  request.ints(1, axes);
  request.text(2, norm);
  return request.one();
}

Tensor rfft2(const Tensor& x, const Ints& s, const Ints& axes, std::string_view norm) {
  static const eager::Door door("tensor.rfft2");
  eager::Request request(door);
  request.operand(x);
  request.ints(0, s);
  request.ints(1, axes);
  request.text(2, norm);
  return request.one();
}

Tensor irfft2(const Tensor& x, const Ints& s, const Ints& axes, std::string_view norm) {
  static const eager::Door door("tensor.irfft2");
  eager::Request request(door);
  request.operand(x);
  request.ints(0, s);
  request.ints(1, axes);
  request.text(2, norm);
  return request.one();
}

Tensor fftn(const Tensor& x, const Ints& s, const Ints& axes, std::string_view norm) {
  static const eager::Door door("tensor.fftn");
  eager::Request request(door);
  request.operand(x);
  request.ints(0, s);
  request.ints(1, axes);
  request.text(2, norm);
  return request.one();
}

Tensor ifftn(const Tensor& x, const Ints& s, const Ints& axes, std::string_view norm) {
  static const eager::Door door("tensor.ifftn");
  eager::Request request(door);
  request.operand(x);
  request.ints(0, s);
  request.ints(1, axes);
  request.text(2, norm);
  return request.one();
}

Tensor rfftn(const Tensor& x, const Ints& s, const Ints& axes, std::string_view norm) {
  static const eager::Door door("tensor.rfftn");
  eager::Request request(door);
  request.operand(x);
  request.ints(0, s);
  request.ints(1, axes);
  request.text(2, norm);
  return request.one();
}

Tensor irfftn(const Tensor& x, const Ints& s, const Ints& axes, std::string_view norm) {
  static const eager::Door door("tensor.irfftn");
  eager::Request request(door);
  request.operand(x);
  request.ints(0, s);
  request.ints(1, axes);
  request.text(2, norm);
  return request.one();
}

Tensor hfft(const Tensor& x, std::optional<int64_t> n, int64_t axis, std::string_view norm) {
  static const eager::Door door("tensor.hfft");
  eager::Request request(door);
  request.operand(x);
  request.integer(0, n);
  request.integer(1, axis);
  request.text(2, norm);
  return request.one();
}

Tensor ihfft(const Tensor& x, std::optional<int64_t> n, int64_t axis, std::string_view norm) {
  static const eager::Door door("tensor.ihfft");
  eager::Request request(door);
  request.operand(x);
  request.integer(0, n);
  request.integer(1, axis);
  request.text(2, norm);
  return request.one();
}

Tensor hfft2(const Tensor& x, const Ints& s, const Ints& axes, std::string_view norm) {
  static const eager::Door door("tensor.hfft2");
  eager::Request request(door);
  request.operand(x);
  request.ints(0, s);
  request.ints(1, axes);
  request.text(2, norm);
  return request.one();
}

Tensor ihfft2(const Tensor& x, const Ints& s, const Ints& axes, std::string_view norm) {
  static const eager::Door door("tensor.ihfft2");
  eager::Request request(door);
  request.operand(x);
  request.ints(0, s);
  request.ints(1, axes);
  request.text(2, norm);
  return request.one();
}

Tensor hfftn(const Tensor& x, const Ints& s, const Ints& axes, std::string_view norm) {
  static const eager::Door door("tensor.hfftn");
  eager::Request request(door);
  request.operand(x);
  request.ints(0, s);
  request.ints(1, axes);
  request.text(2, norm);
  return request.one();
}

Tensor ihfftn(const Tensor& x, const Ints& s, const Ints& axes, std::string_view norm) {
  static const eager::Door door("tensor.ihfftn");
  eager::Request request(door);
  request.operand(x);
  request.ints(0, s);
  request.ints(1, axes);
  request.text(2, norm);
  return request.one();
}

Tensor fftshift(const Tensor& x, const Ints& axes) {
  static const eager::Door door("tensor.fftshift");
  eager::Request request(door);
  request.operand(x);
  request.ints(0, axes);
  return request.one();
}

Tensor ifftshift(const Tensor& x, const Ints& axes) {
  static const eager::Door door("tensor.ifftshift");
  eager::Request request(door);
  request.operand(x);
  request.ints(0, axes);
  return request.one();
}

Tensor fftfreq(int64_t n, double d, std::optional<DType> dtype) {
  static const eager::Door door("tensor.fftfreq");
  eager::Request request(door);
  request.integer(0, n);
  request.real(1, d);
  request.dtype(2, dtype);
  return request.one();
}

Tensor rfftfreq(int64_t n, double d, std::optional<DType> dtype) {
  static const eager::Door door("tensor.rfftfreq");
  eager::Request request(door);
  request.integer(0, n);
  request.real(1, d);
  request.dtype(2, dtype);
  return request.one();
}

}  // namespace proa
