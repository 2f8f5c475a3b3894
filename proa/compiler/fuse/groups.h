// Groups: which operations are computed together so far, and what that means for levels and inputs.
// Why apart from the choice: each room of fusion (rooms.h) moves operations between groups, and
// what all of them must keep in step is kept here.
#pragma once

#include <memory>
#include <unordered_map>
#include <vector>

#include "proa/compiler/fuse/index.h"
#include "proa/compiler/fuse/roles.h"
#include "proa/compiler/fuse/space.h"
#include "proa/ir/module.h"

namespace proa::compiler {

constexpr size_t kMostOperations = 256;  // of a group: compile time grows with them
constexpr size_t kMostInputs = 32;

struct Group {
  Space space;
  int level = 0;           // above every group that it depends on
  bool contracts = false;  // one member is a contraction, whose results the others go through
  bool gathers = false;    // some members are rows of matrices, picked by an index
  bool scatters = false;   // into rows that an index names: nothing goes on in the same loops
  std::vector<ir::Operation*> ops;
  Group* merged_into = nullptr;

  bool merged() const { return merged_into != nullptr; }
  void sort();  // members in the order of the block
};

class Groups {
 public:
  Groups(ir::Module& module, Renders renders) : module_(module), roles_(module, renders) {}
  Groups(const Groups&) = delete;

  ir::Module& module() const { return module_; }
  Roles& roles() { return roles_; }
  const Roles& roles() const { return roles_; }
  const std::vector<std::unique_ptr<Group>>& all() const { return all_; }  // also merged ones

  Group* group_of(const ir::Operation* op) const;  // null: in none
  Group* group_of(ir::Value value) const { return group_of(value.definer()); }
  // Of its group; of an operation in none as it was set, 0 otherwise.
  int level_of(const ir::Operation* op) const;
  int level_of(ir::Value value) const { return level_of(value.definer()); }
  void set_level(const ir::Operation* op, int level) { level_[op] = level; }
  // Values from elsewhere that the members read.
  size_t inputs_of(const Group& group) const;
  // Whether both in one are few enough operations and inputs.
  bool fit(const Group& a, const Group& b) const;

  Group& add();
  void put(ir::Operation* op, Group& group);
  void merge(Group& from, Group& into);
  void take_out(ir::Operation* op);  // of its group, if any
  void forget(const ir::Operation* op);

  // What a group must be given to read the operand.
  template <class Use>
  void each_leaf(ir::Value operand, Use use) const {
    ir::Value base = through_layouts(operand, nullptr);
    if (!roles_.is_copied(base.definer())) return use(base);
    if (base.definer()->is("prim.dim")) return;  // the program knows all sizes
    for (ir::Value next : base.definer()->operands()) each_leaf(next, use);
  }

 private:
  ir::Module& module_;
  Roles roles_;
  std::vector<std::unique_ptr<Group>> all_;
  std::unordered_map<const ir::Operation*, Group*> member_;
  std::unordered_map<const ir::Operation*, int> level_;  // of operations that are in no group
};

}  // namespace proa::compiler
