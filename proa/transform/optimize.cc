#include "proa/transform/optimize.h"

#include "proa/transform/canonicalize.h"
#include "proa/transform/cse.h"
#include "proa/transform/dce.h"

namespace proa::transform {

void optimize(ir::Module& module) {
  ir::PassContext context;
  remove_dead(module);            // first: what nobody asks for needs no other care
  canonicalize(module, context);  // before merging: two ways to write a thing become one
  merge_equal(module);
  remove_dead(module);  // patterns step past operations and leave them behind
}

}  // namespace proa::transform
