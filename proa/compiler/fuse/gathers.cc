#include "proa/compiler/fuse/gathers.h"

#include <algorithm>
#include <vector>

#include "proa/ir/builder.h"
#include "proa/ops/expr.h"

namespace proa::compiler {

using namespace ir;

bool stops(const Operation& op) {
  Attribute mode = op.attr("mode");
  return mode && (mode.as_string() == "raise" || mode.as_string() == "from_end");
}

bool picks_pieces(const Operation& op) {
  if (!op.is("prim.gather") || op.attr("axes").as_ints().size() != 1) return false;
  Attribute batch = op.attr("batch");
  Value x = op.operand(0);
  return stops(op) && (!batch || batch.as_int() == 0) && x.rank() > 1 && !is_complex(x.dtype());
}

Value check_of_pieces(Module& module, Operation& op, Operation* before) {
  Builder builder(module, before);
  builder.set_location(op.location());
  ops::Expr x{op.operand(0), &builder}, index{op.operand(1), &builder};
  std::span<const int64_t> named = op.attr("axes").as_ints();
  std::vector<int64_t> axes(named.begin(), named.end());
  for (int64_t& axis : axes) axis += axis < 0 ? x.rank() : 0;
  Attribute of_batch = op.attr("batch");
  int64_t batch = of_batch ? of_batch.as_int() : 0, other = batch;
  while (std::ranges::find(axes, other) != axes.end()) ++other;
  std::vector<Dim> starts(x.dims().size(), Dim(0)), limits(x.dims().begin(), x.dims().end());
  limits[static_cast<size_t>(other)] = 0;
  ops::Expr none = ops::slice(x, starts, limits);
  return ops::gather(none, index, axes, batch, op.attr("mode").as_string()).value;
}

}  // namespace proa::compiler
