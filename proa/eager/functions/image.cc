// Written by tools/cpp_functions.py from the operator pages.
// clang-format off
#include "proa/eager/functions/image.h"

#include "proa/eager/functions/door.h"

namespace proa {

Tensor resize_image(const Tensor& x, const Ints& size, std::string_view interpolation,
                    std::string_view like, std::string_view data_format) {
  static const eager::Door door("tensor.resize_image");
  eager::Request request(door);
  request.operand(x);
  request.ints(0, size);
  request.text(1, interpolation);
  request.text(2, like);
  request.text(3, data_format);
  return request.one();
}

Tensor mix_pixels(const Tensor& x, const Tensor& at, const Tensor& weight, int64_t axis) {
  static const eager::Door door("tensor.mix_pixels");
  eager::Request request(door);
  request.operand(x);
  request.operand(at);
  request.operand(weight);
  request.integer(0, axis);
  return request.one();
}

}  // namespace proa
