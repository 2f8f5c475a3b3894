// Written by tools/cpp_functions.py from the operator pages.
// clang-format off
#include "proa/eager/functions/loss.h"

#include "proa/eager/functions/door.h"

namespace proa {

Tensor mse_loss(const Tensor& input, const Tensor& label, std::string_view reduction) {
  static const eager::Door door("tensor.mse_loss");
  eager::Request request(door);
  request.operand(input);
  request.operand(label);
  request.text(0, reduction);
  return request.one();
}

Tensor l1_loss(const Tensor& input, const Tensor& label, std::string_view reduction) {
  static const eager::Door door("tensor.l1_loss");
  eager::Request request(door);
  request.operand(input);
  request.operand(label);
  request.text(0, reduction);
  return request.one();
}

Tensor huber_loss(const Tensor& input, const Tensor& label, std::string_view reduction,
                  double delta) {
  static const eager::Door door("tensor.huber_loss");
  eager::Request request(door);
  request.operand(input);
  request.operand(label);
  request.text(0, reduction);
  request.real(1, delta);
  return request.one();
}

Tensor smooth_l1_loss(const Tensor& input, const Tensor& label, std::string_view reduction,
                      double delta, bool is_huber) {
  static const eager::Door door("tensor.smooth_l1_loss");
  eager::Request request(door);
  request.operand(input);
  request.operand(label);
  request.text(0, reduction);
  request.real(1, delta);
  request.boolean(2, is_huber);
  return request.one();
}

Tensor binary_cross_entropy(const Tensor& input, const Tensor& label, OptionalTensor weight,
                            std::string_view reduction) {
  static const eager::Door door("tensor.binary_cross_entropy");
  eager::Request request(door);
  request.operand(input);
  request.operand(label);
  request.operand(weight);
  request.text(0, reduction);
  return request.one();
}

Tensor binary_cross_entropy_with_logits(const Tensor& input, const Tensor& label,
                                        OptionalTensor weight, std::string_view reduction,
                                        OptionalTensor pos_weight) {
  static const eager::Door door("tensor.binary_cross_entropy_with_logits");
  eager::Request request(door);
  request.operand(input);
  request.operand(label);
  request.operand(weight);
  request.operand(pos_weight);
  request.text(0, reduction);
  return request.one();
}

Tensor kl_div(const Tensor& input, const Tensor& label, std::string_view reduction,
              bool log_target) {
  static const eager::Door door("tensor.kl_div");
  eager::Request request(door);
  request.operand(input);
  request.operand(label);
  request.text(0, reduction);
  request.boolean(1, log_target);
  return request.one();
}

Tensor cross_entropy(const Tensor& input, const Tensor& label, OptionalTensor weight,
                     int64_t ignore_index, std::string_view reduction, bool soft_label,
                     int64_t axis, bool use_softmax, double label_smoothing) {
  static const eager::Door door("tensor.cross_entropy");
  eager::Request request(door);
  request.operand(input);
  request.operand(label);
  request.operand(weight);
  request.integer(0, ignore_index);
  request.text(1, reduction);
  request.boolean(2, soft_label);
  request.integer(3, axis);
  request.boolean(4, use_softmax);
  request.real(5, label_smoothing);
  return request.one();
}

Tensor nll_loss(const Tensor& input, const Tensor& label, OptionalTensor weight,
                int64_t ignore_index, std::string_view reduction) {
  static const eager::Door door("tensor.nll_loss");
  eager::Request request(door);
  request.operand(input);
  request.operand(label);
  request.operand(weight);
  request.integer(0, ignore_index);
  request.text(1, reduction);
  return request.one();
}

Tensor cosine_similarity(const Tensor& x1, const Tensor& x2, int64_t axis, double eps) {
  static const eager::Door door("tensor.cosine_similarity");
  eager::Request request(door);
  request.operand(x1);
  request.operand(x2);
  request.integer(0, axis);
  request.real(1, eps);
  return request.one();
}

}  // namespace proa
