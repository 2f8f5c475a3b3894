#include "proa/compiler/fuse/windows.h"

#include <optional>
#include <vector>

#include "proa/ir/builder.h"
#include "proa/ir/dialect.h"
#include "proa/ir/rules.h"
#include "proa/ops/expr.h"
#include "proa/ops/prim/prim.h"

namespace proa::compiler {

using namespace ir;

namespace {

constexpr int64_t kMostTaps = 9;

// One axis: results read `start + i * stride` for each place of the window.
struct Walk {
  int64_t taps, stride, dilation;
  std::optional<int64_t> results;  // absent: the axis is passed through
};

// Nothing where slices cannot say it.
std::optional<std::vector<Walk>> walks_of(const Operation& op) {
  AttrView attrs(*op.info().page, op.attrs());
  bool known = contains(kRealSet, op.result().dtype());
  if (attrs.boolean("index") || !known) return std::nullopt;
  int rank = op.result().rank();
  std::vector<int64_t> taps = ops::prim::ints_each(attrs, "window", rank, 1),
                       strides = ops::prim::ints_each(attrs, "strides", rank, 1),
                       dilation = ops::prim::ints_each(attrs, "dilation", rank, 1);
  std::vector<Dim> low = ops::prim::dims_each(attrs, "padding_low", rank),
                   high = ops::prim::dims_each(attrs, "padding_high", rank);
  std::vector<Walk> walks;
  int64_t all = 1;
  for (size_t i = 0; i < taps.size(); ++i) {
    if (!low[i].is_const(0) || !high[i].is_const(0)) return std::nullopt;
    Walk& walk = walks.emplace_back(taps[i], strides[i], dilation[i]);
    if (taps[i] == 1 && strides[i] == 1) continue;
    walk.results = op.result().dims()[i].as_const();
    if (!walk.results || *walk.results < 1 || taps[i] > kMostTaps) return std::nullopt;
    all *= taps[i];
    if (all > kMostTaps) return std::nullopt;
  }
  return walks;
}

// What the windows hold at one place.
ops::Expr at_place(ops::Expr x, const std::vector<Walk>& walks, const std::vector<int64_t>& place) {
  std::vector<Dim> starts, limits;
  std::vector<int64_t> strides;
  for (size_t i = 0; i < walks.size(); ++i) {
    const Walk& walk = walks[i];
    int64_t start = place[i] * walk.dilation;
    starts.push_back(start);
    limits.push_back(walk.results ? Dim(start + (*walk.results - 1) * walk.stride + 1)
                                  : x.dims()[i]);
    strides.push_back(walk.stride);
  }
  return ops::slice(x, starts, limits, strides);
}

bool unroll(Module& module, Operation& op) {
  auto walks = walks_of(op);
  if (!walks) return false;
  Builder builder(module, &op);
  builder.set_location(op.location());
  std::string_view kind = op.attr("kind").as_string();
  ops::Expr x{op.operand(0), &builder}, held;
  DType dtype = x.dtype();
  // Sums of halves wait as f32. They begin with +0, which -0 alone would not become.
  bool half = dtype == DType::f16 || dtype == DType::bf16, sums = kind == "sum";
  DType wide = sums && half ? DType::f32 : dtype;
  if (sums && is_float(dtype)) held = ops::constant(builder, wide, 0.0);
  std::vector<int64_t> place(walks->size(), 0);
  for (;;) {
    ops::Expr now = ops::cast(at_place(x, *walks, place), wide);
    if (!held) {
      held = now;
    } else if (sums) {
      held = ops::binary("add", held, now);
    } else {  // the first among equals, of which one may be -0, and a NaN once there is one
      ops::Expr wins = ops::compare(kind == "max" ? "gt" : "lt", now, held);
      if (is_float(dtype)) wins = ops::binary("or", wins, ops::compare("ne", now, now));
      held = ops::select(wins, now, held);
    }
    size_t i = place.size();
    while (i > 0 && ++place[i - 1] == (*walks)[i - 1].taps) place[--i] = 0;
    if (i == 0) break;
  }
  held = ops::cast(held, dtype);
  if (held.value.type() != op.result().type()) return false;
  op.result().replace_uses(held.value);
  op.erase();
  return true;
}

}  // namespace

int64_t unroll_windows(Module& module) {
  int64_t made = 0;
  for (Func func : module.funcs()) {
    std::vector<Operation*> windows;
    for (Operation& op : func.body()) {
      if (op.is("prim.reduce_window")) windows.push_back(&op);
    }
    for (Operation* op : windows) made += unroll(module, *op);
  }
  return made;
}

}  // namespace proa::compiler
