#include "proa/compiler/fuse/fuse.h"

#include <algorithm>
#include <optional>
#include <unordered_map>
#include <unordered_set>

#include "proa/base/error.h"
#include "proa/compiler/fuse/gathers.h"
#include "proa/compiler/fuse/index.h"
#include "proa/compiler/fuse/layout.h"
#include "proa/compiler/fuse/order.h"
#include "proa/compiler/fuse/space.h"
#include "proa/compiler/loop/convolve.h"
#include "proa/compiler/loop/dialect.h"
#include "proa/compiler/sizes.h"
#include "proa/ir/dialect.h"
#include "proa/ir/stage.h"
#include "proa/ir/symbol/facts.h"

namespace proa::compiler {

using namespace ir;

namespace {

constexpr size_t kMostOperations = 256;  // of a group: compile time grows with them
constexpr size_t kMostInputs = 32;

struct Group {
  Space space;
  int level = 0;           // above every group that it depends on
  bool contracts = false;  // one member is a contraction, whose results the others go through
  bool gathers = false;    // some members are rows of matrices, picked by an index
  std::vector<Operation*> ops;
  Group* merged_into = nullptr;
};

class Fuser {
 public:
  Fuser(Module& module, Renders renders) : module_(module), renders_(renders), sizes_(module) {}

  int run(Block& block) {
    for (Operation& op : block) visit(op);
    for (auto it = groups_.rbegin(); it != groups_.rend(); ++it) sink(**it);
    for (const auto& group : groups_) {
      if (group->space.blocked && group->merged_into == nullptr) take_producers(*group);
      if (group->contracts && group->merged_into == nullptr) take_operands(*group);
    }
    merge_siblings();
    int made = 0;
    for (const auto& group : groups_) {
      if (group->merged_into == nullptr) made += outline(*group, block);
    }
    if (made > 0) made += outline_numbers(block);
    if (made > 0) order_by_data(block, sizes_);
    return made;
  }

 private:
  Dim canonical(Dim d) const { return sizes_.canonical(d); }

  std::vector<Dim> wide(std::span<const Dim> dims) const {
    std::vector<Dim> kept;
    for (Dim d : dims) {
      d = canonical(d);
      if (!d.is_const(1)) kept.push_back(d);
    }
    return kept;
  }

  // The operand's axes without extents of 1, of which a reduction reduces a run of neighbours in
  // their order; none where it does something else.
  std::optional<Space> reduced_space(const Operation& op) const {
    if (!op.is("prim.reduce") || is_complex(op.operand(0).dtype())) return std::nullopt;
    int64_t rank = op.operand(0).rank(), last = -1;
    std::span<const Dim> dims = op.operand(0).dims();
    std::vector<bool> reduced(dims.size(), false);
    for (int64_t axis : op.attr("axes").as_ints()) {
      if (axis < 0) axis += rank;
      if (axis <= last) return std::nullopt;
      last = axis;
      reduced[static_cast<size_t>(axis)] = true;
    }
    Space space;
    for (size_t i = 0; i < dims.size(); ++i) {
      Dim d = canonical(dims[i]);
      if (d.is_const(1)) continue;
      space.dims.push_back(d);
      if (reduced[i]) {
        if (space.columns > 0) return std::nullopt;
        ++space.inner;
      } else if (space.inner > 0) {
        ++space.columns;
      }
    }
    if (last < 0 || space.inner == 0) return std::nullopt;
    return space;
  }

  // Along the last axes: a loop within the loops of the others.
  bool inner_reduction(const Operation& op) const {
    auto space = reduced_space(op);
    return space && space->columns == 0 && space->outer() > 0;
  }
  // Along others, or along all: cut at the blocks of the sum. A few columns that lie side by side
  // are better read as one piece, as the prebuilt kernel does.
  bool blocked_reduction(const Operation& op) const {
    auto space = reduced_space(op);
    if (!space || (space->columns == 0 && space->outer() > 0)) return false;
    if (!aligned(op.operand(0))) return false;
    Dim columns = 1;
    for (size_t i = 0; i < space->columns; ++i) columns = columns * *(space->dims.end() - 1 - i);
    auto few = columns.as_const();
    return space->columns == 0 || !few || *few >= 8;
  }

