// Cone: the operations that lead to an operand and that nobody else needs, and what those read.
// Why: a product that packs and a scatter that joins both take in what is computed for them alone.
#pragma once

#include <vector>

#include "proa/base/function_ref.h"
#include "proa/compiler/fuse/groups.h"
#include "proa/ir/module.h"

namespace proa::compiler {

struct Cone {
  std::vector<ir::Operation*> ops;
  std::vector<ir::Value> leaves;  // but for constants that are written into the kernel

  // Adds what leads to `base`, which lies behind no layouts. `takes`: whether the operation of a
  // value may be in the cone, by itself and its group; `reads`: whether a use is by whom the cone
  // is for.
  void add(const Groups& groups, ir::Value base,
           FunctionRef<bool(const ir::Operation&, const Group&)> takes,
           FunctionRef<bool(ir::Use&)> reads);

 private:
  bool has(const ir::Operation* op) const;
  bool is_alone(ir::Value value, FunctionRef<bool(ir::Use&)> reads) const;
};

}  // namespace proa::compiler
