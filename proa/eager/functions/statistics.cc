// Written by tools/cpp_functions.py from the operator pages.
// clang-format off
#include "proa/eager/functions/statistics.h"

#include "proa/eager/functions/door.h"

namespace proa {

Tensor quantile(const Tensor& x, const TensorOrNumber& q, const Ints& axis, bool keepdim,
                std::string_view interpolation) {
  static const eager::Door door("tensor.quantile");
  eager::Request request(door);
  request.operand(x);
  request.operand(q);
  request.ints(0, axis);
  request.boolean(1, keepdim);
  request.text(2, interpolation);
  return request.one();
}

Tensor nanquantile(const Tensor& x, const TensorOrNumber& q, const Ints& axis, bool keepdim,
                   std::string_view interpolation) {
  static const eager::Door door("tensor.nanquantile");
  eager::Request request(door);
  request.operand(x);
  request.operand(q);
  request.ints(0, axis);
  request.boolean(1, keepdim);
  request.text(2, interpolation);
  return request.one();
}

std::array<Tensor, 2> mode(const Tensor& x, int64_t axis, bool keepdim) {
  static const eager::Door door("tensor.mode");
  eager::Request request(door);
  request.operand(x);
  request.integer(0, axis);
  request.boolean(1, keepdim);
  return request.several<2>();
}

Tensor bincount(const Tensor& x, OptionalTensor weights, int64_t minlength) {
  static const eager::Door door("tensor.bincount");
  eager::Request request(door);
  request.operand(x);
  request.operand(weights);
  request.integer(0, minlength);
  return request.one();
}

Tensor histogram(const Tensor& input, int64_t bins, double min, double max, OptionalTensor weight,
                 bool density) {
  static const eager::Door door("tensor.histogram");
  eager::Request request(door);
  request.operand(input);
  request.operand(weight);
  request.integer(0, bins);
  request.real(1, min);
  request.real(2, max);
  request.boolean(3, density);
  return request.one();
}

Tensor histogram_bin_edges(const Tensor& input, int64_t bins, double min, double max) {
  static const eager::Door door("tensor.histogram_bin_edges");
  eager::Request request(door);
  request.operand(input);
  request.integer(0, bins);
  request.real(1, min);
  request.real(2, max);
  return request.one();
}

Tensor cov(const Tensor& x, bool rowvar, bool ddof, OptionalTensor fweights,
           OptionalTensor aweights) {
  static const eager::Door door("tensor.cov");
  eager::Request request(door);
  request.operand(x);
  request.operand(fweights);
  request.operand(aweights);
  request.boolean(0, rowvar);
  request.boolean(1, ddof);
  return request.one();
}

Tensor corrcoef(const Tensor& x, bool rowvar) {
  static const eager::Door door("tensor.corrcoef");
  eager::Request request(door);
  request.operand(x);
  request.boolean(0, rowvar);
  return request.one();
}

Tensor cdist(const Tensor& x, const Tensor& y, double p, std::string_view compute_mode) {
  static const eager::Door door("tensor.cdist");
  eager::Request request(door);
  request.operand(x);
  request.operand(y);
  request.real(0, p);
  request.text(1, compute_mode);
  return request.one();
}

Tensor pdist(const Tensor& x, double p) {
  static const eager::Door door("tensor.pdist");
  eager::Request request(door);
  request.operand(x);
  request.real(0, p);
  return request.one();
}

Tensor dist(const Tensor& x, const Tensor& y, double p) {
  static const eager::Door door("tensor.dist");
  eager::Request request(door);
  request.operand(x);
  request.operand(y);
  request.real(0, p);
  return request.one();
}

Tensor renorm(const Tensor& x, double p, int64_t axis, double max_norm) {
  static const eager::Door door("tensor.renorm");
  eager::Request request(door);
  request.operand(x);
  request.real(0, p);
  request.integer(1, axis);
  request.real(2, max_norm);
  return request.one();
}

}  // namespace proa
