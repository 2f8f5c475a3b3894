// The evaluator that folding is handed: one primitive of constants, run by the kernels of the cpu.
// Why here: passes may not know the runtime, and this floor is the first that knows both.
#pragma once

#include "proa/ir/pass.h"

namespace proa::eager {

// Of operations for which there is no kernel it computes nothing.
ir::Evaluator evaluator();

}  // namespace proa::eager
