// Fusion: primitives that run over one iteration space become one loop.group.
// Why: what a group computes on the way stays in registers; memory sees its inputs and outputs
// only.
#pragma once

#include "proa/ir/module.h"

namespace proa::ir {
class PassContext;
}

namespace proa::compiler {

// Which element-by-element primitives the target can render; any other keeps its own kernel.
using Renders = bool (*)(const ir::Operation&);

// In every function: the operations of primitives that share an iteration space are outlined into
// loop.group operations, whose regions hold them as they were. An iteration space is the dims of an
// elementwise result, or the operand's dims of a reduction along its last axes, extents of 1 left
// out; a group holds values of one space and of that space without its reduced axes. Layout
// primitives go with whoever reads them. Returns the number of groups.
int fuse(ir::Module& module, Renders renders);

}  // namespace proa::compiler
