// Written by tools/cpp_functions.py from the operator pages.
// clang-format off
#include "proa/eager/functions/draws.h"

#include "proa/eager/functions/door.h"

namespace proa {

Tensor poisson(const Tensor& x) {
  static const eager::Door door("tensor.poisson");
  eager::Request request(door);
  request.operand(x);
  request.random_key();
  return request.one();
}

Tensor standard_gamma(const Tensor& x) {
  static const eager::Door door("tensor.standard_gamma");
  eager::Request request(door);
  request.operand(x);
  request.random_key();
  return request.one();
}

Tensor binomial(const Tensor& count, const Tensor& prob) {
  static const eager::Door door("tensor.binomial");
  eager::Request request(door);
  request.operand(count);
  request.operand(prob);
  request.random_key();
  return request.one();
}

Tensor multinomial(const Tensor& x, int64_t num_samples, bool replacement) {
  static const eager::Door door("tensor.multinomial");
  eager::Request request(door);
  request.operand(x);
  request.random_key();
  request.integer(0, num_samples);
  request.boolean(1, replacement);
  return request.one();
}

Tensor randint_like(const Tensor& x, int64_t low, std::optional<int64_t> high,
                    std::optional<DType> dtype) {
  static const eager::Door door("tensor.randint_like");
  eager::Request request(door);
  request.operand(x);
  request.random_key();
  request.integer(0, low);
  request.integer(1, high);
  request.dtype(2, dtype);
  return request.one();
}

Tensor log_normal(double mean, double std, const Ints& shape, std::optional<DType> dtype) {
  static const eager::Door door("tensor.log_normal");
  eager::Request request(door);
  request.random_key();
  request.real(0, mean);
  request.real(1, std);
  request.ints(2, shape);
  request.dtype(3, dtype);
  return request.one();
}

}  // namespace proa
