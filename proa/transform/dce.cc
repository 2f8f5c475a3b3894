#include "proa/transform/dce.h"

#include "proa/ir/dialect.h"
#include "proa/ir/rewriter.h"
#include "proa/transform/prune.h"

namespace proa::transform {

using namespace ir;

namespace {

bool is_dead(const Operation& op) {
  return op.unused() && !op.info().has(Trait::terminator) && !op.info().has(Trait::symbol) &&
         is_removable(op);
}

// Backwards, so that a reader goes before what it reads is looked at.
int64_t sweep(Block& block) {
  int64_t removed = 0;
  for (Operation* op = block.back(); op != nullptr;) {
    Operation* before = op->prev();
    if (is_dead(*op)) {
      op->erase();
      ++removed;
    } else {
      if (op->info().has(Trait::structured)) {
        Operation* pruned = prune(op);
        removed += pruned != op;
        op = pruned;
      }
      for (size_t r = 0; r < op->region_count(); ++r) {
        // Where order is by data a reader may stand in front of what it reads.
        bool by_data = op->info().has(Trait::graph_region);
        for (size_t b = 0; b < op->region(r).block_count(); ++b) {
          int64_t inner = sweep(op->region(r).block(b));
          removed += inner;
          while (by_data && inner > 0) removed += inner = sweep(op->region(r).block(b));
        }
      }
    }
    op = before;
  }
  return removed;
}

}  // namespace

int64_t remove_dead(Module& module) { return sweep(module.body()); }

}  // namespace proa::transform
