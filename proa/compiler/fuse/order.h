// Order: operations stand behind those that they read, and behind what gives their sizes.
// Why a pass of its own: fusion puts groups where their last member was, which may be too late for
// a reader of another.
#pragma once

#include "proa/compiler/sizes.h"
#include "proa/ir/module.h"

namespace proa::compiler {

// The order otherwise stays as it was.
void order_by_data(ir::Block& block, const Sizes& sizes);

}  // namespace proa::compiler
