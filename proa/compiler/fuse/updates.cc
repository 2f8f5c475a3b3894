#include "proa/compiler/fuse/cone.h"
#include "proa/compiler/fuse/index.h"
#include "proa/compiler/fuse/rooms.h"

namespace proa::compiler {

using namespace ir;

void take_updates(Groups& groups, Group& group) {
  constexpr size_t kMostLeaves = 8;
  const Operation& scatter = *group.ops[0];
  Cone cone;
  cone.add(
      groups, through_layouts(scatter.operand(2), nullptr),
      [](const Operation&, const Group& of) { return !of.gathers && !of.scatters; },
      [&](Use& use) { return use.owner == &scatter && scatter.operand_index(use) == 2; });
  if (cone.leaves.size() > kMostLeaves || cone.ops.size() >= kMostOperations) return;
  for (Operation* op : cone.ops) {
    groups.take_out(op);
    groups.put(op, group);
  }
}

}  // namespace proa::compiler
