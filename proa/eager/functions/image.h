// The operators of the family image as C++ functions.
// Why text that a tool writes: an operator is written once, on its page.
// Written by tools/cpp_functions.py from the operator pages.
// clang-format off
#pragma once

#include "proa/eager/functions/arguments.h"

namespace proa {

// Images of bytes in another size, equal to the byte to what Pillow's Image.resize or OpenCV's
// resize gives. Like Pillow, filters are widened where an image becomes smaller, and bytes are
// rounded between rows and columns; the columns go first where an image loses more than twice as
// many rows as columns (Pillow 13; earlier releases took the rows first throughout). Like OpenCV,
// two pixels in each direction make one, whatever the size.
// Args:
//   x: uint8; leading axes are a batch.
//   size: (height, width) in pixels, at least 1 each.
//   interpolation: the filter; like='opencv' knows nearest and bilinear.
//   like: whose bytes.
//   data_format: what the last axes are.
// Returns:
//   a tensor of the operands' promoted dtype
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'HWC', 'at least 1 pixel'
//   ValueError for a missing argument or one out of its range: '(height, width)', 'like='opencv''
// Source:
//   Pillow, Resample.c and Geometry.c; OpenCV, resize.cpp; Keys, "Cubic convolution interpolation
//     for digital image processing", 1981.
Tensor resize_image(const Tensor& x, const Ints& size, std::string_view interpolation = "bilinear",
                    std::string_view like = "pillow", std::string_view data_format = "HWC");

// Each pixel along an axis as a mixture of pixels of x: the sum over taps of x at `at` times
// `weight`, divided by 2^22, rounded (halves up) and limited to 0..255. Sums wrap at 32 bits.
// Args:
//   x: uint8.
//   at: int64 [output, taps], positions along the axis; one outside counts as the nearest.
//   weight: int32 [output, taps], 2^22 for a whole pixel.
//   axis: which axis of x.
// Returns:
//   a tensor of the operands' promoted dtype
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: '[output, taps]', 'a weight for each'
//   IndexError for an axis or index out of range
//   ValueError for a missing argument or one out of its range
// Source:
//   Pillow, Resample.c.
Tensor mix_pixels(const Tensor& x, const Tensor& at, const Tensor& weight, int64_t axis);

}  // namespace proa
