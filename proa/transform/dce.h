// Dead code: operations without effect whose results nobody reads go.
// Why a pass of its own: rules write plainly and leave behind what a caller does not ask for.
#pragma once

#include <cstdint>

#include "proa/ir/module.h"

namespace proa::transform {

// Removes every operation that may go (ir::is_removable) and is not used, and what that leaves
// unused. Assertions, bindings of sizes and whatever else has an effect stay. Returns how many
// went.
int64_t remove_dead(ir::Module& module);

}  // namespace proa::transform
