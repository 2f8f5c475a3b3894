#include "proa/compiler/emit/batch.h"

#include <algorithm>
#include <map>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "proa/compiler/loop/in_place.h"
#include "proa/compiler/loop/kernels.h"
#include "proa/compiler/render/c/render.h"
#include "proa/compiler/sizes.h"
#include "proa/ir/dialect.h"

namespace proa::compiler {

using namespace ir;

namespace {

constexpr int64_t kSmall = 4096;       // elements
constexpr size_t kMostBuffers = 1024;  // of a batch

class Batching {
 public:
  Batching(Module& module, const loop::Kernels& kernels, const Sizes& sizes, Block& body,
           int& number)
      : module_(module), kernels_(kernels), sizes_(sizes), body_(body), number_(number) {}

  void run() {
    std::map<std::string, std::vector<Operation*>> alike;
    for (Operation& op : body_) {
      order_.push_back(&op);
      if (op.is("loop.launch") && (is_small(op) || is_update(op))) candidates_.push_back(&op);
    }
    if (candidates_.size() < 2) return;
    for (Operation* op : candidates_) {
      render::CKernel kernel = render::render_c(loops_of(*op));
      if (kernel.repeats) alike[kernel.name].push_back(op);
    }
    number_places();
    // In the order of the program, so that equal programs give equal batches.
    std::vector<std::vector<Operation*>> sets;
    for (auto& [name, ops] : alike) sets.push_back(std::move(ops));
    std::ranges::sort(sets, {}, [&](const auto& ops) { return place_.at(ops[0]); });
    for (const auto& ops : sets) each_batch(ops);
    for (Operation* op : order_) {
      op->remove();
      body_.append(op);
    }
  }

 private:
  Func loops_of(Operation& launch) const { return kernels_.of(launch); }

  // Of few elements, known to be few.
  bool is_small(Operation& op) const {
    for (Value result : op.results()) {
      Dim elements = 1;
      for (Dim d : result.dims()) elements = elements * sizes_.canonical(d);
      auto known = elements.as_const();
      if (!known || *known > kSmall) return false;
    }
    return true;
  }

  // Nobody waits for it, and it may write over what the function was given.
  bool is_update(Operation& op) const {
    for (Value result : op.results()) {
      bool read = false;
      result.each_use([&](Use& use) { read |= !use.owner->info().has(Trait::terminator); });
      if (read) return false;
    }
    for (auto [in, out] : loop::in_place(loops_of(op), op.operand_count())) {
      if (op.operand(static_cast<size_t>(in)).definer() == nullptr) return true;
    }
    return false;
  }

  void number_places() {
    place_.clear();
    for (size_t i = 0; i < order_.size(); ++i) place_[order_[i]] = i;
  }

  // Between which places the operation may stand: behind `after`, before `before`.
  struct Span {
    size_t first = 0, last = 0;  // it may be inserted in front of these
  };
  template <class Use>
  void each_needed(Operation& op, Use use) const {
    auto need = [&](Operation* definer) {
      if (definer != nullptr && definer->block() == &body_) use(definer);
    };
    for (Value operand : op.operands()) need(operand.definer());
    sizes_.each_binder(op, need);
  }
  Span span_of(Operation& op) const {
    Span span{0, order_.size()};
    each_needed(
        op, [&](Operation* definer) { span.first = std::max(span.first, place_.at(definer) + 1); });
    for (Value result : op.results()) {
      result.each_use([&](Use& use) {
        Operation* owner = use.owner;
        while (owner != nullptr && owner->block() != &body_) owner = owner->parent();
        if (owner != nullptr) span.last = std::min(span.last, place_.at(owner));
      });
    }
    return span;
  }

  void each_batch(std::vector<Operation*> waiting) {
    while (waiting.size() > 1) {
      std::vector<Operation*> members, rest;
      std::unordered_set<const Operation*> inside;
      Span both{0, order_.size()};
      size_t buffers = 0;
      for (Operation* op : waiting) {
        Span own = span_of(*op);
        Span now{std::max(both.first, own.first), std::min(both.last, own.last)};
        bool depends = false;
        each_needed(*op, [&](Operation* definer) { depends |= inside.contains(definer); });
        size_t more = op->operand_count() + op->result_count();
        if (depends || now.first > now.last || buffers + more > kMostBuffers) {
          rest.push_back(op);
          continue;
        }
        both = now;
        buffers += more;
        members.push_back(op);
        inside.insert(op);
      }
      if (members.size() > 1) bring_together(members, inside, both);
      waiting = std::move(rest);
    }
  }

  void bring_together(const std::vector<Operation*>& members,
                      const std::unordered_set<const Operation*>& inside, Span span) {
    size_t wanted = place_.at(members.back()) + 1;
    size_t at = std::clamp(wanted, span.first, span.last);
    std::vector<Operation*> next;
    for (size_t i = 0; i <= order_.size(); ++i) {
      if (i == at) next.insert(next.end(), members.begin(), members.end());
      if (i < order_.size() && !inside.contains(order_[i])) next.push_back(order_[i]);
    }
    order_ = std::move(next);
    number_places();
    Attribute number = Attribute::integer(module_.context(), number_++);
    for (Operation* op : members) op->set_attr("batch", number);
  }

  Module& module_;
  const loop::Kernels& kernels_;
  const Sizes& sizes_;
  Block& body_;
  int& number_;
  std::vector<Operation*> order_, candidates_;
  std::unordered_map<const Operation*, size_t> place_;
};

}  // namespace

int batch(Module& module) {
  Sizes sizes(module);
  loop::Kernels kernels(module);
  int made = 0;
  for (Func func : module.funcs()) {
    bool launches = false;
    for (Operation& op : func.body()) launches |= op.is("loop.launch");
    if (launches) Batching(module, kernels, sizes, func.body(), made).run();
  }
  return made;
}

}  // namespace proa::compiler
