// The gradients of if, while and scan_loop: what they become in the forward, and the operation of
// the same kind that gives their cotangents.
// Why apart from autodiff: it differentiates regions as functions of their own, by autodiff itself.
#pragma once

#include <span>
#include <vector>

#include "proa/ir/builder.h"

namespace proa::transform {

// An operation with regions in the forward function.
struct RegionStep {
  std::vector<ir::Value> results;
  std::vector<ir::Value> kept;  // of loops: the carries that came into each step, stacked; of a
                                // while the number of steps before them
  ir::Dim length;               // of loops: the number of steps
};

// Puts `op` into the forward, with what its backward will read.
RegionStep region_forward(ir::Operation& op, std::span<const ir::Value> operands,
                          ir::Builder& builder);

// The cotangents of the operands, null where none flows. `operands` and `kept` are values of the
// backward; `given` are the results' cotangents, null where absent; `active` says which operands
// are differentiated. `sums`: what has come together for an operand so far, null where nothing: its
// cotangent is that with what the regions add, one use after the other, or null if they add
// nothing.
std::vector<ir::Value> region_backward(ir::Operation& op, const RegionStep& step,
                                       std::span<const ir::Value> operands,
                                       std::span<const ir::Value> kept,
                                       std::span<const ir::Value> given,
                                       const std::vector<bool>& active,
                                       std::span<const ir::Value> sums, ir::Builder& builder);

}  // namespace proa::transform
