// Scatters: a group around a prim.scatter becomes a function around one loop.scatter.
// Why apart from the other groups: who writes to a place of the result is known from the index
// alone, so it is no nest of loops over the result or the updates.
#pragma once

#include "proa/compiler/sizes.h"

namespace proa::compiler::loop {

// The prim.scatter of a group's body, or null.
ir::Operation* scatter_of(ir::Operation& group);
// What updates of the dtype are joined in: f16 and bf16 in f32.
DType joined_in(DType dtype);
// The function of buffers, as of the other groups: inputs, then outputs.
ir::Func lower_scatter(ir::Module& module, const Sizes& sizes, ir::Operation& group,
                       std::string_view name);

}  // namespace proa::compiler::loop
