#include "proa/compiler/fuse/rooms.h"

#include <algorithm>
#include <string_view>
#include <vector>

#include "proa/base/dtype.h"
#include "proa/compiler/fuse/cone.h"
#include "proa/compiler/fuse/index.h"
#include "proa/compiler/fuse/roles.h"

namespace proa::compiler {

using namespace ir;

namespace {

class Operands {
 public:
  explicit Operands(Groups& groups) : groups_(groups), roles_(groups.roles()) {}

  // Little arithmetic, element by element, which nobody but the product reads: it is done while the
  // operand is packed. That is once for the columns of up to 512 rows, and once for the rows of
  // about 192 columns, so that each time serves hundreds of multiply-adds; a value in memory would
  // be written and read for it. What follows from arguments and constants alone without growing is
  // left: it is computed once where they stay as they are (program/once.h), and packed with them.
  void run(Group& group) {
    Operation* dot =
        *std::ranges::find_if(group.ops, [&](Operation* op) { return roles_.anchors(*op); });
    DType dtype = dot->result().dtype();
    if (!dot->is("prim.dot") || (dtype != DType::f32 && dtype != DType::f64)) return;
    Value x = through_layouts(dot->operand(0), nullptr);
    Value y = through_layouts(dot->operand(1), nullptr);
    // One row, or column, alone is not packed.
    if (x == y || rows_of(*dot, true).empty() || rows_of(*dot, false).empty()) return;
    for (Value base : {x, y}) {
      constexpr size_t kMostTaken = 8, kMostLeaves = 4;
      Cone found;
      found.add(
          groups_, base,
          [](const Operation& op, const Group&) {
            return is_little(op) && !is_complex(op.result().dtype());
          },
          [&](Use& use) { return use.owner == dot; });
      const auto& [cone, leaves] = found;
      if (cone.empty() || cone.size() > kMostTaken || leaves.size() > kMostLeaves) continue;
      bool grows = false, computed = false;
      for (Value leaf : leaves) {
        grows |= size_of(leaf.dtype()) * 2 < size_of(dtype) && roles_.wide(leaf.dims()).size() > 1;
        computed |= leaf.definer() != nullptr && !leaf.definer()->is("prim.constant");
      }
      bool fits = groups_.inputs_of(group) + leaves.size() <= kMostInputs &&
                  group.ops.size() + cone.size() <= kMostOperations;
      if (!(grows || computed) || !fits) continue;
      for (Operation* op : cone) {
        groups_.take_out(op);
        groups_.put(op, group);
      }
    }
  }

 private:
  // The extents of an operand's axes that are the result's own.
  std::vector<Dim> rows_of(const Operation& dot, bool first) {
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
    return roles_.wide(kept);
  }

  Groups& groups_;
  const Roles& roles_;
};

}  // namespace

void take_operands(Groups& groups, Group& group) { Operands(groups).run(group); }

}  // namespace proa::compiler
