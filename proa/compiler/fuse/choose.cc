#include "proa/compiler/fuse/rooms.h"

#include <algorithm>
#include <vector>

#include "proa/compiler/fuse/index.h"
#include "proa/compiler/fuse/roles.h"
#include "proa/compiler/fuse/space.h"
#include "proa/ir/dialect.h"

namespace proa::compiler {

using namespace ir;

namespace {

class Chooser {
 public:
  explicit Chooser(Groups& groups) : groups_(groups), roles_(groups.roles()) {}

  void visit(Operation& op) {
    if (op.info().has(Trait::terminator) || op.is("prim.constant")) return;
    int level = 0;
    for (Value operand : op.operands())
      level = std::max(level, groups_.level_of(through_layouts(operand, nullptr)));
    roles_.sizes().each_binder(
        op, [&](Operation* binder) { level = std::max(level, groups_.level_of(binder)); });
    if (is_layout(op) || roles_.small_number(op)) return void(groups_.set_level(&op, level));
    if (!roles_.fusible(op)) return void(groups_.set_level(&op, level + 1));
    // What a gather reads is in memory, and checked, before its group begins.
    bool anchor = roles_.anchors(op) || roles_.blocked_reduction(op) || roles_.gathers(op) ||
                  roles_.scatters(op);
    Group* home = anchor ? nullptr : join(op, level);
    if (home == nullptr) {
      home = &groups_.add();
      home->space = roles_.space_of(op);
      home->level = level + 1;
      home->contracts = roles_.anchors(op);
      home->gathers = roles_.gathers(op);
      home->scatters = roles_.scatters(op);
    }
    groups_.put(&op, *home);
    if (Operation* last = turned_of(op)) groups_.put(last, *home);
  }

 private:
  // All operands at the highest level must lie in groups that can become one with this operation.
  // Whatever depends on a group has a higher level, so that nothing outside comes between.
  Group* join(Operation& op, int level) {
    std::vector<Group*> candidates;
    Space space = roles_.space_of(op);
    size_t size = 1, inputs = op.operand_count(), contracts = 0, gathers = 0;
    for (Value operand : op.operands()) {
      Value base = through_layouts(operand, nullptr);
      if (groups_.level_of(base) < level) continue;
      Group* group = groups_.group_of(base);
      if (group == nullptr || group->scatters || !roles_.aligned(operand)) return nullptr;
      if (std::ranges::find(candidates, group) != candidates.end()) continue;
      Space both;
      if (!unite(space, group->space, both)) return nullptr;
      contracts += group->contracts;
      gathers += group->gathers;
      if (contracts + gathers > 0 && both.blocked) return nullptr;
      if (contracts > 0 && gathers > 0) return nullptr;
      if (contracts > 0 && (both.inner > 0 || space.dims != group->space.dims)) return nullptr;
      space = both;
      size += group->ops.size();
      inputs += groups_.inputs_of(*group);
      candidates.push_back(group);
    }
    if (candidates.empty() || size > kMostOperations || inputs > kMostInputs) return nullptr;
    if (contracts > 1) return nullptr;
    Group* home = candidates[0];
    home->contracts = contracts > 0;
    home->gathers = gathers > 0;
    for (size_t i = 1; i < candidates.size(); ++i) groups_.merge(*candidates[i], *home);
    home->space = space;
    return home;
  }

  Groups& groups_;
  Roles& roles_;
};

}  // namespace

void choose_groups(Groups& groups, Block& block) {
  Chooser chooser(groups);
  for (Operation& op : block) chooser.visit(op);
}

}  // namespace proa::compiler
