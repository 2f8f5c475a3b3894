#include "proa/compiler/fuse/fuse.h"

#include "proa/compiler/fuse/groups.h"
#include "proa/compiler/fuse/index.h"
#include "proa/compiler/fuse/order.h"
#include "proa/compiler/fuse/rooms.h"
#include "proa/compiler/loop/dialect.h"

namespace proa::compiler {

using namespace ir;

namespace {

int fuse_block(Module& module, Renders renders, Block& block) {
  Groups groups(module, renders);
  choose_groups(groups, block);
  sink_into_readers(groups);
  for (const auto& group : groups.all()) {
    if (group->space.blocked && !group->merged()) take_producers(groups, *group);
    if (group->contracts && !group->merged()) take_operands(groups, *group);
    if (group->scatters) take_updates(groups, *group);
  }
  merge_siblings(groups);
  int made = outline_groups(groups, block);
  if (made > 0) order_by_data(block, groups.roles().sizes());
  return made;
}

// Layouts, constants and numbers that groups have taken copies of.
void remove_unread(Block& block, Renders renders) {
  for (Operation* op = block.back(); op != nullptr;) {
    Operation* before = op->prev();
    bool idle = is_layout(*op) || op->is("prim.constant") || op->is("prim.dim") || renders(*op);
    if (idle && op->unused()) op->erase();
    op = before;
  }
}

}  // namespace

int fuse(Module& module, Renders renders) {
  loop::load(module.context());
  int made = 0;
  for (Func func : module.funcs()) {
    made += fuse_block(module, renders, func.body());
    remove_unread(func.body(), renders);
  }
  return made;
}

}  // namespace proa::compiler
