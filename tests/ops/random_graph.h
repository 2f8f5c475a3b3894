// Random functions made of the samples of pages: any operator, any dtype, forward and backward.
// Why from samples: each step is legal by itself, and its operands are drawn from what earlier
// steps gave, so that values flow through chains, forks and joins that nobody thought of.
#pragma once

#include "proa/ir/module.h"
#include "run_ir.h"

namespace proa::test {

struct RandomGraph {
  ir::Module module;
  std::vector<Array> inputs;
};

// `steps` operators of the tensor dialect, in the process's context.
RandomGraph random_graph(Random& random, int steps);

}  // namespace proa::test
