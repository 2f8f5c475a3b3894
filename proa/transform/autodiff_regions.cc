// A region is computed again in the backward from what came into it: a branch from the inputs, a
// step from its carries. So a loop keeps one stack for each carry and nothing of what is inside a
// step, and a region may bind sizes of its own, which no residual could carry out of it.

#include "proa/transform/autodiff_regions.h"

#include <algorithm>
#include <deque>
#include <unordered_set>

#include "proa/base/error.h"
#include "proa/ir/dialect.h"
#include "proa/ir/page.h"
#include "proa/ir/rules.h"
#include "proa/ops/control.h"
#include "proa/transform/autodiff.h"
#include "proa/transform/dce.h"

namespace proa::transform {

using namespace ir;

namespace {

bool differentiable(Type type) { return type.is_tensor() && is_inexact(type.dtype()); }

std::vector<Expr> exprs_of(std::span<const Value> values, Builder& builder) {
  std::vector<Expr> exprs;
  for (Value value : values) exprs.push_back({value, &builder});
  return exprs;
}

// The operations of a block at the end of the builder's, and what it returns. A null argument is
// one that nothing reads.
std::vector<Expr> paste(const Block& block, std::span<const Expr> arguments, Builder& builder) {
  ValueMap map;
  for (size_t i = 0; i < arguments.size(); ++i) {
    if (arguments[i]) map.set(block.argument(i), arguments[i].value);
  }
  clone_body(block, builder.block(), map, false);
  std::vector<Expr> results;
  for (Value result : block.terminator()->operands()) results.push_back({map.at(result), &builder});
  return results;
}

// One function with the operands of `func`, the given cotangents and the sums so far as arguments.
struct Whole {
  Func func;
  std::vector<int> reached;  // the arguments of `func` that it gives cotangents for, ascending
};

Whole whole_gradient(Module& module, Func func, std::span<const int> wanted,
                     std::span<const int> given, std::span<const int> summed = {}) {
  Gradient gradient = differentiate(module, func, wanted, given, {}, summed);
  std::vector<Type> types = func.argument_types();
  size_t operands = types.size(), residuals = gradient.residuals.size();
  std::vector<Value> inner = gradient.backward.arguments();
  for (size_t i = residuals; i < inner.size(); ++i) types.push_back(inner[i].type());
  std::string name(func.name());
  do { name += ".whole"; } while (module.find(name));
  Whole whole{module.add_func(name, types), gradient.wanted};
  Builder builder(module, whole.func.body());
  std::vector<Expr> outer = exprs_of(whole.func.arguments(), builder);
  std::vector<Expr> forward =
      paste(gradient.forward.body(), std::span(outer).first(operands), builder);
  std::vector<Expr> arguments;
  for (const Residual& r : gradient.residuals) {
    auto index = static_cast<size_t>(r.index);
    arguments.push_back(r.from == Residual::From::argument ? outer[index] : forward[index]);
  }
  arguments.insert(arguments.end(), outer.begin() + static_cast<ptrdiff_t>(operands), outer.end());
  std::vector<Value> results;
  for (const Expr& e : paste(gradient.backward.body(), arguments, builder))
    results.push_back(e.value);
  builder.create_return(results);
  gradient.forward.op()->erase();
  gradient.backward.op()->erase();
  remove_dead(module);
  return whole;
}

// A module in which functions made of regions are differentiated; what is learned of sizes there
// holds outside.
class Workshop {
 public:
  explicit Workshop(Module& home) : home_(home), module_(home.context()) { open(); }
  Module& module() { return module_; }
  void open() { module_.facts() = home_.facts(); }
  void close() { home_.facts() = module_.facts(); }

  // With `step`, an i64 argument in front that the block does not take.
  Func add(const char* name, const Block& block, bool step) {
    std::vector<Type> types;
    if (step) types.push_back(Type::tensor(module_.context(), DType::i64, {}));
    for (Value argument : block.arguments()) types.push_back(argument.type());
    Func func = module_.add_func(name, types);
    Builder builder(module_, func.body());
    std::vector<Expr> arguments = exprs_of(func.arguments(), builder);
    std::vector<Value> results;
    for (const Expr& e : paste(block, std::span(arguments).subspan(step ? 1 : 0), builder))
      results.push_back(e.value);
    builder.create_return(results);
    bring_functions(*func.op(), home_, module_);
    return func;
  }

