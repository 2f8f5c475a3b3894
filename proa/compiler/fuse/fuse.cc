#include "proa/compiler/fuse/fuse.h"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "proa/base/error.h"
#include "proa/compiler/fuse/index.h"
#include "proa/compiler/loop/dialect.h"
#include "proa/ir/dialect.h"
#include "proa/ir/symbol/facts.h"

namespace proa::compiler {

using namespace ir;

namespace {

constexpr size_t kMostOperations = 256;  // of a group: compile time grows with them
constexpr size_t kMostInputs = 32;

// What a group runs over: `dims` without extents of 1, of which the last `inner` are loops inside
// each of the others. Values of the group have all of these axes or all but the inner ones.
struct Space {
  std::vector<Dim> dims;
  size_t inner = 0;

  size_t outer() const { return dims.size() - inner; }
  bool has_outer(const std::vector<Dim>& other) const {
    return other.size() == outer() && std::equal(other.begin(), other.end(), dims.begin());
  }
};

struct Group {
  Space space;
  int level = 0;           // above every group that it depends on
  bool contracts = false;  // one member is a contraction, whose results the others go through
  std::vector<Operation*> ops;
  Group* merged_into = nullptr;
};

// The group of the space of both, or nothing where they do not go together.
bool unite(const Space& a, const Space& b, Space& both) {
  const Space &more = a.dims.size() >= b.dims.size() ? a : b, &less = &more == &a ? b : a;
  if (more.dims == less.dims) {
    both = more;
    if (less.inner == 0 || more.inner == less.inner) return true;
    both.inner = less.inner;
    return more.inner == 0;
  }
  // The smaller one is the outer part of the larger one. An outer part without axes is one element,
  // whose loop nobody could share.
  if (less.inner != 0 || less.dims.empty()) return false;
  both = more;
  if (more.inner == 0) both.inner = more.dims.size() - less.dims.size();
  return both.has_outer(less.dims);
}

class Fuser {
 public:
  Fuser(Module& module, Renders renders) : module_(module), renders_(renders) {}

  int run(Block& block) {
    for (Operation& op : block) visit(op);
    int made = 0;
    for (const auto& group : groups_) {
      if (group->merged_into == nullptr) made += outline(*group, block);
    }
    if (made > 0) order(block);
    return made;
  }

 private:
  Dim canonical(Dim d) const { return module_.facts().canonical(d); }

  std::vector<Dim> wide(std::span<const Dim> dims) const {
    std::vector<Dim> kept;
    for (Dim d : dims) {
      d = canonical(d);
      if (!d.is_const(1)) kept.push_back(d);
    }
    return kept;
  }

  // Reductions along the last axes, in their order: a loop within the loops of the others. One
  // without other axes keeps its own kernel, which cuts it for many threads.
  bool inner_reduction(const Operation& op) const {
    if (!op.is("prim.reduce") || is_complex(op.operand(0).dtype())) return false;
    std::span<const int64_t> axes = op.attr("axes").as_ints();
    int64_t rank = op.operand(0).rank(), first = rank - static_cast<int64_t>(axes.size());
    if (axes.empty()) return false;
    for (size_t i = 0; i < axes.size(); ++i) {
      int64_t axis = axes[i] < 0 ? axes[i] + rank : axes[i];
      if (axis != first + static_cast<int64_t>(i)) return false;
    }
    return !wide(op.result().dims()).empty();
  }

  bool fusible(const Operation& op) const {
    return op.is("prim.dot") || inner_reduction(op) || renders_(op);
  }

  Space space_of(const Operation& op) const {
    if (!op.is("prim.reduce")) return {wide(op.result().dims()), 0};
    Space space{wide(op.operand(0).dims()), 0};
    space.inner = space.dims.size() - wide(op.result().dims()).size();
    return space;
  }

  // The value that layout operations read in the end, and where, for an element of `value`.
  static Value base_of(Value value, Indices* at) {
    while (value.definer() != nullptr && is_layout(*value.definer())) {
      if (at != nullptr) *at = through_layout(*value.definer(), *at);
      value = value.definer()->operand(0);
    }
    return value;
  }

