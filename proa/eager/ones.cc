#include "proa/eager/ones.h"

#include <algorithm>
#include <span>
#include <vector>

#include "proa/ir/need_extents.h"
#include "proa/ir/operation.h"
#include "proa/ir/symbol/facts.h"

namespace proa::eager {

using namespace ir;

namespace {

// What has fewer elements takes some microseconds in any form.
constexpr int64_t kMany = 1 << 12;

class Questions {
 public:
  explicit Questions(Facts& facts) : facts_(facts) {}

  void visit(const Operation& op) {
    if (op.is("prim.dot")) {
      ask(free_axes(op, 0, "batch_x", "contract_x"), "a product of one row");
      ask(free_axes(op, 1, "batch_y", "contract_y"), "a product of one column");
    } else if (op.is("prim.reduce")) {
      reduction(op);
    } else if (op.is("prim.broadcast") || op.is("prim.transpose") || op.is("prim.slice") ||
               op.is("prim.reverse")) {
      layout(op);
    }
  }

  void finish() {
    if (!needed_.empty()) throw NeedExtents{"kernels for an extent of 1", needed_};
  }

 private:
  static std::vector<bool> named(const Operation& op, size_t rank,
                                 std::initializer_list<std::string_view> attrs) {
    std::vector<bool> axes(rank);
    for (std::string_view attr : attrs) {
      for (int64_t axis : op.attr(attr).as_ints())
        axes[static_cast<size_t>(axis < 0 ? axis + static_cast<int64_t>(rank) : axis)] = true;
    }
    return axes;
  }

  static Dim free_axes(const Operation& op, size_t operand, std::string_view batch,
                       std::string_view contracted) {
    std::span<const Dim> dims = op.operand(operand).dims();
    std::vector<bool> other = named(op, dims.size(), {batch, contracted});
    Dim rows = 1;
    for (size_t i = 0; i < dims.size(); ++i) {
      if (!other[i]) rows = rows * dims[i];
    }
    return rows;
  }

  void reduction(const Operation& op) {
    std::span<const Dim> dims = op.operand(0).dims();
    if (!many(dims)) return;
    std::vector<bool> reduced = named(op, dims.size(), {"axes"});
    auto first = std::ranges::find(reduced, true);
    if (first == reduced.end()) return;
    auto at = static_cast<size_t>(first - reduced.begin());
    Dim rows = product(dims.first(at)), columns = 1, inner = 1;
    for (size_t i = at; i < dims.size(); ++i) (reduced[i] ? inner : columns) *= dims[i];
    ask(rows, "a long reduction of one row");
    ask(columns, "a long reduction of one column");
    ask(inner, "many reductions of one element");
  }

  // What moves elements may keep loops from becoming one, of which the last axis is the inner one.
  void layout(const Operation& op) {
    std::span<const Dim> dims = op.result().dims();
    if (dims.empty() || dims.back().is_const() || !many(dims)) return;
    auto one = [](Dim dim) { return dim.is_const(1); };
    if (op.is("prim.broadcast") && std::ranges::all_of(op.operand(0).dims(), one)) return;
    ask(dims.back(), "a long loop over one element");
  }

  bool many(std::span<const Dim> dims) {
    auto elements = facts_.likely(product(dims));
    return elements && *elements >= kMany;
  }

  void ask(Dim extent, std::string_view what) {
    if (extent.is_const()) return;
    try {
      is_one(facts_, extent, what);
    } catch (const NeedExtents& need) {
      needed_.insert(needed_.end(), need.dims.begin(), need.dims.end());
    }
  }

  Facts& facts_;
  std::vector<Dim> needed_;
};

}  // namespace

void ask_about_ones(Module& module) {
  if (!module.facts().asks()) return;
  Questions questions(module.facts());
  module.op()->walk([&](const Operation* op) { questions.visit(*op); });
  questions.finish();
}

}  // namespace proa::eager