  // What a group may be built around, and no member of another's.
  bool anchors(const Operation& op) const {
    if (!loop::convolves(op)) return op.is("prim.dot");
    auto in_memory = [&](Value operand) {
      return !is_copied(through_layouts(operand, nullptr).definer());
    };
    return in_memory(op.operand(0)) && in_memory(op.operand(1));
  }

  bool gathers(const Operation& op) const {
    if (!picks_pieces(op)) return false;
    Value base = through_layouts(op.operand(0), nullptr);
    return !is_copied(base.definer()) && !inlined_constant(base);
  }

  bool fusible(const Operation& op) const {
    return anchors(op) || gathers(op) || inner_reduction(op) || blocked_reduction(op) ||
           renders_(op);
  }

  // A convolution that leaves its results with channels last runs over them in that order.
  static Operation* turned_of(const Operation& op) {
    return loop::convolves(op) ? turned(op) : nullptr;
  }

  Space space_of(const Operation& op) const {
    if (Operation* last = turned_of(op)) return {.dims = wide(last->result().dims())};
    if (!op.is("prim.reduce")) return {.dims = wide(op.result().dims())};
    Space space = *reduced_space(op);
    space.blocked = blocked_reduction(op);
    return space;
  }

  // A number made of others by little arithmetic goes with whoever reads it, as layouts do; but not
  // what is computed in a group, which it may join.
  bool is_copied(const Operation* op) const { return op != nullptr && copied_.contains(op); }
  bool small_number(const Operation& op) {
    constexpr std::string_view kLittle[] = {"prim.cast", "prim.add", "prim.sub", "prim.mul",
                                            "prim.div",  "prim.neg", "prim.max", "prim.min"};
    constexpr int kMost = 8;
    if (op.is("prim.dim")) {
      copied_.emplace(&op, 1);
      return true;
    }
    if (std::ranges::find(kLittle, op.name()) == std::end(kLittle) || !renders_(op)) return false;
    int size = 1;
    for (Value operand : op.operands()) {
      Value base = through_layouts(operand, nullptr);
      const Operation* definer = base.definer();
      if (!wide(operand.dims()).empty() || !wide(base.dims()).empty()) return false;
      if (definer == nullptr || definer->is("prim.constant")) continue;
      auto at = copied_.find(definer);
      if (at == copied_.end()) return false;
      size += at->second;
    }
    if (size > kMost) return false;
    copied_.emplace(&op, size);
    return true;
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
    Value base = through_layouts(operand, &at);
    std::span<const Dim> dims = base.dims();
    const Operation* definer = base.definer();
    if (Operation* last = definer != nullptr ? turned_of(*definer) : nullptr) {
      Indices moved;
      for (int64_t axis : last->attr("perm").as_ints())
        moved.push_back(at[static_cast<size_t>(axis)]);
      at = std::move(moved);
      dims = last->result().dims();
    }
    int next = 0;
    for (size_t i = 0; i < at.size(); ++i) {
      if (canonical(dims[i]).is_const(1)) continue;
      if (!at[i].is(next++)) return false;
    }
    return true;
  }

  void visit(Operation& op) {
    if (op.info().has(Trait::terminator) || op.is("prim.constant")) return;
    int level = 0;
    for (Value operand : op.operands())
      level = std::max(level, level_of(through_layouts(operand, nullptr)));
    sizes_.each_binder(op, [&](Operation* binder) {
      auto found = level_.find(binder);
      if (found != level_.end()) level = std::max(level, found->second);
    });
    if (is_layout(op) || small_number(op)) return void(level_[&op] = level);
    if (!fusible(op)) return void(level_[&op] = level + 1);
    // What a gather reads is in memory, and checked, before its group begins.
    bool anchor = anchors(op) || blocked_reduction(op) || gathers(op);
    Group* home = anchor ? nullptr : join(op, level);
    if (home == nullptr) {
      groups_.push_back(std::make_unique<Group>());
      home = groups_.back().get();
      home->space = space_of(op);
      home->level = level + 1;
      home->contracts = anchors(op);
      home->gathers = gathers(op);
    }
    home->ops.push_back(&op);
    member_[&op] = home;
    if (Operation* last = turned_of(op)) {
      home->ops.push_back(last);
      member_[last] = home;
    }
  }

