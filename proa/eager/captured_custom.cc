// Calls of a captured function that Python has written: with a gradient of their own, and on the
// host at each run.

#include <algorithm>

#include "proa/base/error.h"
#include "proa/eager/captured_region.h"
#include "proa/eager/function_capture.h"
#include "proa/ir/module.h"
#include "proa/ir/symbol/facts.h"
#include "proa/ops/control.h"

namespace proa::eager {

using namespace ir;

namespace {

// A function of the module that is made of a body.
class Recipe {
 public:
  explicit Recipe(const Block& body) : body_(body) {}
  // The argument that stands for a value of the body, if for any.
  void take(Type type, Value stands_for = {}) {
    types_.push_back(type);
    places_.push_back(stands_for);
  }
  void give(Value of_body) { given_.emplace_back(of_body, 0); }
  void pass(size_t argument) { given_.emplace_back(Value(), argument); }

  Func made(Module& module, std::string_view name) const {
    std::string fresh(name);
    for (int i = 1; module.find(fresh); ++i) fresh = str(name, ".", i);
    Func func = module.add_func(fresh, types_);
    std::vector<Value> arguments = func.arguments(), results;
    ValueMap map;
    for (size_t i = 0; i < places_.size(); ++i) {
      if (places_[i]) map.set(places_[i], arguments[i]);
    }
    clone_body(body_, func.body(), map, false);
    for (auto [value, argument] : given_)
      results.push_back(value ? map.at(value) : arguments[argument]);
    Builder(module, func.body()).create_return(results);
    return func;
  }

