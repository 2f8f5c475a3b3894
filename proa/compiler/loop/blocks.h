// Reductions that are cut at the blocks of their sum: a kernel of totals, and a group that joins
// them.
// Why two: threads may cut a sum at blocks only, and whoever joins must see all of them.
#pragma once

#include "proa/compiler/sizes.h"

namespace proa::compiler::loop {

// Whether the group reduces axes that others follow, or all axes.
bool is_blocked(const ir::Operation& group);

// Replaces the group by a loop.launch of a new function, whose results are the totals of blocks,
// and by a group of what is done with them: their joining, and what followed in the group.
void split_blocks(ir::Module& module, const Sizes& sizes, ir::Operation& group,
                  std::string_view name);

}  // namespace proa::compiler::loop
