#include "proa/transform/optimize.h"

#include "proa/ir/stage.h"
#include "proa/transform/canonicalize.h"
#include "proa/transform/cse.h"
#include "proa/transform/dce.h"

namespace proa::transform {

void optimize(ir::Module& module) {
  ir::PassContext context;
  // First: what nobody asks for needs no other care.
  ir::stage("dce", module, [&] { remove_dead(module); });
  // Before merging: two ways to write a thing become one.
  ir::stage("canonicalize", module, [&] { canonicalize(module, context); });
  ir::stage("cse", module, [&] { merge_equal(module); });
  // Patterns step past operations and leave them behind.
  ir::stage("dce", module, [&] { remove_dead(module); });
}

}  // namespace proa::transform
