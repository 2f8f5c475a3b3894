// Bodies of control flow in a captured function, and the operations that they are made into.

#include <algorithm>
#include <optional>

#include "proa/eager/captured_node.h"
#include "proa/eager/captured_region.h"
#include "proa/eager/function_capture.h"
#include "proa/ir/dialect.h"
#include "proa/ir/symbol/facts.h"

namespace proa::eager {

using namespace ir;

namespace {

// Where a body's own values stand: the operation as a whole is what the tape has.
class InsideNode : public Node {
 public:
  InsideNode() : Node(1) {}
  std::string_view name() const override { return "a branch, loop or rule"; }
  std::vector<Tensor> apply(std::vector<Tensor>, bool) override {
    throw UserError(ErrorKind::not_supported, "backward", "",
                    "it starts inside of a branch or loop that a tensor decides: this is not "
                    "captured; call it after the branch");
  }
};

Block* home_of(Value value) {
  return value.definer() != nullptr ? value.definer()->block() : value.argument_block();
}

}  // namespace

void FunctionCapture::use_tape(std::string_view op) {
  taped_ = true;
  if (in_region()) {
    refuse(ErrorKind::not_supported, op,
           "gradients are taken inside of a branch or loop that a tensor decides, or of a gradient "
           "that is written in Python: this is not captured; take them after it");
  }
}

// Bodies are isolated: what they read comes through every body around them as an argument.
Value FunctionCapture::imported(Value value, const Tensor& tensor) {
  if (home_of(value) == (regions_.empty() ? &func_.body() : regions_.back()->block)) return value;
  size_t level = 0;
  for (size_t i = 0; i < regions_.size(); ++i) {
    if (home_of(value) == regions_[i]->block) level = i + 1;
  }
  for (size_t i = 0; i < regions_.size() && level == 0; ++i) {
    if (regions_[i]->earlier == nullptr || regions_[i]->earlier->block != home_of(value)) continue;
    auto& borrowed = regions_[i]->borrowed;
    auto at = std::ranges::find(borrowed, value, &std::pair<Value, Value>::first);
    if (at == borrowed.end()) {
      borrowed.emplace_back(value, regions_[i]->block->add_argument(value.type()));
      at = borrowed.end() - 1;
    }
    value = at->second;
    level = i + 1;
  }
  if (level == 0 && home_of(value) != &func_.body()) {
    refuse(ErrorKind::not_supported, "to_static",
           "a tensor that was made inside of a branch or loop is used outside of it; give it as a "
           "variable that each branch sets");
  }
  for (; level < regions_.size(); ++level) {
    Region& region = *regions_[level];
    auto same = [&](const Region::Input& input) {
      return input.tensor.impl() == tensor.impl() && input.outside == value;
    };
    auto at = std::ranges::find_if(region.inputs, same);
    if (at == region.inputs.end()) {
      Tensor held = this->tensor(value);
      if (is_inexact(tensor.dtype()) && tensor.requires_grad())
        held.impl()->edge.set(edge_of(tensor));
      region.inputs.push_back({tensor, held, value, region.block->add_argument(value.type())});
      at = region.inputs.end() - 1;
    }
    value = at->inside;
  }
  return value;
}

std::shared_ptr<FunctionCapture::Region> FunctionCapture::open_region(
    std::span<const Tensor> parameters, std::vector<Tensor>& arguments) {
  std::vector<Type> types;
  std::vector<Value> given;
  for (const Tensor& t : parameters) types.push_back(value(t).type());
  std::shared_ptr<Region> region = open_region_of(types, given);
  for (size_t i = 0; i < given.size(); ++i) {
    arguments.push_back(tensor(given[i]));
    if (is_inexact(given[i].dtype()) && parameters[i].requires_grad())
      arguments.back().impl()->edge.set({inside_, 0});
  }
  return region;
}

std::shared_ptr<FunctionCapture::Region> FunctionCapture::open_region_of(
    std::span<const Type> types, std::vector<Value>& given) {
  if (!inside_) inside_ = std::make_shared<InsideNode>();
  auto region = std::make_shared<Region>();
  region->block = &region->body->add_block();
  region->parameters = types.size();
  for (Type type : types) given.push_back(region->block->add_argument(type));
  region->values = values_;
  for (const Tensor& t : made())
    region->tensors.push_back({t.impl()->captured, t.impl()->edge.get()});
  region->views = views_;
  region->writes = writes_;
  for (const Gradient& g : gradients_) region->gradients.push_back(g.now.impl());
  enter(region);
  return region;
}

void FunctionCapture::enter(std::shared_ptr<Region> region) {
  builder().set_insertion(*region->block);
  regions_.push_back(std::move(region));
}

void FunctionCapture::leave() {
  Region& region = *regions_.back();
  if (region.open) {
    region.open = false;
    for (size_t i = 0; i < region.tensors.size(); ++i) {
      TensorImpl& impl = *made()[i].impl();
      const Region::Before& before = region.tensors[i];
      if (impl.captured != before.value && !region.views.contains(&impl))
        region.changes.push_back({made()[i], Value(impl.captured), made()[i].requires_grad()});
      impl.captured = before.value;
      impl.edge.set(before.edge);
    }
    for (size_t k = 0; k < values_.size(); ++k) {
      Value before = k < region.values.size() ? region.values[k] : initial(k);
      if (values_[k] != before) region.changes.push_back({slots_[k].tensor, values_[k]});
      values_[k] = before;
    }
    views_ = std::move(region.views);
    writes_ = std::move(region.writes);
    for (size_t i = 0; i < gradients_.size(); ++i) {
      const TensorImpl* before =
          i < region.gradients.size() ? region.gradients[i] : gradients_[i].first.impl();
      if (gradients_[i].now.impl() == before) continue;
      refuse(ErrorKind::not_supported, "grad",
             "a gradient is set inside of a branch or loop that a tensor decides: this is not "
             "captured; do it after it");
    }
  }
  regions_.pop_back();
  builder().set_insertion(regions_.empty() ? func_.body() : *regions_.back()->block);
}

void FunctionCapture::meet(Value a, Value b, std::string_view op) {
  bool fits = a.dtype() == b.dtype() && a.rank() == b.rank();
  for (int axis = 0; fits && axis < a.rank(); ++axis) {
    auto i = static_cast<size_t>(axis);
    fits = builder().facts().require_eq(a.dims()[i], b.dims()[i], "both ways give equal shapes");
  }
  if (fits) return;
  refuse(ErrorKind::type, op,
         str("a tensor is ", to_string(a.type()), " one way and ", to_string(b.type()),
             " the other: in a captured function both ways give the same dtype and shape"));
}

std::vector<Tensor> FunctionCapture::finish(Operation* op, std::span<const Tensor> operands,
                                            const std::vector<bool>& tracked) {
  std::vector<Tensor> results;
  std::shared_ptr<Node> node;
  if (grad_enabled() && std::ranges::find(tracked, true) != tracked.end())
    node = in_region() ? inside_ : std::make_shared<CapturedNode>(*this, op, operands);
  for (size_t i = 0; i < op->result_count(); ++i) {
    Tensor made = tensor(op->result(i));
    if (node && is_inexact(made.dtype())) {
      if (tracked[i]) {
        made.impl()->edge.set({node, in_region() ? 0 : static_cast<int>(i)});
      } else {
        made = stopped(made);
      }
    }
    results.push_back(made);
  }
  return results;
}

// What the bodies wrote holds from here on; views take another look.
void FunctionCapture::settle(const std::vector<Tensor>& changed, std::span<const Tensor> results) {
  for (size_t i = 0; i < changed.size(); ++i) {
    const Tensor& result = results[results.size() - changed.size() + i];
    set_value(changed[i], value(result));
    if (changed[i].impl()->captured != nullptr && result.requires_grad())
      changed[i].impl()->edge.set(result.impl()->edge.get());
    ++writes_[changed[i].impl()];
  }
}

std::vector<Tensor> FunctionCapture::if_(const Tensor& condition, Region& then,
                                         std::span<const Tensor> then_gives, Region& otherwise,
                                         std::span<const Tensor> otherwise_gives) {
  Region* regions[] = {&then, &otherwise};
  std::span<const Tensor> gives[] = {then_gives, otherwise_gives};
  std::vector<Tensor> changed;
  std::vector<bool> tracked;
  for (size_t i = 0; i < then_gives.size(); ++i)
    tracked.push_back(then_gives[i].requires_grad() || otherwise_gives[i].requires_grad());
  for (Region* region : regions) {
    for (const Region::Change& change : region->changes) {
      auto same = [&](const Tensor& t) { return t.impl() == change.tensor.impl(); };
      if (std::ranges::any_of(changed, same)) continue;
      changed.push_back(change.tensor);
      bool either = change.tensor.requires_grad();
      for (Region* other : regions) {
        if (const auto* found = other->change(change.tensor)) either |= found->tracked;
      }
      tracked.push_back(either);
    }
  }
  std::vector<Value> given[2];
  for (int r : {0, 1}) {
    enter(std::shared_ptr<Region>(regions[r], [](Region*) {}));
    for (const Tensor& t : gives[r]) given[r].push_back(value(t));
    for (const Tensor& t : changed) {
      const auto* change = regions[r]->change(t);
      given[r].push_back(change != nullptr ? change->inside : value(t));
    }
    leave();
  }
  for (size_t i = 0; i < given[0].size(); ++i) meet(given[0][i], given[1][i], "if");
  std::vector<Region::Input> inputs;
  for (Region* region : regions) {
    for (const Region::Input& input : region->inputs) {
      auto same = [&](const Region::Input& other) {
        return other.tensor.impl() == input.tensor.impl() && other.outside == input.outside;
      };
      if (std::ranges::none_of(inputs, same)) inputs.push_back(input);
    }
  }
  Builder::Regions bodies;
  for (int r : {0, 1}) {
    Region& region = *regions[r];
    Builder(builder().module(), *region.block).create_return(given[r]);
    size_t old = region.block->argument_count();
    for (const Region::Input& input : inputs) {
      Value made = region.block->add_argument(input.outside.type());
      for (const Region::Input& own : region.inputs) {
        if (own.tensor.impl() == input.tensor.impl() && own.outside == input.outside)
          own.inside.replace_uses(made);
      }
    }
    for (size_t i = old; i-- > 0;) region.block->erase_argument(i);
    bodies.push_back(std::move(region.body));
  }
  std::vector<Tensor> held{condition};
  std::vector<Value> operands{value(condition)};
  for (const Region::Input& input : inputs) {
    held.push_back(input.held);
    operands.push_back(current(input.outside));
  }
  const int64_t segments[] = {1, static_cast<int64_t>(inputs.size())};
  Operation* op = builder().create("prim.if", operands, {}, segments, std::move(bodies));
  std::vector<Tensor> results = finish(op, held, tracked);
  settle(changed, results);
  results.resize(then_gives.size());
  return results;
}

std::vector<Tensor> FunctionCapture::while_(std::span<const Tensor> carries, Region& condition,
                                            const Tensor& holds, Region& body,
                                            std::span<const Tensor> body_gives) {
  if (!condition.changes.empty()) {
    refuse(ErrorKind::not_supported, "while",
           "the condition of a loop writes into a tensor: this is not captured");
  }
  std::vector<Tensor> held(carries.begin(), carries.end()), changed;
  std::vector<Value> operands, given;
  std::vector<bool> tracked;
  for (size_t i = 0; i < carries.size(); ++i) {
    operands.push_back(value(carries[i]));
    tracked.push_back(carries[i].requires_grad() || body_gives[i].requires_grad());
  }
  auto shared = [](Region& region) { return std::shared_ptr<Region>(&region, [](Region*) {}); };
  enter(shared(body));
  for (const Tensor& t : body_gives) given.push_back(value(t));
  leave();
  for (const Region::Change& change : body.changes) {
    changed.push_back(change.tensor);
    held.push_back(change.tensor);
    operands.push_back(value(change.tensor));
    given.push_back(change.inside);
    tracked.push_back(change.tensor.requires_grad() || change.tracked);
  }
  enter(shared(condition));
  std::vector<Value> holding{value(holds)};
  leave();
  for (size_t i = 0; i < operands.size(); ++i) meet(operands[i], given[i], "while");
  auto carried = [&](const Region::Input& input) -> std::optional<size_t> {
    for (size_t i = 0; i < changed.size(); ++i) {
      if (changed[i].impl() == input.tensor.impl()) return i;
    }
    return std::nullopt;
  };
  std::vector<Region::Input> constants;
  for (Region* region : {&condition, &body}) {
    for (const Region::Input& input : region->inputs) {
      auto same = [&](const Region::Input& other) {
        return other.tensor.impl() == input.tensor.impl() && other.outside == input.outside;
      };
      if (!carried(input) && std::ranges::none_of(constants, same)) constants.push_back(input);
    }
  }
  size_t carry_count = operands.size();
  Builder::Regions bodies;
  for (Region* region : {&condition, &body}) {
    Builder(builder().module(), *region->block).create_return(region == &body ? given : holding);
    size_t old = region->block->argument_count();
    std::vector<Value> fresh;
    for (size_t i = carries.size(); i < carry_count; ++i)
      fresh.push_back(region->block->add_argument(operands[i].type()));
    for (const Region::Input& input : constants)
      fresh.push_back(region->block->add_argument(input.outside.type()));
    for (const Region::Input& own : region->inputs) {
      if (auto i = carried(own)) {
        own.inside.replace_uses(fresh[*i]);
        continue;
      }
      for (size_t k = 0; k < constants.size(); ++k) {
        if (own.tensor.impl() == constants[k].tensor.impl() && own.outside == constants[k].outside)
          own.inside.replace_uses(fresh[changed.size() + k]);
      }
    }
    for (size_t i = old; i-- > carries.size();) region->block->erase_argument(i);
    bodies.push_back(std::move(region->body));
  }
  for (const Region::Input& input : constants) {
    held.push_back(input.held);
    operands.push_back(current(input.outside));
  }
  const int64_t segments[] = {static_cast<int64_t>(carry_count),
                              static_cast<int64_t>(constants.size())};
  Operation* op = builder().create("prim.while", operands, {}, segments, std::move(bodies));
  std::vector<Tensor> results = finish(op, held, tracked);
  settle(changed, results);
  results.resize(carries.size());
  return results;
}

}  // namespace proa::eager
