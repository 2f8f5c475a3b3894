#include "proa/compiler/fuse/groups.h"

#include <algorithm>
#include <unordered_set>

namespace proa::compiler {

using namespace ir;

void Group::sort() {
  std::ranges::sort(ops, [](Operation* a, Operation* b) { return a->is_before(b); });
}

Group* Groups::group_of(const Operation* op) const {
  auto found = op == nullptr ? member_.end() : member_.find(op);
  if (found == member_.end()) return nullptr;
  Group* group = found->second;
  while (group->merged()) group = group->merged_into;
  return group;
}

int Groups::level_of(const Operation* op) const {
  if (Group* group = group_of(op)) return group->level;
  auto found = op == nullptr ? level_.end() : level_.find(op);
  return found == level_.end() ? 0 : found->second;
}

size_t Groups::inputs_of(const Group& group) const {
  std::unordered_set<const ValueImpl*> bases;
  for (Operation* op : group.ops) {
    for (Value operand : op->operands()) {
      each_leaf(operand, [&](Value base) {
        if (group_of(base) != &group) bases.insert(base.impl());
      });
    }
  }
  return bases.size();
}

bool Groups::fit(const Group& a, const Group& b) const {
  return a.ops.size() + b.ops.size() <= kMostOperations &&
         inputs_of(a) + inputs_of(b) <= kMostInputs;
}

Group& Groups::add() {
  all_.push_back(std::make_unique<Group>());
  return *all_.back();
}

void Groups::put(Operation* op, Group& group) {
  group.ops.push_back(op);
  member_[op] = &group;
}

void Groups::merge(Group& from, Group& into) {
  into.ops.insert(into.ops.end(), from.ops.begin(), from.ops.end());
  from.merged_into = &into;
}

void Groups::take_out(Operation* op) {
  Group* group = group_of(op);
  if (group == nullptr) return;
  std::erase(group->ops, op);
  member_.erase(op);
}

void Groups::forget(const Operation* op) {
  member_.erase(op);
  level_.erase(op);
}

}  // namespace proa::compiler
