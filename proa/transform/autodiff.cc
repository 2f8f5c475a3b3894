// The order of every sum here is part of the numerics: cotangents add in reverse program order of
// consumers, operand slots of one consumer ascending, and a composite that is differentiated by its
// decomposition sums inside itself first, as eager does with one tape node.

#include "proa/transform/autodiff.h"

#include <algorithm>
#include <deque>
#include <memory>
#include <optional>
#include <unordered_map>
#include <unordered_set>

#include "proa/base/error.h"
#include "proa/ir/caller.h"
#include "proa/ir/dialect.h"
#include "proa/ir/rewriter.h"
#include "proa/ir/rules.h"
#include "proa/ir/symbol/facts.h"
#include "proa/ops/control.h"
#include "proa/ops/expr.h"
#include "proa/transform/autodiff_regions.h"
#include "proa/transform/decompose.h"

namespace proa::transform {

using namespace ir;
using ops::operator+;

namespace {

bool differentiable(Type type) { return type.is_tensor() && is_inexact(type.dtype()); }

using Residuals = std::vector<std::pair<std::string_view, Value>>;

struct Body;

// One operation on the differentiated path.
struct Step {
  Operation* source = nullptr;   // in the body's own function
  std::vector<Value> operands;   // forward values
  std::vector<Value> results;    // forward values
  Residuals kept;                // forward values by name
  std::unique_ptr<Body> inside;  // where it is differentiated by decomposition
  std::optional<RegionStep> regions;
};

// A block being differentiated. Its values are keys for cotangents; `forward` maps them to values
// of the forward function.
struct Body {
  std::vector<Value> arguments, results;
  std::vector<Step> steps;
  ValueMap forward, named;  // `named`: what only names the sizes of another value, to that value
  std::unordered_set<const ValueImpl*> active;

  Value origin(Value value) const {
    Value other = named.get(value);
    return other ? other : value;
  }
};

using Cotangents = std::unordered_map<const ValueImpl*, Value>;

// A reshape to the same sizes under other names (a symbol that a guard made equal to a number). A
// graph of numbers has none, so it must not decide when a cotangent joins its sum.
bool only_names(const Operation& op, Facts& facts) {
  if (!op.is("prim.reshape")) return false;
  return std::ranges::equal(op.operand(0).dims(), op.result().dims(), [&](Dim a, Dim b) {
    return a == b || facts.prove_eq(a, b) == Truth::yes;
  });
}

class Differentiator {
 public:
  Differentiator(Module& module, Func forward) : module_(module), out_(module, forward.body()) {}

  void run_forward(Body& body, const Block& block) {
    for (Operation& op : block) {
      if (op.info().has(Trait::terminator)) continue;
      bool active = false;
      for (Value operand : op.operands()) {
        active |= differentiable(operand.type()) && body.active.contains(operand.impl());
      }
      const Page* page = op.info().page.get();
      // Nothing flows through an operation that gives integers or truth values only, as far as
      // anybody reads it.
      bool flows = false;
      for (Value result : op.results()) flows |= differentiable(result.type()) && !result.unused();
      if (!active || !flows || page == nullptr || page->vjp.zero) {
        if (active && flows && page == nullptr) {
          throw UserError(ErrorKind::not_supported, op.name(), "", "has no gradient rule");
        }
        copy(op, body);
        continue;
      }
      if (only_names(op, module_.facts())) {
        copy(op, body);
        body.named.set(op.result(), body.origin(op.operand(0)));
        body.active.insert(op.result().impl());
        continue;
      }
      const VjpRule& vjp = page->vjp;
      if (!vjp.decomposed && !vjp.regions && vjp.backward == nullptr) refuse(op, *page);
      step(op, *page, body);
    }
  }

  // Adds the cotangents of body.arguments to `cotangents`, reading those of its results from there.
  void run_backward(Body& body, Builder& builder, Cotangents& cotangents) {
    for (auto it = body.steps.rbegin(); it != body.steps.rend(); ++it)
      back(*it, body, builder, cotangents);
  }

