// Written by tools/cpp_functions.py from the operator pages.
// clang-format off
#include "proa/eager/functions/convolution.h"

#include "proa/eager/functions/door.h"

namespace proa {

Tensor conv1d(const Tensor& x, const Tensor& weight, OptionalTensor bias, const Ints& stride,
              const Padding& padding, const Ints& dilation, int64_t groups,
              std::string_view data_format) {
  static const eager::Door door("tensor.conv1d");
  eager::Request request(door);
  request.operand(x);
  request.operand(weight);
  request.operand(bias);
  request.ints(0, stride);
  request.padding(1, padding);
  request.ints(2, dilation);
  request.integer(3, groups);
  request.text(4, data_format);
  return request.one();
}

Tensor conv2d(const Tensor& x, const Tensor& weight, OptionalTensor bias, const Ints& stride,
              const Padding& padding, const Ints& dilation, int64_t groups,
              std::string_view data_format) {
  static const eager::Door door("tensor.conv2d");
  eager::Request request(door);
  request.operand(x);
  request.operand(weight);
  request.operand(bias);
  request.ints(0, stride);
  request.padding(1, padding);
  request.ints(2, dilation);
  request.integer(3, groups);
  request.text(4, data_format);
  return request.one();
}

Tensor conv3d(const Tensor& x, const Tensor& weight, OptionalTensor bias, const Ints& stride,
              const Padding& padding, const Ints& dilation, int64_t groups,
              std::string_view data_format) {
  static const eager::Door door("tensor.conv3d");
  eager::Request request(door);
  request.operand(x);
  request.operand(weight);
  request.operand(bias);
  request.ints(0, stride);
  request.padding(1, padding);
  request.ints(2, dilation);
  request.integer(3, groups);
  request.text(4, data_format);
  return request.one();
}

Tensor conv1d_transpose(const Tensor& x, const Tensor& weight, OptionalTensor bias,
                        const Ints& stride, const Padding& padding, const Ints& output_padding,
                        int64_t groups, const Ints& dilation, const Ints& output_size,
                        std::string_view data_format) {
  static const eager::Door door("tensor.conv1d_transpose");
  eager::Request request(door);
  request.operand(x);
  request.operand(weight);
  request.operand(bias);
  request.ints(0, stride);
  request.padding(1, padding);
  request.ints(2, output_padding);
  request.integer(3, groups);
  request.ints(4, dilation);
  request.ints(5, output_size);
  request.text(6, data_format);
  return request.one();
}

Tensor conv2d_transpose(const Tensor& x, const Tensor& weight, OptionalTensor bias,
                        const Ints& stride, const Padding& padding, const Ints& output_padding,
                        const Ints& dilation, int64_t groups, const Ints& output_size,
                        std::string_view data_format) {
  static const eager::Door door("tensor.conv2d_transpose");
  eager::Request request(door);
  request.operand(x);
  request.operand(weight);
  request.operand(bias);
  request.ints(0, stride);
  request.padding(1, padding);
  request.ints(2, output_padding);
  request.integer(3, groups);
  request.ints(4, dilation);
  request.ints(5, output_size);
  request.text(6, data_format);
  return request.one();
}

Tensor conv3d_transpose(const Tensor& x, const Tensor& weight, OptionalTensor bias,
                        const Ints& stride, const Padding& padding, const Ints& output_padding,
                        int64_t groups, const Ints& dilation, const Ints& output_size,
                        std::string_view data_format) {
  static const eager::Door door("tensor.conv3d_transpose");
  eager::Request request(door);
  request.operand(x);
  request.operand(weight);
  request.operand(bias);
  request.ints(0, stride);
  request.padding(1, padding);
  request.ints(2, output_padding);
  request.integer(3, groups);
  request.ints(4, dilation);
  request.ints(5, output_size);
  request.text(6, data_format);
  return request.one();
}

}  // namespace proa
