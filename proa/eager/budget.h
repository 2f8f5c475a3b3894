// A budget of memory: programs whose plan would need more compute some of their values twice.
// Why around both: only the plan of the finished program says what it needs, and recomputation is a
// pass far before it; so they are tried in turn.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "proa/ir/module.h"

namespace proa::eager {

// Of what this thread compiles from now on, in bytes of the plan at the likely sizes: arena and
// results. 0: none. Gives the one before.
int64_t set_memory_budget(int64_t bytes);
int64_t memory_budget();
class BudgetScope {
 public:
  explicit BudgetScope(int64_t bytes) : before_(set_memory_budget(bytes)) {}
  ~BudgetScope() { set_memory_budget(before_); }
  BudgetScope(const BudgetScope&) = delete;

 private:
  int64_t before_;
};

// Recomputes in the function until its plan fits the thread's budget, or as far as it gets.
void fit_budget(ir::Module& module, std::string_view func, std::span<const ir::Dim> symbols);

// Of the last function of this thread that had a budget: bytes of its plan, operations done again.
struct BudgetReport {
  int64_t before = 0, after = 0, copies = 0;
};
BudgetReport budget_report();

}  // namespace proa::eager
