// What control flow carries for nobody: unread results, inputs, carries and outputs of if, while
// and scan_loop. Why: a gradient asks for a stack of every carry, and mostly reads a few of them.
#pragma once

#include "proa/ir/operation.h"

namespace proa::transform {

// The operation that stands in for `op`, which is gone then; `op` itself where nothing is unread.
ir::Operation* prune(ir::Operation* op);

}  // namespace proa::transform