 private:
  const Block& body_;
  std::vector<Type> types_;
  std::vector<Value> places_;
  std::vector<std::pair<Value, size_t>> given_;
};

}  // namespace

bool FunctionCapture::decided_by_a_tensor() const {
  return std::ranges::any_of(regions_, [](const auto& region) { return region->decided; });
}

bool FunctionCapture::in_backward() const {
  return std::ranges::any_of(regions_, [](const auto& region) { return region->is_backward; });
}

void FunctionCapture::within(FunctionRef<void()> body) {
  try {
    body();
  } catch (...) {
    try {
      leave();
    } catch (const UserError&) {}  // the first reason is the one
    throw;
  }
  leave();
}

std::vector<Tensor> FunctionCapture::custom(std::string_view name, std::span<const Tensor> inputs,
                                            Rule forward, Rule backward) {
  std::vector<Type> types, cotangents;
  for (const Tensor& t : inputs) types.push_back(value(t).type());
  std::vector<Value> results, given, grads;
  std::vector<Tensor> arguments;
  std::shared_ptr<Region> first = open_region(inputs, arguments);
  first->decided = false;
  within([&] {
    for (const Tensor& t : forward(arguments)) results.push_back(value(t, name, "forward"));
    for (size_t i = 0; i < arguments.size(); ++i) {
      if (value(arguments[i]) == first->block->argument(i)) continue;
      refuse(ErrorKind::not_supported, name,
             "an input is written in place where the gradient is written in Python: this is not "
             "captured; return the new value instead");
    }
  });
  for (Value v : results) {
    if (is_inexact(v.dtype())) cotangents.push_back(v.type());
  }
  std::shared_ptr<Region> second = open_region_of(cotangents, given);
  second->decided = false;
  second->is_backward = true;
  second->earlier = first.get();
  within([&] {
    GradMode recording(true);  // what it computes is differentiated for gradients of higher order
    std::vector<Tensor> stand_ins;
    for (Value v : given) stand_ins.push_back(tensor(v));
    std::vector<Tensor> made = backward(stand_ins);
    PROA_CHECK(made.size() == inputs.size(), name, ": a gradient for each input");
    for (size_t i = 0; i < made.size(); ++i) {
      if (!made[i] || !is_inexact(types[i].dtype())) {
        grads.emplace_back();
        continue;
      }
      Value g = value(made[i], name, "backward");
      bool fits = g.rank() == types[i].rank();
      for (size_t axis = 0; fits && axis < g.dims().size(); ++axis) {
        fits = builder().facts().require_eq(g.dims()[axis], types[i].dims()[axis],
                                            "a gradient has the shape of what it is of");
      }
      if (!fits) {
        throw UserError(ErrorKind::shape, name, "backward",
                        str("expected a gradient of shape ", to_string(types[i].dims()), ", got ",
                            to_string(g.dims()), where()));
      }
      if (g.dtype() != types[i].dtype())
        g = value(call1("tensor.cast", {made[i]}, {{"dtype", types[i].dtype()}}));
      grads.push_back(g);
    }
  });
  if (!first->changes.empty() || !second->changes.empty()) {
    refuse(ErrorKind::not_supported, name,
           "a tensor is written in place where the gradient is written in Python: this is not "
           "captured; return the new value instead");
  }

  // What either body reads of the world around it is an input through which no gradient flows.
  std::vector<Region::Input> extras;
  auto extra = [&](const Region::Input& input) {
    auto at = std::ranges::find_if(extras, [&](const Region::Input& e) {
      return e.tensor.impl() == input.tensor.impl() && e.outside == input.outside;
    });
    if (at == extras.end()) at = extras.insert(at, input);
    return inputs.size() + static_cast<size_t>(at - extras.begin());
  };
  for (const auto* region : {first.get(), second.get()}) {
    for (const Region::Input& input : region->inputs) extra(input);
  }
  Recipe there(*first->block), back(*second->block);
  for (size_t i = 0; i < inputs.size(); ++i) there.take(types[i], first->block->argument(i));
  for (const Region::Input& e : extras) {
    auto inside = std::ranges::find_if(first->inputs, [&](const Region::Input& input) {
      return e.tensor.impl() == input.tensor.impl() && e.outside == input.outside;
    });
    there.take(e.outside.type(), inside != first->inputs.end() ? inside->inside : Value());
  }
  // What the backward reads of the forward are inputs, results, or further results: so derivatives
  // of it come back to the call, and through its own rule.
  std::vector<Value> all = results;
  for (auto& [value, argument] : second->borrowed) {
    if (value.definer() != nullptr && std::ranges::find(all, value) == all.end())
      all.push_back(value);
  }
  for (Value v : all) there.give(v);
  for (auto& [value, argument] : second->borrowed) {
    there.give(value);
    back.take(value.type(), argument);
  }
  for (const Region::Input& input : second->inputs) {
    there.pass(extra(input));
    back.take(input.outside.type(), input.inside);
  }
  for (Value v : given) back.take(v.type(), v);
  for (size_t i = results.size(); i < all.size(); ++i) {
    if (is_inexact(all[i].dtype())) back.take(all[i].type());
  }
  std::vector<Tensor> operands(inputs.begin(), inputs.end());
  std::vector<int64_t> without;
  for (size_t i = 0; i < inputs.size(); ++i) {
    if (grads[i]) {
      back.give(grads[i]);
    } else {
      without.push_back(static_cast<int64_t>(i));
    }
  }
  for (const Region::Input& e : extras) {
    without.push_back(static_cast<int64_t>(operands.size()));
    operands.push_back(e.held.requires_grad() ? stopped(e.held) : e.held);
  }
  Module& module = builder().module();
  Func forward_made = there.made(module, str(name, ".forward"));
  Func backward_made = back.made(module, str(name, ".backward"));
  std::vector<Expr> now;
  for (const Tensor& t : operands) now.push_back({value(t), &builder()});
  std::vector<Tensor> outputs;
  for (const Expr& e :
       ops::custom_vjp(builder(), forward_made, backward_made, all.size(), now, without))
    outputs.push_back(tensor(e.value));
  track(outputs, operands);
  outputs.resize(results.size());
  return outputs;
}

std::vector<Tensor> FunctionCapture::host_call(std::string_view target, int64_t number,
                                               std::span<const Tensor> inputs,
                                               std::span<const Tensor> like) {
  if (decided_by_a_tensor()) {
    refuse(ErrorKind::not_supported, "host_call",
           "Python is called where a tensor decides whether to: this is not captured; call it "
           "before the branch or loop, or after it");
  }
  std::vector<Expr> given;
  for (const Tensor& t : inputs)
    given.push_back({value(t.requires_grad() ? stopped(t) : t), &builder()});
  std::vector<Type> types;
  for (const Tensor& t : like) types.push_back(value(t).type());
  std::vector<Tensor> results;
  for (const Expr& e : ops::custom_call(builder(), target, given, types, {&number, 1}))
    results.push_back(tensor(e.value));
  return results;
}

}  // namespace proa::eager
