// Roles: what an operation can be in a fused group, by itself: a member, an anchor, a reduction, a
// number that goes with its readers.
// Why apart from the groups: these questions have the same answer whatever was grouped before.
#pragma once

#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "proa/compiler/fuse/fuse.h"
#include "proa/compiler/fuse/space.h"
#include "proa/compiler/sizes.h"
#include "proa/ir/module.h"

namespace proa::compiler {

class Roles {
 public:
  Roles(const ir::Module& module, Renders renders) : renders_(renders), sizes_(module) {}

  const Sizes& sizes() const { return sizes_; }
  ir::Dim canonical(ir::Dim d) const { return sizes_.canonical(d); }
  bool renders(const ir::Operation& op) const { return renders_(op); }
  // The extents that are not 1.
  std::vector<ir::Dim> wide(std::span<const ir::Dim> dims) const;

  // Along others than the last axes, or along all: cut at the blocks of the sum.
  bool blocked_reduction(const ir::Operation& op) const;
  // What a group may be built around, and no member of another's.
  bool anchors(const ir::Operation& op) const;
  bool gathers(const ir::Operation& op) const;
  bool scatters(const ir::Operation& op) const;
  bool fusible(const ir::Operation& op) const;
  Space space_of(const ir::Operation& op) const;
  // Whether an operand of `op` that is computed in the same group is read there where it was just
  // computed: axis i of one is axis i of the other.
  bool aligned(ir::Value operand) const;

  // A number made of others by little arithmetic goes with whoever reads it, as layouts do; but not
  // what is computed in a group, which it may join. Asked once for each operation, in their order.
  bool small_number(const ir::Operation& op);
  bool is_copied(const ir::Operation* op) const { return op != nullptr && copied_.contains(op); }

 private:
  std::optional<Space> reduced_space(const ir::Operation& op) const;
  bool inner_reduction(const ir::Operation& op) const;

  Renders renders_;
  Sizes sizes_;
  std::unordered_map<const ir::Operation*, int> copied_;  // numbers, and the operations they take
};

// A convolution that leaves its results with channels last runs over them in that order: the
// transpose behind it, else null.
ir::Operation* turned_of(const ir::Operation& op);
// An element by arithmetic that costs as much as reading it.
bool is_little(const ir::Operation& op);
// A scalar constant is written into the kernel.
bool inlined_constant(ir::Value base);

}  // namespace proa::compiler
