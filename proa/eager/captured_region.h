// Region: a body of control flow, or of a rule written in Python, while it is filled.
// Why: an operation with bodies is made when they are complete, and what they read from around them
// and write there is known only then.
#pragma once

#include <algorithm>
#include <memory>
#include <unordered_map>
#include <vector>

#include "proa/eager/function_capture.h"

namespace proa::eager {

struct FunctionCapture::Region {
  struct Input {
    Tensor tensor;              // as the body has it
    Tensor held;                // the same value around the body, with its place on the tape
    ir::Value outside, inside;  // around the body, and its argument
  };
  struct Change {
    Tensor tensor;
    ir::Value inside;
    bool tracked = false;
  };
  struct Before {
    ir::ValueImpl* value = nullptr;
    Edge edge;
  };

  bool decided = true;  // by a tensor: it may run or not; else once where it stands
  bool is_backward = false;
  // Values of this one, which is complete, may be read as well: (there, argument here).
  const Region* earlier = nullptr;
  std::vector<std::pair<ir::Value, ir::Value>> borrowed;
  std::unique_ptr<ir::Region> body = std::make_unique<ir::Region>();
  ir::Block* block = nullptr;
  size_t parameters = 0;
  std::vector<Input> inputs;
  std::vector<Change> changes;
  // What was there when it was opened.
  bool open = true;
  std::vector<ir::Value> values;
  std::vector<Before> tensors;
  std::unordered_map<const TensorImpl*, View> views;
  std::unordered_map<const TensorImpl*, int64_t> writes;
  std::vector<const TensorImpl*> gradients;

  ~Region() {
    if (body) body->clear();
  }
  const Change* change(const Tensor& tensor) const {
    auto at = std::ranges::find_if(
        changes, [&](const Change& c) { return c.tensor.impl() == tensor.impl(); });
    return at == changes.end() ? nullptr : &*at;
  }
};

}  // namespace proa::eager
