// Random functions made of the samples of pages: any operator, any dtype, forward and backward.
// Why from samples: each step is legal by itself, and its operands are drawn from what earlier
// steps gave, so that values flow through chains, forks and joins that nobody thought of.
#pragma once

#include "proa/base/function_ref.h"
#include "proa/ir/module.h"
#include "run_ir.h"

namespace proa::test {

struct RandomGraph {
  ir::Module module;
  std::vector<Array> inputs;
};

// `steps` operators of the tensor dialect, or loops and branches around a few primitives, in the
// process's context.
RandomGraph random_graph(Random& random, int steps);

// The same graph with the symbol "n<n>" for each extent n > 1 of an argument; none where a rule
// needs a number. What only holds of these sizes is a guard.
struct SymbolicGraph {
  ir::Module module;
  std::vector<ir::Dim> symbols;
  std::vector<int64_t> sizes;
};
std::optional<SymbolicGraph> symbolic_form(const RandomGraph& graph);

// A graph that still fails, with fewer results and operations: what an operation gave becomes an
// argument with the value it had.
RandomGraph reduced(const RandomGraph& graph, FunctionRef<bool(const RandomGraph&)> fails);

}  // namespace proa::test
