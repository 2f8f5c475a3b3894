#include "proa/compiler/fuse/roles.h"

#include <algorithm>

#include "proa/compiler/fuse/gathers.h"
#include "proa/compiler/fuse/index.h"
#include "proa/compiler/fuse/layout.h"
#include "proa/compiler/fuse/scatters.h"
#include "proa/compiler/loop/convolve.h"

namespace proa::compiler {

using namespace ir;

Operation* turned_of(const Operation& op) { return loop::convolves(op) ? turned(op) : nullptr; }

bool is_little(const Operation& op) {
  constexpr std::string_view kLittle[] = {"prim.cast", "prim.add", "prim.sub", "prim.mul",
                                          "prim.div",  "prim.neg", "prim.max", "prim.min"};
  return std::ranges::find(kLittle, op.name()) != std::end(kLittle);
}

bool inlined_constant(Value base) {
  return base.definer() != nullptr && base.definer()->is("prim.constant") && base.rank() == 0;
}

std::vector<Dim> Roles::wide(std::span<const Dim> dims) const {
  std::vector<Dim> kept;
  for (Dim d : dims) {
    d = canonical(d);
    if (!d.is_const(1)) kept.push_back(d);
  }
  return kept;
}

// The operand's axes without extents of 1, of which a reduction reduces a run of neighbours in
// their order; none where it does something else.
std::optional<Space> Roles::reduced_space(const Operation& op) const {
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
bool Roles::inner_reduction(const Operation& op) const {
  auto space = reduced_space(op);
  return space && space->columns == 0 && space->outer() > 0;
}

// Along others, or along all: cut at the blocks of the sum. A few columns that lie side by side
// are better read as one piece, as the prebuilt kernel does.
bool Roles::blocked_reduction(const Operation& op) const {
  auto space = reduced_space(op);
  if (!space || (space->columns == 0 && space->outer() > 0)) return false;
  if (!aligned(op.operand(0))) return false;
  Dim columns = 1;
  for (size_t i = 0; i < space->columns; ++i) columns = columns * *(space->dims.end() - 1 - i);
  auto few = columns.as_const();
  return space->columns == 0 || !few || *few >= 8;
}

bool Roles::anchors(const Operation& op) const {
  if (!loop::convolves(op)) return op.is("prim.dot");
  auto in_memory = [&](Value operand) {
    return !is_copied(through_layouts(operand, nullptr).definer());
  };
  return in_memory(op.operand(0)) && in_memory(op.operand(1));
}

bool Roles::gathers(const Operation& op) const {
  if (!picks_pieces(op)) return false;
  Value base = through_layouts(op.operand(0), nullptr);
  return !is_copied(base.definer()) && !inlined_constant(base);
}

bool Roles::scatters(const Operation& op) const {
  return fills_rows(op, sizes_) && !is_copied(through_layouts(op.operand(1), nullptr).definer());
}

bool Roles::fusible(const Operation& op) const {
  return anchors(op) || gathers(op) || scatters(op) || inner_reduction(op) ||
         blocked_reduction(op) || renders_(op);
}

Space Roles::space_of(const Operation& op) const {
  if (Operation* last = turned_of(op)) return {.dims = wide(last->result().dims())};
  if (!op.is("prim.reduce")) return {.dims = wide(op.result().dims())};
  Space space = *reduced_space(op);
  space.blocked = blocked_reduction(op);
  return space;
}

bool Roles::small_number(const Operation& op) {
  constexpr int kMost = 8;
  if (op.is("prim.dim")) {
    copied_.emplace(&op, 1);
    return true;
  }
  if (!is_little(op) || !renders_(op)) return false;
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

bool Roles::aligned(Value operand) const {
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

}  // namespace proa::compiler