  // The backward function's argument that stands for a forward value; made on first use. Constants
  // are made again instead of being kept.
  Value fetch(Value forward, Builder& builder) {
    if (!forward) return {};
    auto& slot = fetched_[forward.impl()];
    if (slot) return slot;
    if (Operation* op = forward.definer(); op != nullptr && rebuildable(op)) {
      ValueMap map;
      for (Value operand : op->operands()) map.set(operand, fetch(operand, builder));
      Operation* copy = clone(*op, map);
      Block& block = builder.block();
      block.insert(copy, block.front());
      for (Value operand : copy->operands()) {
        if (Operation* from = operand.definer(); from && !from->is_before(copy)) {
          copy->remove();
          block.insert(copy, from->next());
        }
      }
      for (size_t i = 0; i < op->result_count(); ++i)
        fetched_[op->result(i).impl()] = copy->result(i);
      return fetched_[forward.impl()];
    }
    Value argument = builder.block().add_argument(forward.type());
    order_.push_back({forward, argument});
    fetched_[forward.impl()] = argument;
    return argument;
  }

  struct Fetched {
    Value forward, argument;
  };
  const std::vector<Fetched>& fetched() const { return order_; }

  // A cotangent joins the sum of `value`.
  static void add(Cotangents& cotangents, const Body& body, Value value, Value cotangent,
                  Builder& builder) {
    Value origin = body.origin(value);
    cotangent = fit(cotangent, origin.type(), builder);
    Value& slot = cotangents[origin.impl()];
    slot = slot ? (Expr{slot, &builder} + Expr{cotangent, &builder}).value : cotangent;
  }

 private:
  void copy(Operation& op, Body& body) {
    Operation* made = clone(op, body.forward);
    out_.block().append(made);
  }

  [[noreturn]] void refuse(const Operation& op, const Page& page) {
    throw UserError(ErrorKind::not_supported, page.name, "",
                    str("is not differentiable: ", page.vjp.reason,
                        op.location().storage() ? str(" (", to_string(op.location()), ")") : ""));
  }

  void step(Operation& op, const Page& page, Body& body) {
    Step step;
    step.source = &op;
    for (Value operand : op.operands()) step.operands.push_back(body.forward.at(operand));
    out_.set_location(op.location());
    std::vector<int64_t> segments = segments_of(op);
    if (page.vjp.decomposed) {
      open(op, step, body);
    } else if (page.vjp.regions) {
      step.regions = region_forward(op, step.operands, out_);
      step.results = step.regions->results;
    } else if (page.vjp.augment != nullptr) {
      std::vector<Type> types;
      for (Value result : op.results()) types.push_back(result.type());
      Augment rule(page, op.attrs(), step.operands, segments, types, out_);
      page.vjp.augment(rule);
      PROA_CHECK(rule.outs().size() == types.size(), "the augmented forward of ", op.name(),
                 " gave ", rule.outs().size(), " results");
      step.results = rule.outs();
      step.kept = rule.kept();
    } else {
      Operation* made = clone(op, body.forward);
      out_.block().append(made);
      step.results = made->results();
    }
    for (size_t i = 0; i < op.result_count(); ++i) {
      body.forward.set(op.result(i), step.results[i]);
      bool flows = step.inside == nullptr || i < step.inside->results.size();
      if (flows && differentiable(op.result(i).type())) body.active.insert(op.result(i).impl());
    }
    body.steps.push_back(std::move(step));
  }

  // Differentiates inside a composite: its decomposition is traced in a function of its own, whose
  // values are the keys of the inner cotangents.
  void open(Operation& op, Step& step, Body& body) {
    Module& scratch = scratch_.emplace_back(module_.context());
    scratch.facts() = module_.facts();
    bring_functions(op, module_, scratch);
    std::vector<Type> types;
    for (Value operand : op.operands()) types.push_back(operand.type());
    Func func = scratch.add_func("body", types);
    Builder builder(scratch, func.body());
    builder.set_location(called_location(op, module_.context()));
    std::vector<Value> arguments = func.arguments();
    std::vector<Value> results;
    if (Attribute origin = op.is("prim.call") ? op.attr("origin") : Attribute()) {
      results = ops::inline_function(builder, scratch.find(origin.as_string()), arguments);
    } else {
      results = expand(op, arguments, builder);
    }
    builder.create_return(results);
    module_.facts() = scratch.facts();

    auto inside = std::make_unique<Body>();
    inside->arguments = arguments;
    inside->results = results;
    for (size_t i = 0; i < arguments.size(); ++i) {
      inside->forward.set(arguments[i], step.operands[i]);
      if (body.active.contains(op.operand(i).impl())) inside->active.insert(arguments[i].impl());
    }
    run_forward(*inside, func.body());
    for (Value result : results) step.results.push_back(inside->forward.at(result));
    if (results.size() < op.result_count()) {  // what an origin does not give has no derivative
      Operation* made = clone(op, body.forward);
      out_.block().append(made);
      for (size_t i = results.size(); i < op.result_count(); ++i)
        step.results.push_back(made->result(i));
    }
    step.inside = std::move(inside);
  }

