// Lowering: every loop.group becomes a function of loops and a loop.launch of it.
// Why apart from fusion: what runs together is one question, how it is looped over is another.
#pragma once

#include "proa/ir/module.h"

namespace proa::compiler::loop {

// Inputs are taken to be dense and row-major; whoever launches sees to it. Neighbouring axes that
// every access walks as one become one loop. Returns the number of kernels.
int lower(ir::Module& module);

}  // namespace proa::compiler::loop
