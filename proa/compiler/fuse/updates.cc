#include <algorithm>
#include <vector>

#include "proa/compiler/fuse/index.h"
#include "proa/compiler/fuse/roles.h"
#include "proa/compiler/fuse/rooms.h"

namespace proa::compiler {

using namespace ir;

namespace {

class Updates {
 public:
  Updates(Groups& groups, const Operation& scatter) : groups_(groups), scatter_(scatter) {}

  void take(Group& group) {
    constexpr size_t kMostLeaves = 8;
    find(through_layouts(scatter_.operand(2), nullptr));
    if (leaves_.size() > kMostLeaves || cone_.size() >= kMostOperations) return;
    for (Operation* op : cone_) {
      groups_.take_out(op);
      groups_.put(op, group);
    }
  }

 private:
  void find(Value base) {
    Operation* op = base.definer();
    if (inlined_constant(base) || std::ranges::find(cone_, op) != cone_.end()) return;
    Group* group = groups_.group_of(base);
    bool plain = group != nullptr && !group->contracts && !group->gathers && !group->scatters &&
                 !group->space.blocked && group->space.inner == 0;
    if (!plain || !only_here(base)) {
      if (std::ranges::find(leaves_, base) == leaves_.end()) leaves_.push_back(base);
      return;
    }
    cone_.push_back(op);
    for (Value operand : op->operands()) find(through_layouts(operand, nullptr));
  }

  // Whether the scatter and what is computed for its updates are the only readers.
  bool only_here(Value value) const {
    bool only = true;
    value.each_use([&](Use& use) {
      bool updates = use.owner == &scatter_ && scatter_.operand_index(use) == 2;
      bool taken = updates || std::ranges::find(cone_, use.owner) != cone_.end();
      only = only && (is_layout(*use.owner) ? only_here(use.owner->result()) : taken);
    });
    return only;
  }

  Groups& groups_;
  const Operation& scatter_;
  std::vector<Operation*> cone_;
  std::vector<Value> leaves_;
};

}  // namespace

void take_updates(Groups& groups, Group& group) { Updates(groups, *group.ops[0]).take(group); }

}  // namespace proa::compiler