 private:
  Module& home_;
  Module module_;
};

bool in(const std::vector<int>& list, size_t value) {
  return std::ranges::find(list, static_cast<int>(value)) != list.end();
}

Expr zeros(Type type, Builder& builder, double zero = 0.0) {
  return ops::full(builder, type.dims(), type.dtype(), zero);
}

// if

std::vector<Value> if_backward(Operation& op, std::span<const Value> operands,
                               std::span<const Value> given, const std::vector<bool>& active,
                               std::span<const Value> sums, Builder& builder) {
  size_t inputs = operands.size() - 1;
  std::vector<int> wanted, with, summed;
  for (size_t i = 0; i < inputs; ++i) {
    if (active[i + 1] && differentiable(operands[i + 1].type()))
      wanted.push_back(static_cast<int>(i));
  }
  for (size_t i = 0; i < given.size(); ++i) {
    if (given[i]) with.push_back(static_cast<int>(i));
  }
  std::deque<Workshop> shops;
  std::vector<Func> bodies;
  std::vector<Whole> branches;
  for (size_t r : {0u, 1u}) {
    Workshop& shop = shops.emplace_back(builder.module());
    bodies.push_back(shop.add("branch", op.region(r).block(), false));
    branches.push_back(whole_gradient(shop.module(), bodies[r], wanted, with));
    shop.close();
  }
  std::vector<Value> made(operands.size());
  std::vector<size_t> reached, read;  // inputs
  for (size_t i = 0; i < inputs; ++i) {
    if (!in(branches[0].reached, i) && !in(branches[1].reached, i)) continue;
    reached.push_back(i);
    if (sums[i + 1]) summed.push_back(static_cast<int>(i));
  }
  for (size_t r : {0u, 1u}) {
    if (summed.empty()) break;
    shops[r].open();
    branches[r] = whole_gradient(shops[r].module(), bodies[r], wanted, with, summed);
    shops[r].close();
  }
  for (size_t i = 0; i < inputs; ++i) {
    if (!branches[0].func.arguments()[i].unused() || !branches[1].func.arguments()[i].unused())
      read.push_back(i);
  }
  if (reached.empty()) return made;

  std::vector<Expr> passed;
  for (size_t i : read) passed.push_back({operands[i + 1], &builder});
  for (int i : with) passed.push_back({given[static_cast<size_t>(i)], &builder});
  for (int i : summed) passed.push_back({sums[static_cast<size_t>(i) + 1], &builder});
  auto rule = [&](const Whole& branch) {
    return [&](Builder& inner, std::span<const Expr> arguments) {
      std::vector<Expr> all(inputs), results;
      for (size_t k = 0; k < read.size(); ++k) all[read[k]] = arguments[k];
      all.insert(all.end(), arguments.begin() + static_cast<ptrdiff_t>(read.size()),
                 arguments.end());
      std::vector<Expr> pasted = paste(branch.func.body(), all, inner);
      size_t next = 0;
      for (size_t i : reached) {
        results.push_back(in(branch.reached, i) ? pasted[next++]
                                                : zeros(operands[i + 1].type(), inner, -0.0));
      }
      return results;
    };
  };
  auto then = rule(branches[0]);
  auto otherwise = rule(branches[1]);
  std::vector<Expr> results = ops::if_({operands[0], &builder}, passed, then, otherwise);
  for (size_t k = 0; k < reached.size(); ++k) made[reached[k] + 1] = results[k].value;
  return made;
}

// Loops

struct Loop {
  const Block* body;
  bool takes_step;  // of scan_loop: the body's first argument is the number of the step
  bool reverse;
  size_t carries, scanned, constants;
};

Loop loop_of(Operation& op) {
  std::vector<int64_t> segments = segments_of(op);
  auto count = [&](size_t i) { return static_cast<size_t>(segments[i]); };
  if (op.is("prim.while")) return {&op.region(1).block(), false, false, count(0), 0, count(1)};
  Attribute reverse = op.attr("reverse");
  return {&op.region(0).block(), true, reverse && reverse.as_bool(), count(0), count(1), count(2)};
}

// A while that counts its steps beside what it does.
Value count_steps(Operation& op, const Loop& loop, std::span<const Expr> operands,
                  Builder& builder) {
  std::vector<Expr> carries = {ops::constant(builder, DType::i64, 0.0)};
  carries.insert(carries.end(), operands.begin(),
                 operands.begin() + static_cast<ptrdiff_t>(loop.carries));
  return ops::while_loop(
             builder, carries, operands.subspan(loop.carries),
             [&](Builder& inner, std::span<const Expr> arguments) {
               return paste(op.region(0).block(), arguments.subspan(1), inner);
             },
             [&](Builder& inner, std::span<const Expr> arguments) {
               using ops::operator+;
               std::vector<Expr> next = paste(*loop.body, arguments.subspan(1), inner);
               next.insert(next.begin(), arguments[0] + 1);
               return next;
             })[0]
      .value;
}

void bind_length(Value count, Dim length, Builder& builder) {
  AttrList attrs;
  attrs.set(builder.context().name("symbol"), Attribute::dim(builder.context(), length));
  builder.create("prim.as_dim", std::span(&count, 1), std::move(attrs));
}

RegionStep loop_forward(Operation& op, std::span<const Value> operands, Builder& builder) {
  Loop loop = loop_of(op);
  std::vector<Expr> all = exprs_of(operands, builder);
  std::span<const Expr> list = all;
  RegionStep step;
  if (op.is("prim.while")) {
    Value count = count_steps(op, loop, all, builder);
    step.length = builder.context().symbols().fresh("steps");
    bind_length(count, step.length, builder);
    step.kept.push_back(count);
  } else {
    step.length = op.attr("length").as_dim();
  }
  std::vector<Expr> results = ops::scan_loop(
      builder, step.length, list.first(loop.carries), list.subspan(loop.carries, loop.scanned),
      list.last(loop.constants),
      [&](Builder& inner, std::span<const Expr> arguments) {
        std::span<const Expr> taken = arguments.subspan(loop.takes_step ? 0 : 1);
        std::vector<Expr> given = paste(*loop.body, taken, inner);
        auto carries = arguments.subspan(1, loop.carries);
        given.insert(given.end(), carries.begin(), carries.end());
        return given;
      },
      loop.reverse);
  for (size_t i = 0; i < results.size(); ++i) {
    (i < op.result_count() ? step.results : step.kept).push_back(results[i].value);
  }
  return step;
}

// Which results of `func` a derivative may reach where these arguments are differentiated.
std::vector<bool> reached_results(Func func, const std::vector<bool>& from) {
  std::unordered_set<const ValueImpl*> active;
  for (size_t i = 0; i < from.size(); ++i) {
    if (from[i]) active.insert(func.arguments()[i].impl());
  }
  for (Operation& op : func.body()) {
    const Page* page = op.info().page.get();
    bool reads =
        std::ranges::any_of(op.operands(), [&](Value v) { return active.contains(v.impl()); });
    if (!reads || page == nullptr || page->vjp.zero) continue;
    for (Value result : op.results()) {
      if (differentiable(result.type())) active.insert(result.impl());
    }
  }
  std::vector<bool> reached;
  for (Value result : func.results())
    reached.push_back(differentiable(result.type()) && active.contains(result.impl()));
  return reached;
}

std::vector<Value> loop_backward(Operation& op, const RegionStep& step,
                                 std::span<const Value> operands, std::span<const Value> kept,
                                 std::span<const Value> given, const std::vector<bool>& active,
                                 std::span<const Value> sums, Builder& builder) {
  Loop loop = loop_of(op);
  bool counted = op.is("prim.while");
  std::span<const Value> stacks = kept.subspan(counted ? 1 : 0);
  std::vector<Value> made(operands.size());
  Workshop shop(builder.module());
  // From (step, carries, slices, constants) to (carries, outputs).
  Func body = shop.add("step", *loop.body, !loop.takes_step);
  size_t operand_count = operands.size(), result_count = given.size();

  // A carry is differentiated if its first value is, or if a step mixes in something that is.
  std::vector<bool> on(operand_count + 1);
  for (size_t i = 0; i < operand_count; ++i)
    on[i + 1] = active[i] && differentiable(operands[i].type());
  for (bool grows = true; grows;) {
    grows = false;
    std::vector<bool> reached = reached_results(body, on);
    for (size_t j = 0; j < loop.carries; ++j) {
      if (!reached[j] || on[j + 1]) continue;
      on[j + 1] = grows = true;
    }
  }
  std::vector<int> wanted, with;
  for (size_t i = 0; i < on.size(); ++i) {
    if (on[i]) wanted.push_back(static_cast<int>(i));
  }
  // A carry has a cotangent if its last value has one, or if a later step gives it one.
  std::vector<bool> has(loop.carries);
  for (size_t j = 0; j < loop.carries; ++j) has[j] = given[j] && on[j + 1];
  Whole whole;
  for (bool grows = true; grows;) {
    grows = false;
    with.clear();
    for (size_t j = 0; j < result_count; ++j) {
      if (j < loop.carries ? has[j] : static_cast<bool>(given[j]))
        with.push_back(static_cast<int>(j));
    }
    whole = whole_gradient(shop.module(), body, wanted, with);
    for (int i : whole.reached) {
      auto j = static_cast<size_t>(i) - 1;
      if (j >= loop.carries || has[j]) continue;
      has[j] = grows = true;
    }
  }
  // Constants add to their sums one use after the other; so does what is carried into the first
  // step of a while, which is the very tensor from before the loop.
  std::vector<int> summed;
  std::vector<size_t> first_sums;
  for (int i : whole.reached) {
    auto operand = static_cast<size_t>(i) - 1;
    bool first = operand < loop.carries && counted && sums[operand];
    if (first) first_sums.push_back(operand);
    if (first || operand >= loop.carries + loop.scanned) summed.push_back(i);
  }
  if (!summed.empty()) whole = whole_gradient(shop.module(), body, wanted, with, summed);
  shop.close();

  // The opposite loop. Carries: cotangents of the carries, then sums over steps for the constants.
  // Where nothing has come so far these start at -0, which is neutral to the bit.
  size_t first_scanned = loop.carries, first_constant = loop.carries + loop.scanned;
  std::vector<Value> arguments = whole.func.arguments();
  std::vector<Expr> carries, scanned, constants;
  std::vector<size_t> moved, summed_constants, read_stacks, read_scanned, read_constants;
  for (size_t j = 0; j < loop.carries; ++j) {
    if (has[j]) {
      moved.push_back(j);
      carries.push_back(given[j] ? Expr{given[j], &builder}
                                 : zeros(operands[j].type(), builder, -0.0));
    }
    if (!arguments[j + 1].unused()) {
      read_stacks.push_back(j);
      scanned.push_back({stacks[j], &builder});
    }
  }
  for (size_t i = first_scanned; i < first_constant; ++i) {
    if (arguments[i + 1].unused()) continue;
    read_scanned.push_back(i);
    scanned.push_back({operands[i], &builder});
  }
  for (size_t j = loop.carries; j < result_count; ++j) {
    if (given[j]) scanned.push_back({given[j], &builder});
  }
  for (size_t i = first_constant; i < operand_count; ++i) {
    if (in(whole.reached, i + 1)) {
      summed_constants.push_back(i);
      carries.push_back(sums[i] ? Expr{sums[i], &builder}
                                : zeros(operands[i].type(), builder, -0.0));
    }
    if (arguments[i + 1].unused()) continue;
    read_constants.push_back(i);
    constants.push_back({operands[i], &builder});
  }
  for (size_t j : first_sums) constants.push_back({sums[j], &builder});
  if (whole.reached.empty() && moved.empty()) return made;
  if (counted) bind_length(kept[0], step.length, builder);
  auto rule = [&](Builder& inner, std::span<const Expr> taken) {
    using ops::operator+;
    std::vector<Expr> all(operand_count + 1);
    all[0] = taken[0];
    size_t next = 1 + carries.size();
    for (size_t j : read_stacks) all[j + 1] = taken[next++];
    for (size_t i : read_scanned) all[i + 1] = taken[next++];
    std::vector<Expr> outputs;
    for (size_t j = loop.carries; j < result_count; ++j) {
      if (given[j]) outputs.push_back(taken[next++]);
    }
    for (size_t i : read_constants) all[i + 1] = taken[next++];
    std::vector<Expr> before;
    for (size_t j : first_sums) {
      Expr none = zeros(operands[j].type(), inner, -0.0);
      before.push_back(ops::select(ops::compare("eq", taken[0], 0.0), taken[next++], none));
    }
    for (size_t k = 0; k < moved.size(); ++k) all.push_back(taken[1 + k]);
    all.insert(all.end(), outputs.begin(), outputs.end());
    all.insert(all.end(), before.begin(), before.end());
    for (size_t k = 0; k < summed_constants.size(); ++k) all.push_back(taken[1 + moved.size() + k]);
    std::vector<Expr> pasted = paste(whole.func.body(), all, inner), results;
    auto of = [&](size_t argument) {
      auto at = std::ranges::find(whole.reached, static_cast<int>(argument));
      return at == whole.reached.end() ? Expr{}
                                       : pasted[static_cast<size_t>(at - whole.reached.begin())];
    };
    for (size_t j : moved) {
      Expr g = of(j + 1);
      results.push_back(g ? g : zeros(operands[j].type(), inner, -0.0));
    }
    for (size_t i : summed_constants) results.push_back(of(i + 1));
    for (size_t i = first_scanned; i < first_constant; ++i) {
      if (Expr g = of(i + 1)) results.push_back(g);
    }
    return results;
  };
  std::vector<Expr> results =
      ops::scan_loop(builder, step.length, carries, scanned, constants, rule, !loop.reverse);
  size_t next = 0;
  for (size_t j : moved) made[j] = results[next++].value;
  for (size_t i : summed_constants) made[i] = results[next++].value;
  for (size_t i = first_scanned; i < first_constant; ++i) {
    if (in(whole.reached, i + 1)) made[i] = results[next++].value;
  }
  // What was not handed to the steps is added behind them; so is all where there was no step.
  for (size_t i = 0; i < first_constant; ++i) {
    using ops::operator+;
    if (!made[i] || !sums[i]) continue;
    Expr added{made[i], &builder}, before{sums[i], &builder};
    if (std::ranges::find(first_sums, i) == first_sums.end()) {
      made[i] = (before + added).value;
    } else {
      Expr none = ops::compare("eq", Expr{kept[0], &builder}, 0.0);
      made[i] = ops::select(none, before + added, added).value;
    }
  }
  return made;
}

}  // namespace

RegionStep region_forward(Operation& op, std::span<const Value> operands, Builder& builder) {
  if (!op.is("prim.if")) return loop_forward(op, operands, builder);
  ValueMap map;
  for (size_t i = 0; i < operands.size(); ++i) map.set(op.operand(i), operands[i]);
  Operation* made = clone(op, map);
  builder.block().insert(made, builder.before());
  return {made->results(), {}, {}};
}

std::vector<Value> region_backward(Operation& op, const RegionStep& step,
                                   std::span<const Value> operands, std::span<const Value> kept,
                                   std::span<const Value> given, const std::vector<bool>& active,
                                   std::span<const Value> sums, Builder& builder) {
  PROA_CHECK(op.is("prim.if") || op.is("prim.while") || op.is("prim.scan_loop"), op.name(),
             " has regions that nothing here differentiates");
  if (op.is("prim.if")) return if_backward(op, operands, given, active, sums, builder);
  return loop_backward(op, step, operands, kept, given, active, sums, builder);
}

}  // namespace proa::transform
