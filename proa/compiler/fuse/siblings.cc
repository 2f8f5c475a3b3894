#include "proa/compiler/fuse/rooms.h"

#include <algorithm>
#include <unordered_set>
#include <vector>

#include "proa/compiler/fuse/index.h"
#include "proa/compiler/fuse/roles.h"

namespace proa::compiler {

using namespace ir;

namespace {

class Siblings {
 public:
  explicit Siblings(Groups& groups) : groups_(groups), roles_(groups.roles()) {}

  // Groups with reductions over one space that do not depend on each other run side by side where
  // they read the same memory.
  void run() {
    for (size_t i = 0; i < groups_.all().size(); ++i) {
      Group& first = *groups_.all()[i];
      if (first.space.inner == 0 || first.merged()) continue;
      for (size_t k = i + 1; k < groups_.all().size(); ++k) {
        Group& other = *groups_.all()[k];
        bool same = !other.merged() && other.level == first.level && other.space == first.space;
        bool joins = same && share_memory(first, other) && groups_.fit(first, other);
        if (joins) groups_.merge(other, first);
      }
      merge_equal(first);
    }
  }

 private:
  bool share_memory(const Group& a, const Group& b) const {
    std::unordered_set<const ValueImpl*> read;
    auto each = [&](const Group& group, auto use) {
      for (Operation* op : group.ops) {
        for (Value operand : op->operands()) {
          Value base = through_layouts(operand, nullptr);
          if (groups_.group_of(base) != &group && roles_.wide(base.dims()) == group.space.dims)
            use(base.impl());
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
    group.sort();
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
      groups_.forget(op);
      op->erase();
    }
    group.ops = std::move(kept);
  }

  Groups& groups_;
  const Roles& roles_;
};

}  // namespace

void merge_siblings(Groups& groups) { Siblings(groups).run(); }

}  // namespace proa::compiler
