// Convolutions: a group around a prim.conv becomes a function around one loop.convolve.
// Why apart from the other groups: a convolution is no nest of loops but one operation, whose order
// of accumulation is a rule and whose blocking is the renderer's.
#pragma once

#include "proa/compiler/sizes.h"
#include "proa/ir/module.h"

namespace proa::compiler::loop {

// Whether a loop.convolve can stand for the operation: a prim.conv of floats over at most three
// spatial axes, of one group or of a known number of outputs.
bool convolves(const ir::Operation& op);
// The prim.conv of a group's body, or null.
ir::Operation* convolution_of(ir::Operation& group);
// The function of buffers, as of the other groups: inputs, then outputs.
ir::Func lower_convolution(ir::Module& module, const Sizes& sizes, ir::Operation& group,
                           std::string_view name);

}  // namespace proa::compiler::loop