  static Group* find(Group* group) {
    while (group != nullptr && group->merged_into != nullptr) group = group->merged_into;
    return group;
  }
  Group* group_of(Value value) const {
    auto found = value.definer() == nullptr ? member_.end() : member_.find(value.definer());
    return found == member_.end() ? nullptr : find(found->second);
  }
  int level_of(Value base) const {
    if (Group* group = group_of(base)) return group->level;
    auto found = base.definer() == nullptr ? level_.end() : level_.find(base.definer());
    return found == level_.end() ? 0 : found->second;
  }

  // Whether an operand of `op` that is computed in the same group is read there where it was just
  // computed: axis i of one is axis i of the other.
  bool aligned(Value operand) const {
    Indices at;
    int variable = 0;
    for (Dim d : operand.dims()) {
      at.push_back(canonical(d).is_const(1) ? Index{} : Index::of(variable++));
    }
    Value base = base_of(operand, &at);
    int next = 0;
    for (size_t i = 0; i < at.size(); ++i) {
      if (canonical(base.dims()[i]).is_const(1)) continue;
      if (!at[i].is(next++)) return false;
    }
    return true;
  }

  void visit(Operation& op) {
    if (op.info().has(Trait::terminator) || op.is("prim.constant")) return;
    int level = 0;
    for (Value operand : op.operands())
      level = std::max(level, level_of(base_of(operand, nullptr)));
    if (is_layout(op)) return void(level_[&op] = level);
    if (!fusible(op)) return void(level_[&op] = level + 1);
    Group* home = op.is("prim.dot") ? nullptr : join(op, level);
    if (home == nullptr) {
      groups_.push_back(std::make_unique<Group>());
      home = groups_.back().get();
      home->space = space_of(op);
      home->level = level + 1;
      home->contracts = op.is("prim.dot");
    }
    home->ops.push_back(&op);
    member_[&op] = home;
  }

  // All operands at the highest level must lie in groups that can become one with this operation.
  // Whatever depends on a group has a higher level, so that nothing outside comes between.
  Group* join(Operation& op, int level) {
    std::vector<Group*> candidates;
    Space space = space_of(op);
    size_t size = 1, inputs = op.operand_count(), contracts = 0;
    for (Value operand : op.operands()) {
      Value base = base_of(operand, nullptr);
      if (level_of(base) < level) continue;
      Group* group = group_of(base);
      if (group == nullptr || !aligned(operand)) return nullptr;
      if (std::ranges::find(candidates, group) != candidates.end()) continue;
      Space both;
      if (!unite(space, group->space, both)) return nullptr;
      contracts += group->contracts;
      if (contracts > 0 && (both.inner > 0 || space.dims != group->space.dims)) return nullptr;
      space = both;
      size += group->ops.size();
      inputs += inputs_of(*group);
      candidates.push_back(group);
    }
    if (candidates.empty() || size > kMostOperations || inputs > kMostInputs) return nullptr;
    if (contracts > 1) return nullptr;
    Group* home = candidates[0];
    home->contracts = contracts > 0;
    for (size_t i = 1; i < candidates.size(); ++i) {
      home->ops.insert(home->ops.end(), candidates[i]->ops.begin(), candidates[i]->ops.end());
      candidates[i]->merged_into = home;
    }
    home->space = space;
    return home;
  }

  size_t inputs_of(const Group& group) const {
    std::unordered_set<const ValueImpl*> bases;
    for (Operation* op : group.ops) {
      for (Value operand : op->operands()) {
        Value base = base_of(operand, nullptr);
        if (group_of(base) != &group) bases.insert(base.impl());
      }
    }
    return bases.size();
  }

  // A scalar constant is written into the kernel.
  static bool inlined_constant(Value base) {
    return base.definer() != nullptr && base.definer()->is("prim.constant") && base.rank() == 0;
  }

