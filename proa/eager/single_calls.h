// SingleCalls: a captured graph once more as the calls that it was captured from.
// Why: a gradient of its gradient sums where the calls of eager meet, which are gone in a program
// of the whole. Taken apart, it has eager's tape, and eager's bits.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "proa/eager/tensor.h"
#include "proa/ir/module.h"

namespace proa::eager {

class Function;

class SingleCalls {
 public:
  // The first function of the module, whose sizes are numbers but where they depend on values.
  explicit SingleCalls(const ir::Module& module);
  ~SingleCalls();

  // All results, each with its place on the tape. Threads may call at once.
  std::vector<Tensor> run(std::span<const Tensor> operands) const;

 private:
  struct Call {
    const ir::Operation* op;
    std::vector<ir::Dim> symbols;
    std::shared_ptr<Function> function;
  };
  const ir::Module& module_;
  std::vector<Call> calls_;
};

// How many there are in a graph that can be taken apart: none where there is one only, or where one
// is of Python, which nothing may run once more.
size_t count_single_calls(const ir::Module& module);

}  // namespace proa::eager
