#include "proa/compiler/fuse/scatters.h"

#include <algorithm>

#include "proa/compiler/fuse/index.h"
#include "proa/ir/dialect.h"

namespace proa::compiler {

using namespace ir;

bool fills_rows(const Operation& op, const Sizes& sizes) {
  constexpr int64_t kFewColumns = 16;
  if (!op.is("prim.scatter") || !contains(kAnySet, op.result().dtype())) return false;
  Value x = op.operand(0), base = through_layouts(x, nullptr);
  Operation* start = base.definer();
  if (base.rank() != 0 || start == nullptr || !start->is("prim.constant")) return false;
  Attribute batch = op.attr("batch");
  std::span<const int64_t> axes = op.attr("axes").as_ints();
  for (int64_t axis = x.rank(); axis-- > (batch ? batch.as_int() : 0);) {
    Dim extent = sizes.canonical(x.dims()[static_cast<size_t>(axis)]);
    bool named =
        std::ranges::any_of(axes, [&](int64_t a) { return (a < 0 ? a + x.rank() : a) == axis; });
    if (named) return false;
    if (!extent.is_const(1)) return !extent.is_const() || extent.constant() >= kFewColumns;
  }
  return false;
}

}  // namespace proa::compiler