  // Moves the group into the region of one operation, before the last of its members.
  int outline(Group& group, Block& block) {
    std::ranges::sort(group.ops, [](Operation* a, Operation* b) { return a->is_before(b); });
    std::unordered_set<const Operation*> members(group.ops.begin(), group.ops.end());
    std::vector<Value> inputs, outputs;
    for (Operation* op : group.ops) {
      for (Value operand : op->operands()) {
        Value base = base_of(operand, nullptr);
        bool inside = base.definer() != nullptr && members.contains(base.definer());
        bool written = inlined_constant(base) && !op->is("prim.dot");
        if (!inside && !written && std::ranges::find(inputs, base) == inputs.end()) {
          inputs.push_back(base);
        }
      }
      for (Value result : op->results()) {
        if (escapes(result, members)) outputs.push_back(result);
      }
    }
    if (outputs.empty()) return 0;
    OpState state{.info = &module_.context().op("loop.group"),
                  .location = group.ops.back()->location(),
                  .operands = inputs,
                  .results = {},
                  .attrs = {},
                  .regions = 1};
    for (Value output : outputs) state.results.push_back(output.type());
    Operation* made = Operation::create(state);
    made->set_attr("space", Attribute::dims(module_.context(), group.space.dims));
    made->set_attr("inner",
                   Attribute::integer(module_.context(), static_cast<int64_t>(group.space.inner)));
    block.insert(made, group.ops.back());
    Block& body = made->region(0).add_block();
    ValueMap map;
    for (Value input : inputs) map.set(input, body.add_argument(input.type()));
    for (Operation* op : group.ops) take(*op, body, map);
    OpState end;
    end.info = &module_.context().op("loop.yield");
    for (Value output : outputs) end.operands.push_back(map.at(output));
    body.append(Operation::create(end));
    for (size_t i = 0; i < outputs.size(); ++i) outputs[i].replace_uses(made->result(i));
    for (auto it = group.ops.rbegin(); it != group.ops.rend(); ++it) drop(*it);
    return 1;
  }

  // Whether somebody beside the members reads the value or a layout of it. A layout of a member
  // that a member reads is copied into the group.
  static bool escapes(Value value, const std::unordered_set<const Operation*>& members) {
    bool found = false;
    value.each_use([&](Use& use) {
      if (found || members.contains(use.owner)) return;
      found = !is_layout(*use.owner) || escapes(use.owner->result(), members);
    });
    return found;
  }

  // A copy of the operation at the end of the region, behind copies of the layouts it reads.
  static void take(Operation& op, Block& body, ValueMap& map) {
    for (Value operand : op.operands()) {
      Operation* definer = operand.definer();
      if (map.get(operand) || definer == nullptr) continue;
      if (is_layout(*definer) || definer->is("prim.constant")) take(*definer, body, map);
    }
    body.append(clone(op, map));
  }

  // Removes a member that was copied, and the layouts that only members read.
  static void drop(Operation* op) {
    std::vector<Operation*> layouts;
    for (Value result : op->results()) {
      result.each_use([&](Use& use) { layouts.push_back(use.owner); });
    }
    for (Operation* layout : layouts) drop(layout);
    if (op->unused() && op->block() != nullptr) op->erase();
  }

  // Operations in an order of their data that otherwise stays as it was.
  static void order(Block& block) {
    std::unordered_set<const Operation*> done;
    std::vector<Operation*> all;
    for (Operation& op : block) all.push_back(&op);
    for (Operation* op : all) place(op, block, done);
  }
  static void place(Operation* op, Block& block, std::unordered_set<const Operation*>& done) {
    std::vector<Operation*> stack{op};
    while (!stack.empty()) {
      Operation* top = stack.back();
      if (done.contains(top)) {
        stack.pop_back();
        continue;
      }
      bool ready = true;
      top->walk([&](Operation* inside) {  // regions may read values from outside
        for (Value operand : inside->operands()) {
          Operation* definer = operand.definer();
          if (definer == nullptr || definer->block() != &block || done.contains(definer)) continue;
          stack.push_back(definer);
          ready = false;
        }
      });
      if (!ready) continue;
      stack.pop_back();
      done.insert(top);
      top->remove();
      block.append(top);
    }
  }

  Module& module_;
  Renders renders_;
  std::vector<std::unique_ptr<Group>> groups_;
  std::unordered_map<const Operation*, Group*> member_;
  std::unordered_map<const Operation*, int> level_;  // of operations that are in no group
};

void remove_unread_layouts(Block& block) {
  for (Operation* op = block.back(); op != nullptr;) {
    Operation* before = op->prev();
    bool idle = is_layout(*op) || op->is("prim.constant");
    if (idle && op->unused()) op->erase();
    op = before;
  }
}

}  // namespace

int fuse(Module& module, Renders renders) {
  loop::load(module.context());
  int made = 0;
  for (Func func : module.funcs()) {
    made += Fuser(module, renders).run(func.body());
    remove_unread_layouts(func.body());
  }
  return made;
}

}  // namespace proa::compiler
