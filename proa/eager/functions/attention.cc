// Written by tools/cpp_functions.py from the operator pages.
// clang-format off
#include "proa/eager/functions/attention.h"

#include "proa/eager/functions/door.h"

namespace proa {

Tensor attention(const Tensor& query, const Tensor& key, const Tensor& value,
                 OptionalTensor attn_mask, bool is_causal, std::optional<double> scale) {
  static const eager::Door door("tensor.attention");
  eager::Request request(door);
  request.operand(query);
  request.operand(key);
  request.operand(value);
  request.operand(attn_mask);
  request.boolean(0, is_causal);
  request.real(1, scale);
  return request.one();
}

std::array<Tensor, 2> attention_forward(const Tensor& query, const Tensor& key,
                                        const Tensor& value, OptionalTensor attn_mask,
                                        std::optional<bool> is_causal,
                                        std::optional<double> scale) {
  static const eager::Door door("tensor.attention_forward");
  eager::Request request(door);
  request.operand(query);
  request.operand(key);
  request.operand(value);
  request.operand(attn_mask);
  request.boolean(0, is_causal);
  request.real(1, scale);
  return request.several<2>();
}

std::array<Tensor, 3> attention_backward(const Tensor& query, const Tensor& key,
                                         const Tensor& value, OptionalTensor attn_mask,
                                         OptionalTensor lse, OptionalTensor drop,
                                         OptionalTensor gradient, std::optional<bool> is_causal,
                                         std::optional<double> scale) {
  static const eager::Door door("tensor.attention_backward");
  eager::Request request(door);
  request.operand(query);
  request.operand(key);
  request.operand(value);
  request.operand(attn_mask);
  request.operand(lse);
  request.operand(drop);
  request.operand(gradient);
  request.boolean(0, is_causal);
  request.real(1, scale);
  return request.several<3>();
}

}  // namespace proa
