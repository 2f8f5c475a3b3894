// Rooms of fusion: the steps from a block of primitives to loop.group operations, in their order.
// Why: each is a choice that can be read, and understood, without the others.
#pragma once

#include "proa/compiler/fuse/groups.h"
#include "proa/ir/module.h"

namespace proa::compiler {

// Each operation joins the groups that it reads from at the highest level, or begins one.
void choose_groups(Groups& groups, ir::Block& block);
// What only waits for another group becomes part of it.
void sink_into_readers(Groups& groups);
// A blocked reduction computes what leads to it by itself, where nobody else has it in memory.
void take_producers(Groups& groups, Group& group);
// A product computes little arithmetic on its operands while it packs them.
void take_operands(Groups& groups, Group& group);
// A scatter computes what leads to its updates, element by element, where it joins them.
void take_updates(Groups& groups, Group& group);
// Groups with reductions over one space and level that read the same memory become one.
void merge_siblings(Groups& groups);
// Every group becomes one operation with a region. Returns how many there are.
int outline_groups(Groups& groups, ir::Block& block);

}  // namespace proa::compiler
