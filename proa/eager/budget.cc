#include "proa/eager/budget.h"

#include <algorithm>
#include <optional>

#include "proa/base/error.h"
#include "proa/ir/stage.h"
#include "proa/ir/symbol/facts.h"
#include "proa/runtime/allocator.h"
#include "proa/runtime/array.h"
#include "proa/runtime/device.h"
#include "proa/tier/compiled.h"
#include "proa/transform/dce.h"
#include "proa/transform/recompute.h"

namespace proa::eager {

namespace {

thread_local int64_t budget = 0;
thread_local BudgetReport last;

// What the plan of the compiled function needs, at the likely sizes. Nothing where these break a
// guard.
std::optional<int64_t> planned(const ir::Module& module, std::string_view name,
                               std::span<const ir::Dim> symbols) {
  ir::Module work = module.clone();
  ir::Func func = work.find(name);
  auto likely = [&](ir::Dim d) {
    return std::max<int64_t>(work.facts().likely(d).value_or(64), 0);
  };
  std::vector<runtime::Array> inputs;
  for (ir::Value argument : func.arguments()) {
    runtime::Array array;
    array.dtype = argument.dtype();
    for (ir::Dim d : argument.dims()) array.dims.push_back(likely(d));
    array.strides = runtime::dense_strides(array.dims);
    array.buffer =
        runtime::allocator_of(kNull).allocate(runtime::tensor_bytes(array.dims, array.dtype));
    array.data = static_cast<char*>(array.buffer->data());
    inputs.push_back(std::move(array));
  }
  std::vector<int64_t> sizes;
  for (ir::Dim symbol : symbols) sizes.push_back(likely(symbol));
  try {
    return tier::planned_bytes(work, func, symbols, inputs, sizes);
  } catch (const Error&) { return std::nullopt; }
}

}  // namespace

int64_t set_memory_budget(int64_t bytes) { return std::exchange(budget, bytes); }
int64_t memory_budget() { return budget; }
BudgetReport budget_report() { return last; }

void fit_budget(ir::Module& module, std::string_view name, std::span<const ir::Dim> symbols) {
  if (budget <= 0) return;
  ir::StageListener* listener = ir::set_stage_listener(nullptr);  // of tries nobody wants to hear
  std::optional<int64_t> need = planned(module, name, symbols);
  last = {need.value_or(0), need.value_or(0), 0};
  ir::Module best = module.clone();
  int64_t whole = transform::recompute(best, best.find(name), INT64_MAX).before;
  for (double part : {0.8, 0.6, 0.45, 0.3, 0.2, 0.1, 0.0}) {
    if (!need || last.after <= budget) break;
    ir::Module trial = module.clone();
    auto done = transform::recompute(trial, trial.find(name),
                                     static_cast<int64_t>(part * static_cast<double>(whole)));
    transform::remove_dead(trial);
    std::optional<int64_t> now = planned(trial, name, symbols);
    if (!now || *now >= last.after) continue;
    last.after = *now;
    last.copies = done.copies;
    best = std::move(trial);
  }
  ir::set_stage_listener(listener);
  if (last.copies == 0) return;
  module = std::move(best);
  ir::tell_stage("recompute", module);
}

}  // namespace proa::eager
