// compile_dims: from symbolic dims and guards to the flat program that runs at call time.
// Why: the one place where expressions end; what is below it sees integers only.
#pragma once

#include <span>
#include <vector>

#include "proa/base/dim_program.h"
#include "proa/ir/symbol/facts.h"

namespace proa::ir {

struct CompiledDims {
  DimProgram program;
  std::vector<Guard> checks;  // what the number that eval returns stands for
};

// `inputs` are the dims of what comes in, in order: the program's inputs are their values at run
// time. A symbol gets its value from an input that is the symbol, or else from one that is linear
// in it (2*s0 + 1); the other inputs become checks, which run first, then come `guards`, then
// `outputs`. Throws UserError(value) where a symbol that is needed has no input to get its value
// from.
CompiledDims compile_dims(std::span<const Dim> outputs, std::span<const Dim> inputs,
                          std::span<const Guard> guards = {});

}  // namespace proa::ir
