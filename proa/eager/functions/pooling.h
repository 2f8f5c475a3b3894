// The operators of the family pooling as C++ functions.
// Why text that a tool writes: an operator is written once, on its page.
// Written by tools/cpp_functions.py from the operator pages.
// clang-format off
#pragma once

#include "proa/eager/functions/arguments.h"

namespace proa {

// The largest value of each window. Padding is never chosen. return_mask=True gives also the
// position of each in its flattened spatial axes (int64).
// Args:
//   x: the tensor; real
//   kernel_size: extent of the window, along each axis or for all; an integer or several, at least
//     1
//   stride: distance of neighbouring windows, along each axis or for all; an integer or several, at
//     least 1; default None
//   padding: zeros at both ends along each axis, or for all; or 'same', or 'valid'; an integer,
//     several or a string, one of 'SAME', 'VALID', 'same', 'valid'; default 0
//   return_mask: whether to give where in the input each maximum lies; True or False; default False
//   ceil_mode: whether the number of windows rounds up, so that the last may hang over; True or
//     False; default False
//   data_format: where the channels are: 'NCHW' second, 'NHWC' last (1 and 3 dims likewise); a
//     string, one of 'NCL', 'NLC'; default 'NCL'
// Returns:
//   out, mask (as many as are asked for): tensors of the operands' promoted dtype
// Errors:
//   ShapeError where shapes do not fit: 'does not fit', 'dims (batch, channels'
//   ValueError for a missing argument or one out of its range: 'at least 1', 'at most half'
Results max_pool1d(const Tensor& x, const Ints& kernel_size, const Ints& stride = {},
                   const Padding& padding = 0, bool return_mask = false, bool ceil_mode = false,
                   std::string_view data_format = "NCL");

// The largest value of each window. Padding is never chosen. return_mask=True gives also the
// position of each in its flattened spatial axes (int64).
// Args:
//   x: the tensor; real
//   kernel_size: extent of the window, along each axis or for all; an integer or several, at least
//     1
//   stride: distance of neighbouring windows, along each axis or for all; an integer or several, at
//     least 1; default None
//   padding: zeros at both ends along each axis, or for all; or 'same', or 'valid'; an integer,
//     several or a string, one of 'SAME', 'VALID', 'same', 'valid'; default 0
//   return_mask: whether to give where in the input each maximum lies; True or False; default False
//   ceil_mode: whether the number of windows rounds up, so that the last may hang over; True or
//     False; default False
//   data_format: where the channels are: 'NCHW' second, 'NHWC' last (1 and 3 dims likewise); a
//     string, one of 'NCHW', 'NHWC'; default 'NCHW'
// Returns:
//   out, mask (as many as are asked for): tensors of the operands' promoted dtype
// Errors:
//   ShapeError where shapes do not fit: 'does not fit', 'dims (batch, channels'
//   ValueError for a missing argument or one out of its range: 'at least 1', 'at most half'
Results max_pool2d(const Tensor& x, const Ints& kernel_size, const Ints& stride = {},
                   const Padding& padding = 0, bool return_mask = false, bool ceil_mode = false,
                   std::string_view data_format = "NCHW");

// The largest value of each window. Padding is never chosen. return_mask=True gives also the
// position of each in its flattened spatial axes (int64).
// Args:
//   x: the tensor; real
//   kernel_size: extent of the window, along each axis or for all; an integer or several, at least
//     1
//   stride: distance of neighbouring windows, along each axis or for all; an integer or several, at
//     least 1; default None
//   padding: zeros at both ends along each axis, or for all; or 'same', or 'valid'; an integer,
//     several or a string, one of 'SAME', 'VALID', 'same', 'valid'; default 0
//   return_mask: whether to give where in the input each maximum lies; True or False; default False
//   ceil_mode: whether the number of windows rounds up, so that the last may hang over; True or
//     False; default False
//   data_format: where the channels are: 'NCHW' second, 'NHWC' last (1 and 3 dims likewise); a
//     string, one of 'NCDHW', 'NDHWC'; default 'NCDHW'
// Returns:
//   out, mask (as many as are asked for): tensors of the operands' promoted dtype
// Errors:
//   ShapeError where shapes do not fit: 'does not fit', 'dims (batch, channels'
//   ValueError for a missing argument or one out of its range: 'at least 1', 'at most half'
Results max_pool3d(const Tensor& x, const Ints& kernel_size, const Ints& stride = {},
                   const Padding& padding = 0, bool return_mask = false, bool ceil_mode = false,
                   std::string_view data_format = "NCDHW");

// The mean of each window. exclusive=True divides by the elements inside the input, otherwise
// padding counts; divisor_override divides by that.
// Args:
//   x: the tensor; floating point
//   kernel_size: extent of the window, along each axis or for all; an integer or several, at least
//     1
//   stride: distance of neighbouring windows, along each axis or for all; an integer or several, at
//     least 1; default None
//   padding: zeros at both ends along each axis, or for all; or 'same', or 'valid'; an integer,
//     several or a string, one of 'SAME', 'VALID', 'same', 'valid'; default 0
//   exclusive: whether padding is left out of the average's divisor; True or False; default True
//   ceil_mode: whether the number of windows rounds up, so that the last may hang over; True or
//     False; default False
//   divisor_override: what sums are divided by, instead of the number of elements; an integer, at
//     least 1; default None
//   data_format: where the channels are: 'NCHW' second, 'NHWC' last (1 and 3 dims likewise); a
//     string, one of 'NCL', 'NLC'; default 'NCL'
// Returns:
//   a tensor of the operands' promoted dtype
// Errors:
//   ShapeError where shapes do not fit: 'does not fit', 'dims (batch, channels'
//   ValueError for a missing argument or one out of its range: 'at least 1', 'at most half'
Tensor avg_pool1d(const Tensor& x, const Ints& kernel_size, const Ints& stride = {},
                  const Padding& padding = 0, bool exclusive = true, bool ceil_mode = false,
                  std::optional<int64_t> divisor_override = {},
                  std::string_view data_format = "NCL");

// The mean of each window. exclusive=True divides by the elements inside the input, otherwise
// padding counts; divisor_override divides by that.
// Args:
//   x: the tensor; floating point
//   kernel_size: extent of the window, along each axis or for all; an integer or several, at least
//     1
//   stride: distance of neighbouring windows, along each axis or for all; an integer or several, at
//     least 1; default None
//   padding: zeros at both ends along each axis, or for all; or 'same', or 'valid'; an integer,
//     several or a string, one of 'SAME', 'VALID', 'same', 'valid'; default 0
//   exclusive: whether padding is left out of the average's divisor; True or False; default True
//   ceil_mode: whether the number of windows rounds up, so that the last may hang over; True or
//     False; default False
//   divisor_override: what sums are divided by, instead of the number of elements; an integer, at
//     least 1; default None
//   data_format: where the channels are: 'NCHW' second, 'NHWC' last (1 and 3 dims likewise); a
//     string, one of 'NCHW', 'NHWC'; default 'NCHW'
// Returns:
//   a tensor of the operands' promoted dtype
// Errors:
//   ShapeError where shapes do not fit: 'does not fit', 'dims (batch, channels'
//   ValueError for a missing argument or one out of its range: 'at least 1', 'at most half'
Tensor avg_pool2d(const Tensor& x, const Ints& kernel_size, const Ints& stride = {},
                  const Padding& padding = 0, bool ceil_mode = false, bool exclusive = true,
                  std::optional<int64_t> divisor_override = {},
                  std::string_view data_format = "NCHW");

// The mean of each window. exclusive=True divides by the elements inside the input, otherwise
// padding counts; divisor_override divides by that.
// Args:
//   x: the tensor; floating point
//   kernel_size: extent of the window, along each axis or for all; an integer or several, at least
//     1
//   stride: distance of neighbouring windows, along each axis or for all; an integer or several, at
//     least 1; default None
//   padding: zeros at both ends along each axis, or for all; or 'same', or 'valid'; an integer,
//     several or a string, one of 'SAME', 'VALID', 'same', 'valid'; default 0
//   exclusive: whether padding is left out of the average's divisor; True or False; default True
//   ceil_mode: whether the number of windows rounds up, so that the last may hang over; True or
//     False; default False
//   divisor_override: what sums are divided by, instead of the number of elements; an integer, at
//     least 1; default None
//   data_format: where the channels are: 'NCHW' second, 'NHWC' last (1 and 3 dims likewise); a
//     string, one of 'NCDHW', 'NDHWC'; default 'NCDHW'
// Returns:
//   a tensor of the operands' promoted dtype
// Errors:
//   ShapeError where shapes do not fit: 'does not fit', 'dims (batch, channels'
//   ValueError for a missing argument or one out of its range: 'at least 1', 'at most half'
Tensor avg_pool3d(const Tensor& x, const Ints& kernel_size, const Ints& stride = {},
                  const Padding& padding = 0, bool ceil_mode = false, bool exclusive = true,
                  std::optional<int64_t> divisor_override = {},
                  std::string_view data_format = "NCDHW");

// Pooling to a given size: output i covers the elements from floor(i * n / m) to ceil((i + 1) * n /
// m). A size of -1 keeps that of the input.
// Args:
//   x: the tensor; floating point
//   output_size: extents of the result, along each axis or for all; integers
//   data_format: where the channels are: 'NCHW' second, 'NHWC' last (1 and 3 dims likewise); a
//     string, one of 'NCL', 'NLC'; default 'NCL'
// Returns:
//   a tensor of the dtype that the text gives
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'at least 1 element', 'dims (batch, channels'
//   ValueError for a missing argument or one out of its range: 'at least 1', 'of them'
Tensor adaptive_avg_pool1d(const Tensor& x, const Ints& output_size,
                           std::string_view data_format = "NCL");

// Pooling to a given size: output i covers the elements from floor(i * n / m) to ceil((i + 1) * n /
// m). A size of -1 keeps that of the input.
// Args:
//   x: the tensor; floating point
//   output_size: extents of the result, along each axis or for all; integers
//   data_format: where the channels are: 'NCHW' second, 'NHWC' last (1 and 3 dims likewise); a
//     string, one of 'NCHW', 'NHWC'; default 'NCHW'
// Returns:
//   a tensor of the dtype that the text gives
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'at least 1 element', 'dims (batch, channels'
//   ValueError for a missing argument or one out of its range: 'at least 1', 'of them'
Tensor adaptive_avg_pool2d(const Tensor& x, const Ints& output_size,
                           std::string_view data_format = "NCHW");

// Pooling to a given size: output i covers the elements from floor(i * n / m) to ceil((i + 1) * n /
// m). A size of -1 keeps that of the input.
// Args:
//   x: the tensor; floating point
//   output_size: extents of the result, along each axis or for all; integers
//   data_format: where the channels are: 'NCHW' second, 'NHWC' last (1 and 3 dims likewise); a
//     string, one of 'NCDHW', 'NDHWC'; default 'NCDHW'
// Returns:
//   a tensor of the dtype that the text gives
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'at least 1 element', 'dims (batch, channels'
//   ValueError for a missing argument or one out of its range: 'at least 1', 'of them'
Tensor adaptive_avg_pool3d(const Tensor& x, const Ints& output_size,
                           std::string_view data_format = "NCDHW");

// Pooling to a given size: output i covers the elements from floor(i * n / m) to ceil((i + 1) * n /
// m). A size of -1 keeps that of the input.
// Args:
//   x: the tensor; floating point
//   output_size: extents of the result, along each axis or for all; integers
//   return_mask: whether to give where in the input each maximum lies; True or False; default False
//   data_format: where the channels are: 'NCHW' second, 'NHWC' last (1 and 3 dims likewise); a
//     string, one of 'NCL', 'NLC'; default 'NCL'
// Returns:
//   out, mask (as many as are asked for): tensors of the dtype that the text gives
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'at least 1 element', 'dims (batch, channels'
//   ValueError for a missing argument or one out of its range: 'at least 1', 'of them'
Results adaptive_max_pool1d(const Tensor& x, const Ints& output_size, bool return_mask = false,
                            std::string_view data_format = "NCL");

// Pooling to a given size: output i covers the elements from floor(i * n / m) to ceil((i + 1) * n /
// m). A size of -1 keeps that of the input.
// Args:
//   x: the tensor; floating point
//   output_size: extents of the result, along each axis or for all; integers
//   return_mask: whether to give where in the input each maximum lies; True or False; default False
//   data_format: where the channels are: 'NCHW' second, 'NHWC' last (1 and 3 dims likewise); a
//     string, one of 'NCHW', 'NHWC'; default 'NCHW'
// Returns:
//   out, mask (as many as are asked for): tensors of the dtype that the text gives
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'at least 1 element', 'dims (batch, channels'
//   ValueError for a missing argument or one out of its range: 'at least 1', 'of them'
Results adaptive_max_pool2d(const Tensor& x, const Ints& output_size, bool return_mask = false,
                            std::string_view data_format = "NCHW");

// Pooling to a given size: output i covers the elements from floor(i * n / m) to ceil((i + 1) * n /
// m). A size of -1 keeps that of the input.
// Args:
//   x: the tensor; floating point
//   output_size: extents of the result, along each axis or for all; integers
//   return_mask: whether to give where in the input each maximum lies; True or False; default False
//   data_format: where the channels are: 'NCHW' second, 'NHWC' last (1 and 3 dims likewise); a
//     string, one of 'NCDHW', 'NDHWC'; default 'NCDHW'
// Returns:
//   out, mask (as many as are asked for): tensors of the dtype that the text gives
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'at least 1 element', 'dims (batch, channels'
//   ValueError for a missing argument or one out of its range: 'at least 1', 'of them'
Results adaptive_max_pool3d(const Tensor& x, const Ints& output_size, bool return_mask = false,
                            std::string_view data_format = "NCDHW");

}  // namespace proa
