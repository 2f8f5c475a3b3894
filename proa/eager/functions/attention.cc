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

}  // namespace proa
