// The passes that every function goes through before it is emitted, in their order.
// Why one door: eager calls, captured graphs and saved models must get the same program.
#pragma once

#include "proa/ir/module.h"

namespace proa::transform {

// Dead code goes, operations take their canonical forms, equal ones are merged, and what that
// leaves unused goes. Every result keeps its bits. Results of a function may come to be the same
// value as an argument or another result: whoever hands them out as memory of their own sees to
// that.
void optimize(ir::Module& module);

}  // namespace proa::transform