  static bool rebuildable(Operation* op) {
    if (op->region_count() != 0 || !op->info().has(Trait::pure)) return false;
    if (op->info().has(Trait::constant_like)) return true;
    if (!op->is("prim.broadcast") && !op->is("prim.reshape") && !op->is("prim.cast")) return false;
    Operation* from = op->operand(0).definer();
    return from != nullptr && rebuildable(from);
  }

  void back(Step& step, Body& body, Builder& builder, Cotangents& cotangents) {
    Operation& op = *step.source;
    std::vector<Value> given(op.result_count());
    bool any = false;
    for (size_t i = 0; i < op.result_count(); ++i) {
      auto it = cotangents.find(op.result(i).impl());
      if (it == cotangents.end()) continue;
      given[i] = it->second;
      any = true;
    }
    if (!any) return;
    builder.set_location(called_location(op, module_.context()));

    std::vector<Value> made(op.operand_count());
    if (step.inside) {
      Body& inside = *step.inside;
      Cotangents inner;
      for (size_t i = 0; i < inside.results.size(); ++i) {
        if (given[i]) add(inner, inside, inside.results[i], given[i], builder);
      }
      run_backward(inside, builder, inner);
      for (size_t i = 0; i < made.size(); ++i) {
        auto it = inner.find(inside.arguments[i].impl());
        if (it != inner.end()) made[i] = it->second;
      }
    } else if (step.regions) {
      std::vector<Value> operands, kept;
      std::vector<bool> active;
      for (Value operand : step.operands) operands.push_back(fetch(operand, builder));
      for (Value value : step.regions->kept) kept.push_back(fetch(value, builder));
      for (Value operand : op.operands()) active.push_back(body.active.contains(operand.impl()));
      // What is in a region adds to the sums around it, one use after the other.
      std::vector<Value> sums(op.operand_count()), origins;
      for (size_t i = 0; i < sums.size(); ++i) {
        origins.push_back(body.origin(op.operand(i)));
        auto it = cotangents.find(origins[i].impl());
        if (it == cotangents.end() || !active[i]) continue;
        bool first =
            std::ranges::find(origins, origins[i]) - origins.begin() == static_cast<ptrdiff_t>(i);
        if (first) sums[i] = fit(it->second, op.operand(i).type(), builder);
      }
      made = region_backward(op, *step.regions, operands, kept, given, active, sums, builder);
      for (size_t i = 0; i < sums.size(); ++i) {
        if (!sums[i] || !made[i]) continue;
        cotangents[origins[i].impl()] =
            fit(std::exchange(made[i], Value()), origins[i].type(), builder);
      }
    } else {
      made = rule(step, body, given, builder);
    }
    for (size_t i = 0; i < made.size(); ++i) {
      if (!made[i] || !body.active.contains(op.operand(i).impl())) continue;
      add(cotangents, body, op.operand(i), made[i], builder);
    }
  }

  std::vector<Value> rule(Step& step, Body& body, std::span<const Value> given, Builder& builder) {
    Operation& op = *step.source;
    const Page& page = *op.info().page;
    std::vector<Value> operands, results;
    for (Value operand : step.operands) operands.push_back(fetch(operand, builder));
    for (Value result : step.results) results.push_back(fetch(result, builder));
    Residuals kept;
    for (auto& [name, value] : step.kept) kept.emplace_back(name, fetch(value, builder));
    auto needs = std::make_unique<bool[]>(op.operand_count());
    for (size_t i = 0; i < op.operand_count(); ++i) {
      needs[i] = differentiable(op.operand(i).type()) && body.active.contains(op.operand(i).impl());
    }
    std::vector<int64_t> segments = segments_of(op);
    Vjp rule(page, op.attrs(), operands, segments, results, given,
             std::span<const bool>(needs.get(), op.operand_count()), kept, builder);
    page.vjp.backward(rule);
    return rule.cotangents_in();
  }

