#include "proa/compiler/fuse/rooms.h"

#include <algorithm>
#include <set>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "proa/compiler/fuse/index.h"
#include "proa/compiler/fuse/roles.h"

namespace proa::compiler {

using namespace ir;

namespace {

// Groups are named by their places, in whose order they are asked.
class Siblings {
 public:
  explicit Siblings(Groups& groups) : groups_(groups), roles_(groups.roles()) {}

  // Groups with reductions over one space that do not depend on each other run side by side where
  // they read the same memory. Who reads a value is noted beforehand: to ask thousands of groups
  // pair by pair takes seconds.
  void run() {
    for (size_t i = 0; i < groups_.all().size(); ++i) {
      if (!reduces(i)) continue;
      each_read(at(i), [&](Value value) {
        std::vector<size_t>& readers = readers_[value.impl()];
        if (readers.empty() || readers.back() != i) readers.push_back(i);
      });
    }
    for (size_t i = 0; i < groups_.all().size(); ++i) {
      if (!reduces(i)) continue;
      take_siblings(i);
      merge_equal(at(i));
    }
  }

 private:
  Group& at(size_t i) const { return *groups_.all()[i]; }
  bool reduces(size_t i) const { return at(i).space.inner > 0 && !at(i).merged(); }

  // What the group reads over its whole space.
  template <class Use>
  void each_read(const Group& group, Use use) const {
    for (Operation* op : group.ops) {
      for (Value operand : op->operands()) {
        Value base = through_layouts(operand, nullptr);
        bool outside = groups_.group_of(base) != &group;
        if (outside && roles_.wide(base.dims()) == group.space.dims) use(base);
      }
    }
  }

  void take_siblings(size_t first) {
    Group& home = at(first);
    std::set<size_t> waiting;
    std::unordered_set<const ValueImpl*> noted;
    auto note_readers = [&](const Group& group, size_t behind) {
      each_read(group, [&](Value value) {
        auto found = readers_.find(value.impl());
        if (found == readers_.end() || !noted.insert(value.impl()).second) return;
        std::erase_if(found->second, [&](size_t k) { return k <= first || at(k).merged(); });
        for (size_t k : found->second) {
          if (k > behind && at(k).level == home.level && at(k).space == home.space)
            waiting.insert(k);
        }
      });
    };
    note_readers(home, first);
    while (!waiting.empty()) {
      size_t next = *waiting.begin();
      waiting.erase(waiting.begin());
      Group& other = at(next);
      if (!fit(home, other)) continue;
      note_readers(other, next);
      groups_.merge(other, home);
      inputs_.erase(&home);
    }
  }

  bool fit(const Group& a, const Group& b) {
    return a.ops.size() + b.ops.size() <= kMostOperations && inputs(a) + inputs(b) <= kMostInputs;
  }
  size_t inputs(const Group& group) {
    auto found = inputs_.find(&group);
    if (found == inputs_.end()) found = inputs_.emplace(&group, groups_.inputs_of(group)).first;
    return found->second;
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
      read_instead(op->result(), (*found)->result());
      op->result().replace_uses((*found)->result());
      groups_.forget(op);
      op->erase();
    }
    group.ops = std::move(kept);
  }

  // Keeps what is noted of readers right.
  void read_instead(Value before, Value now) {
    forget_inputs(before);
    auto found = readers_.find(before.impl());
    if (found == readers_.end()) return;
    std::vector<size_t> both = std::move(found->second);
    readers_.erase(found);
    std::vector<size_t>& readers = readers_[now.impl()];
    both.insert(both.end(), readers.begin(), readers.end());
    std::ranges::sort(both);
    both.erase(std::unique(both.begin(), both.end()), both.end());
    readers = std::move(both);
  }

  void forget_inputs(Value value) {
    value.each_use([&](Use& use) {
      if (is_layout(*use.owner)) forget_inputs(use.owner->result());
      else inputs_.erase(groups_.group_of(use.owner));
    });
  }

  Groups& groups_;
  const Roles& roles_;
  std::unordered_map<const ValueImpl*, std::vector<size_t>> readers_;  // in their order
  std::unordered_map<const Group*, size_t> inputs_;
};

}  // namespace

void merge_siblings(Groups& groups) { Siblings(groups).run(); }

}  // namespace proa::compiler
