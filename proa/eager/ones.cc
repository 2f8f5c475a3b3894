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
  Questions(Facts& facts, bool of_any_size) : facts_(facts), of_any_size_(of_any_size) {}

  void visit(const Operation& op) {
    if (op.is("prim.dot")) {
      if (!ask(free_axes(op, 0, "batch_x", "contract_x"), "a product of one row"))
        ask(free_axes(op, 1, "batch_y", "contract_y"), "a product of one column");
    } else if (op.is("prim.conv")) {
      std::span<const Dim> weight = op.operand(1).dims();
      bool grouped = op.attr("groups").as_int() != 1;
      if (!grouped || !ask(weight[1], "a depthwise convolution"))
        ask(product(weight.subspan(2)), "a pointwise convolution");
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
    Dim columns = 1, inner = 1;
    bool by_column = false;
    for (size_t i = at; i < dims.size(); ++i) {
      (reduced[i] ? inner : columns) *= dims[i];
      by_column |= !reduced[i];
    }
    if (at > 0 && ask(product(dims.first(at)), "a long reduction of one row")) return;
    if (by_column) {
      ask(columns, "a long reduction of one column");
    } else {
      ask(inner, "many reductions of one element");
    }
  }

  // What moves elements may keep loops from becoming one, of which the last axis is the inner one.
  void layout(const Operation& op) {
    std::span<const Dim> dims = op.result().dims();
    auto one = [&](Dim dim) {
      return dim.is_const(1) || std::ranges::find(needed_, dim) != needed_.end();
    };
    if (dims.empty() || std::ranges::all_of(dims.first(dims.size() - 1), one) || !many(dims))
      return;
    if (op.is("prim.broadcast") && std::ranges::all_of(op.operand(0).dims(), one)) return;
    ask(dims.back(), "a long loop over one element");
  }

  bool many(std::span<const Dim> dims) {
    if (of_any_size_) return true;
    auto elements = facts_.likely(product(dims));
    return elements && *elements >= kMany;
  }

  // Whether it is 1: then nothing else of the operation needs to be asked, and no group has more
  // than three kernels.
  bool ask(Dim extent, std::string_view what) {
    try {
      return is_one(facts_, extent, what);
    } catch (const NeedExtents& need) {
      needed_.insert(needed_.end(), need.dims.begin(), need.dims.end());
      return true;
    }
  }

  Facts& facts_;
  bool of_any_size_;
  std::vector<Dim> needed_;
};

}  // namespace

void ask_about_ones(Module& module, Ask ask) {
  if (!module.facts().asks() || ask < Ask::kernels) return;
  Questions questions(module.facts(), ask == Ask::kernels_of_any_size);
  module.op()->walk([&](const Operation* op) { questions.visit(*op); });
  questions.finish();
}

}  // namespace proa::eager
