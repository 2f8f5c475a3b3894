#include "proa/compiler/fuse/rooms.h"

#include <algorithm>
#include <unordered_map>
#include <vector>

#include "proa/compiler/fuse/index.h"
#include "proa/compiler/fuse/roles.h"
#include "proa/compiler/fuse/space.h"

namespace proa::compiler {

using namespace ir;

namespace {

class Producers {
 public:
  explicit Producers(Groups& groups) : groups_(groups), roles_(groups.roles()) {}

  // A reduction computes what leads to it by itself, where that is not in memory for others: to
  // read the few values behind it costs less than to write a value and read it again.
  void run(Group& group) {
    constexpr size_t kMostTaken = 48, kMostLeaves = 4;
    group.sort();
    std::unordered_map<const Operation*, Operation*> taken;
    for (Operation* op : std::vector<Operation*>(group.ops)) {
      if (!op->is("prim.reduce")) continue;
      std::vector<Operation*> cone;
      std::vector<const ValueImpl*> leaves;
      cone_of(op->operand(0), group.space, cone, leaves);
      if (cone.empty() || cone.size() > kMostTaken || leaves.size() > kMostLeaves) continue;
      Value before = op->operand(0);
      op->set_operand(0, taken_value(before, group, op, taken));
      forget(before.definer());
    }
    int level = 0;
    for (Operation* op : group.ops) {
      for (Value operand : op->operands()) {
        Value base = through_layouts(operand, nullptr);
        if (groups_.group_of(base) != &group) level = std::max(level, groups_.level_of(base));
      }
    }
    group.level = level + 1;
  }

 private:
  // Whether somebody beside the group and blocked reductions reads the value, so that it lies in
  // memory anyway.
  bool read_outside(Value value, const Group& group) {
    bool found = false;
    value.each_use([&](Use& use) {
      if (found) return;
      Operation* owner = use.owner;
      if (is_layout(*owner)) {
        found = read_outside(owner->result(), group);
        return;
      }
      Group* reader = groups_.group_of(owner);
      found = reader == nullptr || (reader != &group && !reader->space.blocked);
    });
    return found;
  }

  // Whether the value behind the operand may be computed again where it is read: element by element
  // in a group that does not store it.
  bool can_take(Value operand, const Space& space) {
    Value base = through_layouts(operand, nullptr);
    Operation* op = base.definer();
    Group* group = groups_.group_of(base);
    if (group == nullptr || group->space.blocked || op->is("prim.reduce") || roles_.anchors(*op) ||
        roles_.gathers(*op) || group->scatters) {
      return false;
    }
    return roles_.wide(base.dims()) == space.dims && roles_.aligned(operand) &&
           !read_outside(base, *group);
  }

  // The operations behind the operand that can be taken, and what they read from memory.
  void cone_of(Value operand, const Space& space, std::vector<Operation*>& cone,
               std::vector<const ValueImpl*>& leaves) {
    Value base = through_layouts(operand, nullptr);
    if (!can_take(operand, space)) {
      bool large = roles_.wide(base.dims()) == space.dims;
      if (large && std::ranges::find(leaves, base.impl()) == leaves.end()) {
        leaves.push_back(base.impl());
      }
      return;
    }
    if (std::ranges::find(cone, base.definer()) != cone.end()) return;
    cone.push_back(base.definer());
    for (Value next : base.definer()->operands()) cone_of(next, space, cone, leaves);
  }

  Value taken_value(Value value, Group& group, Operation* before,
                    std::unordered_map<const Operation*, Operation*>& taken) {
    Operation* op = value.definer();
    bool layout = op != nullptr && is_layout(*op);
    if (!can_take(value, group.space)) return value;
    if (auto found = taken.find(op); found != taken.end()) return found->second->result();
    ValueMap map;
    for (Value operand : op->operands()) {
      map.set(operand, taken_value(operand, group, before, taken));
    }
    Operation* copy = clone(*op, map);
    before->block()->insert(copy, before);
    taken[op] = copy;
    if (!layout) {
      groups_.put(copy, group);
    } else {
      groups_.set_level(copy, groups_.level_of(through_layouts(copy->operand(0), nullptr)));
    }
    return copy->result();
  }

  // Removes what nobody reads any more from its group and from the block: from the last operation
  // on, so that each has its turn once.
  void forget(Operation* last) {
    std::vector<Operation*> waiting;
    if (last != nullptr) waiting.push_back(last);
    while (!waiting.empty()) {
      auto next = std::ranges::max_element(
          waiting, [](Operation* a, Operation* b) { return a->is_before(b); });
      Operation* op = *next;
      waiting.erase(next);
      if (!op->unused() || (groups_.group_of(op) == nullptr && !is_layout(*op))) continue;
      groups_.take_out(op);
      groups_.forget(op);
      for (Value operand : op->operands()) {
        bool known = std::ranges::find(waiting, operand.definer()) != waiting.end();
        if (operand.definer() != nullptr && !known) waiting.push_back(operand.definer());
      }
      op->erase();
    }
  }

  Groups& groups_;
  const Roles& roles_;
};

}  // namespace

void take_producers(Groups& groups, Group& group) { Producers(groups).run(group); }

}  // namespace proa::compiler
