// The operators of the family convolution as C++ functions.
// Why text that a tool writes: an operator is written once, on its page.
// Written by tools/cpp_functions.py from the operator pages.
// clang-format off
#pragma once

#include "proa/eager/functions/arguments.h"

namespace proa {

// The convolution (cross-correlation) of x with weight [out, in / groups, kernel...], plus bias
// [out]. padding: one integer, one an axis, a pair an axis, 'SAME' or 'VALID'. The order of the sum
// is in docs/design/numerics.md.
// Args:
//   x: the tensor; number
//   weight: the weights; number
//   bias: what is added at the end, an element for each channel or feature; number; may be left out
//   stride: distance of neighbouring windows, along each axis or for all; an integer or several, at
//     least 1; default 1
//   padding: zeros at both ends along each axis, or for all; or 'same', or 'valid'; an integer,
//     several or a string, one of 'SAME', 'VALID', 'same', 'valid'; default 0
//   dilation: distance of neighbouring taps of the kernel, along each axis or for all; an integer
//     or several, at least 1; default 1
//   groups: into how many groups channels are cut; each sees its own inputs only; an integer, at
//     least 1; default 1
//   data_format: where the channels are: 'NCHW' second, 'NHWC' last (1 and 3 dims likewise); a
//     string, one of 'NCL', 'NLC'; default 'NCL'
// Returns:
//   a tensor of the operands' promoted dtype
// Errors:
//   ShapeError where shapes do not fit: 'channels', 'dims (batch, channels'
//   ValueError for a missing argument or one out of its range: 'at least 1', 'at least 0'
Tensor conv1d(const Tensor& x, const Tensor& weight, OptionalTensor bias = {},
              const Ints& stride = 1, const Padding& padding = 0, const Ints& dilation = 1,
              int64_t groups = 1, std::string_view data_format = "NCL");

// The convolution (cross-correlation) of x with weight [out, in / groups, kernel...], plus bias
// [out]. padding: one integer, one an axis, a pair an axis, 'SAME' or 'VALID'. The order of the sum
// is in docs/design/numerics.md.
// Args:
//   x: the tensor; number
//   weight: the weights; number
//   bias: what is added at the end, an element for each channel or feature; number; may be left out
//   stride: distance of neighbouring windows, along each axis or for all; an integer or several, at
//     least 1; default 1
//   padding: zeros at both ends along each axis, or for all; or 'same', or 'valid'; an integer,
//     several or a string, one of 'SAME', 'VALID', 'same', 'valid'; default 0
//   dilation: distance of neighbouring taps of the kernel, along each axis or for all; an integer
//     or several, at least 1; default 1
//   groups: into how many groups channels are cut; each sees its own inputs only; an integer, at
//     least 1; default 1
//   data_format: where the channels are: 'NCHW' second, 'NHWC' last (1 and 3 dims likewise); a
//     string, one of 'NCHW', 'NHWC'; default 'NCHW'
// Returns:
//   a tensor of the operands' promoted dtype
// Errors:
//   ShapeError where shapes do not fit: 'channels', 'dims (batch, channels'
//   ValueError for a missing argument or one out of its range: 'at least 1', 'at least 0'
Tensor conv2d(const Tensor& x, const Tensor& weight, OptionalTensor bias = {},
              const Ints& stride = 1, const Padding& padding = 0, const Ints& dilation = 1,
              int64_t groups = 1, std::string_view data_format = "NCHW");

// The convolution (cross-correlation) of x with weight [out, in / groups, kernel...], plus bias
// [out]. padding: one integer, one an axis, a pair an axis, 'SAME' or 'VALID'. The order of the sum
// is in docs/design/numerics.md.
// Args:
//   x: the tensor; number
//   weight: the weights; number
//   bias: what is added at the end, an element for each channel or feature; number; may be left out
//   stride: distance of neighbouring windows, along each axis or for all; an integer or several, at
//     least 1; default 1
//   padding: zeros at both ends along each axis, or for all; or 'same', or 'valid'; an integer,
//     several or a string, one of 'SAME', 'VALID', 'same', 'valid'; default 0
//   dilation: distance of neighbouring taps of the kernel, along each axis or for all; an integer
//     or several, at least 1; default 1
//   groups: into how many groups channels are cut; each sees its own inputs only; an integer, at
//     least 1; default 1
//   data_format: where the channels are: 'NCHW' second, 'NHWC' last (1 and 3 dims likewise); a
//     string, one of 'NCDHW', 'NDHWC'; default 'NCDHW'
// Returns:
//   a tensor of the operands' promoted dtype
// Errors:
//   ShapeError where shapes do not fit: 'channels', 'dims (batch, channels'
//   ValueError for a missing argument or one out of its range: 'at least 1', 'at least 0'
Tensor conv3d(const Tensor& x, const Tensor& weight, OptionalTensor bias = {},
              const Ints& stride = 1, const Padding& padding = 0, const Ints& dilation = 1,
              int64_t groups = 1, std::string_view data_format = "NCDHW");

// The transposed convolution of x with weight [in, out / groups, kernel...], plus bias [out]: the
// gradient of a convolution with respect to its input (Zeiler et al. 2010). output_padding or
// output_size chooses among the sizes that a stride leaves open.
// Args:
//   x: the tensor; number
//   weight: the weights; number
//   bias: what is added at the end, an element for each channel or feature; number; may be left out
//   stride: distance of neighbouring windows, along each axis or for all; an integer or several, at
//     least 1; default 1
//   padding: zeros at both ends along each axis, or for all; or 'same', or 'valid'; an integer,
//     several or a string, one of 'SAME', 'VALID', 'same', 'valid'; default 0
//   output_padding: what is added to one side of the result's extents; an integer or several, at
//     least 0; default 0
//   groups: into how many groups channels are cut; each sees its own inputs only; an integer, at
//     least 1; default 1
//   dilation: distance of neighbouring taps of the kernel, along each axis or for all; an integer
//     or several, at least 1; default 1
//   output_size: extents of the result, along each axis or for all; integers; default None
//   data_format: where the channels are: 'NCHW' second, 'NHWC' last (1 and 3 dims likewise); a
//     string, one of 'NCL', 'NLC'; default 'NCL'
// Returns:
//   a tensor of the operands' promoted dtype
// Errors:
//   ShapeError where shapes do not fit: 'channels', 'dims (batch, channels'
//   ValueError for a missing argument or one out of its range: 'at least 1', 'at least 0'
Tensor conv1d_transpose(const Tensor& x, const Tensor& weight, OptionalTensor bias = {},
                        const Ints& stride = 1, const Padding& padding = 0,
                        const Ints& output_padding = 0, int64_t groups = 1,
                        const Ints& dilation = 1, const Ints& output_size = {},
                        std::string_view data_format = "NCL");

// The transposed convolution of x with weight [in, out / groups, kernel...], plus bias [out]: the
// gradient of a convolution with respect to its input (Zeiler et al. 2010). output_padding or
// output_size chooses among the sizes that a stride leaves open.
// Args:
//   x: the tensor; number
//   weight: the weights; number
//   bias: what is added at the end, an element for each channel or feature; number; may be left out
//   stride: distance of neighbouring windows, along each axis or for all; an integer or several, at
//     least 1; default 1
//   padding: zeros at both ends along each axis, or for all; or 'same', or 'valid'; an integer,
//     several or a string, one of 'SAME', 'VALID', 'same', 'valid'; default 0
//   output_padding: what is added to one side of the result's extents; an integer or several, at
//     least 0; default 0
//   groups: into how many groups channels are cut; each sees its own inputs only; an integer, at
//     least 1; default 1
//   dilation: distance of neighbouring taps of the kernel, along each axis or for all; an integer
//     or several, at least 1; default 1
//   output_size: extents of the result, along each axis or for all; integers; default None
//   data_format: where the channels are: 'NCHW' second, 'NHWC' last (1 and 3 dims likewise); a
//     string, one of 'NCHW', 'NHWC'; default 'NCHW'
// Returns:
//   a tensor of the operands' promoted dtype
// Errors:
//   ShapeError where shapes do not fit: 'channels', 'dims (batch, channels'
//   ValueError for a missing argument or one out of its range: 'at least 1', 'at least 0'
Tensor conv2d_transpose(const Tensor& x, const Tensor& weight, OptionalTensor bias = {},
                        const Ints& stride = 1, const Padding& padding = 0,
                        const Ints& output_padding = 0, const Ints& dilation = 1,
                        int64_t groups = 1, const Ints& output_size = {},
                        std::string_view data_format = "NCHW");

// The transposed convolution of x with weight [in, out / groups, kernel...], plus bias [out]: the
// gradient of a convolution with respect to its input (Zeiler et al. 2010). output_padding or
// output_size chooses among the sizes that a stride leaves open.
// Args:
//   x: the tensor; number
//   weight: the weights; number
//   bias: what is added at the end, an element for each channel or feature; number; may be left out
//   stride: distance of neighbouring windows, along each axis or for all; an integer or several, at
//     least 1; default 1
//   padding: zeros at both ends along each axis, or for all; or 'same', or 'valid'; an integer,
//     several or a string, one of 'SAME', 'VALID', 'same', 'valid'; default 0
//   output_padding: what is added to one side of the result's extents; an integer or several, at
//     least 0; default 0
//   groups: into how many groups channels are cut; each sees its own inputs only; an integer, at
//     least 1; default 1
//   dilation: distance of neighbouring taps of the kernel, along each axis or for all; an integer
//     or several, at least 1; default 1
//   output_size: extents of the result, along each axis or for all; integers; default None
//   data_format: where the channels are: 'NCHW' second, 'NHWC' last (1 and 3 dims likewise); a
//     string, one of 'NCDHW', 'NDHWC'; default 'NCDHW'
// Returns:
//   a tensor of the operands' promoted dtype
// Errors:
//   ShapeError where shapes do not fit: 'channels', 'dims (batch, channels'
//   ValueError for a missing argument or one out of its range: 'at least 1', 'at least 0'
Tensor conv3d_transpose(const Tensor& x, const Tensor& weight, OptionalTensor bias = {},
                        const Ints& stride = 1, const Padding& padding = 0,
                        const Ints& output_padding = 0, int64_t groups = 1,
                        const Ints& dilation = 1, const Ints& output_size = {},
                        std::string_view data_format = "NCDHW");

}  // namespace proa
