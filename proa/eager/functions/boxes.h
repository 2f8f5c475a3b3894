// The operators of the family boxes as C++ functions.
// Why text that a tool writes: an operator is written once, on its page.
// Written by tools/cpp_functions.py from the operator pages.
// clang-format off
#pragma once

#include "proa/eager/functions/arguments.h"

namespace proa {

// Which boxes non-maximum suppression leaves: a box stays unless its intersection over union with a
// box that stays before it is above the threshold. The boxes come in order of preference, best
// first. An overlap of NaN (boxes without area, coordinates that are no numbers) suppresses
// nothing.
// Args:
//   boxes: float32 or float64 [n, 4], (x1, y1, x2, y2) with x1 <= x2 and y1 <= y2.
//   groups: int32 or int64 [n]; boxes of different groups do not suppress each other.
//   iou_threshold: in 0..1.
//   normalized: False: coordinates count pixels, and a side has x2 - x1 + 1 of them.
//   eta: the threshold is multiplied by this with every box that stays, as long as it is above 0.5.
// Returns:
//   bool [n].
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: '[boxes, 4]', 'each of the 3 boxes'
//   ValueError for a missing argument or one out of its range: 'eta'
// Source:
//   Neubeck and Van Gool, "Efficient non-maximum suppression", 2006.
Tensor suppress_boxes(const Tensor& boxes, OptionalTensor groups = {}, double iou_threshold = 0.3,
                      bool normalized = true, double eta = 1.0);

}  // namespace proa