  // All operands at the highest level must lie in groups that can become one with this operation.
  // Whatever depends on a group has a higher level, so that nothing outside comes between.
  Group* join(Operation& op, int level) {
    std::vector<Group*> candidates;
    Space space = space_of(op);
    size_t size = 1, inputs = op.operand_count(), contracts = 0, gathers = 0;
    for (Value operand : op.operands()) {
      Value base = through_layouts(operand, nullptr);
      if (level_of(base) < level) continue;
      Group* group = group_of(base);
      if (group == nullptr || !aligned(operand)) return nullptr;
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
      inputs += inputs_of(*group);
      candidates.push_back(group);
    }
    if (candidates.empty() || size > kMostOperations || inputs > kMostInputs) return nullptr;
    if (contracts > 1) return nullptr;
    Group* home = candidates[0];
    home->contracts = contracts > 0;
    home->gathers = gathers > 0;
    for (size_t i = 1; i < candidates.size(); ++i) {
      home->ops.insert(home->ops.end(), candidates[i]->ops.begin(), candidates[i]->ops.end());
      candidates[i]->merged_into = home;
    }
    home->space = space;
    return home;
  }

  // What only waits for another group.

  // Element by element, read by one group alone and there where it was just computed: it becomes
  // part of that group, since nobody else waits for it. Such are an optimizer's moments before the
  // gradient comes.
  void sink(Group& group) {
    bool plain = group.merged_into == nullptr && group.space.inner == 0 && !group.space.blocked;
    if (!plain || group.contracts || group.gathers || group.space.dims.empty()) return;
    Group* reader = nullptr;
    for (Operation* op : group.ops) {
      for (Value result : op->results()) {
        if (!only_reader(result, group, reader)) return;
      }
    }
    if (reader == nullptr) return;
    Space both;
    if (!unite(group.space, reader->space, both) || both != reader->space) return;
    if (reader->contracts && group.space.dims != reader->space.dims) return;
    if (group.ops.size() + reader->ops.size() > kMostOperations) return;
    if (inputs_of(group) + inputs_of(*reader) > kMostInputs) return;
    reader->ops.insert(reader->ops.end(), group.ops.begin(), group.ops.end());
    group.merged_into = reader;
  }

  // Whether only members of the group and of `reader` (null: of any other one) read the value, and
  // element by element.
  bool only_reader(Value value, const Group& group, Group*& reader) const {
    bool only = true;
    value.each_use([&](Use& use) {
      if (!only) return;
      Operation* owner = use.owner;
      if (is_layout(*owner)) {
        only = only_reader(owner->result(), group, reader);
        return;
      }
      auto at = member_.find(owner);
      Group* home = at == member_.end() ? nullptr : find(at->second);
      if (home == &group) return;
      only = home != nullptr && (reader == nullptr || reader == home) && !anchors(*owner) &&
             !gathers(*owner) && !(home->space.blocked && owner->is("prim.reduce")) &&
             aligned(value);
      reader = home;
    });
    return only;
  }

  // Producers of a blocked reduction.

  // Whether somebody beside the group and blocked reductions reads the value, so that it lies in
  // memory anyway.
  bool read_outside(Value value, const Group& group) const {
    bool found = false;
    value.each_use([&](Use& use) {
      if (found) return;
      Operation* owner = use.owner;
      if (is_layout(*owner)) {
        found = read_outside(owner->result(), group);
        return;
      }
      auto at = member_.find(owner);
      Group* reader = at == member_.end() ? nullptr : find(at->second);
      found = reader == nullptr || (reader != &group && !reader->space.blocked);
    });
    return found;
  }

  // Whether the value behind the operand may be computed again where it is read: element by element
  // in a group that does not store it.
  bool can_take(Value operand, const Space& space) const {
    Value base = through_layouts(operand, nullptr);
    Operation* op = base.definer();
    Group* group = group_of(base);
    if (group == nullptr || group->space.blocked || op->is("prim.reduce") || anchors(*op) ||
        gathers(*op)) {
      return false;
    }
    return wide(base.dims()) == space.dims && aligned(operand) && !read_outside(base, *group);
  }

  // The operations behind the operand that can be taken, and what they read from memory.
  void cone_of(Value operand, const Space& space, std::vector<Operation*>& cone,
               std::vector<const ValueImpl*>& leaves) const {
    Value base = through_layouts(operand, nullptr);
    if (!can_take(operand, space)) {
      bool large = wide(base.dims()) == space.dims;
      if (large && std::ranges::find(leaves, base.impl()) == leaves.end()) {
        leaves.push_back(base.impl());
      }
      return;
    }
    if (std::ranges::find(cone, base.definer()) != cone.end()) return;
    cone.push_back(base.definer());
    for (Value next : base.definer()->operands()) cone_of(next, space, cone, leaves);
  }