  // A cotangent in the operand's own shape and dtype.
  static Value fit(Value cotangent, Type type, Builder& builder) {
    Expr g{cotangent, &builder};
    if (is_complex(g.dtype()) && !is_complex(type.dtype())) g = ops::real(g);
    if (!std::ranges::equal(g.dims(), type.dims())) g = ops::sum_to(g, type.dims());
    return ops::cast(g, type.dtype()).value;
  }

  Module& module_;
  Builder out_;
  std::deque<Module> scratch_;
  std::unordered_map<const ValueImpl*, Value> fetched_;
  std::vector<Fetched> order_;
};

std::string fresh_name(const Module& module, std::string name) {
  if (!module.find(name)) return name;
  for (int i = 1;; ++i) {
    std::string numbered = str(name, ".", i);
    if (!module.find(numbered)) return numbered;
  }
}

// The sizes that are known at a run of `forward` other than as `given`, each with the value that
// tells it: what as_dim read, or the extent of an argument.
std::vector<std::pair<Dim, Value>> told_sizes(Module& module, Func forward,
                                              std::span<const Dim> given) {
  std::vector<std::pair<Dim, Value>> told;
  auto is_new = [&](Dim d) {
    return d.is_symbol() && std::ranges::find(given, d) == given.end() &&
           std::ranges::find(told, d, &std::pair<Dim, Value>::first) == told.end();
  };
  for (Operation& op : forward.body()) {
    if (!op.is("prim.as_dim")) continue;
    Dim symbol = op.attr("symbol").as_dim();
    if (is_new(symbol)) told.emplace_back(symbol, op.result());
  }
  Builder builder(module, forward.body());
  for (Value argument : forward.arguments()) {
    for (int axis = 0; axis < argument.rank(); ++axis) {
      Dim d = argument.dims()[static_cast<size_t>(axis)];
      if (!is_new(d)) continue;
      AttrList attrs;
      attrs.set(module.context().name("axis"), Attribute::integer(module.context(), axis));
      told.emplace_back(d, builder.create("prim.dim", {&argument, 1}, std::move(attrs))->result());
    }
  }
  return told;
}

void collect_type(Type type, SmallVector<Dim, 6>& out) {
  if (!type.is_tensor()) return;
  for (Dim d : type.dims()) collect_symbols(d, out);
}

// The symbols of a block's results and attributes.
void collect_used(Block& block, SmallVector<Dim, 6>& out) {
  for (Operation& op : block) {
    for (Value result : op.results()) collect_type(result.type(), out);
    for (const NamedAttr& item : op.attrs().items()) {
      Attribute a = item.value();
      if (a.is(AttrKind::dim)) collect_symbols(a.as_dim(), out);
      if (!a.is(AttrKind::dims)) continue;
      for (Dim d : a.as_dims()) collect_symbols(d, out);
    }
    for (size_t r = 0; r < op.region_count(); ++r) collect_used(op.region(r).block(), out);
  }
}

bool bound(Block& block, Dim symbol) {
  for (Operation& op : block) {
    if (op.is("prim.as_dim") && op.attr("symbol").as_dim() == symbol) return true;
  }
  return false;
}

// Binds the sizes that the backward computes with and that some cotangent does not tell. That
// residuals may tell them too is left aside: which of them there are hangs on the cotangents given,
// and the forward saves once, for all.
void bind_sizes(Module& module, const Gradient& gradient, Differentiator& engine,
                std::span<const Value> seeds, std::span<const Dim> given, Builder& builder) {
  Block& block = builder.block();
  SmallVector<Dim, 6> used;
  collect_used(block, used);
  for (auto [symbol, value] : told_sizes(module, gradient.forward, given)) {
    bool in_all = !seeds.empty() && std::ranges::all_of(seeds, [&](Value seed) {
      return std::ranges::find(seed.dims(), symbol) != seed.dims().end();
    });
    if (in_all || bound(block, symbol) || std::ranges::find(used, symbol) == used.end()) continue;
    Value number = engine.fetch(value, builder);
    AttrList attrs;
    attrs.set(module.context().name("symbol"), Attribute::dim(module.context(), symbol));
    builder.set_insertion(block, block.front());
    builder.create("prim.as_dim", {&number, 1}, std::move(attrs));
    builder.set_insertion(block);
  }
}

void drop_unused(Block& block) {
  for (Operation* op = block.back(); op != nullptr;) {
    Operation* prev = op->prev();
    if (!op->info().has(Trait::terminator) && op->unused() && is_removable(*op)) op->erase();
    op = prev;
  }
}

}  // namespace

Gradient differentiate(Module& module, Func func, std::span<const int> wanted,
                       std::span<const int> given, std::optional<std::span<const Dim>> symbols,
                       std::span<const int> summed) {
  std::vector<Type> types = func.argument_types();
  Gradient gradient;
  std::string name(func.name());
  gradient.forward = module.add_func(fresh_name(module, name + ".forward"), types);
  gradient.backward = module.add_func(fresh_name(module, name + ".backward"), {});

  Differentiator engine(module, gradient.forward);
  Body body;
  body.arguments = func.arguments();
  body.results = func.results();
  for (size_t i = 0; i < types.size(); ++i) {
    body.forward.set(body.arguments[i], gradient.forward.arguments()[i]);
  }
  for (int i : wanted) {
    if (differentiable(types[static_cast<size_t>(i)])) {
      body.active.insert(body.arguments[static_cast<size_t>(i)].impl());
    }
  }
  engine.run_forward(body, func.body());

  Builder builder(module, gradient.backward.body());
  Cotangents cotangents;
  std::vector<Value> seeds, sums;
  for (int i : summed) {
    Value argument = body.arguments[static_cast<size_t>(i)];
    sums.push_back(builder.block().add_argument(argument.type()));
    cotangents[argument.impl()] = sums.back();
    gradient.summed.push_back(i);
  }
  for (int i : given) {
    Value result = body.results[static_cast<size_t>(i)];
    Value seed = builder.block().add_argument(result.type());
    gradient.cotangents.push_back(i);
    seeds.push_back(seed);
    if (differentiable(result.type())) engine.add(cotangents, body, result, seed, builder);
  }
  engine.run_backward(body, builder, cotangents);
  std::vector<Value> outs;
  for (int i : wanted) {
    auto it = cotangents.find(body.arguments[static_cast<size_t>(i)].impl());
    if (it == cotangents.end()) continue;
    outs.push_back(it->second);
    gradient.wanted.push_back(i);
  }
  builder.create_return(outs);
  drop_unused(gradient.backward.body());
  if (symbols) bind_sizes(module, gradient, engine, seeds, *symbols, builder);

  std::unordered_map<const ValueImpl*, int64_t> ordinal;
  for (Operation& op : gradient.forward.body()) {
    for (Value result : op.results())
      ordinal.emplace(result.impl(), static_cast<int64_t>(ordinal.size()));
  }

  // Arguments in their final order: the residuals that are used, then the cotangents.
  std::vector<Value> returned;
  for (Value result : body.results) returned.push_back(body.forward.at(result));
  Block& old = gradient.backward.body();
  std::vector<Value> kept, stale = old.arguments();
  for (auto& [forward, argument] : engine.fetched()) {
    if (argument.unused()) continue;
    Residual residual{Residual::From::extra, 0};
    std::vector<Value> arguments = gradient.forward.arguments();
    auto at = std::ranges::find(arguments, forward);
    if (at != arguments.end()) {
      residual = {Residual::From::argument, static_cast<int>(at - arguments.begin())};
    } else {
      auto end = returned.begin() + static_cast<ptrdiff_t>(body.results.size());
      auto in_results = std::find(returned.begin(), end, forward);
      if (in_results != end) {
        residual = {Residual::From::result, static_cast<int>(in_results - returned.begin())};
      } else {
        residual.index = static_cast<int>(returned.size());
        residual.value = ordinal.at(forward.impl());
        returned.push_back(forward);
      }
    }
    gradient.residuals.push_back(residual);
    kept.push_back(argument);
  }
  kept.insert(kept.end(), seeds.begin(), seeds.end());
  kept.insert(kept.end(), sums.begin(), sums.end());
  for (Value value : kept) value.replace_uses(old.add_argument(value.type()));
  for (size_t i = stale.size(); i-- > 0;) old.erase_argument(i);

  Builder(module, gradient.forward.body()).create_return(returned);
  drop_unused(gradient.forward.body());
  return gradient;
}

}  // namespace proa::transform
