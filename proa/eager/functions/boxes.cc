// Written by tools/cpp_functions.py from the operator pages.
// clang-format off
#include "proa/eager/functions/boxes.h"

#include "proa/eager/functions/door.h"

namespace proa {

Tensor suppress_boxes(const Tensor& boxes, OptionalTensor groups, double iou_threshold,
                      bool normalized, double eta) {
  static const eager::Door door("tensor.suppress_boxes");
  eager::Request request(door);
  request.operand(boxes);
  request.operand(groups);
  request.real(0, iou_threshold);
  request.boolean(1, normalized);
  request.real(2, eta);
  return request.one();
}

}  // namespace proa