  // A reduction computes what leads to it by itself, where that is not in memory for others: to
  // read the few values behind it costs less than to write a value and read it again.
  void take_producers(Group& group) {
    constexpr size_t kMostTaken = 48, kMostLeaves = 4;
    std::ranges::sort(group.ops, [](Operation* a, Operation* b) { return a->is_before(b); });
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
        if (group_of(base) != &group) level = std::max(level, level_of(base));
      }
    }
    group.level = level + 1;
  }

  // Operands of a product.

  // Little arithmetic, element by element, which nobody but the product reads: it is done while the
  // operand is packed. That is once for the columns of up to 512 rows, and once for the rows of
  // about 192 columns, so that each time serves hundreds of multiply-adds; a value in memory would
  // be written and read for it. What follows from arguments and constants alone without growing is
  // left: it is computed once where they stay as they are (program/once.h), and packed with them.
  void take_operands(Group& group) {
    Operation* dot = *std::ranges::find_if(group.ops, [&](Operation* op) { return anchors(*op); });
    DType dtype = dot->result().dtype();
    if (!dot->is("prim.dot") || (dtype != DType::f32 && dtype != DType::f64)) return;
    Value x = through_layouts(dot->operand(0), nullptr);
    Value y = through_layouts(dot->operand(1), nullptr);
    // One row, or column, alone is not packed.
    if (x == y || rows_of(*dot, true).empty() || rows_of(*dot, false).empty()) return;
    for (Value base : {x, y}) {
      constexpr size_t kMostTaken = 8, kMostLeaves = 4;
      std::vector<Operation*> cone;
      std::vector<Value> leaves;
      find_operand(base, *dot, cone, leaves);
      if (cone.empty() || cone.size() > kMostTaken || leaves.size() > kMostLeaves) continue;
      bool grows = false, computed = false;
      for (Value leaf : leaves) {
        grows |= size_of(leaf.dtype()) * 2 < size_of(dtype) && wide(leaf.dims()).size() > 1;
        computed |= leaf.definer() != nullptr && !leaf.definer()->is("prim.constant");
      }
      bool fits = inputs_of(group) + leaves.size() <= kMostInputs &&
                  group.ops.size() + cone.size() <= kMostOperations;
      if (!(grows || computed) || !fits) continue;
      for (Operation* op : cone) {
        std::erase(group_of(op->result())->ops, op);
        member_[op] = &group;
        group.ops.push_back(op);
      }
    }
  }

  // The extents of an operand's axes that are the result's own.
  std::vector<Dim> rows_of(const Operation& dot, bool first) const {
    std::vector<bool> other(dot.operand(first ? 0 : 1).dims().size());
    auto rank = static_cast<int64_t>(other.size());
    for (std::string_view name :
         {first ? "batch_x" : "batch_y", first ? "contract_x" : "contract_y"}) {
      for (int64_t axis : dot.attr(name).as_ints())
        other[static_cast<size_t>(axis < 0 ? axis + rank : axis)] = true;
    }
    std::vector<Dim> kept;
    for (size_t i = 0; i < other.size(); ++i) {
      if (!other[i]) kept.push_back(dot.operand(first ? 0 : 1).dims()[i]);
    }
    return wide(kept);
  }

  // What can be computed while the operand is packed, and what that reads.
  void find_operand(Value base, const Operation& dot, std::vector<Operation*>& cone,
                    std::vector<Value>& leaves) const {
    constexpr std::string_view kCheap[] = {"prim.cast", "prim.add", "prim.sub", "prim.mul",
                                           "prim.div",  "prim.neg", "prim.max", "prim.min"};
    Operation* op = base.definer();
    Group* group = group_of(base);
    bool plain =
        group != nullptr && !group->contracts && !group->space.blocked && group->space.inner == 0;
    bool taken = plain && std::ranges::find(kCheap, op->name()) != std::end(kCheap) &&
                 !is_complex(base.dtype()) && only_for(base, dot, cone);
    if (!taken) {
      if (!inlined_constant(base) && std::ranges::find(leaves, base) == leaves.end()) {
        leaves.push_back(base);
      }
      return;
    }
    if (std::ranges::find(cone, op) != cone.end()) return;
    cone.push_back(op);
    for (Value operand : op->operands()) {
      find_operand(through_layouts(operand, nullptr), dot, cone, leaves);
    }
  }

