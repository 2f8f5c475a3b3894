#include "proa/compiler/fuse/cone.h"

#include <algorithm>

#include "proa/compiler/fuse/index.h"
#include "proa/compiler/fuse/roles.h"

namespace proa::compiler {

using namespace ir;

bool Cone::has(const Operation* op) const { return std::ranges::find(ops, op) != ops.end(); }

// Whether the cone and whom it is for are the only readers.
bool Cone::is_alone(Value value, FunctionRef<bool(Use&)> reads) const {
  bool alone = true;
  value.each_use([&](Use& use) {
    alone = alone && (is_layout(*use.owner) ? is_alone(use.owner->result(), reads)
                                            : reads(use) || has(use.owner));
  });
  return alone;
}

void Cone::add(const Groups& groups, Value base,
               FunctionRef<bool(const Operation&, const Group&)> takes,
               FunctionRef<bool(Use&)> reads) {
  Operation* op = base.definer();
  if (inlined_constant(base) || has(op)) return;
  const Group* group = groups.group_of(base);
  bool plain =
      group != nullptr && !group->contracts && !group->space.blocked && group->space.inner == 0;
  if (!plain || !takes(*op, *group) || !is_alone(base, reads)) {
    if (std::ranges::find(leaves, base) == leaves.end()) leaves.push_back(base);
    return;
  }
  std::erase(leaves, base);  // another reader, which came first, was not in the cone then
  ops.push_back(op);
  for (Value operand : op->operands()) add(groups, through_layouts(operand, nullptr), takes, reads);
}

}  // namespace proa::compiler
