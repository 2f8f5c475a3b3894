// Written by tools/cpp_functions.py from the operator pages.
// clang-format off
#include "proa/eager/functions/pooling.h"

#include "proa/eager/functions/door.h"

namespace proa {

Results max_pool1d(const Tensor& x, const Ints& kernel_size, const Ints& stride,
                   const Padding& padding, bool return_mask, bool ceil_mode,
                   std::string_view data_format) {
  static const eager::Door door("tensor.max_pool1d");
  eager::Request request(door);
  request.operand(x);
  request.ints(0, kernel_size);
  request.ints(1, stride);
  request.padding(2, padding);
  request.boolean(3, return_mask);
  request.boolean(4, ceil_mode);
  request.text(5, data_format);
  return Results(request.all());
}

Results max_pool2d(const Tensor& x, const Ints& kernel_size, const Ints& stride,
                   const Padding& padding, bool return_mask, bool ceil_mode,
                   std::string_view data_format) {
  static const eager::Door door("tensor.max_pool2d");
  eager::Request request(door);
  request.operand(x);
  request.ints(0, kernel_size);
  request.ints(1, stride);
  request.padding(2, padding);
  request.boolean(3, return_mask);
  request.boolean(4, ceil_mode);
  request.text(5, data_format);
  return Results(request.all());
}

Results max_pool3d(const Tensor& x, const Ints& kernel_size, const Ints& stride,
                   const Padding& padding, bool return_mask, bool ceil_mode,
                   std::string_view data_format) {
  static const eager::Door door("tensor.max_pool3d");
  eager::Request request(door);
  request.operand(x);
  request.ints(0, kernel_size);
  request.ints(1, stride);
  request.padding(2, padding);
  request.boolean(3, return_mask);
  request.boolean(4, ceil_mode);
  request.text(5, data_format);
  return Results(request.all());
}

Tensor avg_pool1d(const Tensor& x, const Ints& kernel_size, const Ints& stride,
                  const Padding& padding, bool exclusive, bool ceil_mode,
                  std::optional<int64_t> divisor_override, std::string_view data_format) {
  static const eager::Door door("tensor.avg_pool1d");
  eager::Request request(door);
  request.operand(x);
  request.ints(0, kernel_size);
  request.ints(1, stride);
  request.padding(2, padding);
  request.boolean(3, exclusive);
  request.boolean(4, ceil_mode);
  request.integer(5, divisor_override);
  request.text(6, data_format);
  return request.one();
}

Tensor avg_pool2d(const Tensor& x, const Ints& kernel_size, const Ints& stride,
                  const Padding& padding, bool ceil_mode, bool exclusive,
                  std::optional<int64_t> divisor_override, std::string_view data_format) {
  static const eager::Door door("tensor.avg_pool2d");
  eager::Request request(door);
  request.operand(x);
  request.ints(0, kernel_size);
  request.ints(1, stride);
  request.padding(2, padding);
  request.boolean(3, exclusive);
  request.boolean(4, ceil_mode);
  request.integer(5, divisor_override);
  request.text(6, data_format);
  return request.one();
}

Tensor avg_pool3d(const Tensor& x, const Ints& kernel_size, const Ints& stride,
                  const Padding& padding, bool ceil_mode, bool exclusive,
                  std::optional<int64_t> divisor_override, std::string_view data_format) {
  static const eager::Door door("tensor.avg_pool3d");
  eager::Request request(door);
  request.operand(x);
  request.ints(0, kernel_size);
  request.ints(1, stride);
  request.padding(2, padding);
  request.boolean(3, exclusive);
  request.boolean(4, ceil_mode);
  request.integer(5, divisor_override);
  request.text(6, data_format);
  return request.one();
}

Tensor adaptive_avg_pool1d(const Tensor& x, const Ints& output_size,
                           std::string_view data_format) {
  static const eager::Door door("tensor.adaptive_avg_pool1d");
  eager::Request request(door);
  request.operand(x);
  request.ints(0, output_size);
  request.text(1, data_format);
  return request.one();
}

Tensor adaptive_avg_pool2d(const Tensor& x, const Ints& output_size,
                           std::string_view data_format) {
  static const eager::Door door("tensor.adaptive_avg_pool2d");
  eager::Request request(door);
  request.operand(x);
  request.ints(0, output_size);
  request.text(1, data_format);
  return request.one();
}

Tensor adaptive_avg_pool3d(const Tensor& x, const Ints& output_size,
                           std::string_view data_format) {
  static const eager::Door door("tensor.adaptive_avg_pool3d");
  eager::Request request(door);
  request.operand(x);
  request.ints(0, output_size);
  request.text(1, data_format);
  return request.one();
}

Results adaptive_max_pool1d(const Tensor& x, const Ints& output_size, bool return_mask,
                            std::string_view data_format) {
  static const eager::Door door("tensor.adaptive_max_pool1d");
  eager::Request request(door);
  request.operand(x);
  request.ints(0, output_size);
  request.boolean(1, return_mask);
  request.text(2, data_format);
  return Results(request.all());
}

Results adaptive_max_pool2d(const Tensor& x, const Ints& output_size, bool return_mask,
                            std::string_view data_format) {
  static const eager::Door door("tensor.adaptive_max_pool2d");
  eager::Request request(door);
  request.operand(x);
  request.ints(0, output_size);
  request.boolean(1, return_mask);
  request.text(2, data_format);
  return Results(request.all());
}

Results adaptive_max_pool3d(const Tensor& x, const Ints& output_size, bool return_mask,
                            std::string_view data_format) {
  static const eager::Door door("tensor.adaptive_max_pool3d");
  eager::Request request(door);
  request.operand(x);
  request.ints(0, output_size);
  request.boolean(1, return_mask);
  request.text(2, data_format);
  return Results(request.all());
}

}  // namespace proa