  // Whether the product and what is computed for it are the only readers.
  bool only_for(Value value, const Operation& dot, const std::vector<Operation*>& cone) const {
    bool only = true;
    value.each_use([&](Use& use) {
      if (is_layout(*use.owner)) {
        only = only && only_for(use.owner->result(), dot, cone);
      } else {
        only = only && (use.owner == &dot || std::ranges::find(cone, use.owner) != cone.end());
      }
    });
    return only;
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
      group.ops.push_back(copy);
      member_[copy] = &group;
    } else {
      level_[copy] = level_of(through_layouts(copy->operand(0), nullptr));
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
      auto at = member_.find(op);
      if (!op->unused() || (at == member_.end() && !is_layout(*op))) continue;
      if (at != member_.end()) {
        std::erase(find(at->second)->ops, op);
        member_.erase(at);
      }
      level_.erase(op);
      for (Value operand : op->operands()) {
        bool known = std::ranges::find(waiting, operand.definer()) != waiting.end();
        if (operand.definer() != nullptr && !known) waiting.push_back(operand.definer());
      }
      op->erase();
    }
  }

  // Groups with reductions over one space that do not depend on each other run side by side where
  // they read the same memory.
  void merge_siblings() {
    for (size_t i = 0; i < groups_.size(); ++i) {
      Group& first = *groups_[i];
      if (first.space.inner == 0 || first.merged_into != nullptr) continue;
      for (size_t k = i + 1; k < groups_.size(); ++k) {
        Group& other = *groups_[k];
        bool same = other.merged_into == nullptr && other.level == first.level &&
                    other.space == first.space;
        if (!same || !share_memory(first, other)) continue;
        if (first.ops.size() + other.ops.size() > kMostOperations) continue;
        if (inputs_of(first) + inputs_of(other) > kMostInputs) continue;
        first.ops.insert(first.ops.end(), other.ops.begin(), other.ops.end());
        other.merged_into = &first;
      }
      merge_equal(first);
    }
  }

  bool share_memory(const Group& a, const Group& b) const {
    std::unordered_set<const ValueImpl*> read;
    auto each = [&](const Group& group, auto use) {
      for (Operation* op : group.ops) {
        for (Value operand : op->operands()) {
          Value base = through_layouts(operand, nullptr);
          if (group_of(base) != &group && wide(base.dims()) == group.space.dims) use(base.impl());
        }
      }
    };
    each(a, [&](const ValueImpl* v) { read.insert(v); });
    bool shared = false;
    each(b, [&](const ValueImpl* v) { shared |= read.contains(v); });
    return shared;
  }

  // What two reductions took twice is computed once.
  void merge_equal(Group& group) {
    std::ranges::sort(group.ops, [](Operation* a, Operation* b) { return a->is_before(b); });
    std::vector<Operation*> kept;
    for (Operation* op : group.ops) {
      auto equal = [&](Operation* other) {
        return &other->info() == &op->info() && other->attrs() == op->attrs() &&
               op->result_count() == 1 && std::ranges::equal(other->operands(), op->operands());
      };
      auto found = std::ranges::find_if(kept, equal);
      if (found == kept.end()) {
        kept.push_back(op);
        continue;
      }
      op->result().replace_uses((*found)->result());
      member_.erase(op);
      op->erase();
    }
    group.ops = std::move(kept);
  }

  // What a group must be given to read the operand.
  template <class Use>
  void each_leaf(Value operand, Use use) const {
    Value base = through_layouts(operand, nullptr);
    if (!is_copied(base.definer())) return use(base);
    if (base.definer()->is("prim.dim")) return;  // the program knows all sizes
    for (Value next : base.definer()->operands()) each_leaf(next, use);
  }

  size_t inputs_of(const Group& group) const {
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

  // A scalar constant is written into the kernel.
  static bool inlined_constant(Value base) {
    return base.definer() != nullptr && base.definer()->is("prim.constant") && base.rank() == 0;
  }

  // Moves the group into the region of one operation, before the last of its members.
  int outline(Group& group, Block& block) {
    // A gather alone is better copied by pieces.
    bool any = std::ranges::any_of(group.ops, [&](Operation* op) { return !gathers(*op); });
    if (!any) return 0;
    std::ranges::sort(group.ops, [](Operation* a, Operation* b) { return a->is_before(b); });
    std::unordered_set<const Operation*> members(group.ops.begin(), group.ops.end());
    std::vector<Value> inputs, outputs;
    for (Operation* op : group.ops) {
      for (Value operand : op->operands()) {
        auto read = [&](Value base) {
          bool inside = base.definer() != nullptr && members.contains(base.definer());
          bool written = inlined_constant(base) && !anchors(*op);
          if (!inside && !written && std::ranges::find(inputs, base) == inputs.end()) {
            inputs.push_back(base);
          }
        };
        // A contraction reads memory: nothing is written into it.
        if (op->is("prim.dot")) read(through_layouts(operand, nullptr));
        else each_leaf(operand, read);
      }
      for (Value result : op->results()) {
        if (escapes(result, members)) outputs.push_back(result);
      }
    }
    if (outputs.empty() || !take_group()) return 0;
    for (Operation* op : group.ops) {
      if (gathers(*op)) inputs.push_back(check_of_pieces(module_, *op, group.ops.back()));
    }
    std::vector<Location> lines;
    for (Operation* op : group.ops) {
      if (op->location().storage() != nullptr) lines.push_back(op->location());
    }
    OpState state{.info = &module_.context().op("loop.group"),
                  .location = Location::fused(module_.context(), lines),
                  .operands = inputs,
                  .results = {},
                  .attrs = {},
                  .regions = 1};
    for (Value output : outputs) state.results.push_back(output.type());
    Operation* made = Operation::create(state);
    if (std::ranges::any_of(group.ops, [](Operation* op) { return turned_of(*op) != nullptr; }))
      made->set_attr("last", Attribute::unit(module_.context()));
    made->set_attr("space", Attribute::dims(module_.context(), group.space.dims));
    made->set_attr("inner",
                   Attribute::integer(module_.context(), static_cast<int64_t>(group.space.inner)));
    if (group.space.blocked) {
      made->set_attr("columns", Attribute::integer(module_.context(),
                                                   static_cast<int64_t>(group.space.columns)));
    }
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

  // Numbers that somebody reads beside the groups that took copies of them become groups too, so
  // that what a program computes from many numbers can be batched.
  int outline_numbers(Block& block) {
    std::vector<Operation*> numbers;
    for (Operation& op : block) {
      if (copied_.contains(&op) && renders_(op) && !op.unused()) numbers.push_back(&op);
    }
    int made = 0;
    for (size_t i = numbers.size(); i-- > 0;) {
      Group group;
      group.ops = {numbers[i]};
      if (!numbers[i]->unused()) made += outline(group, block);
    }
    return made;
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

  // A copy of the operation at the end of the region, behind copies of what it reads that belongs
  // to nobody.
  void take(Operation& op, Block& body, ValueMap& map) const {
    for (Value operand : op.operands()) {
      Operation* definer = operand.definer();
      if (map.get(operand) || definer == nullptr) continue;
      if (definer->is("prim.dim")) {
        map.set(operand, size_of_axis(*definer, body));
        continue;
      }
      bool free = is_layout(*definer) || definer->is("prim.constant") || is_copied(definer);
      if (free) take(*definer, body, map);
    }
    body.append(clone(op, map));
  }

  Value size_of_axis(const Operation& op, Block& body) const {
    std::span<const Dim> dims = op.operand(0).dims();
    int64_t axis = op.attr("axis").as_int();
    if (axis < 0) axis += static_cast<int64_t>(dims.size());
    OpState state;
    state.info = &module_.context().op("loop.size");
    state.results = {op.result().type()};
    Operation* made = Operation::create(state);
    Dim d = canonical(dims[static_cast<size_t>(axis)]);
    made->set_attr("dim", Attribute::dim(module_.context(), d));
    body.append(made);
    return made->result();
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

  Module& module_;
  Renders renders_;
  Sizes sizes_;
  std::vector<std::unique_ptr<Group>> groups_;
  std::unordered_map<const Operation*, Group*> member_;
  std::unordered_map<const Operation*, int> level_;   // of operations that are in no group
  std::unordered_map<const Operation*, int> copied_;  // numbers, and the operations they take
};

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
    made += Fuser(module, renders).run(func.body());
    remove_unread(func.body(), renders);
  }
  return made;
}

}  // namespace proa::compiler
