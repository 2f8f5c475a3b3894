#include "proa/compiler/fuse/rooms.h"

#include <algorithm>
#include <unordered_set>
#include <vector>

#include "proa/compiler/fuse/gathers.h"
#include "proa/compiler/fuse/index.h"
#include "proa/compiler/fuse/roles.h"
#include "proa/ir/stage.h"

namespace proa::compiler {

using namespace ir;

namespace {

// Whether somebody beside the members reads the value or a layout of it. A layout of a member
// that a member reads is copied into the group.
bool escapes(Value value, const std::unordered_set<const Operation*>& members) {
  bool found = false;
  value.each_use([&](Use& use) {
    if (found || members.contains(use.owner)) return;
    found = !is_layout(*use.owner) || escapes(use.owner->result(), members);
  });
  return found;
}

// Removes a member that was copied, and the layouts that only members read.
void drop(Operation* op) {
  std::vector<Operation*> layouts;
  for (Value result : op->results()) {
    result.each_use([&](Use& use) { layouts.push_back(use.owner); });
  }
  for (Operation* layout : layouts) drop(layout);
  if (op->unused() && op->block() != nullptr) op->erase();
}

class Outliner {
 public:
  explicit Outliner(Groups& groups) : groups_(groups), roles_(groups.roles()) {}

  // Moves the group into the region of one operation, before the last of its members.
  int outline(Group& group, Block& block) {
    // A gather alone is better copied by pieces.
    bool any = std::ranges::any_of(group.ops, [&](Operation* op) { return !roles_.gathers(*op); });
    if (!any) return 0;
    group.sort();
    std::unordered_set<const Operation*> members(group.ops.begin(), group.ops.end());
    std::vector<Value> inputs, outputs;
    for (Operation* op : group.ops) {
      for (Value operand : op->operands()) {
        auto read = [&](Value base) {
          bool inside = base.definer() != nullptr && members.contains(base.definer());
          bool written = inlined_constant(base) && !roles_.anchors(*op);
          if (!inside && !written && std::ranges::find(inputs, base) == inputs.end()) {
            inputs.push_back(base);
          }
        };
        // A contraction reads memory: nothing is written into it.
        if (op->is("prim.dot")) read(through_layouts(operand, nullptr));
        else groups_.each_leaf(operand, read);
      }
      for (Value result : op->results()) {
        if (escapes(result, members)) outputs.push_back(result);
      }
    }
    if (outputs.empty() || !take_group()) return 0;
    for (Operation* op : group.ops) {
      bool picks = roles_.gathers(*op) || (group.scatters && op->is("prim.scatter") && stops(*op));
      if (picks) inputs.push_back(check_of(*op, group.ops.back()));
    }
    std::vector<Location> lines;
    for (Operation* op : group.ops) {
      if (op->location().storage() != nullptr) lines.push_back(op->location());
    }
    OpState state{.info = &groups_.module().context().op("loop.group"),
                  .location = Location::fused(groups_.module().context(), lines),
                  .operands = inputs,
                  .results = {},
                  .attrs = {},
                  .regions = 1};
    for (Value output : outputs) state.results.push_back(output.type());
    Operation* made = Operation::create(state);
    if (std::ranges::any_of(group.ops, [](Operation* op) { return turned_of(*op) != nullptr; }))
      made->set_attr("last", Attribute::unit(groups_.module().context()));
    made->set_attr("space", Attribute::dims(groups_.module().context(), group.space.dims));
    made->set_attr("inner", Attribute::integer(groups_.module().context(),
                                               static_cast<int64_t>(group.space.inner)));
    if (group.space.blocked) {
      made->set_attr("columns", Attribute::integer(groups_.module().context(),
                                                   static_cast<int64_t>(group.space.columns)));
    }
    block.insert(made, group.ops.back());
    Block& body = made->region(0).add_block();
    ValueMap map;
    for (Value input : inputs) map.set(input, body.add_argument(input.type()));
    for (Operation* op : group.ops) take(*op, body, map);
    OpState end;
    end.info = &groups_.module().context().op("loop.yield");
    for (Value output : outputs) end.operands.push_back(map.at(output));
    body.append(Operation::create(end));
    for (size_t i = 0; i < outputs.size(); ++i) outputs[i].replace_uses(made->result(i));
    for (auto it = group.ops.rbegin(); it != group.ops.rend(); ++it) drop(*it);
    return 1;
  }

  // Numbers that somebody reads beside the groups that took copies of them become groups too, so
  // that what a program computes from many numbers can be batched.
  int outline_numbers(Block& block) {
    std::vector<Operation*> numbers;
    for (Operation& op : block) {
      if (roles_.is_copied(&op) && roles_.renders(op) && !op.unused()) numbers.push_back(&op);
    }
    int made = 0;
    for (size_t i = numbers.size(); i-- > 0;) {
      Group group;
      group.ops = {numbers[i]};
      if (!numbers[i]->unused()) made += outline(group, block);
    }
    return made;
  }

 private:
  Value size_of_axis(const Operation& op, Block& body) {
    std::span<const Dim> dims = op.operand(0).dims();
    int64_t axis = op.attr("axis").as_int();
    if (axis < 0) axis += static_cast<int64_t>(dims.size());
    OpState state;
    state.info = &groups_.module().context().op("loop.size");
    state.results = {op.result().type()};
    Operation* made = Operation::create(state);
    Dim d = roles_.canonical(dims[static_cast<size_t>(axis)]);
    made->set_attr("dim", Attribute::dim(groups_.module().context(), d));
    body.append(made);
    return made->result();
  }

  // A copy of the operation at the end of the region, behind copies of what it reads that belongs
  // to nobody.
  void take(Operation& op, Block& body, ValueMap& map) {
    for (Value operand : op.operands()) {
      Operation* definer = operand.definer();
      if (map.get(operand) || definer == nullptr) continue;
      if (definer->is("prim.dim")) {
        map.set(operand, size_of_axis(*definer, body));
        continue;
      }
      bool free = is_layout(*definer) || definer->is("prim.constant") || roles_.is_copied(definer);
      if (free) take(*definer, body, map);
    }
    body.append(clone(op, map));
  }

  // What an index was checked for is not checked again: a gradient picks as its function did.
  Value check_of(Operation& op, Operation* before) {
    Check check{op.operand(1), op.attr("mode"), {}, {}};
    for (int64_t axis : op.attr("axes").as_ints()) {
      if (axis < 0) axis += op.operand(0).rank();
      check.extents.push_back(roles_.canonical(op.operand(0).dims()[static_cast<size_t>(axis)]));
    }
    for (const Check& made : checks_) {
      bool same = made.index == check.index && made.mode == check.mode &&
                  made.extents == check.extents &&
                  before->block() == made.result.definer()->block();
      if (same) return made.result;
    }
    check.result = check_of_pieces(groups_.module(), op, before);
    checks_.push_back(check);
    return check.result;
  }

  struct Check {
    Value index;
    Attribute mode;
    std::vector<Dim> extents;
    Value result;
  };

  Groups& groups_;
  const Roles& roles_;
  std::vector<Check> checks_;
};

}  // namespace

int outline_groups(Groups& groups, Block& block) {
  Outliner outliner(groups);
  int made = 0;
  for (const auto& group : groups.all()) {
    if (!group->merged()) made += outliner.outline(*group, block);
  }
  if (made > 0) made += outliner.outline_numbers(block);
  return made;
}

}  // namespace proa::compiler
