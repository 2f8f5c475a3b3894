// Contractions: a group around a prim.dot becomes a function around one loop.contract.
// Why apart from the other groups: a contraction is no nest of loops but one operation, whose order
// of accumulation is a rule and whose blocking is the renderer's.
#pragma once

#include "proa/compiler/sizes.h"

namespace proa::compiler::loop {

// The prim.dot of a group's body, or null.
ir::Operation* contraction_of(ir::Operation& group);
// The function of buffers, as of the other groups: inputs, then outputs.
ir::Func lower_contraction(ir::Module& module, const Sizes& sizes, ir::Operation& group,
                           std::string_view name);

}  // namespace proa::compiler::loop
